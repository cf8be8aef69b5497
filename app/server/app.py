"""The ASGI application: page, static files, REST endpoints, behind the guard."""

from __future__ import annotations

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
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from sdcviz.errors import HTTP_STATUS, Conflict, SdcvizError
from sdcviz.settings import Settings, get_settings

from .. import answers, follow
from .. import jobs as jobs_of_pages
from .. import notices as notices_of_pages
from .. import uploads as drop_area
from ..processes import stop_all
from . import collections, downloads, edits, frames, health, jobs, notebooks, uploads
from .guard import HANDLE, Guard
from .keeping import start_keeper
from .schema import ADDRESS, add_schema, methods_at
from .sizes import SizeLimit

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
        title="sdcviz", version=_version(), openapi_url=ADDRESS, docs_url=None, redoc_url=None,
        lifespan=_lifespan(settings, warm),
    )  # fmt: skip
    _add_errors(api)
    add_schema(api)
    _add_endpoints(api, settings)
    api.state.pages = _add_page(api, key)
    return Guard(SizeLimit(api, settings.root_path), settings, key)


def _version() -> str:
    try:
        return version("sdcviz")
    except PackageNotFoundError:
        return "unknown"


def _lifespan(settings: Settings, warm: bool) -> Any:
    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        if warm:
            from .warm import warm_up

            warm_up()
        drop_area.sweep()
        api.state.keeper = await run_in_threadpool(start_keeper, settings)
        yield
        follow.stop()
        notices_of_pages.stop()
        jobs_of_pages.stop()
        answers.stop()
        stop_all()
        if api.state.keeper is not None:
            await run_in_threadpool(api.state.keeper.stop)

    return lifespan


def _add_endpoints(api: FastAPI, settings: Settings) -> None:
    for router in (
        health.routes(settings, _version()),
        jobs.routes(settings),
        collections.routes(settings),
        edits.routes(),
        uploads.routes(settings),
        downloads.routes(),
        frames.routes(),
        notebooks.routes(),
    ):
        api.include_router(router)

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
        answer = _error(request, status, str(error), conflicts)
        if status == 401:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @api.exception_handler(RequestValidationError)
    async def on_bad_body(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return _error(request, 400, f"{where}: {first['msg']}.")

    @api.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        sentence = _STATUS_SENTENCES.get(error.status_code, str(error.detail))
        answer = _error(request, error.status_code, sentence)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            path = request.url.path.removeprefix(request.scope.get("root_path", ""))
            answer.headers["Allow"] = methods_at(api, path) or answer.headers["Allow"]
        return answer

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


_STATUS_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not answer to that method.",
}
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
