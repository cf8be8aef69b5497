"""Expected misfits against analyses whose statistics are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sdcviz.reviews.drawn import Drawn
from sdcviz.reviews.expected import spread


@pytest.mark.parametrize("epsilon2", [0.1, 1.0])
def test_residuals_spread_as_expected(epsilon2):
    """Optimal analyses of drawn fields, at observations that they used and at others."""
    random = np.random.default_rng(3)
    place, draws, sd = np.sort(random.uniform(0, 10, 60)), 4000, 1.7
    covariance = sd**2 * np.exp(-((place[:, None] - place) ** 2) / 2)
    truth = np.linalg.cholesky(covariance + 1e-9 * np.eye(60)) @ random.normal(size=(60, draws))
    observed = truth + sd * np.sqrt(epsilon2) * random.normal(size=truth.shape)
    used = np.arange(60) % 3 > 0
    own = covariance[np.ix_(used, used)] + epsilon2 * sd**2 * np.eye(used.sum())
    gain = np.linalg.solve(own, covariance[used]).T
    residual = observed - gain @ observed[used]
    error = np.diag(covariance - gain @ covariance[used]) / sd**2
    expected = spread(error, np.full(60, epsilon2), np.full(60, sd**2), used)
    assert residual.std(axis=1) == pytest.approx(expected, rel=0.05)
    off = np.abs(residual) / expected[:, None]
    for some in (used, ~used):
        assert np.mean(off[some] <= 1) == pytest.approx(0.683, abs=0.01)
        assert np.mean(off[some] <= 2) == pytest.approx(0.954, abs=0.01)
    # As if none had been used, the share is too good.
    wrong = spread(error, np.full(60, epsilon2), np.full(60, sd**2), np.zeros(60, bool))
    assert np.mean(np.abs(residual) <= wrong[:, None]) > 0.72


def test_a_cruise_is_taken_out_of_a_product():
    """At one place the analysis without a cruise is known."""
    observed = np.array([3.0, 2.5, 3.5, 0.2, -0.2])
    cruise, epsilon2 = np.arange(5) < 3, 0.5
    value = observed.sum() / (5 + epsilon2)
    zero = np.zeros(5, np.int64)
    samples = SimpleNamespace(
        lon=zero + 5.0, lat=zero + 40.0, level=zero, step=zero, used=np.ones(5, bool),
        error=np.full(5, epsilon2 / (5 + epsilon2)),
    )  # fmt: skip
    left = Drawn(samples, 100_000.0).without(cruise, observed - value)
    assert left == pytest.approx(observed - observed[3:].sum() / (2 + epsilon2))
