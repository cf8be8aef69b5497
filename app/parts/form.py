"""What the forms of the page share: components in the browser, out of one script each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from ..session import Session

__all__ = ["Form", "Piece", "script", "style"]

_HERE = Path(__file__).parent


def script(*paths: Path) -> str:
    """Return a script with what all forms need in front of it (``form.js``)."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (_HERE / "form.js", *paths))


def style(*paths: Path) -> str:
    """Return a style sheet with that of all forms in front of it (``form.css``)."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (_HERE / "form.css", *paths))


class Piece(JSComponent):
    """Something in the browser, out of one script, that tells what the visitor does in it.

    Parameters
    ----------
    take : callable
        Called with each message of the browser.
    """

    _style: ClassVar[str] = ""

    def __init__(self, take: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(stylesheets=[self._style], **params)
        self.on_msg(lambda event: take(event.data))


class Form(Piece):
    """A form that shows `form` and `state`, and tells what the visitor does in it.

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

    def __init__(
        self, take: Callable[[dict[str, Any]], None], *, session: Session, **params: Any
    ) -> None:
        params = {"sizing_mode": "stretch_width", "margin": 0} | params
        super().__init__(take, dark=session.dark, **params)
        session.param.watch(lambda e: self.param.update(dark=e.new), "dark")
