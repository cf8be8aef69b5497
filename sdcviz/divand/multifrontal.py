"""Cholesky factorisation by dense blocks (multifrontal), and solution with it.

Duff and Reid 1983, ACM Trans. Math. Softw. 9, 302-325; Liu 1992, SIAM Rev. 34, 82-109. Every block
of columns collects its part of the matrix and what its children left (extend-add), is eliminated by
dense kernels, and leaves a symmetric matrix to its parent. What waits for a parent stands on a
stack.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sdcviz.divand.blas import gemm, gemv, potrf, syrk, trsm, trsv

__all__ = ["eliminate", "solve_many", "solve_one"]

OUTSIDE = -2
"""`eliminate` returns it where the matrix has an entry that the structure has no room for."""


@njit(cache=True, nogil=True)
def eliminate(blas, structure, indptr, indices, data, panels, stack):
    """Fill `panels` with the Cholesky factor.

    Parameters
    ----------
    blas : tuple of int
        `sdcviz.divand.blas.ROUTINES`.
    structure : Structure
    indptr, indices, data : arrays
        The matrix by columns, both triangles.
    panels : array of float64, shape (structure.panel_start[-1],)
        Is overwritten.
    stack : array of float64, shape (structure.sizes[1],)
        Room for what waits.

    Returns
    -------
    int
        -1 on success, OUTSIDE, or the column whose pivot is not positive.
    """
    first, row_start, rows = structure.first, structure.row_start, structure.rows
    blocks = len(structure.parent)
    waiting = np.empty(blocks + 1, np.int64)  # blocks on the stack
    bottom = np.zeros(blocks + 1, np.int64)  # where each starts; then the top
    held = 0
    where = np.full(len(structure.order), -1)
    info = np.zeros(1, np.int32)
    for s in range(blocks):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        height = width + below
        panel = panels[structure.panel_start[s] : structure.panel_start[s + 1]]
        panel[:] = 0.0
        for k in range(below):
            where[rows[row_start[s] + k]] = width + k
        if not _collect(structure, s, indptr, indices, data, panel, height, where):
            return OUTSIDE
        top = bottom[held]
        left = stack[top : top + below * below]
        for q in range(below):
            left[q * below + q : (q + 1) * below] = 0.0
        base = held - structure.children[s]
        for k in range(base, held):
            c = waiting[k]
            target = structure.target[row_start[c] : row_start[c + 1]]
            _extend(stack[bottom[k] : bottom[k + 1]], target, panel, height, left, width, below)
        potrf(blas, width, panel, height, info)
        if info[0] != 0:
            return first[s] + info[0] - 1
        if below > 0:
            lower = panel[width:]
            trsm(blas, False, True, below, width, panel, height, lower, height)
            syrk(blas, below, width, -1.0, lower, height, 1.0, left, below)
        # The children are done with: what is left moves down to their place.
        held = base
        start = bottom[held]
        if start != top:
            for q in range(below):
                for k in range(q * below + q, (q + 1) * below):
                    stack[start + k] = left[k]
        waiting[held] = s
        held += 1
        bottom[held] = start + below * below
    return -1


@njit(cache=True, nogil=True)
def _collect(structure, s, indptr, indices, data, panel, height, where):
    """Put the entries of the matrix into a panel; False where one finds no place."""
    begin, end = structure.first[s], structure.first[s + 1]
    low, high = structure.row_start[s], structure.row_start[s + 1]
    for j in range(begin, end):
        column = structure.order[j]
        at = (j - begin) * height
        for k in range(indptr[column], indptr[column + 1]):
            i = structure.place[indices[k]]
            if i < j:
                continue
            if i < end:
                panel[at + i - begin] += data[k]
                continue
            row = where[i]
            inside = row >= 0 and row - (end - begin) < high - low
            if not inside or structure.rows[low + row - (end - begin)] != i:
                return False
            panel[at + row] += data[k]
    return True


@njit(cache=True, nogil=True)
def _extend(given, target, panel, height, left, width, below):
    """Add what a child left, lower triangle, to the panel and to what this block will leave."""
    size = len(target)
    for q in range(size):
        column = np.int64(target[q])
        source = q * size
        if column < width:
            at = column * height
            for r in range(q, size):
                panel[at + target[r]] += given[source + r]
        else:
            at = (column - width) * below - width
            for r in range(q, size):
                left[at + target[r]] += given[source + r]


@njit(cache=True, nogil=True)
def solve_one(blas, structure, panels, x):
    """Solve L L' x = b in place, with b and x in the order of elimination."""
    first, row_start, rows = structure.first, structure.row_start, structure.rows
    blocks = len(structure.parent)
    part = np.empty(structure.sizes[3])
    for s in range(blocks):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        panel = panels[structure.panel_start[s] : structure.panel_start[s + 1]]
        own = x[first[s] : first[s + 1]]
        trsv(blas, False, width, panel, width + below, own)
        if below > 0:
            gemv(blas, False, below, width, 1.0, panel[width:], width + below, own, 0.0, part)
            for k in range(below):
                x[rows[row_start[s] + k]] -= part[k]
    for s in range(blocks - 1, -1, -1):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        panel = panels[structure.panel_start[s] : structure.panel_start[s + 1]]
        own = x[first[s] : first[s + 1]]
        if below > 0:
            for k in range(below):
                part[k] = x[rows[row_start[s] + k]]
            gemv(blas, True, below, width, -1.0, panel[width:], width + below, part, 1.0, own)
        trsv(blas, True, width, panel, width + below, own)


@njit(cache=True, nogil=True)
def solve_many(blas, structure, panels, x, count):
    """Solve in place for `count` right-hand sides, one after the other in `x`."""
    first, row_start, rows = structure.first, structure.row_start, structure.rows
    blocks = len(structure.parent)
    n = len(structure.order)
    part = np.empty(structure.sizes[3] * count)
    for s in range(blocks):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        height = width + below
        panel = panels[structure.panel_start[s] : structure.panel_start[s + 1]]
        own = x[first[s] :]
        trsm(blas, True, False, width, count, panel, height, own, n)
        if below > 0:
            lower = panel[width:]
            gemm(blas, False, below, count, width, 1.0, lower, height, own, n, 0.0, part, below)
            for c in range(count):
                for k in range(below):
                    x[c * n + rows[row_start[s] + k]] -= part[c * below + k]
    for s in range(blocks - 1, -1, -1):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        height = width + below
        panel = panels[structure.panel_start[s] : structure.panel_start[s + 1]]
        own = x[first[s] :]
        if below > 0:
            for c in range(count):
                for k in range(below):
                    part[c * below + k] = x[c * n + rows[row_start[s] + k]]
            lower = panel[width:]
            gemm(blas, True, width, count, below, -1.0, lower, height, part, below, 1.0, own, n)
        trsm(blas, True, True, width, count, panel, height, own, n)
