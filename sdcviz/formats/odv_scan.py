"""Parse lines of an ODV spreadsheet into arrays, with the compiled loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import odv_kernels as kernels
from .odv_layout import Header

__all__ = ["Plan", "Scan", "plan_of", "scan_lines"]


@dataclass
class Plan:
    """What is in each column.

    Attributes
    ----------
    kinds, slots : ndarray of int64, shape (columns,)
        Kind of a column (see `odv_kernels`) and its place among that kind.
    meta, key : ndarray of int64, shape (columns,)
        Whether it describes the station; its place in the key that tells
        stations apart, or -1.
    count : ndarray of int64
        Number of columns of each kind: number, flag, text, time.
    """

    kinds: NDArray[np.int64]
    slots: NDArray[np.int64]
    meta: NDArray[np.int64]
    key: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def columns(self) -> tuple[NDArray[np.int64], ...]:
        """The arrays with one element a column."""
        return self.kinds, self.slots, self.meta, self.key


@dataclass
class Scan:
    """What the scan gave for some lines.

    Attributes
    ----------
    n : int
        Number of rows.
    values, flags, times : ndarray, shape (slots, n)
        Numbers, flag bytes, ms since 1970 by column kind.
    cells : ndarray of int64, shape (slots, n, 2)
        Start and end of texts.
    rows, starts, widths : ndarray, shape (n,)
        Line number, first byte and number of cells of each row.
    first : ndarray
        Rows that begin a station.
    bad : ndarray, shape (b, 4)
        Row, column, start, end of cells that Python must look at.
    comments : ndarray, shape (c, 4)
        Rows before it, line, start, end of lines that are no data.
    pos, line : int
        Where the scan stopped.
    """

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


def plan_of(header: Header) -> Plan:
    """Decide what the scan does with every column."""
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
    return Plan(kinds, slots, meta, key, np.array(list(count.values())))


def scan_lines(header: Header, plan: Plan, raw: bytes, pos: int, line: int, most: int) -> Scan:
    """Parse up to `most` rows.

    Parameters
    ----------
    header : Header
        The labels.
    plan : Plan
        What is in the columns.
    raw : bytes
        A block; lines end in line feeds.
    pos, line : int
        First byte, and number of its line in the file.
    most : int
        Bound for the rows.

    Returns
    -------
    Scan
    """
    buf = np.frombuffer(raw, np.uint8)
    count = plan.count
    rows = min(raw.count(b"\n", pos) + 1, most)
    label_line = np.frombuffer(header.raw, np.uint8)
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
        sep = header.sep
        n, n_stations, found, comments, end, last = kernels.scan(
            buf, pos, line, sep, sep != 9, label_line, *plan.columns, *out
        )
        if found <= n_bad and comments <= n_comments:
            break
        n_bad, n_comments = max(found, n_bad), max(comments, n_comments)
    values, flags, times, cells, lines, starts, widths, first, bad, remarks = out
    return Scan(
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
