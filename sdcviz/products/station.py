"""What a product says at one station: its profile there, and what it gives for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .deviation import deviation_of
from .places import Method
from .view import level_share

if TYPE_CHECKING:
    import xarray as xr

    from .grid import Grid
    from .product import Product
    from .view import Mask

__all__ = ["AtStation", "at_station"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AtStation:
    """A product at the place and time of a station.

    Attributes
    ----------
    label : str
        Time step that holds the station's time, such as "July"; empty where there is none.
    depth, value, off : ndarray of float64, shape (levels,)
        Profile, and its expected error in the unit of the field; NaN where there is none.
    samples : ndarray of float64, shape (n,)
        Value at the depth of each sample; NaN where the product has none.
    answer, sentence : str
        See `sdcviz.products.answers.answer`.
    """

    label: str
    depth: Array
    value: Array
    off: Array
    samples: Array
    answer: str
    sentence: str


def at_station(
    product: Product,
    lon: float,
    lat: float,
    time: np.datetime64,
    depth: ArrayLike,
    *,
    variable: str = "",
    mask: Mask = None,
) -> AtStation:
    """Take what a product says at a station.

    Parameters
    ----------
    product : Product
    lon, lat : float
        Degrees.
    time : datetime64
        Without one (NaT) a product with time steps says nothing.
    depth : array-like
        Of the samples (metres).
    variable : str
        The likeliest field if empty.
    mask : str, float or None
        See `Product.profile`; a field without a relative error is shown as it is.

    Returns
    -------
    AtStation

    Raises
    ------
    BadRequest
        The field has no depths, or the place or the time of the station is not known.
    UnreadableFile
        The file was replaced or is damaged.
    """
    name = product.named(variable)
    grid = product.grid(name)
    step = _step(product, grid, time)
    roles = product.roles_of(name)
    if mask is not None and roles.error_kind != "relative variance":
        mask = None
    method: Method = "nearest" if grid.curvilinear else "bilinear"
    data = product.profile(
        lon, lat, max(step, 0) if grid.has_time else None, variable=name, mask=mask,
        interpolation=method,
    )  # fmt: skip
    value = data["value"].to_numpy().astype(np.float64)
    return AtStation(
        grid.times.labels[step] if grid.has_time else "",
        np.asarray(grid.depth, np.float64),
        value,
        _off(product, name, max(step, 0), data),
        _at_depths(grid, value, np.asarray(depth, np.float64), method),
        str(data.attrs.get("answer", "value")),
        str(data.attrs.get("sentence", "")),
    )


def _step(product: Product, grid: Grid, time: np.datetime64) -> int:
    if not grid.has_time:
        return -1
    if np.isnat(time):
        raise BadRequest(f"The station has no time, so it belongs to no time of {product.name}.")
    step = int(grid.times.steps(np.array([time]))[0])
    if step < 0:
        day = str(time.astype("datetime64[D]"))
        raise BadRequest(f"{product.name} does not cover {day}; it has {grid.times.some()}.")
    return step


def _off(product: Product, name: str, step: int, data: xr.Dataset) -> Array:
    """Return the expected error of a profile in the unit of the field."""
    if "error" not in data:
        return np.full(data["value"].shape, np.nan)
    error = data["error"].to_numpy().astype(np.float64)
    if data["error"].attrs.get("kind") != "relative variance":
        return error
    found = deviation_of(product, name)
    if found is None:
        return np.full(error.shape, np.nan)
    return np.asarray(found.values[step] * np.sqrt(np.maximum(error, 0)))


def _at_depths(grid: Grid, value: Array, depth: Array, method: Method) -> Array:
    """Interpolate a profile to depths, as `Product.at` does."""
    out = np.full(depth.shape, np.nan)
    known = np.isfinite(depth)
    below, share = level_share(grid, depth[known])
    if method == "nearest":
        share = np.round(share)
    there = np.maximum(below, 0)
    deeper = np.minimum(there + 1, len(value) - 1)
    a, b = value[there], value[deeper]
    line = np.where(share == 0, a, np.where(share == 1, b, a * (1 - share) + b * share))
    nearer = np.where(share < 0.5, a, b)
    out[known] = np.where(below < 0, np.nan, np.where(np.isnan(line), nearer, line))
    return out
