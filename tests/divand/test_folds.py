"""Formulas for observations left out equal new analyses without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sdcviz import divand
from sdcviz.divand import folds

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


def problem(seed: int, *, cyclic: bool = False, advection: bool = False, n: int = 40) -> tuple:
    random = np.random.default_rng(seed)
    moddim = [12, 0] if cyclic else None
    mask, pmn, xi = divand.rectangle(np.arange(12.0), np.arange(10.0), moddim=moddim)
    mask[random.uniform(size=mask.shape) < 0.1] = False
    x = random.uniform(0, 9, (2, n))
    f = np.sin(x[0]) + random.normal(size=n)
    error = random.uniform(0.2, 2, n)
    options: dict[str, Any] = {"moddim": moddim}
    if advection:
        options["velocity"] = (xi[1] / 3, -xi[0] / 3)
    return (mask, pmn, xi, x, f, 2.5, error), options


def refitted(arguments: tuple, options: dict, fold: np.ndarray) -> np.ndarray:
    """Analyse without each fold and interpolate at its observations, by brute force."""
    *domain, x, f, corr_len, error = arguments
    whole = divand.analyse(*arguments, **options)
    assert whole.system is not None
    result = np.full(len(f), np.nan)
    at = np.flatnonzero(whole.used)
    operator = whole.system.observations.operator
    for number in np.unique(fold[whole.used]):
        inside = fold == number
        without = np.where(inside, np.nan, f)
        got = divand.analyse(*domain, x, without, corr_len, error, **options)
        state = got.field[whole.system.background.mask]
        here = inside[at]
        result[at[here]] = f[at[here]] - operator[here] @ state
    return result[whole.used]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.sampled_from([2, 5, 40]))
def test_folds_by_the_formula_equal_refits(
    seed: int, cyclic: bool, advection: bool, count: int
) -> None:
    arguments, options = problem(seed, cyclic=cyclic, advection=advection)
    got = divand.analyse(*arguments, **options)
    assert got.system is not None
    fold = divand.make_folds(40, folds=count, seed=seed) if count < 40 else np.arange(40)
    f = arguments[4][got.used]
    wanted = refitted(arguments, options, fold)
    residual, _ = divand.left_out(got.system, f, fold[got.used], variance=True)
    np.testing.assert_allclose(residual, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("columns", "many"), [(1, 1), (3, 3), (3, 1000), (1000, 1000)])
def test_single_ones_small_and_large_folds_agree(
    monkeypatch: pytest.MonkeyPatch, columns: int, many: int
) -> None:
    """With few columns single ones come from the diagonal of H K and folds from new analyses."""
    arguments, options = problem(7)
    got = divand.analyse(*arguments, **options)
    assert got.system is not None
    f = arguments[4][got.used]
    fold = np.maximum(np.arange(len(f)) - 15, 0) // np.where(np.arange(len(f)) < 25, 4, 1)
    wanted, spread = divand.left_out(got.system, f, fold, variance=True)
    monkeypatch.setattr(folds, "_COLUMNS", columns)
    monkeypatch.setattr(folds, "_MANY", many)
    residual, none = divand.left_out(got.system, f, fold)
    assert none is None
    np.testing.assert_allclose(residual, wanted, rtol=1e-7, atol=1e-9)
    again, same = divand.left_out(got.system, f, fold, variance=True)
    np.testing.assert_allclose(again, wanted, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(same, spread, rtol=1e-7)


@pytest.mark.parametrize("correlated", [False, True])
def test_constraints_with_values_stay(correlated: bool) -> None:
    """As those of a lower bound: the field is drawn to 1 in a corner whatever is left out."""
    arguments, options = problem(6)
    *first, error = arguments
    covariance = np.diag(error) + 0.1 if correlated else error
    plain = divand.analyse(*first, covariance, **options).system
    assert plain is not None
    corner = sparse.eye_array(plain.background.size, format="csr")[:15]
    system = plain.constrained([divand.Constraint(corner, np.ones(15), 0.01)])
    f = arguments[4][system.observations.used]
    fold = np.arange(len(f)) % 5
    residual, _ = divand.left_out(system, f, fold, variance=True)
    wanted = np.empty_like(f)
    for number in range(5):
        inside = fold == number
        others = system.observing(system.observations.part(~inside))
        state = others.solve(f[~inside])
        wanted[inside] = f[inside] - system.observations.operator[inside] @ state
    np.testing.assert_allclose(residual, wanted, rtol=1e-7, atol=1e-9)
    exact = divand.mean_gain(system, None)
    assert divand.mean_gain(system, 2000) == pytest.approx(exact, rel=0.05)


def test_correlated_errors() -> None:
    arguments, options = problem(3)
    *first, f, corr_len, error = arguments
    covariance = np.diag(error) + 0.1
    whole = divand.analyse(*first, f, corr_len, covariance, **options)
    assert whole.system is not None
    used = np.flatnonzero(whole.used)
    fold = np.arange(len(used)) % 4
    residual, spread = divand.left_out(whole.system, f[used], fold, variance=True)
    h = whole.system.observations.operator.toarray()
    b = h @ np.linalg.inv(whole.system.background.precision.toarray()) @ h.T
    r = covariance[np.ix_(used, used)]
    for number in range(4):
        inside, others = fold == number, fold != number
        weights = b[np.ix_(inside, others)] @ np.linalg.inv((b + r)[np.ix_(others, others)])
        wanted = f[used][inside] - weights @ f[used][others]
        np.testing.assert_allclose(residual[inside], wanted, rtol=1e-7, atol=1e-9)
        # The fold minus its prediction as a combination of all values.
        difference = np.eye(len(used))[inside]
        difference[:, others] = -weights
        variance = np.diagonal(difference @ (b + r) @ difference.T)
        np.testing.assert_allclose(spread[inside], variance, rtol=1e-7)


def test_the_expected_variance_is_that_of_the_dense_formula() -> None:
    arguments, options = problem(4)
    got = divand.analyse(*arguments, **options)
    assert got.system is not None
    fold = np.arange(int(got.used.sum())) % 3
    _, spread = divand.left_out(got.system, arguments[4][got.used], fold, variance=True)
    h = got.system.observations.operator.toarray()
    s = h @ np.linalg.inv(got.system.background.precision.toarray()) @ h.T
    s = s + np.diag(got.system.observations.variance)
    for number in range(3):
        inside, others = fold == number, fold != number
        weights = s[np.ix_(inside, others)] @ np.linalg.inv(s[np.ix_(others, others)])
        left = s[np.ix_(inside, inside)] - weights @ s[np.ix_(others, inside)]
        np.testing.assert_allclose(spread[inside], np.diagonal(left), rtol=1e-7)


@pytest.mark.parametrize("correlated", [False, True])
def test_the_random_trace_is_close_to_the_exact_one(correlated: bool) -> None:
    arguments, options = problem(5, advection=True)
    *first, error = arguments
    if correlated:
        error = np.diag(error) + 0.1
    got = divand.analyse(*first, error, **options)
    assert got.system is not None
    h = got.system.observations.operator.toarray()
    a = got.system.matrix.toarray()
    r = got.system.observations.error
    r = np.diag(r) if r.ndim == 1 else r
    wanted = np.trace(h @ np.linalg.inv(a) @ h.T @ np.linalg.inv(r)) / len(r)
    assert divand.mean_gain(got.system, None) == pytest.approx(wanted, rel=1e-8)
    random = [divand.mean_gain(got.system, 30, seed) for seed in range(20)]
    deviation = np.std(random) / np.sqrt(20)
    assert abs(np.mean(random) - wanted) < 3 * deviation
    assert np.std(random) < 0.2 * wanted
    assert random[0] == divand.mean_gain(got.system, 30, 0)


def test_without_observations_there_is_no_gain() -> None:
    domain = divand.rectangle(np.arange(5.0))
    nothing = divand.analyse(*domain, ([9.0],), [1.0], 2, 1, alphabc=0)
    assert nothing.system is not None
    assert divand.mean_gain(nothing.system) == 0


def test_folds_keep_cruises_together_and_are_even() -> None:
    random = np.random.default_rng(0)
    cruise = np.repeat(np.array(list("abcdefgh")), [50, 30, 30, 20, 20, 20, 10, 10])
    cruise = random.permutation(cruise)
    fold = divand.make_folds(190, groups=cruise, folds=3)
    for name in "abcdefgh":
        assert len(set(fold[cruise == name])) == 1
    assert np.bincount(fold).max() <= 70
    each = divand.make_folds(190, groups=cruise)
    assert len(set(zip(each.tolist(), cruise.tolist(), strict=True))) == 8
    plain = divand.make_folds(20, folds=4, seed=1)
    assert np.bincount(plain).tolist() == [5, 5, 5, 5]
    assert plain.tolist() == divand.make_folds(20, folds=4, seed=1).tolist()
    assert plain.tolist() != divand.make_folds(20, folds=4, seed=2).tolist()


@pytest.mark.parametrize(
    ("count", "wanted", "said"),
    [
        (4, {"groups": ["a"] * 4}, "only one group"),
        (1, {}, "only one observation"),
        (4, {"folds": 9}, "give 2 to 4"),
        (4, {"folds": 1}, "give 2 to 4"),
    ],
)
def test_impossible_folds_are_said(count: int, wanted: dict, said: str) -> None:
    with pytest.raises(divand.DivandError, match=said):
        divand.make_folds(count, **wanted)
