"""The rows of a plain table as a polars frame of texts, with their line numbers."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..words import number
from .common import decode
from .model import Doctor
from .sources import Source
from .table_sample import COMMENTS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["encode", "load_rows"]

LONGEST = 1_000_000
"""Characters of the longest line that a table may have."""


def load_rows(
    source: Source, separator: str, header_lines: int, n: int, doctor: Doctor
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Read all rows of a table as text.

    Parameters
    ----------
    source : Source
        The file.
    separator : str
        One character; blank is any run of blanks.
    header_lines : int
        Lines before the first row.
    n : int
        Number of columns.
    doctor : Doctor
        Gets the number of rows, and those with too many or too few cells.

    Returns
    -------
    frame : polars.DataFrame
        `n` columns of strings named ``"0"``, ``"1"``, ...; blanks are removed
        and empty cells are null.
    lines : ndarray of int64
        Line number of each row, from 1.
    """
    import polars as pl

    body = _utf8(source.read_bytes(), doctor).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    body, skipped = _after_lines(body, header_lines)
    if not body.endswith(b"\n"):
        body += b"\n"
    lines, body = _plain_lines(body, skipped, source.name)
    if separator == " ":
        body = re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", body)
        body, separator = re.sub(rb"[ \t]+", b"\t", body), "\t"
    quoted = b'"' in body
    if not quoted:
        _check_cells(body, separator.encode(), n, lines, doctor)
    names = [str(i) for i in range(n)]
    try:
        frame = pl.read_csv(
            io.BytesIO(body),
            has_header=False,
            separator=separator,
            schema=dict.fromkeys(names, pl.String),
            quote_char='"' if quoted else None,
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as error:
        raise UnreadableFile(
            f"{source.name}: the table can't be read ({str(error).splitlines()[0]})."
        ) from error
    if len(frame) != len(lines):  # quoted cells with line breaks in them
        lines = np.arange(len(frame), dtype=np.int64) + skipped + 1
    plain = [pl.col(name).str.strip_chars() for name in names]
    frame = frame.select(
        pl.when(c != "").then(c).alias(n) for c, n in zip(plain, names, strict=True)
    )
    doctor.rows += len(frame)
    return frame, lines


def encode(texts: pl.Series) -> tuple[NDArray[np.int32], list[str]]:
    """Code the distinct texts of a column.

    Parameters
    ----------
    texts : polars.Series of str
        Null is missing.

    Returns
    -------
    codes : ndarray of int32
        -1 is missing.
    labels : list of str
        In the order of first appearance.
    """
    import pyarrow as pa

    coded = texts.to_arrow().cast(pa.large_string()).dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32), coded.dictionary.to_pylist()


def _utf8(data: bytes, doctor: Doctor) -> bytes:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return decode(data, doctor).encode()
    try:
        data.decode()
    except UnicodeDecodeError:
        return decode(data, doctor).encode()
    return data


def _after_lines(body: bytes, count: int) -> tuple[bytes, int]:
    place = 0
    for done in range(count):
        end = body.find(b"\n", place)
        if end < 0:
            return b"", done
        place = end + 1
    return body[place:], count


def _plain_lines(body: bytes, skipped: int, name: str) -> tuple[NDArray[np.int64], bytes]:
    """Leave out blank lines and comments; number the lines that stay."""
    text = np.frombuffer(body, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64) if ends.size else ends
    lines = np.arange(len(starts), dtype=np.int64) + skipped + 1
    if ends.size and int((ends - starts).max()) > LONGEST:
        where = int(lines[np.argmax(ends - starts)])
        raise UnreadableFile(
            f"{name}: line {where} is longer than {number(LONGEST)} characters, so the file "
            "is damaged or no table of observations; correct or delete that line, or "
            "download the file again."
        )
    suspects = np.frombuffer(b" \t\n" + "".join(c[0] for c in COMMENTS).encode(), np.uint8)
    odd = np.flatnonzero(np.isin(text[starts], suspects)) if starts.size else starts
    marks = tuple(c.encode() for c in COMMENTS)
    away = []
    for i in odd:
        line = body[starts[i] : ends[i]].strip()
        # A leading tab is an empty first cell; the line counts unless nothing follows.
        if not line or line.startswith(marks):
            away.append(i)
    if not away:
        return lines, body
    keep = np.ones(len(lines), bool)
    keep[away] = False
    spans = zip(starts[keep], ends[keep], strict=True)
    return lines[keep], b"".join(body[a : b + 1] for a, b in spans)


def _check_cells(
    body: bytes, separator: bytes, n: int, lines: NDArray[np.int64], doctor: Doctor
) -> None:
    """Tell of rows with another number of cells than the header has."""
    text = np.frombuffer(body, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    if not ends.size:
        return
    at = np.flatnonzero(text == separator[0])
    counts = np.diff(np.searchsorted(at, ends), prepend=0) + 1
    for wrong, what, consequence in (
        (counts > n, "too many cells", "the cells after the last column are not read"),
        (counts < n, "too few cells", "the cells that are not there are missing"),
    ):
        rows = np.flatnonzero(wrong)
        if rows.size:
            doctor.note(f"line {lines[rows[0]]}", what, consequence, len(rows))
