"""The queue in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param

from ..form import Piece

__all__ = ["QueueForm"]


class QueueForm(Piece):
    """The queue in the browser; see ``queue.js``."""

    state = param.Dict(default={}, doc="What can be chosen and what is chosen.")
    at = param.Dict(default={}, doc="Place of the station in view, stations left and in all.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = Path(__file__).with_name("queue.js")
    _style = Path(__file__).with_name("queue.css").read_text(encoding="utf-8")

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that is no state: rows, or one mark."""
        self._send_msg(message)
