"""What becomes of a job, of what was seen of it: pure functions."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from ..words import size
from .engine import Sight
from .model import Job, State, Wish

__all__ = ["Verdict", "judge", "woken"]


WAITING = {"node": "It waits for a node: none that could run it is free or in order."}


@dataclass(frozen=True)
class Verdict:
    """A new state and why; `again` asks for another attempt."""

    state: State
    reason: str = ""
    exit_code: int | None = None
    again: bool = False


def judge(job: Job, sight: Sight, record: dict[str, Any], silent: bool) -> Verdict:
    """Say where a job stands.

    Parameters
    ----------
    job : Job
        As the database knows it: starting, running or paused.
    sight : Sight
        What its engine sees.
    record : dict
        The exit record of this attempt; empty without one.
    silent : bool
        Whether its folder has been without a sign of life long enough to give it up.
    """
    if record:
        return _ended(job, record)
    if sight.phase == "waiting":
        return Verdict(State.STARTING, WAITING.get(sight.reason, sight.reason))
    if sight.phase == "running":
        return Verdict(State.RUNNING)
    if sight.phase == "paused":
        return Verdict(State.PAUSED)
    if not silent:
        return Verdict(job.state, job.reason)
    if sight.said:
        return _wished(job) or Verdict(
            State.FAILED, f"It could not begin: {sight.said}", sight.exit_code
        )
    if sight.reason in {"memory", "time"}:
        return _failed(job, sight.reason, sight.exit_code, "")
    return _wished(job) or _lost(job, "The node that ran it went away")


def woken(job: Job) -> dict[str, Any]:
    """Return the columns of a hibernated job that is to go on."""
    values = {"state": str(State.QUEUED), "wish": str(Wish.RUN), "reason": ""}
    return {**values, "attempt": job.spec.attempt + 1, "engine_state": "{}"}


def _ended(job: Job, record: dict[str, Any]) -> Verdict:
    code, reason = record.get("exit_code"), record.get("reason", "")
    if code == 0:
        short = "The disk of its folder is full: its log is not complete."
        return Verdict(State.DONE, short if record.get("log_full") else "", 0)
    # Some engines tell each process to end, and the command may be faster than the wrapper.
    told = not reason and (record.get("signal") == signal.SIGTERM or job.wish is Wish.CANCEL)
    if reason == "stopped" or told:
        stopped = _wished(job) or _lost(job, "Its node asked it to stop")
        return Verdict(stopped.state, stopped.reason, code, stopped.again)
    # What it wrote last was no complaint where it had no time for one.
    said = _broken_off(record.get("signal")) or record.get("said", "")
    return _failed(job, reason, code, said)


def _broken_off(number: int | None) -> str:
    if not number:
        return ""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGKILL:
        return f"Somebody or the system killed it ({name}); start it again."
    return f"It broke off ({name}); its log may say more."


def _wished(job: Job) -> Verdict | None:
    if job.wish is Wish.CANCEL:
        return Verdict(State.CANCELLED)
    if job.wish is Wish.HIBERNATE:
        return Verdict(State.HIBERNATED)
    return None


def _lost(job: Job, what: str) -> Verdict:
    if job.losses < job.spec.retries:
        return Verdict(State.QUEUED, f"{what}; it starts again.", again=True)
    often = f" {job.losses + 1} times" if job.losses else ""
    return Verdict(State.LOST, f"{what}{often}; nobody knows how far it came.")


def _failed(job: Job, reason: str, code: int | None, said: str) -> Verdict:
    limits = job.spec.limits
    if reason == "memory":
        most = f"more memory than its {size(limits.memory)}" if limits.memory else "too much memory"
        text = f"It took {most}; start it with more memory, or make it smaller."
    elif reason == "time":
        most = f" of {limits.walltime:g} s" if limits.walltime else ""
        text = f"It did not end within its time{most}; start it with more time."
    elif reason == "disk":
        text = "The disk of its folder is full; free some space and start it again."
    else:
        text = said.removeprefix("sdcviz: ") or f"It ended with status {code} and without a word."
    return Verdict(State.FAILED, text, code)
