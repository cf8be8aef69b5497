"""The times of a product: which observations each one is made of."""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .model import TimeSlice

__all__ = ["Moving", "Time", "Windows", "inside", "read_time", "time_slices"]

_GROUPS: dict[str, tuple[tuple[int, ...], ...]] = {
    "monthly": tuple((m,) for m in range(1, 13)),
    "seasons": ((12, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11)),
    "quarters": ((1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12)),
    "annual": (tuple(range(1, 13)),),
}
_NAMES = (
    "January February March April May June July August September October November December"
).split()
_SEASONS = {(12, 1, 2): "winter", (3, 4, 5): "spring", (6, 7, 8): "summer", (9, 10, 11): "autumn"}

Year = Annotated[int, Field(ge=1000, le=9999)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _year_spans(value: Any) -> Any:
    """Take 2005, [1991, 2020] or a list of such spans."""
    if isinstance(value, int):
        return ((value, value),)
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, int) for v in value):
        if len(value) != 2:
            raise ValueError("give the first and the last year, [1991, 2020], or a list of such")
        return (tuple(value),)
    return value


def _month_groups(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _GROUPS:
            raise ValueError(f"there is no {value!r}; choose {', '.join(_GROUPS)}, or list months")
        return _GROUPS[value]
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, int) for v in value):
        return (tuple(value),)
    return value


class Moving(_Part):
    """Spans of years that move: 1991-1996, 1992-1997, ..."""

    first: Year = Field(description="First year of the first span.")
    last: Year = Field(description="Last year of the last span.")
    length: int = Field(ge=1, description="Years in a span.")
    step: int = Field(1, ge=1, description="Years from one span to the next; 10 of 10: decades.")

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Give first and last year of each span."""
        last = self.last - self.length + 1
        return tuple((y, y + self.length - 1) for y in range(self.first, last + 1, self.step))


class Windows(_Part):
    """Windows of days that move along, as a running mean."""

    first: datetime.date = Field(description="Centre of the first window.")
    last: datetime.date = Field(description="No centre is after this day.")
    every: float = Field(gt=0, description="Days from one centre to the next.")
    length: float = Field(gt=0, description="Days in a window.")

    @model_validator(mode="after")
    def _order(self) -> Windows:
        if self.first > self.last:
            raise ValueError(f"first {self.first} is after last {self.last}")
        return self


class Time(_Part):
    """Years by months, or windows that move along."""

    years: Annotated[tuple[tuple[Year, Year], ...] | None, BeforeValidator(_year_spans)] = Field(
        None, description="[1991, 2020], or a list of such spans; none: all that there are."
    )
    moving: Moving | None = Field(None, description="Instead of years: spans that move.")
    months: Annotated[
        tuple[tuple[Annotated[int, Field(ge=1, le=12)], ...], ...],
        BeforeValidator(_month_groups),
    ] = Field(
        _GROUPS["monthly"],
        description=f"{', '.join(_GROUPS)}, or lists of months. In [12, 1, 2], December is that "
        "of the year before.",
    )
    windows: Windows | None = Field(None, description="Instead: windows of days.")

    @model_validator(mode="after")
    def _useful(self) -> Time:
        if self.windows is not None and self.model_fields_set - {"windows"}:
            raise ValueError("give either windows, or years and months")
        if self.moving is not None and self.years is not None:
            raise ValueError("give either years or moving")
        if self.moving is not None and not self.moving.spans():
            raise ValueError("moving: no span of that length fits between first and last")
        for first, last in self.years or ():
            if first > last:
                raise ValueError(f"years: {first} is after {last}; give the earlier first")
        for group in self.months:
            if not group or len(set(group)) != len(group):
                raise ValueError(f"months: {list(group)} must name months, each once")
            if sum(b <= a for a, b in pairwise(group)) > 1:
                raise ValueError(
                    f"months: {list(group)} turns over the year more than once; "
                    "give them in their order"
                )
        return self


def read_time(value: Any) -> Any:
    """Take a word for the months of all years: ``time: monthly``."""
    return {"months": value} if isinstance(value, str) else value


def time_slices(time: Time, span: tuple[int, int]) -> tuple[TimeSlice, ...]:
    """List the times of a product.

    Parameters
    ----------
    time : Time
    span : (int, int)
        First and last year of the observations, where the recipe names none.

    Returns
    -------
    tuple of TimeSlice
        In the order of their centres.
    """
    if time.windows is not None:
        return _windows(time.windows)
    spans = time.moving.spans() if time.moving is not None else time.years or (span,)
    made = [_slice(years, months, len(spans) > 1) for years in spans for months in time.months]
    return tuple(sorted(made, key=lambda s: (s.centre, s.start)))


def _windows(w: Windows) -> tuple[TimeSlice, ...]:
    first, last = (np.datetime64(day, "s") for day in (w.first, w.last))
    step, half = (np.timedelta64(round(days * 86400), "s") for days in (w.every, w.length / 2))
    made = []
    for k in range(int((last - first) / step) + 1):
        centre = first + k * step
        start, stop = centre - half, centre + half
        years = (_year(start), _year(stop - np.timedelta64(1, "s")))
        made.append(TimeSlice(str(centre)[:10], centre, start, stop, (years,), ()))
    return tuple(made)


def _year(moment: np.datetime64) -> int:
    return int(str(moment)[:4])


def _slice(years: tuple[int, int], months: tuple[int, ...], named: bool) -> TimeSlice:
    first, last = years
    middle = _period((first + last) // 2, months)
    centre = middle[0] + (middle[1] - middle[0]) // 2
    label = _label(months)
    if named:
        span = f"{first}-{last}" if first < last else f"{first}"
        label = f"{span} {label}" if label else span
    start, stop = _period(first, months)[0], _period(last, months)[1]
    return TimeSlice(label or f"{first}-{last}", centre, start, stop, (years,), months)


def _label(months: tuple[int, ...]) -> str:
    if len(months) == 12:
        return ""
    if months in _SEASONS:
        return _SEASONS[months]
    if len(months) == 1:
        return _NAMES[months[0] - 1]
    return f"{_NAMES[months[0] - 1]}-{_NAMES[months[-1] - 1]}"


def _period(year: int, months: tuple[int, ...]) -> tuple[np.datetime64, np.datetime64]:
    """Give begin and end of some months as those of one year."""
    start = _month(year - (_turn(months) > 0), months[0])
    return start.astype("datetime64[s]"), (_month(year, months[-1]) + 1).astype("datetime64[s]")


def _month(year: int, month: int) -> np.datetime64:
    return np.datetime64(f"{year:04d}-{month:02d}", "M")


def _turn(months: tuple[int, ...]) -> int:
    """Tell how many of the months come before the turn of the year: 1 of (12, 1, 2)."""
    turns = [k + 1 for k, (a, b) in enumerate(pairwise(months)) if b < a]
    return turns[0] if turns else 0


def inside(one: TimeSlice, time: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Tell which moments belong to a time slice.

    Parameters
    ----------
    one : TimeSlice
    time : ndarray of datetime64
        NaT belongs to none.

    Returns
    -------
    ndarray of bool
    """
    known = ~np.isnat(time)
    if not one.months:
        return known & (time >= one.start) & (time < one.stop)
    month_number = np.where(known, time, np.datetime64(0, "s")).astype("datetime64[M]")
    serial = month_number.astype(np.int64)
    year, month = 1970 + serial // 12, serial % 12 + 1
    before = one.months[: _turn(one.months)]
    year = year + np.isin(month, before)
    within = np.zeros(len(time), bool)
    for first, last in one.years:
        within |= (year >= first) & (year <= last)
    return known & within & np.isin(month, one.months)
