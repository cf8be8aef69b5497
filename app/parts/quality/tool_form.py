"""What the tools of the Quality tab share: forms in the browser, out of one script each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from ...desk import Desk
from ...session import Session

__all__ = ["ToolForm", "ToolPart", "script", "style"]

_HERE = Path(__file__).parent


def script(name: str) -> str:
    """Return a script with what all tools need in front of it (``tool.js``)."""
    return "\n".join((_HERE / n).read_text(encoding="utf-8") for n in ("tool.js", name))


def style(name: str) -> str:
    """Return a style sheet with that of all tools in front of it (``tool.css``)."""
    return "\n".join((_HERE / n).read_text(encoding="utf-8") for n in ("tool.css", name))


class ToolForm(JSComponent):
    """A form that shows `form` and `state`, and tells what the operator does in it.

    Parameters
    ----------
    take : callable
        Called with each message of the browser.
    session : Session
        Tells the theme.
    """

    form = param.Dict(default={}, doc="What can be chosen.")
    state = param.Dict(default={}, doc="What is chosen, and what came of it.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _style: ClassVar[str] = ""

    def __init__(
        self, take: Callable[[dict[str, Any]], None], *, session: Session, **params: Any
    ) -> None:
        params = {"sizing_mode": "stretch_width", "margin": 0} | params
        super().__init__(stylesheets=[self._style], dark=session.dark, **params)
        self.on_msg(lambda event: take(event.data))
        session.param.watch(lambda e: self.param.update(dark=e.new), "dark")


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
