"""A product at the places and times of observations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .answers import coordinates, provenance
from .field import Field, PreparedField
from .grid import Grid
from .places import Method, before_each, find_cells
from .times import OUTSIDE, Times
from .view import Mask, View, level_share

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["ANSWERS", "Observed", "collocate", "places_of", "samples_of"]

ANSWERS = ("value", "outside", "land", "masked")
"""Meanings of the codes 0 to 3 of ``answer``."""

_PIECE = 1 << 18
"""Observations at once: what is known of each would fill the memory for millions."""


@dataclass(frozen=True)
class Observed:
    """Where, when and, if known, what was observed.

    Attributes
    ----------
    lon, lat, depth : ndarray of float64
        A missing depth is NaN.
    time : ndarray of datetime64[ms]
    value : ndarray of float64 or None
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    time: NDArray[np.datetime64]
    value: NDArray[np.float64] | None = None


def places_of(
    observations: Any,
    lon: ArrayLike | None,
    lat: ArrayLike | None,
    depth: ArrayLike | None,
    time: ArrayLike | None,
) -> Observed:
    """Take observations as they come.

    Raises
    ------
    BadRequest
        They have no places, or columns of different lengths.
    """
    given: Any = {"lon": lon, "lat": lat, "depth": depth, "time": time}
    if observations is not None:
        given = {n: observations[n] for n in (*given, "value") if n in observations}
    if given.get("lon") is None or given.get("lat") is None:
        raise BadRequest(
            "Observations need lon and lat; depth and time where the product has them."
        )
    n = np.size(given["lon"])

    def column(name: str, kind: Any, missing: Any) -> NDArray:
        values = given.get(name)
        array = np.asarray(missing if values is None else values).astype(kind)
        if array.ndim == 0:
            array = np.broadcast_to(array, n)
        if array.shape != (n,):
            raise BadRequest(f"Observations: {name} has {array.size} values and lon {n}.")
        return array

    value = given.get("value")
    return Observed(
        column("lon", np.float64, np.nan),
        column("lat", np.float64, np.nan),
        column("depth", np.float64, np.nan),
        column("time", "datetime64[ms]", np.datetime64("NaT")),
        None if value is None else column("value", np.float64, np.nan),
    )


def samples_of(product: Product, observations: Any, variable: str, parameter: str) -> Any:
    """Take the samples of a selection or collection; anything else as it is.

    Parameters
    ----------
    parameter : str
        Key in the collection; what the field measures if empty, none where it has no such.
    """
    if hasattr(observations, "n_stations") and hasattr(observations, "parameters"):
        observations = observations.where()  # a collection
    if not callable(getattr(observations, "samples", None)):
        return observations
    key = parameter or product.quantity_of(variable)
    known = observations.collection.keys
    if parameter or key in known:
        return observations.samples(key, present=True)
    return observations.samples()


def collocate(
    product: Product,
    given: Observed,
    variable: str,
    mask: Mask,
    method: Method,
    time_method: str,
) -> xr.Dataset:
    """Interpolate a product to observations; see `Product.at`."""
    import xarray as xr

    if time_method not in ("nearest", "linear"):
        raise BadRequest(f"Interpolation in time {time_method!r}: expected nearest or linear.")
    view = View(product, variable, mask, method)
    n = len(given.lon)
    value, error = np.full(n, np.nan), np.full(n, np.nan) if view.error is not None else None
    answer = np.zeros(n, np.int8)
    for first in range(0, n, _PIECE):
        run = slice(first, first + _PIECE)
        _piece(view, given, time_method, run, value, error, answer)
    told = coordinates(view)
    places = {k: ("observation", getattr(given, k), told[k]) for k in ("lon", "lat", "depth")}
    places["time"] = ("observation", given.time, told["time"])
    held: dict[str, Any] = {"value": ("observation", value, view.value_attrs())}
    if error is not None:
        held["error"] = ("observation", error, view.error_attrs())
    meanings = {"flag_values": np.arange(4, dtype=np.int8), "flag_meanings": " ".join(ANSWERS)}
    held["answer"] = ("observation", answer, meanings)
    if given.value is not None:
        held["observed"] = ("observation", given.value, view.value_attrs())
        about = {"long_name": "observation minus product", "units": view.value_attrs()["units"]}
        held["residual"] = ("observation", given.value - value, about)
    attrs = provenance(view, "Collocation") | {"time_interpolation": time_method}
    return xr.Dataset(held, places, attrs)


def _piece(
    view: View,
    given: Observed,
    time_method: str,
    run: slice,
    value: NDArray,
    error: NDArray | None,
    answer: NDArray,
) -> None:
    lon, lat = given.lon[run], given.lat[run]
    somewhere = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 540)
    cells = find_cells(
        view.grid, np.where(somewhere, lon, 0), np.where(somewhere, lat, 0), view.method
    )
    inside = cells.inside & somewhere
    below, deeper = _levels(view, given.depth[run])
    step, following, later = _steps(view.grid.times, given.time[run], time_method)
    below = np.where(inside, below, -1)
    where = cells.row, cells.column, cells.north, cells.east
    how = (*where, below, deeper, step, following, later)
    outside = (below < 0) | (step < 0)
    water = np.full(len(lon), np.nan)
    _interpolate(view.field, how, water)
    found = water
    masking = view.limit is not None or view.copy is not None
    if masking:
        found = np.full(len(lon), np.nan)
        _interpolate(Masked(view), how, found)
    value[run] = found
    if error is not None and view.error is not None:
        off = np.full(len(lon), np.nan)
        _interpolate(Masked(view, "error") if masking else view.error, how, off)
        error[run] = np.where(np.isnan(found), np.nan, off)
    masked = np.isnan(found) & ~np.isnan(water)
    answer[run] = np.select([outside, np.isnan(water), masked], [1, 2, 3], 0)


def _levels(view: View, depth: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    if not view.grid.has_depth:
        return np.zeros(len(depth), np.int64), np.zeros(len(depth))
    known = np.isfinite(depth)
    below, share = level_share(view.grid, np.where(known, depth, 0))
    if view.method == "nearest":
        below, share = below + ((share > 0.5) & (below >= 0)), np.zeros(len(depth))
    return np.where(known, below, -1), share


def _steps(
    times: Times, when: NDArray[np.datetime64], method: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Find the steps around each time and the share of the second."""
    n = len(when)
    if len(times) == 0 or (len(times) == 1 and not times.known):
        return np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
    if not times.known:
        raise BadRequest(f"{times.warning} Observations can't be brought to them.")
    if method == "nearest" or len(times) == 1:
        nearest = times.steps(when)
        return nearest, nearest, np.zeros(n)
    if times.climatology:
        raise BadRequest(
            "The steps of a climatology stand for months of many years: take the nearest in time."
        )
    ms = times.values.astype(np.int64)
    at = when.astype("datetime64[ms]").astype(np.int64).astype(np.float64)
    before = before_each(ms.astype(np.float64), at)
    share = np.clip((at - ms[before]) / (ms[before + 1] - ms[before]), 0, 1)
    outside = (when < times.edges[0]) | (when > times.edges[-1]) | np.isnat(when)
    before = np.where(outside, OUTSIDE, before)
    return before, before + 1, share


class Masked:
    """A field as its mask leaves it, layer by layer."""

    def __init__(self, view: View, what: str = "value") -> None:
        self.view, self.grid, self.dtype = view, view.grid, view.field.dtype
        self.what = what

    def layer(self, t: int, z: int) -> NDArray[np.floating]:
        """Return one map."""
        return self.view.layer(t, z, self.what)


def _interpolate(field: Field | Masked, how: tuple[NDArray, ...], out: NDArray) -> None:
    from .kernels import interpolate as compiled

    interpolate: Any = compiled
    if isinstance(field, PreparedField):
        field.source.check()
        interpolate(field.by_column, *how, 0, out)
        return
    step, later = how[-3], how[-1]
    steps = np.unique(step[step >= 0])
    for t in steps.tolist():
        mine = np.flatnonzero(step == t)
        both = t + 1 if (later[mine] > 0).any() else t
        own = tuple(np.ascontiguousarray(a[mine]) for a in how)
        some = out[mine]
        interpolate(_steps_of(field, field.grid, t, both), *own, t, some)
        out[mine] = some


def _steps_of(field: Field | Masked, grid: Grid, first: int, last: int) -> NDArray:
    """Return one or two steps as (lat, lon, time, depth)."""
    from ..errors import UnreadableFile

    nz, ny, nx = grid.shape[1:]
    out = np.full((last - first + 1, nz, ny, nx), np.nan, field.dtype)
    for t in range(first, last + 1):
        for z in range(nz):
            try:
                out[t - first, z] = field.layer(t, z)
            except UnreadableFile:
                continue  # no value there; the product's warnings say so
    return out.transpose(2, 3, 0, 1)
