"""How large the body of a request may be; uploads have a limit of their own."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException

from sdcviz.words import size

__all__ = ["SizeLimit"]

_MOST = 4_000_000
_LARGER = {"/api/qc/": 64_000_000}
"""Many flags may be changed at once."""
_FREE = ("/api/uploads/", "/notebooks/")
"""They have limits of their own, or pass bodies on as they come."""


class SizeLimit:
    """ASGI middleware that refuses a body that is too large, before it is in memory.

    Parameters
    ----------
    app : ASGI application
    prefix : str
        URL prefix, which the path has.
    """

    def __init__(self, app: Any, prefix: str = "") -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on, with an eye on the bytes that come."""
        path = scope.get("path", "").removeprefix(self.prefix)
        if scope["type"] != "http" or path.startswith(_FREE):
            await self.app(scope, receive, send)
            return
        most = next((m for start, m in _LARGER.items() if path.startswith(start)), _MOST)
        told = dict(scope["headers"]).get(b"content-length", b"")
        announced = int(told) if told.isdigit() else 0
        came = 0

        async def counted() -> Any:
            nonlocal came
            _refuse(announced, most)
            message = await receive()
            came += len(message.get("body", b""))
            _refuse(came, most)
            return message

        await self.app(scope, counted, send)


def _refuse(came: int, most: int) -> None:
    if came > most:
        raise HTTPException(413, f"The request is larger than {size(most)}.")
