"""The stations and samples that meet some filters."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.observations.conditions import (
    NO_MEANS,
    conditions,
    stations_kept,
    time_kept,
)
from sdcviz.observations.filters import Filters
from sdcviz.observations.kernels import gather, gather_masked, judge_samples, per_sample
from sdcviz.observations.samples import Samples
from sdcviz.words import number

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from sdcviz.observations.collection import Collection

__all__ = ["Selection"]


class _Found(NamedTuple):
    """What is selected.

    Attributes
    ----------
    rows, counts : ndarray of int64
        Stations, and how many samples of each.
    mask : ndarray of bool or None
        See `Selection.mask`; None: not yet found.
    version : int
        Version of the flags (see `Overlay`).
    """

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    mask: NDArray[np.bool_] | None
    version: int


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
            f"<Selection: {number(self.n_stations)} of {number(c.n_stations)} stations, "
            f"{number(self.n_samples)} of {number(c.n_samples)} samples>"
        )

    # ---- which ---------------------------------------------------------
    @cached_property
    def _found(self) -> _Found:
        """What is selected. It stays, though flags may change."""
        found = self._find(self._computed)
        if found.mask is None and self._changed_since(found.version):
            # Changed while they were counted: only what is marked at once is sure.
            return self._find(True)
        return found

    def _find(self, marking: bool) -> _Found:
        c, f = self.collection, self.filters
        rows = stations_kept(c, f)
        version = c.overlay.quiet
        if not self._by_sample:
            return _Found(rows, c.offsets[1:][rows] - c.offsets[rows], None, version)
        counts, mask = self._judge(rows, marking)
        kept = counts > 0
        if not f.by_sample:
            # a station without samples is judged by its own time
            empty = c.offsets[rows + 1] == c.offsets[rows]
            kept |= empty & time_kept(c, f, rows)
        if mask is not None:
            mask = mask[np.repeat(kept, c.offsets[rows + 1] - c.offsets[rows])]
        return _Found(rows[kept], counts[kept], mask, version)

    def _changed_since(self, version: int) -> bool:
        """Tell whether flags that may decide have changed."""
        return bool(self.filters.flag_keys) and self.collection.overlay.since(version)

    @property
    def _computed(self) -> bool:
        """Whether the flags are computed, so that older ones can't be had again."""
        keys = self.filters.flag_keys
        return bool(keys) and keys[0].startswith("derived:")

    def _judge(
        self, rows: NDArray[np.int64], marking: bool, version: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        """Count the samples that are selected, and mark them."""
        c = self.collection
        counts = np.empty(len(rows), np.int64)
        size = int((c.offsets[rows + 1] - c.offsets[rows]).sum()) if marking else 0
        mask = np.empty(size, bool)
        starts, columns, limits = conditions(c, self.filters, version)
        judge_samples(rows, c.offsets, starts, columns, limits, counts, mask, NO_MEANS)
        return counts, mask if marking else None

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
        found = self._found
        if found.mask is not None:
            return found.mask
        version = found.version if self._changed_since(found.version) else None
        try:
            while True:
                counts, mask = self._judge(found.rows, True, version)
                if np.array_equal(counts, found.counts):
                    return mask
                version = found.version  # changed just now
        except LookupError:
            # After millions of changes, what was counted is of no use any more. So who
            # needs rows and marks asks for the marks first.
            self.__dict__["_found"] = self._find(True)
            for name in ("n_samples", "_lengths", "sample_numbers"):
                self.__dict__.pop(name, None)
            return self._found.mask

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
        mask = self.mask  # first: see there
        n = self._lengths
        out = np.arange(int(n.sum())) + np.repeat(
            self.collection.offsets[self.rows] - (np.cumsum(n) - n), n
        )
        return out if mask is None else out[mask]

    def part(self, index: NDArray[np.int64]) -> Selection:
        """Keep some of the stations, with just those samples that are selected here.

        Parameters
        ----------
        index : ndarray of int64
            Places in `rows`, ascending.
        """
        mask, whole = None, self.mask
        rows, counts, _, version = self._found
        if whole is not None:
            n = self._lengths
            mask = np.empty(int(n[index].sum()), bool)
            gather(whole, (np.cumsum(n) - n)[index], n[index], np.False_, mask)
        part = Selection(self.collection, self.filters)
        part.__dict__["_found"] = _Found(rows[index], counts[index], mask, version)
        return part

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
        mask = self.mask  # first: see there
        begin = (self.collection.offsets if starts is None else starts)[self.rows]
        out = np.empty(self.n_samples, array.dtype)
        fill = array.dtype.type(fill)
        if mask is None:
            gather(array, begin, self._lengths, fill, out)
        else:
            gather_masked(array, begin, self._lengths, mask, fill, out)
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
