"""A product at one station: the same numbers as for observations anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz.errors import BadRequest
from sdcviz.products import open_product
from sdcviz.products.deviation import deviation_of
from sdcviz.products.station import at_station

DEPTH = np.array([-3.0, 0, 4, 12.5, 30, 77, 400, 9000, np.nan])
NEVER = np.datetime64("NaT")


@pytest.mark.parametrize("mask", [None, 0.3])
def test_samples_get_what_observations_get(ours: Path, mask: float | None) -> None:
    product = open_product(ours)
    grid = product.grid()
    rng = np.random.default_rng(4)
    answers = set()
    for lon, lat, month in zip(
        rng.uniform(grid.lon[0] - 1, grid.lon[-1] + 1, 40),
        rng.uniform(grid.lat[0] - 1, grid.lat[-1] + 1, 40),
        rng.integers(1, 4, 40),
        strict=True,
    ):
        time = np.datetime64(f"2003-{month:02}-10")
        k = int(month) - 1
        said = at_station(product, lon, lat, time, DEPTH, mask=mask)
        n = len(DEPTH)
        where = {"lon": np.full(n, lon), "lat": np.full(n, lat), "time": np.full(n, time)}
        expected = product.at(depth=DEPTH, mask=mask, **where)
        np.testing.assert_allclose(said.samples, expected["value"], rtol=1e-6)
        profile = product.profile(lon, lat, k, mask=mask)
        np.testing.assert_array_equal(said.value, profile["value"])
        assert (said.label, said.answer) == (grid.times.labels[k], profile.attrs["answer"])
        spread = deviation_of(product)
        assert spread is not None
        np.testing.assert_allclose(said.off, spread.values[k] * np.sqrt(profile["error"]))
        answers.add(said.answer)
    assert {"value", "outside"} <= answers


def test_what_belongs_to_no_time_step_is_told(ours: Path) -> None:
    product = open_product(ours)
    grid = product.grid()
    here = float(grid.lon[len(grid.lon) // 2]), float(grid.lat[len(grid.lat) // 2])
    with pytest.raises(BadRequest, match="no time of"):
        at_station(product, *here, NEVER, DEPTH)
    with pytest.raises(BadRequest, match="no depths"):
        at_station(
            product, *here, np.datetime64("2003-02-10"), DEPTH, variable="Temperature_deepest"
        )
