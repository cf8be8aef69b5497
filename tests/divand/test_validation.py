"""The search for lengths and errors, and Desroziers' iteration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import k1

from sdcviz import divand
from sdcviz.divand.desroziers import error_factors
from sdcviz.divand.problem import Problem
from sdcviz.divand.search import search

LENGTH, NOISE = 3.0, 0.4


def drawn(x: np.ndarray, seed: int) -> np.ndarray:
    """Draw a field whose covariance is the kernel of two dimensions."""
    r = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0)) / LENGTH
    covariance = np.where(r > 0, r * k1(np.where(r > 0, r, 1)), 1) + 1e-9 * np.eye(len(r))
    return np.linalg.cholesky(covariance) @ np.random.default_rng(seed).normal(size=len(r))


def synthetic(seed: int = 0, n: int = 300) -> tuple[Any, ...]:
    random = np.random.default_rng(seed)
    x = random.uniform(0, 24, (2, n))
    f = drawn(x, seed) + np.sqrt(NOISE) * random.normal(size=n)
    return (*divand.rectangle(np.arange(25.0), np.arange(25.0)), x, f, LENGTH, NOISE)


@pytest.mark.parametrize("method", ["each", "gcv", "folds"])
def test_the_true_length_and_noise_are_found(method: str) -> None:
    """From half the length and three times the noise: within factors of 2 and 3.

    Longer lengths go with less noise: 300 observations don't tell both apart any better. What
    they predict has to be as good, within 0.5 %, as what the true ones do.
    """
    *domain, length, noise = synthetic()
    got = divand.cross_validate(*domain, length / 2, noise * 3, method=method)
    assert 1 / 2 < got.best.length_factor / 2 < 2
    assert 1 / 3 < got.best.epsilon2_factor * 3 < 3
    assert got.best.rmse**2 == pytest.approx(NOISE, rel=0.5)
    truth = divand.cross_validate(
        *domain, length, noise, method=method, length_factors=[1], epsilon2_factors=[1]
    )
    assert got.best.score < 1.005 * truth.best.score
    assert len(got.trials) == len(got.table["score"]) >= 35
    assert got.table["score"].min() == got.best.score


def test_the_score_is_that_of_brute_force() -> None:
    *domain, x, f, _, _ = synthetic(n=25)
    random = np.random.default_rng(1)
    error = random.uniform(0.3, 1, 25)
    got = divand.cross_validate(
        *domain, x, f, 2.0, error, length_factors=[1.5], epsilon2_factors=[0.8], method="each"
    )
    residual = np.empty(25)
    for k in range(25):
        without = np.where(np.arange(25) == k, np.nan, f)
        index = divand.fractional_indices(divand.Background(*domain, 3.0), x)
        one = divand.analyse(*domain, x, without, 3.0, 0.8 * error)
        every = divand.Observations(one.system.background, index, 1.0)
        residual[k] = (f - every.operator @ one.field[domain[0]])[k]
    wanted = np.average(residual**2, weights=1 / error)
    assert got.best.score == pytest.approx(wanted, rel=1e-7)
    assert got.best.bias == pytest.approx(residual.mean(), rel=1e-6)


def test_whole_cruises_are_left_out() -> None:
    *domain, x, f, length, noise = synthetic(n=60)
    cruise = np.array(list("abcdef"))[np.arange(60) // 10]
    f = f + np.repeat(np.random.default_rng(3).normal(size=6), 10)
    at = {"length_factors": [1], "epsilon2_factors": [1]}
    got = divand.cross_validate(*domain, x, f, length, noise, groups=cruise, **at)
    assert (got.method, got.folds) == ("folds", 6)
    residual = np.empty(60)
    for name in "abcdef":
        inside = cruise == name
        one = divand.analyse(*domain, x, np.where(inside, np.nan, f), length, noise)
        index = divand.fractional_indices(one.system.background, x)
        every = divand.Observations(one.system.background, index, 1.0)
        residual[inside] = (f - every.operator @ one.field[domain[0]])[inside]
    assert got.best.rmse == pytest.approx(np.sqrt(np.mean(residual**2)), rel=1e-7)
    # Neighbours of the same cruise share its offset, so that single ones are predicted better.
    single = divand.cross_validate(*domain, x, f, length, noise, method="each", **at)
    assert single.best.rmse < got.best.rmse


def test_only_some_dimensions_are_stretched() -> None:
    *domain, x, f, _, noise = synthetic(n=40)
    one = divand.cross_validate(
        *domain, x, f, (2.0, 3.0), noise, length_factors=[2], epsilon2_factors=[1], dimensions=[1]
    )
    same = divand.cross_validate(
        *domain, x, f, (2.0, 6.0), noise, length_factors=[1], epsilon2_factors=[1]
    )
    assert one.best.score == pytest.approx(same.best.score, rel=1e-9)


def test_places_beyond_the_grid_never_count() -> None:
    """Stretched outermost rows reach farther out for longer lengths."""
    *domain, x, f, length, noise = synthetic(n=30)
    x, f = np.append(x, [[25.0], [10.0]], axis=1), np.append(f, 50)
    for factor in (0.8, 2.0):
        got = divand.cross_validate(
            *domain, x, f, length, noise, length_factors=[factor], epsilon2_factors=[1]
        )
        assert got.folds == 30
        assert got.best.rmse < 5


def test_progress_is_told_and_the_result_the_same_each_time() -> None:
    *domain, x, f, length, noise = synthetic(n=60)
    told: list[tuple[int, int]] = []
    runs = [
        divand.cross_validate(
            *domain, x, f, length, noise, method="gcv", progress=lambda *done: told.append(done)
        )
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told[:35]] == list(range(1, 36))


def test_the_search_finds_a_minimum_between_the_factors() -> None:
    calls = []

    def bowl(factors: tuple[float, ...]) -> float:
        calls.append(factors)
        a, b = np.log(factors)
        return (a - 0.3) ** 2 + 2 * (b + 0.5) ** 2 + 0.5 * (a - 0.3) * (b + 0.5)

    axes = [np.logspace(-1, 1, 5), np.logspace(-1, 1, 5)]
    best = np.log(search(bowl, axes, 3))
    np.testing.assert_allclose(best, [0.3, -0.5], atol=0.05)
    assert len(calls) == len(set(calls)) <= 25 + 3 * 9
    assert search(bowl, [np.array([1.0]), np.array([2.0])], 3) == pytest.approx((1.0, 2.0))
    # Outside of the factors nothing is tried.
    assert search(lambda factors: -factors[0], [np.array([1.0, 2.0])], 3) == pytest.approx((2,))


def test_ends_and_short_lengths_are_said() -> None:
    *domain, x, f, length, noise = synthetic(n=60)
    with pytest.warns(divand.DivandWarning, match="length factor 3 is at the end of those"):
        divand.cross_validate(
            *domain, x, f, length / 3, noise, length_factors=[1, 3], epsilon2_factors=[1]
        )
    with pytest.warns(divand.DivandWarning, match="shorter than two grid"):
        divand.cross_validate(
            *domain, x, f, length, noise, length_factors=[0.5], epsilon2_factors=[1]
        )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"epsilon2": -1.0}, "epsilon2 is -1"),
        ({"f": np.full(20, np.nan)}, "No observation has an influence"),
        ({"f": np.full(20, 3.0)}, "All 20 values are 3"),
        ({"f": np.full(20, np.inf)}, "f is infinite at observation 0"),
        ({"f": np.ones(19)}, "19 values f and 20 places"),
        ({"f": np.ones((20, 2))}, r"give \(nobs,\)"),
        ({"groups": ["one"] * 20}, "only one group"),
        ({"groups": ["one"] * 3}, "groups has the shape"),
        ({"length_factors": [0.0, 1]}, "Factors of length must be positive"),
        ({"epsilon2_factors": []}, "Factors of epsilon2 must be positive"),
        ({"method": "best"}, "method is 'best'"),
        ({"method": "gcv", "folds": 3}, "belong to the method 'folds'"),
    ],
)
def test_bad_input_is_said(wrong: dict[str, Any], said: str) -> None:
    *domain, x, f, length, noise = synthetic(n=20)
    given = {"f": f, "epsilon2": noise} | wrong
    with pytest.raises(divand.DivandError, match=said):
        divand.cross_validate(*domain, x, given.pop("f"), length, given.pop("epsilon2"), **given)


def test_fractional_indices_serve_too() -> None:
    *domain, x, f, length, noise = synthetic(n=30)
    index = np.array(x)
    problem = Problem(*domain, None, f, length, noise, fracindex=index, alphabc=0)
    same = Problem(*domain, x, f, length, noise, alphabc=0)
    a, b = (p.system(1.5, 2.0).solve(f) for p in (problem, same))
    np.testing.assert_allclose(a, b, rtol=1e-9)


def test_desroziers_finds_the_noise() -> None:
    """Within 40 %, wherever it starts."""
    for seed in range(3):
        *domain, x, f, length, noise = synthetic(seed)
        found = []
        for wrong in (5.0, 0.2):
            got = divand.rescale_errors(*domain, x, f, length, noise * wrong, iterations=20)
            assert got.converged
            assert got.history[-1] == (got.groups[None],)
            np.testing.assert_array_equal(got.factor, got.groups[None])
            found.append(got.factor[0] * noise * wrong * got.background_variance)
        assert found[0] == pytest.approx(NOISE, rel=0.4)
        assert found[1] == pytest.approx(found[0], rel=0.02)


def test_desroziers_tells_groups_apart() -> None:
    *domain, x, f, length, _ = synthetic(2)
    poor = np.arange(300) % 2 == 1
    f = f + np.where(poor, 1.5, 0) * np.random.default_rng(9).normal(size=300)
    names = np.where(poor, "bottle", "CTD")
    f[0] = np.nan
    got = divand.rescale_errors(*domain, x, f, length, 1.0, groups=names, iterations=20)
    assert list(got.groups) == ["CTD", "bottle"]
    assert got.groups["CTD"] * got.background_variance == pytest.approx(NOISE, rel=0.4)
    assert got.groups["bottle"] * got.background_variance == pytest.approx(NOISE + 2.25, rel=0.4)
    assert got.factor[0] == 1
    assert got.factor[2] == got.groups["CTD"]


def test_desroziers_stays_where_residuals_tell_nothing() -> None:
    """The reference implementation got NaN or 0 from such data, and then an empty field."""
    *domain, x, f, length, noise = synthetic(n=40)
    # Neighbours that contradict each other: they have nothing in common with the analysis.
    x = np.repeat(x[:, :20], 2, axis=1)
    f = np.tile([1.0, -1.0], 20)
    with pytest.warns(divand.DivandWarning, match="nothing in common"):
        got = divand.rescale_errors(*domain, x, f, length, noise)
    assert np.isfinite(got.factor).all()
    assert got.groups == {None: 1.0}
    assert not got.converged


def test_factors_of_a_group_that_follows_none() -> None:
    f = np.array([1.0, 2.0, 1.0, 2.0])
    residual = np.array([0.5, 1.0, -0.5, -1.0])
    factor, background = error_factors(f, residual, np.ones(4), np.array([0, 0, 1, 1]))
    assert background == pytest.approx(2.5)
    np.testing.assert_allclose(factor, [0.5, -0.5])


@pytest.mark.parametrize("wrong", [{"iterations": 0}, {"limits": (2.0, 3.0)}])
def test_desroziers_refuses_nonsense(wrong: dict[str, Any]) -> None:
    with pytest.raises(divand.DivandError, match="iterations must be 1 or more"):
        divand.rescale_errors(*synthetic(n=10), **wrong)
