"""What a file looks like that holds no observations, in words."""

from __future__ import annotations

import re

__all__ = ["looks_like", "rows_without_labels"]

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (rb"%PDF", "a PDF document; ask the data centre for the data file"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF....WEBP", "a picture, not data"),
    (rb"PK\x03\x04.{0,60}mimetypeapplication/vnd\.oasis", "an office document; save it as CSV"),
    (rb"PK\x03\x04[\s\S]{0,4096}\[Content_Types\]", "an office document; save it as CSV"),
    (rb"PK\x03\x04[\s\S]{0,4096}\.npy|\x93NUMPY", "a NumPy file; save it as CSV or NetCDF"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document; save it as CSV"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x1f\x9d|\x28\xb5\x2f\xfd|\x60\xea",
     "an archive of a kind that sdcviz does not open; unpack it and import the files"),
    (rb"GRIB", "a GRIB file, which holds grids and not observations"),
    (rb"SQLite format 3\0", "a database; export its tables as CSV"),
    (rb"\x7fELF|MZ[\s\S]{2}\0|#!", "a program, not data"),
    (rb"MATLAB 5\.0 MAT-file", "a MATLAB file; save it as CSV or NetCDF"),
    (rb"\0*$", "empty: the file holds nothing but zeros"),
)  # fmt: skip

_TEXT: tuple[tuple[bytes, str], ...] = (
    (rb"<!doctype html|<html|<head>|<body",
     "an HTML page, probably the error or log-in page of a web site; download the data again"),
    (rb"<\?xml|<[a-z:]+ xmlns", "an XML document, which holds metadata and no table"),
    (rb"\{\s*(\"|\}|$)|\[\s*(\{|\[|\"|$)", "JSON; sdcviz reads tables, so export it as CSV"),
    (rb"\{\\rtf", "an RTF document; save the table in it as plain text"),
)  # fmt: skip


def looks_like(head: bytes) -> str | None:
    """Say what a file is that can't hold observations.

    Parameters
    ----------
    head : bytes
        The first 64 KiB.

    Returns
    -------
    str or None
        Words that complete "this is ..."; None where it may be a table.
    """
    if not head:
        return "empty: the file has no bytes"
    if not head.strip():
        return "empty: the file holds nothing but blanks"
    for pattern, what in _MAGIC:
        if re.match(pattern, head, re.DOTALL):
            return what
    start = head[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for pattern, what in _TEXT:
        if re.match(pattern, start):
            return what
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None  # UTF-16: half of its bytes are zero
    strange = len(head) - len(head.translate(None, _CONTROL))
    if b"\0" in head or strange > len(head) // 50:
        return "a binary file of a kind that sdcviz does not know"
    return None


_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1a")


def rows_without_labels(head: bytes) -> str | None:
    """Say that a text begins with a row of observations and not with the labels of the columns.

    Parameters
    ----------
    head : bytes
        The first 64 KiB.

    Returns
    -------
    str or None
        Words that complete "this is ..."; None where it is something else.
    """
    first = head.partition(b"\n")[0].strip(b"\r\n")[:1000]
    cells = max((first.split(c) for c in (b"\t", b";", b",")), key=len)
    if len(cells) < 6 or not any(_DATE.match(cell.strip()) for cell in cells):
        return None
    return (
        f"a table without the line of column labels, as it begins with the row "
        f"{first[:60].decode('utf-8', 'replace')!r}; put the labels (Cruise, Station, Type, time, "
        "Longitude, Latitude, ...) before the rows"
    )


_DATE = re.compile(rb"\d{4}-\d\d-\d\d")
