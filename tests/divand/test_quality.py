"""Quality control by the analysis."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz import divand

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


def case(*, seed: int = 0, advection: bool = False, n: int = 60, **options) -> divand.Analysis:
    random = np.random.default_rng(seed)
    mask, pmn, xi = divand.rectangle(np.arange(15.0), np.arange(12.0))
    mask[5:7, 5:] = False
    x = random.uniform(-1, 13, (2, n))
    f = np.sin(x[0] / 2) + 0.3 * random.normal(size=n)
    f[7] = np.nan
    f[11] += 4
    x[:, 11] = [9.3, 3.2]
    velocity = (xi[1] / 3, -xi[0] / 3) if advection else None
    error = options.pop("epsilon2", random.uniform(0.2, 1, n))
    return divand.analyse(mask, pmn, xi, x, f, 3.0, error, velocity=velocity, **options)


def dense(got: divand.Analysis) -> tuple:
    """Give H, R and A⁻¹ as full matrices."""
    assert got.system is not None
    error = got.system.observations.error
    return (
        got.system.observations.operator.toarray(),
        np.diag(error) if error.ndim == 1 else error,
        np.linalg.inv(got.system.matrix.toarray()),
    )


@pytest.mark.parametrize("advection", [False, True])
def test_the_expected_misfit_is_that_of_the_dense_formula(advection: bool) -> None:
    got = case(advection=advection)
    h, r, p = dense(got)
    expected = divand.expected_misfit(got, 2.0)
    wanted = np.sqrt(2 * np.diagonal(r - h @ p @ h.T))
    np.testing.assert_allclose(expected[got.used], wanted, rtol=1e-8)
    assert np.isnan(expected[~got.used]).all()
    gain = divand.criterion(got, "gain", variance=2.0)
    np.testing.assert_allclose(gain[got.used], (got.residuals[got.used] / wanted) ** 2, rtol=1e-7)


def test_residuals_are_as_large_as_expected() -> None:
    """Data drawn from the covariances of the analysis: the criterion is 1 on average."""
    got = case()
    h, r, _ = dense(got)
    b = np.linalg.inv(got.system.background.precision.toarray())
    root = np.linalg.cholesky(h @ b @ h.T + r)
    f = root @ np.random.default_rng(5).normal(size=(len(root), 400))
    residual = f - h @ got.system.solve(f)
    expected = divand.expected_misfit(got, 1.0)[got.used]
    ratio = np.mean((residual / expected[:, None]) ** 2, axis=1)
    assert ratio.mean() == pytest.approx(1, abs=0.05)
    assert 0.6 < ratio.min() <= ratio.max() < 1.5


@pytest.mark.parametrize("advection", [False, True])
def test_the_bad_one_is_the_first_suspect(advection: bool) -> None:
    """Numbers are those of all observations, with those outside and without value."""
    got = case(advection=advection)
    found = divand.suspects(got, threshold=0)
    assert found.number[0] == 11
    assert found.criterion[0] > 9
    assert (np.diff(found.criterion) <= 0).all()
    assert set(found.number.tolist()) == set(np.flatnonzero(got.used).tolist())
    assert found.value[0] > 3
    np.testing.assert_array_equal(found.residual, got.residuals[found.number])
    f = np.full(60, np.nan)
    f[found.number] = found.value
    single, _ = divand.left_out(got.system, f[got.used], np.arange(int(got.used.sum())))
    alone = np.full(60, np.nan)
    alone[got.used] = single
    np.testing.assert_allclose(found.left_out, alone[found.number], rtol=1e-7)
    assert divand.suspects(got, limit=1).number.tolist() == [11]


@pytest.mark.parametrize("method", ["gain", "mean gain", "cross-validation"])
def test_methods_agree_on_the_worst(method: str) -> None:
    value = divand.criterion(case(), method)
    assert np.nanargmax(value) == 11
    assert 0.2 < np.nanmean(value) < 5


def test_the_automatic_method_goes_by_the_number() -> None:
    for n, method in ((60, "gain"), (400, "mean gain")):
        got = case(n=n)
        np.testing.assert_array_equal(divand.criterion(got), divand.criterion(got, method))


def test_correlated_errors_have_suspects_too() -> None:
    got = case(epsilon2=np.eye(60) * 0.5 + 0.1)
    found = divand.suspects(got)
    assert found.number[0] == 11
    h, r, p = dense(got)
    wanted = np.sqrt(np.diagonal(r - h @ p @ h.T))
    np.testing.assert_allclose(divand.expected_misfit(got, 1.0)[got.used], wanted, rtol=1e-8)


def test_a_cruise_with_an_offset_stands_out() -> None:
    random = np.random.default_rng(2)
    domain = divand.rectangle(np.arange(15.0), np.arange(12.0))
    x = random.uniform(0, 11, (2, 120))
    cruise = np.array(["A", "B", "C", "D"])[random.integers(0, 4, 120)]
    f = np.sin(x[0] / 2) + 0.3 * random.normal(size=120) + np.where(cruise == "C", 1.5, 0)
    f[4] = np.nan
    got = divand.analyse(*domain, x, f, 3.0, 0.2)
    left = divand.leave_group_out(got, cruise, variance=0.5)
    assert left.groups == ("A", "B", "C", "D")
    assert np.argmax(left.ratio) == np.argmax(left.bias) == 2
    assert left.bias[2] == pytest.approx(1.5, abs=0.4)
    assert left.count.sum() == 119
    assert np.isnan(left.residuals[4])
    inside = cruise == "B"
    alone = divand.analyse(*domain, x, np.where(inside, np.nan, f), 3.0, 0.2, error="exact")
    index = divand.fractional_indices(alone.system.background, x)
    every = divand.Observations(alone.system.background, index, 1.0)
    wanted = f - every.operator @ alone.field.ravel()
    chosen = inside & got.used
    np.testing.assert_allclose(left.residuals[chosen], wanted[chosen], rtol=1e-7)
    covariance = np.linalg.inv(alone.system.matrix.toarray())
    spread = np.diagonal(every.operator @ covariance @ every.operator.T) + 0.2
    np.testing.assert_allclose(left.expected[chosen], np.sqrt(0.5 * spread)[chosen], rtol=1e-7)


def test_absolute_errors() -> None:
    relative = np.array([[0.0, 0.25], [1.0, np.nan]])
    np.testing.assert_allclose(divand.absolute_error(relative, 4.0), [[0, 1], [2, np.nan]])
    with pytest.raises(divand.DivandError, match="background variance is -1"):
        divand.absolute_error(relative, -1)


def test_the_background_variance_is_that_of_the_authors() -> None:
    got = case(epsilon2=0.5)
    found = divand.suspects(got, threshold=-1)
    assert divand.background_variance(got) == pytest.approx(np.mean(found.value**2) / 1.5)


def test_bad_input_is_said() -> None:
    got = case()
    with pytest.raises(divand.DivandError, match="only one group"):
        divand.leave_group_out(got, ["one"] * 60)
    with pytest.raises(divand.DivandError, match="groups has the shape"):
        divand.leave_group_out(got, ["one", "two"])
    with pytest.raises(divand.DivandError, match="method is 'worst'"):
        divand.criterion(got, "worst")
    domain = divand.rectangle(np.arange(5.0))
    several = divand.analyse(*domain, ([1, 2],), np.ones((2, 3)), 2, 1)
    with pytest.raises(divand.DivandError, match="one set of values"):
        divand.suspects(several)
    nothing = divand.analyse(*domain, ([9.0],), [1.0], 2, 1, alphabc=0)
    with pytest.raises(divand.DivandError, match="nothing to control"):
        divand.criterion(nothing)
