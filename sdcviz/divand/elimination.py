"""Elimination tree and size of a Cholesky factor, from the pattern of the matrix alone.

The tree: Liu 1990, SIAM J. Matrix Anal. Appl. 11, 134-172. The number of entries in every column:
Gilbert, Ng and Peyton 1994, ibid. 15, 1075-1091. Both take about as long as reading the matrix.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import NDArray

__all__ = ["column_counts", "count_entries", "inverse", "list_children", "tree"]


def count_entries(a: sp.csc_array, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the entries in every column of the Cholesky factor, the diagonal included.

    Returns
    -------
    array of int64, shape (n,)
        In an order that is equivalent to the one given. Their sum is the size of the factor, the
        sum of their squares the number of floating point operations of a factorisation.
    """
    order, place, parent = tree(a.indptr, a.indices, order)
    return column_counts(a.indptr, a.indices, order, place, parent)


def tree(
    indptr: NDArray, indices: NDArray, order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return an equivalent order in which subtrees are contiguous, its inverse, and the parents."""
    parent = _parents(indptr, indices, order, inverse(order))
    after = _postorder(parent)
    place = inverse(after)
    parent = parent[after]
    parent[parent >= 0] = place[parent[parent >= 0]]
    order = order[after]
    return order, inverse(order), parent


@njit(cache=True, nogil=True)
def inverse(order):
    """Return the inverse of a permutation."""
    place = np.empty(len(order), np.int64)
    for k in range(len(order)):
        place[order[k]] = k
    return place


@njit(cache=True, nogil=True)
def _parents(indptr, indices, order, place):
    """Return the elimination tree: the parent of a column is its first row below the diagonal."""
    n = len(order)
    parent = np.full(n, -1)
    ancestor = np.full(n, -1)
    for j in range(n):
        column = order[j]
        for at in range(indptr[column], indptr[column + 1]):
            i = place[indices[at]]
            while i != -1 and i < j:
                above = ancestor[i]
                ancestor[i] = j
                if above == -1:
                    parent[i] = j
                i = above
    return parent


@njit(cache=True, nogil=True)
def list_children(parent):
    """Return the first child and the next sibling of every node, both ascending, -1 for none."""
    n = len(parent)
    child, sibling = np.full(n, -1), np.full(n, -1)
    for j in range(n - 1, -1, -1):
        if parent[j] >= 0:
            sibling[j] = child[parent[j]]
            child[parent[j]] = j
    return child, sibling


@njit(cache=True, nogil=True)
def _postorder(parent):
    """Return the nodes so that all of a subtree stand together, its root last."""
    n = len(parent)
    child, sibling = list_children(parent)
    after = np.empty(n, np.int64)
    stack = np.empty(n, np.int64)
    k = 0
    for root in range(n):
        if parent[root] >= 0:
            continue
        stack[0], top = root, 1
        while top > 0:
            j = stack[top - 1]
            if child[j] >= 0:
                stack[top] = child[j]
                top += 1
                child[j] = sibling[child[j]]
            else:
                after[k] = j
                k += 1
                top -= 1
    return after


@njit(cache=True, nogil=True)
def column_counts(indptr, indices, order, place, parent):
    """Count the entries of columns by the leaves of the rows' subtrees; nodes are postordered."""
    n = len(order)
    size = np.ones(n, np.int64)
    for j in range(n):
        if parent[j] >= 0:
            size[parent[j]] += size[j]
    counts = np.zeros(n, np.int64)
    top = np.arange(n)  # of the part of the tree that has been seen
    last_leaf = np.full(n, -1)
    last_first = np.full(n, -1)  # the first descendant of that leaf
    for j in range(n):
        low = j - size[j] + 1
        if low == j:
            counts[j] += 1
        column = order[j]
        for at in range(indptr[column], indptr[column + 1]):
            i = place[indices[at]]
            if i <= j or low <= last_first[i]:
                continue
            # j is a leaf of the subtree of row i: its path adds to all columns up to the fork.
            counts[j] += 1
            leaf = last_leaf[i]
            if leaf >= 0:
                fork = leaf
                while top[fork] != fork:
                    top[fork] = top[top[fork]]
                    fork = top[fork]
                counts[fork] -= 1
            last_leaf[i] = j
            last_first[i] = low
        if parent[j] >= 0:
            counts[parent[j]] -= 1
            top[j] = parent[j]
    for j in range(n):
        if parent[j] >= 0:
            counts[parent[j]] += counts[j]
    return counts
