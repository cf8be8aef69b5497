"""Notebooks that nobody uses hibernate."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import httpx

from sdcviz.errors import SdcvizError
from sdcviz.jobs.model import Job, State
from sdcviz.notebooks.place import Place

from ..notebooks import KIND, place_of

__all__ = ["IdleWatch"]

log = logging.getLogger(__name__)


class IdleWatch:
    """Asks running notebooks when they were last used.

    Parameters
    ----------
    minutes : float
        Without use for so long, a notebook hibernates; 0: never.
    period : float, optional
        Seconds between two questions.
    """

    def __init__(self, minutes: float, period: float | None = None) -> None:
        self._idle = minutes * 60
        self._period = period or min(60.0, max(self._idle / 10, 0.2))
        # When its last activity was seen to change, by a clock that nobody sets.
        self._since: dict[str, tuple[str, float]] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Ask in a thread until `stop`."""
        if self._idle and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="notebooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stopping.wait(self._period):
            try:
                self.look()
            except SdcvizError as error:
                log.warning("Notebooks: %s", error)
            except Exception:
                log.exception("Notebooks: the look for idle ones stumbled and goes on")

    def look(self) -> None:
        """Ask once, and let those hibernate that nobody uses."""
        from sdcviz import jobs

        running = jobs.find(kind=KIND, states=[State.RUNNING], limit=10_000)
        for gone in set(self._since) - {job.id for job in running}:
            del self._since[gone]
        for job in running:
            if self._is_idle(job):
                log.info("Notebook %s is not used and hibernates.", job.id)
                jobs.hibernate(job.id, by="idle")

    def _is_idle(self, job: Job) -> bool:
        place = place_of(job)
        activity = _activity(place) if place else ""
        moment = time.monotonic()
        if not activity:  # it starts, or computes: see `_activity`
            self._since.pop(job.id, None)
            return False
        seen, since = self._since.setdefault(job.id, (activity, moment))
        if seen != activity:
            self._since[job.id] = (activity, moment)
            return False
        return moment - since >= self._idle


def _activity(place: Place) -> str:
    """Return when it was last used; empty while a kernel computes or nothing is known."""
    headers = {"Authorization": f"token {place.token}"}
    base = f"{place.url}{place.base_url}api/"
    try:
        with httpx.Client(timeout=10, headers=headers, trust_env=False) as client:
            status: dict[str, Any] = client.get(f"{base}status").raise_for_status().json()
            asked = client.get(f"{base}kernels", params={"no_track_activity": "1"})
            kernels: list[dict[str, Any]] = asked.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        log.info("A notebook does not say when it was used: %s", error)
        return ""
    if any(kernel.get("execution_state") == "busy" for kernel in kernels):
        return ""
    last = [str(status.get("last_activity", "")), *(str(k.get("last_activity")) for k in kernels)]
    return max(last)
