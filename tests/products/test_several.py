"""Several files as one product, folders, Zarr stores."""

from __future__ import annotations

from pathlib import Path

import made_files
import numpy as np
import pytest
import xarray as xr
from conftest import need
from reference import same

from sdcviz.errors import ProductChanged, ProductError, UnreadableFile
from sdcviz.products import catalogue, open_product
from sdcviz.products.zarr_store import ZarrSource

LON, LAT, DEPTH = np.array([3.0, 4, 5, 6]), np.array([40.0, 41, 42]), np.array([0.0, 10, 50])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a file a year, the second with other units of time and packed numbers."""
    home = tmp_path / "years"
    home.mkdir()
    made_files.write(home / "y2001.nc")
    hours = {"time": {"units": "hours since 2002-01-01"}}
    values = made_files.truth([3, 4], DEPTH, LAT, LON)
    made_files.write(
        home / "y2002.nc", time=(15.5 * 24, 45 * 24.0), attrs=hours, values=values,
        fill_value=np.float32(-99),
    )  # fmt: skip
    return home


@pytest.mark.parametrize("ready", [False, True])
def test_files_one_after_another(folder: Path, ready: bool) -> None:
    product = open_product(folder)
    product = product.prepare() if ready else product
    assert product.name == "years"
    labels = product.grid().times.labels
    assert labels == ("2001-01-16", "2001-02-15", "2001-03-16", "2002-01-16", "2002-02-15")
    expected = made_files.truth(range(5), DEPTH, LAT, LON)
    same(product.timeseries(4, 41, 10).value, expected[:, 1, 1, 1])
    same(product.hovmoller(5, 42).value, expected[:, :, 2, 2])
    same(product.layer(50, 3), expected[3, 2])
    made_files.write(folder.parent / "new.nc", time=(1.0, 2))
    (folder.parent / "new.nc").replace(folder / "y2002.nc")
    with pytest.raises(ProductChanged, match=r"y2002.nc was replaced"):
        product.profile(4, 41, 0)


def test_a_file_a_parameter(tmp_path: Path) -> None:
    a = made_files.write(tmp_path / "t.nc")
    b = made_files.write(tmp_path / "s.nc", name="Salinity")
    product = open_product([a, b])
    assert product.variables == ["Temperature", "Salinity"] and product.name == "t.nc and 1 more"
    assert product.grid("Salinity").shape == (3, 3, 3, 4)
    c = made_files.write(tmp_path / "c.nc", name="Oxygen", lon=LON + 1)
    with pytest.raises(ProductError, match=r"c.nc: the axis lon differs from that of t.nc"):
        open_product([a, c])
    d = made_files.write(tmp_path / "d.nc", lon=(1.0, 2), time=(400.0,))
    with pytest.raises(ProductError, match=r"d.nc: Temperature has another shape"):
        open_product([a, d])


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_stores(tmp_path: Path, ours: Path, version: int) -> None:
    try:
        import zarr  # noqa: F401
    except ImportError:
        need(False, "zarr is missing: pip install 'sdcviz[zarr]'")
    with xr.open_dataset(ours, decode_times=False) as file:
        names = ["Temperature", "Temperature_relerr", "climatology_bounds"]
        kept = file[names].load()
    for v in kept.variables.values():
        v.encoding = {}
    kept.to_zarr(tmp_path / "p.zarr", zarr_format=version, consolidated=False)
    local = open_product(ours)
    for product in (
        open_product(tmp_path / "p.zarr"), open_product(tmp_path / "p.zarr").prepare()
    ):  # fmt: skip
        assert product.roles.fields["Temperature"].error == "Temperature_relerr"
        found = product.section("4,41 8,43", "February", points=9)
        np.testing.assert_array_equal(
            found.value, local.section("4,41 8,43", "February", points=9).value
        )
    chunk = next(p for p in (tmp_path / "p.zarr" / "Temperature").rglob("*") if _is_chunk(p))
    chunk.write_bytes(b"no chunk")
    with pytest.raises(UnreadableFile, match=r"a part of Temperature is damaged"):
        ZarrSource(tmp_path / "p.zarr").read("Temperature", (slice(None),) * 4)


def _is_chunk(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.name != "zarr.json"


def test_a_catalogue(ours: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.nc").write_text("nothing")
    real = data / "grid" / "levitus_climatology.cdf"
    first, second, bad = catalogue([ours, real, tmp_path / "bad.nc"])
    assert first["title"] == "Test climatology" and first["version"] == "1.0"
    assert first["period"] == ["1991-01-01", "2010-04-01"] and first["climatology"]
    field = first["variables"][0]
    assert field["name"] == "Temperature" and field["quantity"] == "temperature"
    assert field["unit"] == "°C" and field["range"][0] < field["range"][1]
    assert first["times"] == ["January", "February", "March"]
    assert first["box"] == [3, 40, 9.5, 43.5]
    assert second["variables"][0]["name"] == "TEMP" and second["period"] == []
    assert "this is no NetCDF file" in bad["error"]
