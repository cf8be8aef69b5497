"""A product beside another one: a climatology, or its earlier version, on its own grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, SdcvizError
from .fields import FieldView, place_words
from .strata import Strata

if TYPE_CHECKING:
    from ..products.product import Product

__all__ = ["compare"]

_MOST_POINTS = 1_000_000
"""Points at which another grid is interpolated; of a finer product every second, third ..."""
_LARGEST = 10


def compare(view: FieldView, other: Product, strata: Strata, what: str) -> dict[str, Any]:
    """Compare a product with another one, point by point of its own grid.

    Parameters
    ----------
    view : FieldView
    other : Product
    strata : Strata
        Whose layers are used.
    what : str
        What the other is, for sentences.

    Returns
    -------
    dict
        ``name``, ``sentence``, ``rows`` (mean, sd and RMS of product minus other by layer and
        step; None: all), ``largest``.

    Raises
    ------
    BadRequest
        They measure different things, or have no point in common.
    """
    theirs = _same_quantity(view, other)
    nt = view.grid.shape[0]
    layer_of = _layers_of(view, strata)
    sums = np.zeros((4, len(strata.layers), nt))
    largest: list[tuple[float, float, int, int, int, int]] = []
    lat = view.lonlat()[1]
    weight = np.cos(np.radians(lat))
    how = "grid point by grid point"
    for t, z, difference, strided in _differences(view, other, theirs):
        if strided:
            how = "interpolated to " + (
                "its grid points" if strided == 1 else f"one of {strided**2} of its grid points"
            )
        known = np.isfinite(difference)
        if not known.any():
            continue
        d, w = difference[known], weight[known]
        k = layer_of[z]
        sums[:, k, t] += [known.sum(), w.sum(), (w * d).sum(), (w * d * d).sum()]
        at = int(np.nanargmax(np.abs(difference)))
        i, j = divmod(at, difference.shape[1])
        value = float(difference[i, j])
        largest.append((abs(value), value, t, z, i, j))
        largest = sorted(largest, reverse=True)[:_LARGEST]
    if not sums[0].sum():
        raise BadRequest(
            f"{view.product.name} and {other.name} have no point in common in place, depth and "
            "time."
        )
    rows = _rows(sums, strata, view)
    spots = [_spot(view, *one[1:]) for one in largest]
    return {
        "name": other.name, "path": other.path, "variable": theirs, "how": how, "rows": rows,
        "largest": spots, "sentence": _sentence(rows, spots, view, other, what),
    }  # fmt: skip


def _same_quantity(view: FieldView, other: Product) -> str:
    """Find the field of the other product that measures the same in the same unit."""
    from ..vocabularies.units import canonical

    own = view.product.quantity_of(view.variable)
    named = [v for v in other.variables if v == view.variable]
    alike = [v for v in other.variables if own and other.quantity_of(v) == own]
    if not named and not alike:
        base = own.split("_")[0] or view.variable
        raise BadRequest(f"{other.name} has no field of {base} in {view.unit or 'the same unit'}.")
    theirs = (named or alike)[0]
    units = view.unit, other.unit_of(theirs)
    if all(units) and (canonical(units[0]) or units[0]) != (canonical(units[1]) or units[1]):
        raise BadRequest(
            f"{view.variable} of {view.product.name} is in {units[0]} and {theirs} of {other.name} "
            f"in {units[1]}. Values are never converted silently: convert one of them first."
        )
    return theirs


def _layers_of(view: FieldView, strata: Strata) -> NDArray[np.int64]:
    if not view.grid.has_depth:
        return np.zeros(1, np.int64)
    found = np.searchsorted(strata.edges, view.grid.depth, "left") - 1
    return np.clip(found, 0, len(strata.layers) - 1)


def _differences(
    view: FieldView, other: Product, theirs: str
) -> Iterator[tuple[int, int, NDArray[np.float64], int]]:
    """Give step, level and product minus the other one, NaN where one has no value."""
    a, b = view.grid, other.grid(theirs)
    field = other.field(theirs)
    same = a.shape[1:] == b.shape[1:] and all(
        x.shape == y.shape and np.allclose(x, y, atol=1e-4)
        for x, y in ((a.lon, b.lon), (a.lat, b.lat), (a.depth, b.depth))
    )
    steps = _steps(view, other, theirs)
    size = int(np.prod(a.shape))
    stride = 1 if same else max(1, int(np.ceil(np.sqrt(size / _MOST_POINTS))))
    lon, lat = view.lonlat()
    pick = np.zeros(lon.shape, bool)
    pick[::stride, ::stride] = True
    for t in view.steps:
        if steps[t] < 0:
            continue
        for z, layer in view.levels(t):
            if z and a.has_depth and not b.has_depth:
                break  # what has no depth is of the surface
            if same:
                try:
                    yield t, z, layer.astype(np.float64) - field.layer(int(steps[t]), z), 0
                except SdcvizError:
                    continue
                continue
            water = pick & np.isfinite(layer)
            out = np.full(layer.shape, np.nan)
            if water.any():
                depth = a.depth[z] if a.has_depth else 0.0
                places = {
                    "lon": lon[water], "lat": lat[water], "depth": np.full(water.sum(), depth),
                    "time": np.full(water.sum(), _moment(b, int(steps[t]))),
                }  # fmt: skip
                found = other.at(places, variable=theirs)["value"].to_numpy()
                out[water] = layer[water] - found
            yield t, z, out, stride


def _moment(grid: Any, step: int) -> np.datetime64:
    """Return a time that lies in a step."""
    times = grid.times
    if not len(times):
        return np.datetime64("2000-01-15T00:00:00", "ms")
    if times.climatology:
        year = 2000 if times.bounds is None else int(str(times.bounds[step, 0])[:4])
        month = min(times.months[step])
        for y in (year, year + 1):
            moment = np.datetime64(f"{y:04d}-{month:02d}-15", "ms")
            if times.steps(np.array([moment]))[0] == step:
                return moment
    return np.datetime64(times.values[step], "ms")


def _steps(view: FieldView, other: Product, theirs: str) -> NDArray[np.int64]:
    """Find the step of the other product for each step; -1: none."""
    own, times = view.grid.times, other.grid(theirs).times
    nt = view.grid.shape[0]
    if len(times) <= 1 and (not len(times) or not times.known or times.climatology):
        return np.zeros(nt, np.int64)
    if not len(own):
        return np.zeros(nt, np.int64)
    if own.labels == times.labels:
        return np.arange(nt)
    if times.climatology:
        # The middle month of each of our steps, in the first of theirs that has it.
        of = {m: k for k, some in reversed(list(enumerate(times.months))) for m in some}
        return np.array([of.get(m, -1) for m in _months(own)], np.int64)
    return times.steps(own.values)


def _months(times: Any) -> list[int]:
    """Return the middle month of each step."""
    if not times.climatology:
        return (times.values.astype("datetime64[M]").astype(np.int64) % 12 + 1).tolist()
    found = []
    for some in times.months:
        # Months may go over the end of the year: the run begins where the one before is missing.
        first = next((m for m in sorted(some) if (m - 2) % 12 + 1 not in some), 1)
        found.append((first - 1 + len(some) // 2) % 12 + 1)
    return found


def _rows(sums: NDArray[np.float64], strata: Strata, view: FieldView) -> list[dict[str, Any]]:
    for axis in (1, 2):
        sums = np.concatenate([sums, sums.sum(axis, keepdims=True)], axis)
    rows = []
    layers, steps = sums.shape[1] - 1, sums.shape[2] - 1
    for k in range(layers + 1):
        for t in range(steps + 1):
            n, w, first, second = sums[:, k, t]
            if not n:
                continue
            mean = first / w
            rows.append({
                "layer": k if k < layers else None, "step": t if t < steps else None,
                "label": view.step_name(t) if t < steps else "", "n": int(n), "mean": mean,
                "sd": float(np.sqrt(max(second / w - mean**2, 0))),
                "rms": float(np.sqrt(second / w)),
            })  # fmt: skip
    return rows


def _spot(view: FieldView, value: float, t: int, z: int, i: int, j: int) -> dict[str, Any]:
    lon, lat = view.lonlat()
    return {
        "step": t, "level": z, "depth": view.depth_of(z), "lon": float(lon[i, j]),
        "lat": float(lat[i, j]), "value": value,
    }  # fmt: skip


def _sentence(
    rows: list[dict[str, Any]],
    spots: list[dict[str, Any]],
    view: FieldView,
    other: Product,
    what: str,
) -> str:
    whole = rows[-1]
    one = spots[0]
    lon, lat = one["lon"], one["lat"]
    where = place_words((lon - 0.5, lat - 0.5, lon + 0.5, lat + 0.5))
    deep = "" if one["depth"] is None else f" at {one['depth']:g} m"
    when = view.step_name(one["step"])
    return (
        f"Product minus {what} {other.name}: mean {whole['mean']:+.2g}, RMS {whole['rms']:.2g} "
        f"{view.unit}; the largest difference is {one['value']:+.3g} {view.unit}{deep}"
        f"{', ' + when if when else ''}, {where}."
    )
