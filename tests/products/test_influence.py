"""What made a value: weights against numbers by hand, and against analyses that were changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import k1
from scipy.stats import spearmanr

from sdcviz import divand
from sdcviz.products import open_product
from sdcviz.products.influence import Covariance, covariance_of, influence, local_weights
from sdcviz.products.lines import distance_km
from sdcviz.products.used import Used, used_of


def observations(lon: NDArray, lat: NDArray) -> Used:
    n = len(lon)
    return Used(
        np.asarray(lon, float), np.asarray(lat, float), np.zeros(n),
        np.full(n, np.datetime64("2001-07-01", "ms")), np.zeros(n), np.zeros(n),
        np.full(n, "1-a"), np.full(n, "cruise"), np.ones(n, np.int64),
    )  # fmt: skip


def test_one_observation_and_two_at_one_place_weigh_what_a_hand_computes() -> None:
    c = Covariance(100.0, 0.0, 0.5)
    r = float(distance_km(5.0, 40.0, 6.0, 40.0)) / 100
    one, correlation = local_weights((5.0, 40.0, None), observations([6.0], [40.0]), c)
    assert correlation == pytest.approx([r * k1(r)], rel=1e-6)
    assert one == pytest.approx([r * k1(r) / 1.5], rel=1e-6)
    # Two at one place share: (1 + 1 + 0.5) w = K(r)
    two, _ = local_weights((5.0, 40.0, None), observations([6.0, 6.0], [40.0, 40.0]), c)
    assert two == pytest.approx([r * k1(r) / 2.5] * 2, rel=1e-6)
    # As a cluster they count as one: the noise of each is doubled.
    clustered = Covariance(100.0, 0.0, 0.5, (10.0, 5.0, 10.0))
    both, _ = local_weights((5.0, 40.0, None), observations([6.0, 6.0], [40.0, 40.0]), clustered)
    assert both == pytest.approx([r * k1(r) / 3] * 2, rel=1e-6)


def test_weights_are_what_an_analysis_changes_by_when_an_observation_is_changed() -> None:
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(3, 7, 30), rng.uniform(38, 42, 30)
    axes = [np.linspace(0.0, 10.0, 41), np.linspace(35.0, 45.0, 51)]
    x, y = np.meshgrid(*axes, indexing="ij")
    mask = np.ones(x.shape, bool)
    metric = divand.sphere_metric(*axes)
    # Each column has one observation changed by one unit.
    changed = divand.analyse(
        mask, metric, (x, y), (lon, lat), np.eye(30), (120e3, 120e3), 0.4, solver="scipy"
    ).field
    o, c = observations(lon, lat), Covariance(120.0, 0.0, 0.4)
    for i, j in ((20, 25), (14, 19), (27, 30)):
        true = changed[i, j]
        made, _ = local_weights((axes[0][i], axes[1][j], None), o, c)
        assert spearmanr(made, true).statistic > 0.95
        assert np.abs(made - true).max() < 0.06 * np.abs(true).max()


def test_a_product_tells_its_lengths_and_its_observations(analysed: Path) -> None:
    product = open_product(analysed)
    used = used_of(product, 6)
    grid = product.grid()
    k = int(np.abs(used.depth - 20).argmin())
    where = float(used.lon[k]), float(used.lat[k]), float(grid.depth[1])
    c = covariance_of(product, where[2], 6)
    assert c is not None
    assert c.source == "the recipe of the product"
    found = influence(product, *where, 6, used, c)
    weight = found["weight"].to_numpy()
    assert 0 < len(weight) <= found.attrs["total"]
    assert (np.diff(np.abs(weight)) <= 1e-12).all()
    assert float(found["lengths"].max()) <= 3
    nearest = found.isel(observation=int(found["lengths"].to_numpy().argmin()))
    assert abs(float(nearest["observed"]) - used.value[k]) < 1e-6 or float(nearest["lengths"]) < 0.5
    assert str(nearest["id"].item())
