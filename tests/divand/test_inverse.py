"""Entries of the inverse against the dense inverse, and against solutions by columns."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from divand_matrices import analysis_matrix, box_with_land, observations, powers
from hypothesis import given, settings
from random_matrices import matrices

from sdcviz.divand.cholesky import factorise
from sdcviz.divand.factors import available
from sdcviz.divand.ordering import dissect


@given(matrices())
@settings(max_examples=150, deadline=None)
def test_random_matrices(case):
    a, order = case
    dense = np.linalg.inv(a.toarray())
    size = abs(dense).max()
    factor = factorise(a, order=order)
    assert np.allclose(factor.inverse_diagonal(), dense.diagonal(), rtol=0, atol=1e-10 * size)
    chosen = factor.selected_inverse()
    pattern = a.toarray() != 0
    assert np.array_equal(chosen.indptr, a.indptr)
    assert np.allclose(chosen.toarray(), np.where(pattern, dense, 0), rtol=0, atol=1e-10 * size)
    # All entries, also those that the pattern of the factor has not.
    i, j = np.indices(dense.shape)
    assert np.allclose(factor.inverse_entries(i, j), dense, rtol=0, atol=1e-10 * size)
    x = np.arange(len(dense), dtype=float)
    assert np.allclose(factor.solve(a @ x), x, rtol=0, atol=1e-8 * max(size, 1) * len(dense))


@pytest.mark.parametrize("backend", available())
@pytest.mark.parametrize("shape", [(80,), (16, 15), (9, 8, 7), (5, 5, 4, 4)])
def test_analyses(backend, shape):
    mask = box_with_land(shape)
    a = analysis_matrix(mask)
    h = observations(mask, 60, np.random.default_rng(5))
    factor = factorise(a, order=dissect(mask, powers(len(shape)), leaf=20), backend=backend)
    dense = np.linalg.inv(a.toarray())
    assert np.allclose(factor.inverse_diagonal(), dense.diagonal(), rtol=1e-10)
    # Other observations than those of the matrix: some pairs are outside its pattern.
    wanted = (h @ dense @ h.T.toarray()).diagonal()
    assert np.allclose(factor.inverse_at(h), wanted, rtol=1e-10, atol=1e-14)


def test_large_against_columns():
    mask = box_with_land((20, 20, 10))
    factor = factorise(analysis_matrix(mask), order=dissect(mask, 3))
    some = np.random.default_rng(2).choice(factor.n, 20)
    unit = np.zeros((factor.n, 20))
    unit[some, np.arange(20)] = 1.0
    columns = factor.solve(unit)[some, np.arange(20)]
    assert np.allclose(factor.inverse_diagonal()[some], columns, rtol=1e-11)


def test_after_an_update():
    mask = box_with_land((12, 12))
    for backend in available():
        factor = factorise(analysis_matrix(mask, seed=1), backend=backend)
        factor.inverse_diagonal()
        other = analysis_matrix(mask, epsilon2=0.01, seed=1)
        wanted = np.linalg.inv(other.toarray()).diagonal()
        assert np.allclose(factor.update(other).inverse_diagonal(), wanted, rtol=1e-10)


def test_bad_input():
    factor = factorise(sp.csc_array(sp.eye_array(4)))
    with pytest.raises(ValueError, match="outside its 4 rows"):
        factor.inverse_entries([0], [4])
    with pytest.raises(ValueError, match="3 columns and the matrix 4 rows"):
        factor.inverse_at(sp.csr_array((1, 3)))
    assert factor.inverse_entries([], []).shape == (0,)
