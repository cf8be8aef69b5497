"""Two repairs of the websocket of `bokeh_fastapi` 0.1.8.

- After a page is closed, its loop asks the socket for more, gets an error and
  ends without telling the server: sessions are never given back. Here the
  connection is given back however the loop ends.
- Parts of two messages can mix where the network is slower than the server,
  since nothing makes one message wait for the other. Here they wait.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bokeh_fastapi.handler import WSHandler

__all__ = ["mend_sockets"]

_send_message = WSHandler.send_message


async def _receive_loop(self: Any) -> None:
    """Handle messages until the page is closed, then give the session back."""
    try:
        while True:
            event = await self._socket.receive()
            if event["type"] == "websocket.disconnect":
                return
            fragment = event.get("text")
            await self._take(fragment if fragment is not None else event.get("bytes"))
    finally:
        if self.connection is not None:
            self.application.client_lost(self.connection)
            self.connection = None


async def _take(self: Any, fragment: str | bytes) -> None:
    """Handle one fragment; a message answers when its last one is in."""
    message = await self._receive(fragment)
    if message:
        work = await self._handle(message)
        if work:
            await self.send_message(work)


async def _send_in_turn(self: Any, message: Any) -> int:
    """Send one message; another one waits until all its parts are out."""
    lock = self.__dict__.setdefault("_turn", asyncio.Lock())
    async with lock:
        return await _send_message(self, message)


def mend_sockets() -> None:
    """Put the repairs in place, for this process."""
    WSHandler._receive_loop = _receive_loop
    WSHandler._take = _take
    WSHandler.send_message = _send_in_turn
