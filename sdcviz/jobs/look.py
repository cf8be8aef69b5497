"""Look at jobs: what the command line, the app, HTTP and notebooks ask."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import accounting, folders
from .model import Job, State
from .rows import now
from .store import Store
from .tables import database_of

__all__ = ["find", "get", "months", "read_events", "read_log", "service_log", "usage", "wait"]


def get(id: str) -> Job:
    """Return a job by its id, or by the first digits of it; NotFound where there is none."""
    return Store().get(id)


def find(
    owner: str | None = None,
    workspace: str | None = None,
    states: Iterable[State] | None = None,
    kind: str | None = None,
    limit: int = 100,
) -> list[Job]:
    """Return the newest jobs that fit, newest first."""
    return Store().find(owner, workspace, states, kind, limit)


@lru_cache(maxsize=1024)
def _folder(url: str, id: str) -> Path:
    return Store(url).get(id).spec.folder


def read_log(id: str, offset: int = 0, limit: int = 65536) -> tuple[bytes, int]:
    """Return bytes of the log of a job from an offset on, and the offset that follows.

    A negative offset counts from the end. Of a log that is too long the beginning and the newest
    are kept; a line stands for what was left out.
    """
    return folders.read_log(_folder(database_of(), id), offset, limit)


def read_events(id: str, since: int = 0, limit: int = 1000) -> tuple[list[dict[str, Any]], int]:
    """Return the events of a job after a byte offset, and the offset that follows."""
    return folders.read_events(_folder(database_of(), id), since, limit)


def wait(id: str, timeout: float | None = None) -> Job:
    """Wait until a job is over, or hibernates, or the time is over; return it."""
    store, pause = Store(), 0.02
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        job = store.get(id)
        if job.is_over or job.state is State.HIBERNATED:
            return job
        if deadline is not None and time.monotonic() >= deadline:
            return job
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def usage(month: str | None = None, by: str = "owner") -> list[dict[str, Any]]:
    """Return what was used in a month (by default this one), by owner, workspace or job."""
    return accounting.monthly(Store(), month or now()[:7], by)


def months(owner: str | None = None) -> list[str]:
    """Return the months in which jobs took something, newest first."""
    return accounting.months(Store(), owner)


def service_log(limit: int = 100, job: str | None = None) -> list[dict[str, Any]]:
    """Return the newest lines of who did what, newest first."""
    return Store().log(limit, job)
