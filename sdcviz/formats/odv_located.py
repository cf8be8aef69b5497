"""Cells that stay bytes until they are asked for: metadata and text parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import odv_kernels as kernels
from .flags import to_l20
from .model import NOT_CHECKED, Coded
from .odv_numbers import parse_number

if TYPE_CHECKING:
    from .odv_body import Body

__all__ = ["Cells", "coded"]


def coded(raw: bytes, cells: NDArray[np.int64], text: Callable[[bytes], str]) -> Coded:
    """Encode located cells.

    Parameters
    ----------
    raw : bytes
        The block.
    cells : ndarray of int64, shape (n, 2)
        Start and end of each cell.
    text : callable
        Decodes bytes.

    Returns
    -------
    Coded
    """
    n = len(cells)
    changed = np.empty(n, np.bool_)
    kernels.changes(np.frombuffer(raw, np.uint8), cells, changed)
    where = np.flatnonzero(changed)
    table: dict[bytes, int] = {}
    begin, end = cells[where, 0].tolist(), cells[where, 1].tolist()
    codes = [table.setdefault(raw[a:b], len(table)) for a, b in zip(begin, end, strict=True)]
    labels: dict[str, int] = {}
    final = []
    for cell in table:
        label = text(cell).replace('""', '"')
        final.append(labels.setdefault(label, len(labels)) if label else -1)
    spread = np.array(final, np.int32)[codes] if n else np.empty(0, np.int32)
    return Coded(spread[np.cumsum(changed) - 1], list(labels))


class Cells:
    """The metadata cells of some lines, usually the first of each station."""

    def __init__(self, body: Body, raw: bytes, starts: NDArray[np.int64]) -> None:
        self.body, self.raw = body, raw
        self.buf = np.frombuffer(raw, np.uint8)
        header = body.header
        flags = [column for column, _ in header.station_flags.values()]
        wanted = sorted({*header.station.values(), *header.extra, *flags})
        self.place = {column: i for i, column in enumerate(wanted)}
        self.n = len(starts)
        self.cells = np.empty((len(wanted), self.n, 2), np.int64)
        sep = header.sep
        kernels.locate(self.buf, starts, sep, sep != 9, np.array(wanted, np.int64), self.cells)

    def coded(self, column: int) -> Coded:
        """Texts of a column."""
        return coded(self.raw, self.cells[self.place[column]], self.body.text)

    def role(self, role: str) -> Coded:
        """Texts of a role; blank where the file has no such column."""
        column = self.body.header.station.get(role)
        return Coded.constant("", self.n) if column is None else self.coded(column)

    def text(self, column: int, station: int) -> str:
        """One cell."""
        start, end = self.cells[self.place[column], station].tolist()
        return self.body.text(self.raw[start:end])

    def numbers(self, role: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Numbers of a role, and where there is text that is none."""
        values = np.full(self.n, np.nan)
        states = np.zeros(self.n, np.int64)
        column = self.body.header.station.get(role)
        if column is not None:
            kernels.numbers(self.buf, self.cells[self.place[column]], values, states)
            for i in np.flatnonzero(states == 2).tolist():
                value = parse_number(self.text(column, i), self.body.comma)
                if value is not None:
                    values[i] = value
                    states[i] = 1
            for indicator in self.body.header.missing:
                values[values == indicator] = np.nan
        return values, states == 2

    def flags(self, name: str, *roles: str) -> NDArray[np.uint8]:
        """Map the flags of the station column `name`, else of the first role with flags."""
        header = self.body.header
        columns = [header.station_flags.get(role, (-1, "")) for role in roles]
        if name in header.station:
            columns.insert(0, (header.station[name], "L20"))
        for column, scale in columns:
            if column >= 0 and scale:
                cells = self.cells[self.place[column]]
                some = cells[:, 1] > cells[:, 0]
                codes = np.zeros(self.n, np.uint8)
                codes[some] = self.buf[cells[some, 0]]
                return to_l20(codes, scale)
        return np.full(self.n, NOT_CHECKED, np.uint8)
