"""Where a field goes beyond the observations that made it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..products.deviation import usual
from ..words import counted
from .problem import Problem

__all__ = ["overshoot"]

BEYOND = 0.1
"""Part of the range of a level's observations that the field may exceed it by."""

Array = NDArray[np.float64]


def overshoot(problem: Problem, field: NDArray[np.floating], depth: Array, value: Array) -> str:
    """Tell where a field exceeds the observations of a level, gross errors left out.

    Parameters
    ----------
    problem : Problem
    field : ndarray, shape (nlon, nlat, ndepth)
    depth, value : ndarray, shape (n,)
        Of the observations that had an influence.

    Returns
    -------
    str
        A sentence; empty where it does not.
    """
    levels = problem.depth
    n = max(len(levels), 1)
    level = np.searchsorted((levels[1:] + levels[:-1]) / 2, depth)
    good = usual(level, value)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, level[good], value[good])
    np.maximum.at(high, level[good], value[good])
    # What lies between two levels counts for both.
    near = [np.concatenate([[e], a, [e]]) for a, e in ((low, np.inf), (high, -np.inf))]
    low = np.min([near[0][:-2], near[0][1:-1], near[0][2:]], axis=0)
    high = np.max([near[1][:-2], near[1][1:-1], near[1][2:]], axis=0)
    known = high > low
    room = BEYOND * np.where(known, high - low, 0)
    least, most = np.where(known, low - room, -np.inf), np.where(known, high + room, np.inf)
    off = np.fmax(np.fmax(least - field, field - most), -np.inf)
    count = int((off > 0).sum())
    if not count:
        return ""
    i, j, k = np.unravel_index(int(np.argmax(off)), field.shape)
    lat, lon = float(problem.lat[j]), float(problem.lon[i])
    place = (
        f"{abs(lat):.4g}° {'N' if lat >= 0 else 'S'}, {abs(lon):.4g}° {'E' if lon >= 0 else 'W'}"
    )
    at = f" and {levels[k]:g} m" if len(levels) else ""
    return (
        f"At {counted(count, 'point')} the field exceeds what was observed: {field[i, j, k]:.3g} "
        f"at {place}{at}, where the observations of the level lie from {low[k]:.3g} to "
        f"{high[k]:.3g}. An error that nobody flagged can do that: flag it ('sdcviz divand RECIPE "
        "--outliers' lists what is far off), or bound the field by the key clamp."
    )
