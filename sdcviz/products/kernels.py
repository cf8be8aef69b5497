"""Compiled loops: turning maps into columns, interpolating to observations."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["interpolate", "turn"]

_TILE = 32


@njit(cache=True, nogil=True)
def turn(block: NDArray) -> NDArray:
    """Turn (a, b) into (b, a), tile by tile, so that both sides stay in the cache."""
    n, m = block.shape
    out = np.empty((m, n), block.dtype)
    for j0 in range(0, m, _TILE):
        j1 = min(m, j0 + _TILE)
        for i0 in range(0, n, _TILE):
            i1 = min(n, i0 + _TILE)
            for j in range(j0, j1):
                for i in range(i0, i1):
                    out[j, i] = block[i, j]
    return out


@njit(nogil=True, inline="always")
def _level(field, rows, columns, weights, i, t, z, corners):
    """Weigh the points around one place, over those that have a value."""
    lead = field[rows[i, 0], columns[i, 0], t, z]
    if not lead == lead:
        return np.nan
    if corners == 1:
        return np.float64(lead)
    total, whole = 0.0, 0.0
    for k in range(corners):
        v = field[rows[i, k], columns[i, k], t, z]
        if v == v:
            total += weights[i, k] * v
            whole += weights[i, k]
    return total / whole


@njit(nogil=True, inline="always")
def _pair(a, b, share):
    """Interpolate between two values; where one is missing, the nearer one counts."""
    if a == a and b == b:
        return a * (1.0 - share) + b * share
    return a if share < 0.5 else b


@njit(cache=True, nogil=True)
def interpolate(
    field: NDArray,
    rows: NDArray,
    columns: NDArray,
    weights: NDArray,
    below: NDArray,
    deeper: NDArray,
    step: NDArray,
    following: NDArray,
    later: NDArray,
    first: int,
    out: NDArray,
) -> None:
    """Interpolate a field to observations.

    Parameters
    ----------
    field : ndarray, shape (lat, lon, time, depth)
    rows, columns, weights : ndarray, shape (n, k)
        Points around each place, the one to which it belongs first.
    below, deeper : ndarray, shape (n,)
        Level above each depth, and the share of the next; -1: outside.
    step, following, later : ndarray, shape (n,)
        Time steps before and after, and the share of that after; -1: outside.
    first : int
        Number of the field's first time step.
    out : ndarray of float64, shape (n,)
        Filled where the step lies in the field.
    """
    corners = rows.shape[1]
    for i in range(len(out)):
        if below[i] < 0 or step[i] < 0:
            continue
        found = np.nan
        for side in range(2):
            if side == 1 and later[i] == 0.0:
                break
            t = (step[i] if side == 0 else following[i]) - first
            v = _level(field, rows, columns, weights, i, t, below[i], corners)
            if deeper[i] > 0.0:
                w = _level(field, rows, columns, weights, i, t, below[i] + 1, corners)
                v = _pair(v, w, deeper[i])
            found = v if side == 0 else _pair(found, v, later[i])
        out[i] = found
