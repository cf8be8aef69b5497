"""Maps of products for the browser: the bytes of each endpoint against the product itself."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import hand_made
import httpx
import made_files
import numpy as np
import pytest
from serving import Running, sign_on

from sdcviz.observations import Filters, open_collection
from sdcviz.products import difference, open_product
from sdcviz.products.layers import Layer
from sdcviz.products.raster import raster
from sdcviz.products.view import View
from sdcviz_app import comparing, dots, framing, shelf

KINDS = {"f4": "<f4", "f8": "<f8", "i4": "<i4", "u2": "<u2", "u1": "u1", "rows": "u1"}


def read(body: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Unpack an answer as a browser does."""
    (length,) = struct.unpack("<I", body[:4])
    header, at, found = json.loads(body[4 : 4 + length]), 4 + length, {}
    for name, kind, size in header["blocks"]:
        array = np.frombuffer(zlib.decompress(body[at : at + size]), KINDS[kind])
        if kind == "rows":
            array = np.cumsum(array.reshape(header["shape"]), axis=1, dtype=np.uint8)
        found[name] = array
        at += size
    assert at == len(body)
    return header, found


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("frames") / "ours.nc")


def test_a_map_over_http(server: Running, product: Path) -> None:
    """Codes as the library makes them, kept for ever under their version, for readers only."""
    path = server.data_dir / "products" / "frames.nc"
    path.parent.mkdir(exist_ok=True)
    shutil.copy(product, path)
    ours = open_product(path)
    address = f"{server.address}api/frames/map"
    query = {
        "product": shelf.identity(str(path)), "depth": 10, "step": 1, "per": "map",
        "v": framing.version_of(ours),
    }  # fmt: skip
    assert httpx.get(address, params=query).status_code == 401
    answer = httpx.get(address, params=query, headers=sign_on(server, "read"))
    header, found = read(answer.content)
    made = ours.map(depth=10, time=1)
    assert (found["codes"] == made.codes()).all() and header["limits"] == list(made.limits)
    assert header["label"] == "February" and header["depth"] == 10 and header["unit"] == "°C"
    assert "immutable" in answer.headers["cache-control"]
    typed = query | {"low": 14, "high": 16}
    answer = httpx.get(address, params=typed, headers=sign_on(server, "read"))
    header, found = read(answer.content)
    seen = ours.layer(10, 1).values
    assert header["limits"] == [14, 16]
    assert (header["below"], header["above"]) == ((seen < 14).sum(), (seen > 16).sum())
    assert header["above"] == (found["codes"] == 255).sum() > 0
    older = httpx.get(address, params=query | {"v": "older"}, headers=sign_on(server, "read"))
    assert older.headers["cache-control"] == "no-store"
    wrong = httpx.get(
        address, params=query | {"field": "Salinity"}, headers=sign_on(server, "read")
    )
    assert wrong.status_code == 404 and "no variable" in wrong.json()["detail"]
    path.unlink()


def test_masks_by_the_browser_are_those_of_the_library(product: Path) -> None:
    """At every step of the error, and at values that lie exactly on one."""
    ours = open_product(product)
    layer = Layer(ours, "", 10.0, 0)
    codes = framing._error_codes(layer)
    assert codes is not None
    for n in range(201):
        limit = round(n * framing.ERROR_STEP, 3)
        masked = replace(layer, mask=limit).plane()
        kept = (codes > 0) & (codes <= n + 1) & ~np.isnan(layer.plane())
        assert (kept == ~np.isnan(masked)).all(), limit
    steps = np.array([round(n * framing.ERROR_STEP, 3) for n in range(201)], np.float32)
    beside = np.concatenate([steps, np.nextafter(steps, np.float32(2)), steps[:1]])

    class Exact:
        """The error of a layer, as a field."""

        def layer(self, t: int, z: int) -> np.ndarray:
            return beside[None, :]

    view = View(ours, "")
    view.error = Exact()  # type: ignore[assignment]
    exact = replace(layer)
    exact.__dict__["view"] = view
    found = framing._error_codes(exact)
    assert found is not None
    assert found[0].tolist() == [*range(1, 202), *range(2, 203), 1]


def test_pictures_know_the_cell_of_each_pixel(tmp_path: Path) -> None:
    """Uneven and turned axes, over the date line, and curvilinear ones by brute force."""
    lon = np.array([170.0, 172, 175, 179, 184, 190])
    lat = np.array([60.0, 58, 55, 51, 46])
    grid = open_product(made_files.write(tmp_path / "p.nc", lon=lon, lat=lat)).grid()
    made = raster(grid)
    west, south, east, north = made.box
    radius = 6_378_137.0
    x = west + (np.arange(made.shape[1]) + 0.5) * (east - west) / made.shape[1]
    y = south + (np.arange(made.shape[0]) + 0.5) * (north - south) / made.shape[0]
    lons, lats = np.degrees(x / radius), np.degrees(np.arctan(np.sinh(y / radius)))
    assert set(made.rows) == set(range(5)) and set(made.columns) == set(range(6))
    near = np.abs(lons[:, None] - grid.lon).argmin(axis=1)
    assert (near == made.columns).mean() > 0.98
    # Between two latitudes the edge lies half way in degrees.
    assert (np.abs(lats[:, None] - grid.lat).argmin(axis=1) == made.rows).mean() > 0.98
    a, b = np.meshgrid(np.arange(12.0), np.arange(9.0))
    bent = replace(grid, lon=5 + a * 0.5 + b * 0.2, lat=40 + b * 0.5 - a * 0.1)
    made = raster(bent)
    west, south, east, north = made.box
    rows, columns = np.indices(made.shape)
    lons = np.degrees((west + (columns + 0.5) * (east - west) / made.shape[1]) / radius)
    y = south + (rows + 0.5) * (north - south) / made.shape[0]
    lats = np.degrees(np.arctan(np.sinh(y / radius)))
    away = [
        (np.cos(np.radians(lats)) * (lons - o)) ** 2 + (lats - p) ** 2
        for o, p in zip(bent.lon.ravel(), bent.lat.ravel(), strict=True)
    ]
    lookup = made.lookup.reshape(made.shape)
    inside = lookup >= 0
    assert 0.3 < inside.mean() < 0.95, "the corners of the picture lie outside"
    assert (np.argmin(away, axis=0) == lookup)[inside].mean() > 0.99


def test_dots_are_the_visitors_observations(made_demo: Path, tmp_path: Path) -> None:
    data = open_collection(made_demo)
    lon, lat = np.arange(-6.0, 42, 0.5), np.arange(30.0, 47, 0.5)
    path = made_files.write(tmp_path / "sea.nc", lon=lon, lat=lat, depth=(0.0, 20, 60), time=None)
    product = open_product(path)
    layer = Layer(product, "", 20.0)
    key = dots.leave(data, Filters())
    assert dots.leave(data, Filters()) == key != dots.leave(data, Filters(months=(1, 2)))
    header, blocks = framing.dots_frame(layer, key, (0.0, 0.0), True)
    samples = data.where().samples("temperature", present=True)
    depth = np.asarray(samples["depth"])
    inside = (depth >= 10) & (depth < 40)
    residual = product.at(samples).residual.values
    expected = np.sort(residual[inside & np.isfinite(residual)])
    found = np.frombuffer(zlib.decompress(blocks["residual"][1]), "<f4")
    assert header["inside"] == header["drawn"] == len(expected) > 20
    assert header["total"] == len(depth) and header["words"] == "10 to 40 m"
    np.testing.assert_allclose(np.sort(found), expected, rtol=1e-6)
    assert header["mean"] == pytest.approx(expected.mean())
    counts, counted = dots.counts_per_cell(key, layer, (0.0, 0.0))
    x, y = np.asarray(samples["lon"]), np.asarray(samples["lat"])
    on_grid = (x > -6.25) & (x < 41.75) & (y > 29.75) & (y < 46.75)
    assert counts.sum() == counted.inside == (inside & on_grid).sum() < inside.sum()
    at = tuple(np.argwhere(counts == counts.max())[0])
    near = (np.abs(x - lon[at[1]]) < 0.25) & (np.abs(y - lat[at[0]]) < 0.25)
    assert counts.max() == (inside & near).sum()
    # Nothing of that quantity: a sentence instead of dots.
    strange = made_files.write(tmp_path / "s.nc", name="Silicate", lon=lon, lat=lat, time=None)
    header, blocks = framing.dots_frame(Layer(open_product(strange)), key, (0.0, 0.0), False)
    assert not blocks and "no observations of" in header["sentence"]


def test_lines_of_equal_value_lie_where_the_value_is(product: Path) -> None:
    from sdcviz.geo.projection import inverse
    from sdcviz.products.contours import contours

    lon, lat = np.linspace(0, 10, 60), np.linspace(40, 50, 50)
    slope = (lon[None, :] + lat[:, None]).astype(np.float32)
    path = product.parent / "slope.nc"
    made_files.write(path, lon=lon, lat=lat, depth=None, time=None, values=slope)
    made = contours(Layer(open_product(path)), [50.0, 55.0, 99.0])
    assert made.levels == [50.0, 55.0] and {label[2] for label in made.labels} == {50.0, 55.0}
    x, y = inverse("mercator", made.x[~np.isnan(made.x)], made.y[~np.isnan(made.y)])
    off = np.abs((x + y)[:, None] - np.array([50.0, 55.0])).min(axis=1)
    assert off.max() < 0.02


def test_a_second_layer_has_a_range_of_its_own_unit(product: Path, tmp_path: Path) -> None:
    """Typed limits are those of the first unit; what is within the error is out of no range."""
    first = Layer(open_product(product), depth=10, time=1)
    salt = open_product(made_files.write(tmp_path / "salt.nc", name="Salinity", depth=None,
                                         attrs={"Salinity": {"units": "1e-3"}}))  # fmt: skip
    header, _ = comparing.second_frame(first, Layer(salt, time=1), (1.0, 2.0), "fixed")
    assert header["limits"] != [1.0, 2.0] and not header["below"] + header["above"]
    header, _ = comparing.second_frame(first, replace(first, time=2), (1.0, 2.0), "fixed")
    assert header["limits"] == [1.0, 2.0] and header["above"] == header["cells"]
    found = difference(first, replace(first, time=2), spread=5.0)
    header, _ = comparing.difference_frame(found, "fixed", False, most=1e-3)
    beyond = np.abs(found.plane()) > 1e-3
    assert header["limits"] == [-1e-3, 1e-3] and header["within"]
    assert header["below"] + header["above"] == beyond.sum()
