"""A product at observations: of a collection, a table or arrays."""

from __future__ import annotations

from pathlib import Path

import analysis_runs
import made_files
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from reference import same

from sdcviz import import_files, open_collection
from sdcviz.errors import BadRequest
from sdcviz.products import open_product


def test_residuals_of_a_collection(analysed: Path, tmp_path: Path) -> None:
    """Casts become a collection; the product is compared with what they observed."""
    seen = analysis_runs.scatter(60, seed=9)
    table = pd.DataFrame(
        {"time": np.datetime_as_string(seen.time, "s"), "lon": seen.lon, "lat": seen.lat,
         "depth": seen.depth, "temperature [degC]": seen.value}
    )  # fmt: skip
    table.to_csv(tmp_path / "casts.csv", index=False)
    import_files([tmp_path / "casts.csv"], tmp_path / "c")
    collection = open_collection(tmp_path / "c")
    product = open_product(analysed)
    for given in (collection, collection.where(), collection.where().samples("temperature")):
        found = product.at(given)
        assert found.sizes["observation"] == 60
        inside = found.answer == 0
        assert inside.sum() > 20
        np.testing.assert_allclose(found.residual, found.observed - found.value)
        # Close to what was observed, and closer than the mean of all.
        off, spread = found.residual.where(inside), found.observed.where(inside)
        assert float(off.std()) < 0.7 * float(spread.std())
    with pytest.raises(Exception, match="salinity"):
        product.at(collection, parameter="salinity")


def test_linear_in_time_is_xarrays_interpolation(tmp_path: Path) -> None:
    path = made_files.write(tmp_path / "p.nc", time=np.arange(5) * 30.0)
    random = np.random.default_rng(1)
    n = 50
    where = {
        "lon": random.uniform(3, 6, n),
        "lat": random.uniform(40, 42, n),
        "depth": random.uniform(0, 50, n),
        "time": np.datetime64("2001-01-02", "ns")
        + (random.uniform(0, 110, n) * 86400e9).astype("timedelta64[ns]"),
    }
    with xr.open_dataset(path) as file:
        points = {k: xr.DataArray(v, dims="p") for k, v in where.items()}
        expected = file.Temperature.interp(points).values
    assert np.isfinite(expected).all()
    for product in (open_product(path), open_product(path).prepare()):
        found = product.at(**where, time_interpolation="linear")
        same(found.value, expected)
        assert found.attrs["time_interpolation"] == "linear"


def test_answers(ours: Path) -> None:
    product = open_product(ours)
    found = product.at(
        lon=[5, 5, 5, 3, 9, 5, np.nan], lat=[41, 41, 60, 41, 43, 41, 41],
        depth=[10, 900, 10, 10, 50, np.nan, 10], time=["2000-01-16"] * 7,
    )  # fmt: skip
    meanings = found.answer.attrs["flag_meanings"].split()
    words = [meanings[k] for k in found.answer.values]
    assert words == ["value", "outside", "outside", "land", "land", "outside", "outside"]
    assert np.isfinite(found.value.values[0]) and np.isnan(found.value.values[1:]).all()
    assert product.at(lon=[], lat=[], depth=[], time=[]).sizes["observation"] == 0


def test_what_can_not_be_collocated(ours: Path) -> None:
    product = open_product(ours)
    with pytest.raises(BadRequest, match="need lon and lat"):
        product.at(pd.DataFrame({"x": [1]}))
    with pytest.raises(BadRequest, match="depth has 1 values and lon 2"):
        product.at(lon=[1, 2], lat=[1, 2], depth=[1], time=["2000-01-01"] * 2)
    with pytest.raises(BadRequest, match="take the nearest in time"):
        product.at(lon=[5], lat=[41], depth=[1], time=["2000-01-01"], time_interpolation="linear")
