"""Cells of a plain table as numbers, times, positions and flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .common import (
    depth_from_pressure,
    numbers,
    wrap_longitude,
)
from .flags import SCALES, to_l20
from .grouping import Rows, codes_of, group_rows
from .mapping import ColumnMapping
from .model import Doctor
from .rows import encode
from .times import clock_hours, parse_times

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Cells"]

_EARLIEST = np.datetime64("1700-01-01", "ms")


class Cells:
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
        codes, labels = self.codes(index)
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

    def codes(self, index: int) -> tuple[NDArray[np.int32], list[str]]:
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

    def grouped(self) -> tuple[NDArray[np.int64], str]:
        """Give the number of the station of each row, and the layout of the table."""
        ids = [
            self.codes(i)[0].astype(np.int64)
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


def _bits(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Make keys of numbers, in which NaN equals NaN."""
    return np.where(np.isnan(values), np.nan, values + 0.0).view(np.int64)


def _flag_code(text: str) -> int:
    """Make the byte of a flag cell: ``"1"``, ``"1.0"``, ``"49"`` (ASCII), ``"A"``."""
    text = text.removesuffix(".0")
    if len(text) == 2 and text.isdigit():
        return int(text)
    return ord(text[0]) if len(text) == 1 and ord(text) < 128 else ord("?")
