"""What people wish of jobs, written down for the keeper to bring about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import BadRequest
from .judge import woken
from .model import Job, State, Wish
from .offered import engines
from .rows import now
from .store import Store
from .submitting import see_to_it, this_user

__all__ = ["cancel", "hibernate", "pause", "resume", "wake"]


def cancel(id: str, by: str = "") -> Job:
    """End a job for good; what runs gets a moment to end by itself."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state in {State.QUEUED, State.HIBERNATED}:
            return {"state": str(State.CANCELLED), "wish": str(Wish.CANCEL), "ended": now()}
        return {"wish": str(Wish.CANCEL)}

    return _wish(id, decide, by, "cancel")


def pause(id: str, by: str = "") -> Job:
    """Freeze a running job; its memory stays taken."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state not in {State.RUNNING, State.STARTING, State.PAUSED}:
            raise BadRequest(f"Job {job.id[:8]} is {job.state}; only one that runs can be paused.")
        engine = engines().get(job.spec.engine)
        if engine is not None and "pause" not in engine.capabilities:
            raise BadRequest(f"Engine {job.spec.engine} can't pause; hibernate the job instead.")
        return {"wish": str(Wish.PAUSE)}

    return _wish(id, decide, by, "pause")


def resume(id: str, by: str = "") -> Job:
    """Let a paused job go on."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state is State.HIBERNATED:
            return woken(job)
        if job.wish not in {Wish.PAUSE, Wish.RUN} and job.state is not State.PAUSED:
            raise BadRequest(f"Job {job.id[:8]} is {job.state} and can't be resumed.")
        return {"wish": str(Wish.RUN)}

    return _wish(id, decide, by, "resume")


def hibernate(id: str, by: str = "") -> Job:
    """End a job for now: its memory is free, and what it has finished stays in its folder."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state is State.HIBERNATED:
            return {}
        wish = {"wish": str(Wish.HIBERNATE)}
        return wish | ({"state": str(State.HIBERNATED)} if job.state is State.QUEUED else {})

    return _wish(id, decide, by, "hibernate")


def wake(id: str, by: str = "") -> Job:
    """Start a hibernated job again; it goes on from what it has finished."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state is not State.HIBERNATED:
            raise BadRequest(f"Job {job.id[:8]} is {job.state}; only a hibernated one can wake.")
        return woken(job)

    return _wish(id, decide, by, "wake")


def _not_over(job: Job) -> None:
    if job.is_over:
        raise BadRequest(f"Job {job.id[:8]} is {job.state} already.")


def _wish(id: str, decide: Callable[[Job], dict[str, Any]], by: str, action: str) -> Job:
    store = Store()
    job = store.wish(id, decide, by or this_user(), action)
    if not job.is_over:
        see_to_it(store)
    return store.get(job.id)
