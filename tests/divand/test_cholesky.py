"""Every backend solves, updates, and says what it can't do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from divand_matrices import analysis_matrix, box_with_land, powers
from hypothesis import given, settings
from random_matrices import matrices

from sdcviz.divand.cholesky import factorise
from sdcviz.divand.elimination import count_entries
from sdcviz.divand.factors import available
from sdcviz.divand.ordering import dissect

backends = pytest.mark.parametrize("backend", available())


@backends
@pytest.mark.parametrize("shape", [(60,), (12, 11), (8, 7, 6), (5, 4, 4, 3)])
@pytest.mark.parametrize("ordered", [False, True])
def test_solves_as_the_dense_matrix(backend, shape, ordered):
    mask = box_with_land(shape)
    a = analysis_matrix(mask)
    order = dissect(mask, powers(len(shape)), leaf=16) if ordered else None
    factor = factorise(a, order=order, backend=backend)
    assert factor.backend == backend
    b = np.random.default_rng(1).normal(size=(a.shape[0], 3))
    x = np.linalg.solve(a.toarray(), b)
    assert np.allclose(factor.solve(b), x, rtol=0, atol=1e-10 * abs(x).max())
    assert np.allclose(factor.solve(b[:, 0]), x[:, 0], rtol=0, atol=1e-10 * abs(x).max())
    if ordered:
        assert factor.nnz == count_entries(a, order).sum()
    assert factor.logdet() == pytest.approx(np.linalg.slogdet(a.toarray())[1], rel=1e-10)


@backends
@pytest.mark.parametrize("kind", [sp.csc_array, sp.csr_array, sp.coo_array, sp.csc_matrix])
@pytest.mark.parametrize("part", [lambda a: a, sp.tril, sp.triu])
def test_takes_a_full_matrix_or_a_triangle(backend, kind, part):
    a = analysis_matrix(box_with_land((9, 8)))
    b = np.arange(a.shape[0], dtype=float)
    given = kind(part(a))
    assert np.allclose(a @ factorise(given, backend=backend).solve(b), b, atol=1e-9)


@backends
def test_update_takes_new_values(backend):
    mask = box_with_land((20, 20))
    order = dissect(mask, 2, leaf=32)
    first, second = (analysis_matrix(mask, epsilon2=e, seed=3) for e in (0.5, 0.05))
    b = np.ones(first.shape[0])
    factor = factorise(first, order=order, backend=backend)
    assert factor.update(second) is factor
    fresh = factorise(second, order=order, backend=backend).solve(b)
    assert np.allclose(factor.solve(b), fresh, rtol=0, atol=1e-12)


@backends
def test_update_takes_another_pattern(backend):
    mask = np.ones((20, 20), bool)
    factor = factorise(analysis_matrix(mask), order=dissect(mask, 2, leaf=32), backend=backend)
    far = analysis_matrix(mask).tolil()
    far[0, 399] = far[399, 0] = 0.01
    b = np.ones(400)
    assert np.allclose(far.tocsr() @ factor.update(far.tocsr()).solve(b), b, atol=1e-9)


@backends
@pytest.mark.parametrize("ordered", [False, True])
def test_not_positive_definite(backend, ordered):
    mask = box_with_land((15, 15))
    a = sp.csc_array(analysis_matrix(mask) - 0.5 * sp.eye_array(int(mask.sum())))
    order = dissect(mask, 2, leaf=32) if ordered else None
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite") as told:
        factorise(a, order=order, backend=backend)
    assert "\n" not in str(told.value)


def test_bad_input():
    a = sp.csc_array(sp.eye_array(4))
    with pytest.raises(ValueError, match="square scipy sparse"):
        factorise(np.eye(4))
    with pytest.raises(ValueError, match=r"shape \(4, 3\)"):
        factorise(a[:, :3])
    with pytest.raises(ValueError, match="not finite"):
        factorise(a * np.nan)
    for wrong in ([0, 1, 2], [0, 1, 2, 2], [0, 1, 2, 4], [-1, 0, 1, 2]):
        with pytest.raises(ValueError, match="no permutation of 4"):
            factorise(a, order=wrong)
    with pytest.raises(ValueError, match="not known; choose one of"):
        factorise(a, backend="magic")
    with pytest.raises(ValueError, match=r"shape \(3,\) and the matrix 4 rows"):
        factorise(a).solve(np.ones(3))
    with pytest.raises(ValueError, match="the new matrix 3; call factorise"):
        factorise(a).update(sp.csc_array(sp.eye_array(3)))
    with pytest.raises(ValueError, match="is empty"):
        factorise(sp.csc_array((0, 0)))


def test_after_a_failed_update_it_says_so():
    a = analysis_matrix(np.ones((9, 9), bool))
    factor = factorise(a)
    with pytest.raises(np.linalg.LinAlgError):
        factor.update(-a)
    with pytest.raises(ValueError, match="last update of this factor failed"):
        factor.solve(np.ones(81))
    assert np.allclose(a @ factor.update(a).solve(np.ones(81)), 1)


@given(matrices())
@settings(max_examples=60, deadline=None)
def test_backends_agree(case):
    a, order = case
    b = np.random.default_rng(0).normal(size=a.shape[0])
    solutions = [factorise(a, order=order, backend=name).solve(b) for name in available()]
    for other in solutions[1:]:
        assert np.allclose(other, solutions[0], rtol=0, atol=1e-10 * max(1, abs(other).max()))


@backends
def test_threads_do_not_disturb_each_other(backend):
    mask = box_with_land((60, 60))
    order = dissect(mask, 2)
    systems = [analysis_matrix(mask, length=1.0 + k, seed=k) for k in range(8)]
    b = np.random.default_rng(0).normal(size=(int(mask.sum()), 2))

    def run(a):
        factor = factorise(a, order=order, backend=backend)
        return factor.update(2 * a).solve(b), factor.inverse_diagonal()

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, systems))
    for a, (x, variance) in zip(systems, together, strict=True):
        assert np.allclose(2 * a @ x, b, atol=1e-9)
        alone = factorise(2 * a, order=order, backend=backend).inverse_diagonal()
        assert np.array_equal(variance, alone)


def test_one_factor_serves_many_threads():
    mask = box_with_land((40, 40))
    a = analysis_matrix(mask)
    factor = factorise(a, order=dissect(mask, 2))
    sides = list(np.random.default_rng(0).normal(size=(20, factor.n)))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(factor.solve, sides))
    assert all(np.array_equal(x, factor.solve(b)) for x, b in zip(found, sides, strict=True))


def test_many_right_hand_sides():
    a = analysis_matrix(np.ones((9, 9), bool))
    factor = factorise(a)
    b = np.random.default_rng(0).normal(size=(81, 70))
    assert np.allclose(a @ factor.solve(b), b, atol=1e-9)
    assert np.allclose(factor.solve(np.asfortranarray(b)), factor.solve(b))
    assert factor.solve(np.empty((81, 0))).shape == (81, 0)


def test_without_an_order_and_without_amd(monkeypatch):
    a = analysis_matrix(box_with_land((30, 30)))
    full = count_entries(a, np.arange(a.shape[0])).sum()
    assert factorise(a).nnz < 0.6 * full
    monkeypatch.setattr("sdcviz.divand.ordering.find_spec", lambda name: name != "cvxopt")
    factor = factorise(a)
    assert factor.nnz < full * 1.5
    assert np.allclose(a @ factor.solve(np.ones(a.shape[0])), 1, atol=1e-9)
