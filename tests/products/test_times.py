"""Time steps: what they are called, and which one holds a time."""

from __future__ import annotations

from pathlib import Path

import made_files
import numpy as np
import pytest
from netCDF4 import Dataset

from sdcviz.errors import BadRequest
from sdcviz.products import open_product
from sdcviz.products.times import OUTSIDE, Times

MONTHS = np.array([f"2000-{m:02d}-16" for m in range(1, 13)], "datetime64[ms]")


def climatology(path: Path, first: int = 1990, last: int = 2009, decades: int = 1) -> Path:
    """Write months of many years, with bounds as DIVAnd writes them."""
    day = np.datetime64("2001-01-01")

    def days(when: str) -> float:
        return float((np.datetime64(when) - day) / np.timedelta64(1, "D"))

    rows, time = [], []
    for d in range(decades):
        for m in range(1, 13):
            y0, y1 = first + 20 * d, last + 20 * d
            after = f"{y1 + (m == 12)}-{m % 12 + 1:02d}-01"
            rows.append((days(f"{y0}-{m:02d}-01"), days(after)))
            time.append(days(f"{(y0 + y1) // 2}-{m:02d}-16"))

    def more(file: Dataset) -> None:
        file.createDimension("nv", 2)
        file.createVariable("climatology_bounds", "f8", ("time", "nv"))[:] = rows

    about = {"time": {"climatology": "climatology_bounds"}}
    return made_files.write(path, time=time, attrs=about, more=more)


def test_months_of_a_climatology(tmp_path: Path) -> None:
    times = open_product(climatology(tmp_path / "p.nc")).grid().times
    assert times.climatology and times.labels[:2] == ("January", "February")
    assert times.months[6] == {7}
    for asked in ("July", "jul", "1998-07-04", np.datetime64("2031-07-16"), 6, -6):
        assert times.find(asked) == 6, asked
    dates = np.array(["1960-01-31T23:59", "2020-12-01", "NaT"], "datetime64[ms]")
    assert times.steps(dates).tolist() == [0, 11, OUTSIDE]


def test_periods_of_years_are_told_apart(tmp_path: Path) -> None:
    times = open_product(climatology(tmp_path / "p.nc", 1950, 1969, 2)).grid().times
    assert len(times) == 24 and times.labels[12] == "January 1970–1989"
    dates = np.array(["1955-07-04", "1984-07-04", "2005-07-04"], "datetime64[ms]")
    assert times.steps(dates).tolist() == [6, 18, OUTSIDE]


def test_seasons_by_their_bounds(tmp_path: Path) -> None:
    """Winter from December of the year before to February."""

    def more(file: Dataset) -> None:
        file.createDimension("nv", 2)
        start = np.array(["1989-12", "1990-03", "1990-06", "1990-09"], "datetime64[M]")
        bounds = np.stack([start, start + 3 + 12 * 9], axis=1).astype("datetime64[D]")
        days = (bounds - np.datetime64("2001-01-01")).astype(float)
        file.createVariable("climatology_bounds", "f8", ("time", "nv"))[:] = days

    path = made_files.write(
        tmp_path / "p.nc", time=(-1600, -1500, -1400, -1300), more=more,
        attrs={"time": {"climatology": "climatology_bounds"}},
    )  # fmt: skip
    times = open_product(path).grid().times
    assert times.months[0] == {12, 1, 2}
    assert times.labels[0].startswith("December–February")
    dates = np.array(["1995-01-05", "1995-12-05", "1995-08-05"], "datetime64[ms]")
    assert times.steps(dates).tolist() == [0, 0, 2]


def test_instants() -> None:
    times = Times(MONTHS, tuple(str(m)[:10] for m in MONTHS))
    assert times.find("2000-03") == 2 and times.find("2000-03-20T12:00:00Z") == 2
    assert times.find("2000-02-16") == 1
    yearly = Times(MONTHS[[0]] - np.arange(3) * np.timedelta64(365, "D"), ("2000", "1999", "1998"))
    assert yearly.find("1999") == 1
    with pytest.raises(BadRequest, match="'2000' is no time of the product"):
        times.find("2000")  # which month?
    assert times.find("1999-06-01") == OUTSIDE and times.find("2001-02-01") == OUTSIDE
    # Up to half a step beyond the ends.
    assert times.find("2000-01-01") == 0
    dates = np.array(["2000-01-16", "2000-01-31T12:00", "2000-12-31"], "datetime64[ms]")
    assert times.steps(dates).tolist() == [0, 1, 11]


@pytest.mark.parametrize(
    ("units", "calendar", "raw", "label"),
    [
        ("days since 2001-01-01", "noleap", 59, "2001-03-01"),
        ("days since 2000-01-01", "360_day", 59, "2000-02-29"),
        ("hours since 1950-01-01 00:00:00", "gregorian", 24, "1950-01-02"),
        ("months", "", 3, "March"),
        ("months since 1955-01-01 00:00:00", "", 372.5, "1986-01-16"),
    ],
)
def test_calendars(tmp_path: Path, units: str, calendar: str, raw: float, label: str) -> None:
    about = {"units": units} | ({"calendar": calendar} if calendar else {})
    time = np.arange(1.0, 13) if units == "months" else (raw, raw + 400)
    product = open_product(made_files.write(tmp_path / "p.nc", time=time, attrs={"time": about}))
    assert label in product.grid().times.labels


def test_what_was_assumed_is_told(tmp_path: Path) -> None:
    product = open_product(climatology(tmp_path / "p.nc"))
    assert product.profile(4, 41).attrs["assumed"] == "No time was named, this is January."
    assert "this is 0 m" in product.timeseries(4, 41).attrs["assumed"]
    assert "assumed" not in product.profile(4, 41, "May").attrs
