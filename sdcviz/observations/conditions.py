"""Filters turned into what the compiled loops need, and into rows of stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.observations.filters import Filters
from sdcviz.observations.kernels import restore, times_kept
from sdcviz.observations.layout import BLOCK
from sdcviz.observations.overlay import TIME

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = [
    "NO_MASK",
    "NO_MEANS",
    "candidates",
    "conditions",
    "in_box",
    "in_polygon",
    "stations_kept",
    "time_kept",
]

NO_MASK = np.empty(0, bool)
NO_MEANS = np.empty(0, np.float32)
"""Given to `judge_samples` where marks or means are not wanted."""

_NO_TIMES = np.empty(0, np.int64)
_NO_FLAGS = np.empty(0, np.uint8)


def conditions(
    c: Collection, f: Filters, version: int | None = None
) -> tuple[NDArray[np.int64], tuple, tuple]:
    """Prepare the arguments that the compiled loops over samples share.

    Parameters
    ----------
    c : Collection
    f : Filters
    version : int, optional
        Judge by the flags of this version of `Overlay` (of stored parameters only).

    Returns
    -------
    starts : ndarray of int64
    columns, limits : tuple
        See `sdcviz.observations.kernels.judge_samples`.

    Raises
    ------
    LookupError
        That version is too many changes ago.
    """
    starts = c.offsets[:-1]
    values: NDArray = c.depth  # something to look at, where no parameter is asked for
    flags = depth_flag = _flags(c, "depth_flag", version)
    if f.parameter is not None and (f.value is not None or f.flags):
        if f.parameter.startswith("derived:"):
            values, flags = c.values(f.parameter), c.flags(f.parameter)
        else:
            stored = c.stored(f.parameter)
            assert stored is not None, "values are always stored"
            values, starts = stored
            flags = _flags(c, f"{c.stem(f.parameter)}.flag", version)
    time_flags = _sample_time_flags(c, version) if f.flags else _NO_FLAGS
    by_time = f.by_time and c.sample_time is not None
    timed = by_time or time_flags.size
    times = c.sample_time.view(np.int64) if timed and c.sample_time is not None else _NO_TIMES
    z0, z1 = _bounds_in(f.depth, c.depth.dtype)
    v0, v1 = _bounds_in(f.value, values.dtype)
    limits = (
        *(f.depth is not None, z0, z1),
        *(f.value is not None, v0, v1),
        bool(f.flags),
        *(by_time, *f.time_range, _months(f)),
    )
    columns = (
        *(c.depth, depth_flag, values, flags, times, time_flags, c.time.view(np.int64)),
        _flags(c, "time_flag", version),
        _flags(c, "position_flag", version),
        f.allowed,
    )
    return starts, columns, limits


def _flags(c: Collection, stem: str, version: int | None) -> NDArray[np.uint8]:
    if version is None:
        return c.overlay.now(stem)
    column = c.overlay.back(stem, version)
    if column is None:
        raise LookupError(version)
    return column


def _sample_time_flags(c: Collection, version: int | None) -> NDArray[np.uint8]:
    """Return the flags of the samples' own times; nothing where no time is bad."""
    if c.sample_time is None:
        return _NO_FLAGS
    flags, of_station = (_flags(c, s, version) for s in ("sample_time_flag", "time_flag"))

    def bad() -> bool:
        return any(bool((f == ord(code)).any()) for f in (of_station, flags) for code in "34")

    found = bad() if version is not None else c.remember(("bad times",), bad, flags=(TIME,))
    return flags if found else _NO_FLAGS


def _bounds_in(
    bounds: tuple[float | None, float | None] | None, dtype: np.dtype
) -> tuple[float, float]:
    """Express bounds in the precision of a column, so that 13.42 is within 13.42.

    A single-precision number stands for a decimal (see `restore`). A bound
    between two of them moves to the one inside.
    """
    low, high = bounds or (None, None)
    found = []
    for bound, outside in ((low, -np.inf), (high, np.inf)):
        if bound is None or dtype != np.float32:
            found.append(outside if bound is None else float(bound))
            continue
        with np.errstate(over="ignore"):
            near = np.float32(bound)
        stands_for = restore(np.array([near]))[0]
        if stands_for < bound if outside < 0 else stands_for > bound:
            near = np.nextafter(near, np.float32(-outside))
        found.append(float(near))
    return found[0], found[1]


def _months(f: Filters) -> int:
    return sum(1 << m for m in set(f.months))


# ---- conditions on stations ---------------------------------------------
def stations_kept(c: Collection, f: Filters) -> NDArray[np.int64]:
    """Return the rows of the stations that meet the conditions on stations."""
    rows = f.row_numbers
    if rows is not None and rows.size and (rows[0] < 0 or rows[-1] >= c.n_stations):
        raise BadRequest(f"rows: {c.name} has stations 0 to {c.n_stations - 1} only.")
    areas = [b for b in (f.box, _bounds(f)) if b is not None]
    timed = f.by_time and c.sample_time is None
    if rows is None and timed and not areas:
        # Row numbers of all stations are never made: they take longer than the times.
        rows, timed = np.flatnonzero(time_kept(c, f)), False
    elif rows is None:
        rows = candidates(c, areas)
    for area in areas:
        rows = rows[in_box(c.lon[rows], c.lat[rows], area)]
    if f.polygon is not None:
        rows = rows[in_polygon(c.lon[rows], c.lat[rows], f.polygon)]
    if timed:
        rows = rows[time_kept(c, f, rows)]
    for key in f.parameters:
        rows = rows[c.has(key)[rows]]
    if f.data_centres:
        rows = rows[np.isin(c.edmo[rows], np.asarray(f.data_centres))]
    for name, wanted in (("cruise", f.cruises), ("platform", f.platforms)):
        if wanted:
            coded = c.text(name)
            rows = rows[_one_of(coded.codes[rows], coded.labels, wanted)]
    if f.sources:
        names = [s["name"] for s in c.manifest["sources"]]
        rows = rows[_one_of(c.source[rows], names, f.sources)]
    return rows


def _one_of(codes: NDArray[np.int32], labels: Any, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    chosen = set(wanted)
    lookup = np.array([*(label in chosen for label in labels), False])
    return lookup[codes]  # code -1 is the last element: no text


def time_kept(
    c: Collection, f: Filters, rows: NDArray[np.int64] | None = None
) -> NDArray[np.bool_]:
    """Tell of which stations, of all by default, the time meets the conditions."""
    times = c.time.view(np.int64)
    return times_kept(times if rows is None else times[rows], *f.time_range, _months(f))


def candidates(c: Collection, areas: list[tuple[float, float, float, float]]) -> NDArray[np.int64]:
    """Return the rows of all blocks that touch the areas."""
    touched = np.ones(len(c.block_box), bool)
    x0, y0, x1, y1 = c.block_box.T
    for west, south, east, north in areas:
        with np.errstate(invalid="ignore"):
            inside = np.zeros(len(touched), bool)
            for a, b in _spans(west, east):
                inside |= (x1 >= a) & (x0 <= b)
            touched &= inside & (y1 >= south) & (y0 <= north)
    if touched.all():
        return np.arange(c.n_stations)
    runs = [
        np.arange(i * BLOCK, min((i + 1) * BLOCK, c.n_stations))
        for i in np.flatnonzero(touched).tolist()
    ]
    return np.concatenate(runs) if runs else np.empty(0, np.int64)


def _spans(west: float, east: float) -> list[tuple[float, float]]:
    """Cut a range of longitudes at the date line."""
    if east - west >= 360:
        return [(-180.0, 180.0)]
    west, east = (x if -180 <= x <= 180 else (x + 180) % 360 - 180 for x in (west, east))
    return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]


def in_box(lon: NDArray, lat: NDArray, box: tuple[float, float, float, float]) -> NDArray:
    """Test positions against a box (west, south, east, north), which may cross the date line."""
    west, south, east, north = box
    inside = np.zeros(len(lon), bool)
    for a, b in _spans(west, east):
        inside |= (lon >= a) & (lon <= b)
    return inside & (lat >= south) & (lat <= north)


def _bounds(f: Filters) -> tuple[float, float, float, float] | None:
    if f.polygon is None:
        return None
    x, y = np.asarray(f.polygon).T
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def in_polygon(lon: NDArray, lat: NDArray, points: tuple[tuple[float, float], ...]) -> NDArray:
    """Test positions against a polygon; its border belongs to it."""
    import shapely

    area = shapely.make_valid(shapely.Polygon(points))
    shapely.prepare(area)
    west, _, east, _ = area.bounds
    inside = np.zeros(len(lon), bool)
    for turn in (-360.0, 0.0, 360.0):
        if west <= 180 + turn and east >= -180 + turn:
            inside |= shapely.intersects_xy(area, lon + turn, lat)
    return inside
