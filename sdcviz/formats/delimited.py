"""Plain tables: CSV, TSV, columns parted by blanks; a mapping says what is what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .common import (
    column,
    depth_from_pressure,
    flag_missing_depth,
    numbers,
    offsets_of,
    wrap_longitude,
)
from .csv_own import is_own, read_own
from .csv_write import write
from .flags import SCALES, to_l20
from .grouping import Rows, codes_of, group_rows
from .guess import guess_mapping, sample_of
from .mapping import ColumnMapping, ColumnUse, recall, remember
from .model import (
    FEATURES,
    MISSING,
    NOT_CHECKED,
    Batch,
    Coded,
    Column,
    Doctor,
    Parameter,
    Stations,
)
from .rows import encode, load_rows
from .sources import Source
from .times import clock_hours, parse_times

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FORMAT", "mapping_of", "read_table"]

_EARLIEST = np.datetime64("1700-01-01", "ms")

STATION_TEXTS = ("cruise", "station", "platform", "type", "local_cdi_id")


def mapping_of(source: Source) -> ColumnMapping | None:
    """Give the remembered or guessed mapping of a table.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    ColumnMapping or None
        None where the file does not look like a table of observations.
    """
    if "mapping" not in source.memo:
        sample = sample_of(source.head)
        guessed = guess_mapping(sample) if sample else None
        source.memo["mapping"] = (guessed and recall(guessed.signature)) or guessed
    return source.memo["mapping"]


def recognise(head: bytes, source: Source) -> bool:
    """Recognise a table with a position or a time."""
    return is_own(head) or mapping_of(source) is not None


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read the table; see `sdcviz.formats.base.Format`."""
    if options.mapping is None and is_own(source.head):
        yield from read_own(source, doctor, options)
        return
    guessed = mapping_of(source)
    mapping = options.mapping or guessed
    if mapping is None:
        raise UnreadableFile(
            f"{source.name}: no columns for position or time were found; say with a column mapping "
            "what the columns are."
        )
    sample = sample_of(source.head)
    if sample and len(sample.labels) != len(mapping.columns):
        raise UnreadableFile(
            f"{source.name}: has {len(sample.labels)} columns, but the column mapping has "
            f"{len(mapping.columns)}."
        )
    if options.mapping:
        remember(options.mapping)
    else:
        doctor.note(
            "header",
            "a plain table, whose columns were recognised by their names and values",
            ", ".join(f"{u.label}: {u.role}" for u in mapping.columns),
        )
    yield from read_table(source, mapping, doctor, options)


def read_table(
    source: Source, mapping: ColumnMapping, doctor: Doctor, options: ReadOptions
) -> Iterator[Batch]:
    """Read a table with a known mapping.

    Parameters
    ----------
    source : Source
        The file.
    mapping : ColumnMapping
        Meaning of its columns.
    doctor : Doctor
        Gets what is odd and the account of the rows.
    options : ReadOptions
        Choices of the user.

    Yields
    ------
    Batch
    """
    frame, lines = load_rows(
        source, mapping.separator, mapping.header_lines, len(mapping.columns), doctor
    )
    if not len(frame):
        raise UnreadableFile(f"{source.name}: a table with a header and no rows.")
    yield from _Table(frame, lines, mapping, doctor).batches(options.batch_samples)


class _Table:
    """A table of texts on its way to stations."""

    def __init__(
        self, frame: pl.DataFrame, lines: NDArray[np.int64], mapping: ColumnMapping, doctor: Doctor
    ) -> None:
        self.frame, self.lines, self.mapping, self.doctor = frame, lines, mapping, doctor
        self.n = len(frame)
        self.raw: list[tuple[int, int, str]] = []  # row, column of the file, text
        lon, lat = self.number("longitude"), self.number("latitude")
        self.lon = np.full(self.n, mapping.longitude or np.nan) if lon is None else lon
        self.lat = np.full(self.n, mapping.latitude or np.nan) if lat is None else lat
        if mapping.longitude == 0.0 and lon is None:
            self.lon[:] = 0.0
        if mapping.latitude == 0.0 and lat is None:
            self.lat[:] = 0.0
        self._check_position()
        self.time = self._times()
        self._check_time()
        self.depth = self._depth()

    def number(self, role: str) -> NDArray[np.float64] | None:
        """Numbers of the first column with a role."""
        index = self.mapping.index(role)
        return None if index is None else self.numbers(index)

    def numbers(self, index: int) -> NDArray[np.float64]:
        """Numbers of a column; texts that are none are told and kept."""
        import polars as pl

        texts = self.frame[:, index]
        values = texts.cast(pl.Float64, strict=False)
        lost = np.flatnonzero((values.is_null() & texts.is_not_null()).to_numpy())
        out = values.fill_null(np.nan).to_numpy().astype(np.float64, copy=True)
        use = self.mapping.columns[index]
        if lost.size:
            out[lost], odd = numbers(texts.gather(lost).to_list())
            for place, text in odd:
                self.raw.append((int(lost[place]), index, text))
            if odd:
                self.doctor.note(
                    f"line {self.lines[lost[odd[0][0]]]}",
                    f"{use.label}: {odd[0][1]!r} is no number",
                    "the value is missing and its text is kept",
                    len(odd),
                )
        out[np.isinf(out)] = np.nan
        if self.mapping.missing and use.role != "height":
            out[np.isin(out, self.mapping.missing)] = np.nan
        return out

    def flags(self, of: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, str] | None:
        """L20 flags, source flags and scale of the flag column of `of`."""
        uses = enumerate(self.mapping.columns)
        index = next((i for i, use in uses if use.role == "flag" and use.of == of), None)
        if index is None:
            return None
        use = self.mapping.columns[index]
        codes, labels = self._codes(index)
        bytes_of = np.array([_flag_code(text) for text in labels] + [ord(" ")], np.uint8)
        source = bytes_of[codes]
        scale = use.scale or "L20"
        strange = ~SCALES[scale].knows(source)
        if strange.any():
            where = int(np.flatnonzero(strange)[0])
            self.doctor.note(
                f"line {self.lines[where]}",
                f"{use.label}: a flag that is not in the scale {scale}",
                "its flag is 0 (no quality control)",
                int(strange.sum()),
            )
        return to_l20(source, scale), None if scale == "L20" else source, scale

    def _codes(self, index: int) -> tuple[NDArray[np.int32], list[str]]:
        """Code the texts of a column; -1 is empty."""
        return encode(self.frame[:, index])

    def _check_time(self) -> None:
        with np.errstate(invalid="ignore"):
            odd = (self.time < _EARLIEST) | (
                self.time > np.datetime64("now", "ms") + np.timedelta64(366, "D")
            )
        if odd.any():
            where = int(np.flatnonzero(odd)[0])
            self.doctor.note(
                f"line {self.lines[where]}",
                f"the year {str(self.time[where])[:4]} is hard to believe",
                "the time is kept",
                int(odd.sum()),
            )

    def _check_position(self) -> None:
        for name, values, limit in (("longitude", self.lon, 360.0), ("latitude", self.lat, 90.0)):
            wrong = np.abs(values) > limit
            if wrong.any():
                where = int(np.flatnonzero(wrong)[0])
                self.doctor.note(
                    f"line {self.lines[where]}",
                    f"{name} {values[where]:g} is impossible",
                    "the position is missing",
                    int(wrong.sum()),
                )
                values[wrong] = np.nan
        beyond = (self.lon > 180) | (self.lon < -180)
        if beyond.any():
            self.doctor.note("longitude", "longitudes beyond 180", "brought to -180..180")
        self.lon = wrap_longitude(self.lon)
        self.lon = np.where(self.lon < -180, self.lon + 360, self.lon)
        nowhere = int((np.isnan(self.lon) | np.isnan(self.lat)).sum())
        if nowhere:
            what = "no position at all" if nowhere == self.n else "rows without a position"
            self.doctor.note("position", what, "their stations are kept but on no map", nowhere)

    def parsed_times(self, index: int) -> NDArray[np.datetime64]:
        """Parse a column of times."""
        label = self.mapping.columns[index].label
        texts = self.frame[:, index]
        return parse_times(texts, self.mapping.day_first, label, self.lines, self.doctor)

    def _times(self) -> NDArray[np.datetime64]:
        mapping = self.mapping
        for role in ("time", "date"):
            index = mapping.index(role)
            if index is None:
                continue
            out = self.parsed_times(index)
            clock = mapping.index("clock")
            if role == "date" and clock is not None:
                hours = clock_hours(self.frame[:, clock])
                out = out + np.round(np.nan_to_num(hours) * 3_600_000).astype("timedelta64[ms]")
            return out
        epoch = self.number("epoch")
        if epoch is not None:
            in_ms = np.nanmax(np.abs(epoch), initial=0) > 1e11
            whole = np.round(np.nan_to_num(epoch) * (1 if in_ms else 1000)).astype("datetime64[ms]")
            return np.where(np.isnan(epoch), np.datetime64("NaT", "ms"), whole)
        return self._times_of_parts()

    def _times_of_parts(self) -> NDArray[np.datetime64]:
        parts = {r: self.number(r) for r in ("year", "month", "day", "hour", "minute", "second")}
        year, month, day = parts["year"], parts["month"], parts["day"]
        if year is None or month is None:
            return np.full(self.n, np.datetime64("NaT"), "datetime64[ms]")
        day = np.ones(self.n) if day is None else day
        clock = self.mapping.index("clock")
        hours = clock_hours(self.frame[:, clock]) if clock is not None else np.zeros(self.n)
        for role, per_hour in (("hour", 1), ("minute", 60), ("second", 3600)):
            part = parts[role]
            if part is not None:
                hours = hours + np.nan_to_num(part) / per_hour
        known = ~np.isnan(year + month + day)
        y, m, d = (np.where(known, p, 1).astype(np.int64) for p in (year, month, day))
        months = (y - 1970) * 12 + m - 1
        start = months.astype("datetime64[M]")
        length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(int)
        wrong = known & ((m < 1) | (m > 12) | (d < 1) | (d > length))
        if wrong.any():
            line = self.lines[np.flatnonzero(wrong)[0]]
            self.doctor.note(
                f"line {line}", "the date does not exist", "the time is missing", int(wrong.sum())
            )
        out = start.astype("datetime64[ms]") + (d - 1).astype("timedelta64[D]")
        out = out + np.round(np.nan_to_num(hours) * 3_600_000).astype("timedelta64[ms]")
        return np.where(known & ~wrong, out, np.datetime64("NaT", "ms"))

    def _depth(self) -> NDArray[np.float64]:
        depth = self.number("depth")
        if depth is not None:
            index = self.mapping.index("depth")
            unit = self.mapping.columns[index or 0].unit.lower()
            return depth * {"km": 1000.0, "cm": 0.01, "ft": 0.3048, "feet": 0.3048}.get(unit, 1.0)
        height = self.number("height")
        if height is not None:
            return 0.0 - height
        pressure = self.number("pressure")
        if pressure is not None:
            return depth_from_pressure(pressure, self.lat)
        return np.full(self.n, np.nan)

    def batches(self, size: int) -> Iterator[Batch]:
        """Give the stations, some at a time."""
        group, layout = self._group()
        order = np.argsort(group, kind="stable")
        counts = np.bincount(group)
        offsets = offsets_of(counts)
        build = _Builder(self, order, group, layout)
        first = 0
        while first < len(counts):
            end = int(np.searchsorted(offsets, offsets[first] + size, "right")) - 1
            end = min(max(end, first + 1), len(counts))
            yield build(first, end, offsets)
            first = end

    def _group(self) -> tuple[NDArray[np.int64], str]:
        ids = [
            self._codes(i)[0].astype(np.int64)
            for role in ("cruise", "station", "platform", "local_cdi_id")
            for i in self.mapping.indices(role)
        ]
        rows = Rows(
            ids=codes_of(ids) if ids else np.zeros(self.n, np.int64),
            named=self.mapping.index("station") is not None,
            place=codes_of([_bits(self.lon), _bits(self.lat)]),
            time=self.time,
            depth=self.depth,
        )
        return group_rows(rows, self.mapping.layout, self.doctor)


class _Builder:
    """Makes batches of a grouped table."""

    def __init__(
        self, table: _Table, order: NDArray[np.int64], group: NDArray[np.int64], layout: str
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
            role: table._codes(index)
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
                codes, labels = table._codes(index)
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

    def __call__(self, first: int, end: int, offsets: NDArray[np.int64]) -> Batch:
        table = self.table
        rows = self.order[offsets[first] : offsets[end]]
        heads = self.first_row[first:end]
        columns = []
        for _, whole in self.columns:
            part = whole.values[rows] if isinstance(whole.values, np.ndarray) else None
            columns.append(
                Column(
                    whole.parameter,
                    part if part is not None else whole.values.take(rows),
                    whole.flags[rows],
                    None if whole.source_flags is None else whole.source_flags[rows],
                    whole.scale,
                )
            )
        return Batch(
            stations=self._stations(heads, first, offsets[first : end + 1]),
            offsets=offsets[first : end + 1] - offsets[first],
            columns=columns,
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


def _bits(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Make keys of numbers, in which NaN equals NaN."""
    return np.where(np.isnan(values), np.nan, values + 0.0).view(np.int64)


def _flag_code(text: str) -> int:
    """Make the byte of a flag cell: ``"1"``, ``"1.0"``, ``"49"`` (ASCII), ``"A"``."""
    text = text.removesuffix(".0")
    if len(text) == 2 and text.isdigit():
        return int(text)
    return ord(text[0]) if len(text) == 1 and ord(text) < 128 else ord("?")


FORMAT: Format = Format("delimited", "Plain table (CSV, TSV, ...)", recognise, read, write, ".csv")
