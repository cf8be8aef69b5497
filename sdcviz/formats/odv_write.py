"""Write ODV spreadsheets in the SeaDataNet dialect."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .base import WriteContext
from .model import Batch
from .odv_write_header import header
from .odv_write_layout import CORE, SHARED, Layout, common, extras
from .odv_write_rows import cell, rows_of

__all__ = ["write"]


@dataclass
class _Part:
    """Rows of one batch in the temporary file, and the columns that they have."""

    size: int
    extra: list[str]
    values: list[int]
    has_time: bool
    shared: dict[str, str | None]


def write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    """Write stations as an ODV spreadsheet that SeaDataNet and ODV read.

    Tabs, CRLF, UTF-8; the metadata stand in the first row of a station; flags
    are L20; a value is the shortest text that reads back to the same number.

    Parameters
    ----------
    path : Path
        File to make.
    batches : iterable of Batch
        What to write, one after the other.
    context : WriteContext
        Title, history and sources for the comment lines.
    """
    layout = Layout()
    parts: list[_Part] = []
    with tempfile.TemporaryFile(dir=path.parent) as rows:
        for batch in batches:
            places = layout.take_in(batch)
            text = rows_of(batch, layout).encode()
            rows.write(text)
            stations, has_time = batch.stations, batch.time is not None
            shared = {label: common(stations, label) for label in SHARED}
            parts.append(_Part(len(text), extras(stations), places, has_time, shared))
        layout.settle()
        rows.seek(0)
        with path.open("wb") as file:
            file.write("".join(f"{line}\r\n" for line in header(layout, context)).encode())
            for part in parts:
                _copy(rows, file, part, layout)


def _copy(rows: IO[bytes], file: IO[bytes], part: _Part, layout: Layout) -> None:
    """Copy the rows of a part; move its cells where other parts have more columns."""
    text = rows.read(part.size)
    same = (
        part.extra == layout.extra
        and part.values == list(range(len(layout.values)))
        and part.has_time == layout.has_time
    )
    if same:
        file.write(text)
        return
    n_core = len(CORE)
    n_extra = len(part.extra)
    extra = [part.extra.index(k) if k in part.extra else -1 for k in layout.extra]
    order = [n_core + i if i >= 0 else -1 for i in extra]
    begin = n_core + n_extra
    if layout.has_time:
        order += [begin, begin + 1] if part.has_time else [-1, -2]
    begin += 2 if part.has_time else 0
    order += [begin, begin + 1]
    for k in range(len(layout.values)):
        at = part.values.index(k) if k in part.values else -1
        order += [begin + 2 + 2 * at, begin + 3 + 2 * at] if at >= 0 else [-1, -2]
    flag_at = order[len(layout.extra) + (2 if layout.has_time else 0) + 1]
    blanks = {-1: b"", -2: b"9"}
    empty = {-1: b"", -2: b""}
    shared = {
        layout.extra.index(label): cell(text).encode()
        for label, text in part.shared.items()
        if text and label in layout.extra
    }
    for line in text.split(b"\r\n")[:-1]:
        if line.startswith(b"//"):
            file.write(line + b"\r\n")
            continue
        cells = line.split(b"\t")
        # Without the flag of the depth there is no sample.
        absent = blanks if cells[flag_at] else empty
        moved = [cells[i] if i >= 0 else absent[i] for i in order]
        if shared and any(cells[:n_core]):
            for i, text_of_all in shared.items():
                moved[i] = text_of_all
        file.write(b"\t".join(cells[:n_core] + moved) + b"\r\n")
