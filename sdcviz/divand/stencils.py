"""Loops over grids with one weight an edge, compiled: the work of the iterative solution.

Values of a grid lie in one flat array with room around it, so that the neighbours of a point
are at fixed distances and no loop has to ask where it is: land has no edges and the value 0.
A cyclic dimension has one more point at both ends, copied from the other end before use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Layout"]

_BLOCK = 2048  # points whose values stay in the nearest cache
_GAP = 24  # points of land that are calculated with the sea rather than left out

compiled = njit(cache=True, nogil=True, fastmath={"contract"})


class Layout:
    """Where the points of a grid lie in a flat array.

    Parameters
    ----------
    sea : array of bool
    cyclic : sequence of bool

    Attributes
    ----------
    length : int
        Of the flat array.
    place : ndarray of int32, shape (sea points,)
        Index of each sea point, in C order of the grid.
    strides : tuple of int
        Distance of neighbours along each dimension.
    runs : ndarray of int64, shape (runs, 2)
        Stretches that hold all sea points.
    """

    def __init__(self, sea: NDArray[np.bool_], cyclic: Sequence[bool]) -> None:
        self.cyclic = tuple(bool(c) for c in cyclic)
        self._padded = tuple(
            size + 2 * c for size, c in zip(sea.shape, self.cyclic, strict=True)
        )
        counts = [int(np.prod(self._padded[k + 1 :])) for k in range(sea.ndim)]
        self.strides = tuple(counts)
        self._pad = max(counts)
        inner = int(np.prod(self._padded))
        self.length = inner + 2 * self._pad
        self._inside = tuple(slice(1, -1) if c else slice(None) for c in self.cyclic)
        flat = self.spread(sea)
        self.place = np.flatnonzero(flat).astype(np.int32)
        ends = np.flatnonzero(np.diff(self.place) > _GAP)
        first = self.place[np.concatenate([[0], ends + 1])] if self.place.size else []
        last = self.place[np.concatenate([ends, [-1]])] if self.place.size else []
        self.runs = np.stack([np.asarray(first), np.asarray(last) + 1], axis=1).astype(np.int64)
        self._halo = self._find_halo(flat)

    def _find_halo(self, sea: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        index = np.arange(self.length, dtype=np.int32)
        whole = self.whole(index)
        to, of = [], []
        for k, c in enumerate(self.cyclic):
            if c:
                rows = np.moveaxis(whole, k, 0)
                to += [rows[0].ravel(), rows[-1].ravel()]
                of += [rows[-2].ravel(), rows[1].ravel()]
        if not to:
            return index[:0], index[:0]
        dst, src = np.concatenate(to), np.concatenate(of)
        wanted = sea[src]
        return dst[wanted], src[wanted]

    def whole(self, flat: Any) -> Any:
        """Give a view of the grid's shape, with the extra points of cyclic dimensions."""
        return flat[self._pad : self.length - self._pad].reshape(self._padded)

    def rows(self, flat: Any, k: int) -> Any:
        """Give a view of the shape (before, along, behind) a dimension."""
        n = self._padded[k]
        return flat[self._pad : self.length - self._pad].reshape(-1, n, self.strides[k])

    def spread(self, array: Any) -> Any:
        """Put an array of the grid's shape into a flat one."""
        flat = np.zeros(self.length, array.dtype)
        self.whole(flat)[self._inside] = array
        return flat

    def edges(self, weights: Any) -> tuple[Any, NDArray[np.int64]]:
        """Put weights of edges into flat arrays, of the dimensions that have any.

        Parameters
        ----------
        weights : ndarray, shape (n, *grid)

        Returns
        -------
        weights : ndarray, shape (dimensions, length)
        strides : ndarray of int64, shape (dimensions,)
        """
        used = [k for k, w in enumerate(weights) if w.any()]
        flat = np.zeros((len(used), self.length), weights.dtype)
        for row, k in zip(flat, used, strict=True):
            self.whole(row)[self._inside] = weights[k]
            # The edge that leads into the first point of a cyclic dimension starts at its copy.
            self.wrap(row)
        return flat, np.array([self.strides[k] for k in used], np.int64)

    def wrap(self, flat: Any) -> None:
        """Copy the ends of cyclic dimensions to where their neighbours look for them."""
        to, of = self._halo
        if to.size:
            flat[to] = flat[of]

    def unwrap(self, flat: Any) -> None:
        """Set the copies to 0."""
        if self._halo[0].size:
            flat[self._halo[0]] = 0


def row_sums(weights: Any, strides: Any) -> Any:
    """Sum the weights of the edges of each point."""
    total = np.zeros(weights.shape[1], weights.dtype)
    for w, s in zip(weights, strides, strict=True):
        total += w
        total[s:] += w[:-s]
    return total


@compiled
def start(b, inverse, factor, runs, x, change):
    """First step from 0: x = change = factor · D⁻¹ b."""
    for r in range(len(runs)):
        lo, hi = runs[r, 0], runs[r, 1]
        bb, dd, xx, cc = b[lo:hi], inverse[lo:hi], x[lo:hi], change[lo:hi]
        for i in range(hi - lo):
            xx[i] = factor * dd[i] * bb[i]
            cc[i] = xx[i]


@compiled
def residual(b, x, diagonal, weights, strides, runs, out):
    """out = b - A x."""
    for r in range(len(runs)):
        for lo in range(runs[r, 0], runs[r, 1], _BLOCK):
            hi = min(lo + _BLOCK, runs[r, 1])
            n = hi - lo
            o, bb, xx, dd = out[lo:hi], b[lo:hi], x[lo:hi], diagonal[lo:hi]
            for i in range(n):
                o[i] = bb[i] - dd[i] * xx[i]
            for k in range(len(strides)):
                s = strides[k]
                w0, w1 = weights[k, lo - s : hi - s], weights[k, lo:hi]
                x0, x1 = x[lo - s : hi - s], x[lo + s : hi + s]
                for i in range(n):
                    o[i] += w0[i] * x0[i] + w1[i] * x1[i]


@compiled
def chebyshev(b, x, diagonal, inverse, weights, strides, runs, keep, factor, change, out):
    """change = keep · change + factor · D⁻¹ (b - A x), out = x + change."""
    rest = np.empty(_BLOCK, x.dtype)
    for r in range(len(runs)):
        for lo in range(runs[r, 0], runs[r, 1], _BLOCK):
            hi = min(lo + _BLOCK, runs[r, 1])
            n = hi - lo
            bb, xx, dd = b[lo:hi], x[lo:hi], diagonal[lo:hi]
            for i in range(n):
                rest[i] = bb[i] - dd[i] * xx[i]
            for k in range(len(strides)):
                s = strides[k]
                w0, w1 = weights[k, lo - s : hi - s], weights[k, lo:hi]
                x0, x1 = x[lo - s : hi - s], x[lo + s : hi + s]
                for i in range(n):
                    rest[i] += w0[i] * x0[i] + w1[i] * x1[i]
            o, vv, cc = out[lo:hi], inverse[lo:hi], change[lo:hi]
            for i in range(n):
                step = keep * cc[i] + factor * vv[i] * rest[i]
                cc[i] = step
                o[i] = xx[i] + step


@compiled
def multiply(x, diagonal, weights, strides, runs, factor, out):
    """out = factor · A x, `factor` one for each point."""
    for r in range(len(runs)):
        for lo in range(runs[r, 0], runs[r, 1], _BLOCK):
            hi = min(lo + _BLOCK, runs[r, 1])
            n = hi - lo
            o, xx, dd, ff = out[lo:hi], x[lo:hi], diagonal[lo:hi], factor[lo:hi]
            for i in range(n):
                o[i] = dd[i] * xx[i]
            for k in range(len(strides)):
                s = strides[k]
                w0, w1 = weights[k, lo - s : hi - s], weights[k, lo:hi]
                x0, x1 = x[lo - s : hi - s], x[lo + s : hi + s]
                for i in range(n):
                    o[i] -= w0[i] * x0[i] + w1[i] * x1[i]
            for i in range(n):
                o[i] *= ff[i]


@compiled
def restrict(fine, sea, coarse, closed, closed_after):
    """The transpose of `prolong`; rows of the shape (before, along, behind)."""
    h, g = int(closed), int(closed_after)
    size = fine.shape[1] - 2 * h
    half = coarse.shape[1] - 2 * g
    inner = fine.shape[2]
    for a in range(fine.shape[0]):
        for p in range(half):
            out = coarse[a, p + g]
            i = 2 * p + h
            alone = 2 * p + 1 >= size
            f0 = fine[a, i]
            if alone:
                for j in range(inner):
                    out[j] = f0[j]
            else:
                f1 = fine[a, i + 1]
                for j in range(inner):
                    out[j] = f0[j] + f1[j]
            if half == 1:
                continue
            # What own cells give to the next one, and what they get from there. A cell without
            # partner keeps its own and gets none.
            if p > 0 or closed:
                q = i - 1
                other = (size - 1 if p == 0 else 2 * p - 1)
                lone = size % 2 == 1 and other == size - 1
                s0, s1, f1 = sea[a, q], sea[a, i], fine[a, q]
                if not alone:
                    for j in range(inner):
                        out[j] -= np.float32(0.25) * f0[j] * s0[j]
                if not lone:
                    for j in range(inner):
                        out[j] += np.float32(0.25) * f1[j] * s1[j]
            if not alone and (2 * p + 2 < size or closed):
                q = i + 2
                other = 2 * p + 2 if 2 * p + 2 < size else 0
                lone = size % 2 == 1 and other == size - 1
                s0, s1, f0, f1 = sea[a, q], sea[a, i + 1], fine[a, i + 1], fine[a, q]
                for j in range(inner):
                    out[j] -= np.float32(0.25) * f0[j] * s0[j]
                if not lone:
                    for j in range(inner):
                        out[j] += np.float32(0.25) * f1[j] * s1[j]
            elif alone and closed:
                s1, f1 = sea[a, i], fine[a, i + 1]
                for j in range(inner):
                    out[j] += np.float32(0.25) * f1[j] * s1[j]


@compiled
def prolong(coarse, sea, fine, closed, closed_after):
    """Add interpolated values; rows of the shape (before, along, behind)."""
    h, g = int(closed), int(closed_after)
    size = fine.shape[1] - 2 * h
    half = coarse.shape[1] - 2 * g
    inner = fine.shape[2]
    for a in range(fine.shape[0]):
        for i in range(size):
            p = i // 2
            out, own, here = fine[a, i + h], coarse[a, p + g], sea[a, i + h]
            alone = i % 2 == 0 and i == size - 1
            step = 1 if i % 2 else -1
            q, next_ = p + step, i + step
            if alone or half == 1 or not (closed or 0 <= next_ < size):
                for j in range(inner):
                    out[j] += own[j] * here[j]
                continue
            q = q % half
            other, there = coarse[a, q + g], sea[a, next_ + h]
            for j in range(inner):
                weight = np.float32(0.25) * there[j]
                out[j] += here[j] * (own[j] + weight * (other[j] - own[j]))


@compiled
def add_pairs(fine, coarse, closed, closed_after):
    """Sum cells by two."""
    h, g = int(closed), int(closed_after)
    size = fine.shape[1] - 2 * h
    for a in range(fine.shape[0]):
        for i in range(size):
            out, f = coarse[a, i // 2 + g], fine[a, i + h]
            for j in range(len(out)):
                out[j] += f[j]


@compiled
def add_information(x, first, at, part, weight, out):
    """out += H' R⁻¹ H x, of an operator by rows: `part[first[o] : first[o + 1]]` at points `at`."""
    for o in range(len(weight)):
        value = 0.0
        for e in range(first[o], first[o + 1]):
            value += part[e] * x[at[e]]
        value *= weight[o]
        for e in range(first[o], first[o + 1]):
            out[at[e]] += part[e] * value


@njit(cache=True, nogil=True, fastmath=True)
def dot(a, b, runs):
    """Scalar product."""
    total = 0.0
    for r in range(len(runs)):
        lo, hi = runs[r, 0], runs[r, 1]
        aa, bb = a[lo:hi], b[lo:hi]
        for i in range(hi - lo):
            total += aa[i] * bb[i]
    return total


@compiled
def combine(p, keep, z, runs):
    """p = z + keep · p."""
    for r in range(len(runs)):
        lo, hi = runs[r, 0], runs[r, 1]
        pp, zz = p[lo:hi], z[lo:hi]
        for i in range(hi - lo):
            pp[i] = zz[i] + keep * pp[i]


@compiled
def advance(x, r, p, q, step, step_x, runs):
    """x += step_x · p, r -= step · q."""
    for k in range(len(runs)):
        lo, hi = runs[k, 0], runs[k, 1]
        xx, rr, pp, qq = x[lo:hi], r[lo:hi], p[lo:hi], q[lo:hi]
        for i in range(hi - lo):
            xx[i] += step_x * pp[i]
            rr[i] -= step * qq[i]
