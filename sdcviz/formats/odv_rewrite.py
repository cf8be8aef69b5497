"""Write an ODV spreadsheet back with other flags, all else byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..errors import BadRequest
from .flags import from_l20
from .model import Doctor
from .odv_header import as_utf8, parse_header
from .odv_layout import Header

__all__ = ["DEPTH", "TIME", "rewrite"]

DEPTH, TIME = -1, -2
"""Column numbers of the flags of depth and of the samples' time in `flag_edits`."""

_BOM = b"\xef\xbb\xbf"


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
        (or `DEPTH`, `TIME`). It is written in the flag scale of the file.
    history : sequence of str
        One line a step, written as ``//<History>`` before the labels.

    Returns
    -------
    bytes

    Raises
    ------
    BadRequest
        An edit names a column without flags or a line that is no row.
    """
    if keep_lines is None and not flag_edits and not history:
        return source
    source = as_utf8(source)
    newline = b"\r" if b"\n" not in source and b"\r" in source else b"\n"
    header = parse_header(source.replace(newline, b"\n"), "the source", Doctor("the source"))
    lines = source.split(newline)
    first_row = header.line - 1
    edits = _by_line(header, flag_edits or {}, len(lines), first_row)
    keep = None if keep_lines is None else {int(n) for n in keep_lines}
    body = _body(header, lines[first_row:], header.line, keep, edits)
    head = lines[:first_row]
    if history:
        head = _with_history(head, history, newline)
    return newline.join(head + body)


def _by_line(
    header: Header, flag_edits: Mapping[tuple[int, int], str], n_lines: int, first_row: int
) -> dict[int, dict[int, bytes]]:
    """Order the edits by line: flag column and its new code in the file's scale."""
    targets = _flag_columns(header)
    edits: dict[int, dict[int, bytes]] = {}
    for (line, column), flag in flag_edits.items():
        place, scale = targets.get(column, (-1, ""))
        if place < 0:
            raise BadRequest(
                f"Column {column} of the ODV file has no flags to edit; "
                "export to another format to keep the edit."
            )
        if not first_row < line <= n_lines:
            raise BadRequest(f"Line {line} of the ODV file is no row; edit a line that is.")
        code = from_l20(np.array([ord(flag)], np.uint8), scale)
        edits.setdefault(line, {})[place] = code.tobytes()
    return edits


def _flag_columns(header: Header) -> dict[int, tuple[int, str]]:
    """Flag column and scale by the number of the column in the batches."""
    out: dict[int, tuple[int, str]] = {}
    number = 0
    for value in header.values:
        place = (value.flag if value.scale else -1, value.scale)
        if value.role in {"time", "cjd"}:
            out[TIME] = place
        elif value.role == "depth" and DEPTH not in out:
            out[DEPTH] = place
        else:
            out[number] = place
            number += 1
    if DEPTH not in out:
        pressure = next((v for v in header.values if v.role == "pressure"), None)
        if pressure:
            out[DEPTH] = (pressure.flag if pressure.scale else -1, pressure.scale)
    return out


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
            cells += [b""] * (max(described) + 1 - len(cells))
            for c in described:
                if c < len(owed):
                    cells[c] = owed[c]
            line, owed = sep.join(cells) + end, None
        out.append(_edited(line, header.sep, edits.get(number + i, {})))
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
    end = b"\r" if head[-1].endswith(b"\r") else b""
    new = [
        b"//<History>" + " ".join(step.split()).encode(encoding, "replace") + b"</History>" + end
        for step in history
    ]
    if at == 0 and head[0].startswith(_BOM):
        return [_BOM + new[0], *new[1:], head[0].removeprefix(_BOM), *head[1:]]
    return head[:at] + new + head[at:]
