"""Whose job is next: quotas, room on the machine, and fair shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .model import Job, Limits, State

__all__ = ["Quotas", "next_jobs"]


@dataclass(frozen=True)
class Quotas:
    """How many jobs may run at a time; 0: no limit."""

    user: int = 0
    workspace: int = 0


def next_jobs(
    waiting: Sequence[Job],
    active: Iterable[Job],
    room: Limits,
    quotas: Quotas,
    recent: Mapping[str, float],
) -> tuple[list[Job], dict[str, str]]:
    """Choose the jobs that start now.

    Who has the fewest processors at the moment is next, then who used least lately, then who has
    waited longest. A job that finds no room is passed by smaller ones of others, not by its
    owner's.

    Parameters
    ----------
    waiting : sequence of Job
        Oldest first.
    active : iterable of Job
        Of all engines.
    room : Limits
        What is left of the engine.
    quotas : Quotas
    recent : mapping
        Processor seconds of each owner of late.

    Returns
    -------
    list of Job
        In the order in which they start.
    dict
        For each job that waits for something else than its turn, what it waits for.
    """
    running, workspaces, taken = Counter[str](), Counter[str](), Counter[str]()
    for job in active:
        running[job.spec.owner] += 1
        workspaces[job.spec.workspace] += 1
        taken[job.spec.owner] += job.spec.limits.cpu  # type: ignore[assignment]
    cpu, memory = room.cpu, room.memory
    lines: dict[str, list[Job]] = {}
    for job in waiting:
        lines.setdefault(job.spec.owner, []).append(job)
    chosen: list[Job] = []
    reasons: dict[str, str] = {}
    while lines:
        owner = min(lines, key=lambda o: (taken[o], recent.get(o, 0.0), lines[o][0].created, o))
        job = lines[owner][0]
        asked = job.spec.limits
        if asked.cpu > cpu + 1e-9 or (asked.memory and asked.memory > memory):
            del lines[owner]
            continue
        why = _over(job, running, workspaces, quotas)
        lines[owner].pop(0)
        if not lines[owner]:
            del lines[owner]
        if why:
            reasons[job.id] = why
            continue
        chosen.append(job)
        running[owner] += 1
        workspaces[job.spec.workspace] += 1
        taken[owner] += asked.cpu  # type: ignore[assignment]
        cpu, memory = cpu - asked.cpu, memory - asked.memory
    return chosen, reasons


def _over(job: Job, running: Counter[str], workspaces: Counter[str], quotas: Quotas) -> str:
    if quotas.user and running[job.spec.owner] >= quotas.user:
        return f"{quotas.user} jobs of {job.spec.owner or 'nobody'} run, more may not at a time."
    name = job.spec.workspace
    if name and quotas.workspace and workspaces[name] >= quotas.workspace:
        return f"{quotas.workspace} jobs of workspace {name} run, more may not at a time."
    return ""


def room_left(capacity: Limits, active: Iterable[Job]) -> Limits:
    """Return what is left of an engine; who is paused keeps its memory only."""
    cpu, memory = capacity.cpu, capacity.memory or (1 << 62)
    for job in active:
        cpu -= 0 if job.state is State.PAUSED else job.spec.limits.cpu
        memory -= job.spec.limits.memory
    return Limits(cpu=cpu, memory=memory)
