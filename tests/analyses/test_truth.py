"""Analyses of the synthetic stations find the truth behind them, as far as they claim to.

`sdcviz.demo.truth.true_mean` defines the climatological truth of a month. Bounds are some
percent beyond the figures of tests/benchmarks/bench_divand_truth.py.
"""

from __future__ import annotations

import demo_truth
import numpy as np
import pytest
from demo_truth import LEVELS, Score, Sea

from sdcviz import divand
from sdcviz.demo.truth import true_mean
from sdcviz.demo.water import water


@pytest.fixture(scope="module")
def sea() -> Sea:
    return Sea.make(0.5)


def test_the_truth_is_the_mean_of_the_water_without_noise() -> None:
    lon, lat = np.array([5.0, 18.0, 33.0]), np.array([41.5, 36.0, 33.5])
    depth = np.array([0, 20, 100.0])
    mean = true_mean(lon, lat, depth, [8], (2001, 2002))
    days = [np.datetime64(f"{y}-08-{d:02d}T12:00", "m") for y in (2001, 2002) for d in (5, 15, 25)]
    depths = np.broadcast_to(depth, (3, 3))
    one = [water(lon, lat, np.full(3, t), depths, None).temperature for t in days]
    np.testing.assert_allclose(mean, np.mean(one, axis=0), atol=1e-12)
    # Two casts of one moment differ by noise and weather only, the water itself not at all.
    again = water(lon, lat, np.full(3, days[0]), depths, None).temperature
    np.testing.assert_array_equal(again, one[0])
    noisy = water(lon, lat, np.full(3, days[0]), depths, np.random.default_rng(1)).temperature
    off = np.abs(noisy - one[0])
    assert 0 < off.max() < 1.5
    summer, winter = true_mean(lon, lat, depth, [8]), true_mean(lon, lat, depth, [2])
    assert (summer[:, 0] - winter[:, 0] > 6).all() and (abs(summer - winter)[:, 2] < 1.5).all()


@pytest.mark.slow
@pytest.mark.parametrize("month", [7, 8])
def test_a_month_recovers_the_truth(sea: Sea, month: int) -> None:
    points = demo_truth.of_month(demo_truth.stations(), month)
    truth = sea.truth(month)
    score = Score.of(*demo_truth.analyse_month(sea, points), truth)
    assert score.spread > 1  # there is something to find
    assert score.rmse < 0.62 and score.rmse_l2 < 0.57, score
    assert abs(score.bias) < 0.15 and abs(score.bias_l2) < 0.1, score
    assert score.share_l2 > 0.6, score
    # A normal error would give 0.68 and 0.95.
    assert 0.6 < score.within1 < 0.85, score
    assert 0.8 < score.within2 < 0.99, score


def test_the_exact_error_is_an_honest_one() -> None:
    """Relative to the variance of the background, as it is on this grid."""
    sea = Sea.make(1.0)
    points = demo_truth.of_month(demo_truth.stations(), 8)
    truth = sea.truth(8)
    exact = Score.of(*demo_truth.analyse_month(sea, points, "exact"), truth)
    assert 0.68 < exact.within1 < 0.9 and 0.92 < exact.within2 < 0.99, exact
    assert exact.rmse < 0.55 and exact.share_l2 > 0.7, exact
    # The clever poor man's error is too small where there are many observations.
    approximate = Score.of(*demo_truth.analyse_month(sea, points, "cpme"), truth)
    assert approximate.within2 < exact.within2


def test_without_weights_the_error_is_too_small(sea: Sea) -> None:
    """The check of the error can fail: samples of one cruise share their errors."""
    points = demo_truth.of_month(demo_truth.stations(), 8)
    truth = sea.truth(8)
    profile = demo_truth.mean_profile(points)
    made = divand.analyse(
        sea.mask,
        sea.pmn,
        sea.xi,
        (points.lon, points.lat, points.depth),
        points.value - np.interp(points.depth, LEVELS, profile),
        (demo_truth.HORIZONTAL, demo_truth.HORIZONTAL, demo_truth.VERTICAL),
        demo_truth.EPSILON2,
        error="cpme",
    )
    score = Score.of(made.field + profile, made.error, truth)
    assert score.within1 < 0.5 and score.within2 < 0.7, score


@pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")  # of lengths tried
@pytest.mark.parametrize(("month", "level", "half"), [(2, 10, 5), (5, 50, 10), (8, 100, 15)])
def test_cross_validation_chooses_nearly_what_the_truth_would(
    sea: Sea, month: int, level: int, half: float
) -> None:
    """Lengths and errors chosen by leaving out cruises, against those that fit the truth best."""
    points = demo_truth.of_month(demo_truth.stations(), month)
    near = np.abs(points.depth - level) <= half
    points = type(points)(*(getattr(points, n)[near] for n in points.__dataclass_fields__))
    k = int(np.flatnonzero(level == LEVELS)[0])
    truth = sea.truth(month)[..., k]
    flat = (sea.mask[..., k], tuple(p[..., k] for p in sea.pmn[:2]), sea.xi[:2])
    mean = points.value.mean()
    given = ((points.lon, points.lat), points.value - mean)
    length, epsilon2 = 200e3, 1 / demo_truth.weights(points, vertical=False)
    factors, errors = (0.25, 0.5, 1, 2, 4), (0.03, 0.1, 0.3, 1, 3, 10)
    chosen = divand.cross_validate(
        *flat, *given, (length, length), epsilon2,
        groups=points.cruise, folds=10, length_factors=factors, epsilon2_factors=errors,
        refinements=1,
    ).best  # fmt: skip

    def off(of_length: float, of_error: float) -> float:
        scaled = (length * of_length, length * of_length)
        field = divand.analyse(*flat, *given, scaled, epsilon2 * of_error).field + mean
        return float(np.sqrt(np.nanmean((field - truth) ** 2)))

    tried = {(a, b): off(a, b) for a in factors for b in errors}
    best = min(tried, key=lambda pair: tried[pair])
    found = off(chosen.length_factor, chosen.epsilon2_factor)
    assert max(tried.values()) > 2 * tried[best]  # a bad choice would cost much
    assert found < 1.3 * tried[best], (chosen, best, found, tried[best])
    assert found < np.median(list(tried.values()))
    assert 1 / 4 < chosen.length_factor / best[0] < 4, (chosen, best)
