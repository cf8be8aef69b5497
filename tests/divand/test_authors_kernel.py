"""Assertions of the authors' tests: the kernel, and single observations."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
from scipy.special import kv

from sdcviz import divand

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


def cube(n: int, size: int) -> tuple:
    return divand.rectangle(*[np.linspace(0, 1, size)] * n)


def test_the_kernel_in_two_dimensions() -> None:
    kernel = divand.Kernel.of(2, [1, 2, 1])
    assert kernel.mu == pytest.approx(4 * pi, rel=1.5e-8)
    assert kernel(0) == 1
    assert kernel(1) == pytest.approx(kv(1, 1), rel=1.5e-8)
    assert kernel(kernel.len_scale) == pytest.approx(kv(1, 1), abs=1e-6)


@pytest.mark.parametrize(("n", "low", "high"), [(1, 0.45, 0.55), (2, 0.45, 0.55), (3, 0.4, 0.6)])
def test_one_observation_of_error_1_gives_half(n: int, low: float, high: float) -> None:
    got = divand.analyse(*cube(n, 20), [[0.5]] * n, [1.0], 0.2, 1.0)
    assert low <= got.field.max() <= high


@pytest.mark.parametrize(("alpha", "low", "high"), [([2, 4, 2], 0.47, 0.53), ([1, 0, 1], 0.4, 0.6)])
def test_other_coefficients(alpha: list[int], low: float, high: float) -> None:
    got = divand.analyse(*cube(2, 50), [[0.5]] * 2, [1.0], 0.2, 1.0, alpha=alpha)
    assert low <= got.field.max() <= high


@pytest.mark.parametrize(
    ("alpha", "scaled", "within"),
    [([1, 2, 1], True, 1e-2), ([1, 3, 3, 1], True, 1e-2), ([1, 0, 1], False, 0.5)],
)
def test_a_point_spreads_like_the_kernel(alpha: list[int], scaled: bool, within: float) -> None:
    axis = np.linspace(-1, 1, 101)
    mask, pmn, xi = divand.rectangle(axis, axis)
    got = divand.analyse(mask, pmn, xi, ([0], [0]), [2.0], 0.2, 1, alpha=alpha, scale_len=scaled)
    kernel = divand.Kernel.of(2, alpha)
    wanted = kernel(kernel.len_scale * np.hypot(*xi) / 0.2)
    # Julia's isapprox of arrays compares their norms.
    off = np.linalg.norm(got.field - wanted)
    assert off <= within * max(np.linalg.norm(got.field), np.linalg.norm(wanted))


def test_lengths_and_metrics_that_vary() -> None:
    mask, pmn, xi = divand.rectangle(np.linspace(0, 6, 15), np.linspace(0, 5, 15))
    x, f = ([2, 3, 4], [2, 3, 4]), np.ones(3)
    assert 0.59 < divand.analyse(mask, pmn, xi, x, f, 1, 1).field.max() < 0.7
    assert 0.59 < divand.analyse(mask, pmn, xi, x, f, (0.5, 1.5), 1).field.max() < 0.7
    pmn = tuple(pm / (1 + along / 5) for pm, along in zip(pmn, xi, strict=True))
    lengths = (0.5 + xi[1] / 5, 0.5 + xi[0] / 5)
    assert 0.63 < divand.analyse(mask, pmn, xi, x, f, lengths, 1).field.max() < 0.7


@pytest.mark.parametrize(
    ("alpha", "high"),
    [([2, 4, 2], 0.6), ([0, 2, 1], 0.65), ([1, 0, 1], 0.6), ([1, 2, 1], 0.6), (None, 0.6)],
)
def test_seminorms_in_one_dimension(alpha: list[int] | None, high: float) -> None:
    x = np.linspace(0, 1, 7)
    domain = divand.rectangle(np.linspace(-0.1, 1.1, 100))
    got = divand.analyse(*domain, (x,), np.sin(3 * pi * x), 0.05, 1, alpha=alpha)
    assert 0.4 < got.field.max() < high


def test_the_error_is_least_at_the_observation() -> None:
    domain = cube(2, 9)
    for method in ("exact", "cpme"):
        error = divand.analyse(*domain, ([0.5], [0.5]), [1.0], 0.6, 1, error=method).error
        assert error is not None
        assert np.unravel_index(np.argmin(error), error.shape) == (4, 4)
