"""Depth chunks: some levels at a time, where all of them do not fit into memory.

Each chunk is analysed with levels above and below that reach 3.3 vertical lengths farther, as
far as observations count, and only its own levels are kept. Chunks have the variance of
the whole: error variances are scaled by the ratio of the norms' coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .problem import Problem, SliceTask

__all__ = ["Chunk", "chunk_task", "chunks_of", "level_task"]

Array = NDArray[np.float64]

_OVERLAP = 3.3  # vertical lengths, as of the tiles of DIVAnd's climatologies
_LEAST = 2  # levels, for those without a vertical length


class Chunk(NamedTuple):
    """Levels that are analysed at once.

    Attributes
    ----------
    levels : slice
        Those that are analysed.
    inner : slice
        Those of them that are kept.
    kept : slice
        The same, counted in the whole.
    """

    levels: slice
    inner: slice
    kept: slice


def chunks_of(problem: Problem) -> Iterator[Chunk]:
    """List the chunks of a problem.

    Parameters
    ----------
    problem : Problem
        With `chunk`, the number of levels that are kept of each.

    Yields
    ------
    Chunk
        From the top; together they keep each level once.
    """
    depth, reach = problem.depth, _OVERLAP * problem.vertical
    count = len(depth)
    for first in range(0, count, problem.chunk):
        stop = min(first + problem.chunk, count)
        above = int(np.searchsorted(depth, depth[first] - reach[first]))
        below = int(np.searchsorted(depth, depth[stop - 1] + reach[stop - 1], "right"))
        low = max(0, min(above, first - _LEAST))
        high = min(count, max(below, stop + _LEAST))
        yield Chunk(slice(low, high), slice(first - low, stop - low), slice(first, stop))


def chunk_task(task: SliceTask, chunk: Chunk) -> tuple[SliceTask, NDArray[np.int64]]:
    """Cut one chunk out of the task of a time slice.

    Parameters
    ----------
    task : SliceTask
    chunk : Chunk

    Returns
    -------
    task : SliceTask
        Of the levels of the chunk; its error variances are those of the whole times the
        coefficient of its norm over that of the whole.
    rows : ndarray of int64
        Its observations among those of the whole task.
    """
    problem = task.problem
    levels = chunk.levels
    top, bottom = problem.depth[levels][[0, -1]]
    rows = np.flatnonzero((task.depth >= top) & (task.depth <= bottom))
    part = replace(
        problem,
        mask=problem.mask[:, :, levels],
        pmn=(problem.pmn[0], problem.pmn[1], problem.pmn[2][:, :, levels]),
        depth=problem.depth[levels],
        horizontal=problem.horizontal[levels],
        vertical=problem.vertical[levels],
        velocity=_of_levels(problem, levels),
        chunk=0,
    )
    scale = _coefficient(part) / _coefficient(problem)
    cut = _with_rows(task, part, rows)
    return replace(cut, errors=None if cut.errors is None else cut.errors * scale), rows


def level_task(task: SliceTask, level: int) -> tuple[SliceTask, NDArray[np.int64]]:
    """Cut one level out of the task of a time slice, as a problem without depth.

    Parameters
    ----------
    task : SliceTask
    level : int

    Returns
    -------
    task : SliceTask
    rows : ndarray of int64
        The observations nearer to this level than to the others, among those of the whole.
    """
    problem = task.problem
    if problem.mask.ndim == 2:
        return task, np.arange(len(task.value))
    depth = problem.depth
    middles = np.concatenate([[-np.inf], (depth[:-1] + depth[1:]) / 2, [np.inf]])
    near = (task.depth >= middles[level]) & (task.depth < middles[level + 1])
    rows = np.flatnonzero(near)
    flat = replace(
        problem,
        mask=problem.mask[:, :, level],
        pmn=(problem.pmn[0][:, :, 0], problem.pmn[1][:, :, 0]),
        depth=depth[level : level + 1],
        moddim=problem.moddim[:2],
        horizontal=problem.horizontal[level : level + 1],
        vertical=problem.vertical[level : level + 1],
        velocity=_of_levels(problem, slice(level, level + 1)),
        chunk=0,
    )
    return _with_rows(task, flat, rows), rows


def _of_levels(problem: Problem, levels: slice) -> tuple[Array, Array] | None:
    if problem.velocity is None:
        return None
    u, v = problem.velocity
    return u[:, :, levels], v[:, :, levels]


def _with_rows(task: SliceTask, problem: Problem, rows: NDArray[np.int64]) -> SliceTask:
    of_rows = {
        name: getattr(task, name)[rows] for name in ("rows", "lon", "lat", "depth", "value", "day")
    }
    errors = None if task.errors is None else task.errors[rows]
    return replace(task, problem=problem, errors=errors, **of_rows)


def _coefficient(problem: Problem) -> float:
    """Give the coefficient of a norm, but for a factor that all chunks share."""
    across, down = np.mean(problem.horizontal), np.mean(problem.vertical)
    return float(across**2 * (down if down > 0 else 1))
