"""Turn the rows of an ODV spreadsheet into batches of stations and samples."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..words import number
from .model import Batch, Coded, Doctor, Stations
from .odv_cells import NAT
from .odv_layout import Header
from .odv_located import Cells
from .odv_numbers import is_missing, parse_number
from .odv_samples import Samples
from .odv_scan import Plan, Scan, plan_of, scan_lines
from .odv_stations import read_stations

__all__ = ["Body", "too_ragged"]

_SETTLE = 1_000_000

LONGEST_ROW = 1_000_000
"""Bytes of a row from which on the user is told to look at it."""


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

    @cached_property
    def plan(self) -> Plan:
        """What is in the columns."""
        return plan_of(self.header)

    def scan(self, raw: bytes, pos: int, line: int, most: int) -> Scan:
        """Parse up to `most` rows of `raw` from byte `pos`, which is line `line`."""
        return scan_lines(self.header, self.plan, raw, pos, line, most)

    def settle(self, raw: bytes, pos: int) -> None:
        """Look at the first rows for what the header does not say.

        A column without type and unit whose every cell is text is text
        (``SampleID``). A position written with decimal commas says that the
        numbers of this file are.
        """
        open_ = [v for v in self.header.values if not v.typed and v.parameter.kind == "number"]
        head = raw if len(raw) < pos + _SETTLE else raw[: raw.find(b"\n", pos + _SETTLE) + 1] or raw
        found = self.scan(head, pos, 0, 2000 if open_ else 1)
        if not len(found.first):
            return
        cells = Cells(self, raw, found.starts[:1])
        position = [cells.text(self.header.station[r], 0) for r in ("lon", "lat")]
        commas = any("," in t for t in position) and all(
            parse_number(t, comma=True) is not None for t in position
        )
        if commas:
            self.doctor.note("rows", "decimal commas", "read as decimal points")
        self.comma = commas or self.header.sep == ord(";")
        for value in open_:
            values = found.values[self.plan.slots[value.column]]
            bad = found.bad[found.bad[:, 1] == value.column]
            texts = [self.text(raw[start:end]) for _, _, start, end in bad.tolist()]
            if texts and np.isnan(values).all() and not any(map(self.is_number, texts)):
                value.parameter = replace(value.parameter, kind="text")
        del self.plan

    def is_number(self, text: str) -> bool:
        """Tell whether a cell that the scan left is a number after all."""
        return is_missing(text) or parse_number(text, self.comma) is not None

    def batch(self, raw: bytes, found: Scan, stations: int) -> Batch:
        """Make a batch of the first `stations` stations of what `scan` found."""
        n = int(found.first[stations]) if stations < len(found.first) else found.n
        self._set_encoding(raw)
        first = found.first[:stations]
        offsets = np.append(first, n).astype(np.int64)
        doctor = self.doctor
        self._widths(raw, found, n)
        self._lengths(raw, found, n)
        station = read_stations(self, raw, found.starts[first], found.rows[first], offsets)
        kept, filled = self._without_empty(found, offsets)
        batch = Samples(self, raw, kept, station, filled).batch()
        remarks = found.comments[found.comments[:, 0] <= n]
        self.remarks(raw, remarks, station, offsets)
        doctor.rows += n
        if batch.n_samples < n:
            doctor.leave_out("a station without samples", n - batch.n_samples)
        self.n_stations += stations
        self.n_samples += batch.n_samples
        return batch

    def _without_empty(
        self, found: Scan, offsets: NDArray[np.int64]
    ) -> tuple[Scan, NDArray[np.int64]]:
        """Leave out the rows of stations that have one row with neither value nor flag.

        A row that breaks off is a damaged one, not a station without samples.
        """
        rows = offsets[:-1][np.diff(offsets) == 1]
        blank = found.widths[rows] == len(self.header.labels)
        blank &= np.isnan(found.values[:, rows]).all(axis=0)
        blank &= (found.flags[:, rows] == 0).all(axis=0)
        blank &= (found.times[:, rows] == NAT).all(axis=0)
        blank &= (found.cells[:, rows, 0] == found.cells[:, rows, 1]).all(axis=0)
        blank &= ~np.isin(rows, found.bad[:, 0])
        if not blank.any():
            return found, offsets
        keep = np.ones(found.n, bool)
        keep[rows[blank]] = False
        before = np.concatenate([[0], np.cumsum(keep)])
        bad = found.bad.copy()
        bad[:, 0] = before[bad[:, 0]]
        kept = replace(
            found,
            n=int(before[-1]),
            values=found.values[:, keep],
            flags=found.flags[:, keep],
            times=found.times[:, keep],
            cells=found.cells[:, keep],
            rows=found.rows[keep],
            bad=bad,
        )
        return kept, before[offsets]

    def _set_encoding(self, raw: bytes) -> None:
        if self.encoding != "utf-8" or raw.isascii():
            return
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.encoding = "cp1252"
            line = raw.count(b"\n", 0, error.start) + 1
            where = f"line {line}" if self.n_samples == 0 else "rows"
            self.doctor.note(
                where,
                "not UTF-8",
                "read as Windows-1252 (Latin-1); if names look wrong, save it as UTF-8",
            )

    def text(self, raw: bytes) -> str:
        """Decode one cell."""
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _widths(self, raw: bytes, found: Scan, n: int) -> None:
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

    def _lengths(self, raw: bytes, found: Scan, n: int) -> None:
        """Report rows that no table has: the file was probably damaged."""
        if len(raw) <= LONGEST_ROW:
            return
        starts = found.starts[: n + 1]
        after = len(raw) if len(starts) == n else None
        lengths = np.diff(starts) if after is None else np.diff(starts, append=after)
        odd = np.flatnonzero(lengths > LONGEST_ROW)
        if len(odd):
            self.doctor.note(
                f"line {found.rows[odd[0]]}",
                f"a row of more than {number(LONGEST_ROW)} characters",
                "read as it is, but the file is probably damaged: look at that line or download "
                "the file again",
                len(odd),
            )

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
        # Before the first row it is about the file, as are the comments of the header.
        history.pop(-1, None)
        if history:
            stations.extra["History"] = Coded.of(
                "\n".join(history.get(i, ())) for i in range(len(stations))
            )


def too_ragged(name: str, line: int) -> UnreadableFile:
    """Say that rows have so few cells that the labels can't be theirs."""
    return UnreadableFile(
        f"{name}: the rows after line {line} have far fewer cells than there are labels; "
        "check that labels and rows have the same separator."
    )
