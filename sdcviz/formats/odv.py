"""ODV spreadsheets: every dialect of SeaDataNet and of Ocean Data View.

The SeaDataNet deliveries and aggregated files, ODV 4 and 5 exports, biology,
World Ocean Database and GEOTRACES exports, EcoTaxa, HELCOM, ICES and ERDDAP.
Grammar: ODV User's Guide, chapter 17.3, and the SeaDataNet data transport
formats manual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import UnreadableFile
from .base import Format, ReadOptions, WriteContext
from .model import Batch, Doctor, Stations
from .odv_header import as_utf8, looks_like_odv, parse_header
from .sources import Source

__all__ = ["FORMAT", "read", "recognise"]

BLOCK = 32 * 1024 * 1024
"""Bytes read at a time; a station that is longer makes the block grow."""

LONGEST_LINE = 256 * 1024 * 1024
"""Bytes of one line that are looked at before giving up."""


def recognise(head: bytes, source: Source) -> bool:
    """Tell an ODV spreadsheet by its comments or its column labels."""
    return looks_like_odv(head)


class _Blocks:
    """The bytes of a file, read on as needed, lines ended by line feeds."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.raw = b""
        self.end = False
        self.old_mac: bool | None = None
        self.more(BLOCK)

    def more(self, size: int, keep_from: int = 0) -> None:
        """Drop what is before `keep_from` and read on."""
        new = self.file.read(size)
        self.end = self.end or len(new) < size
        if self.old_mac is None:
            self.old_mac = b"\r" in new and b"\n" not in new
        if self.old_mac:
            new = new.replace(b"\r", b"\n")
        self.raw = self.raw[keep_from:] + new


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read an ODV spreadsheet.

    Parameters
    ----------
    source : Source
        The file.
    doctor : Doctor
        Gets what is odd, and the count of rows.
    options : ReadOptions
        Not used by this format.

    Yields
    ------
    Batch
        Whole stations, about 32 MB of text at a time.

    Raises
    ------
    UnreadableFile
        Not an ODV spreadsheet; the sentence says what it is.
    """
    from io import BytesIO

    file: IO[bytes]
    if source.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        doctor.note("file", "the text is UTF-16", "read; an ODV export of it is UTF-8")
        file = BytesIO(as_utf8(source.read_bytes()))
    elif source.size <= BLOCK:
        file = BytesIO(source.read_bytes())
    else:
        file = source.path.open("rb")
    with file:
        yield from _batches(_Blocks(file), source.name, doctor)


def _batches(blocks: _Blocks, name: str, doctor: Doctor) -> Iterator[Batch]:
    if not blocks.raw[:4096].strip() and not blocks.raw.strip():
        raise UnreadableFile(f"{name}: the file is empty.")
    header = parse_header(blocks.raw, name, doctor)
    from .odv_body import Body, too_ragged

    body = Body(header, name, doctor)
    n_labels = len(header.labels)
    pos, line = header.pos, header.line
    # Rows take one number a label, however short they are: bound what a block may need.
    most = max(4 * BLOCK // n_labels, 1000)
    body.settle(blocks.raw, pos)
    while True:
        last = blocks.end
        usable = len(blocks.raw) if last else blocks.raw.rfind(b"\n") + 1
        raw = blocks.raw if last else blocks.raw[:usable]
        found = body.scan(raw, pos, line, most)
        last = last and found.pos >= usable
        stations = len(found.first) - (0 if last else 1)
        if stations <= 0 and not last:
            if found.n * n_labels > 8 * len(raw) and found.n == most:
                raise too_ragged(name, line)
            if not usable and len(blocks.raw) > LONGEST_LINE:
                raise UnreadableFile(
                    f"{name}: line {line} has more than {LONGEST_LINE} characters; "
                    "this is not an ODV spreadsheet."
                )
            most = max(most, 2 * found.n)
            blocks.more(max(BLOCK, len(raw)))
            continue
        if stations > 0:
            yield body.batch(raw, found, stations)
        elif len(found.comments):
            body.remarks(raw, found.comments, Stations.blank(0), np.zeros(1, np.int64))
        if last:
            break
        at = int(found.first[stations])
        pos, line = 0, int(found.rows[at])
        blocks.more(BLOCK if not blocks.end else 0, int(found.starts[at]))
    if not body.n_stations:
        doctor.note("file", "no rows after the column labels", "there are no stations in it")


def _write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    from .odv_write import write

    write(path, batches, context)


FORMAT = Format("odv", "ODV spreadsheet", recognise, read, _write, ".txt")
