"""Turn scanned rows of an ODV spreadsheet into samples: values, flags, depth, time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import odv_kernels as kernels
from .common import depth_from_pressure
from .flags import SCALES, to_l20, worst
from .model import MISSING, NOT_CHECKED, Batch, Coded, Column, Stations
from .odv_layout import Value
from .odv_located import coded
from .odv_numbers import is_missing, parse_number
from .odv_scan import Scan
from .odv_time import cjd_to_time, parse_time

if TYPE_CHECKING:
    from .odv_body import Body

__all__ = ["Samples"]

_LONGEST_RAW = 1000
_MOST_SHOWN = 20


@dataclass
class Samples:
    """The first `n` rows of a scan, whose stations are known.

    Parameters
    ----------
    body : Body
        The file.
    raw : bytes
        The block.
    found : Scan
        What the scan gave.
    stations : Stations
        The stations of the rows.
    offsets : ndarray of int64
        Rows of the stations.
    """

    body: Body
    raw: bytes
    found: Scan
    stations: Stations
    offsets: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.offsets[-1])

    def _second_look(self) -> dict[tuple[int, int], str]:
        """Parse in Python what the scan could not; give what is no value at all."""
        body, found = self.body, self.found
        kinds, slots = body.plan.kinds, body.plan.slots
        cjd = {v.column for v in body.header.values if v.role == "cjd"}
        left: dict[tuple[int, int], str] = {}
        for row, column, start, end in found.bad[found.bad[:, 0] < self.n].tolist():
            text = body.text(self.raw[start : min(end, start + _LONGEST_RAW)])
            slot = slots[column]
            if kinds[column] == kernels.NUMBER:
                value = parse_number(text, body.comma or column in cjd)
                if value is not None:
                    found.values[slot, row] = value
                elif not is_missing(text):
                    left[row, column] = text
            elif kinds[column] == kernels.TIME:
                moment = parse_time(text)
                if moment is not None:
                    found.times[slot, row] = moment
                elif not is_missing(text):
                    left[row, column] = text
            else:
                # "1.0" and "1.00" are flags that went through a spreadsheet.
                match = re.fullmatch(r"([0-9])\.0*", text)
                found.flags[slot, row] = ord(match[1]) if match else ord("?")
        return left

    def batch(self) -> Batch:
        """Put the batch together."""
        found, n, header = self.found, self.n, self.body.header
        left = self._second_look()
        values = found.values[:, :n]
        for indicator in header.missing:
            values[values == indicator] = np.nan
        columns: list[Column] = []
        raw_text: list[tuple[int, int, str]] = []
        roles: dict[str, Column] = {}
        by_column: dict[int, int] = {}
        time = time_flag = None
        for value in header.values:
            slot = self.body.plan.slots[value.column]
            if value.role in {"time", "cjd"}:
                time = cjd_to_time(values[slot]) if value.role == "cjd" else None
                if time is None:
                    time = found.times[slot, :n].view("datetime64[ms]")
                time_flag = self._flags(value, np.isnat(time))[0]
                self._order(time)
                continue
            column = self._column(value)
            if value.role and value.role not in roles and isinstance(column.values, np.ndarray):
                roles[value.role] = column
                if value.role == "depth":
                    continue
            by_column[value.column] = len(columns)
            columns.append(column)
        for (row, at), text in left.items():
            self._unparsed(row, at, text)
            if at in by_column:
                raw_text.append((row, by_column[at], text))
        depth, depth_flag = self._depth(roles)
        depth_flag = self._sample_flags(depth_flag)
        return Batch(
            self.stations,
            self.offsets,
            columns,
            depth,
            depth_flag,
            found.rows[:n],
            time,
            time_flag,
            raw_text,
        )

    def _order(self, time: NDArray[np.datetime64]) -> None:
        """Report times that go back within a station."""
        back = np.zeros(len(time), np.bool_)
        back[1:] = time[1:] < time[:-1]
        first = self.offsets[:-1]
        back[first[first < len(time)]] = False  # stations without samples may be last
        if back.any():
            self._note(back, "the time goes back within a station", "the order of the file is kept")

    def _unparsed(self, row: int, column: int, text: str) -> None:
        label = self.body.header.labels[column]
        shown = repr(text if len(text) <= 40 else text[:40] + "...")
        self.body.n_unparsed += 1
        if self.body.n_unparsed > _MOST_SHOWN:
            shown = "more text"
        kind = "a date" if self.body.plan.kinds[column] == kernels.TIME else "a number"
        self.body.doctor.note(
            f"line {self.found.rows[row]}",
            f"{shown} in column {label.name!r} is not {kind}",
            "missing (flag 9); the text is kept",
        )

    def _column(self, value: Value) -> Column:
        """Make one column of values and flags."""
        values: NDArray[np.floating] | Coded
        slot = self.body.plan.slots[value.column]
        if value.parameter.kind == "text":
            values = coded(self.raw, self.found.cells[slot, : self.n], self.body.text)
            missing = values.codes < 0
        else:
            values = self.found.values[slot, : self.n]
            missing = np.isnan(values)
        flags, source = self._flags(value, missing)
        return Column(value.parameter, values, flags, source, value.scale or "L20")

    def _flags(
        self, value: Value, missing: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Map the flags of one column to L20 and make them agree with the values."""
        if value.flag < 0:
            return np.where(missing, np.uint8(MISSING), np.uint8(NOT_CHECKED)), None
        codes = self.found.flags[self.body.plan.slots[value.flag], : self.n]
        lower = (codes >= ord("a")) & (codes <= ord("z"))
        if lower.any():
            codes = np.where(lower, codes - np.uint8(32), codes)
        name = value.parameter.name
        if not value.scale:
            return np.where(missing, np.uint8(MISSING), np.uint8(NOT_CHECKED)), codes
        flags = to_l20(codes, value.scale)
        unknown = ~SCALES[value.scale].knows(codes)
        if unknown.any():
            self._note(
                unknown,
                f"unknown flag in column {name!r}",
                "the value counts as not checked (0)",
            )
        nines = flags == MISSING
        both = nines & ~missing
        if both.any():
            self._note(both, f"flag 9 (missing) but a value in {name!r}", "the flag is kept")
        if missing.any():
            claimed = missing & ~nines & (flags != NOT_CHECKED)
            if claimed.any():
                self._note(
                    claimed,
                    f"no value in {name!r} but a flag other than 9",
                    "the flag becomes 9",
                )
            flags = np.where(missing, np.uint8(MISSING), flags)
        return flags, None if value.scale == "L20" else codes

    def _note(self, where: NDArray[np.bool_], what: str, consequence: str) -> None:
        line = self.found.rows[int(np.argmax(where))]
        self.body.doctor.note(f"line {line}", what, consequence, int(np.count_nonzero(where)))

    def _sample_flags(self, depth_flag: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Lay a bad flag of the whole row over the depth's: such a sample must not pass."""
        header = self.body.header
        if header.sample_flag < 0 or not header.sample_scale:
            return depth_flag
        codes = self.found.flags[self.body.plan.slots[header.sample_flag], : self.n]
        flags = to_l20(codes, header.sample_scale)
        telling = (flags > ord("1")) & (flags != MISSING)
        if not telling.any():
            return depth_flag
        self._note(telling, "the row as a whole has a flag", "laid over the flag of the depth")
        return np.where(telling, worst(depth_flag, flags), depth_flag)

    def _depth(self, roles: dict[str, Column]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Depth in metres from the depth column, the pressure, or a depth range."""
        n = self.n
        depth, flags = np.full(n, np.nan), np.full(n, MISSING, np.uint8)
        if "depth" in roles:
            depth, flags = np.asarray(roles["depth"].values), roles["depth"].flags
        lost = np.isnan(depth)
        if lost.any() and "pressure" in roles:
            column, pressure = roles["pressure"], np.asarray(roles["pressure"].values)
            lost &= ~np.isnan(pressure)
            self._instead(lost, "the pressure")
            flags = np.where(lost, column.flags, flags)
            latitude = np.repeat(self.stations.lat, np.diff(self.offsets))
            depth = np.where(lost, depth_from_pressure(pressure, latitude), depth)
            lost = np.isnan(depth)
        if lost.any() and "min" in roles and "max" in roles:
            low, high = roles["min"], roles["max"]
            middle = (np.asarray(low.values) + np.asarray(high.values)) / 2
            lost &= ~np.isnan(middle)
            if "depth" in roles:
                self._instead(lost, "the middle of the depth range")
            depth = np.where(lost, middle, depth)
            flags = np.where(lost, worst(low.flags, high.flags), flags)
        if not roles.keys() & {"depth", "pressure"} and not {"min", "max"} <= roles.keys():
            one = bool(roles.keys() & {"min", "max"})
            what = "only one limit of the depth" if one else "no depth column"
            self.body.doctor.note("header", what, "the depth of the samples is unknown")
        return depth, flags

    def _instead(self, lost: NDArray[np.bool_], source: str) -> None:
        if lost.any():
            self.body.doctor.note(
                "rows", "no depth", f"computed from {source}", int(np.count_nonzero(lost))
            )
