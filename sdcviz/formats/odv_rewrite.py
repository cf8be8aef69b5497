"""Write an ODV spreadsheet back with other flags, all else byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import BadRequest
from .flags import SCALES, WORST_FIRST
from .model import Doctor
from .odv_header import as_utf8, parse_header
from .odv_layout import Header, Value
from .odv_numbers import is_missing, parse_number

__all__ = ["DEPTH", "POSITION", "STATION_TIME", "TIME", "editable", "rewrite"]

DEPTH, TIME, POSITION, STATION_TIME = -1, -2, -3, -4
"""Column numbers in `flag_edits`: the flags of depth, of the samples' own time, and in the
first row of a station those of its position and time."""

_BOM = b"\xef\xbb\xbf"
_DATES = ("iso", "ymd", "mdy", "dmy", "year")


class _Target(NamedTuple):
    """Cells that hold one flag.

    Attributes
    ----------
    values : tuple of int
        Columns; the flag stands here in rows that have a number in all of them.
    flags : tuple of (int, str)
        Flag columns and their scales.
    """

    values: tuple[int, ...]
    flags: tuple[tuple[int, str], ...]


def rewrite(
    source: bytes,
    keep_lines: Collection[int] | None = None,
    flag_edits: Mapping[tuple[int, int], str] | None = None,
    history: Sequence[str] = (),
) -> bytes:
    """Change flags and leave out rows; every other byte stays.

    Parameters
    ----------
    source : bytes
        The whole file.
    keep_lines : collection of int, optional
        Line numbers (`Batch.row`) of the rows to keep; all where None. A
        station whose first row goes gives its metadata to the next.
    flag_edits : mapping of (int, int) to str, optional
        L20 code by line number and number of the column in `Batch.columns`
        (or `DEPTH`, `TIME`, `POSITION`, `STATION_TIME`). It is written in the
        flag scale of the file. Where two share a cell the worse one is written.
    history : sequence of str
        One line a step, written as ``//<History>`` before the labels.

    Returns
    -------
    bytes

    Raises
    ------
    BadRequest
        An edit names a column without flags (see `editable`) or a line that is no row.
    """
    if keep_lines is None and not flag_edits and not history:
        return source
    source = as_utf8(source)
    header, newline = _header(source)
    lines = source.split(newline)
    first_row = header.line - 1
    edits = _by_line(header, flag_edits or {}, lines)
    keep = None if keep_lines is None else {int(n) for n in keep_lines}
    body = _body(header, lines[first_row:], header.line, keep, edits)
    head = lines[:first_row]
    if history:
        head = _with_history(head, history, newline)
    return newline.join(head + body)


def editable(source: bytes) -> set[int]:
    """Tell which flags of a file have a column.

    Parameters
    ----------
    source : bytes
        The whole file.

    Returns
    -------
    set of int
        Numbers as in the `flag_edits` of `rewrite`.
    """
    targets = _targets(_header(as_utf8(source))[0])
    return {number for number, found in targets.items() if all(t.flags for t in found)}


def _header(source: bytes) -> tuple[Header, bytes]:
    newline = b"\r" if b"\n" not in source and b"\r" in source else b"\n"
    plain = source.replace(newline, b"\n")
    return parse_header(plain, "the source", Doctor("the source")), newline


def _by_line(
    header: Header, flag_edits: Mapping[tuple[int, int], str], lines: list[bytes]
) -> dict[int, dict[int, bytes]]:
    """Order the edits by line: flag column and its new code in the file's scale."""
    targets = _targets(header)
    found: dict[int, dict[tuple[int, str], str]] = {}
    for (line, column), flag in flag_edits.items():
        places = targets.get(column, [])
        if not places or not all(t.flags for t in places):
            raise BadRequest(
                f"Column {column} of the ODV file has no flags to edit; "
                "export to another format to keep the edit."
            )
        if not header.line <= line <= len(lines):
            raise BadRequest(f"Line {line} of the ODV file is no row; edit a line that is.")
        row = split(lines[line - 1].removesuffix(b"\r"), header.sep) if len(places) > 1 else []
        target = next((t for t in places[:-1] if _has(header, row, t.values)), places[-1])
        cells = dict.fromkeys(target.flags, flag)
        if column == DEPTH:
            cells |= _of_row(header, lines[line - 1], flag)
        here = found.setdefault(line, {})
        for cell, code in cells.items():
            here[cell] = min(code, here.get(cell, code), key=WORST_FIRST.index)
    return {
        line: {
            place: SCALES[scale].from_l20[code].encode() for (place, scale), code in cells.items()
        }
        for line, cells in found.items()
    }


def _has(header: Header, row: list[bytes], columns: tuple[int, ...]) -> bool:
    """Tell whether a row has numbers in some columns."""
    for column in columns:
        text = row[column].strip(b' "').decode("latin-1") if column < len(row) else ""
        number = None if is_missing(text) else parse_number(text, comma=True)
        if number is None or number in header.missing:
            return False
    return True


def _of_row(header: Header, line: bytes, flag: str) -> dict[tuple[int, str], str]:
    """Find the flag of the whole row where it would go on to hide a better flag of the depth."""
    if header.sample_flag < 0 or not header.sample_scale:
        return {}
    cells = split(line.removesuffix(b"\r"), header.sep)
    text = cells[header.sample_flag].strip(b' "') if header.sample_flag < len(cells) else b""
    said = chr(SCALES[header.sample_scale].table_to[(text or b" ")[0]])
    if said in "019" or WORST_FIRST.index(flag) <= WORST_FIRST.index(said):
        return {}
    return {(header.sample_flag, header.sample_scale): flag}


def _targets(header: Header) -> dict[int, list[_Target]]:
    """Find the flag cells by the number of the column in the batches."""
    out: dict[int, list[_Target]] = {}
    roles: dict[str, Value] = {}
    number = 0
    for value in header.values:
        if value.role in {"time", "cjd"}:
            out[TIME] = [_Target((), _flags(value))]
            continue
        if value.role and value.role not in roles and value.parameter.kind == "number":
            roles[value.role] = value
            if value.role == "depth":
                continue
        out[number] = [_Target((), _flags(value))]
        number += 1
    # The same order in which the reader looks for a depth.
    for names in (("depth",), ("pressure",), ("min", "max")):
        if all(name in roles for name in names):
            several = [roles[name] for name in names]
            flags = [_flags(value) for value in several]
            cells = tuple(cell for f in flags for cell in f) if all(flags) else ()
            out.setdefault(DEPTH, []).append(_Target(tuple(v.column for v in several), cells))
    date = next((role for role in _DATES if role in header.station), "")
    for which, label, of in (
        (POSITION, "position flag", ("lon", "lat")),
        (STATION_TIME, "time flag", (date,)),
    ):
        found = [header.station_flags[role] for role in of if role in header.station_flags]
        if label in header.station:
            found = [(header.station[label], "L20")]
        cells = tuple((place, scale) for place, scale in found if scale)
        if cells:
            out[which] = [_Target((), cells)]
    return out


def _flags(value: Value) -> tuple[tuple[int, str], ...]:
    return ((value.flag, value.scale),) if value.flag >= 0 and value.scale else ()


def _body(
    header: Header,
    lines: list[bytes],
    number: int,
    keep: set[int] | None,
    edits: dict[int, dict[int, bytes]],
) -> list[bytes]:
    """Go through the rows."""
    if keep is None:
        return [
            _edited(line, header.sep, edits[n]) if (n := number + i) in edits else line
            for i, line in enumerate(lines)
        ]
    sep = bytes([header.sep])
    described = sorted([*header.station.values(), *header.extra])
    moved = sorted([*described, *(column for column, _ in header.station_flags.values())])
    leading = next((i for i, c in enumerate(described) if i != c), len(described))
    undescribed = sep * leading if leading == len(described) else b"\n"
    out: list[bytes] = []
    owed: list[bytes] | None = None
    kept_any = True
    for i, line in enumerate(lines):
        if _is_remark(line, sep):
            # What is said about a station goes with it.
            if kept_any or not line.strip():
                out.append(line)
            continue
        if line.startswith(undescribed) and owed is None and number + i not in edits:
            # The everyday row: no metadata, nothing to change.
            if number + i in keep:
                kept_any = True
                out.append(line)
            continue
        line = _edited(line, header.sep, edits.get(number + i, {}))
        end = b"\r" if line.endswith(b"\r") else b""
        cells = split(line.removesuffix(b"\r"), header.sep)
        begins = any(c < len(cells) and cells[c].strip() for c in described)
        if begins:
            owed, kept_any = None, False
        if number + i not in keep:
            if begins:
                owed = cells
            continue
        kept_any = True
        if owed is not None:
            cells += [b""] * (max(moved) + 1 - len(cells))
            for c in moved:
                if c < len(owed):
                    cells[c] = owed[c]
            line, owed = sep.join(cells) + end, None
        out.append(line)
    return out


def _is_remark(line: bytes, sep: bytes) -> bool:
    return line.startswith((b"//", b'"//')) or not line.replace(sep, b"").strip()


def split(line: bytes, sep: int) -> list[bytes]:
    """Split a row into cells as the reader does; quotes protect ``;`` and ``,``."""
    mark = bytes([sep])
    if sep == 9 or b'"' not in line:
        return line.split(mark)
    from .odv_cells import cell_end

    buf = np.frombuffer(line, np.uint8)
    cells, i, quoted = [], 0, True
    while i <= len(line):
        stop = int(cell_end(buf, i, len(line), sep, quoted))
        if stop < 0:
            stop, quoted = -1 - stop, False
        cells.append(line[i:stop])
        i = stop + 1
    return cells


def _edited(line: bytes, sep: int, changes: dict[int, bytes]) -> bytes:
    """Put new flags into a row; blanks and quotes around them stay."""
    if not changes:
        return line
    cells = split(line, sep)
    end = b"\r" if cells[-1].endswith(b"\r") else b""
    if end:
        cells[-1] = cells[-1][:-1]
    cells += [b""] * (max(changes) + 1 - len(cells))
    for column, flag in changes.items():
        old = cells[column].strip(b' "')
        cells[column] = cells[column].replace(old, flag, 1) if old else flag
    return bytes([sep]).join(cells) + end


def _one_line(text: str) -> str:
    """Leave tabs, between which ODV writes who did what, but nothing that ends a line."""
    return "\t".join(" ".join(part.split()) for part in text.split("\t"))


def _with_history(head: list[bytes], history: Sequence[str], newline: bytes) -> list[bytes]:
    """Insert history lines before the SeaDataNet block, else before the labels."""
    text = newline.join(head)
    block = (b"<sdn_reference", b"SDN_parameter_mapping", b"<subject>")
    at = next((i for i, line in enumerate(head) if any(b in line for b in block)), len(head) - 1)
    encoding = "utf-8"
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1252"
    end = b"\r" if head[at].endswith(b"\r") else b""
    new = [
        b"//<History>" + _one_line(step).encode(encoding, "replace") + b"</History>" + end
        for step in history
    ]
    if at == 0 and head[0].startswith(_BOM):
        return [_BOM + new[0], *new[1:], head[0].removeprefix(_BOM), *head[1:]]
    return head[:at] + new + head[at:]
