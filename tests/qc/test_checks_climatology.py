"""Gridded fields at stations, and the checks that compare with them."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from made_stations import Made, made_collection, row_of

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.qc.checks.runner import plan_checks, run_checks
from sdcviz.qc.checks.thresholds import read_thresholds
from sdcviz.qc.grids import Grid, at_depths

MAY = np.array(["2010-05-16T12:00"], "datetime64[ms]")


def write_grid(
    path: Path, *, time: str = "", steps: int = 0, sd: float = 0, up: bool = False
) -> Path:
    """Write temperature = 20 - depth / 100 + longitude / 10 + step, on 0..10 E, 40..45 N."""
    depth = np.array([0.0, 50, 100, 500])
    with netCDF4.Dataset(path, "w") as file:
        axes = {"lat": np.arange(45.0, 39, -1), "lon": np.arange(0.0, 11)}
        axes = {"depth": -depth[::-1] if up else depth} | axes
        axes = ({"time": np.arange(steps) * 365.0} if steps else {}) | axes
        units = {"depth": "m", "lat": "degrees_north", "lon": "degrees_east", "time": time}
        for name, values in axes.items():
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = units[name]
        z = np.abs(axes["depth"])[:, None, None]
        field = 20 - z / 100 + axes["lon"] / 10 + np.zeros((len(depth), 6, 11))
        if steps:
            field = field + np.arange(steps)[:, None, None, None]
        v = file.createVariable("t_an", "f4", tuple(axes), fill_value=-999.0)
        v.standard_name, v.units = "sea_water_temperature", "degC"
        field[..., :, 10] = np.nan  # land in the east
        v[:] = np.ma.masked_invalid(field)
        if sd:
            file.createVariable("t_an_sd", "f4", tuple(axes))[:] = sd
    return path


@pytest.mark.parametrize("up", [False, True])
def test_a_field_is_interpolated_in_place_and_depth(tmp_path, up):
    g = Grid(write_grid(tmp_path / "g.nc", up=up), "temperature")
    assert (g.variable, g.has_spread, g.around) == ("t_an", False, False)
    lon, lat = np.array([2.5, 2.5, 9.4, 9.6, 2.0, 20]), np.array([42.3, 46.0, 42, 42, 45.4, 42])
    profiles = g.profiles(lon, lat, np.repeat(MAY, 6))
    np.testing.assert_allclose(profiles[0], [20.25, 19.75, 19.25, 15.25], atol=1e-5)
    np.testing.assert_allclose(profiles[2, 0], 20.9, atol=1e-5)  # the cell beside the land alone
    np.testing.assert_allclose(profiles[4, 0], 20.2, atol=1e-5)  # within half a cell of the border
    assert np.isnan(profiles[[1, 3, 5]]).all()
    depth = np.array([-0.5, 0, 25, 300, 500, 501, np.nan])
    got = at_depths(profiles[:1], g.depth, depth, np.array([0, 7]))
    np.testing.assert_allclose(got, [20.25, 20.25, 20.0, 17.25, 15.25, np.nan, np.nan], atol=1e-5)


def test_levitus_as_xarray_interpolates_it(data):
    path = data / "grid" / "levitus_climatology.cdf"
    g = Grid(path, "salinity")
    assert g.variable == "SALT" and g.around
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-180, 180, 500), rng.uniform(-80, 80, 500)
    got = g.profiles(lon, lat, np.repeat(MAY, 500))
    with xr.open_dataset(path, decode_times=False) as file:
        field = file.SALT
        field = xr.concat(
            [field, field.isel(XAXLEVITR=[0]).assign_coords(XAXLEVITR=[380.5])], "XAXLEVITR"
        )
        expected = field.interp(
            XAXLEVITR=xr.DataArray(20.5 + (lon - 20.5) % 360, dims="s"),
            YAXLEVITR=xr.DataArray(lat, dims="s"),
        ).values.T
    there = np.isfinite(expected)
    assert there.sum() > 3000
    np.testing.assert_allclose(got[there], expected[there], atol=1e-5)


def test_months_go_round_the_year(tmp_path):
    g = Grid(write_grid(tmp_path / "g.nc", time="months", steps=12), "temperature")
    assert g.cyclic
    days = np.array(["1987-01-16T05", "2003-02-15", "1990-01-01"], "datetime64[ms]")
    got = g.profiles(np.full(3, 1.0), np.full(3, 42.0), days)[:, 0] - 20.1
    # the middle of January is step 0, that of February 1; New Year is between steps 11 and 0
    np.testing.assert_allclose(got, [0, 1, 5.5], atol=0.05)


def test_years_are_those_of_the_product(tmp_path):
    g = Grid(write_grid(tmp_path / "g.nc", time="days since 2000-01-01", steps=3), "temperature")
    days = np.array(["2000-01-01", "2000-07-01T12", "2001-12-31", "1999-06-01"], "datetime64[ms]")
    got = g.profiles(np.full(4, 1.0), np.full(4, 42.0), days)[:, 0] - 20.1
    np.testing.assert_allclose(got, [0, 0.5, 2, np.nan], atol=0.01)


def test_what_can_not_be_compared_is_one_sentence(tmp_path, data):
    with pytest.raises(BadRequest, match=r"no variable that is known as oxygen; name one of TEMP"):
        Grid(data / "grid" / "levitus_climatology.cdf", "oxygen")
    with pytest.raises(BadRequest, match="There is no gridded file"):
        Grid(tmp_path / "none.nc", "temperature")
    (tmp_path / "text.nc").write_text("no grid")
    with pytest.raises(UnreadableFile, match=r"text\.nc: this is no NetCDF file"):
        Grid(tmp_path / "text.nc", "temperature")


def thresholds(folder: Path, check: str, rule: str):
    path = folder / "mine.yaml"
    path.write_text(
        f"based_on: checks\nchecks:\n  {check}:\n    temperature:\n"
        f"      - {{{rule}, source: proposal}}\n"
    )
    return read_thresholds(path)


def test_samples_far_from_the_climatology(tmp_path):
    grid = write_grid(tmp_path / "g.nc", sd=0.5)
    depth = [0, 50, 100, 200]
    made = [
        Made(lon=3, depth=depth, values={"TEMP": [20.3, 19.9, 21.0, 18.3]}),
        Made(lon=3, depth=depth, values={"TEMP": [20.3, 19.8, 30.0, 18.3]}, flags={"TEMP": "1141"}),
    ]
    c = made_collection(tmp_path, made)
    rule = f"file: {grid}, limit: 3, shelf: 3"
    found = run_checks(c, ["climatology"], thresholds(tmp_path, "climatology", rule))
    # 21.0 is 1.7 above 19.3: 3.4 standard deviations; what is flagged 4 already is not looked at
    assert (found.station.tolist(), found.sample.tolist()) == ([row_of(c, 0)], [2])
    np.testing.assert_allclose([found.value[0], found.threshold[0]], [3.4, 3], atol=1e-4)
    assert found.details[0].startswith("+1.7 from the field")


def test_without_a_spread_the_data_tell_it(tmp_path):
    grid = write_grid(tmp_path / "g.nc")
    rng = np.random.default_rng(3)
    made = []
    for i in range(40):
        lon = 3 + i / 50
        values = 20 + lon / 10 - np.array([0, 0.5, 1]) + rng.normal(0, 0.2, 3)
        made.append(Made(lon=lon, depth=[0, 50, 100], values={"TEMP": values.round(3)}))
    made[7].values["TEMP"][2] += 3
    c = made_collection(tmp_path, made)
    # three layers of 40: only with more would they be judged
    chosen = thresholds(tmp_path, "residual", f"file: {grid}, variable: t_an, limit: 5, shelf: 5")
    assert not len(run_checks(c, ["residual"], chosen))
    c = made_collection(tmp_path / "more", made, [Made(**vars(m)) for m in made])
    found = run_checks(c, ["residual"], chosen)
    both = sorted([row_of(c, 7), row_of(c, 7, "file1")])
    assert sorted(found.station.tolist()) == both and found.sample.tolist() == [2, 2]
    part = run_checks(c, ["residual"], chosen, rows=np.array([both[0], 3]))
    assert part.station.tolist() == both[:1]
    np.testing.assert_allclose(part.value[0], found.value[0])


def test_without_a_file_the_check_says_so(tmp_path):
    c = made_collection(tmp_path, [Made(values={"TEMP": [20.0] * 5})])
    assert "has no gridded file to compare with" in plan_checks(c).skipped["climatology"]
    with pytest.raises(BadRequest, match="give one as 'file' in the thresholds"):
        run_checks(c, ["residual"])
    gone = thresholds(tmp_path, "climatology", "file: /none/there.nc, limit: 3")
    with pytest.raises(BadRequest, match=r"There is no gridded file /none/there\.nc"):
        run_checks(c, ["climatology"], gone)
