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
def _level(field, ra, rb, ca, cb, ya, yb, xa, xb, t, z):
    """Weigh the points around one place, over those that have a value.

    As `places.blend` does: the point to which the place belongs, (ra, ca), comes first.
    """
    lead = field[ra, ca, t, z]
    if not lead == lead:
        return np.nan
    if yb == 0.0 and xb == 0.0:
        return np.float64(lead)
    weight = ya * xa
    total, whole = weight * lead, weight
    v = field[ra, cb, t, z]
    if v == v:
        weight = ya * xb
        total += weight * v
        whole += weight
    v = field[rb, ca, t, z]
    if v == v:
        weight = yb * xa
        total += weight * v
        whole += weight
    v = field[rb, cb, t, z]
    if v == v:
        weight = yb * xb
        total += weight * v
        whole += weight
    return total / whole


@njit(nogil=True, inline="always")
def _sides(before, share, n):
    """Order the two points of an axis, the nearer first, with their shares.

    The one after the last is the first: of an axis that does not go around its share is 0.
    """
    after = before + 1 if before + 1 < n else 0
    if share > 0.5:
        return after, before, share, 1.0 - share
    return before, after, 1.0 - share, share


@njit(nogil=True, inline="always")
def _pair(a, b, share):
    """Interpolate between two values; where one is missing, the nearer one counts."""
    if a == a and b == b:
        return a * (1.0 - share) + b * share
    return a if share < 0.5 else b


@njit(cache=True, nogil=True)
def interpolate(
    field: NDArray,
    row: NDArray,
    column: NDArray,
    north: NDArray,
    east: NDArray,
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
    row, column, north, east : ndarray, shape (n,)
        Cells of the places, see `places.Cells`.
    below, deeper : ndarray, shape (n,)
        Level above each depth, and the share of the next; -1: outside.
    step, following, later : ndarray, shape (n,)
        Time steps before and after, and the share of that after; -1: outside.
    first : int
        Number of the field's first time step.
    out : ndarray of float64, shape (n,)
        Filled where the step lies in the field.
    """
    height, width = field.shape[0], field.shape[1]
    for i in range(len(out)):
        if below[i] < 0 or step[i] < 0:
            continue
        ra, rb, ya, yb = _sides(row[i], north[i], height)
        ca, cb, xa, xb = _sides(column[i], east[i], width)
        found = np.nan
        for side in range(2):
            if side == 1 and later[i] == 0.0:
                break
            t = (step[i] if side == 0 else following[i]) - first
            z = below[i]
            v = _level(field, ra, rb, ca, cb, ya, yb, xa, xb, t, z)
            if deeper[i] > 0.0:
                w = _level(field, ra, rb, ca, cb, ya, yb, xa, xb, t, z + 1)
                v = _pair(v, w, deeper[i])
            found = v if side == 0 else _pair(found, v, later[i])
        out[i] = found
