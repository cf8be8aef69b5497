"""The queue of one engine: whose turn it is, and starting them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import EngineError, SdcvizError
from ..settings import Settings
from .accounting import recent_use
from .engine import Engine, Sight
from .folders import write_job
from .leases import Lease
from .local import processors
from .model import ACTIVE, Job, Limits, State
from .rows import now
from .store import Change, Store
from .turns import Quotas, Turn, next_jobs, room_left

__all__ = ["Starter"]

LONGEST_DELAY = 60.0
"""Seconds between attempts to start a job while its engine is away."""


class Starter:
    """Starts the jobs of one engine.

    Parameters
    ----------
    store : Store
    engine : Engine
    place : str
    settings : Settings
    lease : Lease
        Of this engine and place.
    """

    def __init__(
        self, store: Store, engine: Engine, place: str, settings: Settings, lease: Lease
    ) -> None:
        self.store, self.engine, self.place = store, engine, place
        self.settings, self.lease = settings, lease
        self._delay: dict[str, tuple[float, float]] = {}

    def serve(self) -> list[Change]:
        """Start the jobs whose turn it is; return what to write of them."""
        waiting = [turn for turn in self.store.turns([State.QUEUED]) if self.is_ours(turn)]
        self._delay = {turn.id: d for turn in waiting if (d := self._delay.get(turn.id))}
        moment = time.monotonic()
        ready = [turn for turn in waiting if self._delay.get(turn.id, (0.0, 0.0))[0] <= moment]
        if not ready:
            return []
        active = self.store.turns(ACTIVE)
        here = (self.engine.name, self.place)
        room = room_left(self._capacity(), [t for t in active if (t.engine, t.place) == here])
        quotas = Quotas(self.settings.jobs_per_user, self.settings.jobs_per_workspace)
        recent = recent_use(self.store) if len({turn.owner for turn in ready}) > 1 else {}
        chosen, reasons = next_jobs(ready, active, room, quotas, recent)
        said = {turn.id: turn.reason for turn in ready}
        news = [id for id, reason in reasons.items() if reason != said[id]]
        jobs = self.store.some([*chosen, *news])
        return self.start(self._mark_starting(jobs, reasons))

    def is_ours(self, turn: Turn) -> bool:
        """Whether this keeper starts a job; who was left behind only what shall go on."""
        here = (turn.engine, turn.place) == (self.engine.name, self.place)
        return here and (turn.keep or not self.lease.yields)

    def _mark_starting(self, jobs: Sequence[Job], reasons: dict[str, str]) -> list[Job]:
        """Write down which jobs start, and what others wait for; return those that start."""
        start = {"state": str(State.STARTING), "reason": ""}
        changes = [
            Change(job, {"reason": reasons[job.id]} if job.id in reasons else start) for job in jobs
        ]
        written = self.store.change(changes, self.lease.holder, self.lease.name)
        return [replace(c.before, state=State.STARTING) for c in written if "state" in c.values]

    def _capacity(self) -> Limits:
        capacity = getattr(self.engine, "capacity", None)
        if capacity is not None:
            return capacity()
        return Limits(cpu=self.settings.jobs_running or processors())

    def start(self, jobs: Sequence[Job]) -> list[Change]:
        """Start jobs that the database calls starting (again is no harm); return what to write."""
        changes = []
        for job in jobs:
            try:
                write_job(job.spec, self.settings.jobs_grace)
                state = self.engine.start(job.spec)
            except EngineError as error:
                changes.append(self._not_started(job, error, error.passing))
            except SdcvizError as error:
                changes.append(self._not_started(job, error, False))
            else:
                self._delay.pop(job.id, None)
                changes.append(self._started(job, state))
        return changes

    def _started(self, job: Job, state: dict[str, Any]) -> Change:
        values: dict[str, Any] = {"engine_state": json.dumps(state), "reason": ""}
        sight = Sight("waiting")
        with contextlib.suppress(EngineError):
            sight = self.engine.look({job.id: state}).get(job.id, sight)
        if sight.phase == "running":
            values |= {"state": str(State.RUNNING), "started": job.started or now()}
        return Change(job, values, action="start")

    def _not_started(self, job: Job, error: SdcvizError, passing: bool) -> Change:
        if not passing:
            values = {"state": str(State.FAILED), "reason": str(error), "ended": now()}
            return Change(job, values, action="failed")
        delay = min(2 * self._delay.get(job.id, (0.0, 0.5))[1], LONGEST_DELAY)
        self._delay[job.id] = (time.monotonic() + delay, delay)
        return Change(job, {"state": str(State.QUEUED), "reason": str(error)})
