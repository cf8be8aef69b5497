"""What the tools of the Quality tab share: forms in the browser, out of one script each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from ...desk import Desk
from ..form import Form
from ..form import script as whole_script
from ..form import style as whole_style

__all__ = ["ToolForm", "ToolPart", "script", "style"]

_HERE = Path(__file__).parent


def script(name: str) -> str:
    """Return a script of this folder with what all forms need in front of it."""
    return whole_script(_HERE / name)


def style(name: str) -> str:
    """Return a style sheet of this folder with that of all forms in front of it."""
    return whole_style(_HERE / name)


class ToolForm(Form):
    """A form of a tool; see `Form`."""


class ToolPart(pn.viewable.Viewer):
    """A tool of the bar: a dialog that is made when it is first opened.

    A tool gives its `title`, what is in it (`_contents`) and what to do when it is
    shown (`_opened`).
    """

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What the operator works on.")

    title: ClassVar[str]
    width: ClassVar[str] = "lg"
    closes_outside: ClassVar[bool] = True
    """Whether a click beside the dialog closes it."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._layout = pn.Column(margin=0, width=0, height=0)
        self._dialog: Any = None

    def __panel__(self) -> Any:
        return self._layout

    def open(self) -> None:
        """Show the tool."""
        new = self._dialog is None
        if new:
            self._dialog = pmui.Dialog(
                *self._contents(), title=self.title, width_option=self.width,
                show_close_button=True, close_on_click=self.closes_outside,
            )  # fmt: skip
        self._dialog.open = True
        self._opened(new)
        if new:
            # Opened before: the browser may miss a change while it first draws a dialog.
            self._layout.append(self._dialog)

    @property
    def _shown(self) -> bool:
        return self._dialog is not None and self._dialog.open

    def _contents(self) -> list[Any]:
        """Make what the dialog holds."""
        raise NotImplementedError

    def _opened(self, new: bool) -> None:
        """Bring the tool up to date; `new` says that it is opened for the first time."""
        raise NotImplementedError
