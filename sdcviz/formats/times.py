"""Dates and times of plain tables, whole columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .model import Doctor
from .rows import encode

if TYPE_CHECKING:
    import polars as pl

__all__ = ["clock_hours", "parse_times"]

_CLOCKS = ("%H:%M:%S%.f", "%H:%M:%S", "%H:%M", "")
_YEAR_FIRST = ("%Y-%m-%d", "%Y%m%d")
_DAY_FIRST = ("%d-%m-%Y",)
_MONTH_FIRST = ("%m-%d-%Y",)
_NAMED = ("%d-%b-%Y", "%b-%d-%Y", "%d-%B-%Y")


def parse_times(
    texts: pl.Series,
    day_first: bool,
    label: str,
    lines: NDArray[np.int64],
    doctor: Doctor,
) -> NDArray[np.datetime64]:
    """Parse a column of times; the spelling may change on the way.

    Parameters
    ----------
    texts : polars.Series of str
        Null is missing. Without an offset, UTC is taken.
    day_first : bool
        03/04/2010 is the third of April.
    label : str
        Column, for the doctor.
    lines : ndarray of int64
        Line of each row.
    doctor : Doctor
        Is told of texts that are no time.

    Returns
    -------
    ndarray of datetime64[ms]
        NaT is missing.
    """
    import polars as pl

    codes, labels = encode(texts)
    if not labels:
        return np.full(len(codes), np.datetime64("NaT"), "datetime64[ms]")
    times = _parse(pl.Series(labels, dtype=pl.String), day_first)
    lost = np.array([x.lower() not in ("nan", "na", "nat", "null") for x in labels])
    lost &= np.isnat(times)
    if lost.any():
        rows = np.flatnonzero(lost[codes] & (codes >= 0))
        doctor.note(
            f"line {lines[rows[0]]}",
            f"{label}: {labels[codes[rows[0]]]!r} is no time",
            "the time is missing",
            len(rows),
        )
    return np.where(codes < 0, np.datetime64("NaT", "ms"), times[codes])


def _parse(texts: pl.Series, day_first: bool) -> NDArray[np.datetime64]:
    """Parse distinct texts, each by the first spelling that fits."""
    import polars as pl

    plain = (
        texts.str.strip_chars()
        .str.replace(r"(?i)\s*(z|utc|gmt)$", "")
        .str.replace(r"(\d)[T]+(\d)", "$1 $2")
        .str.replace(r"^(\d{1,4})[/. ](\d{1,2}|[A-Za-z]{3,9})[/. ](\d{1,4})", "$1-$2-$3")
    )
    offset = plain.str.extract(r" \d{1,2}:\d\d[^+-]*([+-]\d\d:?\d\d)$", 1)
    plain = plain.str.replace(r"( \d{1,2}:\d\d[^+-]*)[+-]\d\d:?\d\d$", "$1")
    found = pl.repeat(None, len(texts), dtype=pl.Datetime("ms"), eager=True)
    for day in (*_YEAR_FIRST, *(_DAY_FIRST if day_first else _MONTH_FIRST), *_NAMED):
        for clock in _CLOCKS:
            todo = found.is_null() & plain.is_not_null()
            if not todo.any():
                break
            spelling = f"{day} {clock}".strip()
            if clock:
                parsed = plain.str.to_datetime(spelling, time_unit="ms", strict=False)
            else:
                parsed = plain.str.to_date(spelling, strict=False).cast(pl.Datetime("ms"))
            found = found.zip_with(found.is_not_null(), parsed)
    out = found.to_numpy().astype("datetime64[ms]")
    if offset.is_not_null().any():
        sign = offset.str.slice(0, 1).replace_strict({"+": 1, "-": -1}, default=0)
        hours = offset.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
        minutes = offset.str.slice(-2).cast(pl.Int64, strict=False).fill_null(0)
        shift = (sign.fill_null(0) * (hours * 60 + minutes)).to_numpy()
        out = out - shift.astype("timedelta64[m]").astype("timedelta64[ms]")
    return out


def clock_hours(texts: pl.Series) -> NDArray[np.float64]:
    """Parse times of the day such as ``17:05:30`` to hours; NaN is missing."""
    import polars as pl

    parts = texts.str.extract_groups(
        r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?"
    ).struct.unnest()
    hour, minute, second = (
        part.cast(pl.Float64, strict=False).to_numpy().astype(np.float64) for part in parts
    )
    return hour + np.nan_to_num(minute) / 60 + np.nan_to_num(second) / 3600
