"""Maps of one level and step: as an array, and as few bytes for a browser."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .answers import coordinates, outside_depth, outside_time, provenance
from .grid import Grid
from .times import OUTSIDE, When
from .view import Mask, View

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = [
    "ABOVE",
    "BELOW",
    "FIRST",
    "LAST",
    "MISSING",
    "MapBytes",
    "around_zero",
    "encode",
    "find",
    "layer",
    "map_bytes",
]

MISSING, BELOW, FIRST, LAST, ABOVE = 0, 1, 2, 254, 255
"""Codes of a map's bytes: no value, less than the range, the range itself, more than it."""


@dataclass(frozen=True)
class MapBytes:
    """A map as one byte a grid point.

    Attributes
    ----------
    data : bytes
        Codes, row after row from south to north: 0 has no value, 2 to 254 stand for `limits` in
        equal steps, 1 and 255 lie below and above them. Of each code but the first of a row its
        difference to the one before it is kept (modulo 256), all compressed by zlib: a third
        fewer bytes in half the time. A browser inflates ("deflate") and sums up each row.
    shape : tuple of int
        Rows and columns.
    limits : (float, float)
        Values of the codes 2 and 254.
    lon, lat : ndarray of float64
        Of the columns and rows; of a curvilinear grid of each point.
    depth : float or None
        The level.
    label : str
        The time step; "" without time.
    unit : str
    answer, sentence : str
        "value", or what is wrong: "outside", "empty" (no value on this map) or "damaged".
    """

    data: bytes
    shape: tuple[int, int]
    limits: tuple[float, float]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: float | None
    label: str
    unit: str
    answer: str = "value"
    sentence: str = ""

    def codes(self) -> NDArray[np.uint8]:
        """Return the codes as (lat, lon)."""
        steps = np.frombuffer(zlib.decompress(self.data), np.uint8).reshape(self.shape)
        return np.cumsum(steps, axis=1, dtype=np.uint8)

    def values(self) -> NDArray[np.float64]:
        """Return what the codes stand for; NaN without value, infinite out of the range."""
        codes, (low, high) = self.codes(), self.limits
        values = low + (codes.astype(float) - FIRST) * (high - low) / (LAST - FIRST)
        values[codes == MISSING] = np.nan
        values[codes == BELOW], values[codes == ABOVE] = -np.inf, np.inf
        return values


def find(view: View, depth: float | None, time: When) -> tuple[int, int, str]:
    """Find step and level; a sentence if the product does not have them."""
    t = view.grid.times.find(time)
    if t == OUTSIDE:
        return t, 0, outside_time(view, time)
    if not view.grid.has_depth:
        if depth is not None:
            raise BadRequest(f"{view.variable} has no depths in {view.product.name}.")
        return t, 0, ""
    z = view.level(depth)[0]
    return t, z, "" if z >= 0 else outside_depth(view, depth or 0.0)


def layer(
    product: Product, variable: str, depth: float | None, time: When, mask: Mask, what: str
) -> xr.DataArray:
    """Return the map of one level and step; see `Product.layer`."""
    import xarray as xr

    view = View(product, variable, mask, "nearest")
    t, z, sentence = find(view, depth, time)
    if sentence:
        raise BadRequest(sentence)
    grid, told = view.grid, coordinates(view)
    dims = ("y", "x") if grid.curvilinear else ("lat", "lon")
    coords: dict[str, Any] = {
        "lon": (dims if grid.curvilinear else "lon", grid.lon, told["lon"]),
        "lat": (dims if grid.curvilinear else "lat", grid.lat, told["lat"]),
    }
    if grid.has_depth:
        coords["depth"] = ((), grid.depth[z], told["depth"])
    if grid.has_time:
        coords["time"] = ((), grid.times.values[t], told["time"])
        coords["label"] = ((), grid.times.labels[t], told["label"])
    attrs = view.error_attrs() if what == "error" else view.value_attrs()
    values = np.array(view.layer(t, z, what))
    return xr.DataArray(values, coords, dims, what, attrs | provenance(view, "Map"))


def map_bytes(
    product: Product,
    variable: str,
    depth: float | None,
    time: When,
    mask: Mask,
    limits: tuple[float, float] | None,
    what: str,
) -> MapBytes:
    """Make the map of one level and step as bytes; see `Product.map`."""
    from ..errors import UnreadableFile

    view = View(product, variable, mask, "nearest")
    t, z, sentence = find(view, depth, time)
    grid, word = view.grid, "outside" if sentence else "value"
    values: NDArray = np.full(grid.shape[2:], np.nan, np.float32)
    if not sentence:
        try:
            values = view.layer(t, z, what)
        except UnreadableFile as error:
            word, sentence = "damaged", str(error)
    return encode(
        values,
        limits,
        grid,
        depth=float(grid.depth[z]) if grid.has_depth and z >= 0 else None,
        label=grid.times.labels[t] if grid.has_time and t != OUTSIDE else "",
        unit="" if what == "error" and view.roles.error_kind == "relative variance" else view.unit,
        answer=word,
        sentence=sentence,
    )


def encode(
    values: NDArray[np.floating],
    limits: tuple[float, float] | None,
    grid: Grid,
    *,
    depth: float | None,
    label: str,
    unit: str,
    answer: str = "value",
    sentence: str = "",
) -> MapBytes:
    """Turn values on (lat, lon) of a grid into bytes; see `MapBytes`.

    Raises
    ------
    BadRequest
        The limits are no range.
    """
    shown = limits or range_of(values)
    if not (np.isfinite(shown).all() and shown[0] < shown[1]):
        raise BadRequest(f"Range {shown[0]:g} to {shown[1]:g}: the first has to be less.")
    codes = quantise(values, *shown)
    if answer == "value" and not codes.any():
        answer, sentence = "empty", sentence or "There is no value on this map."
    return MapBytes(
        packed(codes),
        (codes.shape[0], codes.shape[1]),
        (float(shown[0]), float(shown[1])),
        grid.lon,
        grid.lat,
        depth,
        label,
        unit,
        answer,
        sentence,
    )


def packed(codes: NDArray[np.uint8]) -> bytes:
    """Compress codes; see `MapBytes`."""
    steps = codes.copy()
    steps[:, 1:] -= codes[:, :-1]
    # Neighbours are alike: after the differences, runs are all that is left to find.
    work = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    return work.compress(steps.tobytes()) + work.flush()


def range_of(values: NDArray) -> tuple[float, float]:
    """Return the least and greatest value, a little apart where they are the same."""
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    if not np.isfinite(low):
        return 0.0, 1.0
    low, high = float(low), float(high)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def around_zero(values: NDArray) -> tuple[float, float]:
    """Return a range of colours with 0 in its middle; 2 % of the values may lie outside."""
    known = np.abs(values[np.isfinite(values)])
    most = float(np.quantile(known, 0.98)) if len(known) else 1.0
    most = most or float(known.max()) or 1.0
    power = 10 ** math.floor(math.log10(most))
    steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
    most = float(f"{next(s * power for s in steps if s * power >= most * 0.999):.3g}")
    return -most, most


def quantise(values: NDArray, low: float, high: float) -> NDArray[np.uint8]:
    """Turn values into codes; see `MapBytes`."""
    scale = (LAST - FIRST) / (high - low)
    with np.errstate(invalid="ignore"):
        steps = np.rint((values - np.float32(low)) * np.float32(scale)) + FIRST
        steps = np.clip(steps, FIRST, LAST)
        steps[values < np.float32(low)] = BELOW
        steps[values > np.float32(high)] = ABOVE
        steps[np.isnan(values)] = MISSING
        return steps.astype(np.uint8)
