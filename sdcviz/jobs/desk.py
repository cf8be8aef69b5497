"""The part of a keeper that keeps the jobs of one engine."""

from __future__ import annotations

import contextlib
import logging
import select
import threading
import time
from collections.abc import Callable, Sequence

from ..errors import EngineError, SdcvizError
from ..settings import Settings
from .adopt import Adopter
from .cleaning import remove_old
from .engine import Engine, Sight
from .judge import woken
from .leases import Lease
from .model import ACTIVE, FINAL, Job, State, Wish
from .presence import Bell
from .rows import Kept
from .starter import Starter
from .store import Change, LeaseLost, Store
from .telling import Teller
from .watcher import Watcher

__all__ = ["Desk"]

log = logging.getLogger(__name__)

QUEUE_EVERY = 0.5
"""Seconds between two looks at the queue; who submits on this machine rings a bell."""
LOOK_EVERY = 0.5
CLEAN_EVERY = 3600.0
SPARE = 10
"""A look may take this part of the time between two of them."""
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
        self._watcher = Watcher(engine, settings, lost_after)
        self._adopter = Adopter(store, engine.name, self.place, lost_after)
        self._teller = Teller(store, on_end) if on_end else None
        self._starter = Starter(store, engine, self.place, settings, self.lease)
        self._next_look = self._next_queue = self._next_cleaning = self._away = 0.0
        self._looked = self._cost = 0.0
        self._stopping = False
        self._has_begun = False
        self._bell: Bell | None = None

    # ---- the thread ----------------------------------------------------
    def run(self, stopping: threading.Event) -> None:
        """Keep the jobs until somebody asks to stop."""
        self.listen()
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

    def listen(self) -> None:
        """Be there for who wants to wake a keeper."""
        if self._bell is None:
            self._bell = Bell(self.store.url, serves=not self.lease.yields)

    def wake(self) -> None:
        """Look at once."""
        self._next_queue = self._next_look = 0.0
        if self._bell:
            self._bell.ring()

    def _wait(self) -> None:
        """Wait until it is time, somebody wakes us, or a job has ended."""
        assert self._bell is not None
        poll = select.poll()
        poll.register(self._bell.handle, select.POLLIN)
        due = min(self._next_look, self._next_queue)
        rest = self._looked + self._cost - time.monotonic()
        watch = getattr(self.engine, "watch", None)
        if watch and self.lease.is_mine:
            if rest > 0.02:  # where very many run, not a look for each that ends
                due = min(due, self._looked + self._cost)
            else:
                for handle in watch():
                    poll.register(handle, select.POLLIN)
        if poll.poll(max(0.0, min(due - time.monotonic(), 1.0)) * 1000):
            self._next_look = self._next_queue = 0.0
            self._bell.hush()

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
                self._looked = time.monotonic()
                self._cost = self._looked - moment
                self._next_look = self._looked + max(LOOK_EVERY, SPARE * self._cost)
            if force or moment >= self._next_queue:
                if not self._stopping:
                    self._commit(self._starter.serve())
                self._next_queue = time.monotonic() + QUEUE_EVERY
        except LeaseLost:
            log.warning("Another keeper has taken over %s.", self.lease.name)
            self.lease.lost()

    def _look(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._begin()
        kept = self.store.kept(self.engine.name, self.place, ACTIVE)
        if kept:
            self._follow(kept)
        self._watcher.forget({one.job.id for one in kept})
        self._commit(self._adopter.changes())
        if self._teller:
            self._teller.look(self.engine.name, self.place)
        if time.monotonic() >= self._next_cleaning:
            self._next_cleaning = time.monotonic() + CLEAN_EVERY
            remove_old(self.store, self.engine.name, self.place, self.settings.jobs_days)

    def _begin(self) -> None:
        """End what runs though it is over, and let go on what rests since a server stopped."""
        with contextlib.suppress(EngineError):
            found = self.engine.found()
            for job in self.store.some(list(found)):
                if job.is_over:
                    self.engine.stop(found[job.id], 0)
        if self.lease.yields:
            return
        asleep = self.store.kept(self.engine.name, self.place, [State.HIBERNATED])
        resting = [one.job for one in asleep if one.job.wish is Wish.RUN]
        self._commit([Change(job, woken(job), action="wake") for job in resting])

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
            changes.append(self._watcher.change(one, sight))
        restart = [k.job for k in kept if not k.job.engine_state]
        self._commit([change for change in changes if change])
        if restart:
            self._commit(self._starter.start(restart))

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
            self._watcher.written(change)
            if change.values.get("state") in _OVER:
                self._next_queue = 0.0
                self._ended(change.before)

    def _ended(self, job: Job) -> None:
        try:
            self.engine.remove(job.engine_state)
        except EngineError as error:
            log.info("%s: %s", job.id, error)

    # ---- the end -------------------------------------------------------
    def is_idle(self) -> bool:
        """Whether no job runs, and none waits that this keeper starts."""
        here = (self.engine.name, self.place)
        running = any((t.engine, t.place) == here for t in self.store.turns(ACTIVE))
        return not (running or any(map(self._starter.is_ours, self.store.turns([State.QUEUED]))))

    def close(self, leave: bool) -> None:
        """Let running jobs rest or end, as the settings say, and give the lease up."""
        self._stopping = True
        try:
            if not leave and self.settings.jobs_at_stop != "go on" and self.lease.is_mine:
                self._end_all()
            if self._teller:
                self._teller.close()
            if self.lease.is_mine:
                self.lease.release()
        except (SdcvizError, LeaseLost) as error:
            log.warning("%s: %s", self.engine.name, error)
        if self._bell:
            self._bell.close()
            self._bell = None

    def _end_all(self) -> None:
        """Stop what was not asked to go on, and wait for its end."""
        kept = self.store.kept(self.engine.name, self.place, ACTIVE)
        ending = [k.job for k in kept if not k.job.spec.keep]
        cancel = self.settings.jobs_at_stop == "cancel"
        for job in ending:
            if cancel:
                self.store.wish(job.id, lambda _: {"wish": str(Wish.CANCEL)}, "server", "cancel")
            else:
                self._watcher.resting.add(job.id)
            with contextlib.suppress(EngineError):
                self.engine.stop(job.engine_state, self.settings.jobs_grace)
        ids = {job.id for job in ending}
        deadline = time.monotonic() + self.settings.jobs_grace + 5
        while ids and time.monotonic() < deadline:
            time.sleep(0.05)
            self._look()
            kept = self.store.kept(self.engine.name, self.place, ACTIVE)
            ids &= {k.job.id for k in kept}
