"""Turn the rows of an ODV spreadsheet into batches of stations and samples."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from . import odv_kernels as kernels
from .flags import SCALES, to_l20, worst
from .model import MISSING, NOT_CHECKED, Batch, Coded, Column, Doctor, Stations
from .odv_header import Header, Value
from .odv_stations import Cells, coded, read_stations
from .odv_time import cjd_to_time, parse_time

__all__ = ["Body"]

_NUMBER = re.compile(r"[+-]? ?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]+)?")
_MISSING_WORDS = {"nan", "na", "n/a", "null", "none", "nd"}
_LONGEST_RAW = 1000
_SETTLE = 1_000_000
_MOST_SHOWN = 20


@dataclass
class _Raw:
    """What `kernels.scan` gave for some lines."""

    n: int
    values: NDArray[np.float64]
    flags: NDArray[np.uint8]
    times: NDArray[np.int64]
    cells: NDArray[np.int64]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    widths: NDArray[np.int32]
    first: NDArray[np.int64]
    bad: NDArray[np.int64]
    comments: NDArray[np.int64]
    pos: int
    line: int


@dataclass
class Body:
    """Reads blocks of lines; knows the columns and what the file said so far.

    Parameters
    ----------
    header : Header
        The columns.
    name : str
        Name of the file, for messages.
    doctor : Doctor
        Gets what is odd, and the count of rows.
    """

    header: Header
    name: str
    doctor: Doctor
    comma: bool = False
    encoding: str = "utf-8"
    n_stations: int = 0
    n_samples: int = 0
    n_unparsed: int = 0
    seen_cdi: set[str] = field(default_factory=set)
    _plan: tuple[NDArray[np.int64], ...] | None = None

    # ------------------------------------------------------------- columns
    def _columns(self) -> tuple[NDArray[np.int64], ...]:
        """Kind, slot, station mark and key place of every column, for the scan."""
        header = self.header
        n = len(header.labels)
        kinds = np.zeros(n, np.int64)
        slots = np.zeros(n, np.int64)
        meta = np.zeros(n, np.int64)
        key = np.full(n, -1, np.int64)
        count = {kernels.NUMBER: 0, kernels.FLAG: 0, kernels.TEXT: 0, kernels.TIME: 0}

        def put(column: int, kind: int) -> None:
            if kinds[column] == kernels.SKIP:
                kinds[column], slots[column] = kind, count[kind]
                count[kind] += 1

        for value in header.values:
            if value.role == "time":
                put(value.column, kernels.TIME)
            elif value.parameter.kind == "text":
                put(value.column, kernels.TEXT)
            else:
                put(value.column, kernels.NUMBER)
            if value.flag >= 0:
                put(value.flag, kernels.FLAG)
        if header.sample_flag >= 0:
            put(header.sample_flag, kernels.FLAG)
        for column in [*header.station.values(), *header.extra]:
            meta[column] = 1
        apart = {"type", "bottom", "edmo", "platform", "position flag", "time flag"}
        parts = [r for r in header.station if r not in apart]
        for i, role in enumerate([*parts, *(["type"] if "type" in header.station else [])]):
            key[header.station[role]] = i
        return kinds, slots, meta, key, np.array(list(count.values()))

    @property
    def plan(self) -> tuple[NDArray[np.int64], ...]:
        """What `_columns` says, made once."""
        if self._plan is None:
            self._plan = self._columns()
        return self._plan

    def settle(self, raw: bytes, pos: int) -> None:
        """Look at the first rows for what the header does not say.

        A column without type and unit whose every cell is text is text
        (``SampleID``). A position written with decimal commas says that the
        numbers of this file are.
        """
        open_ = any(not v.typed and v.parameter.kind == "number" for v in self.header.values)
        head = raw if len(raw) < pos + _SETTLE else raw[: pos + _SETTLE]
        found = self.scan(head, pos, 0, 2000 if open_ else 1)
        slots = self.plan[1]
        failed = np.bincount(found.bad[:, 1], minlength=len(self.header.labels))
        for value in self.header.values:
            if value.typed or not failed[value.column] or value.parameter.kind == "text":
                continue
            if np.isnan(found.values[slots[value.column]]).all():
                value.parameter = replace(value.parameter, kind="text")
                self._plan = None
        if len(found.first):
            cells = Cells(self, raw, found.starts[:1])
            texts = [cells.text(self.header.station[r], 0) for r in ("lon", "lat")]
            self.comma = self.header.sep == ord(";") or (
                any("," in t for t in texts)
                and all(parse_number(t, comma=True) is not None for t in texts)
            )
            if self.comma and any("," in t for t in texts):
                self.doctor.note("line 1 of the rows", "decimal commas", "read as decimal points")

    # --------------------------------------------------------------- blocks
    def scan(self, raw: bytes, pos: int, line: int, most: int) -> _Raw:
        """Parse up to `most` rows of `raw` from byte `pos`, which is line `line`."""
        buf = np.frombuffer(raw, np.uint8)
        kinds, slots, meta, key, count = self.plan
        rows = min(raw.count(b"\n", pos) + 1, most)
        label_line = np.frombuffer(self.header.raw, np.uint8)
        n_bad = n_comments = 1000
        while True:
            out = (
                np.empty((count[0], rows)),
                np.empty((count[1], rows), np.uint8),
                np.empty((count[3], rows), np.int64),
                np.empty((count[2], rows, 2), np.int64),
                np.empty(rows, np.int64),
                np.empty(rows, np.int64),
                np.empty(rows, np.int32),
                np.empty(rows, np.int64),
                np.empty((n_bad, 4), np.int64),
                np.empty((n_comments, 4), np.int64),
            )
            sep = self.header.sep
            n, n_stations, found, comments, end, last = kernels.scan(
                buf, pos, line, sep, sep != 9, label_line, kinds, slots, meta, key, *out
            )
            if found <= n_bad and comments <= n_comments:
                break
            n_bad, n_comments = max(found, n_bad), max(comments, n_comments)
        values, flags, times, cells, lines, starts, widths, first, bad, remarks = out
        return _Raw(
            n,
            values[:, :n],
            flags[:, :n],
            times[:, :n],
            cells[:, :n],
            lines[:n],
            starts[:n],
            widths[:n],
            first[:n_stations],
            bad[:found],
            remarks[:comments],
            end,
            last,
        )

    def batch(self, raw: bytes, found: _Raw, stations: int) -> Batch:
        """Make a batch of the first `stations` stations of what `scan` found."""
        n = int(found.first[stations]) if stations < len(found.first) else found.n
        self._set_encoding(raw)
        first = found.first[:stations]
        offsets = np.append(first, n).astype(np.int64)
        doctor = self.doctor
        self._widths(raw, found, n)
        station = read_stations(self, raw, found.starts[first], found.rows[first], offsets)
        bad = found.bad[found.bad[:, 0] < n]
        raw_text = self._second_look(raw, found, bad, n)
        batch = self._assemble(raw, found, n, station, offsets, raw_text)
        remarks = found.comments[found.comments[:, 0] <= n]
        self.remarks(raw, remarks, station, offsets)
        doctor.rows += n
        self.n_stations += stations
        self.n_samples += n
        return batch

    def _set_encoding(self, raw: bytes) -> None:
        if self.encoding != "utf-8" or raw.isascii():
            return
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.encoding = "cp1252"
            line = raw.count(b"\n", 0, error.start) + 1
            where = f"line {line}" if self.n_samples == 0 else "rows"
            self.doctor.note(where, "not UTF-8", "read as Windows-1252 (Latin-1)")

    def text(self, raw: bytes) -> str:
        """Decode one cell."""
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _widths(self, raw: bytes, found: _Raw, n: int) -> None:
        """Report rows with fewer or more cells than the header."""
        labels = len(self.header.labels)
        widths = found.widths[:n]
        if (widths == labels).all():
            return
        for odd, what, consequence in (
            (widths < labels, "fewer cells than labels", "the missing cells are blank"),
            (widths > labels, "more cells than labels", "the row is kept without the extra cells"),
        ):
            where = np.flatnonzero(odd)
            if len(where):
                line = found.rows[where[0]]
                text = f"rows with {what}"
                if widths[where[0]] > labels:
                    start = found.starts[where[0]]
                    end = raw.find(b"\n", start)
                    cells = raw[start : end if end >= 0 else len(raw)].split(
                        bytes([self.header.sep])
                    )
                    extra = self.text(b" | ".join(c.strip() for c in cells[labels:])[:100])
                    consequence += f" (first: {extra.strip(' |')!r})"
                self.doctor.note(f"line {line}", text, consequence, len(where))

    def remarks(
        self, raw: bytes, remarks: NDArray[np.int64], stations: Stations, offsets: NDArray
    ) -> None:
        """Attach history lines to the station above them; count repeated label lines."""
        history: dict[int, list[str]] = {}
        for row, _, start, end in remarks.tolist():
            line = raw[start:end]
            if not line.startswith((b"//", b'"//')):
                self.doctor.rows += 1
                self.doctor.leave_out("the label line once more")
                continue
            text = self.text(line).strip('"')[2:].strip()
            match = re.match(r"<History>(.*?)(?:</History>)?$", text, re.IGNORECASE)
            if match:
                station = int(np.searchsorted(offsets, row, "left")) - 1
                history.setdefault(station, []).append(" ".join(match[1].split()))
        for text in history.pop(-1, ()):
            self.header.history.append(text)
        if history:
            stations.extra["History"] = Coded.of(
                "\n".join(history.get(i, ())) for i in range(len(stations))
            )

    # -------------------------------------------------------------- samples
    def _second_look(
        self, raw: bytes, found: _Raw, bad: NDArray[np.int64], n: int
    ) -> dict[tuple[int, int], str]:
        """Parse in Python what the scan could not; give what is no value at all."""
        kinds, slots, *_ = self.plan
        cjd = {v.column for v in self.header.values if v.role == "cjd"}
        left: dict[tuple[int, int], str] = {}
        for row, column, start, end in bad.tolist():
            text = self.text(raw[start : min(end, start + _LONGEST_RAW)])
            slot = slots[column]
            if kinds[column] == kernels.NUMBER:
                value = parse_number(text, self.comma or column in cjd)
                if value is not None:
                    found.values[slot, row] = value
                elif text.strip().lower() not in _MISSING_WORDS:
                    left[row, column] = text
            elif kinds[column] == kernels.TIME:
                moment = parse_time(text)
                if moment is not None:
                    found.times[slot, row] = moment
                elif text.strip().lower() not in _MISSING_WORDS:
                    left[row, column] = text
            else:
                # "1.0" and "1.00" are flags that went through a spreadsheet.
                match = re.fullmatch(r"([0-9])\.0*", text)
                found.flags[slot, row] = ord(match[1]) if match else ord("?")
        return left

    def _assemble(
        self,
        raw: bytes,
        found: _Raw,
        n: int,
        stations: Stations,
        offsets: NDArray[np.int64],
        left: dict[tuple[int, int], str],
    ) -> Batch:
        header = self.header
        values = found.values[:, :n]
        for indicator in header.missing:
            values[values == indicator] = np.nan
        columns: list[Column] = []
        raw_text: list[tuple[int, int, str]] = []
        roles: dict[str, Column] = {}
        by_column: dict[int, int] = {}
        time = time_flag = None
        for value in header.values:
            slot = self.plan[1][value.column]
            if value.role in {"time", "cjd"}:
                time = cjd_to_time(values[slot]) if value.role == "cjd" else None
                if time is None:
                    time = found.times[slot, :n].view("datetime64[ms]")
                time_flag = self._flags(value, found, n, np.isnat(time))[0]
                self._order(found, time, offsets)
                continue
            column = self._column(value, raw, found, n, values[slot] if len(values) else None)
            if value.role and value.role not in roles and isinstance(column.values, np.ndarray):
                roles[value.role] = column
                if value.role == "depth":
                    continue
            by_column[value.column] = len(columns)
            columns.append(column)
        for (row, at), text in left.items():
            self._unparsed(found, row, at, text)
            if at in by_column:
                raw_text.append((row, by_column[at], text))
        depth, depth_flag = self._depth(roles, stations, offsets)
        depth_flag = self._sample_flags(found, n, depth_flag)
        return Batch(
            stations,
            offsets,
            columns,
            depth,
            depth_flag,
            found.rows[:n],
            time,
            time_flag,
            raw_text,
        )

    def _order(self, found: _Raw, time: NDArray[np.datetime64], offsets: NDArray[np.int64]) -> None:
        """Report times that go back within a station."""
        back = np.zeros(len(time), np.bool_)
        back[1:] = time[1:] < time[:-1]
        back[offsets[:-1]] = False
        if back.any():
            self._note_rows(
                found, back, "the time goes back within a station", "the order of the file is kept"
            )

    def _unparsed(self, found: _Raw, row: int, column: int, text: str) -> None:
        label = self.header.labels[column]
        shown = repr(text if len(text) <= 40 else text[:40] + "...")
        self.n_unparsed += 1
        if self.n_unparsed > _MOST_SHOWN:
            shown = "more text"
        kind = "a date" if self.plan[0][column] == kernels.TIME else "a number"
        self.doctor.note(
            f"line {found.rows[row]}",
            f"{shown} in column {label.name!r} is not {kind}",
            "missing (flag 9); the text is kept",
        )

    def _column(
        self, value: Value, raw: bytes, found: _Raw, n: int, numbers: NDArray | None
    ) -> Column:
        """Make one column of values and flags."""
        values: NDArray[np.floating] | Coded
        if value.parameter.kind == "text":
            slot = self.plan[1][value.column]
            values = coded(raw, found.cells[slot, :n], self.text)
            missing = values.codes < 0
        else:
            assert numbers is not None
            values = numbers
            missing = np.isnan(numbers)
        flags, source = self._flags(value, found, n, missing)
        return Column(value.parameter, values, flags, source, value.scale or "L20")

    def _flags(
        self, value: Value, found: _Raw, n: int, missing: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Map the flags of one column to L20 and make them agree with the values."""
        if value.flag < 0:
            return np.where(missing, np.uint8(MISSING), np.uint8(NOT_CHECKED)), None
        codes = found.flags[self.plan[1][value.flag], :n]
        lower = (codes >= ord("a")) & (codes <= ord("z"))
        if lower.any():
            codes = np.where(lower, codes - np.uint8(32), codes)
        name = value.parameter.name
        if not value.scale:
            return np.where(missing, np.uint8(MISSING), np.uint8(NOT_CHECKED)), codes
        flags = to_l20(codes, value.scale)
        unknown = ~SCALES[value.scale].knows(codes)
        if unknown.any():
            self._note_rows(
                found,
                unknown,
                f"unknown flag in column {name!r}",
                "the value counts as not checked (0)",
            )
        nines = flags == MISSING
        both = nines & ~missing
        if both.any():
            self._note_rows(
                found, both, f"flag 9 (missing) but a value in {name!r}", "the flag is kept"
            )
        if missing.any():
            claimed = missing & ~nines & (flags != NOT_CHECKED)
            if claimed.any():
                self._note_rows(
                    found,
                    claimed,
                    f"no value in {name!r} but a flag other than 9",
                    "the flag becomes 9",
                )
            flags = np.where(missing, np.uint8(MISSING), flags)
        return flags, None if value.scale == "L20" else codes

    def _note_rows(
        self, found: _Raw, where: NDArray[np.bool_], what: str, consequence: str
    ) -> None:
        line = found.rows[int(np.argmax(where))]
        self.doctor.note(f"line {line}", what, consequence, int(np.count_nonzero(where)))

    def _sample_flags(
        self, found: _Raw, n: int, depth_flag: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Lay a bad flag of the whole row over the depth's: such a sample must not pass."""
        header = self.header
        if header.sample_flag < 0 or not header.sample_scale:
            return depth_flag
        codes = found.flags[self.plan[1][header.sample_flag], :n]
        flags = to_l20(codes, header.sample_scale)
        telling = (flags > ord("1")) & (flags != MISSING)
        if not telling.any():
            return depth_flag
        self._note_rows(
            found, telling, "the row as a whole has a flag", "laid over the flag of the depth"
        )
        return np.where(telling, worst(depth_flag, flags), depth_flag)

    def _depth(
        self, roles: dict[str, Column], stations: Stations, offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Depth in metres from the depth column, the pressure, or a depth range."""
        n = int(offsets[-1])
        depth, flags = np.full(n, np.nan), np.full(n, MISSING, np.uint8)
        if "depth" in roles:
            depth, flags = np.asarray(roles["depth"].values), roles["depth"].flags
        lost = np.isnan(depth)
        if lost.any() and "pressure" in roles:
            column, pressure = roles["pressure"], np.asarray(roles["pressure"].values)
            lost &= ~np.isnan(pressure)
            self._instead(lost, "the pressure")
            flags = np.where(lost, column.flags, flags)
            depth = np.where(lost, _depth_of(pressure, stations, offsets), depth)
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
            self.doctor.note("header", what, "the depth of the samples is unknown")
        return depth, flags

    def _instead(self, lost: NDArray[np.bool_], source: str) -> None:
        if lost.any():
            self.doctor.note(
                "rows", "no depth", f"computed from {source}", int(np.count_nonzero(lost))
            )


def _depth_of(
    pressure: NDArray[np.floating], stations: Stations, offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute depth (m) from pressure (dbar); at 45 degrees where there is no latitude."""
    import gsw

    lat = np.where(np.isnan(stations.lat), 45.0, stations.lat)
    return -np.asarray(gsw.z_from_p(pressure, np.repeat(lat, np.diff(offsets))))


def parse_number(text: str, comma: bool) -> float | None:
    """Parse what the scan left; None if it is no number.

    Parameters
    ----------
    text : str
        A trimmed cell.
    comma : bool
        Whether a comma may be the decimal sign.
    """
    text = text.strip()
    if comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(" ", "").replace("d", "e").replace("D", "E"))
    return value if np.isfinite(value) else None


def too_ragged(name: str, line: int) -> UnreadableFile:
    """Say that rows have so few cells that the labels can't be theirs."""
    return UnreadableFile(
        f"{name}: the rows after line {line} have far fewer cells than there are labels; "
        "check that labels and rows have the same separator."
    )
