"""What stands before every request and websocket: host, origin, prefix, handle, headers.

The visitor has a secret cookie; the page knows only its public handle, which the
signed token of the page carries. A websocket is opened only where both fit
together, so that a token that leaks from a page is worth nothing elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from sdcviz.settings import Settings

__all__ = ["COOKIE", "HANDLE", "VISITOR", "Guard", "handle_of"]

COOKIE = "sdc_sid"
NOTEBOOKS = "/notebooks/"
"""Below it, visitors reach the JupyterLabs of their jobs."""
HANDLE = "X-Sdc-Handle"
"""Header, and name in the token, of a visitor's public handle."""
VISITOR = "sdcviz.visitor"
"""Key in the scope of a request: whether it came with a visitor's cookie."""

_HANDLE_HEADER = HANDLE.lower().encode()
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}

_POLICY = {
    "default-src": "'self'",
    # BokehJS compiles templates, and Panel loads components from blobs.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "connect-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}


def handle_of(cookie: str, key: bytes) -> str:
    """Return the public handle of a visitor's secret cookie; it can't be turned back."""
    return hmac.new(key, b"handle:" + cookie.encode(), hashlib.sha256).hexdigest()[:32]


def new_cookie(key: bytes) -> str:
    """Return a secret cookie for a new visitor."""
    secret = secrets.token_urlsafe(32)
    return f"{secret}.{_signature(secret, key)}"


def is_cookie(cookie: str, key: bytes) -> bool:
    """Whether this server gave the cookie out: one that was made up is no visitor's."""
    secret, _, signature = cookie.partition(".")
    return hmac.compare_digest(signature.encode(), _signature(secret, key).encode())


def _signature(secret: str, key: bytes) -> str:
    return hmac.new(key, b"cookie:" + secret.encode(), hashlib.sha256).hexdigest()[:32]


def _is_loopback(host: str) -> bool:
    if host in _LOOPBACK_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hostname(netloc: str) -> str:
    return (urlsplit(f"//{netloc}").hostname or "").lower()


class Guard:
    """ASGI middleware; refuses what has no business here.

    Parameters
    ----------
    app : ASGI application
        What it protects.
    settings : Settings
        Prefix, address and allowed origins.
    key : bytes
        Secret of this server.
    """

    def __init__(self, app: Any, settings: Settings, key: bytes) -> None:
        self.app = app
        self.key = key
        self.prefix = settings.root_path
        self.origins = {origin.lower() for origin in settings.allowed_origins}
        # A page of another site can let its own name point to 127.0.0.1 and would then be
        # of the same origin as we are; on a loopback address only loopback names are real.
        self.loopback_only = _is_loopback(settings.host)
        self.hosts = {_hostname(urlsplit(o).netloc) for o in self.origins}
        pictures = [settings.tile_url or "", *(layer.url for layer in settings.wms_layers)]
        self.tiles = " ".join(dict.fromkeys(filter(None, map(_origin, pictures))))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on what is in order, answer the rest."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request = _Request(scope, self.key)
        reason = self._objection(request)
        if reason:
            await _refuse(scope, send, reason)
            return
        path = self._prefixed(scope["path"])
        if path is None:
            await _redirect(scope, send, f"{self.prefix}/")
            return
        visitor, fresh = request.visitor, False
        if not visitor and scope["type"] == "http":
            visitor, fresh = new_cookie(self.key), True
        # Those of notebooks belong to no page with a token; origin and owner are looked at.
        of_page = not path.startswith(f"{self.prefix}{NOTEBOOKS}")
        if scope["type"] == "websocket" and of_page and not self._is_own_token(request):
            await _refuse(scope, send, "The page is too old or not yours; reload it.")
            return
        headers = [(k, v) for k, v in scope["headers"] if k != _HANDLE_HEADER]
        headers.append((_HANDLE_HEADER, handle_of(visitor, self.key).encode()))
        inner = {
            **scope,
            "headers": headers,
            "path": path,
            "raw_path": path.encode(),
            "root_path": self.prefix,
            VISITOR: bool(visitor) and not fresh,
        }
        give = visitor if fresh and path == f"{self.prefix}/" else ""
        await self.app(inner, receive, self._sender(send, request, give))

    def _objection(self, request: _Request) -> str:
        """Return why a request is refused, or an empty text."""
        host = _hostname(request.host)
        if self.loopback_only and not (_is_loopback(host) or host in self.hosts):
            return f"This server does not answer to the name {host!r}; see allowed_origins."
        if request.kind == "websocket" or request.method not in _SAFE_METHODS:
            # Browsers always name the origin here; what names none is no browser
            # and carries no visitor's cookie, except for a websocket: there we insist.
            if not request.origin:
                return "" if request.kind == "http" and not request.visitor else _NO_ORIGIN
            if not self._is_own(request.origin, request.host):
                return f"Requests from {request.origin} are not allowed; see allowed_origins."
        return self._objection_to_site(request)

    def _objection_to_site(self, request: _Request) -> str:
        """Return why a foreign page may not read: it could not see the answer, but make us work.

        A link from elsewhere that a person follows is in order.
        """
        foreign = request.site in {"cross-site", "same-site"} and request.mode != "navigate"
        path = request.scope["path"]
        if not ("/api/" in path or NOTEBOOKS in path) or not foreign:
            return ""
        own = request.origin and self._is_own(request.origin, request.host)
        return "" if own else "Pages of another site may not ask here; see allowed_origins."

    def _is_own(self, origin: str, host: str) -> bool:
        origin = origin.lower()
        return urlsplit(origin).netloc == host.lower() or origin in self.origins

    def _prefixed(self, path: str) -> str | None:
        """Return the path with prefix, whether the proxy stripped it or not; None: redirect."""
        if not self.prefix:
            return path
        if path == self.prefix:
            return None
        return path if path.startswith(f"{self.prefix}/") else f"{self.prefix}{path}"

    def _is_own_token(self, request: _Request) -> bool:
        """Whether the token of a websocket is signed, and of the visitor who shows it."""
        from bokeh.util.token import check_token_signature, get_token_payload

        protocols = request.scope.get("subprotocols") or []
        if len(protocols) != 2 or not request.visitor:
            return False
        try:
            if not check_token_signature(protocols[1], secret_key=self.key, signed=True):
                return False
            owner = get_token_payload(protocols[1])["headers"][HANDLE]
        except Exception:  # whatever a forged token breaks inside, it is no token
            return False
        return hmac.compare_digest(str(owner), handle_of(request.visitor, self.key))

    def _sender(self, send: Any, request: _Request, cookie: str) -> Any:
        """Return `send` that adds our headers to the answer."""
        extra = _security_headers(self.tiles)
        if cookie:
            secure = "; Secure" if request.scheme in {"https", "wss"} else ""
            extra.append(
                (
                    b"set-cookie",
                    f"{COOKIE}={cookie}; Path={self.prefix or '/'}; HttpOnly; "
                    f"SameSite=Lax{secure}".encode(),
                )
            )

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                named = {name for name, _ in message.get("headers", ())}
                added = [pair for pair in extra if pair[0] not in named or pair[0] == b"set-cookie"]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        return guarded


_NO_ORIGIN = "The request does not say where it comes from."


class _Request:
    """The few things of a request that the guard looks at."""

    def __init__(self, scope: Any, key: bytes) -> None:
        self.scope = scope
        self.kind: str = scope["type"]
        self.method: str = scope.get("method", "GET")
        self.scheme: str = scope.get("scheme", "http")
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.host = self._text(b"host")
        self.origin = self._text(b"origin")
        self.site = self._text(b"sec-fetch-site")
        self.mode = self._text(b"sec-fetch-mode")
        cookie = self._cookie()
        self.visitor = cookie if is_cookie(cookie, key) else ""

    def _text(self, name: bytes) -> str:
        return self._headers.get(name, b"").decode("latin-1").strip()

    def _cookie(self) -> str:
        try:
            found = SimpleCookie(self._text(b"cookie")).get(COOKIE)
        except CookieError:
            return ""
        return found.value if found else ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _security_headers(tiles: str) -> list[tuple[bytes, bytes]]:
    policy = dict(_POLICY)
    if tiles:
        policy["img-src"] += f" {tiles}"
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    pairs: Iterable[tuple[str, str]] = (
        ("content-security-policy", text),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    )
    return [(name.encode(), value.encode()) for name, value in pairs]


async def _refuse(scope: Any, send: Any, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})
        return
    if "/api/" in scope["path"]:
        kind = [(b"content-type", b"application/json")]
        await _answer(send, 403, json.dumps({"detail": reason}).encode(), kind)
        return
    await _answer(send, 403, reason.encode(), [_PLAIN])


async def _redirect(scope: Any, send: Any, where: str) -> None:
    if scope["type"] == "websocket":
        await _refuse(scope, send, "There is no websocket here.")
        return
    query = scope.get("query_string", b"")
    target = where.encode() + (b"?" + query if query else b"")
    await _answer(send, 307, b"", [_PLAIN, (b"location", target)])


_PLAIN = (b"content-type", b"text/plain; charset=utf-8")


async def _answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    start = [*headers, *_security_headers("")]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
