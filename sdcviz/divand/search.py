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
    """Try all combinations of factors, then go on around the best one.

    Parameters
    ----------
    value : callable
        What shall be least; called once for each combination.
    axes : sequence of ndarray
        Factors of each kind, positive, increasing, best in equal ratios.
    refinements : int
        How often the steps are halved: each time the neighbours of the best on all sides are
        tried, and the minimum of the parabola through them.
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
    total += refinements * 3 ** len(free) if free else 0
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
    low, high = (np.array([axis[end] for axis in logs]) for end in (0, -1))
    for _ in range(refinements if free else 0):
        step = step / 2
        best = np.array(min(done, key=lambda key: done[key]))
        sides = [[0.0, -1.0, 1.0] if k in free else [0.0] for k in range(len(axes))]
        around = np.array(list(product(*sides)))
        places = best + around * step
        inside = ((places > low - 1e-9) & (places < high + 1e-9)).all(axis=1)
        values = np.array([tried(place) for place in places[inside]])
        move = _lowest(around[inside][:, free], values)
        if move is not None:
            target = best.copy()
            target[free] += move * step[free]
            tried(np.clip(target, low, high))
    if progress is not None:
        progress(total, total)
    return tuple(float(np.exp(p)) for p in min(done, key=lambda key: done[key]))


def _lowest(u: Array, values: Array) -> Array | None:
    """Give where a quadratic through values has its minimum, None if it has none."""
    n = u.shape[1]
    upper = np.triu_indices(n)
    terms = np.column_stack([np.ones(len(u)), u, u[:, upper[0]] * u[:, upper[1]]])
    if len(u) < terms.shape[1]:
        return None
    fit = np.linalg.lstsq(terms, values, rcond=None)[0]
    bend = np.zeros((n, n))
    bend[upper] = fit[1 + n :]
    bend = bend + bend.T
    if np.linalg.eigvalsh(bend).min() <= 1e-12 * np.abs(values).max():
        return None
    return np.clip(-np.linalg.solve(bend, fit[1 : 1 + n]), -1, 1)
