"""One more row of grid points on each open side, while a slice is analysed.

The engine pushes the outermost rows of a grid two correlation lengths outwards, as if the
domain went on behind them: what it gives there belongs to a place far outside, and the level at
the surface would hold the field of no depth at all. With a margin these rows are none of the
product's. DIVAnd's own climatologies can add one above the surface ("surfextend").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .problem import Problem

__all__ = ["make_norm", "widened", "without_margin"]

Array = NDArray[np.float64]


def _widths(problem: Problem) -> tuple[int, ...]:
    """Give the rows to add on both sides of each dimension."""
    if not problem.margin:
        return (0,) * problem.mask.ndim
    return tuple(
        int(period == 0 and bool(np.any(length)) and size > 1)
        for period, length, size in zip(
            problem.moddim, problem.lengths, problem.mask.shape, strict=True
        )
    )


def make_norm(problem: Problem) -> divand.Background:
    """Make the norm of the engine, on the grid with its margin.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Background
        Sea goes on into the margin as it is at the edge.
    """
    widths = _widths(problem)
    return divand.Background(
        widened(problem, problem.mask),
        [widened(problem, pm) for pm in problem.pmn],
        [_longer(axis, width) for axis, width in zip(problem.xi, widths, strict=True)],
        [widened(problem, length) for length in problem.lengths],
        moddim=problem.moddim,
    )


def widened(problem: Problem, array: NDArray[Any]) -> NDArray[Any]:
    """Give an array on the grid with its margin, where it goes on as it is at the edge.

    Parameters
    ----------
    problem : Problem
    array : ndarray
        Of a shape that broadcasts to the mask's.

    Returns
    -------
    ndarray
        What does not change along a dimension is kept once there.
    """
    widths = zip(_widths(problem), array.shape, strict=True)
    return np.pad(array, [(w, w) if n > 1 else (0, 0) for w, n in widths], mode="edge")


def _longer(axis: Array, width: int) -> Array:
    if not width:
        return axis
    return np.concatenate([[2 * axis[0] - axis[1]], axis, [2 * axis[-1] - axis[-2]]])


def without_margin(problem: Problem, field: Array) -> Any:
    """Cut the margin off a field.

    Parameters
    ----------
    problem : Problem
    field : ndarray of the shape of the grid with its margin

    Returns
    -------
    ndarray of the mask's shape
    """
    return field[tuple(slice(width, -width if width else None) for width in _widths(problem))]
