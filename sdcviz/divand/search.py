"""Least value of a function of a few factors: all of a grid, then finer around the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from .grid import Array

__all__ = ["search"]


def search(
    value: Callable[[tuple[float, ...]], float],
    axes: Sequence[Array],
    refinements: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[float, ...]:
    """Try all combinations of factors, then go to the minimum by parabolas.

    Parameters
    ----------
    value : callable
        What shall be least; called once for each combination.
    axes : sequence of ndarray
        Factors of each kind, positive, increasing, best in equal ratios.
    refinements : int
        How often the steps are halved: each time both neighbours of the best along each axis
        are tried, and the minimum of the parabolas through them.
    progress : callable, optional
        Called with the number of trials done and of those to come at most.

    Returns
    -------
    tuple of float
        The best factors, between the first and the last of each axis.
    """
    logs = [np.log(axis) for axis in axes]
    free = [k for k, axis in enumerate(logs) if axis.size > 1]
    total = int(np.prod([axis.size for axis in axes]))
    total += refinements * (2 * len(free) + 1) if free else 0
    done: dict[tuple[float, ...], float] = {}

    def tried(place: Sequence[float] | Array) -> float:
        key = tuple(round(float(p), 9) for p in place)
        if key not in done:
            done[key] = value(tuple(float(np.exp(p)) for p in place))
            if progress is not None:
                progress(len(done), total)
        return done[key]

    for place in product(*logs):
        tried(place)
    step = np.array([np.diff(axis).max() if axis.size > 1 else 0.0 for axis in logs])
    for _ in range(refinements if free else 0):
        step = step / 2
        best = np.array(min(done, key=lambda key: done[key]))
        target = best.copy()
        for k in free:
            aside = np.where(np.arange(len(axes)) == k, step, 0)
            target[k] += _move(tried, best, aside, logs[k][0], logs[k][-1], k)
        tried(target)
    if progress is not None:
        progress(total, total)
    return tuple(float(np.exp(p)) for p in min(done, key=lambda key: done[key]))


def _move(
    tried: Callable[[Array], float],
    best: Array,
    aside: Array,
    first: float,
    last: float,
    k: int,
) -> float:
    """Give how far the minimum of the parabola through three values is from the middle one."""
    if best[k] - aside[k] < first - 1e-9 or best[k] + aside[k] > last + 1e-9:
        return 0.0
    low, middle, high = tried(best - aside), tried(best), tried(best + aside)
    bend = low + high - 2 * middle
    if bend <= 0:
        return float(np.sign(low - high) * aside[k])
    return float(np.clip((low - high) / bend / 2, -1, 1) * aside[k])
