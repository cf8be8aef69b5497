"""The ASGI application: page, static files, REST endpoints, behind the guard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from sdcviz.errors import HTTP_STATUS, Conflict, SdcvizError
from sdcviz.jobs.keeper import Keeper
from sdcviz.settings import Settings, get_settings

from .. import answers, follow, jobs
from .. import uploads as drop_area
from ..processes import stop_all
from . import downloads, edits, uploads
from .guard import HANDLE, Guard

__all__ = ["create_app"]

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None, *, warm: bool = False) -> Any:
    """Return the ASGI application.

    Parameters
    ----------
    settings : Settings, optional
        Those of the process by default.
    warm : bool
        Do at the start what the first visitor would otherwise wait for.

    Returns
    -------
    ASGI application
        For uvicorn; one process serves page, websockets and endpoints.
    """
    settings = settings or get_settings()
    key = settings.session_key().get_secret_value().encode()
    api = FastAPI(
        title="sdcviz", version=_version(), docs_url=None, redoc_url=None, lifespan=_lifespan(warm)
    )
    _add_errors(api)
    _add_endpoints(api)
    api.include_router(uploads.routes(settings))
    api.include_router(downloads.routes())
    api.include_router(edits.routes())
    api.state.pages = _add_page(api, key)
    return Guard(api, settings, key)


def _version() -> str:
    try:
        return version("sdcviz")
    except PackageNotFoundError:
        return "unknown"


def _lifespan(warm: bool) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if warm:
            from .warm import warm_up

            warm_up()
        drop_area.sweep()
        keeper = _keep_jobs()
        yield
        follow.stop()
        jobs.stop()
        answers.stop()
        stop_all()
        if keeper is not None:
            await asyncio.to_thread(keeper.stop)

    return lifespan


def _keep_jobs() -> Keeper | None:
    """Keep jobs beside the page; without a database of them the page is shown all the same."""
    try:
        keeper = Keeper()
        keeper.start()
    except SdcvizError as error:
        log.error("Jobs are not kept: %s", error)
        return None
    return keeper


def _add_endpoints(api: FastAPI) -> None:
    @api.get("/api/health")
    async def health(request: Request) -> dict[str, str | int]:
        """Say that the server answers, its version, and how many pages are open."""
        pages = len(request.app.state.pages._clients)
        return {"status": "ok", "version": _version(), "pages": pages}

    @api.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> Response:
        icon = files("sdcviz_assets").joinpath("logo.svg").read_bytes()
        return Response(icon, media_type="image/svg+xml")

    with_files = files("sdcviz_assets")
    api.mount("/assets", StaticFiles(directory=str(with_files)), name="assets")


def _add_page(api: FastAPI, key: bytes) -> Any:
    from panel.io.fastapi import add_applications

    from ..main import page
    from ..shell import check_layout
    from ..theme import configure
    from .locks import mend_locks
    from .quick import mend_speed
    from .sockets import mend_sockets

    check_layout()
    configure()
    mend_sockets()
    mend_locks()
    mend_speed()
    return add_applications(
        {"/": page},
        app=api,
        title={"/": "sdcviz"},
        sign_sessions=True,
        secret_key=key,
        # Only these may go into the token, which every script of the page can read.
        include_headers=[HANDLE],
        include_cookies=[],
    )


def _add_errors(api: FastAPI) -> None:
    @api.exception_handler(SdcvizError)
    async def on_our_error(request: Request, error: SdcvizError) -> Response:
        status = next(HTTP_STATUS[c] for c in type(error).__mro__ if c in HTTP_STATUS)
        conflicts = error.conflicts if isinstance(error, Conflict) else None
        return _error(request, status, str(error), conflicts)

    @api.exception_handler(RequestValidationError)
    async def on_bad_body(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return _error(request, 400, f"{where}: {first['msg']}.")

    @api.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        sentence = (
            "There is nothing at this address." if error.status_code == 404 else str(error.detail)
        )
        return _error(request, error.status_code, sentence)

    @api.exception_handler(Exception)
    async def on_defect(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _error(request, 500, "Something went wrong here; the server's log says what.")


def _error(
    request: Request, status: int, sentence: str, conflicts: list[dict[str, Any]] | None = None
) -> Response:
    """Answer a program with JSON and a person with a page."""
    if "/api/" in request.url.path or "text/html" not in request.headers.get("accept", ""):
        more = {} if conflicts is None else {"conflicts": conflicts}
        return JSONResponse({"detail": sentence, **more}, status_code=status)
    home = escape(request.scope.get("root_path", "") or "") + "/"
    return HTMLResponse(
        _ERROR_PAGE.format(status=status, sentence=escape(sentence), home=home), status_code=status
    )


_ERROR_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>sdcviz: {status}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 36rem;
       margin: 20vh auto; padding: 0 1rem; }}
h1 {{ font-size: 1.1rem; }}
</style>
<h1>{status}</h1><p>{sentence}</p><p><a href="{home}">Back to sdcviz</a></p></html>
"""
