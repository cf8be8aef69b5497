"""The inner loops of the ODV reader, compiled by numba.

They work on the bytes of the file, so that a big file costs no Python object
a cell, and a small one no start-up of a table library. What they can't decode
exactly (odd numbers, odd dates, long flags) they hand back to Python.
"""

from __future__ import annotations

import numpy as np

from .odv_cells import NAT, cell_end, compiled, number, plain, time, trim, unquote

__all__ = [
    "FLAG",
    "NAT",
    "NUMBER",
    "SKIP",
    "TEXT",
    "TIME",
    "changes",
    "locate",
    "numbers",
    "scan",
    "times",
]

SKIP, NUMBER, FLAG, TEXT, TIME = 0, 1, 2, 3, 4
"""What is in a column, for `scan`."""

_NL, _CR, _QUOTE, _SLASH = 10, 13, 34, 47


@compiled
def _same(buf, a0, a1, b0, b1):
    if a1 - a0 != b1 - b0:
        return False
    for k in range(a1 - a0):
        if buf[a0 + k] != buf[b0 + k]:
            return False
    return True


@compiled
def _is_comment(buf, start, end):
    if end - start >= 2 and buf[start] == _SLASH and buf[start + 1] == _SLASH:
        return True
    return (
        end - start >= 3
        and buf[start] == _QUOTE
        and buf[start + 1] == _SLASH
        and buf[start + 2] == _SLASH
    )


@compiled
def _is_header(buf, start, end, header):
    if end - start != len(header):
        return False
    for i in range(len(header)):
        if buf[start + i] != header[i]:
            return False
    return True


@compiled
def _is_blank(buf, start, end, sep):
    for i in range(start, end):
        c = buf[i]
        if c != sep and c != 32 and c != 9 and c != 13:
            return False
    return True


@compiled
def scan(
    buf, pos, line, sep, quotes, header, kinds, slots, meta, key,
    values, flags, times, cells, rows, starts, widths, first, bad, comments,
):  # fmt: skip
    """Parse lines into columns.

    Parameters
    ----------
    buf : uint8 array
        The bytes; lines end in line feed.
    pos, line : int
        Where to start, and the number of that line in the file.
    sep : int
        Separator.
    quotes : bool
        Whether quotes protect separators.
    header : uint8 array
        The label line: where it is repeated it is no data.
    kinds, slots : int64 array, shape (columns,)
        What is in a column and its row in the output of that kind.
    meta, key : int64 array
        By column, whether it describes the station; its place in the key
        that tells stations apart, or -1.
    values, flags, times, cells : output, (slots, rows); cells (slots, rows, 2)
        Numbers, flag bytes, ms since 1970, start and end of texts.
    rows, starts, widths : output, (rows,)
        Line number, first byte, number of cells.
    first : output
        Rows that begin a station.
    bad : output, (n, 4)
        Row, column, start, end of what Python must look at.
    comments : output, (n, 4)
        Rows before it, line, start, end of lines that are no data.

    Returns
    -------
    tuple of int
        Number of rows, stations, bad cells, comments; position and line
        after the last line read. Stops where `rows` is full;
        `bad` and `comments` may be more than their outputs hold.
    """
    size = len(buf)
    n_columns = len(kinds)
    n_keys = 0
    for c in range(n_columns):
        if key[c] >= 0:
            n_keys += 1
    now = np.zeros((n_keys, 2), np.int64)
    new = np.zeros((n_keys, 2), np.int64)
    n = n_stations = n_bad = n_comments = 0
    while pos < size:
        end = pos
        while end < size and buf[end] != _NL:
            end += 1
        text = end
        if text > pos and buf[text - 1] == _CR:
            text -= 1
        if _is_blank(buf, pos, text, sep):
            pos = end + 1
            line += 1
            continue
        if _is_comment(buf, pos, text) or _is_header(buf, pos, text, header):
            if n_comments < len(comments):
                comments[n_comments, 0] = n
                comments[n_comments, 1] = line
                comments[n_comments, 2] = pos
                comments[n_comments, 3] = text
            n_comments += 1
            pos = end + 1
            line += 1
            continue
        if n == len(rows):
            break
        i = pos
        column = 0
        described = False
        quoted = quotes
        while column < n_columns:
            kind = kinds[column]
            slot = slots[column]
            a = i
            b = i
            stop = i
            state = 2
            if i == text or buf[i] == sep:
                state = 0
            elif kind == FLAG and (i + 1 == text or buf[i + 1] == sep):
                if buf[i] > 32:
                    flags[slot, n] = buf[i]
                    b = stop = i + 1
                    state = 1
            elif kind == NUMBER:
                value, stop = plain(buf, i, text, sep)
                if stop >= 0:
                    values[slot, n] = value
                    b = stop
                    state = 1
            if state == 0:
                if kind == NUMBER:
                    values[slot, n] = np.nan
                elif kind == FLAG:
                    flags[slot, n] = 0
                elif kind == TEXT:
                    cells[slot, n, 0] = i
                    cells[slot, n, 1] = i
                elif kind == TIME:
                    times[slot, n] = NAT
            elif state == 2:
                if quoted:
                    stop = cell_end(buf, i, text, sep, quoted)
                    if stop < 0:
                        quoted = False
                        stop = -1 - stop
                else:
                    stop = i
                    while stop < text and buf[stop] != sep:
                        stop += 1
                a, b = unquote(buf, i, stop)
                odd = False
                if kind == NUMBER:
                    value, state = number(buf, a, b)
                    values[slot, n] = value
                    odd = state == 2
                elif kind == FLAG:
                    flags[slot, n] = buf[a] if b > a else 0
                    odd = b - a > 1
                elif kind == TEXT:
                    cells[slot, n, 0] = a
                    cells[slot, n, 1] = b
                elif kind == TIME:
                    moment, state = time(buf, a, b)
                    times[slot, n] = moment
                    odd = state == 2
                if odd:
                    if n_bad < len(bad):
                        bad[n_bad, 0] = n
                        bad[n_bad, 1] = column
                        bad[n_bad, 2] = a
                        bad[n_bad, 3] = b
                    n_bad += 1
            if meta[column]:
                if b > a:
                    described = True
                if key[column] >= 0:
                    new[key[column], 0] = a
                    new[key[column], 1] = b
            column += 1
            if stop >= text:
                # The rest of the cells is not there: blank.
                i = text + 1
                break
            i = stop + 1
        width = column
        while column < n_columns:
            kind = kinds[column]
            slot = slots[column]
            if kind == NUMBER:
                values[slot, n] = np.nan
            elif kind == FLAG:
                flags[slot, n] = 0
            elif kind == TEXT:
                cells[slot, n, 0] = text
                cells[slot, n, 1] = text
            elif kind == TIME:
                times[slot, n] = NAT
            if key[column] >= 0:
                new[key[column], 0] = text
                new[key[column], 1] = text
            column += 1
        # Cells beyond the header count only where something is in them.
        beyond = width
        while i <= text and width >= n_columns:
            stop = i
            while stop < text and buf[stop] != sep:
                stop += 1
            a, b = trim(buf, i, stop)
            beyond += 1
            if b > a:
                width = beyond
            i = stop + 1
        starts_station = n_stations == 0
        if described and not starts_station:
            for k in range(n_keys):
                if not _same(buf, now[k, 0], now[k, 1], new[k, 0], new[k, 1]):
                    starts_station = True
                    break
        if starts_station:
            first[n_stations] = n
            n_stations += 1
            for k in range(n_keys):
                now[k, 0] = new[k, 0]
                now[k, 1] = new[k, 1]
        rows[n] = line
        starts[n] = pos
        widths[n] = width
        n += 1
        pos = end + 1
        line += 1
    return n, n_stations, n_bad, n_comments, pos, line


@compiled
def locate(buf, starts, sep, quotes, wanted, out):
    """Find cells of some lines.

    Parameters
    ----------
    buf : uint8 array
        The bytes.
    starts : int64 array, shape (n,)
        First byte of each line.
    sep, quotes
        As in `scan`.
    wanted : int64 array
        Columns, ascending.
    out : int64 array, shape (len(wanted), n, 2)
        Output: start and end of the trimmed, unquoted cells.
    """
    size = len(buf)
    for n in range(len(starts)):
        pos = starts[n]
        text = pos
        while text < size and buf[text] != _NL:
            text += 1
        if text > pos and buf[text - 1] == _CR:
            text -= 1
        column = 0
        w = 0
        i = pos
        quoted = quotes
        while w < len(wanted):
            if i > text:
                out[w, n, 0] = text
                out[w, n, 1] = text
                w += 1
                continue
            stop = cell_end(buf, i, text, sep, quoted)
            if stop < 0:
                quoted = False
                stop = -1 - stop
            if column == wanted[w]:
                a, b = unquote(buf, i, stop)
                out[w, n, 0] = a
                out[w, n, 1] = b
                w += 1
            column += 1
            i = stop + 1


@compiled
def numbers(buf, cells, values, states):
    """Parse located cells (n, 2) as numbers; `states` as in `_number`."""
    for n in range(len(cells)):
        values[n], states[n] = number(buf, cells[n, 0], cells[n, 1])


@compiled
def times(buf, cells, moments, states):
    """Parse located cells (n, 2) as ISO dates; `states` as in `_number`."""
    for n in range(len(cells)):
        moments[n], states[n] = time(buf, cells[n, 0], cells[n, 1])


@compiled
def changes(buf, cells, out):
    """Tell which located cells (n, 2) differ from the one before."""
    for n in range(len(cells)):
        out[n] = n == 0 or not _same(
            buf, cells[n - 1, 0], cells[n - 1, 1], cells[n, 0], cells[n, 1]
        )
