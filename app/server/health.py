"""Endpoints that tell whether the server lives, and whether it can work."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from sdcviz import jobs
from sdcviz.errors import SdcvizError
from sdcviz.settings import Settings
from sdcviz.words import size

__all__ = ["routes"]

log = logging.getLogger(__name__)


class Health(BaseModel):
    """That it lives."""

    status: str
    version: str
    pages: int = Field(description="Pages that are open.")


class Readiness(BaseModel):
    """Whether it can work; where not, what is in the way."""

    ready: bool
    detail: str = Field(description="One sentence or several; empty when ready.")


def routes(settings: Settings, version: str) -> APIRouter:
    """Return the endpoints; they tell nothing that only some may know."""
    router = APIRouter(prefix="/api", tags=["server"])

    @router.get("/health")
    async def health(request: Request) -> Health:
        """Say that the server answers, its version, and how many pages are open."""
        pages = len(request.app.state.pages._clients)
        return Health(status="ok", version=version, pages=pages)

    @router.get(
        "/ready",
        responses={503: {"model": Readiness, "description": "It can't work; `detail` says why."}},
    )
    def ready(request: Request, response: Response) -> Readiness:
        """Say whether jobs can be taken: database, keeper of jobs, room in the data folder."""
        keeper = getattr(request.app.state, "keeper", None)
        troubles = list(_troubles(settings, keeper))
        response.status_code = 503 if troubles else 200
        return Readiness(ready=not troubles, detail=" ".join(troubles))

    return router


def _troubles(settings: Settings, keeper: Any) -> Iterator[str]:
    """Yield what is in the way, without names of folders: anybody may ask."""
    if not _is_database_there():
        yield "The database of jobs does not answer."
    if keeper is None or not keeper.is_alive():
        yield "Nobody looks after the jobs: the keeper is not there; restart the server."
    yield from _room(settings)


def _is_database_there() -> bool:
    try:
        jobs.find(limit=1)
    except SdcvizError as error:
        log.warning("Not ready: %s", error)
        return False
    return True


def _room(settings: Settings) -> Iterator[str]:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # To write is the proof: rights say nothing about a file system that is read-only.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
        left = shutil.disk_usage(folder).free
    except OSError as error:
        yield f"The data folder can't be written ({error.strerror})."
        return
    if left < settings.min_free_bytes:
        yield f"The disk of the data folder has {size(left)} left; free some space."
