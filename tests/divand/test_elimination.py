"""The structure of the factor against a plain elimination of the pattern."""

from __future__ import annotations

import numpy as np
from divand_matrices import analysis_matrix, box_with_land
from hypothesis import given, settings
from random_matrices import matrices

from sdcviz.divand.blocks import find_blocks
from sdcviz.divand.elimination import count_entries
from sdcviz.divand.ordering import dissect


def filled(a, order) -> np.ndarray:
    """Return the pattern of L by plain elimination."""
    pattern = a.toarray()[np.ix_(order, order)] != 0
    for k in range(len(order)):
        below = np.flatnonzero(pattern[k + 1 :, k]) + k + 1
        pattern[np.ix_(below, below)] = True
    return np.tril(pattern)


def check(a, order) -> None:
    """Compare counts, blocks, rows and places with the plain elimination."""
    indptr, indices = a.indptr.astype(np.int64), a.indices.astype(np.int32)
    blocks = find_blocks(indptr, indices, order)
    assert np.array_equal(np.sort(blocks.order), np.arange(a.shape[0]))
    assert np.array_equal(blocks.order[blocks.place], np.arange(a.shape[0]))
    pattern = filled(a, blocks.order)
    assert filled(a, order).sum() == pattern.sum() == blocks.sizes[0]
    assert count_entries(a, order).sum() == pattern.sum()
    panel = {}
    for s in range(len(blocks.parent)):
        first, last = blocks.first[s : s + 2]
        rows = blocks.rows[blocks.row_start[s] : blocks.row_start[s + 1]]
        needed = np.flatnonzero(pattern[:, first:last].any(axis=1))
        assert np.array_equal(rows, needed[needed >= last])
        panel[s] = np.r_[first:last, rows]
    for s, p in enumerate(blocks.parent):
        part = slice(blocks.row_start[s], blocks.row_start[s + 1])
        assert p > s or (p == -1 and blocks.rows[part].size == 0)
        if p > s:
            assert np.array_equal(panel[p][blocks.target[part]], blocks.rows[part])


@given(matrices())
@settings(max_examples=150, deadline=None)
def test_random_matrices(case):
    check(*case)


def test_analyses():
    for shape in ((15, 14), (7, 6, 5)):
        mask = box_with_land(shape)
        check(analysis_matrix(mask), dissect(mask, len(shape), leaf=10))
