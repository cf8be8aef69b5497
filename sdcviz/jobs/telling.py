"""Tell somebody of the end of jobs, beside the keeper."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..errors import SdcvizError
from .model import Job
from .store import Store

__all__ = ["Teller"]

log = logging.getLogger(__name__)


class Teller:
    """Calls a function once for each job that has ended, in a thread of its own.

    Parameters
    ----------
    store : Store
    on_end : callable
        What it raises is logged and harms no job.
    """

    def __init__(self, store: Store, on_end: Callable[[Job], None]) -> None:
        self._store, self._on_end = store, on_end
        self._pool = ThreadPoolExecutor(1, "jobs-telling")
        self._at: set[str] = set()

    def look(self, engine: str, place: str) -> None:
        """Tell of those that nobody was told of."""
        for job in self._store.untold(engine, place):
            if job.id not in self._at:
                self._at.add(job.id)
                self._pool.submit(self._tell, job)

    def _tell(self, job: Job) -> None:
        try:
            self._on_end(job)
        except Exception:
            log.exception("%s has ended, but telling it failed", job.id)
        try:
            self._store.told(job.id)
        except SdcvizError as error:
            log.warning("%s: %s", job.id, error)
        finally:
            self._at.discard(job.id)

    def close(self) -> None:
        """Wait for those that are being told."""
        self._pool.shutdown(cancel_futures=True)
