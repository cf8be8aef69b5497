"""What fits into memory: decided before anything is computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import divand
from ..divand.choice import Choice, Need, choose
from ..divand.memory import available_memory
from ..errors import BadRequest
from .chunks import chunk_task, chunks_of
from .margin import make_norm
from .problem import Problem, SliceTask
from .systems import needs

__all__ = ["PROCESS", "memory_budget", "settle", "within_memory"]

_SHARE = 0.8  # of what is free
PROCESS = 300e6
"""Bytes of a worker beside the analysis: libraries, observations, fields."""


def memory_budget(given: int | None) -> float:
    """Give the bytes that all processes of a run may take together."""
    return float(given) if given is not None else _SHARE * available_memory()


def within_memory(problem: Problem, workers: int, budget: float) -> tuple[Problem, int]:
    """Choose the solver, the depth chunks and the number of processes.

    Parameters
    ----------
    problem : Problem
    workers : int
        Most processes.
    budget : float
        Bytes for all of them.

    Returns
    -------
    problem : Problem
        With the solver that all slices get, so that they don't depend on what is free
        while they run; in depth chunks where it does not fit at once.
    workers : int

    Raises
    ------
    BadRequest
        Even one level at a time does not fit; says what would.
    """
    problem, workers, _ = settle(problem, workers, budget)
    return problem, workers


def settle(problem: Problem, workers: int, budget: float) -> tuple[Problem, int, Need]:
    """Do as `within_memory`, and give what one chunk of a slice is expected to take."""
    most = budget - PROCESS
    tried = [problem, *(replace(problem, chunk=size) for size in _sizes(problem))]
    refused: divand.DivandError | None = None
    for attempt in tried:
        try:
            choice = _choice(attempt, most)
        except divand.TooLarge as error:
            refused = refused or error
            continue
        settled = replace(attempt, solver=choice.solver, memory=max(most, choice.need.memory))
        fitting = int(budget // (choice.need.memory + PROCESS))
        return settled, max(1, min(workers, fitting)), choice.need
    raise BadRequest(str(refused)) from refused


def _sizes(problem: Problem) -> list[int]:
    """Give sizes of chunks to try: halves, quarters, ... of the levels."""
    size, found = problem.chunk or len(problem.depth), []
    while size > 1:
        size = -(-size // 2)
        found.append(size)
    return found


def _choice(problem: Problem, budget: float) -> Choice:
    """Choose for the largest chunk."""
    parts = [problem]
    if problem.chunk:
        none = np.empty(0)
        task = SliceTask(problem, 0, "", none.astype(np.int64), none, none, none, none, none)
        parts = [chunk_task(task, chunk)[0].problem for chunk in chunks_of(problem)]
        parts = [part for part in parts if part.mask.any()]
    norm = make_norm(max(parts, key=lambda part: np.count_nonzero(part.mask)))
    nothing = divand.Observations(norm, np.empty((norm.mask.ndim, 0)), np.empty(0))
    return choose(norm, nothing, problem.solver, memory=budget, **needs(problem))
