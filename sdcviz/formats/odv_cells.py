"""Compiled parsers of single cells: numbers, dates, the end of a cell.

They give up (2) on what they can't decode exactly, and Python looks again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["NAT", "cell_end", "compiled", "number", "plain", "time", "trim", "unquote"]

NAT = np.iinfo(np.int64).min
"""No time."""

_TENS = 10.0 ** np.arange(23)
_QUOTE = 34
compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def is_space(c):
    return c == 32 or c == 13 or c == 9 or c == 11 or c == 12


@compiled
def trim(buf, start, end):
    """Take off the blanks around a cell."""
    while start < end and is_space(buf[start]):
        start += 1
    while end > start and is_space(buf[end - 1]):
        end -= 1
    return start, end


@compiled
def unquote(buf, start, end):
    """Trim a cell and take off the quotes around it."""
    start, end = trim(buf, start, end)
    if end - start >= 2 and buf[start] == _QUOTE and buf[end - 1] == _QUOTE:
        start, end = trim(buf, start + 1, end - 1)
    return start, end


@compiled
def scaled(digits, power):
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


@compiled
def number(buf, start, end):
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
    value, exact = scaled(digits, power)
    if not exact:
        return np.nan, 2
    return (-value if negative else value), 1


@compiled
def plain(buf, i, end, sep):
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


@compiled
def digits(buf, start, end, most):
    """Read up to `most` digits: value, position after them."""
    value = 0
    i = start
    while i < end and i - start < most and 48 <= buf[i] <= 57:
        value = value * 10 + (buf[i] - 48)
        i += 1
    return value, i


@compiled
def days(year, month, day):
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


@compiled
def time(buf, start, end):
    """Parse an ISO date in a trimmed cell: ms since 1970, and 0, 1, 2 as in `_number`."""
    if start >= end:
        return NAT, 0
    if buf[end - 1] == 90 or buf[end - 1] == 122:
        end -= 1
    year, i = digits(buf, start, end, 4)
    if i - start != 4 or i >= end or buf[i] != 45:
        return NAT, 2
    month, j = digits(buf, i + 1, end, 2)
    if j == i + 1 or j >= end or buf[j] != 45:
        return NAT, 2
    day, i = digits(buf, j + 1, end, 2)
    longest = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        longest = 30
    elif month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        longest = 29 if leap else 28
    if i == j + 1 or month < 1 or month > 12 or day < 1 or day > longest:
        return NAT, 2
    ms = np.int64(days(year, month, day)) * 86400000
    if i == end:
        return ms, 1
    if buf[i] != 84 and buf[i] != 116 and buf[i] != 32:
        return NAT, 2
    while i + 1 < end and buf[i + 1] == 32:
        i += 1
    unit = 3600000
    for part in range(3):
        value, j = digits(buf, i + 1, end, 2)
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
    fraction, j = digits(buf, i + 1, end, 9)
    if j != end or j == i + 1:
        return NAT, 2
    return ms + np.int64(np.round(fraction * 1000.0 / _TENS[j - i - 1])), 1


@compiled
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
