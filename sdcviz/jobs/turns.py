"""Whose job is next: quotas, room on the machine, and fair shares."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .model import Limits, State

__all__ = ["Quotas", "Turn", "next_jobs", "room_left"]


class Turn(NamedTuple):
    """What the queue has to know of a job."""

    id: str
    state: str
    engine: str
    place: str
    owner: str
    workspace: str
    cpu: float
    memory: int
    keep: bool
    reason: str
    created: str


@dataclass(frozen=True)
class Quotas:
    """How many jobs may run at a time; 0: no limit."""

    user: int = 0
    workspace: int = 0


def next_jobs(
    waiting: Sequence[Turn],
    active: Iterable[Turn],
    room: Limits,
    quotas: Quotas,
    recent: Mapping[str, float],
) -> tuple[list[str], dict[str, str]]:
    """Choose the jobs that start now.

    Who has the fewest processors at the moment is next, then who used least lately, then who has
    waited longest. A job that finds no room is passed by smaller ones of others, not by its
    owner's.

    Parameters
    ----------
    waiting : sequence of Turn
        Oldest first.
    active : iterable of Turn
        Of all engines.
    room : Limits
        What is left of the engine.
    quotas : Quotas
    recent : mapping
        Processor seconds of each owner of late.

    Returns
    -------
    list of str
        In the order in which they start.
    dict
        For each job that waits for something else than its turn, what it waits for.
    """
    taken: defaultdict[str, float] = defaultdict(float)
    count = _Count(quotas)
    for job in active:
        taken[job.owner] += job.cpu
        count.add(job)
    cpu, memory = room.cpu, room.memory
    lines: dict[str, list[Turn]] = {}
    for job in reversed(waiting):
        lines.setdefault(job.owner, []).append(job)
    chosen: list[str] = []
    reasons: dict[str, str] = {}
    while lines and cpu > 1e-9:
        owner = min(lines, key=lambda o: (taken[o], recent.get(o, 0.0), lines[o][-1].created, o))
        job = lines[owner][-1]
        if job.cpu > cpu + 1e-9 or (job.memory and job.memory > memory):
            del lines[owner]
            continue
        lines[owner].pop()
        if not lines[owner]:
            del lines[owner]
        why = count.over(job)
        if why:
            reasons[job.id] = why
            continue
        chosen.append(job.id)
        count.add(job)
        taken[owner] += job.cpu
        cpu, memory = cpu - job.cpu, memory - job.memory
    return chosen, reasons


class _Count:
    """How many jobs run, by owner and by workspace."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._owners, self._workspaces = Counter[str](), Counter[str]()

    def add(self, job: Turn) -> None:
        self._owners[job.owner] += 1
        self._workspaces[job.workspace] += 1

    def over(self, job: Turn) -> str:
        """Say which quota another job would exceed; empty: none."""
        most = self._quotas.user
        if most and self._owners[job.owner] >= most:
            return f"{most} jobs of {job.owner or 'nobody'} run, more may not at a time."
        most, name = self._quotas.workspace, job.workspace
        if name and most and self._workspaces[name] >= most:
            return f"{most} jobs of workspace {name} run, more may not at a time."
        return ""


def room_left(capacity: Limits, active: Iterable[Turn]) -> Limits:
    """Return what is left of an engine; who is paused keeps its memory only."""
    cpu, memory = capacity.cpu, capacity.memory or (1 << 62)
    for job in active:
        cpu -= 0 if job.state == State.PAUSED else job.cpu
        memory -= job.memory
    return Limits(cpu=cpu, memory=memory)
