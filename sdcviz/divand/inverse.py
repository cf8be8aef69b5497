"""Chosen entries of the inverse of a sparse matrix, from its Cholesky factor.

The equations of Takahashi, Fagan and Chin (1973, Proc. 8th PICA Conf., 63-69; Erisman and Tinney
1975, Commun. ACM 18, 177-179) give those entries of Z = A^-1 that lie on the pattern of the factor
L, and need no others. By dense blocks (Lin et al. 2011, ACM Trans. Math. Softw. 37, 40): with the
triangle L1 of a block and the rows L2 below it, Y = L2 L1^-1, and Z22 known from the blocks above,

    Z21 = -Z22 Y,    Z11 = (L1 L1')^-1 - Y' Z21.

The blocks are taken from the roots of the elimination tree down. Each hands the part Z22 to its
children and is forgotten when they are done: in 2-D the inverse needs a fraction of the memory of
the factor.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sdcviz.divand.blas import gemm, potri, symm, trsm

__all__ = ["ask", "invert"]


@njit(cache=True, nogil=True)
def ask(structure, rows, columns):
    """Sort wanted entries by the block that has them.

    Parameters
    ----------
    structure : Structure
    rows, columns : arrays of int64, shape (k,)
        Entries (i, j) of the inverse.

    Returns
    -------
    start : array of int64, shape (blocks + 1,)
        Where the wanted entries of each block start in `which`.
    which : array of int64, shape (k,)
        Numbers of the entries.
    """
    blocks = len(structure.parent)
    of = np.empty(len(structure.order), np.int64)
    for s in range(blocks):
        of[structure.first[s] : structure.first[s + 1]] = s
    start = np.zeros(blocks + 1, np.int64)
    for k in range(len(rows)):
        start[of[min(structure.place[rows[k]], structure.place[columns[k]])] + 1] += 1
    for s in range(blocks):
        start[s + 1] += start[s]
    at = start[:-1].copy()
    which = np.empty(len(rows), np.int64)
    for k in range(len(rows)):
        s = of[min(structure.place[rows[k]], structure.place[columns[k]])]
        which[at[s]] = k
        at[s] += 1
    return start, which


@njit(cache=True, nogil=True)
def invert(blas, structure, panels, stack, rows, columns, start, which, out):
    """Compute wanted entries of the inverse.

    Parameters
    ----------
    blas : tuple of int
        `sdcviz.divand.blas.ROUTINES`.
    structure : Structure
    panels : array of float64
        The factor, by `supernodal.eliminate`.
    stack : array of float64, shape (structure.sizes[2],)
        Room for the blocks whose children are not done.
    rows, columns : arrays of int64, shape (k,)
        Wanted entries.
    start, which : arrays
        By `ask`.
    out : array of float64, shape (k,)
        Is filled; NaN for entries outside the pattern of the factor.
    """
    first, row_start, parent = structure.first, structure.row_start, structure.parent
    blocks = len(parent)
    begin = np.zeros(blocks, np.int64)  # of the block's front on the stack
    y = np.empty(structure.sizes[3] * (first[1:] - first[:-1]).max())
    info = np.zeros(1, np.int32)
    for s in range(blocks - 1, -1, -1):
        width, below = first[s + 1] - first[s], row_start[s + 1] - row_start[s]
        height = width + below
        panel = panels[structure.panel_start[s] : structure.panel_start[s + 1]]
        p = parent[s]
        if p >= 0:
            above = first[p + 1] - first[p] + row_start[p + 1] - row_start[p]
            begin[s] = begin[p] + above * above
        front = stack[begin[s] : begin[s] + height * height]
        for q in range(width):
            for k in range(q, width):
                front[q * height + k] = panel[q * height + k]
        potri(blas, width, front, height, info)
        if below > 0:
            corner = front[width * height + width :]
            target = structure.target[row_start[s] : row_start[s + 1]]
            _gather(stack[begin[p] : begin[s]], above, target, corner, height)
            for q in range(width):
                for k in range(below):
                    y[q * below + k] = panel[q * height + width + k]
            trsm(blas, False, False, below, width, panel, height, y, below)
            lower = front[width:]
            symm(blas, below, width, -1.0, corner, height, y, below, 0.0, lower, height)
            gemm(blas, True, width, width, below, -1.0, y, below, lower, height, 1.0, front, height)
        _answer(structure, s, front, rows, columns, start, which, out)


@njit(cache=True, nogil=True)
def _gather(front, above, target, corner, height):
    """Take the lower triangle of a child's Z22 out of the front of its parent."""
    for q in range(len(target)):
        source = np.int64(target[q]) * above
        at = q * height
        for k in range(q, len(target)):
            corner[at + k] = front[source + target[k]]


@njit(cache=True, nogil=True)
def _answer(structure, s, front, rows, columns, start, which, out):
    """Read what is wanted of a block; an entry whose row is not in the block gets NaN."""
    begin, end = structure.first[s], structure.first[s + 1]
    low, high = structure.row_start[s], structure.row_start[s + 1]
    height = end - begin + high - low
    for at in range(start[s], start[s + 1]):
        k = which[at]
        i, j = structure.place[rows[k]], structure.place[columns[k]]
        i, j = max(i, j), min(i, j)
        if i < end:
            row = i - begin
        else:
            row = low + np.searchsorted(structure.rows[low:high], i)
            if row == high or structure.rows[row] != i:
                out[k] = np.nan
                continue
            row += end - begin - low
        out[k] = front[(j - begin) * height + row]
