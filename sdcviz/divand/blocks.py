"""Dense blocks of columns (supernodes) of a Cholesky factor, before any number is computed.

Columns that follow one another in the elimination tree and share their rows make a block. Small
blocks are merged with their parent in the tree, at the cost of some zeros: dense kernels then have
more to do at a time (Ashcraft and Grimes 1989, ACM Trans. Math. Softw. 15, 291-309).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.divand.elimination import column_counts, inverse, list_children, tree

__all__ = ["Structure", "find_blocks"]


class Structure(NamedTuple):
    """Blocks of columns of a Cholesky factor, in an order in which children precede their parents.

    A block has `width` columns and a dense panel of `width` + `below` rows: the triangle of its own
    columns, then the rows `rows[row_start[s]:row_start[s + 1]]`. The elimination of the block
    leaves a symmetric matrix on these rows, which goes to its parent.

    Attributes
    ----------
    order : array of int64, shape (n,)
        The order of elimination: that which was given, with independent parts rearranged.
    place : array of int64, shape (n,)
        Its inverse.
    first : array of int64, shape (blocks + 1,)
        First column of each block.
    row_start : array of int64, shape (blocks + 1,)
        Where the rows of each block start.
    rows : array of int32
        Rows below the triangles, ascending within a block.
    target : array of int32
        The place of each of `rows` in the panel of the parent.
    panel_start : array of int64, shape (blocks + 1,)
        Where the panel of each block starts.
    parent : array of int64, shape (blocks,)
        Block that takes what is left, -1 for a root.
    children : array of int64, shape (blocks,)
        Number of blocks that have this one as their parent.
    sizes : array of int64, shape (4,)
        Entries of the factor; most entries of what waits for its parent in a factorisation; in an
        inversion; the same for right-hand sides (most rows below a triangle).
    """

    order: NDArray[np.int64]
    place: NDArray[np.int64]
    first: NDArray[np.int64]
    row_start: NDArray[np.int64]
    rows: NDArray[np.int32]
    target: NDArray[np.int32]
    panel_start: NDArray[np.int64]
    parent: NDArray[np.int64]
    children: NDArray[np.int64]
    sizes: NDArray[np.int64]


def find_blocks(indptr: NDArray, indices: NDArray, order: NDArray[np.int64]) -> Structure:
    """Find the blocks of the Cholesky factor of a matrix.

    Parameters
    ----------
    indptr, indices : arrays of int
        Pattern of the symmetric matrix by columns, both triangles.
    order : array of int64, shape (n,)
        Order of elimination.
    """
    order, place, parent = tree(indptr, indices, order)
    counts = column_counts(indptr, indices, order, place, parent)
    first, block_parent = _fundamental(parent, counts)
    order, first, block_parent, below = _merged(order, first, block_parent, counts)
    place = inverse(order)
    row_start = np.concatenate([[0], np.cumsum(below)])
    rows, target = _block_rows(indptr, indices, order, place, first, block_parent, row_start)
    width = np.diff(first)
    panel_start = np.concatenate([[0], np.cumsum(width * (width + below))])
    children = np.bincount(block_parent[block_parent >= 0], minlength=len(width))
    sizes = np.array([counts.sum(), *_waiting(block_parent, children, width, below)], np.int64)
    return Structure(
        order, place, first, row_start, rows, target, panel_start, block_parent, children, sizes
    )


@njit(cache=True, nogil=True)
def _fundamental(parent, counts):
    """Group columns that follow one another in the tree without a fork and share their rows."""
    n = len(parent)
    forks = np.zeros(n + 1, np.int64)
    for j in range(n):
        forks[parent[j]] += parent[j] >= 0
    block = np.empty(n, np.int64)
    first = np.empty(n + 1, np.int64)
    blocks = 0
    for j in range(n):
        joins = j > 0 and parent[j - 1] == j and forks[j] == 1 and counts[j - 1] == counts[j] + 1
        if not joins:
            first[blocks] = j
            blocks += 1
        block[j] = blocks - 1
    first[blocks] = n
    block_parent = np.full(blocks, -1)
    for s in range(blocks):
        above = parent[first[s + 1] - 1]
        if above >= 0:
            block_parent[s] = block[above]
    return first[: blocks + 1].copy(), block_parent


@njit(cache=True, nogil=True)
def _worth(width, low_rows, high_width, high_rows, zeros):
    """Return whether a block is merged with its parent, and the zeros that the panel then holds."""
    together = width + high_width
    # Every row of the lower block is one of the upper.
    zeros += width * (high_width + high_rows - low_rows)
    held = together * (together + 1) / 2 + together * high_rows
    share = zeros / held
    good = (
        together <= 8
        or (together <= 24 and share < 0.5)
        or (together <= 64 and share < 0.2)
        or share < 0.05
    )
    return good, zeros


@njit(cache=True, nogil=True)
def _merged(order, first, parent, counts):
    """Merge blocks with their parents where that costs few zeros, and arrange the tree anew."""
    blocks = len(parent)
    width = first[1:] - first[:-1]
    below = counts[first[:-1]] - width
    zeros = np.zeros(blocks, np.int64)
    into = np.arange(blocks)
    child, sibling = list_children(parent)
    for s in range(blocks):
        c = child[s]
        while c >= 0:
            good, held = _worth(width[c], below[c], width[s], below[s], zeros[c] + zeros[s])
            if good:
                into[c] = s
                width[s] += width[c]
                zeros[s] = held
            c = sibling[c]
    # The root of what was merged; parents come later, so from the top down.
    for s in range(blocks - 1, -1, -1):
        into[s] = into[into[s]]
    above = np.full(blocks, -1)
    for s in range(blocks):
        if into[s] == s and parent[s] >= 0:
            above[s] = into[parent[s]]
    return _arranged(order, first, into, above, width, below)


@njit(cache=True, nogil=True)
def _arranged(order, first, into, above, width, below):
    """Give merged blocks numbers: children first, and those that need most memory foremost."""
    number, kept = _numbered(into, above, *_siblings(into, above, below))
    k = len(kept)
    new_first = np.zeros(k + 1, np.int64)
    new_parent = np.full(k, -1)
    new_below = np.empty(k, np.int64)
    for t in range(k):
        s = kept[t]
        new_first[t + 1] = new_first[t] + width[s]
        new_below[t] = below[s]
        if above[s] >= 0:
            new_parent[t] = number[above[s]]
    at = new_first[:-1].copy()
    new_order = np.empty_like(order)
    for s in range(len(into)):
        t = number[into[s]]
        for j in range(first[s], first[s + 1]):
            new_order[at[t]] = order[j]
            at[t] += 1
    return new_order, new_first, new_parent, new_below


@njit(cache=True, nogil=True)
def _siblings(into, above, below):
    """Give the first child and the next sibling of each merged block, the neediest first."""
    blocks = len(into)
    need = np.zeros(blocks, np.int64)  # while the subtree is eliminated
    child, sibling = np.full(blocks, -1), np.full(blocks, -1)
    for s in range(blocks):
        if into[s] != s:
            continue
        held = np.int64(0)
        c = child[s]
        while c >= 0:
            need[s] = max(need[s], held + need[c])
            held += below[c] * below[c]
            c = sibling[c]
        need[s] = max(need[s], held + below[s] * below[s])
        # Siblings stand in descending order of what they need beyond what they leave.
        p = above[s]
        if p >= 0:
            key = need[s] - below[s] * below[s]
            before, c = -1, child[p]
            while c >= 0 and need[c] - below[c] * below[c] >= key:
                before, c = c, sibling[c]
            sibling[s] = c
            if before < 0:
                child[p] = s
            else:
                sibling[before] = s
    return child, sibling


@njit(cache=True, nogil=True)
def _numbered(into, above, child, sibling):
    """Give merged blocks numbers, children first, and list them so; `child` is used up."""
    blocks = len(into)
    number = np.full(blocks, -1)
    kept = np.empty(blocks, np.int64)
    stack = np.empty(blocks, np.int64)
    k = 0
    for root in range(blocks):
        if into[root] != root or above[root] >= 0:
            continue
        stack[0], top = root, 1
        while top > 0:
            s = stack[top - 1]
            if child[s] >= 0:
                stack[top] = child[s]
                top += 1
                child[s] = sibling[child[s]]
            else:
                number[s] = k
                kept[k] = s
                k += 1
                top -= 1
    return number, kept[:k]


@njit(cache=True, nogil=True)
def _block_rows(indptr, indices, order, place, first, parent, row_start):
    """Find the rows of every block below its triangle, and their places in the parent's panel."""
    blocks = len(parent)
    rows = np.empty(row_start[blocks], np.int32)
    target = np.empty(row_start[blocks], np.int32)
    seen = np.full(len(order), -1)
    child, sibling = list_children(parent)
    for s in range(blocks):
        end = first[s + 1]
        at = row_start[s]
        for j in range(first[s], end):
            column = order[j]
            for k in range(indptr[column], indptr[column + 1]):
                i = place[indices[k]]
                if i >= end and seen[i] != s:
                    seen[i] = s
                    rows[at] = i
                    at += 1
        c = child[s]
        while c >= 0:
            for k in range(row_start[c], row_start[c + 1]):
                i = rows[k]
                if i >= end and seen[i] != s:
                    seen[i] = s
                    rows[at] = i
                    at += 1
            c = sibling[c]
        rows[row_start[s] : at].sort()
        row_start_next = row_start[s + 1]
        assert at == row_start_next
        # `seen` now serves as the place of a row in this panel, for the children.
        c = child[s]
        while c >= 0:
            k = row_start[s]
            for q in range(row_start[c], row_start[c + 1]):
                i = rows[q]
                if i < end:
                    target[q] = i - first[s]
                else:
                    while rows[k] < i:
                        k += 1
                    target[q] = end - first[s] + k - row_start[s]
            c = sibling[c]
    return rows, target


@njit(cache=True, nogil=True)
def _waiting(parent, children, width, below):
    """Return the most entries on the stacks of a factorisation and of an inversion, and rows."""
    blocks = len(parent)
    held = most = np.int64(0)
    waiting = np.zeros(blocks, np.int64)
    for s in range(blocks):
        most = max(most, held + below[s] * below[s])
        held += below[s] * below[s] - waiting[s]
        if parent[s] >= 0:
            waiting[parent[s]] += below[s] * below[s]
    # Backwards a front stays until the last of its children, which are those that follow, is done.
    fronts = deepest = np.int64(0)
    depth = np.zeros(blocks, np.int64)
    rows = np.int64(0)
    for s in range(blocks - 1, -1, -1):
        front = (width[s] + below[s]) ** 2
        fronts = front + (depth[parent[s]] if parent[s] >= 0 else 0)
        depth[s] = fronts
        deepest = max(deepest, fronts)
        rows = max(rows, below[s])
    return most, deepest, rows
