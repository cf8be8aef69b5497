"""Clustered observations, and steep topography."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz import divand
from sdcviz.divand import weights
from sdcviz.divand.slopes import gradient


@pytest.mark.parametrize("moddim", [None, [360, 0]])
def test_weights_are_those_of_the_formula(
    monkeypatch: pytest.MonkeyPatch, moddim: list | None
) -> None:
    random = np.random.default_rng(0)
    x = np.stack([random.uniform(0, 360, 300), random.uniform(-5, 5, 300)])
    x[:, 10:20] = x[:, :1]
    scale = np.array([8.0, 1.5])
    step = np.abs(x[:, :, None] - x[:, None, :])
    if moddim:
        step[0] = np.minimum(step[0], 360 - step[0])
    wanted = 1 / np.exp(-((step / scale[:, None, None]) ** 2).sum(axis=0)).sum(axis=1)
    monkeypatch.setattr(weights, "_PAIRS", 500)
    np.testing.assert_allclose(divand.cluster_weights(x, scale, moddim=moddim), wanted, rtol=1e-5)


def test_observations_at_one_place_share_one_weight() -> None:
    x = ([0.0, 0.0, 0.0, 50.0, np.nan], [0.0, 0.0, 0.0, 50.0, 0.0])
    lengths = (np.array([0.5, 2.0]), 1.0)
    np.testing.assert_allclose(divand.cluster_weights(x, lengths), [1 / 3] * 3 + [1, 1])
    assert divand.cluster_weights(([], []), (1, 1)).shape == (0,)


@pytest.mark.parametrize(
    ("x", "lengths", "said"),
    [
        (([0.0], [0.0]), (1.0, 0.0), r"lengths\[1\] is 0"),
        (([0.0], [0.0]), (1.0,), "2 coordinates and 1 lengths"),
        (([0.0], [0.0, 1.0]), (1.0, 1.0), "different numbers"),
    ],
)
def test_bad_lengths_are_said(x: tuple, lengths: tuple, said: str) -> None:
    with pytest.raises(divand.DivandError, match=said):
        divand.cluster_weights(x, lengths)


def test_superobservations_are_means_of_boxes() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(0, 10, (2, 200))
    values, weight = random.normal(size=200), random.uniform(0.5, 2, 200)
    values[3] = np.nan
    got = divand.superobservations(x, values, (2.0, 5.0), weights=weight)
    assert got.member[3] == -1
    assert got.count.sum() == 199
    assert len(got.values) == len(set(got.member.tolist()) - {-1}) <= 5 * 2 + 7
    for k in range(len(got.values)):
        inside = got.member == k
        assert np.ptp(x[0][inside]) <= 2
        assert np.ptp(x[1][inside]) <= 5
        share = weight[inside]
        mean = np.average(values[inside], weights=share)
        assert got.values[k] == pytest.approx(mean)
        assert got.weight[k] == pytest.approx(share.sum())
        assert got.x[0][k] == pytest.approx(np.average(x[0][inside], weights=share))
        spread = np.average((values[inside] - mean) ** 2, weights=share)
        assert got.variance[k] == pytest.approx(spread)


def test_means_of_places_that_are_equal_are_as_good_as_all() -> None:
    """Independent errors: their mean with the inverse sum of weights says the same."""
    random = np.random.default_rng(2)
    x = np.repeat(random.uniform(0, 9, (2, 12)), 4, axis=1)
    f, error = random.normal(size=48), random.uniform(0.5, 2, 48)
    domain = divand.rectangle(np.arange(10.0), np.arange(10.0))
    every = divand.analyse(*domain, x, f, 3, error, error="exact")
    few = divand.superobservations(x, f, 1e-6, weights=1 / error)
    assert len(few.values) == 12
    got = divand.analyse(*domain, few.x, few.values, 3, 1 / few.weight, error="exact")
    np.testing.assert_allclose(got.field, every.field, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(got.error, every.error, rtol=1e-8)


def test_no_observations_make_no_superobservations() -> None:
    got = divand.superobservations(([], []), [], 1.0)
    assert got.values.shape == got.x[0].shape == (0,)
    with pytest.raises(divand.DivandError, match="must be positive"):
        divand.superobservations(([1.0], [1.0]), [1.0], 0)
    with pytest.raises(divand.DivandError, match="2 values"):
        divand.superobservations(([1.0], [1.0]), [1.0, 2.0], 1)


def test_lengths_are_shorter_over_slopes() -> None:
    """The authors' assertions, and the formula in the middle of the slope."""
    _, pmn, xi = divand.rectangle(*[np.linspace(-10, 10, 100)] * 2)
    depth = 1000 * (np.tanh(xi[0]) + 1)
    got = divand.slope_factor(pmn, depth, 2.0)
    assert got.max() < 1 + 10 * np.finfo(float).eps
    assert got[39, 0] < got[59, 0]
    slope = (depth[51] - depth[49]) * pmn[0][50] / 2
    np.testing.assert_allclose(got[50], 1 / (1 + 2 * slope / depth[50]))
    fixed = divand.slope_factor(pmn, depth, 2.0, scale=1000.0)
    np.testing.assert_allclose(fixed[50], 1 / (1 + 2 * slope / 1000))


def test_the_gradient_of_a_plane_is_exact() -> None:
    """The authors' assertion, on a grid with steps of 2, 3 and 2."""
    _, pmn, xi = divand.rectangle(np.arange(1, 21, 2), np.arange(1, 31, 3), np.arange(1, 21, 2))
    for got, wanted in zip(gradient(pmn, 2 * xi[0] + xi[1] + 4 * xi[2]), (2, 1, 4), strict=True):
        np.testing.assert_allclose(got, wanted)


def test_coasts_are_no_slopes() -> None:
    _, pmn, _ = divand.rectangle(np.arange(6.0), np.arange(4.0))
    depth = np.full((6, 4), 100.0)
    depth[2] = -500
    depth[4, 1] = np.nan
    np.testing.assert_array_equal(divand.slope_factor(pmn, depth, 10), 1)
    wall = np.where(np.arange(6)[:, None] < 3, 10.0, 1000.0) * np.ones(4)
    cyclic = divand.slope_factor(pmn, wall, 1.0, moddim=[6, 0])
    assert cyclic[0, 0] == cyclic[2, 0] < 1
    assert divand.slope_factor(pmn, wall, 1.0)[0, 0] == 1
    with pytest.raises(divand.DivandError, match="length is -1"):
        divand.slope_factor(pmn, depth, -1)
