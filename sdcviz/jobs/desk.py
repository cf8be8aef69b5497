"""The part of a keeper that keeps the jobs of one engine."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..errors import EngineError, SdcvizError
from ..settings import Settings
from .accounting import recent_use
from .cleaning import remove_old
from .engine import Engine, Sight
from .folders import exit_record, last_line, write_job
from .follow import Follower
from .judge import Verdict, judge
from .leases import Lease
from .local import processors
from .model import FINAL, Job, Limits, State, Wish
from .store import Change, Kept, LeaseLost, Store, now
from .telling import Teller
from .turns import Quotas, next_jobs, room_left

__all__ = ["Desk"]

log = logging.getLogger(__name__)

ACTIVE = (State.STARTING, State.RUNNING, State.PAUSED)
QUEUE_EVERY = 0.1
"""Seconds between two looks at the queue; what this process submits is seen at once."""
LOOK_EVERY = 0.5
CLEAN_EVERY = 3600.0
SPARE = 10
"""A look may take this part of the time between two of them."""
LONGEST_DELAY = 60.0
_OVER = {str(state) for state in (*FINAL, State.QUEUED, State.HIBERNATED)}


class Desk:
    """Keeps the jobs of one engine; see `sdcviz.jobs.keeper.Keeper`."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        settings: Settings,
        on_end: Callable[[Job], None] | None,
        yields: bool,
        lost_after: float,
    ) -> None:
        self.store, self.engine, self.settings = store, engine, settings
        self.place = str(getattr(engine, "place", ""))
        self.lease = Lease(store, f"{engine.name}@{self.place}", yields)
        self._lost_after = 0.0 if getattr(engine, "certain", False) else lost_after
        self._follower = Follower()
        self._teller = Teller(store, on_end) if on_end else None
        self._asked: dict[tuple[str, int], float] = {}
        self._silent: dict[str, float] = {}
        self._delay: dict[str, tuple[float, float]] = {}
        self._next_look = self._next_queue = self._next_cleaning = self._away = 0.0
        self._resting: set[str] = set()
        self._pipe: tuple[int, int] | None = None

    # ---- the thread ----------------------------------------------------
    def run(self, stopping: threading.Event) -> None:
        """Keep the jobs until somebody asks to stop."""
        self._pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        while not stopping.is_set():
            try:
                self.tick()
            except SdcvizError as error:
                log.warning("%s: %s", self.engine.name, error)
                stopping.wait(1.0)
            except Exception:
                log.exception("%s: the keeper stumbled and goes on", self.engine.name)
                stopping.wait(1.0)
            self._wait()

    def wake(self) -> None:
        """Look at once."""
        self._next_queue = self._next_look = 0.0
        if self._pipe:
            with contextlib.suppress(OSError):
                os.write(self._pipe[1], b"w")

    def _wait(self) -> None:
        """Wait until it is time, somebody wakes us, or a job has ended."""
        assert self._pipe is not None
        poll = select.poll()
        poll.register(self._pipe[0], select.POLLIN)
        watch = getattr(self.engine, "watch", None)
        if watch and self.lease.is_mine:
            for handle in watch():
                poll.register(handle, select.POLLIN)
        due = min(self._next_look, self._next_queue) - time.monotonic()
        ready = poll.poll(max(0.0, min(due, 1.0)) * 1000)
        if ready:
            self._next_look = self._next_queue = 0.0
            with contextlib.suppress(OSError):
                os.read(self._pipe[0], 4096)

    # ---- one round -----------------------------------------------------
    def tick(self, force: bool = False) -> None:
        """Do what is to do, as far as it is time for it."""
        moment = time.monotonic()
        if not self.lease.hold():
            self._next_look = self._next_queue = moment + 0.3
            return
        try:
            if force or moment >= self._next_look:
                self._look()
                cost = time.monotonic() - moment
                self._next_look = time.monotonic() + max(LOOK_EVERY, SPARE * cost)
            if force or moment >= self._next_queue:
                self._serve_queue()
                self._next_queue = time.monotonic() + QUEUE_EVERY
        except LeaseLost:
            log.warning("Another keeper has taken over %s.", self.lease.name)
            self.lease.lost()

    def _look(self) -> None:
        kept = self.store.kept(self.engine.name, self.place, ACTIVE)
        if kept:
            self._follow(kept)
        self._forget({one.job.id for one in kept})
        if self._teller:
            self._teller.look(self.engine.name, self.place)
        if time.monotonic() >= self._next_cleaning:
            self._next_cleaning = time.monotonic() + CLEAN_EVERY
            remove_old(self.store, self.engine.name, self.place, self.settings.jobs_days)

    def _follow(self, kept: Sequence[Kept]) -> None:
        states = {k.job.id: k.job.engine_state for k in kept if k.job.engine_state}
        try:
            sights = self.engine.look(states) if states else {}
        except EngineError as error:
            self._engine_is_away(kept, error)
            return
        self._away = 0.0
        changes = []
        for one in kept:
            if not one.job.engine_state:
                continue  # between its start and the writing down of it
            sight = sights.get(one.job.id, Sight("gone"))
            changes.append(self._change(one, sight))
        restart = [k.job for k in kept if not k.job.engine_state]
        self._commit([change for change in changes if change])
        if restart:
            self._start(restart)

    def _engine_is_away(self, kept: Sequence[Kept], error: EngineError) -> None:
        """Say so at the jobs, once; they may well run on."""
        moment = time.monotonic()
        if not self._away:
            self._away = moment
            log.warning("%s: %s", self.engine.name, error)
            text = f"Engine {self.engine.name} is away: {error}"
            self._commit([Change(one.job, {"reason": text}) for one in kept])

    def _commit(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        written = self.store.change(changes, self.lease.holder, self.lease.name)
        for change in written:
            self._follower.written(change)
            if change.values.get("state") in _OVER:
                self._next_queue = 0.0
                self._ended(change.before)

    def _ended(self, job: Job) -> None:
        try:
            self.engine.remove(job.engine_state)
        except EngineError as error:
            log.info("%s: %s", job.id, error)

    # ---- one job -------------------------------------------------------
    def _change(self, one: Kept, sight: Sight) -> Change | None:
        """Bring about what is wished for a job, and say what to write of it."""
        job, folder = one.job, one.job.spec.folder
        record = {}
        if sight.phase in {"ended", "gone"}:
            record = exit_record(folder, job.spec.attempt)
            if record and record.get("exit_code") and not record.get("reason"):
                record["said"] = last_line(folder)
        values, usage, grew = self._follower.read(one, bool(record))
        silent = self._is_silent(job, sight, record, grew)
        verdict = judge(job, sight, record, silent)
        if verdict.again or record:
            verdict = self._rest(job, verdict)
        if not record and verdict.state in ACTIVE:
            verdict = self._wished(job, verdict)
        return self._written(job, verdict, values, usage, record)

    def _is_silent(self, job: Job, sight: Sight, record: dict[str, Any], grew: bool) -> bool:
        """Whether what the engine does not see shows no sign of life in its folder either."""
        if sight.phase not in {"ended", "gone"} or record or grew:
            self._silent.pop(job.id, None)
            return False
        moment = time.monotonic()
        since = self._silent.setdefault(job.id, moment)
        # An exit record may still be on its way through a shared file system.
        patience = min(self._lost_after, 5.0) if sight.phase == "ended" else self._lost_after
        return moment - since >= patience and (moment > since or not patience)

    def _rest(self, job: Job, verdict: Verdict) -> Verdict:
        """Count what rests because the server stops as not lost."""
        if job.id in self._resting and verdict.state in {State.QUEUED, State.LOST}:
            text = "It rests while the server is stopped, and goes on with its next start."
            return Verdict(State.QUEUED, text, again=True)
        return verdict

    def _wished(self, job: Job, verdict: Verdict) -> Verdict:
        """Ask the engine for what a person wishes of a job that runs."""
        key = (job.id, job.spec.attempt)
        try:
            if job.wish in {Wish.CANCEL, Wish.HIBERNATE}:
                self._stop(job, key)
            elif job.wish is Wish.PAUSE and verdict.state is State.RUNNING:
                self.engine.pause(job.engine_state)
                return Verdict(State.PAUSED)
            elif job.wish is Wish.RUN and verdict.state is State.PAUSED:
                self.engine.resume(job.engine_state)
                return Verdict(State.RUNNING)
        except EngineError as error:
            return Verdict(verdict.state, str(error))
        return verdict

    def _stop(self, job: Job, key: tuple[str, int]) -> None:
        """Ask it to end; once more, without grace, where that did not help."""
        moment, grace = time.monotonic(), self.settings.jobs_grace
        if key not in self._asked:
            self._asked[key] = moment
            self.engine.stop(job.engine_state, grace)
        elif moment - self._asked[key] > grace + 5:
            self._asked[key] = moment
            self.engine.stop(job.engine_state, 0)

    def _written(
        self, job: Job, verdict: Verdict, values: dict[str, Any], usage: Any, record: dict[str, Any]
    ) -> Change | None:
        """Turn a verdict into columns; None where nothing is new."""
        action = ""
        if verdict.reason != job.reason:
            values["reason"] = verdict.reason
        if verdict.state is not job.state:
            values["state"], action = str(verdict.state), str(verdict.state)
            if verdict.state is State.RUNNING and not job.started:
                values["started"] = now()
        if verdict.exit_code is not None:
            values["exit_code"] = verdict.exit_code
        if verdict.state in FINAL:
            values["ended"] = now()
        if verdict.again:
            values |= {"attempt": job.spec.attempt + 1, "engine_state": "{}"}
            values["losses"] = job.losses + (job.id not in self._resting)
            action = "again"
        if not values and usage is None:
            return None
        return Change(job, values, usage, action)

    def _forget(self, active: set[str]) -> None:
        for id in set(self._silent) - active:
            del self._silent[id]
        for key in [key for key in self._asked if key[0] not in active]:
            del self._asked[key]
        self._follower.forget(active)

    # ---- the queue -----------------------------------------------------
    def _serve_queue(self) -> None:
        waiting = self.store.kept(self.engine.name, self.place, [State.QUEUED])
        if self._resting:
            return
        moment = time.monotonic()
        self._delay = {k.job.id: d for k in waiting if (d := self._delay.get(k.job.id))}
        ready = [k.job for k in waiting if self._delay.get(k.job.id, (0.0, 0.0))[0] <= moment]
        mine = [k.job for k in self.store.kept(self.engine.name, self.place, ACTIVE)]
        quotas = Quotas(self.settings.jobs_per_user, self.settings.jobs_per_workspace)
        everywhere = mine
        if quotas.user or quotas.workspace:
            everywhere = self.store.find(states=ACTIVE, limit=1_000_000)
        room = room_left(self._capacity(), mine)
        if room.cpu <= 0:
            return
        recent = recent_use(self.store) if len({j.spec.owner for j in ready}) > 1 else {}
        chosen, reasons = next_jobs(ready, everywhere, room, quotas, recent)
        changes = [
            Change(job, {"reason": reasons[job.id]})
            for job in ready
            if job.id in reasons and reasons[job.id] != job.reason
        ]
        starting = [Change(job, {"state": str(State.STARTING), "reason": ""}) for job in chosen]
        written = self.store.change([*changes, *starting], self.lease.holder, self.lease.name)
        self._start(
            [replace(c.before, state=State.STARTING) for c in written if "state" in c.values]
        )

    def _capacity(self) -> Limits:
        capacity = getattr(self.engine, "capacity", None)
        if capacity is not None:
            return capacity()
        return Limits(cpu=self.settings.jobs_running or processors())

    def _start(self, jobs: Sequence[Job]) -> None:
        """Start jobs that the database calls starting; again is no harm."""
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
        self._commit(changes)

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

    # ---- the end -------------------------------------------------------
    def is_idle(self) -> bool:
        """Whether no job of this engine waits or runs."""
        states = [*ACTIVE, State.QUEUED]
        return not self.store.kept(self.engine.name, self.place, states)

    def close(self, leave: bool) -> None:
        """Let running jobs rest or end, as the settings say, and give the lease up."""
        try:
            if not leave and self.settings.jobs_at_stop != "go on" and self.lease.is_mine:
                self._end_all()
            if self._teller:
                self._teller.close()
            if self.lease.is_mine:
                self.lease.release()
        except (SdcvizError, LeaseLost) as error:
            log.warning("%s: %s", self.engine.name, error)
        if self._pipe:
            for end in self._pipe:
                os.close(end)
            self._pipe = None

    def _end_all(self) -> None:
        """Stop what was not asked to go on, and wait for its end."""
        kept = self.store.kept(self.engine.name, self.place, ACTIVE)
        ending = [k.job for k in kept if not k.job.spec.keep]
        cancel = self.settings.jobs_at_stop == "cancel"
        for job in ending:
            if cancel:
                self.store.wish(job.id, lambda _: {"wish": str(Wish.CANCEL)}, "server", "cancel")
            else:
                self._resting.add(job.id)
            with contextlib.suppress(EngineError):
                self.engine.stop(job.engine_state, self.settings.jobs_grace)
        ids = {job.id for job in ending}
        deadline = time.monotonic() + self.settings.jobs_grace + 5
        while ids and time.monotonic() < deadline:
            time.sleep(0.05)
            self._look()
            kept = self.store.kept(self.engine.name, self.place, ACTIVE)
            ids &= {k.job.id for k in kept}
