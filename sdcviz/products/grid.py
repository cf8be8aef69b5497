"""The grid of a field in one orientation, whatever the file has.

Time, depth, latitude and longitude increase, depths are positive downwards, longitudes lie
around those of -180 to 180. `order` of each axis tells where the file has each point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ProductError
from .reading_times import read_times
from .roles import AXES, Roles
from .source import Source, Variable, decode
from .times import Times

__all__ = ["Grid", "edges_of", "grid_of", "put_in_order"]


@dataclass(frozen=True)
class Grid:
    """Axes of a field.

    Attributes
    ----------
    lon, lat : ndarray of float64
        Degrees; of a curvilinear grid with two dimensions (lat, lon).
    depth : ndarray of float64
        Metres, positive down; empty for a field without depths.
    depth_unit : str
        "m" or "dbar".
    times : Times
        Of length 0 for a field without time.
    order : mapping of str to ndarray of int64
        Where the file has each point of an axis.
    around : bool
        Whether the longitudes go all around the Earth.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    depth_unit: str
    times: Times
    order: Mapping[str, NDArray[np.int64]]
    around: bool

    @property
    def curvilinear(self) -> bool:
        """Whether longitude and latitude are no axes."""
        return self.lon.ndim == 2

    @cached_property
    def shape(self) -> tuple[int, int, int, int]:
        """Sizes of time, depth, latitude, longitude; 1 where there is no such axis."""
        rows, columns = self.lon.shape if self.curvilinear else (len(self.lat), len(self.lon))
        return max(1, len(self.times)), max(1, len(self.depth)), rows, columns

    @property
    def has_time(self) -> bool:
        """Whether there is a time axis."""
        return len(self.times) > 0

    @property
    def has_depth(self) -> bool:
        """Whether there is a depth axis."""
        return len(self.depth) > 0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the points."""
        lon, lat = self.lon, self.lat
        return tuple(float(f(a)) for f, a in (
            (np.nanmin, lon), (np.nanmin, lat), (np.nanmax, lon), (np.nanmax, lat)
        ))  # type: ignore[return-value]  # fmt: skip

    @cached_property
    def level_edges(self) -> NDArray[np.float64]:
        """Where the water of one level ends and that of the next begins: n + 1 depths."""
        z = self.depth
        if len(z) == 1:
            return np.array([z[0] - 10.0, z[0] + 10.0])
        middle = (z[1:] + z[:-1]) / 2
        top = z[0] - max(10.0, (z[1] - z[0]) / 2)
        return np.concatenate([[top], middle, [z[-1] + (z[-1] - z[-2]) / 2]])


def edges_of(axis: NDArray, least: float | None = None) -> NDArray[np.float64]:
    """Return where the cells of an axis begin and end: half way between its points."""
    axis = np.asarray(axis, np.float64)
    if len(axis) == 1:
        made = np.array([axis[0] - 0.5, axis[0] + 0.5])
    else:
        middle = (axis[1:] + axis[:-1]) / 2
        made = np.concatenate([[2 * axis[0] - middle[0]], middle, [2 * axis[-1] - middle[-1]]])
    return made if least is None else np.maximum(made, least)


def grid_of(source: Source, roles: Roles, variable: Variable) -> Grid:
    """Read the axes of a variable and bring them into order.

    Raises
    ------
    ProductError
        An axis has missing, repeated or impossible values.
    """
    dims = {roles.axes[d]: d for d in variable.dims if d in roles.axes}
    sizes = dict(zip(variable.dims, variable.shape, strict=True))
    order: dict[str, NDArray[np.int64]] = {
        k: np.arange(sizes[dims[k]]) if k in dims else np.zeros(1, np.int64) for k in AXES
    }
    for kind in AXES:
        if kind in dims and not sizes[dims[kind]]:
            raise ProductError(f"{source.name}: {variable.name} has no points along {dims[kind]}.")
    times = Times(np.empty(0, "datetime64[ms]"), ())
    if "time" in dims:
        times, order["time"] = read_times(source, dims["time"], sizes[dims["time"]])
    depth, unit = np.empty(0), "m"
    if "depth" in dims:
        depth, order["depth"], unit = _depth(source, dims["depth"])
    if roles.curvilinear:
        lon, lat = (_read(source, source.variables[n]) for n in roles.curvilinear)
        if source.variables[roles.curvilinear[0]].dims != (dims["lat"], dims["lon"]):
            raise ProductError(f"{source.name}: {variable.name} does not lie on its coordinates.")
        return Grid((lon + 180) % 360 - 180, lat, depth, unit, times, order, False)
    lat, order["lat"] = _increasing(source, dims["lat"])
    if np.abs(lat).max() > 90 + 1e-6:
        raise ProductError(f"{source.name}: {dims['lat']} has latitudes beyond 90 degrees.")
    lon, order["lon"], around = _longitudes(source, dims["lon"])
    return Grid(lon, lat, depth, unit, times, order, around)


def _axis_variable(source: Source, dim: str) -> Variable | None:
    own = source.variables.get(dim)
    if own is not None and own.dims == (dim,):
        return own
    beside = [
        v for v in source.variables.values()
        if v.dims == (dim,) and v.is_number and (v.text("standard_name") or v.text("axis"))
    ]  # fmt: skip
    return beside[0] if len(beside) == 1 else None


def _read(source: Source, v: Variable) -> NDArray[np.float64]:
    return decode(v, source.read(v.name, (slice(None),) * len(v.dims))).astype(np.float64)


def _increasing(source: Source, dim: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    v = _axis_variable(source, dim)
    if v is None:
        raise ProductError(
            f"{source.name}: the axis {dim} has no values (no variable of that name); "
            "write them into the file."
        )
    return _in_order(source, dim, _read(source, v))


def _in_order(source: Source, dim: str, values: NDArray) -> tuple[NDArray, NDArray[np.int64]]:
    if not np.isfinite(values).all():
        raise ProductError(f"{source.name}: the axis {dim} has missing values.")
    order = np.argsort(values, kind="stable")
    values = values[order]
    if len(values) > 1 and (np.diff(values) <= 0).any():
        twice = values[1:][np.diff(values) <= 0][0]
        raise ProductError(f"{source.name}: the axis {dim} has {twice:g} more than once.")
    return values, order


def _depth(source: Source, dim: str) -> tuple[NDArray, NDArray[np.int64], str]:
    v = _axis_variable(source, dim)
    if v is None:
        raise ProductError(f"{source.name}: the axis {dim} has no depths.")
    values = _read(source, v)
    if _upwards(v, values):
        values = -values
    unit = v.text("units").lower()
    if unit in ("km", "kilometers", "kilometres"):
        values = values * 1000
    values = np.where(values == 0, 0.0, values)
    return (*_in_order(source, dim, values), "dbar" if unit.startswith(("dbar", "deci")) else "m")


def _upwards(v: Variable, values: NDArray) -> bool:
    positive = v.text("positive").lower()
    if positive in ("up", "down"):
        # Many files say "down" of an axis that is negative all along.
        return positive == "up" or bool((values <= 0).all() and (values < 0).any())
    named = v.text("standard_name").lower() in ("altitude", "height")
    return named or bool((values <= 0).all() and (values < 0).any())


def _longitudes(source: Source, dim: str) -> tuple[NDArray, NDArray[np.int64], bool]:
    """Bring longitudes into one increasing run that begins where the gap is."""
    v = _axis_variable(source, dim)
    if v is None:
        raise ProductError(
            f"{source.name}: the axis {dim} has no values (no variable of that name); "
            "write them into the file."
        )
    raw = _read(source, v)
    if not np.isfinite(raw).all() or np.abs(raw).max() > 1080:
        raise ProductError(f"{source.name}: the axis {dim} has impossible longitudes.")
    values, first = _without_repeats(np.round((raw + 180) % 360 - 180, 9))
    n = len(values)
    if n == 1:
        return values, first, False
    gaps = np.diff(np.append(values, values[0] + 360))
    step = float(np.median(gaps))
    around = bool(gaps.max() < 1.5 * step)
    if not around:
        start = (int(np.argmax(gaps)) + 1) % n
        values = np.concatenate([values[start:], values[:start] + 360])
        first = np.concatenate([first[start:], first[:start]])
        if values.mean() >= 180:
            values = values - 360
    # As exact as the file has them, where a turn by 360 degrees allows.
    exact = raw[first]
    back = np.round((exact - values) / 360) * 360
    return exact - back, first.astype(np.int64), around


def _without_repeats(turned: NDArray[np.float64]) -> tuple[NDArray, NDArray[np.int64]]:
    """Sort longitudes and leave out the columns that global grids repeat at their end."""
    values, first = np.unique(turned, return_index=True)
    if len(values) < 3:
        return values, first
    gaps = np.diff(np.append(values, values[0] + 360))
    same = gaps < 1e-3 * np.median(gaps)
    # Of two that are one, the column that the file has first.
    for k in np.flatnonzero(same):
        other = (k + 1) % len(values)
        if first[k] < first[other]:
            first[other] = first[k]
    return values[~same], first[~same]


def put_in_order(
    source: Source,
    roles: Roles,
    variable: Variable,
    grid: Grid,
    wanted: Mapping[str, Any],
) -> NDArray[np.floating]:
    """Read a part of a variable as (time, depth, lat, lon) in the order of the grid.

    Parameters
    ----------
    source, roles, variable, grid
        The field.
    wanted : mapping of str to (slice or ndarray of int)
        Points of each axis, by their places in the grid; an axis that is left out is whole.

    Returns
    -------
    ndarray
        NaN where there is no value.
    """
    index: list[slice] = []
    takes: list[NDArray[np.int64] | None] = []
    kinds = [roles.axes.get(d, "") for d in variable.dims]
    for kind in kinds:
        if not kind:
            index.append(slice(0, 1))
            takes.append(None)
            continue
        places = grid.order[kind][wanted.get(kind, slice(None))]
        low, high = int(places.min()), int(places.max()) + 1
        index.append(slice(low, high))
        straight = len(places) == high - low and (np.diff(places) == 1).all()
        takes.append(None if straight else places - low)
    read = source.read(variable.name, tuple(index))
    for n, take in enumerate(takes):
        if take is None:
            continue
        down = len(take) == read.shape[n] and (np.diff(take) == -1).all()
        read = np.flip(read, n) if down else np.take(read, take, axis=n)
    values = decode(variable, np.ascontiguousarray(read))
    present = [k for k in AXES if k in kinds]
    free = [n for n, k in enumerate(kinds) if not k]
    values = values.transpose([kinds.index(k) for k in present] + free)
    shape = [values.shape[present.index(k)] if k in present else 1 for k in AXES]
    return np.ascontiguousarray(values.reshape(shape))
