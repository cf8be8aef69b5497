"""Parts of a grid: a box is analysed with the background and the weights of the whole."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problem import Problem, SliceTask

__all__ = ["Window", "coefficient", "cut_problem", "cut_task", "widen", "window_of"]

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]
Window = tuple[int, int, int, int]

_METRES = 111_195.0
"""Of one degree of latitude."""


def widen(box: Box, metres: float) -> Box:
    """Let a box grow on all sides.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north in degrees.
    metres : float

    Returns
    -------
    tuple of float
        Latitudes within -90 to 90.
    """
    west, south, east, north = box
    along = metres / _METRES
    low, high = max(-90.0, south - along), min(90.0, north + along)
    across = along / max(math.cos(math.radians(max(abs(low), abs(high)))), 0.02)
    return west - across, low, east + across, high


def window_of(problem: Problem, box: Box) -> Window:
    """Give the part of a grid that holds a box; all longitudes where it goes around the world.

    Parameters
    ----------
    problem : Problem
    box : tuple of float
        West, south, east, north, as the axes count.
    """
    west, south, east, north = box
    lon, lat = problem.lon, problem.lat
    i0, i1 = _around(lon, west, east)
    if problem.moddim[0] and (west < lon[0] or east > lon[-1]):
        i0, i1 = 0, len(lon)
    return (i0, i1, *_around(lat, south, north))


def _around(axis: Array, low: float, high: float) -> tuple[int, int]:
    first = int(np.searchsorted(axis, low, "right")) - 1
    last = int(np.searchsorted(axis, high, "left")) + 1
    first, last = max(first, 0), min(last, len(axis))
    # Two points at least, so that it stays a grid.
    return (first, last) if last - first > 1 else (max(first - 1, 0), min(last + 1, len(axis)))


def cut_problem(problem: Problem, window: Window) -> Problem:
    """Cut a part out of a problem, in longitude and latitude.

    Parameters
    ----------
    problem : Problem
    window : tuple of int
    """
    i0, i1, j0, j1 = window
    whole = (i0, i1) == (0, len(problem.lon))

    def part(array: Any) -> Any:
        across = slice(i0, i1) if array.shape[0] > 1 else slice(None)
        along = slice(j0, j1) if array.shape[1] > 1 else slice(None)
        return array[across, along]

    around = problem.moddim if whole else (0.0, *problem.moddim[1:])
    return replace(
        problem,
        mask=part(problem.mask),
        pmn=tuple(part(pm) for pm in problem.pmn),
        lon=problem.lon[i0:i1],
        lat=problem.lat[j0:j1],
        moddim=around,
        slopes=None if problem.slopes is None else part(problem.slopes),
        velocity=None
        if problem.velocity is None
        else (part(problem.velocity[0]), part(problem.velocity[1])),
    )


def cut_task(task: SliceTask, field: Array) -> tuple[SliceTask, NDArray[np.int64], Array]:
    """Cut the window of a task out of it, once weights and background of the whole are known.

    Parameters
    ----------
    task : SliceTask
        With its errors.
    field : ndarray
        Background, of a shape that broadcasts to the mask's.

    Returns
    -------
    task : SliceTask
        Of the window; itself where it has none.
    rows : ndarray of int64
        Its observations among those of the whole task.
    field : ndarray
        Its part of the background.
    """
    if task.window is None:
        return task, np.arange(len(task.value)), field
    problem, (i0, i1, j0, j1) = task.problem, task.window
    part = cut_problem(problem, task.window)
    kept = np.ones(len(task.value), bool)
    # Behind an edge of the whole grid the margin still has some; elsewhere the cut ends them.
    if i0 > 0:
        kept &= task.lon >= problem.lon[i0]
    if i1 < len(problem.lon):
        kept &= task.lon <= problem.lon[i1 - 1]
    if j0 > 0:
        kept &= task.lat >= problem.lat[j0]
    if j1 < len(problem.lat):
        kept &= task.lat <= problem.lat[j1 - 1]
    rows = np.flatnonzero(kept)
    errors = None
    if task.errors is not None:
        errors = task.errors[rows] * (coefficient(part) / coefficient(problem))
    of_rows = {
        name: getattr(task, name)[rows] for name in ("rows", "lon", "lat", "depth", "value", "day")
    }
    if field.ndim > 1:
        field = field[i0:i1, j0:j1]
    product = None if task.product is None else task.product[i0:i1, j0:j1]
    cut = replace(
        task, problem=part, errors=errors, product=product, window=None, fallback=None, **of_rows
    )
    return cut, rows, field


def coefficient(problem: Problem) -> float:
    """Give the coefficient of a norm, but for a factor that parts of a problem share.

    Parameters
    ----------
    problem : Problem
    """
    total = 1.0
    for length in problem.lengths:
        mean = float(np.mean(np.broadcast_to(length, problem.mask.shape)))
        total *= mean if mean > 0 else 1.0
    return total
