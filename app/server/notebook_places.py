"""Whose notebook it is, and where it runs; known for a moment, since pages ask a lot at once."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdcviz.errors import NotFound, NotSignedOn
from sdcviz.jobs.model import Job
from sdcviz.notebooks.place import Place
from sdcviz.workspaces.tokens import local_user

from ..notebooks import KIND, place_of, promised
from .guard import VISITOR

__all__ = ["Places", "Seen"]

MOMENT = 1.0
"""Seconds for which what was seen counts."""
_MOST = 1000


@dataclass(frozen=True)
class Seen:
    """A notebook's job, and where its JupyterLab listens: nowhere if it does not run.

    A promised one has no job yet, and a sentence.
    """

    job: Job | None
    place: Place | None
    sentence: str = ""


class Places:
    """Looks notebooks up."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, Seen]] = {}
        self._lock = threading.Lock()

    def of(self, identity: str, scope: Mapping[str, Any]) -> Seen:
        """Return a notebook of the one who asks.

        Raises
        ------
        NotSignedOn
            Nobody asks from a page of this server.
        NotFound
            There is no such notebook, or it is another one's.
        """
        if not scope.get(VISITOR):
            raise NotSignedOn("Notebooks are opened from a page of this server; open it first.")
        if not re.fullmatch(r"[0-9a-f]{32}", identity):
            raise NotFound("There is no such notebook.")
        try:
            seen = self._look(identity)
        except NotFound:
            sentence = promised(identity)
            if sentence is None:
                raise
            return Seen(None, None, sentence)
        if seen.job is None or seen.job.spec.owner != local_user():
            raise NotFound("There is no such notebook.")
        return seen

    def forget(self, identity: str) -> None:
        """Look anew the next time."""
        with self._lock:
            self._seen.pop(identity, None)

    def _look(self, identity: str) -> Seen:
        moment = time.monotonic()
        with self._lock:
            until, seen = self._seen.get(identity, (0.0, None))
        if seen is not None and moment < until:
            return seen
        from sdcviz import jobs

        job = jobs.get(identity)
        if job.spec.kind != KIND:
            raise NotFound("There is no such notebook.")
        seen = Seen(job, place_of(job))
        with self._lock:
            if len(self._seen) >= _MOST:
                self._seen.clear()
            # What starts is looked at again at once.
            if seen.place is not None:
                self._seen[identity] = (moment + MOMENT, seen)
        return seen
