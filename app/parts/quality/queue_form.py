"""The queue in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["QueueForm"]

_STYLE = Path(__file__).with_name("queue.css").read_text(encoding="utf-8")


class QueueForm(JSComponent):
    """The queue in the browser; see ``queue.js``."""

    state = param.Dict(default={}, doc="What can be chosen and what is chosen.")
    at = param.Dict(default={}, doc="Place of the station in view, stations left and in all.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = Path(__file__).with_name("queue.js")

    def __init__(self, take: Any, **params: Any) -> None:
        super().__init__(stylesheets=[_STYLE], **params)
        self.on_msg(lambda event: take(event.data))

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that is no state: rows, or one mark."""
        self._send_msg(message)
