"""A dialog of the Products tab: made when it is first opened."""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from ...viewing import Viewing

__all__ = ["ProductDialog"]


class ProductDialog(pn.viewable.Viewer):
    """A dialog that gives its `title` and what is in it (`_contents`)."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    title: ClassVar[str]
    width: ClassVar[str] = "md"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._layout = pn.Column(margin=0, width=0, height=0)
        self._dialog: Any = None

    def __panel__(self) -> Any:
        return self._layout

    def _show_dialog(self) -> None:
        new = self._dialog is None
        if new:
            self._dialog = pmui.Dialog(
                *self._contents(), title=self.title, width_option=self.width,
                show_close_button=True, close_on_click=True,
            )  # fmt: skip
        self._dialog.open = True
        if new:
            # Opened before: the browser may miss a change while it first draws a dialog.
            self._layout.append(self._dialog)

    def close(self) -> None:
        """Hide the dialog."""
        if self._dialog is not None:
            self._dialog.open = False

    def _contents(self) -> list[Any]:
        raise NotImplementedError
