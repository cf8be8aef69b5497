"""Loops over grids with one weight an edge, compiled: the work of the iterative solution.

Arrays are flat, as `sdcviz.divand.layout.Layout` puts them; `runs` are stretches that hold all
sea, and what lies in them besides has no edges and the value 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_BLOCK = 2048  # points whose values stay in the nearest cache

compiled = njit(cache=True, nogil=True, fastmath={"contract"})


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
    """Give the residual: out = b - A x."""
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
    """Step on: change = keep · change + factor · D⁻¹ (b - A x), out = x + change."""
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
def chebyshev_more(start, end, weight, x, inverse, factor, change, out):
    """Complete `chebyshev` by edges between any points, each listed once."""
    for e in range(len(weight)):
        i, j = start[e], end[e]
        at_i = factor * inverse[i] * weight[e] * x[j]
        at_j = factor * inverse[j] * weight[e] * x[i]
        change[i] += at_i
        out[i] += at_i
        change[j] += at_j
        out[j] += at_j


@compiled
def add_listed(to, of, weight, x, out):
    """Add to each point of a list some weight of another."""
    for e in range(len(weight)):
        out[to[e]] += weight[e] * x[of[e]]


@compiled
def multiply(x, diagonal, weights, strides, runs, factor, scaled, out):
    """Give out = A x, times `factor` of each point if `scaled`."""
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
            if scaled:
                for i in range(n):
                    o[i] *= ff[i]


@compiled
def restrict(fine, own, share, coarse, closed, closed_after):
    """Do the transpose of `prolong`; rows of the shape (before, along, behind)."""
    h, g = int(closed), int(closed_after)
    size, half = fine.shape[1] - 2 * h, coarse.shape[1] - 2 * g
    for a in range(fine.shape[0]):
        for p in range(half):
            # What does not exist is replaced by what is counted 0 times.
            i = 2 * p + h
            has_odd = 2 * p + 1 < size
            has_next = closed or 2 * p + 2 < size
            has_last = closed or p > 0
            odd, behind, before = i + has_odd, i + 2 * has_next, i - has_last
            w1, w2, w3 = np.float32(has_odd), np.float32(has_next), np.float32(has_last)
            out = coarse[a, p + g]
            f0, f1, f2, f3 = fine[a, i], fine[a, odd], fine[a, behind], fine[a, before]
            o0, o1, s2, s3 = own[a, i], own[a, odd], share[a, behind], share[a, before]
            for j in range(len(out)):
                out[j] = (
                    o0[j] * f0[j] + w1 * o1[j] * f1[j] + w2 * s2[j] * f2[j] + w3 * s3[j] * f3[j]
                )


@compiled
def prolong(coarse, own, share, fine, closed, closed_after):
    """Add to cells own · joined cell + share · the next; rows (before, along, behind)."""
    h, g = int(closed), int(closed_after)
    size, half = fine.shape[1] - 2 * h, coarse.shape[1] - 2 * g
    for a in range(fine.shape[0]):
        for i in range(size):
            p = i // 2
            q = (p + 1 if i % 2 else p - 1 + half) % half
            out, o, s = fine[a, i + h], own[a, i + h], share[a, i + h]
            near, far = coarse[a, p + g], coarse[a, q + g]
            for j in range(len(out)):
                out[j] += o[j] * near[j] + s[j] * far[j]


@compiled
def restrict_last(fine, own, share, coarse, closed, closed_after):
    """Do `restrict` for rows of the shape (before, along): the last dimension."""
    h, g = int(closed), int(closed_after)
    size, half = fine.shape[1] - 2 * h, coarse.shape[1] - 2 * g
    for a in range(fine.shape[0]):
        f, o, s, out = fine[a], own[a], share[a], coarse[a]
        for p in range(half):
            i = 2 * p + h
            total = o[i] * f[i]
            if 2 * p + 1 < size:
                i += 1
                total += o[i] * f[i]
            if closed or 2 * p + 2 < size:
                total += s[i + 1] * f[i + 1]
            if closed or p > 0:
                total += s[2 * p + h - 1] * f[2 * p + h - 1]
            out[p + g] = total


@compiled
def prolong_last(coarse, own, share, fine, closed, closed_after):
    """Do `prolong` for rows of the shape (before, along): the last dimension."""
    h, g = int(closed), int(closed_after)
    size, half = fine.shape[1] - 2 * h, coarse.shape[1] - 2 * g
    for a in range(fine.shape[0]):
        c, o, s, out = coarse[a], own[a], share[a], fine[a]
        for p in range(half):
            i = 2 * p + h
            before = c[(p - 1 if p > 0 else half - 1) + g]
            behind = c[(p + 1 if p < half - 1 else 0) + g]
            out[i] += o[i] * c[p + g] + s[i] * before
            if 2 * p + 1 < size:
                out[i + 1] += o[i + 1] * c[p + g] + s[i + 1] * behind


@compiled
def add_information(x, first, at, part, weight, out):
    """Add H' R⁻¹ H x to out; H by rows: `part[first[o] : first[o + 1]]` at the points `at`."""
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
    """Set p = z + keep · p."""
    for r in range(len(runs)):
        lo, hi = runs[r, 0], runs[r, 1]
        pp, zz = p[lo:hi], z[lo:hi]
        for i in range(hi - lo):
            pp[i] = zz[i] + keep * pp[i]


@njit(cache=True, nogil=True, fastmath=True)
def advance(x, r, p, q, step, step_x, runs):
    """Set x += step_x · p, r -= step · q; gives the largest change of x."""
    largest = 0.0
    for k in range(len(runs)):
        lo, hi = runs[k, 0], runs[k, 1]
        xx, rr, pp, qq = x[lo:hi], r[lo:hi], p[lo:hi], q[lo:hi]
        for i in range(hi - lo):
            xx[i] += step_x * pp[i]
            rr[i] -= step * qq[i]
            largest = max(largest, abs(pp[i]))
    return largest * abs(step_x)
