"""The top of a plain table: labels, units and first rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .common import decode
from .guess_rules import VALUES

__all__ = ["Sample", "sample_of"]

SAMPLE_ROWS = 200
COMMENTS = ("#", "%", "//", "!")
SEPARATORS = ("\t", ";", ",", "|", " ")


@dataclass(frozen=True)
class Sample:
    """The top of a plain table.

    Attributes
    ----------
    labels, units : list of str
        Of the columns; ``"column 1"``, ... where the file has none.
    rows : list of list of str
        Cells of the first rows.
    separator : str
        One character; blank is any run of blanks.
    header_lines : int
        Lines before the first row.
    named : bool
        The file names its columns.
    """

    labels: list[str]
    units: list[str]
    rows: list[list[str]]
    separator: str
    header_lines: int
    named: bool


def sample_of(head: bytes) -> Sample | None:
    """Look at the top of a table.

    Parameters
    ----------
    head : bytes
        The first 64 KiB.

    Returns
    -------
    Sample or None
        None where it is no table.
    """
    whole = len(head) < 65_536
    lines = decode(head if whole else head[: head.rfind(b"\n") + 1]).splitlines()
    texts = [(i, line) for i, line in enumerate(lines) if line.strip()]
    is_comment = [line.lstrip().startswith(COMMENTS) for _, line in texts]
    data = [(i, line) for (i, line), c in zip(texts, is_comment, strict=True) if not c]
    if not data:
        return None
    separator = _separator([line for _, line in data[:SAMPLE_ROWS]])
    if separator is None:
        return None
    cells = [(i, split(line, separator)) for i, line in data[:SAMPLE_ROWS]]
    first, top = cells[0]
    comment = next(
        (line for (i, line), c in zip(texts, is_comment, strict=True) if c and i == first - 1), ""
    )
    units = [""] * len(top)
    if not _numeric(top):
        labels, rows = top, cells[1:]
        if rows and _is_units(rows[0][1], [r for _, r in rows[1:4]]):
            units, rows = rows[0][1], rows[1:]
        header = rows[0][0] if rows else first + 1
    elif comment and len(split(comment.lstrip(" #%/!"), separator)) == len(top):
        labels, rows, header = split(comment.lstrip(" #%/!"), separator), cells, first
    else:
        labels = [f"column {i + 1}" for i in range(len(top))]
        return Sample(labels, units, [r for _, r in cells], separator, first, False)
    labels = _unique([label or f"column {i + 1}" for i, label in enumerate(labels)])
    return Sample(labels, units, [r for _, r in rows], separator, header, True)


def split(line: str, separator: str) -> list[str]:
    """Split one line into cells; quotes are honoured."""
    if separator == " ":
        return line.split()
    if '"' in line:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    return [cell.strip() for cell in line.split(separator)]


def _separator(lines: Sequence[str]) -> str | None:
    """Take the separator that parts (nearly) all lines into equally many cells."""
    best, found = 1, None
    for separator in SEPARATORS:
        counts = [len(split(line, separator)) for line in lines]
        usual = max(set(counts), key=counts.count)
        # The header has a cell for each column, even where some rows have not.
        needed = 0.5 if counts[0] == usual and separator != " " else 0.9
        same = counts.count(usual) >= needed * len(counts)
        if same and usual > best and (found is None or separator != " "):
            best, found = usual, separator
    return found


def _numeric(cells: Sequence[str]) -> bool:
    """Tell whether a line is data: more numbers and times than words."""
    hits = sum(
        bool(re.fullmatch(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eEdD][+-]?\d+)?", c))
        or bool(re.fullmatch(VALUES["time"], c, re.I))
        for c in cells
    )
    return hits * 2 >= len([c for c in cells if c]) > 0


def _is_units(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Recognise the row of units of ERDDAP and others: words where numbers follow."""
    if not below or _numeric(cells):
        return False
    words = sum(bool(c) and not _numeric([c]) for c in cells)
    under = [i for i in range(len(cells)) if any(_numeric(r[i : i + 1]) for r in below)]
    known = {"utc", "degrees_north", "degrees_east", "m", "meters", "metres", "degc", "celsius"}
    return words > 0 and len(under) > 0 and any(c.lower() in known for c in cells)


def _unique(labels: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return out
