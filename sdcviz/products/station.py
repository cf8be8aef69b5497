"""What a product says at one station: its profile there, and what it gives for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .answers import answer, degrees
from .deviation import deviation_of
from .places import Method, find_places
from .view import Values, View, level_share

if TYPE_CHECKING:
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
    view = View(product, name, mask, method)
    if not grid.has_depth:
        raise BadRequest(f"{name} has no depths in {product.name}: a profile needs them.")
    # As `Product.profile` reads it; its dataset would take longer than all the rest.
    found = view.at(find_places(grid, lon, lat, method), max(step, 0), None)
    value = found.value[0].astype(view.field.dtype).astype(np.float64)
    word, sentence = answer(view, found, degrees(lon, lat))
    return AtStation(
        grid.times.labels[step] if grid.has_time else "",
        np.asarray(grid.depth, np.float64),
        value,
        _off(view, max(step, 0), found),
        _at_depths(grid, value, np.asarray(depth, np.float64), method),
        word,
        sentence,
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


def _off(view: View, step: int, found: Values) -> Array:
    """Return the expected error of a profile in the unit of the field."""
    if found.error is None:
        return np.full(found.value[0].shape, np.nan)
    error = found.error[0].astype(np.float32).astype(np.float64)
    if view.roles.error_kind != "relative variance":
        return error
    spread = deviation_of(view.product, view.variable)
    if spread is None:
        return np.full(error.shape, np.nan)
    return np.asarray(spread.values[step] * np.sqrt(np.maximum(error, 0)))


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
