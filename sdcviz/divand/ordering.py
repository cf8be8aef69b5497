"""Order of elimination from the geometry of the grid.

Nested dissection (George 1973, SIAM J. Numer. Anal. 10, 345-363): a separator of some layers of
points cuts the sea in two halves that the matrix does not couple; the halves come first, the
separator last, and each half is cut the same way. The direct factorisation of a large 3-D analysis
needs little more than half of the operations of a minimum-degree order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = ["dissect"]

LEAST_SHARE = 0.3
"""The smaller half has at least this share of the points that a cut leaves."""


def dissect(
    mask: ArrayLike,
    thickness: int,
    leaf: int = 64,
    moddim: Sequence[float] | None = None,
) -> NDArray[np.int64]:
    """Order the sea points of a grid by geometric nested dissection.

    Parameters
    ----------
    mask : array of bool, any number of dimensions
        True in the sea.
    thickness : int
        Layers in a separator: the number of steps along one dimension over which the matrix couples
        two points, which is the number of Laplacian powers in the inverse background covariance.
        With less the halves stay coupled and the factor fills up; with more it only grows.
    leaf : int
        Boxes of at most so many points are not cut again.
    moddim : sequence of float, optional
        Period of every dimension, 0 where it is not cyclic (as in `analyse`); only whether it is
        zero matters here. A cyclic dimension is opened by a first separator across its narrowest
        place.

    Returns
    -------
    array of int64, shape (number of sea points,)
        Permutation: entry k is the sea point, numbered in C order of the mask, that is eliminated
        as the k-th.
    """
    sea = np.asarray(mask, dtype=bool)
    if thickness < 1:
        raise ValueError(
            f"A separator has one layer or more, not {thickness}; give thickness >= 1."
        )
    if sea.ndim == 0:
        raise ValueError("The mask has no dimension; give an array with at least one.")
    cyclic = np.zeros(sea.ndim, np.bool_)
    if moddim is not None:
        if len(moddim) != sea.ndim:
            raise ValueError(
                f"moddim has {len(moddim)} entries and the mask {sea.ndim} dimensions; "
                "give one period for each, 0 where a dimension is not cyclic."
            )
        cyclic[:] = np.asarray(moddim) != 0
    places = np.ascontiguousarray(np.stack(np.nonzero(sea)).astype(np.int32))
    shape = np.array(sea.shape, np.int64)
    return _dissect(places, shape, cyclic, int(thickness), max(int(leaf), 1))


@njit(cache=True, nogil=True)
def _dissect(places, shape, cyclic, thickness, leaf):
    """Cut stretches of `order` until all are leaves; `places` gets shifted where a seam is cut."""
    ndim, n = places.shape
    order = np.arange(n)
    spare = np.empty(n, np.int64)
    counts = np.zeros((ndim, shape.max() + 1), np.int64)
    low = np.empty(ndim, np.int64)
    high = np.empty(ndim, np.int64)
    # A stretch: first, one past the last, one bit for each cyclic dimension that is still closed.
    closed = 0
    for d in range(ndim):
        if cyclic[d]:
            closed |= 1 << d
    todo = [(0, n, closed)]
    while len(todo) > 0:
        first, last, closed = todo.pop()
        if last - first <= leaf:
            continue
        _count(places, order, first, last, low, high, counts)
        d, start = _choose(counts, low, high, shape, closed, last - first, thickness)
        if d < 0:
            continue
        if (closed >> d) & 1:
            # What lies behind the seam becomes an open box.
            for k in range(first, last):
                i = order[k]
                places[d, i] = (places[d, i] - start - thickness) % shape[d]
            closed ^= 1 << d
            start = shape[d] - thickness
        a, b = _part(places[d], order, spare, first, last, start, start + thickness)
        todo.append((first, a, closed))
        todo.append((a, b, closed))
    return order


@njit(cache=True, nogil=True)
def _count(places, order, first, last, low, high, counts):
    """Find the box of some points and how many of them each of its layers holds."""
    for d in range(places.shape[0]):
        row = places[d]
        a = b = row[order[first]]
        for k in range(first, last):
            x = row[order[k]]
            a = min(a, x)
            b = max(b, x)
        low[d], high[d] = a, b
        layers = counts[d]
        layers[: b - a + 1] = 0
        for k in range(first, last):
            layers[row[order[k]] - a] += 1


@njit(cache=True, nogil=True)
def _choose(counts, low, high, shape, closed, points, thickness):
    """Return the dimension and the first layer of the best cut, or dimension -1 where none is.

    The best is the smallest separator across the longest side, near enough to the middle.
    """
    best, where, longest = -1, 0, 0.0
    for d in range(counts.shape[0]):
        seam = (closed >> d) & 1
        # A closed dimension takes two cuts.
        side = shape[d] / 2 if seam else high[d] - low[d] + 1.0
        if side <= longest or side < thickness + 2:
            continue
        if seam:
            start = _narrowest_seam(counts[d], low[d], high[d], shape[d], thickness)
        else:
            start = _narrowest(counts[d], high[d] - low[d] + 1, points, thickness)
            if start < 0:
                continue
            start += low[d]
        best, where, longest = d, start, side
    return best, where


@njit(cache=True, nogil=True)
def _narrowest(layers, size, points, thickness):
    """Return the first layer of the cut with the least points for the balance of its halves."""
    held = 0
    for k in range(thickness):
        held += layers[k]
    before = 0
    best, score = -1, np.inf
    for start in range(1, size - thickness):
        before += layers[start - 1]
        held += layers[start + thickness - 1] - layers[start - 1]
        after = points - before - held
        smaller = min(before, after)
        if smaller == 0 or smaller < LEAST_SHARE * (before + after):
            continue
        slope = (before - after) / (before + after)
        found = (held + 1) * (1 + slope * slope)
        if found < score:
            best, score = start, found
    if best >= 0:
        return best
    # One thick layer in the middle: cut beside the median.
    before = 0
    for start in range(1, size - thickness):
        before += layers[start - 1]
        if 2 * before >= points or start == size - thickness - 1:
            return start
    return -1


@njit(cache=True, nogil=True)
def _narrowest_seam(layers, low, high, size, thickness):
    """Return the first layer of the stretch around a cyclic dimension with the least points."""
    best, least = 0, -1
    for start in range(size):
        held = 0
        for k in range(thickness):
            x = (start + k) % size
            if low <= x <= high:
                held += layers[x - low]
        if least < 0 or held < least:
            best, least = start, held
    return best


@njit(cache=True, nogil=True)
def _part(row, order, spare, first, last, start, stop):
    """Put what lies before the separator first, then what lies behind it, then itself; stable."""
    before = behind = 0
    for k in range(first, last):
        x = row[order[k]]
        if x < start:
            before += 1
        elif x >= stop:
            behind += 1
    a, b, c = first, first + before, first + before + behind
    ends = (b, c)
    for k in range(first, last):
        i = order[k]
        x = row[i]
        if x < start:
            spare[a] = i
            a += 1
        elif x >= stop:
            spare[b] = i
            b += 1
        else:
            spare[c] = i
            c += 1
    order[first:last] = spare[first:last]
    return ends
