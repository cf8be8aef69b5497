"""Files as they come: each is read right, or refused with one sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import made_files
import numpy as np
import pytest
from netCDF4 import Dataset
from reference import same

from sdcviz.errors import BadRequest, NotFound, ProductChanged, ProductError, UnreadableFile
from sdcviz.products import open_product

LON, LAT, DEPTH = np.array([3.0, 4, 5, 6]), np.array([40.0, 41, 42]), np.array([0.0, 10, 50])


def value(lon: float, lat: float, depth: float, t: int) -> float:
    return float(made_files.truth([t], [depth], [lat], [lon]).ravel()[0])


def test_no_depth_axis(tmp_path: Path) -> None:
    product = open_product(made_files.write(tmp_path / "p.nc", depth=None))
    same(product.timeseries(4, 41).value, [value(4, 41, 0, t) for t in range(3)])
    for wrong in (lambda: product.profile(4, 41, 0), lambda: product.section("3,40 5,42", 0)):
        with pytest.raises(BadRequest, match=r"Temperature has no depths in p.nc"):
            wrong()
    with pytest.raises(BadRequest, match="leave it out"):
        product.timeseries(4, 41, 10)


def test_no_time_axis(tmp_path: Path) -> None:
    product = open_product(made_files.write(tmp_path / "p.nc", time=None))
    same(product.profile(4, 41).value, [value(4, 41, z, 0) for z in DEPTH])
    with pytest.raises(BadRequest, match=r"Temperature has no times in p.nc: a time series"):
        product.timeseries(4, 41, 10)


@pytest.mark.parametrize("ready", [False, True])
def test_longitudes_from_0_to_360(tmp_path: Path, ready: bool) -> None:
    """Across Greenwich and around the Earth, asked for in either way of counting."""
    for name, lon in (("region", np.arange(350.0, 371)), ("globe", np.arange(0.5, 360))):
        product = open_product(made_files.write(tmp_path / f"{name}.nc", lon=lon))
        product = product.prepare() if ready else product
        assert product.grid().around == (name == "globe")
        for asked in (-5.5, 354.5):
            found = product.profile(asked, 41, 0).value
            same(found[0], (value(-5, 41, 0, 0) + value(-6, 41, 0, 0)) / 2
                 if name == "region" else value(-5.5, 41, 0, 0))  # fmt: skip
        # Between the last column and the first.
        same(product.profile(0, 41, 0).value[0], value(0, 41, 0, 0) if name == "region"
             else value(0.5, 41, 0, 0))  # fmt: skip
    assert open_product(tmp_path / "region.nc").grid().box[::2] == (-10, 10)


@pytest.mark.parametrize("ready", [False, True])
def test_turned_axes(tmp_path: Path, ready: bool) -> None:
    """Latitudes from north to south, altitudes, times in no order, dimensions in another."""
    path = made_files.write(
        tmp_path / "p.nc", lat=LAT[::-1], depth=-DEPTH, time=(74.5, 15.5, 45.0),
        values=made_files.truth([2, 0, 1], DEPTH, LAT[::-1], LON).transpose(3, 1, 0, 2),
        dims=("lon", "depth", "time", "lat"),
        attrs={"depth": {"positive": "up", "standard_name": "altitude"}},
    )  # fmt: skip
    product = open_product(path)
    product = product.prepare() if ready else product
    grid = product.grid()
    np.testing.assert_array_equal(grid.lat, LAT)
    np.testing.assert_array_equal(grid.depth, DEPTH)
    assert grid.times.labels == ("2001-01-16", "2001-02-15", "2001-03-16")
    for t in range(3):
        same(product.profile(4, 41, t).value, [value(4, 41, z, t) for z in DEPTH])
        expected = made_files.truth([t], [10], LAT, LON)[0, 0]
        same(product.layer(10, t), expected)


def test_irregular_spacing(tmp_path: Path) -> None:
    lon = np.array([3.0, 3.1, 3.5, 6])
    product = open_product(made_files.write(tmp_path / "p.nc", lon=lon, lat=(40, 40.2, 43)))
    a, b = (value(x, 40.2, 0, 0) for x in (3.5, 6))
    same(product.profile(4.5, 40.2, 0).value[0], a + (b - a) * 1.0 / 2.5)


def test_names_with_blanks_and_brackets(tmp_path: Path) -> None:
    name = "Water body oxygen [umol l-1]"

    def more(file: Dataset) -> None:
        for end in ("_L1", "_L2", "_relerr"):
            v = file.createVariable(name + end, "f4", ("time", "depth", "lat", "lon"))
            v[:] = 0.25

    product = open_product(made_files.write(tmp_path / "p.nc", name=name, more=more))
    assert product.variables == [name]
    roles = product.roles.fields[name]
    assert roles.error == f"{name}_relerr" and set(roles.masked) == {"L1", "L2"}
    prepared = product.prepare()
    assert float(prepared.profile(4, 41, 0, variable=name).error[0]) == 0.25
    # Its masked copies do not state their limit: they are taken as they are, and prepared too.
    same(prepared.profile(4, 41, 0, variable=name, mask="L1").value, [0.25] * 3)
    assert type(prepared.field(f"{name}_L1")).__name__ == "PreparedField"


def test_roles_can_be_corrected(tmp_path: Path) -> None:
    def strange(file: Dataset) -> None:
        for d, n in (("i", 3), ("j", 2), ("k", 2)):
            file.createDimension(d, n)
            file.createVariable(d, "f8", (d,))[:] = [10, 20, 30][:n]
        file.createVariable("thing", "f4", ("k", "j", "i"))[:] = np.arange(12).reshape(2, 2, 3)
        file.createVariable("doubt", "f4", ("k", "j", "i"))[:] = 0.5

    path = tmp_path / "p.nc"
    with Dataset(path, "w") as file:
        strange(file)
    with pytest.raises(ProductError, match=r"no dimension is a longitude; say which one is"):
        open_product(path)
    roles: dict[str, Any] = {"lon": "i", "lat": "j", "depth": "k", "errors": {"thing": "doubt"}}
    product = open_product(path, roles)
    assert product.variables == ["thing"] and product.roles.axes == {
        "i": "lon", "j": "lat", "k": "depth"
    }  # fmt: skip
    found = product.profile(20, 20)
    same(found.value, [4, 10])
    same(found.error, [0.5, 0.5])
    assert "k: depth" in str(product.roles)
    with pytest.raises(BadRequest, match="neither a dimension nor a variable 'kk'"):
        product.with_roles(depth="kk")
    with pytest.raises(BadRequest, match="Roles: 'height' is none"):
        product.with_roles(height="k")


def curvilinear(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write a grid that is turned by 30 degrees."""
    i, j = np.meshgrid(np.arange(12.0), np.arange(9.0))
    a = np.radians(30)
    lon, lat = 3 + (i * np.cos(a) - j * np.sin(a)) / 4, 40 + (i * np.sin(a) + j * np.cos(a)) / 4
    with Dataset(path, "w") as file:
        for d, n in (("y", 9), ("x", 12), ("depth", 2)):
            file.createDimension(d, n)
        for name, values, units in (
            ("nav_lon", lon, "degrees_east"),
            ("nav_lat", lat, "degrees_north"),
        ):
            v = file.createVariable(name, "f8", ("y", "x"))
            v.units, v[:] = units, values
        z = file.createVariable("depth", "f8", ("depth",))
        z.units, z.positive, z[:] = "m", "down", [0, 10]
        field = file.createVariable("votemper", "f4", ("depth", "y", "x"))
        field.coordinates, field.units = "nav_lon nav_lat", "degC"
        values = np.stack([i + 100 * j, i + 100 * j + 0.5])
        field[:] = values
    return lon, lat, values


@pytest.mark.parametrize("ready", [False, True])
def test_curvilinear_grids(tmp_path: Path, ready: bool) -> None:
    lon, lat, values = curvilinear(tmp_path / "p.nc")
    product = open_product(tmp_path / "p.nc")
    product = product.prepare() if ready else product
    with pytest.raises(BadRequest, match=r"curvilinear .* choose the interpolation nearest"):
        product.profile(lon[3, 4], lat[3, 4])
    found = product.profile(lon[3, 4] + 0.03, lat[3, 4], interpolation="nearest")
    same(found.value, values[:, 3, 4])
    outside = product.profile(3, 43, interpolation="nearest")
    assert outside.attrs["answer"] == "outside" and np.isnan(outside.value).all()
    np.testing.assert_array_equal(product.layer(10).values, values[1])
    line = [(lon[0, 0], lat[0, 0]), (lon[8, 11], lat[8, 11])]
    section = product.section(line, points=20, interpolation="nearest")
    far = (np.cos(np.radians(41)) * (lon - float(section.lon[7]))) ** 2
    nearest = np.argmin(far + (lat - float(section.lat[7])) ** 2)
    same(section.value[7], values.reshape(2, -1)[:, nearest])
    assert product.map(depth=0).shape == (9, 12)


def test_projected_grids_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.nc"
    with Dataset(path, "w") as file:
        for d in ("x", "y"):
            file.createDimension(d, 3)
            v = file.createVariable(d, "f8", (d,))
            v.standard_name, v.units = f"projection_{d}_coordinate", "m"
            v[:] = [0, 1000, 2000]
        file.createVariable("t", "f4", ("y", "x"))[:] = 1
    with pytest.raises(ProductError, match="on a map projection and has no longitude"):
        open_product(path)


def test_an_empty_field(tmp_path: Path) -> None:
    path = made_files.write(tmp_path / "p.nc", values=np.full((3, 3, 3, 4), np.nan, "f4"))
    for product in (open_product(path), open_product(path).prepare()):
        assert product.profile(4, 41, 0).attrs["answer"] == "land"
        shown = product.map(depth=10, time=0)
        assert shown.answer == "empty" and not shown.codes().any()
        assert np.isnan(product.at(lon=[4], lat=[41], depth=[5], time=["2001-01-16"]).value).all()


def test_times_that_mean_nothing(tmp_path: Path) -> None:
    for n, about in enumerate(
        ({"units": "days since the flood"}, {"units": "fortnights"}, {"units": ""})
    ):
        product = open_product(made_files.write(tmp_path / f"{n}.nc", attrs={"time": about}))
        assert product.grid().times.labels[1].startswith("step 2")
        assert "can't be turned into dates" in product.warnings[0]
        found = product.profile(4, 41, 1)
        same(found.value, [value(4, 41, z, 1) for z in DEPTH])
        assert "steps are known by their number" in found.attrs["warnings"]
        with pytest.raises(BadRequest, match="Observations can't be brought to them"):
            product.at(lon=[4], lat=[41], depth=[5], time=["2001-01-16"])


def damaged(path: Path, t: int, z: int) -> Path:
    """Write a product, and change a byte in the middle of one layer's chunk."""
    made_files.write(path, chunksizes=(1, 1, 3, 4), fletcher32=True)
    layer = made_files.truth(np.arange(3), DEPTH, LAT, LON)[t, z].tobytes()
    content = path.read_bytes()
    assert content.count(layer) == 1
    at = content.index(layer) + 20
    path.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    return path


@pytest.mark.parametrize("ready", [False, True])
def test_a_damaged_chunk_costs_its_layer_only(tmp_path: Path, ready: bool) -> None:
    product = open_product(damaged(tmp_path / "p.nc", 1, 1))
    product = product.prepare() if ready else product
    with pytest.raises(UnreadableFile, match=r"p.nc: .*damaged.*The rest can be used"):
        product.layer(10, 1)
    shown = product.map(depth=10, time=1)
    assert shown.answer == "damaged" and "fetch the file again" in shown.sentence
    same(product.layer(50, 1), made_files.truth([1], [50], LAT, LON)[0, 0])
    found = product.profile(4, 41, 1)
    same(found.value, [value(4, 41, 0, 1), np.nan, value(4, 41, 50, 1)])
    assert found.attrs["warnings"].startswith("Temperature can't be read at 2001-02-15, 10 m")
    series = product.timeseries(4, 41, 10).value
    same(series, [value(4, 41, 10, 0), np.nan, value(4, 41, 10, 2)])
    both = product.at(lon=[4, 4], lat=[41, 41], depth=[10, 50], time=["2001-02-15"] * 2)
    same(both.value, [np.nan, value(4, 41, 50, 1)])
    assert any("2001-02-15, 10 m" in w for w in product.warnings)


@pytest.mark.parametrize("ready", [False, True])
def test_a_file_that_is_replaced_while_open(tmp_path: Path, ready: bool) -> None:
    path = made_files.write(tmp_path / "p.nc")
    product = open_product(path)
    product = product.prepare() if ready else product
    product.profile(4, 41, 0)
    made_files.write(tmp_path / "new.nc", values=np.full((3, 3, 3, 4), 7, "f4"))
    os.replace(tmp_path / "new.nc", path)
    for read in (
        lambda: product.profile(4, 41, 0),
        lambda: product.layer(10, 0),
        lambda: product.at(lon=[4], lat=[41], depth=[5], time=["2001-01-16"]),
    ):
        with pytest.raises(ProductChanged, match=r"p.nc was replaced .* open it again"):
            read()
    again = open_product(path)
    assert not again.prepared
    same(again.profile(4, 41, 0).value, [7, 7, 7])
    path.unlink()
    with pytest.raises(ProductChanged, match=r"p.nc was removed"):
        again.profile(4, 41, 0)


def test_what_is_no_product(tmp_path: Path, data: Path) -> None:
    with pytest.raises(NotFound, match="There is no product"):
        open_product(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("time;value")
    with pytest.raises(UnreadableFile, match=r"text.nc: this is no NetCDF file"):
        open_product(tmp_path / "text.nc")
    with pytest.raises(NotFound, match="holds no NetCDF file"):
        (tmp_path / "folder").mkdir()
        open_product(tmp_path / "folder")
    with pytest.raises(ProductError, match="no gridded product"):
        open_product(data / "grid/binned_GSHHS_l.nc")
    for name, what in (
        ("argo/1900857_prof.nc", "profiles"),
        ("odv/ODV_vertical_profiles_ctd.txt", "ODV spreadsheet"),
        # Positions of its track would make a curvilinear grid.
        ("sdn_netcdf/netCDF_trajectory_tsg_with_instrument.nc", "a trajectory"),
    ):
        with pytest.raises(BadRequest, match=f"holds observations .{what}"):
            open_product(data / name)
    with pytest.raises(ProductError, match="the axis lat has 41 more than once"):
        open_product(made_files.write(tmp_path / "twice.nc", lat=(40, 41, 41))).grid()


def test_packed_integers(tmp_path: Path) -> None:
    stored = np.arange(36, dtype="i2").reshape(3, 3, 4) * 10
    stored[0, 0, 0] = -999
    about = {"scale_factor": 0.01, "add_offset": 5.0, "valid_max": np.int16(300)}
    path = made_files.write(
        tmp_path / "p.nc", time=None, values=stored, kind="i2", fill_value=np.int16(-999),
        attrs={"Temperature": about},
    )  # fmt: skip
    # The library itself packs what it writes: write the stored numbers.
    with Dataset(path, "a") as file:
        file["Temperature"].set_auto_maskandscale(False)
        file["Temperature"][:] = stored
    expected = np.where((stored == -999) | (stored > 300), np.nan, stored * 0.01 + 5)
    for product in (open_product(path), open_product(path).prepare()):
        same(product.layer(0), expected[0])
        same(product.layer(50), expected[2])


def test_places_that_are_none(tmp_path: Path) -> None:
    product = open_product(made_files.write(tmp_path / "p.nc"))
    for lon, lat in ((np.nan, 41), (4, 91), (900, 41)):
        with pytest.raises(BadRequest, match="itudes are degrees"):
            product.profile(lon, lat, 0)
    for line in ("3,40", "a,b c,d", "3,40 3,40", "3,40 5,99", ""):
        with pytest.raises(BadRequest):
            product.section(line, 0)
    with pytest.raises(BadRequest, match="There is no time step 7"):
        product.profile(4, 41, 7)
    with pytest.raises(BadRequest, match="'Smarch' is no time of the product"):
        product.profile(4, 41, "Smarch")
    with pytest.raises(NotFound, match="did you mean 'Temperature'"):
        product.profile(4, 41, 0, variable="Temperatur")
    with pytest.raises(BadRequest, match="has no relative error"):
        product.profile(4, 41, 0, mask=0.3)
    with pytest.raises(BadRequest, match="expected bilinear or nearest"):
        product.profile(4, 41, 0, interpolation="cubic")  # type: ignore[arg-type]
