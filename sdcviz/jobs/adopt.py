"""Jobs of a machine whose keeper is gone: who sees their folders takes them over."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from .engine import Sight
from .folders import exit_record
from .judge import Verdict, judge
from .leases import Lease
from .model import ACTIVE, FINAL, Job, State
from .rows import now
from .store import Change, Store

__all__ = ["Adopter"]

EVERY = 5.0


@dataclass
class _Seen:
    size: int
    since: float


class Adopter:
    """Takes over the jobs of an engine of other machines, where their keeper is silent.

    What waited starts here; what ran and shows no sign of life any more is lost, and starts here
    where it may start again. A machine that only has another name now (a container that was made
    anew) gets its jobs back in this way.

    Parameters
    ----------
    store : Store
    engine, place : str
        Ours.
    lost_after : float
        Seconds without a sign of life.
    """

    def __init__(self, store: Store, engine: str, place: str, lost_after: float) -> None:
        self._store, self._engine, self._place = store, engine, place
        self._lost_after = lost_after
        self._leases: dict[str, Lease] = {}
        self._seen: dict[str, _Seen] = {}
        self._next = 0.0

    def changes(self) -> list[Change]:
        """Return what to write of such jobs, where it is time to look."""
        moment = time.monotonic()
        if not self._place or moment < self._next:
            return []
        self._next = moment + min(EVERY, self._lost_after)
        turns = self._store.turns([*ACTIVE, State.QUEUED])
        places = {t.place for t in turns if t.engine == self._engine} - {self._place}
        found = []
        for place in places:
            name = f"{self._engine}@{place}"
            lease = self._leases.setdefault(place, Lease(self._store, name))
            if lease.is_free():
                kept = self._store.kept(self._engine, place, [*ACTIVE, State.QUEUED])
                found += [self._change(one.job) for one in kept if one.job.spec.folder.is_dir()]
        return [change for change in found if change]

    def _change(self, job: Job) -> Change | None:
        if job.state is State.QUEUED:
            return Change(job, {"place": self._place}, action="adopt")
        record = exit_record(job.spec.folder, job.spec.attempt)
        verdict = judge(job, Sight("gone"), record, self._is_silent(job))
        if verdict.state is job.state:
            return None
        return Change(job, self._columns(job, verdict), action="adopt")

    def _columns(self, job: Job, verdict: Verdict) -> dict[str, object]:
        values: dict[str, object] = {"state": str(verdict.state), "reason": verdict.reason}
        values |= {"place": self._place, "exit_code": verdict.exit_code}
        if verdict.state in FINAL:
            values["ended"] = now()
        if verdict.again:
            values |= {"attempt": job.spec.attempt + 1, "engine_state": "{}"}
            values["losses"] = job.losses + 1
        return values

    def _is_silent(self, job: Job) -> bool:
        try:
            size = os.stat(job.spec.folder / "events.jsonl").st_size
        except OSError:
            size = 0
        moment = time.monotonic()
        seen = self._seen.get(job.id)
        if seen is None or seen.size != size:
            seen = self._seen[job.id] = _Seen(size, moment)
        return moment - seen.since >= self._lost_after
