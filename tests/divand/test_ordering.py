"""Nested dissection: permutations whose separators separate."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from divand_matrices import analysis_matrix, box_with_land, powers
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse.csgraph import connected_components

from sdcviz.divand.elimination import count_entries
from sdcviz.divand.ordering import cheapest_order, dissect, least_degree

shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=12)


@given(shape=shapes, thickness=st.integers(1, 3), leaf=st.integers(1, 40), data=st.data())
@settings(max_examples=100, deadline=None)
def test_is_a_permutation(shape, thickness, leaf, data):
    sea, seed = data.draw(st.floats(0, 1)), data.draw(st.integers(0, 1000))
    mask = np.random.default_rng(seed).uniform(size=shape) < sea
    periods = st.sampled_from([0.0, 360.0])
    moddim = data.draw(st.lists(periods, min_size=mask.ndim, max_size=mask.ndim))
    order = dissect(mask, thickness, leaf, moddim)
    assert np.array_equal(np.sort(order), np.arange(mask.sum()))


@pytest.mark.parametrize("cyclic", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("shape", [(40, 31), (64, 20)])
def test_last_separators_cut_the_matrix_apart(shape, cyclic):
    mask = box_with_land(shape)
    a = analysis_matrix(mask, cyclic=cyclic, count=30)
    order = dissect(mask, powers(2), leaf=64, moddim=cyclic)
    # Without the last separators (a seam for each cyclic dimension, and the first cut) two or more
    # parts of about the same size are left.
    held = 2 * sum(sorted(shape)[:1]) * (1 + sum(cyclic)) + 2 * max(shape) * sum(cyclic)
    rest = order[: len(order) - held]
    count, label = connected_components(sp.csr_array(a)[rest][:, rest])
    assert count >= 2
    assert np.bincount(label).max() < 0.75 * len(rest)


@pytest.mark.parametrize("shape", [(60, 50), (16, 15, 14), (8, 7, 8, 6)])
def test_fills_less_than_the_natural_order(shape):
    mask = box_with_land(shape)
    a = analysis_matrix(mask)
    m = powers(len(shape))
    good = count_entries(a, dissect(mask, m)).sum()
    natural = count_entries(a, np.arange(a.shape[0])).sum()
    assert good < 0.95 * natural


def test_one_point_no_point_one_thick_layer():
    assert dissect(np.array([True]), 2).tolist() == [0]
    assert dissect(np.zeros((3, 4), bool), 2).tolist() == []
    layer = np.zeros((40, 40), bool)
    layer[17] = layer[:, 20] = True
    assert np.array_equal(np.sort(dissect(layer, 2, leaf=4)), np.arange(79))


def test_bad_input():
    with pytest.raises(ValueError, match="one layer or more"):
        dissect(np.ones((3, 3), bool), 0)
    with pytest.raises(ValueError, match="1 entries and the mask 2 dimensions"):
        dissect(np.ones((3, 3), bool), 1, moddim=[1])


def test_cheapest_order_counts():
    def operations(a, order):
        return (count_entries(a, order) ** 2).sum()

    ragged = np.random.default_rng(0).uniform(size=(60, 60)) < 0.7
    for mask in (np.ones((14, 14, 14), bool), ragged):
        a, geometric = analysis_matrix(mask), dissect(mask, powers(mask.ndim))
        degree = least_degree(a)
        assert np.array_equal(np.sort(degree), np.arange(mask.sum()))
        least = min(operations(a, geometric), operations(a, degree))
        assert operations(a, cheapest_order(a, geometric)) == least
    assert operations(a, degree) < operations(a, geometric)
