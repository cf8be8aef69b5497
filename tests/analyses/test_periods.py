"""Which observations belong to which time of a product."""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdcviz.analyses.periods import Time, inside, read_time, time_slices

DAYS = np.arange("1989-11-15", "1996-03-01", dtype="datetime64[D]").astype("datetime64[ms]")


def slices(**given: Any) -> Any:
    return time_slices(Time.model_validate(given), (1990, 1995))


def in_span(day: datetime.date, years: tuple[int, int], months: tuple[int, ...]) -> bool:
    """Walk through the months of each year, month by month, as one would by hand."""
    for year in range(years[0], years[1] + 1):
        late = any(b < a for a, b in pairwise(months))
        at = year - late
        previous = None
        for month in months:
            at += previous is not None and month < previous
            if (day.year, day.month) == (at, month):
                return True
            previous = month
    return False


@given(
    first=st.integers(1989, 1996),
    length=st.integers(0, 5),
    start=st.integers(1, 12),
    count=st.integers(1, 12),
)
@settings(max_examples=60, deadline=None)
def test_days_belong_as_counted_by_hand(first: int, length: int, start: int, count: int) -> None:
    months = tuple((start - 1 + k) % 12 + 1 for k in range(count))
    (one,) = slices(years=(first, first + length), months=(months,))
    days = [d.astype("datetime64[D]").item() for d in DAYS]
    expected = [in_span(day, (first, first + length), months) for day in days]
    assert inside(one, DAYS).tolist() == expected


def test_winter_begins_in_december_of_the_year_before() -> None:
    winter = slices(years=[1991, 1993], months="seasons")[0]
    assert winter.label == "winter"
    chosen = DAYS[inside(winter, DAYS)].astype("datetime64[D]")
    assert (str(chosen[0]), str(chosen[-1])) == ("1990-12-01", "1993-02-28")
    assert str(winter.start), str(winter.stop) == ("1990-12-01T00:00:00", "1993-03-01T00:00:00")
    assert str(winter.centre)[:10] == "1992-01-15"


def test_monthly_bounds_and_labels() -> None:
    months = slices(months="monthly")
    assert [s.label for s in months][:2] == ["January", "February"]
    assert str(months[1].start) == "1990-02-01T00:00:00"
    assert str(months[1].stop) == "1995-03-01T00:00:00"
    assert str(months[1].centre) == "1992-02-15T12:00:00"
    # all days of the years, each once
    assert sum(inside(s, DAYS).sum() for s in months) == (365 * 6 + 1)


def test_moving_spans_of_years_by_seasons() -> None:
    moving = slices(moving={"first": 1990, "last": 1995, "length": 3, "step": 1}, months="quarters")
    assert len(moving) == 4 * 4
    assert moving[0].label == "1990-1992 January-March"
    assert [s.years for s in moving[::4]] == [((y, y + 2),) for y in (1990, 1991, 1992, 1993)]
    assert all(a.centre <= b.centre for a, b in pairwise(moving))


def test_decades() -> None:
    decades = slices(
        moving={"first": 1961, "last": 2000, "length": 10, "step": 10}, months="annual"
    )
    assert [s.label for s in decades] == ["1961-1970", "1971-1980", "1981-1990", "1991-2000"]


def test_running_windows() -> None:
    windows = slices(
        windows={"first": "1992-01-01", "last": "1992-12-31", "every": 30, "length": 60}
    )
    assert len(windows) == 13
    third = windows[2]
    assert str(third.centre)[:10] == third.label == "1992-03-01"
    chosen = DAYS[inside(third, DAYS)]
    apart = np.abs((DAYS - third.centre) / np.timedelta64(1, "D"))
    expected = DAYS[(apart < 30) | (DAYS == third.start)]
    assert np.array_equal(chosen, expected)
    assert len(chosen) == 60


def test_no_time_belongs_nowhere() -> None:
    never = np.array(["NaT"], "datetime64[ms]")
    for one in (*slices(), *slices(windows={"first": "1992-01-01", "last": "1992-01-01", "every": 1,
                                            "length": 1})):  # fmt: skip
        assert not inside(one, never).any()


def test_a_word_stands_for_the_months_of_all_years() -> None:
    assert Time.model_validate(read_time("annual")) == Time(months=(tuple(range(1, 13)),))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"months": [[1, 1]]}, "each once"),
        ({"months": [[3, 2, 1]]}, "turns over the year more than once"),
        ({"moving": {"first": 2000, "last": 2001, "length": 6}}, "no span of that length"),
        ({"years": [1990, 1991, 1992]}, "first and the last year"),
        ({"windows": {"first": "2001-01-01", "last": "2000-01-01", "every": 1, "length": 1}},
         "is after last"),
        ({"years": 2000, "windows": {"first": "2001-01-01", "last": "2001-01-01", "every": 1,
                                     "length": 1}}, "either windows"),
    ],
)  # fmt: skip
def test_times_that_make_no_sense(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Time.model_validate(given)
