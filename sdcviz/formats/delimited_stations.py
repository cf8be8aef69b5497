"""From the rows of a plain table to batches of stations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .common import column, flag_missing_depth, offsets_of, runs_of
from .delimited_cells import Cells
from .mapping import ColumnUse
from .model import FEATURES, MISSING, NOT_CHECKED, Batch, Coded, Column, Parameter, Stations

__all__ = ["batches_of"]

STATION_TEXTS = ("cruise", "station", "platform", "type", "local_cdi_id")


def batches_of(table: Cells, size: int) -> Iterator[Batch]:
    """Give the stations of a table, some at a time.

    Parameters
    ----------
    table : Cells
        The table.
    size : int
        Samples of one batch, about.

    Yields
    ------
    Batch
    """
    group, layout = table.grouped()
    order = np.argsort(group, kind="stable")
    offsets = offsets_of(np.bincount(group))
    build = _Builder(table, order, group, layout)
    for first, end in runs_of(offsets, size):
        yield build.batch(first, end, offsets)


class _Builder:
    """Makes batches of a grouped table."""

    def __init__(
        self, table: Cells, order: NDArray[np.int64], group: NDArray[np.int64], layout: str
    ) -> None:
        self.table, self.order, self.layout = table, order, layout
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        self.first_row = order[starts]
        self.extras: dict[str, tuple[NDArray[np.int32], list[str]]] = {}
        self.columns = self._columns(starts)
        self.sample_time, self.sample_time_flag = self._sample_times(starts)
        depth_flags = table.flags(self._label("depth", "height", "pressure"))
        flags = depth_flags[0] if depth_flags else np.full(table.n, NOT_CHECKED, np.uint8)
        self.depth_flag = flag_missing_depth(table.depth, flags)
        self.time_flag = self._place_flag("time", np.isnat(table.time))
        self.position_flag = self._place_flag("position", np.isnan(table.lon) | np.isnan(table.lat))
        bottom = table.number("bottom_depth")
        self.bottom = np.full(table.n, np.nan) if bottom is None else np.abs(bottom)
        self.edmo = table.number("edmo")
        self.texts = {
            role: table.codes(index)
            for role in STATION_TEXTS
            if (index := table.mapping.index(role)) is not None
        }

    def _sample_times(
        self, starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.datetime64] | None, NDArray[np.uint8] | None]:
        """Give times to samples where they differ within stations, or stand apart."""
        table = self.table
        index = table.mapping.index("sample_time")
        if index is not None:
            times, label = table.parsed_times(index), table.mapping.columns[index].label
            found = table.flags(label)
            flags = found[0] if found else np.full(table.n, NOT_CHECKED, np.uint8)
            return times, np.where(np.isnat(times), np.uint8(MISSING), flags).astype(np.uint8)
        if np.isnat(table.time).all() or not self._varies(table.time.astype(np.int64), starts):
            return None, None
        return table.time, self._place_flag("time", np.isnat(table.time))

    def _label(self, *roles: str) -> str:
        table = self.table
        for role in roles:
            index = table.mapping.index(role)
            if index is not None:
                return table.mapping.columns[index].label
        return ""

    def _place_flag(self, what: str, missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
        roles = ("time", "date", "epoch") if what == "time" else ("longitude", "latitude")
        found = self.table.flags(what) or self.table.flags(self._label(*roles))
        flags = found[0] if found else np.full(self.table.n, NOT_CHECKED, np.uint8)
        return np.where(missing, np.uint8(MISSING), flags).astype(np.uint8)

    def _varies(self, values: NDArray, starts: NDArray[np.int64]) -> bool:
        """Tell whether a column has several values within a station."""
        values = values[self.order]
        change = values[1:] != values[:-1]
        change[starts[1:] - 1] = False
        return bool(change.any())

    def _columns(self, starts: NDArray[np.int64]) -> list[tuple[int, Column]]:
        """Make all columns, in the order of the file; station texts become extras."""
        table, out = self.table, []
        for index, use in enumerate(table.mapping.columns):
            if use.role == "text":
                codes, labels = table.codes(index)
                if not self._varies(codes, starts):
                    self.extras[use.label] = codes, labels
                    continue
                flags = np.where(codes < 0, MISSING, NOT_CHECKED).astype(np.uint8)
                parameter = Parameter(use.name or use.label, use.unit, kind="text")
                out.append((index, Column(parameter, Coded(codes, labels), flags)))
            elif use.role in ("parameter", "pressure"):
                found = table.flags(use.label)
                out.append((index, self._number_column(index, use, found)))
        return out

    def _number_column(
        self,
        index: int,
        use: ColumnUse,
        found: tuple[NDArray[np.uint8], NDArray[np.uint8] | None, str] | None,
    ) -> Column:
        flags, source, scale = found or (None, None, "L20")
        parameter = Parameter(use.name or use.label, use.unit)
        known = {(row, at) for row, at, _ in self.table.raw}
        values = self.table.numbers(index)
        if known:  # a pressure that was read before has told its odd cells already
            self.table.raw = list(dict.fromkeys(self.table.raw))
        return column(parameter, values, flags, source, scale, self.table.doctor)

    def batch(self, first: int, end: int, offsets: NDArray[np.int64]) -> Batch:
        """Make a batch of the stations from `first` to before `end`."""
        table = self.table
        rows = self.order[offsets[first] : offsets[end]]
        heads = self.first_row[first:end]
        return Batch(
            stations=self._stations(heads, first, offsets[first : end + 1]),
            offsets=offsets[first : end + 1] - offsets[first],
            columns=[whole.take(rows) for _, whole in self.columns],
            depth=table.depth[rows],
            depth_flag=self.depth_flag[rows],
            row=table.lines[rows],
            time=None if self.sample_time is None else self.sample_time[rows],
            time_flag=None if self.sample_time_flag is None else self.sample_time_flag[rows],
            raw_text=self._raw_of(rows),
        )

    def _raw_of(self, rows: NDArray[np.int64]) -> list[tuple[int, int, str]]:
        if not self.table.raw:
            return []
        place = {index: i for i, (index, _) in enumerate(self.columns)}
        sample = {int(row): i for i, row in enumerate(rows)}
        return [
            (sample[row], place[index], text)
            for row, index, text in self.table.raw
            if row in sample and index in place
        ]

    def _stations(
        self, heads: NDArray[np.int64], first: int, offsets: NDArray[np.int64]
    ) -> Stations:
        table = self.table
        stations = Stations.blank(len(heads), first)
        stations.lon, stations.lat = table.lon[heads], table.lat[heads]
        stations.time = table.time[heads]
        stations.position_flag = self.position_flag[heads]
        stations.time_flag = self.time_flag[heads]
        stations.bottom_depth = self.bottom[heads].astype(np.float32)
        if self.edmo is not None:
            stations.edmo = np.nan_to_num(self.edmo[heads]).astype(np.int32)
        for role, (codes, labels) in self.texts.items():
            setattr(stations, role, Coded(codes[heads], labels))
        if "station" not in self.texts:
            stations.station = Coded.of(str(first + i + 1) for i in range(len(heads)))
        if "type" not in self.texts:
            stations.type = Coded.of("C" if n > 250 else "B" for n in np.diff(offsets))
        feature = {"time series": "time series", "trajectory": "trajectory"}
        stations.feature[:] = FEATURES.index(feature.get(self.layout, "profile"))
        stations.extra = {k: Coded(c[heads], labels) for k, (c, labels) in self.extras.items()}
        return stations
