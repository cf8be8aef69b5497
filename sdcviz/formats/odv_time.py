"""Dates of ODV spreadsheets that the scan could not decode."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

__all__ = ["CJD_EPOCH", "cjd_to_time", "compose_time", "parse_time"]

CJD_EPOCH = 2440588
"""Chronological Julian Date of 1970-01-01T00:00 (2454142.0 is 2007-02-10T00:00)."""

_ISO = re.compile(
    r"(\d{4})-?(\d{1,2})-?(\d{1,2})"
    r"(?:[Tt ]+(\d{1,2})(?::?(\d{2})(?::?(\d{2}(?:[.,]\d+)?))?)?)?"
    r"\s*(?:[Zz]|UTC|([+-])(\d{2}):?(\d{2})?)?",
    re.ASCII,
)
_ORDERS = {"mdy": (2, 0, 1), "dmy": (2, 1, 0), "ymd": (0, 1, 2)}
_DAY = 86_400_000


def cjd_to_time(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Convert Chronological Julian Dates to times.

    Parameters
    ----------
    days : ndarray of float64
        Days, from midnight; NaN is unknown.

    Returns
    -------
    ndarray of datetime64[ms]
        To the second where the date is within 0.1 s of it: the fraction of a
        day is written with few digits.
    """
    ms = np.round((np.asarray(days, np.float64) - CJD_EPOCH) * _DAY)
    ms = np.where(np.abs(ms) < 1e15, ms, np.nan)
    second = np.round(ms / 1000) * 1000
    ms = np.where(np.abs(ms - second) <= 100, second, ms)
    out = np.full(ms.shape, "NaT", "datetime64[ms]")
    known = np.isfinite(ms)
    out[known] = ms[known].astype(np.int64).astype("datetime64[ms]")
    return out


def _milliseconds(year: int, month: int, day: int) -> int | None:
    try:
        return (date(year, month, day).toordinal() - 719_163) * _DAY
    except ValueError:
        return None


def parse_time(text: str) -> int | None:
    """Parse a date in an unusual spelling: ms since 1970, None if it is none.

    Parameters
    ----------
    text : str
        ``"20100101T0630"``, ``"2010-01-01T06:30:00+02:00"`` and the like.
    """
    match = _ISO.fullmatch(text.strip())
    if not match:
        return None
    year, month, day, hour, minute, second, sign, off_h, off_m = match.groups()
    ms = _milliseconds(int(year), int(month), int(day))
    clock = _clock(hour or "0", minute or "0", second or "0")
    if ms is None or clock is None:
        return None
    offset = (int(off_h) * 60 + int(off_m or 0)) * 60_000 if sign else 0
    return ms + clock + (offset if sign == "-" else -offset)


def _clock(hour: str, minute: str, second: str) -> int | None:
    try:
        h, m, s = int(float(hour)), int(float(minute)), float(second.replace(",", "."))
    except (ValueError, OverflowError):
        return None
    if not (0 <= h <= 24 and 0 <= m < 60 and 0 <= s <= 60):
        return None
    return (h * 60 + m) * 60_000 + round(s * 1000)


def compose_time(parts: dict[str, str]) -> int | None:
    """Put a date together from the cells of old ODV columns.

    Parameters
    ----------
    parts : dict of str to str
        Cells by role: ``mdy``, ``dmy`` or ``ymd`` with ``clock``; or
        ``year``, ``month``, ``day``, ``hour``, ``minute``, ``second``.

    Returns
    -------
    int or None
        Milliseconds since 1970; None where it is no date.
    """
    words: list[str] = []
    for role, (y, m, d) in _ORDERS.items():
        if parts.get(role):
            found = re.findall(r"\d+", parts[role])
            if len(found) == 1 and len(found[0]) == 8:
                found = [found[0][:4], found[0][4:6], found[0][6:]]
            if len(found) != 3:
                return None
            words = [found[y], found[m], found[d]]
            break
    else:
        words = [parts.get("year", ""), parts.get("month") or "1", parts.get("day") or "1"]
    try:
        year, month, day = (int(float(w)) for w in words)
    except (ValueError, OverflowError):
        return None
    if len(words[0]) <= 2:
        # Two digits: the hundred years that end now.
        now = datetime.now(UTC).year
        year += 100 * (now // 100)
        year -= 100 if year > now else 0
    ms = _milliseconds(year, month, day)
    clock_parts = re.findall(r"[\d.]+", parts.get("clock", "")) or [
        parts.get(p) or "0" for p in ("hour", "minute", "second")
    ]
    clock = _clock(*[*clock_parts, "0", "0", "0"][:3])
    return None if ms is None or clock is None else ms + clock
