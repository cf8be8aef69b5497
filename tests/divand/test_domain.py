"""Grid, mask and metric from bathymetries of any layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from sdcviz import divand

MED_LON = np.arange(-5, 36.1, 0.25)
MED_LAT = np.arange(30.5, 46.1, 0.25)
FILES = [
    "grid/diva_bath.nc",
    "grid/etopo20.cdf",
    "grid/etopo40.cdf",
    "derived/dtm_layout_etopo5_med_blacksea.nc",
]
SEAS = [(5, 40), (18.5, 36), (33, 33.5), (-4, 36), (15, 43)]
LANDS = [(2, 45.5), (30, 39), (10, 33), (20, 42)]


def near(axis: np.ndarray, value: float) -> int:
    return int(np.argmin(abs((axis - value + 180) % 360 - 180)))


@pytest.mark.parametrize("file", FILES)
def test_sea_and_land_of_real_bathymetries(data: Path, file: str) -> None:
    domain = divand.make_domain(MED_LON, MED_LAT, [0, 100, 1500], bathymetry=data / file)
    for lon, lat in SEAS:
        assert domain.mask[near(MED_LON, lon), near(MED_LAT, lat), 0], (lon, lat)
    for lon, lat in LANDS:
        assert not domain.mask[near(MED_LON, lon), near(MED_LAT, lat)].any(), (lon, lat)
    share = domain.mask.mean(axis=(0, 1))
    assert 0.44 < share[0] < 0.5  # known size of the Mediterranean in this box
    assert share[0] > share[1] > share[2] > 0.15
    # The Ionian abyssal plain is some 4000 m deep; no file may turn it into a mountain.
    assert domain.floor is not None
    assert 3500 < domain.floor[near(MED_LON, 19), near(MED_LAT, 35.5)] < 4300
    assert "positive up" in domain.about


@pytest.mark.parametrize("file", FILES[:3])
@pytest.mark.parametrize("first", [-180, -30, 0, 20, 300])
def test_global_grids_in_any_turn_agree(data: Path, file: str, first: int) -> None:
    lat = np.arange(-70, 85, 5.0)
    want = divand.make_domain(np.arange(-180.0, 180, 5), lat, bathymetry=data / file)
    lon = first + np.arange(0.0, 360, 5)
    got = divand.make_domain(lon, lat, bathymetry=data / file)
    assert got.moddim == (360.0, 0.0)
    moved = np.roll(want.mask, -int((first + 180) / 5), axis=0)
    np.testing.assert_array_equal(got.mask, moved)
    np.testing.assert_allclose(got.pmn[0], want.pmn[0], rtol=1e-10)


def write(
    path: Path,
    lon: np.ndarray,
    lat: np.ndarray,
    values: np.ndarray,
    *,
    name: str = "bat",
    names: tuple[str, str] = ("lon", "lat"),
    units: tuple[str, str] = ("degrees_east", "degrees_north"),
    order: str = "yx",
    **attributes: Any,
) -> Path:
    """Write a bathymetry; `values` are (lon, lat)."""
    with netCDF4.Dataset(path, "w") as file:
        for key, unit, axis in zip(names, units, (lon, lat), strict=True):
            file.createDimension(key, axis.size)
            variable = file.createVariable(key, "f8", (key,))
            variable[:] = axis
            if unit:
                variable.units = unit
        dims = names if order == "xy" else names[::-1]
        variable = file.createVariable(name, "f4", dims, fill_value=-32768.0)
        variable.setncatts(attributes)
        variable[:] = values if order == "xy" else values.T
    return path


def hill(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Depths with an island of height at 10 E, 40 N."""
    apart = np.hypot((lon[:, None] + 180) % 360 - 180 - 10, lat - 40)
    return 3000 - 3500 * np.exp(-((apart / 2) ** 2))


LON, LAT = np.arange(4, 16.1, 0.5), np.arange(35, 45.1, 0.5)
GRID = np.arange(5, 15.1, 0.5), np.arange(36, 44.1, 0.5)
LAYOUTS: list[dict[str, Any]] = [
    {"standard_name": "sea_floor_depth_below_geoid"},
    {"order": "xy", "positive": "down"},
    {"name": "deptho", "names": ("x", "y"), "units": ("", "")},
    {"name": "Depth", "names": ("LONGITUDE", "LATITUDE"), "units": ("degree_E", "degree_N")},
    {"name": "elevation", "up": True},
    {"name": "z", "long_name": "relief", "up": True, "order": "xy"},
    {"name": "Band1", "standard_name": "height_above_mean_sea_level", "up": True},
    {"name": "topo", "units": ("degrees", "degrees"), "up": True},
    {"name": "km", "standard_name": "depth", "km": True},
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("west", [0, 360])
@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1)])
def test_every_layout_gives_the_same_domain(
    tmp_path: Path, layout: dict[str, Any], west: int, flip: tuple[int, int]
) -> None:
    layout = dict(layout)
    lon, lat = LON[:: flip[0]], LAT[:: flip[1]]
    values = -hill(lon, lat) if layout.pop("up", False) else hill(lon, lat)
    path = tmp_path / "b.nc"
    km = layout.pop("km", False)
    write(path, lon + west, lat, values / (1000 if km else 1), **layout)
    if km:
        with netCDF4.Dataset(path, "a") as file:
            file["km"].units = "km"
    got = divand.make_domain(*GRID, [0, 500, 2000], bathymetry=path)
    want = np.stack([hill(*GRID) > level for level in (0, 500, 2000)], axis=-1)
    np.testing.assert_array_equal(got.mask, want)
    np.testing.assert_allclose(got.floor, hill(*GRID), atol=1e-3)


def test_the_mask_is_the_interpolated_share_of_deeper_points() -> None:
    lon, lat = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    bathymetry = divand.Bathymetry(lon, lat, np.array([[10.0, -1000.0], [10.0, 10.0]]))
    at = np.linspace(0, 1, 11)
    share = 1 - (1 - at[:, None]) * at
    np.testing.assert_array_equal(bathymetry.sea(at, at), share > 0.5 + 1e-9)
    # Interpolated depths would make far more of it land.
    assert (bathymetry.on(at, at) > 0).sum() < bathymetry.sea(at, at).sum()
    np.testing.assert_allclose(bathymetry.at([0.5, 3.0], [0.25, 0.5]), [10 - 1010 / 8, np.nan])


def test_the_metric_is_that_of_the_authors() -> None:
    degrees = divand.great_circle(2, 1, 4, 3) / (np.pi * 6371.009e3 / 180)
    assert degrees == pytest.approx(2.82749366820155, rel=1e-13)
    pm, pn = divand.sphere_metric(np.arange(0.0, 11), np.arange(0.0, 6))
    assert pm.shape == (11, 6)
    assert 111e3 < (1 / pm).mean() < 112e3
    assert 111e3 < (1 / pn).mean() < 112e3
    # Away from the edges, two neighbours count: great circle over two steps.
    want = divand.great_circle(3, 5, 5, 5) / 2
    assert 1 / pm[4, 5] == pytest.approx(want, rel=1e-14)


def test_the_metric_does_not_depend_on_directions() -> None:
    lon, lat = np.array([0.0, 1, 3, 6, 7]), np.array([40.0, 41, 43, 50])
    pm, pn = divand.sphere_metric(lon, lat)
    turned = divand.sphere_metric(lon[::-1] + 360, lat[::-1])
    np.testing.assert_allclose(turned[0][::-1, ::-1], pm, rtol=1e-12)
    np.testing.assert_allclose(turned[1][::-1, ::-1], pn, rtol=1e-12)


def test_a_cyclic_metric_has_no_edge() -> None:
    lon = np.arange(2.0, 360, 4)
    pm, _ = divand.sphere_metric(lon, np.array([-60.0, 0, 60]), cyclic=True)
    np.testing.assert_allclose(pm, pm[:1] * np.ones((lon.size, 1)), rtol=1e-12)


def test_spacing_of_depth_and_time() -> None:
    domain = divand.make_domain(
        np.arange(10.0),
        np.arange(40.0, 45),
        [0, 10, 20, 100, 200, 500],
        np.arange(12) + 0.5,
        time_period=12,
    )
    np.testing.assert_allclose(1 / domain.pmn[2][0, 0, :, 0], [10, 10, 45, 90, 200, 300])
    np.testing.assert_allclose(domain.pmn[3], 1)
    assert domain.moddim == (0.0, 0.0, 0.0, 12.0)
    assert domain.shape == (10, 5, 6, 12) == domain.xi[3].shape
    dates = np.array(["1900-01-11", "1900-02-10"], "datetime64[D]")
    domain = divand.make_domain(np.arange(10.0), np.arange(40.0, 45), time=dates)
    np.testing.assert_allclose(domain.axes["time"], [10, 40])


def test_heights_above_the_floor(data: Path) -> None:
    levels = [0, 50, 500, 2000]
    file = data / FILES[1]
    domain = divand.make_domain(MED_LON, MED_LAT, levels, bathymetry=file, zlevel="floor")
    assert domain.floor is not None
    np.testing.assert_array_equal(domain.mask, domain.floor[..., None] > np.array(levels))


def test_land_from_a_function_or_an_array_also_beside_a_bathymetry(tmp_path: Path) -> None:
    west = GRID[0][:, None] < 8
    path = write(tmp_path / "b.nc", LON, LAT, hill(LON, LAT), positive="down")
    both = divand.make_domain(*GRID, bathymetry=path, land=lambda lon, lat: lon < 8)
    np.testing.assert_array_equal(both.mask, (hill(*GRID) > 0) & ~west)
    land = np.broadcast_to(west, both.shape)
    alone = divand.make_domain(*GRID, [0, 10], land=land)
    np.testing.assert_array_equal(alone.mask, np.stack([~land, ~land], axis=-1))
    given = divand.make_domain(*GRID, [0, 10], mask=~land)
    np.testing.assert_array_equal(given.mask, alone.mask)


def test_the_analysis_takes_a_domain() -> None:
    domain = divand.make_domain(np.arange(0.0, 360, 10), np.arange(-60.0, 61, 10))
    got = divand.analyse(
        domain.mask,
        domain.pmn,
        domain.xi,
        ([355.0], [0.0]),
        [1.0],
        4e6,
        0.01,
        moddim=domain.moddim,
    )
    assert got.field[0, 6] == pytest.approx(got.field[35, 6], rel=1e-3)
    assert got.field[18, 6] < 0.1 < 0.8 < got.field[0, 6]


def two_basins() -> np.ndarray:
    """Sea on both sides of a wall that does not reach the last longitude of the grid."""
    mask = np.ones((10, 6), bool)
    mask[4] = mask[8] = False
    return mask


def test_one_basin_is_kept() -> None:
    lon, lat = np.arange(10.0), np.arange(40.0, 46)
    mask = two_basins()
    kept = divand.keep_basin(mask, (lon, lat), 6, 42)
    assert kept.sum() == 18
    assert kept[5:8].all()
    assert divand.label_basins(mask).max() == 3
    np.testing.assert_array_equal(np.unique(divand.label_basins(mask)[:4]), [1])


def test_a_basin_goes_on_behind_the_last_longitude() -> None:
    lon, lat = np.arange(0.0, 360, 36), np.arange(40.0, 46)
    kept = divand.keep_basin(two_basins(), (lon, lat), 36, 42, moddim=(360, 0))
    assert kept[9].all()
    assert kept.sum() == 30
    assert not divand.keep_basin(two_basins(), (lon, lat), 36, 42)[9].any()


def test_a_basin_keeps_what_is_connected_at_any_depth() -> None:
    mask = np.ones((5, 3, 2), bool)
    mask[2, :, 1] = False  # a sill
    mask[4, :, 0] = False
    axes = (np.arange(5.0), np.arange(3.0), np.arange(2.0))
    np.testing.assert_array_equal(divand.keep_basin(mask, axes, 0, 0), mask)


def test_polygons_change_the_mask() -> None:
    lon, lat = np.arange(350.0, 370), np.arange(40.0, 46)
    mask = np.ones((20, 6, 3), bool)
    axes = (lon, lat, np.array([0.0, 10, 100]))
    box = [(-5, 41), (5, 41), (5, 44), (-5, 44)]  # drawn in another turn
    inside = (abs(lon - 360) <= 5)[:, None] & ((lat >= 41) & (lat <= 44))
    got = divand.edit_mask(mask, axes, [divand.MaskEdit(box, "land", (5, 100))])
    assert got[..., 0].all()
    np.testing.assert_array_equal(got[..., 1], ~inside)
    np.testing.assert_array_equal(got[..., 2], ~inside)
    back = divand.edit_mask(got, axes, [divand.MaskEdit(box, "sea")])
    assert back.all()
    assert mask.all()  # the one given stays


def test_edits_come_before_the_basin() -> None:
    lon, lat = np.arange(0.0, 10), np.arange(40.0, 46)
    wall = divand.MaskEdit([(4.5, 39), (5.5, 39), (5.5, 47), (4.5, 47)], "land")
    domain = divand.make_domain(lon, lat, edits=[wall], basin=(2, 42))
    assert domain.size == 30
    assert domain.keep_basin(1, 41).size == 30
    assert domain.with_mask(np.ones((10, 6))).size == 60
