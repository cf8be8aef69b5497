"""The way to notebooks: HTTP and websockets to the JupyterLab of a job, for its owner only.

JupyterLab listens on this machine and asks for a token that no page ever sees: it is added here,
once cookie, origin (the guard) and owner have been looked at. Neither the visitor's cookie nor
what he claims about himself goes on to JupyterLab.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from sdcviz.errors import NotFound, NotSignedOn
from sdcviz.notebooks.place import Place

from .guard import COOKIE
from .notebook_pages import waiting_page
from .notebook_places import Places

__all__ = ["routes"]

log = logging.getLogger(__name__)

MOST_MESSAGE = 256 * 1024**2
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade".split()
)
_NOT_ASKED = _HOP_BY_HOP | {"host", "authorization", "cookie", "origin", "content-length"}
_NOT_ANSWERED = _HOP_BY_HOP | {"server", "date", "access-control-allow-origin"}
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "media-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self' data: blob:; "
    "frame-src 'self' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
"""What JupyterLab needs, and nothing from elsewhere; its own rules count beside these."""


def routes() -> APIRouter:
    """Return the endpoints; they are no part of the OpenAPI document."""
    router = APIRouter(prefix="/notebooks/{identity}", include_in_schema=False)
    places = Places()
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(600, connect=10), trust_env=False, follow_redirects=False,
        limits=httpx.Limits(max_connections=200, keepalive_expiry=30),
    )  # fmt: skip

    @router.api_route("/{path:path}", methods=_METHODS)
    async def ask(identity: str, path: str, request: Request) -> Response:
        seen = await run_in_threadpool(places.of, identity, request.scope)
        if seen.place is None:
            return waiting_page(seen, request)
        try:
            return await _asked(client, seen.place, path, request)
        except httpx.ConnectError:
            places.forget(identity)
            return waiting_page(seen, request)
        except httpx.HTTPError as error:
            log.info("Notebook %s: %s", identity, error)
            return Response("JupyterLab did not answer; try again.", 502)

    @router.websocket("/{path:path}")
    async def speak(identity: str, path: str, socket: WebSocket) -> None:
        try:
            seen = await run_in_threadpool(places.of, identity, socket.scope)
        except (NotFound, NotSignedOn) as error:
            await socket.close(1008, str(error)[:120])
            return
        if seen.place is None:
            await socket.close(1013, "The notebook does not run.")
            return
        await _spoken(seen.place, path, socket)

    return router


# ---- HTTP ------------------------------------------------------------------
async def _asked(
    client: httpx.AsyncClient, place: Place, path: str, request: Request
) -> StreamingResponse:
    """Hand a request on, and the answer back as it comes."""
    headers = [(k, v) for k, v in request.headers.items() if k not in _dropped(request)]
    headers += [("authorization", f"token {place.token}")]
    if cookie := _cookies(request.cookies):
        headers.append(("cookie", cookie))
    length = request.headers.get("content-length")
    has_body = length not in (None, "0") or "transfer-encoding" in request.headers
    if length is not None:
        headers.append(("content-length", length))
    asked = client.build_request(
        request.method, _url(place, path, request.url.query), headers=headers,
        content=request.stream() if has_body else None,
    )  # fmt: skip
    answer = await client.send(asked, stream=True)
    given = StreamingResponse(_body(answer), answer.status_code)
    given.raw_headers = list(_answered(answer.headers.raw))
    return given


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def _dropped(request: Request) -> frozenset[str]:
    named = request.headers.get("connection", "")
    return _NOT_ASKED | {word.strip().lower() for word in named.split(",")} | {"x-sdc-handle"}


def _answered(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        low = name.lower().decode("latin-1")
        ours = low == "set-cookie" and value.strip().lower().startswith(f"{COOKIE}=".encode())
        if low not in _NOT_ANSWERED and not ours:
            yield low.encode(), value
    yield b"content-security-policy", _POLICY.encode()


def _cookies(cookies: dict[str, str]) -> str:
    """Return the cookies without the visitor's: whoever has it is the visitor."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items() if name != COOKIE)


def _url(place: Place, path: str, query: str) -> str:
    where = quote(path, safe="/:@!$&'()*+,;=~")
    return f"{place.url}{place.base_url}{where}" + (f"?{query}" if query else "")


# ---- websockets ------------------------------------------------------------
async def _spoken(place: Place, path: str, socket: WebSocket) -> None:
    """Carry messages both ways until one side hangs up."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake
    from websockets.typing import Subprotocol

    offered = [Subprotocol(name) for name in socket.scope.get("subprotocols") or []]
    address = _url(place, path, socket.url.query).replace("http", "ws", 1)
    headers = {"Authorization": f"token {place.token}"}
    if cookie := _cookies(socket.cookies):
        headers["Cookie"] = cookie
    try:
        there = await connect(
            address, subprotocols=offered or None, additional_headers=headers, proxy=None,
            max_size=MOST_MESSAGE, compression=None, open_timeout=30, ping_interval=None,
        )  # fmt: skip
    except (OSError, TimeoutError, InvalidHandshake) as error:
        log.info("Notebook websocket: %s", error)
        await socket.close(1013, "JupyterLab did not answer.")
        return
    await socket.accept(there.subprotocol)
    try:
        ways = {asyncio.create_task(_to(there, socket)), asyncio.create_task(_back(there, socket))}
        _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in left:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    finally:
        await there.close()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # he has hung up
            await socket.close(there.close_code if _may_say(there.close_code) else 1001)


def _may_say(code: int | None) -> bool:
    return code is not None and (1000 <= code <= 1003 or 1007 <= code <= 1014 or code >= 3000)


async def _to(there: Any, socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await there.send(message["bytes"] if text is None else text)


async def _back(there: Any, socket: WebSocket) -> None:
    async for message in there:
        if isinstance(message, str):
            await socket.send_text(message)
        else:
            await socket.send_bytes(message)
