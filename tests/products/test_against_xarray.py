"""Every extraction equals what xarray reads and interpolates from the file, on every product."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import reference
import xarray as xr
from reference import GRIDS, around, at_sea, same, window

from sdcviz.products import Product, open_product

OURS = {
    "ours": ("Temperature", ("time", "depth", "lat", "lon")),
    "analysed": ("temperature", ("time", "depth", "lat", "lon")),
    "dtm": ("elevation", ("lat", "lon")),
}
PLACES = 5


class Case:
    """A product, from its file and prepared, and its field by xarray."""

    def __init__(self, path: Path, variable: str, dims: tuple[str, ...]) -> None:
        self.path, self.variable = path, variable
        self.field = reference.field(path, variable, dims)
        self.plain, self.prepared = open_product(path), open_product(path).prepare()
        assert self.prepared.prepared
        self.wide = around(self.field) if self.plain.grid(variable).around else self.field
        random = np.random.default_rng(7)
        box = self.plain.grid(variable).box
        self.places = [(random.uniform(box[0], box[2]), random.uniform(box[1], box[3]))
                       for _ in range(PLACES)]  # fmt: skip

    @property
    def both(self) -> tuple[Product, Product]:
        return self.plain, self.prepared


ALL = [*OURS, *GRIDS]
TIMED = ["ours", "analysed", "ocean_atlas_subset.nc", "coads_climatology.cdf"]
DEEP = ["ours", "analysed", "ocean_atlas_subset.nc", "levitus_climatology.cdf"]
_CASES: dict[str, Case] = {}


@pytest.fixture
def case(request: pytest.FixtureRequest, data: Path) -> Case:
    if request.param not in _CASES:
        _CASES[request.param] = _make(request.param, request, data)
    return _CASES[request.param]


def _make(name: str, request: pytest.FixtureRequest, data: Path) -> Case:
    if name in GRIDS:
        return Case(data / "grid" / name, *GRIDS[name])
    dtm = data / "derived" / "dtm_layout_etopo5_med_blacksea.nc"
    path = dtm if name == "dtm" else request.getfixturevalue(name)
    return Case(path, *OURS[name])


@pytest.mark.parametrize("case", ALL, indirect=True)
def test_axes_are_those_of_the_file(case: Case) -> None:
    grid = case.plain.grid(case.variable)
    np.testing.assert_allclose(grid.lon, case.field.lon, atol=2e-5)
    np.testing.assert_allclose(grid.lat, case.field.lat, atol=1e-9)
    assert grid.has_depth == ("depth" in case.field.dims)
    assert grid.has_time == ("time" in case.field.dims)
    if grid.has_depth:
        np.testing.assert_array_equal(grid.depth, case.field.depth)
    assert case.plain.named() in case.plain.variables


@pytest.mark.parametrize("case", ALL, indirect=True)
def test_maps(case: Case) -> None:
    grid, field = case.plain.grid(case.variable), case.field
    for product in case.both:
        for t in {0, grid.shape[0] - 1}:
            for z in {0, grid.shape[1] - 1}:
                here = field.isel(time=t) if grid.has_time else field
                here = here.isel(depth=z) if grid.has_depth else here
                depth = float(grid.depth[z]) if grid.has_depth else None
                layer = product.layer(depth, t, variable=case.variable)
                np.testing.assert_array_equal(layer.values, here.values)


def _profile(field: xr.DataArray, t: int) -> xr.DataArray:
    return field.isel(time=t) if "time" in field.dims else field


@pytest.mark.parametrize("case", DEEP, indirect=True)
def test_profiles_are_xarrays_interpolation(case: Case) -> None:
    grid = case.plain.grid(case.variable)
    seen = 0
    for product in case.both:
        for k, (lon, lat) in enumerate(case.places):
            t = k % grid.shape[0]
            found = product.profile(lon, lat, t, variable=case.variable)
            here = _profile(case.wide, t)
            same(found.value, at_sea(here, lon, lat))
            # Where all points around are sea, that is plain bilinear interpolation.
            plain = window(here, lon, lat).interp(lon=lon, lat=lat).values
            known = np.isfinite(plain)
            same(found.value.values[known], plain[known])
            seen += known.sum()
            nearest = product.profile(lon, lat, t, variable=case.variable, interpolation="nearest")
            same(nearest.value, here.sel(lon=lon, lat=lat, method="nearest"))
    assert seen > 4


@pytest.mark.parametrize("case", TIMED, indirect=True)
def test_time_series_between_levels(case: Case) -> None:
    grid = case.plain.grid(case.variable)
    for product in case.both:
        for lon, lat in case.places:
            if not grid.has_depth:
                found = product.timeseries(lon, lat, variable=case.variable)
                same(found.value, at_sea(case.wide, lon, lat))
                continue
            depth = float(grid.depth[1]) * 0.3 + float(grid.depth[2]) * 0.7
            found = product.timeseries(lon, lat, depth, variable=case.variable)
            around_it = window(case.wide, lon, lat)
            line = around_it.interp(lon=lon, lat=lat, depth=depth).values
            known = np.isfinite(line)
            same(found.value.values[known], line[known])
            at_level = product.timeseries(lon, lat, float(grid.depth[2]), variable=case.variable)
            same(at_level.value, at_sea(case.wide.isel(depth=2), lon, lat))


@pytest.mark.parametrize("case", TIMED, indirect=True)
def test_hovmoller_diagrams(case: Case) -> None:
    grid = case.plain.grid(case.variable)
    lon, lat = case.places[0]
    depth = float(grid.depth[1]) if grid.has_depth else None
    level = case.wide.isel(depth=1) if grid.has_depth else case.wide
    for product in case.both:
        if grid.has_depth:
            found = product.hovmoller(lon, lat, variable=case.variable)
            assert found.value.dims == ("time", "depth")
            same(found.value, at_sea(case.wide, lon, lat))
        row = product.hovmoller(lat=float(grid.lat[2]), depth=depth, variable=case.variable)
        own = level.sel(lon=grid.lon, method="nearest").isel(lat=2)
        same(row.value, own.transpose("time", "lon"))
        column = product.hovmoller(lon=float(grid.lon[3]), depth=depth, variable=case.variable)
        own = level.sel(lon=grid.lon[3], method="nearest")
        same(column.value, own.transpose("time", "lat"))
        line = product.hovmoller(
            line=case.places[:2], depth=depth, points=4, variable=case.variable
        )  # fmt: skip
        for k in range(4):
            x, y = float(line.lon[k]), float(line.lat[k])
            same(line.value[:, k], at_sea(level, _west(grid, x), y))


def _west(grid, lon: float) -> float:
    return lon if grid.lon[0] - 1e-9 <= lon else lon + 360


@pytest.mark.parametrize("case", DEEP, indirect=True)
def test_sections(case: Case) -> None:
    grid = case.plain.grid(case.variable)
    for product in case.both:
        found = product.section(case.places[:3], 0, points=8, variable=case.variable)
        here = _profile(case.wide, 0)
        for k in range(8):
            x, y = float(found.lon[k]), float(found.lat[k])
            same(found.value[k], at_sea(here, _west(grid, x), y))
        known = np.isfinite(found.value.values)
        deepest = np.where(known, grid.depth, -1).max(axis=1)
        same(found.bottom, np.where(deepest < 0, np.nan, deepest))


@pytest.mark.parametrize("case", ALL, indirect=True)
def test_observations(case: Case) -> None:
    """Of many places, each is what the series at that place and depth says."""
    grid = case.plain.grid(case.variable)
    random = np.random.default_rng(3)
    n = 100
    west, south, east, north = grid.box
    lon, lat = random.uniform(west, east, n), random.uniform(south - 2, north + 2, n)
    lat = np.clip(lat, -90, 90)
    depth = random.uniform(-5, grid.depth[-1] * 1.1, n) if grid.has_depth else None
    time = np.datetime64("2000-01-05", "ms") + random.integers(0, 85, n) * np.timedelta64(1, "D")
    kwargs = {"lon": lon, "lat": lat, "depth": depth, "time": time, "variable": case.variable}
    found = case.prepared.at(**kwargs)
    slow = case.plain.at(**kwargs)
    np.testing.assert_array_equal(found.value, slow.value)
    np.testing.assert_array_equal(found.answer, slow.answer)
    for k in range(0, n, 10):
        z = None if depth is None else depth[k]
        step = int(grid.times.steps(time[k : k + 1])[0])
        if grid.has_time:
            series = case.prepared.timeseries(lon[k], lat[k], z, variable=case.variable)
            expected = series.value.values[step] if step >= 0 else np.nan
            same(found.value[k], expected)
        elif not grid.has_depth:
            inside = (south - 0.5 <= lat[k] <= north + 0.5)  # fmt: skip
            assert inside or found.answer[k] == 1
            if south <= lat[k] <= north:
                same(found.value[k], at_sea(case.wide, lon[k], lat[k]))


def test_error_and_masks_are_those_of_the_file(ours: Path) -> None:
    plain, prepared = open_product(ours), open_product(ours).prepare()
    with xr.open_dataset(ours) as file:
        for product in (plain, prepared):
            for t in range(3):
                for label in ("L1", "L2"):
                    layer = product.layer(10, t, mask=label)
                    expected = file[f"Temperature_{label}"].isel(time=t, depth=1)
                    np.testing.assert_array_equal(layer, expected)
                shown = product.layer(10, t, mask=0.8)
                relerr = file.Temperature_relerr.isel(time=t, depth=1)
                expected = file.Temperature.isel(time=t, depth=1).where(relerr <= np.float32(0.8))
                np.testing.assert_array_equal(shown, expected)
                error = product.layer(10, t, what="error")
                np.testing.assert_array_equal(error, relerr)
            # A column at a grid point, masked as the file's copy.
            x, y = float(file.lon[4]), float(file.lat[5])
            found = product.profile(x, y, 1, mask="L1")
            same(found.value, file.Temperature_L1.isel(time=1, lat=5, lon=4))
            same(found.error, file.Temperature_relerr.isel(time=1, lat=5, lon=4).where(
                np.isfinite(file.Temperature_L1.isel(time=1, lat=5, lon=4))
            ))  # fmt: skip
            at = product.at(lon=[x], lat=[y], depth=[10], time=["2000-02-16"], mask=0.0)
            assert int(at.answer[0]) == 3 and np.isnan(at.value[0])
