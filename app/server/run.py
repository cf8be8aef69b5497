"""Start the server."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sdcviz.errors import BadRequest
from sdcviz.settings import Settings, get_settings

__all__ = ["serve"]

log = logging.getLogger(__name__)


def serve(
    settings: Settings | None = None,
    collections: Sequence[Path | str] = (),
    products: Sequence[Path | str] = (),
    *,
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve the application until it is stopped (Ctrl-C or SIGTERM).

    Parameters
    ----------
    settings : Settings, optional
        Those of the process by default.
    collections : sequence of paths
        Collections to offer; the first one is shown.
    products : sequence of paths or addresses
        Products to put on the shelf; the address of the page shows the first one.
    started : callable, optional
        Called with the address of the page when the port is open.

    Raises
    ------
    BadRequest
        If the port can't be opened, or would be open to others who did not sign on.
    SdcvizError
        If a collection or a product can't be opened.
    """
    import uvicorn

    from .. import library, shelf
    from ..openable import is_address
    from .app import create_app

    settings = settings or get_settings()
    sock = _listen(settings.host, settings.port, settings.trusted_front)
    for path in reversed(list(collections)):
        library.remember(str(path))
    query = ""
    for path in reversed(list(products)):
        # Nobody waits at the start for a server elsewhere.
        put = shelf.put if is_address(str(path)) else shelf.add
        query = f"?tab=products&product={put(str(path)).id}"
    host, port = sock.getsockname()[:2]
    if started:
        started(_address(settings, host, port) + query)
    # Links in mails name the port that was found, where any was asked for.
    settings = settings.model_copy(update={"port": port})
    config = uvicorn.Config(create_app(settings, warm=settings.warm_up), **_options(settings))
    uvicorn.Server(config).run(sockets=[sock])


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # Behind a proxy the scheme of the visitor decides whether the cookie is secure.
        "proxy_headers": True,
        "forwarded_allow_ips": settings.trusted_proxies,
        # Deflating costs more than a loopback or local network takes to carry the bytes.
        "ws_per_message_deflate": False,
        "ws_max_size": 64 * 1024**2,
        "timeout_graceful_shutdown": 3,
    }


def _listen(host: str, port: int, trusted_front: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise BadRequest(
            f"{host}:{port}: the server can't listen there ({error}); "
            "choose another port with --port, or 0 for a free one."
        ) from error
    # What the name came to counts, not how it was spelled: "0" and "" are everywhere.
    if not (trusted_front or ipaddress.ip_address(sock.getsockname()[0]).is_loopback):
        sock.close()
        raise BadRequest(
            f"{host or 'Every address'} can be reached from other machines, and sdcviz does not "
            "sign people on itself: whoever gets there may do all. Listen on 127.0.0.1, or, where "
            "a web server in front signs people on and nobody else gets through, say so with "
            "SDCVIZ_TRUSTED_FRONT=true."
        )
    sock.listen(256)
    return sock


def _address(settings: Settings, host: str, port: int) -> str:
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else host
    return f"http://{shown}:{port}{settings.root_path}/"
