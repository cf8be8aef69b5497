"""The inner loops of the ODV reader, compiled by numba.

They work on the bytes of the file, so that a big file costs no Python object
a cell, and a small one no start-up of a table library. What they can't decide
exactly (odd numbers, odd dates, long flags) they hand back to Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = [
    "FLAG",
    "NAT",
    "NUMBER",
    "SKIP",
    "TEXT",
    "TIME",
    "cell_end",
    "changes",
    "locate",
    "numbers",
    "scan",
    "times",
]

SKIP, NUMBER, FLAG, TEXT, TIME = 0, 1, 2, 3, 4
"""What is in a column, for `scan`."""

NAT = np.iinfo(np.int64).min

_TENS = 10.0 ** np.arange(23)
_NL, _CR, _QUOTE, _SLASH = 10, 13, 34, 47
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _is_space(c):
    return c == 32 or c == 13 or c == 9 or c == 11 or c == 12


@_compiled
def _trim(buf, start, end):
    while start < end and _is_space(buf[start]):
        start += 1
    while end > start and _is_space(buf[end - 1]):
        end -= 1
    return start, end


@_compiled
def _unquote(buf, start, end):
    """Trim a cell and take off the quotes around it."""
    start, end = _trim(buf, start, end)
    if end - start >= 2 and buf[start] == _QUOTE and buf[end - 1] == _QUOTE:
        start, end = _trim(buf, start + 1, end - 1)
    return start, end


@_compiled
def _scaled(digits, power):
    """Round digits * 10**power correctly, or say that it can't be done here.

    Below 2**53 one exact operation rounds once (Clinger). Above, the quotient
    or product is followed to twice the precision (Dekker); the few results
    that lie too close to the middle of two numbers are left to Python.
    """
    if power < -22 or power > 22:
        return 0.0, digits == 0
    p = _TENS[abs(power)]
    high = np.float64(digits)
    if digits < 9007199254740992:
        return (high / p if power < 0 else high * p), True
    if high >= 1.8e19:
        return 0.0, False
    whole = np.uint64(high)
    low = np.float64(digits - whole) if digits >= whole else -np.float64(whole - digits)
    if power > 0:
        return 0.0, False
    split = 134217729.0
    q = high / p
    t = split * q
    q1 = t - (t - q)
    q2 = q - q1
    t = split * p
    p1 = t - (t - p)
    p2 = p - p1
    product = q * p
    error = ((q1 * p1 - product) + q1 * p2 + q2 * p1) + q2 * p2
    rest = ((high - product) - error + low) / p
    result = q + rest
    left = abs(rest - (result - q))
    half = np.spacing(result) / 2
    # Below a power of two the numbers lie twice as dense: mind that middle too.
    clear = left < half * 0.999999 and abs(left - half / 2) > half * 1e-6
    return result, clear


@_compiled
def _number(buf, start, end):
    """Parse a trimmed cell: value, and 0 = blank, 1 = number, 2 = ask Python."""
    if start >= end:
        return np.nan, 0
    i = start
    negative = buf[i] == 45
    if negative or buf[i] == 43:
        i += 1
    digits = np.uint64(0)
    count = 0
    seen = 0
    power = 0
    dot = False
    while i < end:
        c = buf[i]
        if 48 <= c <= 57:
            if count < 19:
                digits = digits * np.uint64(10) + np.uint64(c - 48)
                if digits > 0:
                    count += 1
                if dot:
                    power -= 1
            elif c != 48 or not dot:
                return np.nan, 2
            seen += 1
        elif c == 46 and not dot:
            dot = True
        else:
            break
        i += 1
    if seen == 0:
        return np.nan, 2
    if i < end:
        if buf[i] != 69 and buf[i] != 101:
            return np.nan, 2
        i += 1
        minus = i < end and buf[i] == 45
        if minus or (i < end and buf[i] == 43):
            i += 1
        if i >= end or end - i > 4:
            return np.nan, 2
        e = 0
        while i < end:
            c = buf[i]
            if c < 48 or c > 57:
                return np.nan, 2
            e = e * 10 + c - 48
            i += 1
        power += -e if minus else e
    value, exact = _scaled(digits, power)
    if not exact:
        return np.nan, 2
    return (-value if negative else value), 1


@_compiled
def _plain(buf, i, end, sep):
    """Parse an everyday number and find the end of its cell; -1 where it is none."""
    while i < end and buf[i] == 32:
        i += 1
    negative = i < end and buf[i] == 45
    if negative or (i < end and buf[i] == 43):
        i += 1
    digits = np.int64(0)
    begin = i
    while i < end and 48 <= buf[i] <= 57:
        digits = digits * 10 + np.int64(buf[i] - 48)
        i += 1
    count = i - begin
    after = 0
    if i < end and buf[i] == 46:
        i += 1
        begin = i
        while i < end and 48 <= buf[i] <= 57:
            digits = digits * 10 + np.int64(buf[i] - 48)
            i += 1
        after = i - begin
    while i < end and buf[i] == 32:
        i += 1
    count += after
    # 15 digits are exact, and one division by an exact power of ten rounds once.
    if count == 0 or count > 15 or (i < end and buf[i] != sep):
        return 0.0, -1
    value = np.float64(digits) / _TENS[after]
    return (-value if negative else value), i


@_compiled
def _digits(buf, start, end, most):
    """Read up to `most` digits: value, position after them."""
    value = 0
    i = start
    while i < end and i - start < most and 48 <= buf[i] <= 57:
        value = value * 10 + (buf[i] - 48)
        i += 1
    return value, i


@_compiled
def _days(year, month, day):
    """Days from 1970-01-01 in the proleptic Gregorian calendar."""
    if month <= 2:
        year -= 1
        month += 12
    era = year // 400
    of_era = year - era * 400
    return (
        era * 146097
        + of_era * 365
        + of_era // 4
        - of_era // 100
        + (153 * (month - 3) + 2) // 5
        + day
        - 1
        - 719468
    )


@_compiled
def _time(buf, start, end):
    """Parse an ISO date in a trimmed cell: ms since 1970, and 0, 1, 2 as in `_number`."""
    if start >= end:
        return NAT, 0
    if buf[end - 1] == 90 or buf[end - 1] == 122:
        end -= 1
    year, i = _digits(buf, start, end, 4)
    if i - start != 4 or i >= end or buf[i] != 45:
        return NAT, 2
    month, j = _digits(buf, i + 1, end, 2)
    if j == i + 1 or j >= end or buf[j] != 45:
        return NAT, 2
    day, i = _digits(buf, j + 1, end, 2)
    longest = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        longest = 30
    elif month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        longest = 29 if leap else 28
    if i == j + 1 or month < 1 or month > 12 or day < 1 or day > longest:
        return NAT, 2
    ms = np.int64(_days(year, month, day)) * 86400000
    if i == end:
        return ms, 1
    if buf[i] != 84 and buf[i] != 116 and buf[i] != 32:
        return NAT, 2
    while i + 1 < end and buf[i + 1] == 32:
        i += 1
    unit = 3600000
    for part in range(3):
        value, j = _digits(buf, i + 1, end, 2)
        if j == i + 1 or value > (24 if part == 0 else 59 if part == 1 else 60):
            return NAT, 2
        ms += value * unit
        unit //= 60
        i = j
        if i == end:
            return ms, 1
        if buf[i] != 58:
            break
    if buf[i] != 46 or part != 2:
        return NAT, 2
    fraction, j = _digits(buf, i + 1, end, 9)
    if j != end or j == i + 1:
        return NAT, 2
    return ms + np.int64(np.round(fraction * 1000.0 / _TENS[j - i - 1])), 1


@_compiled
def cell_end(buf, i, end, sep, quotes):
    """Find the end of the cell at `i`; -1 - end where a quote is never closed."""
    if quotes:
        j = i
        while j < end and buf[j] == 32:
            j += 1
        if j < end and buf[j] == _QUOTE:
            j += 1
            while j < end:
                if buf[j] == _QUOTE:
                    if j + 1 < end and buf[j + 1] == _QUOTE:
                        j += 1
                    else:
                        k = j + 1
                        while k < end and (buf[k] == 32 or buf[k] == 13):
                            k += 1
                        if k == end or buf[k] == sep:
                            return k
                j += 1
            while i < end and buf[i] != sep:
                i += 1
            return -1 - i
    while i < end and buf[i] != sep:
        i += 1
    return i


@_compiled
def _same(buf, a0, a1, b0, b1):
    if a1 - a0 != b1 - b0:
        return False
    for k in range(a1 - a0):
        if buf[a0 + k] != buf[b0 + k]:
            return False
    return True


@_compiled
def _is_comment(buf, start, end):
    if end - start >= 2 and buf[start] == _SLASH and buf[start + 1] == _SLASH:
        return True
    return (
        end - start >= 3
        and buf[start] == _QUOTE
        and buf[start + 1] == _SLASH
        and buf[start + 2] == _SLASH
    )


@_compiled
def _is_blank(buf, start, end, sep):
    for i in range(start, end):
        c = buf[i]
        if c != sep and c != 32 and c != 9 and c != 13:
            return False
    return True


@_compiled
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
        if _is_comment(buf, pos, text) or (
            len(header) == text - pos and buf[pos] == header[0] and (buf[pos:text] == header).all()
        ):
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
                value, stop = _plain(buf, i, text, sep)
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
                    stop = cell_end(buf, i, text, sep, True)
                    if stop < 0:
                        quoted = False
                        stop = -1 - stop
                else:
                    stop = i
                    while stop < text and buf[stop] != sep:
                        stop += 1
                a, b = _unquote(buf, i, stop)
                odd = False
                if kind == NUMBER:
                    value, state = _number(buf, a, b)
                    values[slot, n] = value
                    odd = state == 2
                elif kind == FLAG:
                    flags[slot, n] = buf[a] if b > a else 0
                    odd = b - a > 1
                elif kind == TEXT:
                    cells[slot, n, 0] = a
                    cells[slot, n, 1] = b
                elif kind == TIME:
                    moment, state = _time(buf, a, b)
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
            a, b = _trim(buf, i, stop)
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
            now[:] = new
        rows[n] = line
        starts[n] = pos
        widths[n] = width
        n += 1
        pos = end + 1
        line += 1
    return n, n_stations, n_bad, n_comments, pos, line


@_compiled
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
                a, b = _unquote(buf, i, stop)
                out[w, n, 0] = a
                out[w, n, 1] = b
                w += 1
            column += 1
            i = stop + 1


@_compiled
def numbers(buf, cells, values, states):
    """Parse located cells (n, 2) as numbers; `states` as in `_number`."""
    for n in range(len(cells)):
        values[n], states[n] = _number(buf, cells[n, 0], cells[n, 1])


@_compiled
def times(buf, cells, moments, states):
    """Parse located cells (n, 2) as ISO dates; `states` as in `_number`."""
    for n in range(len(cells)):
        moments[n], states[n] = _time(buf, cells[n, 0], cells[n, 1])


@_compiled
def changes(buf, cells, out):
    """Tell which located cells (n, 2) differ from the one before."""
    for n in range(len(cells)):
        out[n] = n == 0 or not _same(
            buf, cells[n - 1, 0], cells[n - 1, 1], cells[n, 0], cells[n, 1]
        )
