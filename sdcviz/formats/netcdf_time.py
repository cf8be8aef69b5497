"""Times of NetCDF files: CF units, chronological Julian dates, decimal years."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["decode_time"]

_MS = {"day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}
_UNITS = {
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "second"),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), "millisecond"),
    **dict.fromkeys(("y", "yr", "year", "years"), "year"),
}
_SINCE = re.compile(
    r"\s*([A-Za-z]+)\s+since\s+(-?\d{1,4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?\s*(?:Z|UTC|GMT|[+-]0?0:?00)?\s*",
    re.IGNORECASE,
)
_UNIX_EPOCH_JDN = 2_440_588
"""Julian day number (and chronological Julian date) of 1970-01-01."""


def decode_time(
    values: NDArray[np.floating], units: str, calendar: str = "", *, julian_date: bool = False
) -> NDArray[np.datetime64]:
    """Turn the numbers of a CF time variable into times.

    Parameters
    ----------
    values : ndarray of float
        NaN is missing.
    units : str
        ``"days since 1950-01-01 00:00:00 UTC"`` and the like, or decimal
        years ``"years since 0000-01-01"`` as ODV writes them.
    calendar : str
        CF calendar of real days; the reference day is converted through its
        day number, so that Julian and mixed calendars come out right.
    julian_date : bool
        The values are chronological Julian dates (P01 code CJDY1101), days
        from midnight, whatever units and calendar pretend.

    Returns
    -------
    ndarray of datetime64[ms]
        UTC, proleptic Gregorian. Days, hours and years within 0.1 s of a full
        second are that second: many programs round them no better.

    Raises
    ------
    ValueError
        If the units are no time units, or the calendar has no real days.
    """
    days = np.asarray(values, np.float64)
    if julian_date:
        return _from_ms((days - _UNIX_EPOCH_JDN) * _MS["day"], snap=True)
    match = _SINCE.match(units)
    step = _UNITS.get(match[1].lower()) if match else None
    if not match or not step:
        raise ValueError(f"'{units}' are no time units")
    year, month, day = (int(match[i]) for i in (2, 3, 4))
    if step == "year":
        return _from_decimal_years(days + year)
    start = _day_number(year, month, day, calendar) * _MS["day"]
    start += int(match[5] or 0) * _MS["hour"] + int(match[6] or 0) * _MS["minute"]
    start_ms = start + float(match[7] or 0) * 1000
    return _from_ms(start_ms + days * _MS[step], snap=_MS[step] > 1000)


def _day_number(year: int, month: int, day: int, calendar: str) -> int:
    """Days from 1970-01-01 to a day of a calendar."""
    from warnings import catch_warnings, simplefilter

    from cftime import CFWarning, datetime

    name = calendar.strip().lower() or "standard"
    if name in ("noleap", "365_day", "all_leap", "366_day", "360_day", "none"):
        raise ValueError(f"calendar '{calendar}' has no real days")
    if year <= 0 and name in ("standard", "gregorian"):
        name = "proleptic_gregorian"
    known = {"standard", "gregorian", "proleptic_gregorian", "julian"}
    with catch_warnings():
        # Years before 1 are outside CF, but files of SeaDataNet and ODV count from them.
        simplefilter("ignore", CFWarning)
        date = datetime(year, month, day, calendar=name if name in known else "standard")
    return int(date.toordinal()) - _UNIX_EPOCH_JDN


def _from_ms(ms: NDArray[np.float64], *, snap: bool) -> NDArray[np.datetime64]:
    # Beyond the years -9999..9999 it is no date but damage.
    bad = ~(np.abs(ms) < 8e14)
    ms = np.where(bad, 0, ms)
    seconds = np.round(ms / 1000) * 1000
    near = np.abs(ms - seconds) <= (100 if snap else 0)
    whole = np.where(near, seconds, np.round(ms)).astype(np.int64)
    return np.where(bad, np.datetime64("NaT", "ms"), whole.astype("datetime64[ms]"))


def _from_decimal_years(years: NDArray[np.float64]) -> NDArray[np.datetime64]:
    bad = ~(np.abs(years) < 9999)
    whole = np.floor(np.where(bad, 1970, years))
    start = (whole.astype(np.int64) - 1970).astype("datetime64[Y]")
    first = start.astype("datetime64[ms]").astype(np.int64)
    following = (start + 1).astype("datetime64[ms]").astype(np.int64)
    ms = first + (np.where(bad, 0, years - whole)) * (following - first)
    return np.where(bad, np.datetime64("NaT", "ms"), _from_ms(ms, snap=True))
