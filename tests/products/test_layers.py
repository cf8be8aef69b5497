"""Layers of a map: fields, their errors, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import made_files
import numpy as np
import pytest
import xarray as xr
from reference import same

from sdcviz.errors import BadRequest, SdcvizError
from sdcviz.products import Layer, Product, open_product
from sdcviz.products.maps import around_zero

DEPTH = np.array([0.0, 10, 20, 50, 100])


@pytest.fixture(scope="module")
def product(ours: Path) -> Product:
    return open_product(ours)


def test_kinds_of_layers(product: Product) -> None:
    """Each is what xarray computes from the file, masked by the error of the field."""
    with xr.open_dataset(product.path) as file:
        field, error = (file[n].astype("f8").load() for n in ("Temperature", "Temperature_relerr"))
    name, z = product.variables[0], 1
    depth = float(field.depth[z])
    at = {"time": 1, "depth": z}
    shown = error.isel(at) <= np.float32(0.4)
    anomaly = (field - field.mean("time", skipna=False)).isel(at)
    kinds = {
        "": (field.isel(at), "Sea water temperature", "°C", "thermal", False),
        "a - mean(a)": (anomaly, "a - mean(a), a: Sea water temperature", "°C", "balance", True),
        "2 * a": (2 * field.isel(at), "2 * a, a: Sea water temperature", "°C", "thermal", False),
    }
    for derived, (expected, label, unit, colours, diverging) in kinds.items():
        layer = Layer(product, name, depth, 1, 0.4, derived=derived)
        same(layer.array().values, expected.where(shown))
        assert (layer.label, layer.unit, layer.colormap) == (label, unit, colours)
        assert layer.diverging == diverging and not layer.flat
        codes = layer.map().codes()
        np.testing.assert_array_equal(codes > 0, np.isfinite(expected.where(shown)))
        assert f"{depth:g} m" in layer.sentence and "at most 0.4" in layer.sentence
    off = Layer(product, name, depth, 1, error=True)
    same(off.array().values, error.isel(at).where(field.isel(at).notnull()))
    assert (off.unit, off.colormap, off.limits(off.plane())) == ("", "amp", (0.0, 1.0))


def test_depths_of_values(product: Product) -> None:
    """What they are is tested in `test_computed`; here how they are asked for, and masked."""
    middle = float(np.nanmedian(product.values("", 0)))
    layer = Layer(product, derived=f"iso:{middle}", depth=30)
    same(layer.array().values, product.isosurface(middle, 0).values)
    assert layer.flat and layer.map().depth is None
    assert (layer.unit, layer.colormap) == ("m", "deep")
    assert "°C" in layer.label and "depth" not in layer.array().coords
    masked = Layer(product, derived=f"iso:{middle}", mask=0.4)
    same(masked.array().values, product.isosurface(middle, 0, mask=0.4).values)
    keys = {layer.key, masked.key, Layer(product, derived=f"iso:{middle}", depth=0).key}
    assert len(keys) == 2  # the depth of a depth does not matter


def test_mixed_layers_by_a_criterion(tmp_path: Path) -> None:
    falling = np.array([20, 20, 19.9, 18, 12.0], "f4")[:, None, None] * np.ones((1, 3, 4), "f4")

    def more(file: object) -> None:
        dims = ("depth", "lat", "lon")
        for name, values, unit in (
            ("Salinity", 38 + 0 * falling, "1e-3"),
            ("Temperature_relerr", np.where(falling < 19.5, 0.9, 0.1), "1"),
        ):
            v = file.createVariable(name, "f4", dims)  # type: ignore[attr-defined]
            v.units, v.standard_name = unit, "sea_water_salinity" if unit != "1" else "none"
            v[:] = values

    path = made_files.write(tmp_path / "p.nc", time=None, depth=DEPTH, values=falling, more=more)
    product = open_product(path)
    by_warmth = Layer(product, derived="mld:temperature")
    # 19.8 lies between 19.9 at 20 m and 18 at 50 m.
    np.testing.assert_allclose(by_warmth.plane(), 20 + 30 * 0.1 / 1.9, rtol=1e-4)
    assert by_warmth.label == "Mixed layer depth, by temperature"
    dense = Layer(product, derived="mld").plane()
    same(dense, product.mixed_layer_depth(salinity="Salinity").values)
    same(dense, Layer(product, derived="mld:density").plane())
    assert (dense < 21).all()  # 0.1 degree less is more than 0.03 kg/m³
    # Below 20 m nothing is certain: there the column does not tell.
    assert np.isnan(Layer(product, derived="mld:temperature", mask=0.3).plane()).all()


@pytest.mark.parametrize(
    ("derived", "sentence"),
    [
        ("iso:warm", r"'warm' is no value of Temperature"),
        ("mld:wind", r"by 'wind': expected density or temperature"),
        ("mld:density", r"no field that is known as salinity"),
        ("a - b", r"Formula, column 5: 'b' is no field; known: a, "),
        ("a +", r"Formula, column"),
        ("a > 1", r"has numbers, not conditions"),
    ],
)
def test_what_can_not_be_made(product: Product, derived: str, sentence: str) -> None:
    with pytest.raises(SdcvizError, match=sentence):
        Layer(product, derived=derived).check()


def test_layers_outside(product: Product) -> None:
    with pytest.raises(BadRequest, match="lies outside"):
        Layer(product, depth=9000).check()
    with pytest.raises(BadRequest, match="No error is known"):
        Layer(product, derived="2 * a", error=True).check()
    far = Layer(product, depth=9000, derived="2 * a").map()
    assert far.answer == "outside" and not far.codes().any()


def test_between_levels_and_ranges(product: Product) -> None:
    z = product.grid().depth
    layer = Layer(product, depth=float(z[0]), time=0)
    a, b = layer.plane(), Layer(product, depth=float(z[1]), time=0).plane()
    expected = np.where(np.isnan(b), a, 0.75 * a + 0.25 * b)  # the nearer one alone is the first
    same(layer.plane(float(0.75 * z[0] + 0.25 * z[1])), expected)
    assert around_zero(np.array([-0.3, 0.1, np.nan])) == (-0.3, 0.3)
    assert around_zero(np.array([np.nan])) == (-1.0, 1.0)
    assert around_zero(np.array([0.0])) == (-1.0, 1.0)
