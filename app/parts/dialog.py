"""A dialog that is made when it is first opened."""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui

__all__ = ["LazyDialog"]


class LazyDialog(pn.viewable.Viewer):
    """A dialog that gives its `title`, what is in it (`_contents`) and what to do when opened."""

    title: ClassVar[str]
    width: ClassVar[str] = "md"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._layout = pn.Column(margin=0, width=0, height=0)
        self._dialog: Any = None

    def __panel__(self) -> Any:
        return self._layout

    def open(self, *given: Any) -> None:
        """Show the dialog."""
        new = self._dialog is None
        if new:
            self._dialog = pmui.Dialog(
                *self._contents(), title=self.title, width_option=self.width,
                show_close_button=True, close_on_click=True,
            )  # fmt: skip
        self._dialog.open = True
        self._opened(*given)
        if new:
            # Opened before: the browser may miss a change while it first draws a dialog.
            self._layout.append(self._dialog)

    def close(self) -> None:
        """Hide the dialog."""
        if self._dialog is not None:
            self._dialog.open = False

    @property
    def shown(self) -> bool:
        """Whether it is open."""
        return self._dialog is not None and bool(self._dialog.open)

    def _contents(self) -> list[Any]:
        raise NotImplementedError

    def _opened(self, *given: Any) -> None:
        """Do what goes with being shown."""
