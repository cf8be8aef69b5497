"""Correlation lengths and noise by fit of the covariance."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import k1

from sdcviz import divand
from sdcviz.divand.lengths import smooth
from sdcviz.divand.pairs import Neighbours, all_pairs, random_pairs


def signal(distance: np.ndarray, seed: int) -> np.ndarray:
    """Draw values of variance 1 whose correlation over distance (in lengths) is the kernel."""
    r = np.where(distance > 0, distance, 1.0)
    covariance = np.where(distance > 0, r * k1(r), 1.0) + 1e-9 * np.eye(len(distance))
    return np.linalg.cholesky(covariance) @ np.random.default_rng(seed).normal(size=len(distance))


def apart(x: np.ndarray) -> np.ndarray:
    return np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0))


def synthetic(seed: int, n: int = 900, length: float = 0.5, noise: float = 0.5) -> tuple:
    random = np.random.default_rng(seed)
    x = random.uniform(0, 10, (2, n))
    values = signal(apart(x) / length, seed) + np.sqrt(noise) * random.normal(size=n)
    return x, values


def test_a_known_length_and_noise_are_found() -> None:
    """Single draws scatter: lengths within a factor of 1.6, and noise, the harder one, of 2.5."""
    fits = [
        divand.fit_length(*synthetic(seed), distance="euclid", samples=None) for seed in range(8)
    ]
    lengths = np.array([fit.length for fit in fits]) / 0.5
    noise = np.array([fit.epsilon2 for fit in fits]) / 0.5
    assert 0.8 < np.median(lengths) < 1.2
    assert 1 / 1.6 < lengths.min() <= lengths.max() < 1.6
    assert 0.7 < np.median(noise) < 1.6
    assert 1 / 2.5 < noise.min() <= noise.max() < 2.5
    assert min(fit.quality for fit in fits) > 0.8


def test_random_pairs_give_the_same_result_for_the_same_seed() -> None:
    x, values = synthetic(1)
    fits = [divand.fit_length(x, values, distance="euclid", samples=400, seed=s) for s in (1, 1, 2)]
    assert fits[0].length == fits[1].length != fits[2].length
    every = divand.fit_length(x, values, distance="euclid", samples=None)
    assert fits[0].length == pytest.approx(every.length, rel=0.5)


def test_more_samples_than_observations_take_all_pairs() -> None:
    x, values = synthetic(1, 200)
    some = divand.fit_length(x, values, distance="euclid", samples=5000)
    every = divand.fit_length(x, values, distance="euclid", samples=None)
    assert some.length == every.length


def test_the_length_on_the_sphere_is_in_metres() -> None:
    x, values = synthetic(3)
    flat = divand.fit_length(x * 111194.9, values, distance="euclid", samples=None)
    # Close to the equator degrees are equally long in both directions.
    round_ = divand.fit_length(x - 5, values, samples=None)
    assert round_.length == pytest.approx(flat.length, rel=0.02)


def test_the_vertical_distance_is_that_of_the_last_coordinate() -> None:
    x, values = synthetic(2, 400)
    along = divand.fit_length(x, values, distance="vertical", samples=None)
    alone = divand.fit_length(x[1:], values, distance="euclid", samples=None)
    assert along.length == pytest.approx(alone.length)


def test_only_relative_weights_count_and_noisy_data_less() -> None:
    x, values = synthetic(4)
    one = divand.fit_length(x, values, distance="euclid", samples=None)
    same = divand.fit_length(x, values, weights=np.full(900, 7.0), distance="euclid", samples=None)
    assert same.length == pytest.approx(one.length)
    spoilt = values.copy()
    spoilt[::3] += 5 * np.random.default_rng(0).normal(size=300)
    weights = np.ones(900)
    weights[::3] = 1e-6
    fit = divand.fit_length(x, spoilt, weights=weights, distance="euclid", samples=None)
    assert fit.epsilon2 == pytest.approx(one.epsilon2, rel=0.3)


def test_all_pairs_are_all_and_random_ones_are_different() -> None:
    found = {(int(i), int(j)) for a, b in all_pairs(5)() for i, j in zip(a, b, strict=True)}
    assert found == {(i, j) for i in range(5) for j in range(i + 1, 5)}
    pairs = random_pairs(3, 1000, 0)
    i, j = next(pairs())
    assert (i != j).all()
    assert len(set(zip(i.tolist(), j.tolist(), strict=True))) == 6
    assert next(pairs())[0].tolist() == i.tolist()


@pytest.mark.parametrize(
    ("x", "values", "said"),
    [
        ([[], []], [], "There are 0 observations"),
        ([[1.0], [1.0]], [3.0], "There are 1 observations"),
        ([[1.0, 2.0], [1.0, 2.0]], [3.0, np.nan], "There are 1 observations"),
        ([[1.0] * 9, [1.0] * 9], range(9), "at one place"),
        ([range(9), range(9)], [2.5] * 9, "All 9 values are 2.5"),
        ([range(4), range(4)], [1.0, 3.0, 2.0, 5.0], "too few data"),
    ],
)
def test_too_few_data_are_said(x: list, values: list, said: str) -> None:
    with pytest.warns(divand.DivandWarning, match=said):
        fit = divand.fit_length(x, np.array(values, float), distance="euclid", guess=42.0)
    assert fit.guessed
    assert fit.quality == 0
    assert fit.length == 42 or "too few" in said


def test_without_a_guess_the_length_is_nan() -> None:
    with pytest.warns(divand.DivandWarning, match="give one as a guess"):
        assert np.isnan(divand.fit_length([[1.0], [1.0]], [3.0]).length)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weights": [-1.0, 1, 1]}, r"weights\[0\] is -1"),
        ({"weights": [1.0, 1]}, "2 weights"),
        ({"distance": "taxi"}, "distance is 'taxi'"),
        ({"x": [[1, 2, 3]]}, "needs longitude and latitude"),
        ({"samples": 1}, "samples is 1"),
    ],
)
def test_bad_input_is_said(wrong: dict, said: str) -> None:
    given = {"x": [[1, 2, 3], [1, 2, 3]], "values": [1, 2, 3]} | wrong
    with pytest.raises(divand.DivandError, match=said):
        divand.fit_length(given.pop("x"), given.pop("values"), **given)


def stations(seed: int = 5) -> tuple:
    """Profiles of 40 depths; horizontally 50 km correlated in shallow, 150 km in deep water."""
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(-4, 4, (2, 250))
    depth = np.arange(0, 400, 50.0)
    place = np.stack([lon, lat]) * 111.2
    values = np.empty((len(depth), 250))
    for k, z in enumerate(depth):
        values[k] = signal(apart(place) / (50 if z < 200 else 150), seed + k)
    x = [np.tile(lon, len(depth)), np.tile(lat, len(depth)), np.repeat(depth, 250)]
    return x, values.ravel()


def test_horizontal_lengths_of_levels() -> None:
    x, values = stations()
    levels = np.arange(0, 400, 50.0)
    got = divand.fit_horizontal(x, values, levels, window=10, smoothing=0)
    assert got.raw.shape == got.length.shape == (8,)
    np.testing.assert_array_equal(got.length, got.raw)
    assert 30e3 < np.median(got.length[:4]) < 80e3
    assert 80e3 < np.median(got.length[4:]) < 250e3
    smoothed = divand.fit_horizontal(x, values, levels, window=10, smoothing=100)
    assert np.ptp(smoothed.length) < np.ptp(got.length)
    limited = divand.fit_horizontal(x, values, levels, window=lambda z: 10, limits=(60e3, 100e3))
    assert limited.length.min() >= 60e3
    assert limited.length.max() <= 100e3


def test_levels_without_data_take_the_length_of_neighbours() -> None:
    x, values = stations()
    with pytest.warns(divand.DivandWarning, match=r"1000, 2000 m \(2 of 3"):
        got = divand.fit_horizontal(x, values, [300, 1000, 2000], window=10, smoothing=0)
    assert np.isnan(got.raw[1:]).all()
    np.testing.assert_allclose(got.length, got.raw[0])
    with pytest.warns(divand.DivandWarning, match="Too few"):
        got = divand.fit_horizontal(x, values, [5000, 6000], guess=1e5)
    np.testing.assert_array_equal(got.length, 1e5)


def profiles(length: float, seed: int) -> tuple:
    random = np.random.default_rng(seed)
    depth = np.arange(0, 1000, 10.0)
    drawn = [signal(np.abs(depth[:, None] - depth) / length, 1000 * seed + k) for k in range(60)]
    lon, lat = random.uniform(0, 20, (2, 60))
    x = [np.repeat(lon, 100), np.repeat(lat, 100), np.tile(depth, 60)]
    return x, np.ravel(drawn)


def test_vertical_lengths_of_levels() -> None:
    """A level of 60 profiles scatters by a factor of two; the median is within a third."""
    levels = [200, 400, 600, 800]
    fits = [divand.fit_vertical(*profiles(60, k), levels, smoothing=0) for k in (1, 2, 3)]
    lengths = np.concatenate([fit.length for fit in fits])
    assert 45 < np.median(lengths) < 80
    assert 30 < lengths.min() <= lengths.max() < 135
    assert min(fit.quality.min() for fit in fits) > 0.7
    again = divand.fit_vertical(*profiles(60, 1), levels, smoothing=0)
    np.testing.assert_array_equal(again.length, fits[0].length)


def even_profiles() -> tuple:
    """Give profiles that differ from each other, but hardly with depth, down to 90 m."""
    x, _ = profiles(60, 1)
    x = [np.asarray(part).reshape(60, 100)[:, :10].ravel() for part in x]
    random = np.random.default_rng(5)
    return x, np.repeat(random.normal(0, 1, 60), 10) + random.normal(0, 0.3, 600)


def test_no_vertical_length_exceeds_the_depth_of_the_water() -> None:
    levels = [20, 50]
    with pytest.warns(
        divand.DivandWarning, match=r"at 20, 50 m \(2 of 2 levels\) exceeds .* 90 m, and is taken"
    ):
        got = divand.fit_vertical(*even_profiles(), levels)
    assert got.raw.min() > 90
    assert got.length == pytest.approx(90)
    with pytest.warns(divand.DivandWarning, match=r"the water, 100 m"):
        got = divand.fit_vertical(*even_profiles(), levels, floor=100)
    assert got.length == pytest.approx(100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = divand.fit_vertical(*even_profiles(), levels, limits=(10, 60))
        assert got.length == pytest.approx(60)
        divand.fit_vertical(*profiles(60, 1), [200, 400])
    with pytest.raises(divand.DivandError, match="floor is -5"):
        divand.fit_vertical(*even_profiles(), levels, floor=-5)


def test_single_samples_have_no_vertical_length() -> None:
    x = [np.arange(50.0), np.zeros(50), np.full(50, 10.0)]
    with pytest.warns(divand.DivandWarning, match="10 m"):
        got = divand.fit_vertical(x, np.arange(50.0), [10], guess=30)
    assert got.length.tolist() == [30]


def test_levels_must_increase() -> None:
    with pytest.raises(divand.DivandError, match="levels must increase"):
        divand.fit_horizontal([[1.0]] * 3, [1.0], [10, 5])


def test_pairs_of_a_profile_are_of_one_place_and_two_samples() -> None:
    random = np.random.default_rng(0)
    place = random.integers(0, 5, 40)
    where = np.stack([place * 1.0, place * 0.0, random.uniform(0, 100, 40)])
    neighbours = Neighbours(where, 1000, "sphere")
    first = neighbours.with_company(np.arange(10))
    i, j = next(neighbours.pairs(first, 500, 0)())
    assert (place[i] == place[j]).all()
    assert (i != j).all()
    assert set(i.tolist()) <= set(range(10))
    for number in set(i.tolist()):
        others = set(np.flatnonzero(place == place[number]).tolist()) - {number}
        assert set(j[i == number].tolist()) == others


def test_smoothing_is_a_gaussian_far_from_the_ends() -> None:
    """The authors assert the same of theirs, within 1e-4."""
    z = np.linspace(-50, 50, 201)
    peak = np.zeros(201)
    peak[100] = 1
    got = smooth(z, peak, 10)
    wanted = 0.5 * np.exp(-(z**2) / 200) / np.sqrt(200 * np.pi)
    assert got.sum() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    np.testing.assert_allclose(smooth(z, np.ones(201), 10), 1)
