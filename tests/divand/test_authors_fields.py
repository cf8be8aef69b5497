"""Assertions of the authors' tests: places, fields of known shape, and the dense formula."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator
from scipy.sparse import diags_array
from stable_random import StableRandom

from sdcviz import divand

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


def lattice(n: int, size: int, end: float) -> list[np.ndarray]:
    axis = np.linspace(end, 1 - end, size)
    return [a.ravel() for a in np.meshgrid(*[axis] * n, indexing="ij")]


@pytest.mark.parametrize("kind", ["number", "vector", "diagonal", "tridiagonal"])
def test_the_analysis_is_the_dense_formula(kind: str) -> None:
    axis = np.linspace(-1, 1, 10)
    domain = divand.rectangle(axis, axis)
    x = lattice(2, 10, 1e-10)
    f = np.sin(6 * x[0]) * np.cos(6 * x[1])
    vary = np.sin(4 * x[0]) + 2
    error = {
        "number": 0.05,
        "vector": vary,
        "diagonal": np.diag(vary),
        "tridiagonal": diags_array(
            [np.ones(99), np.full(100, 4.0), np.ones(99)], offsets=[-1, 0, 1]
        ).toarray(),
    }[kind]
    got = divand.analyse(*domain, x, f, 0.15, error, error="exact")
    assert got.system is not None
    h = got.system.observations.operator.toarray()
    r = np.eye(100) * error if np.ndim(error) < 2 else error
    weighted = np.linalg.solve(r, h).T
    p = np.linalg.inv(got.system.background.precision.toarray() + weighted @ h)
    np.testing.assert_allclose(got.field.ravel(), p @ weighted @ f, rtol=1.5e-8, atol=1e-10)
    np.testing.assert_allclose(got.error.ravel(), np.diagonal(p), rtol=1.5e-8)


def test_a_periodic_dimension_has_no_seam() -> None:
    domain = divand.rectangle(np.arange(2.0, 359, 4), np.arange(-88.0, 89, 4), moddim=[360, 0])
    got = divand.analyse(*domain, ([360, 180], [0, 0]), [1, 1], 5, 1e-4, moddim=[360, 0])
    np.testing.assert_allclose(np.roll(got.field, 45, axis=0), got.field, rtol=1.5e-8, atol=1e-12)


def test_an_observation_beside_land_counts_fully() -> None:
    mask, pmn, xi = divand.rectangle(range(3), range(3))
    mask[:] = False
    mask[1, 1] = True
    n = 10_000
    got = divand.analyse(mask, pmn, xi, (np.full(n, 1.99), np.ones(n)), np.ones(n), 0.15, 1)
    assert got.field[1, 1] == pytest.approx(1, abs=1e-3)


def test_observations_outside_or_on_land_have_no_influence() -> None:
    axis = np.linspace(0, 1, 100)
    mask, pmn, xi = divand.rectangle(axis, axis)
    alone = divand.analyse(mask, pmn, xi, ([0.5], [0.5]), [1.0], 0.15, 0.05)
    outside = divand.analyse(mask, pmn, xi, ([0.5, 2.2], [0.5, 0.5]), [1.0, 1.0], 0.15, 0.05)
    np.testing.assert_array_equal(outside.field, alone.field)
    mask[-41:] = False
    alone = divand.analyse(mask, pmn, xi, ([0.5], [0.5]), [1.0], 0.15, 0.05)
    on_land = divand.analyse(mask, pmn, xi, ([0.5, 0.9], [0.5, 0.5]), [1.0, 1.0], 0.15, 0.05)
    np.testing.assert_array_equal(on_land.field, alone.field)


def test_a_field_in_three_dimensions() -> None:
    def truth(x, y, z):
        return np.sin(6 * x) * np.cos(6 * y) * np.sin(6 * z)

    mask, pmn, xi = divand.rectangle(*[np.linspace(0, 1, 15)] * 3)
    x = lattice(3, 10, np.finfo(float).eps)
    got = divand.analyse(mask, pmn, xi, x, truth(*x), 0.1, 0.01, alphabc=0)
    assert np.sqrt(np.mean((got.field - truth(*xi)) ** 2)) < 0.04


def test_a_field_in_four_dimensions() -> None:
    def truth(*x):
        return np.prod([np.sin(np.pi * a) for a in x], axis=0)

    mask, pmn, xi = divand.rectangle(*[np.linspace(0, 1, 7)] * 4)
    x = lattice(4, 5, np.finfo(float).eps)
    got = divand.analyse(mask, pmn, xi, x, truth(*x), 0.12, 0.1)
    assert np.sqrt(np.mean((got.field - truth(*xi)) ** 2)) < 0.012


def interpolated(x: list[np.ndarray], f: np.ndarray, axes: list | None, at: list[float]) -> float:
    """Analyse on a grid made for the data, as DIVAndfun does, and interpolate."""
    n, size = len(x), 5 * round(len(f) ** (1 / len(x)))
    reach = np.ones(n)
    if axes is None:
        wide = [np.ptp(a) * 1e-4 for a in x]
        ends = [(a.min() - w, a.max() + w) for a, w in zip(x, wide, strict=True)]
        axes = [np.linspace(*end, size) for end in ends]
        reach = np.array([high - low for low, high in ends])
    got = divand.analyse(*divand.rectangle(*axes), x, f - f.mean(), tuple(reach / size * 4), 0.1)
    return float(RegularGridInterpolator(axes, got.field)(at)[0] + f.mean())


def test_functions_made_of_random_data(data: Path) -> None:
    about = json.loads((data / "divand_reference/julia_divandfun.json").read_text())["expected"]
    random = StableRandom(123)
    cases = [(2, None, [0.5, 0.5]), (1, None, [0.5]), (1, [np.arange(11) / 10], [0.1])]
    for (n, axes, at), wanted in zip(cases, about.values(), strict=True):
        x = [random.rand(10) for _ in range(n)]
        assert interpolated(x, random.rand(10), axes, at) == pytest.approx(wanted, rel=1.5e-8)


def test_the_spacing_of_uneven_axes() -> None:
    got = divand.resolution([0, 10, 20, 100, 200, 500])
    np.testing.assert_array_equal(got, [10, 10, 45, 90, 200, 300])


@pytest.mark.parametrize(
    ("axes", "x", "moddim", "wanted"),
    [
        ([2.0 * np.arange(1, 11)], [[4]], None, [[1]]),
        ([2.0 * np.arange(1, 6), np.arange(1.0, 7)], [[3, 4], [3, 5]], None, [[0.5, 1], [2, 4]]),
        ([np.arange(11.0), np.arange(3.0)], [[10.5], [1]], [11, 0], [[10.5], [1]]),
        # The authors say -1 where we say NaN.
        ([np.linspace(0.5, 1, 50), np.linspace(0, 1, 30)], [[0.2], [0.5]], None, [[np.nan]] * 2),
    ],
)
def test_places_on_a_grid(axes: list, x: list, moddim: list | None, wanted: list) -> None:
    """Indices from 0; the authors count from 1."""
    mask, pmn, xi = divand.rectangle(*axes, moddim=moddim)
    background = divand.Background(mask, pmn, xi, 1.0, moddim=moddim, alphabc=0)
    got = divand.fractional_indices(background, x)
    if np.isnan(wanted).any():
        assert np.isnan(got).any(axis=0).all()
    else:
        np.testing.assert_allclose(got, wanted, rtol=1.5e-8)
