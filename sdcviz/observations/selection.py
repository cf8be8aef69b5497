"""The stations and samples that meet some filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.model import MISSING, Coded
from sdcviz.observations.filters import Filters
from sdcviz.observations.kernels import (
    gather,
    gather_masked,
    judge_samples,
    per_sample,
    restore,
    times_kept,
)
from sdcviz.observations.layout import BLOCK

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from sdcviz.observations.collection import Collection

__all__ = ["Samples", "Selection", "conditions"]

_NO_TIMES = np.empty(0, np.int64)
NO_MASK = np.empty(0, bool)
NO_MEANS = np.empty(0, np.float32)


class Selection:
    """Stations and samples of a collection that meet `filters`.

    Nothing is computed before it is asked for; then it is kept.

    Parameters
    ----------
    collection : Collection
    filters : Filters
    """

    def __init__(self, collection: Collection, filters: Filters) -> None:
        self.collection, self.filters = collection, filters
        for key in filters.parameters:
            collection.parameter(key)
        if filters.parameter is not None and (filters.value or filters.flags):
            if collection.parameter(filters.parameter).kind == "text" and filters.value:
                raise BadRequest(f"{filters.parameter} is text; it has no range of values.")

    def __repr__(self) -> str:
        c = self.collection
        return (
            f"<Selection: {self.n_stations:,} of {c.n_stations:,} stations, "
            f"{self.n_samples:,} of {c.n_samples:,} samples>"
        )

    # ---- which ---------------------------------------------------------
    @cached_property
    def _found(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of the stations and how many samples of each."""
        c, f = self.collection, self.filters
        rows = _stations_kept(c, f)
        if not self._by_sample:
            return rows, c.offsets[rows + 1] - c.offsets[rows]
        counts = np.empty(len(rows), np.int64)
        starts, columns, limits = conditions(c, f)
        judge_samples(rows, c.offsets, starts, columns, limits, counts, NO_MASK, NO_MEANS)
        kept = counts > 0
        if not f.by_sample:
            # a station without samples is judged by its own time
            empty = c.offsets[rows + 1] == c.offsets[rows]
            kept |= empty & _time_kept(c, f, rows)
        return rows[kept], counts[kept]

    @property
    def _by_sample(self) -> bool:
        """Whether samples are picked one by one."""
        f = self.filters
        return f.by_sample or (f.by_time and self.collection.sample_time is not None)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row numbers of the stations, sorted."""
        return self._found[0]

    @property
    def sample_counts(self) -> NDArray[np.int64]:
        """How many samples of each station are selected."""
        return self._found[1]

    @property
    def n_stations(self) -> int:
        """Number of stations."""
        return len(self.rows)

    @cached_property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.sample_counts.sum())

    @cached_property
    def mask(self) -> NDArray[np.bool_] | None:
        """For every sample of the stations in `rows` whether it is selected; None is all."""
        if not self._by_sample:
            return None
        c = self.collection
        out = np.empty(int(self._lengths.sum()), bool)
        starts, columns, limits = conditions(c, self.filters)
        counts = np.empty(len(self.rows), np.int64)
        judge_samples(self.rows, c.offsets, starts, columns, limits, counts, out, NO_MEANS)
        return out

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        """All samples of each station, selected or not."""
        return self.collection.offsets[self.rows + 1] - self.collection.offsets[self.rows]

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where the selected samples of each station begin in what `samples` gives."""
        return np.concatenate([[0], np.cumsum(self.sample_counts)]).astype(np.int64)

    @cached_property
    def sample_numbers(self) -> NDArray[np.int64]:
        """Number of each selected sample among all samples of the collection."""
        n = self._lengths
        out = np.arange(int(n.sum())) + np.repeat(
            self.collection.offsets[self.rows] - (np.cumsum(n) - n), n
        )
        return out if self.mask is None else out[self.mask]

    # ---- what ----------------------------------------------------------
    def take(self, array: NDArray, starts: NDArray[np.int64] | None = None, fill: Any = 0) -> Any:
        """Collect the selected samples of a column.

        Parameters
        ----------
        array : ndarray
            A column of the collection.
        starts : ndarray of int64, optional
            Where each station begins in it (see `Collection.stored`).
        fill : scalar
            For stations that the column does not have.

        Returns
        -------
        ndarray, shape (n_samples,)
        """
        begin = (self.collection.offsets if starts is None else starts)[self.rows]
        out = np.empty(self.n_samples, array.dtype)
        fill = array.dtype.type(fill)
        if self.mask is None:
            gather(array, begin, self._lengths, fill, out)
        else:
            gather_masked(array, begin, self._lengths, self.mask, fill, out)
        return out

    def repeat(self, station_values: NDArray) -> NDArray:
        """Give each selected sample the value of its station (one element a row of `rows`)."""
        if station_values.dtype.kind == "M":
            return self.repeat(station_values.view(np.int64)).view(station_values.dtype)
        out = np.empty(self.n_samples, station_values.dtype)
        per_sample(station_values, self.sample_counts, out)
        return out

    def samples(self, *keys: str, present: bool = False) -> Samples:
        """Give the selected samples as columns that are collected when asked for.

        Parameters
        ----------
        *keys : str
            Parameters, derived ones too.
        present : bool
            Leave out samples that have no value of the first parameter.

        Returns
        -------
        Samples
            A mapping: ``station`` (row), ``sample`` (number in the
            collection), ``depth``, ``depth_flag``, ``time``, ``lon``, ``lat``,
            for each parameter its key and ``key + "_flag"``; ``value`` and
            ``flag`` are those of the first.
        """
        for key in keys:
            self.collection.parameter(key)
        return Samples(self, keys, present)

    @property
    def stations(self) -> pd.DataFrame:
        """The stations with readable columns."""
        from sdcviz.observations.tables import station_frame

        return station_frame(self.collection, self.rows, self.sample_counts)

    def table(
        self, page: int = 1, page_size: int = 20, sort: str | None = None, descending: bool = False
    ) -> pd.DataFrame:
        """Give one page of the stations.

        Parameters
        ----------
        page : int
            From 1.
        page_size : int
            Stations a page.
        sort : str, optional
            Column to sort by; a leading ``-`` is descending.
        descending : bool
            Greatest first.
        """
        from sdcviz.observations.tables import page_rows, station_frame

        chosen = page_rows(self, page, page_size, sort, descending)
        return station_frame(self.collection, self.rows[chosen], self.sample_counts[chosen])

    def counts(self, by: str = "data_centre") -> dict[Any, int]:
        """Count stations by cruise, platform, data_centre, source, year, month or feature."""
        from sdcviz.observations.summary import counts

        return counts(self, by)

    def to_dataframe(self, *keys: str) -> pd.DataFrame:
        """Give the selected samples as a table; all parameters if none is named."""
        from sdcviz.observations.tables import sample_frame

        return sample_frame(self, keys)

    def to_xarray(self, *keys: str) -> xr.Dataset:
        """Give the selection as a contiguous ragged array of the CF conventions."""
        from sdcviz.observations.tables import to_xarray

        return to_xarray(self, keys)

    def export(self, path: Path | str, format: str | None = None) -> Path:
        """Write the selection to a file (odv, netcdf, parquet or csv).

        Parameters
        ----------
        path : path-like
            Replaced in one step at the end; left alone if anything fails.
        format : str, optional
            By default as the ending of the name tells.

        Returns
        -------
        Path

        Raises
        ------
        BadRequest
            There is no such format.
        StorageError
            The disk is full or may not be written.
        """
        from sdcviz.observations.export import export

        return export(self, Path(path), format)


class Samples(Mapping[str, Any]):
    """Columns of the selected samples; see `Selection.samples`.

    Parameters
    ----------
    selection : Selection
    keys : tuple of str
        Parameters.
    present : bool
        Only samples that have a value of the first.
    """

    def __init__(self, selection: Selection, keys: tuple[str, ...], present: bool) -> None:
        self._selection, self.keys_of_parameters = selection, keys
        self._kept: NDArray[np.bool_] | None = None
        self._done: dict[str, Any] = {}
        if present and keys:
            value = self._column(keys[0])
            self._kept = value.codes >= 0 if isinstance(value, Coded) else ~np.isnan(value)

    def _names(self) -> list[str]:
        names = ["station", "sample", "depth", "depth_flag", "time", "lon", "lat"]
        names += [n for key in self.keys_of_parameters for n in (key, f"{key}_flag")]
        return names + (["value", "flag"] if self.keys_of_parameters else [])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    @property
    def n(self) -> int:
        """Number of samples."""
        return self._selection.n_samples if self._kept is None else int(self._kept.sum())

    def __getitem__(self, name: str) -> Any:
        keys = self.keys_of_parameters
        if keys and name in ("value", "flag") and name not in keys:
            return self[keys[0] if name == "value" else f"{keys[0]}_flag"]
        if name not in self._done:
            column = self._column(name)
            if self._kept is not None:
                column = (
                    column.take(self._kept) if isinstance(column, Coded) else column[self._kept]
                )
            self._done[name] = column
        return self._done[name]

    def _column(self, name: str) -> Any:
        s = self._selection
        c = s.collection
        if name in self.keys_of_parameters:
            return self._values(name)
        if name.removesuffix("_flag") in self.keys_of_parameters:
            return self._flags(name.removesuffix("_flag"))
        if name == "station":
            return s.repeat(s.rows)
        if name == "sample":
            return s.sample_numbers
        if name in ("depth", "depth_flag", "row"):
            return s.take(getattr(c, name))
        if name in ("lon", "lat"):
            return s.repeat(getattr(c, name)[s.rows])
        if name == "time":
            return _times_of(s)
        raise KeyError(name)

    def _values(self, key: str) -> Any:
        s = self._selection
        if key.startswith("derived:"):
            return self._derived(key)[0]
        stored = s.collection.stored(key)
        assert stored is not None
        if s.collection.parameter(key).kind == "text":
            return Coded(s.take(*stored, -1), s.collection.labels(key))
        return s.take(*stored, np.nan)

    def _flags(self, key: str) -> NDArray[np.uint8]:
        s = self._selection
        if key.startswith("derived:"):
            return self._derived(key)[1]
        stored = s.collection.stored(key, "flags")
        assert stored is not None
        return s.take(*stored, MISSING)

    def _derived(self, key: str) -> tuple[NDArray, NDArray]:
        """Compute a derived parameter for the selected stations only."""
        from sdcviz.observations.derived import compute

        s = self._selection
        values, flags = compute(s.collection, key, s.rows)
        return (values, flags) if s.mask is None else (values[s.mask], flags[s.mask])


def _times_of(selection: Selection) -> NDArray[np.datetime64]:
    """Give the time of each selected sample: its own, else its station's."""
    c = selection.collection
    time = selection.repeat(c.time[selection.rows])
    if c.sample_time is not None:
        own = selection.take(c.sample_time.view(np.int64)).view("datetime64[ms]")
        time = np.where(np.isnat(own), time, own)
    return time


def conditions(c: Collection, f: Filters) -> tuple[NDArray[np.int64], tuple, tuple]:
    """Prepare the arguments that the compiled loops over samples share.

    Returns
    -------
    starts : ndarray of int64
    columns, limits : tuple
        See `sdcviz.observations.kernels.judge_samples`.
    """
    starts = c.offsets[:-1]
    values: NDArray = c.depth  # something to look at, where no parameter is asked for
    flags = c.depth_flag
    if f.parameter is not None and (f.value is not None or f.flags):
        if f.parameter.startswith("derived:"):
            values, flags = c.values(f.parameter), c.flags(f.parameter)
        else:
            stored, stored_flags = c.stored(f.parameter), c.stored(f.parameter, "flags")
            assert stored is not None and stored_flags is not None
            values, starts = stored
            flags = stored_flags[0]
    by_time = f.by_time and c.sample_time is not None
    times = c.sample_time.view(np.int64) if by_time and c.sample_time is not None else _NO_TIMES
    z0, z1 = _bounds_in(f.depth, c.depth.dtype)
    v0, v1 = _bounds_in(f.value, values.dtype)
    limits = (
        *(f.depth is not None, z0, z1),
        *(f.value is not None, v0, v1),
        bool(f.flags),
        *(by_time, *f.time_range, _months(f)),
    )
    columns = (
        *(c.depth, c.depth_flag, values, flags, times, c.time.view(np.int64)),
        f.allowed,
    )
    return starts, columns, limits


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
def _stations_kept(c: Collection, f: Filters) -> NDArray[np.int64]:
    """Return the rows of the stations that meet the conditions on stations."""
    rows = f.row_numbers
    if rows is not None and rows.size and (rows[0] < 0 or rows[-1] >= c.n_stations):
        raise BadRequest(f"rows: {c.name} has stations 0 to {c.n_stations - 1} only.")
    areas = [b for b in (f.box, _bounds(f)) if b is not None]
    if rows is None:
        rows = _candidates(c, areas)
    for area in areas:
        rows = rows[_in_box(c.lon[rows], c.lat[rows], area)]
    if f.polygon is not None:
        rows = rows[_in_polygon(c.lon[rows], c.lat[rows], f.polygon)]
    if f.by_time and c.sample_time is None:
        rows = rows[_time_kept(c, f, rows)]
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


def _time_kept(c: Collection, f: Filters, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    return times_kept(c.time.view(np.int64)[rows], *f.time_range, _months(f))


def _candidates(c: Collection, areas: list[tuple[float, float, float, float]]) -> NDArray[np.int64]:
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


def _in_box(lon: NDArray, lat: NDArray, box: tuple[float, float, float, float]) -> NDArray:
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


def _in_polygon(lon: NDArray, lat: NDArray, points: tuple[tuple[float, float], ...]) -> NDArray:
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
