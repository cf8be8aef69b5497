"""The four extractions: profile, time series, Hovmöller diagram, section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .answers import (
    answer,
    broken_sentence,
    coordinates,
    degrees,
    outside_depth,
    outside_time,
    provenance,
)
from .lines import Line, line_of
from .places import Method, Places, find_places
from .times import OUTSIDE, When
from .view import Mask, Values, View

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["hovmoller", "profile", "section", "timeseries"]


def profile(
    product: Product, lon: float, lat: float, time: When, variable: str, mask: Mask, method: Method
) -> xr.Dataset:
    """Extract the values at all depths of a place; see `Product.profile`."""
    view = _with_depth(View(product, variable, mask, method), "a profile")
    t = view.grid.times.find(time)
    places = find_places(view.grid, lon, lat, method)
    found = _one(view.at(places, max(t, 0), None), t)
    told = _told(view, found, t, time, degrees(lon, lat))
    made = _Maker(view, "Profile", told)
    made.axis("depth", view.grid.depth).place(lon, lat).step(t, time)
    return made.dataset(("depth",), found.value, found.error)


def timeseries(
    product: Product, lon: float, lat: float, depth: float | None, variable: str, mask: Mask,
    method: Method,
) -> xr.Dataset:  # fmt: skip
    """Extract the values of all times at a place; see `Product.timeseries`."""
    view = _with_time(View(product, variable, mask, method), "a time series")
    _depth_fits(view, depth)
    places = find_places(view.grid, lon, lat, method)
    found = _one(view.at_depth(places, None, depth), 0)
    told = _told(view, found, 0, None, degrees(lon, lat), depth)
    made = _Maker(view, "Time series", told)
    made.times().place(lon, lat).at_depth(depth)
    return made.dataset(("time",), found.value, found.error)


def hovmoller(
    product: Product, lon: float | None, lat: float | None, line: str | Sequence[Any] | None,
    depth: float | None, points: int, variable: str, mask: Mask, method: Method,
) -> xr.Dataset:  # fmt: skip
    """Extract a Hovmöller diagram; see `Product.hovmoller`."""
    view = _with_time(View(product, variable, mask, method), "a Hovmöller diagram")
    if line is not None and (lon is not None or lat is not None):
        raise BadRequest("A Hovmöller diagram is of a line or of a place; leave one out.")
    if line is None and lon is None and lat is None:
        raise BadRequest("Say where: longitude and latitude, one of them, or a line.")
    if lon is not None and lat is not None:
        return _depth_time(view, lon, lat, depth)
    _depth_fits(view, depth)
    if line is not None:
        track = line_of(line, points)
        axis, values = "distance", track.distance
    elif view.grid.curvilinear:
        raise BadRequest("The grid is curvilinear, it has no rows or columns; draw a line.")
    elif lat is not None:
        axis, values = "lon", view.grid.lon
        track = Line(values, np.full(len(values), float(lat)), np.zeros(len(values)))
    else:
        axis, values = "lat", view.grid.lat
        track = Line(np.full(len(values), float(lon or 0)), values, np.zeros(len(values)))
    places = find_places(view.grid, track.lon, track.lat, method)
    found = view.at_depth(places, None, depth)
    told = _told(view, found, 0, None, _along(line, lon, lat), depth)
    made = _Maker(view, f"Hovmöller diagram ({axis}-time)", told)
    made.times().axis(axis, values).at_depth(depth)
    made.along(track, axis)
    turned = found.value.T, None if found.error is None else found.error.T
    return made.dataset(("time", axis), *turned)


def _along(line: Any, lon: float | None, lat: float | None) -> str:
    if line is not None:
        return "The line"
    return f"The row at latitude {lat:g}" if lat is not None else f"The column at longitude {lon:g}"


def _depth_time(view: View, lon: float, lat: float, depth: float | None) -> xr.Dataset:
    if depth is not None:
        raise BadRequest("At one place and depth that is a time series; leave the depth out.")
    _with_depth(view, "a diagram of depth against time")
    places = find_places(view.grid, lon, lat, view.method)
    found = _one(view.at(places, None, None), 0)
    told = _told(view, found, 0, None, degrees(lon, lat))
    made = _Maker(view, "Hovmöller diagram (depth-time)", told)
    made.times().axis("depth", view.grid.depth).place(lon, lat)
    return made.dataset(("time", "depth"), found.value, found.error)


def section(
    product: Product, line: str | Sequence[Any], time: When, points: int, variable: str,
    mask: Mask, method: Method,
) -> xr.Dataset:  # fmt: skip
    """Extract a vertical section; see `Product.section`."""
    view = _with_depth(View(product, variable, mask, method), "a section")
    track = line_of(line, points)
    t = view.grid.times.find(time)
    places: Places = find_places(view.grid, track.lon, track.lat, method)
    found = view.at(places, max(t, 0), None)
    found = found if t != OUTSIDE else _nothing(found)
    told = _told(view, found, t, time, "The line")
    made = _Maker(view, "Section", told)
    made.axis("distance", track.distance).axis("depth", view.grid.depth).step(t, time)
    made.along(track, "distance")
    made.extra["bottom"] = ("distance", _bottom(view, found.water), {
        "long_name": "depth of the deepest level with a value", "units": view.grid.depth_unit,
    })  # fmt: skip
    return made.dataset(("distance", "depth"), found.value, found.error)


def _bottom(view: View, water: NDArray[np.bool_]) -> NDArray[np.float64]:
    last = water.shape[1] - 1 - np.argmax(water[:, ::-1], axis=1)
    return np.where(water.any(axis=1), view.grid.depth[last], np.nan)


# ---- what fits -----------------------------------------------------------------
def _with_depth(view: View, what: str) -> View:
    if not view.grid.has_depth:
        raise BadRequest(
            f"{view.variable} has no depths in {view.product.name}: {what} needs them."
        )
    return view


def _with_time(view: View, what: str) -> View:
    if not view.grid.has_time:
        raise BadRequest(f"{view.variable} has no times in {view.product.name}: {what} needs them.")
    return view


def _depth_fits(view: View, depth: float | None) -> None:
    if depth is not None and not view.grid.has_depth:
        raise BadRequest(f"{view.variable} has no depths in {view.product.name}; leave it out.")


def _nothing(found: Values) -> Values:
    empty = np.full(found.value.shape, np.nan)
    return Values(empty, None if found.error is None else empty, found.inside, found.water)


def _one(found: Values, t: int) -> Values:
    """Take the only place."""
    found = found if t != OUTSIDE else _nothing(found)
    error = None if found.error is None else found.error[0]
    return Values(found.value[0], error, found.inside, found.water[0])


def _told(
    view: View, found: Values, t: int, time: When, place: str, depth: float | None = None
) -> dict[str, str]:
    """Say what the values are, and what is wrong with the file."""
    if t == OUTSIDE:
        word, sentence = "outside", outside_time(view, time)
    elif depth is not None and view.grid.has_depth and view.level(depth)[0] < 0:
        word, sentence = "outside", outside_depth(view, depth)
    else:
        word, sentence = answer(view, found, place)
    told = {"answer": word} | ({"sentence": sentence} if sentence else {})
    damaged = [
        broken_sentence(name, field)
        for name, field in ((view.variable, view.field), (view.roles.error, view.error))
        if field is not None and field.broken()
    ]
    warnings = [w for w in (view.grid.times.warning, *damaged) if w]
    return told | ({"warnings": " ".join(warnings)} if warnings else {})


# ---- making --------------------------------------------------------------------
class _Maker:
    """Collects the coordinates of an extraction and makes the dataset."""

    def __init__(self, view: View, what: str, told: dict[str, str]) -> None:
        self.view, self.what, self.told = view, what, told
        self.attrs = coordinates(view)
        self.coords: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self.assumed: list[str] = []

    def axis(self, name: str, values: NDArray) -> _Maker:
        self.coords[name] = (name, values, self.attrs[name])
        return self

    def place(self, lon: float, lat: float) -> _Maker:
        self.coords["lon"] = ((), float(lon), self.attrs["lon"])
        self.coords["lat"] = ((), float(lat), self.attrs["lat"])
        return self

    def along(self, track: Line, axis: str) -> _Maker:
        for name, values in (("lon", track.lon), ("lat", track.lat)):
            if name != axis:
                self.coords[name] = (axis, values, self.attrs[name])
        return self

    def times(self) -> _Maker:
        times = self.view.grid.times
        self.coords["time"] = ("time", times.values, self.attrs["time"])
        self.coords["label"] = ("time", np.array(times.labels), self.attrs["label"])
        return self

    def step(self, t: int, given: When) -> _Maker:
        times = self.view.grid.times
        if given is None and len(times) > 1:
            self.assumed.append(f"no time was named, this is {times.labels[t]}")
        if len(times) and t != OUTSIDE:
            self.coords["time"] = ((), times.values[t], self.attrs["time"])
            self.coords["label"] = ((), times.labels[t], self.attrs["label"])
        return self

    def at_depth(self, depth: float | None) -> _Maker:
        grid = self.view.grid
        if depth is None and len(grid.depth) > 1:
            self.assumed.append(f"no depth was named, this is {grid.depth[0]:g} {grid.depth_unit}")
        if grid.has_depth:
            self.coords["depth"] = ((), float(grid.depth[0] if depth is None else depth),
                                    self.attrs["depth"])  # fmt: skip
        return self

    def dataset(self, dims: tuple[str, ...], value: NDArray, error: NDArray | None) -> xr.Dataset:
        import xarray as xr

        kind = self.view.field.dtype
        held: dict[str, Any] = {"value": (dims, value.astype(kind), self.view.value_attrs())}
        if error is not None:
            held["error"] = (dims, error.astype(np.float32), self.view.error_attrs())
        attrs = provenance(self.view, self.what) | self.told
        if self.assumed:
            text = "; ".join(self.assumed)
            attrs["assumed"] = f"{text[0].upper()}{text[1:]}."
        return xr.Dataset(held | self.extra, self.coords, attrs)
