"""Means over areas and volumes, computed once more by hand."""

from __future__ import annotations

from pathlib import Path

import made_files
import numpy as np
import pytest
import xarray as xr

from sdcviz.errors import BadRequest
from sdcviz.products import open_product
from sdcviz.products.areas import cell_areas, points_in


def test_cells_cover_the_earth(data: Path) -> None:
    grid = open_product(data / "grid" / "levitus_climatology.cdf").grid()
    assert cell_areas(grid).sum() == pytest.approx(510.066e6, rel=1e-5)


@pytest.mark.parametrize("ready", [False, True])
def test_means_are_weighed_by_area(ours: Path, ready: bool) -> None:
    product = open_product(ours)
    product = product.prepare() if ready else product
    found = product.area((5, 41, 8, 43), mask=0.7)
    with xr.open_dataset(ours) as file:
        box = file.sel(lon=slice(5, 8), lat=slice(41, 43))
        field = box.Temperature.where(box.Temperature_relerr <= np.float32(0.7)).astype(float)
        half = np.radians(0.25)
        y = np.radians(box.lat)
        weights = np.sin(y + half) - np.sin(y - half)
        mean = field.weighted(weights).mean(("lon", "lat")).transpose("time", "depth")
        spread = field.weighted(weights).std(("lon", "lat")).transpose("time", "depth")
        np.testing.assert_allclose(found.value, mean, rtol=1e-6)
        np.testing.assert_allclose(found.spread, spread, rtol=1e-5)
        np.testing.assert_allclose(found.least, field.min(("lon", "lat")))
        np.testing.assert_allclose(found.most, field.max(("lon", "lat")))
        np.testing.assert_array_equal(found.points, field.count(("lon", "lat")))
    assert found.value.dims == ("time", "depth") and found.attrs["answer"] == "value"


def test_polygons_and_boxes_across_the_date_line(tmp_path: Path) -> None:
    lon, lat = np.arange(0.5, 360), np.arange(-9.5, 10)
    grid = open_product(made_files.write(tmp_path / "p.nc", lon=lon, lat=lat)).grid()
    inside = points_in(grid, (170, -5, -170, 5))
    assert inside.sum() == 20 * 10 and set(np.abs(grid.lon[inside.any(axis=0)]) > 169) == {True}
    triangle = points_in(grid, "0,0 4,0 0,4")
    assert triangle.sum() == 4 + 3 + 2 + 1  # points half way lie on its side
    for wrong in ("0,0 1,1", (1, 2, 3), "a,b c,d e,f", "0,0 4,4 4,0 0,4"):
        with pytest.raises(BadRequest, match="area"):
            points_in(grid, wrong)


def test_volumes(tmp_path: Path) -> None:
    product = open_product(made_files.write(tmp_path / "p.nc"))
    whole = product.census((2, 39, 7, 43), 0, classes=5)
    grid = product.grid()
    expected = cell_areas(grid).sum() * 0.07  # from the surface to 70 m
    assert float(whole.volume.sum()) == pytest.approx(expected)
    assert whole.attrs["volume_km3"] == pytest.approx(expected)
    warm = product.census((2, 39, 7, 43), 0, classes=[0, 14.9, 100])
    cells = np.array([5, 25, 40])[:, None, None] / 1000 * cell_areas(grid)[None]
    values = product.values("Temperature", 0)
    assert float(warm.volume[1]) == pytest.approx(cells[values >= 14.9].sum())
    with pytest.raises(BadRequest, match="have to increase"):
        product.census((2, 39, 7, 43), 0, classes=[3, 2])


def test_areas_without_values(ours: Path) -> None:
    product = open_product(ours)
    assert product.area((50, 41, 60, 43)).attrs["answer"] == "outside"
    land = product.area((2.8, 40, 3.2, 43))
    assert land.attrs["answer"] == "land" and np.isnan(land.value).all()
