"""Fields that follow from others: density, depths of values, formulas with units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gsw
import made_files
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from netCDF4 import Dataset
from reference import same

from sdcviz.errors import BadRequest
from sdcviz.products import Product, expression, open_product
from sdcviz.products.derived import crossing

DEPTH = np.array([0.0, 10, 20, 50, 100])


@pytest.fixture(scope="module")
def levitus(data: Path) -> Product:
    return open_product(data / "grid" / "levitus_climatology.cdf")


def test_density_is_gsws(levitus: Product) -> None:
    found = levitus.sigma0(temperature="TEMP", salinity="SALT")
    field = levitus.field("TEMP").grid
    j, i = 120, 30
    t, s = (levitus.values(n)[:, j, i].astype(float) for n in ("TEMP", "SALT"))
    p = gsw.p_from_z(-field.depth, field.lat[j])
    sa = gsw.SA_from_SP(s, p, field.lon[i], field.lat[j])
    expected = gsw.sigma0(sa, gsw.CT_from_t(sa, t, p))
    assert np.isfinite(expected).sum() > 5
    np.testing.assert_allclose(found[:, j, i], expected)
    computed = expression("sigma0(t, s)", t=(levitus, "TEMP"), s=(levitus, "SALT"))
    column = computed.profile(field.lon[i], field.lat[j], interpolation="nearest")
    np.testing.assert_allclose(column.value, expected)
    assert column.value.attrs["units"] == "kg/m³"


def test_isosurfaces(tmp_path: Path) -> None:
    """A field that falls by 1 in 10 m from 20 at the surface."""
    lon, lat = np.array([3.0, 4, 5, 6]), np.array([40.0, 41, 42])
    values = np.broadcast_to((20 - DEPTH / 10)[:, None, None], (5, 3, 4)).astype("f4").copy()
    values[1:, 0, 0] = np.nan  # shallow
    values[:, 1, 1] = 15  # everywhere the same
    path = made_files.write(
        tmp_path / "p.nc", time=None, depth=DEPTH, lon=lon, lat=lat, values=values
    )  # fmt: skip
    product = open_product(path)
    found = product.isosurface(16.5)
    assert np.isnan(found.values[0, 0]) and np.isnan(found.values[1, 1])
    np.testing.assert_allclose(found.values[2], 35, rtol=1e-5)
    assert product.isosurface(15).values[1, 1] == 0
    assert found.attrs["units"] == "m" and "16.5 °C" in found.attrs["long_name"]


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=5), st.floats(-5, 5))
def test_crossing_is_the_first(column: list[float], wanted: float) -> None:
    values = np.array(column)
    found = float(crossing(values[:, None], DEPTH, wanted)[0])
    first = np.nan
    for k in range(4):
        a, b = values[k] - wanted, values[k + 1] - wanted
        if a == 0:
            first = DEPTH[k]
        elif a * b < 0 or b == 0:
            first = DEPTH[k] + (DEPTH[k + 1] - DEPTH[k]) * a / (a - b)
        if first == first:
            break
    if values[4] == wanted and first != first:
        first = DEPTH[4]
    np.testing.assert_allclose(found, first, atol=1e-9)


def test_mixed_layers(tmp_path: Path, levitus: Product) -> None:
    values = np.array([20, 20, 19.9, 18, 12.0], "f4")[:, None, None] * np.ones((1, 3, 4), "f4")
    path = made_files.write(tmp_path / "p.nc", time=None, depth=DEPTH, values=values)
    found = open_product(path).mixed_layer_depth(temperature="Temperature")
    # 19.8 lies between 19.9 at 20 m and 18 at 50 m.
    np.testing.assert_allclose(found, 20 + 30 * 0.1 / 1.9, rtol=1e-4)
    # With a salinity, where the density has grown by 0.03 kg/m³.
    mixed = levitus.mixed_layer_depth(temperature="TEMP", salinity="SALT")
    sigma = levitus.sigma0(temperature="TEMP", salinity="SALT").values
    z = levitus.grid("TEMP").depth
    j, i = 120, 30
    line = np.interp(float(mixed[j, i]), z, sigma[:, j, i])
    assert line == pytest.approx(np.interp(10, z, sigma[:, j, i]) + 0.03, abs=1e-6)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Product, Product]:
    first = made_files.write(tmp_path / "a.nc")
    # Another grid, with a warmer field: one degree more everywhere.
    lon, lat, depth = np.arange(2.0, 7.6, 0.5), np.arange(39.0, 43.1, 0.5), np.array([0.0, 25, 50])
    values = made_files.truth(range(3), depth, lat, lon) + np.float32(1)
    other = made_files.write(tmp_path / "b.nc", lon=lon, lat=lat, depth=depth, values=values)
    return open_product(first), open_product(other)


def test_differences_of_products(two: tuple[Product, Product]) -> None:
    a, b = two
    near = expression("a - b", a=a, b=b)
    assert near.variables == ["result"] and near.grid() is a.grid()
    for t in range(3):
        np.testing.assert_allclose(near.layer(10, t), -1, atol=1e-2)
    found = near.section("3,40 6,42", 1, points=6)
    np.testing.assert_allclose(found.value, -1, atol=1e-2)
    assert found.value.attrs["units"] == "°C" and "a.nc" in found.attrs["source"]
    same(expression("a - a", a=a).timeseries(4, 41, 10).value, np.zeros(3))
    assert near.map(depth=10, time=0).answer == "value"
    at = near.at(lon=[4.5], lat=[41.5], depth=[5], time=["2001-01-16"])
    assert float(at.value[0]) == pytest.approx(-1, abs=1e-2)
    near.prepare()
    assert near.prepared


def test_anomalies_and_functions(two: tuple[Product, Product]) -> None:
    a, _ = two
    with xr.open_dataset(a.path) as file:
        field = file.Temperature.astype(float).load()
    cases: dict[str, Any] = {
        "a - mean(a)": field - field.mean("time"),
        "2 * a + 1": 2 * field + 1,
        "abs(-a) / max(a, 12)": field / np.maximum(field, 12),
        "sqrt(a)": np.sqrt(field),
    }
    for text, expected in cases.items():
        computed = expression(text, a=a)
        same(computed.layer(10, 2), expected.isel(time=2, depth=1))
        same(computed.profile(4, 41, 1).value, expected.sel(lon=4, lat=41).isel(time=1))
        same(computed.hovmoller(4, 41).value, expected.sel(lon=4, lat=41))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a - s", r"column 1: these have different units: °C and "),
        ("a +", r"the rule ends where"),
        ("a - c", r"column 5: 'c' is no field; known: a, s"),
        ("a > 3", r"has numbers, not conditions"),
        ("open(a)", r"there is no open\(\)"),
        ("max(a)", r"max\(\) takes 2"),
        ("mean(a + 1)", r"mean\(\) takes a field"),
        ("3", r"names no field"),
        ("__import__('os')", r"there is no __import__\(\)"),
    ],
)
def test_formulas_that_mean_nothing(tmp_path: Path, text: str, sentence: str) -> None:
    a = open_product(made_files.write(tmp_path / "a.nc"))
    s = open_product(
        made_files.write(tmp_path / "s.nc", name="Salinity", attrs={"Salinity": {"units": "1e-3"}})
    )
    with pytest.raises(BadRequest, match=sentence):
        expression(text, a=a, s=s)


def test_units_of_products_and_quotients(tmp_path: Path) -> None:
    path = made_files.write(tmp_path / "p.nc")
    with Dataset(path, "a") as file:
        v = file.createVariable("mass", "f4", ("time", "depth", "lat", "lon"))
        v.units, v[:] = "kg/m3", 2
    product = open_product(path)
    fields = {"t": (product, "Temperature"), "m": (product, "mass")}
    units = {"t * m": "°C kg/m³", "m / m": "", "t / m": "°C/(kg/m³)", "2 * t": "°C"}
    for text, unit in units.items():
        found = expression(text, **fields)
        assert found.source.variables["result"].attrs["units"] == (unit or "1"), text
