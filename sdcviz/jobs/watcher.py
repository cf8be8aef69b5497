"""Follow single jobs: what was seen of each, what is wished for it, what to write of it."""

from __future__ import annotations

import time
from typing import Any

from ..errors import EngineError
from ..settings import Settings
from .engine import Engine, Sight
from .folders import exit_record, last_line
from .follow import Follower
from .judge import Verdict, judge
from .model import ACTIVE, FINAL, Job, State, Wish
from .rows import Kept, now
from .store import Change

__all__ = ["Watcher"]


class Watcher:
    """Follows the jobs of one engine.

    Parameters
    ----------
    engine : Engine
    settings : Settings
    lost_after : float
        Seconds without a sign of life after which what the engine does not see is lost.

    Attributes
    ----------
    resting : set of str
        Jobs that end for now, since the server stops.
    """

    def __init__(self, engine: Engine, settings: Settings, lost_after: float) -> None:
        self.engine, self.settings = engine, settings
        self.resting: set[str] = set()
        self._lost_after = 0.0 if getattr(engine, "certain", False) else lost_after
        self._follower = Follower()
        self._asked: dict[tuple[str, int], float] = {}
        self._silent: dict[str, float] = {}

    def change(self, one: Kept, sight: Sight) -> Change | None:
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
        soon = sight.phase == "ended" or job.wish in {Wish.CANCEL, Wish.HIBERNATE}
        patience = min(self._lost_after, 5.0) if soon else self._lost_after
        return moment - since >= patience and (moment > since or not patience)

    def _rest(self, job: Job, verdict: Verdict) -> Verdict:
        """Count what rests because the server stops as not lost."""
        if job.id in self.resting and verdict.state in {State.QUEUED, State.LOST}:
            text = "It rests while the server is stopped, and goes on with its next start."
            return Verdict(State.HIBERNATED, text)
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
            values["losses"] = job.losses + 1
            action = "again"
        if not values and usage is None:
            return None
        return Change(job, values, usage, action)

    def written(self, change: Change) -> None:
        """Hear that a change is in the database."""
        self._follower.written(change)

    def forget(self, active: set[str]) -> None:
        """Forget all jobs but these."""
        for id in set(self._silent) - active:
            del self._silent[id]
        for key in [key for key in self._asked if key[0] not in active]:
            del self._asked[key]
        self._follower.forget(active)
