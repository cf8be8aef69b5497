"""What stations tell about themselves; dates; the order of samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_stations import Made, made_collection, row_of

from sdcviz.qc.checks.metadata import (
    backwards,
    find_backwards,
    find_impossible_times,
    find_missing_metadata,
    find_out_of_cruise,
)


def test_missing_metadata_is_told_per_station_and_once_for_a_whole_file(tmp_path):
    one = [Made(cdi="a"), Made(cdi="b", cruise=""), Made(cdi="", edmo=0)]
    two = [Made(lon=6, edmo=0, cdi="x"), Made(lon=6, edmo=0, cdi="y")]
    c = made_collection(tmp_path, one, two)
    found = find_missing_metadata(c)
    told = {int(s): found.details[i] for i, s in enumerate(found.station)}
    both = min(row_of(c, 0, "file1"), row_of(c, 1, "file1"))
    assert told == {
        row_of(c, 1): "no cruise",
        row_of(c, 2): "no EDMO code, no LOCAL_CDI_ID",
        both: "no EDMO code (as all 2 stations of the file)",
    }
    assert {chr(f) for f in found.flag} == {"0"}


def test_parameters_without_codes_are_told_once(tmp_path):
    odd = {"ODD": [1, 2, 3, 4, 5]}
    c = made_collection(tmp_path, [Made(values=odd, cdi="a"), Made(values=odd, cdi="b")])
    found = find_missing_metadata(c)
    assert found.details == {
        0: "no P01 code for 1 parameter: ODD",
        1: "no P06 code for 1 parameter: ODD",
    }
    assert found.station.tolist() == [0, 0]


def test_times_before_1700_and_in_the_future(tmp_path):
    made = [
        Made(time="1699-12-31"),
        Made(time="1700-01-01"),
        Made(time="2030-01-01"),
        Made(time=""),
    ]
    c = made_collection(tmp_path, made)
    found = find_impossible_times(c, now=np.datetime64("2026-01-01"))
    assert sorted(found.station) == sorted([row_of(c, 0), row_of(c, 2)])
    assert {chr(f) for f in found.flag} == {"4"} and found.keys == ("@time",)


def test_times_of_samples_in_the_future(tmp_path):
    times = ["2010-06-01", "2011-06-01", "2091-06-01", "2013-06-01", "2014-06-01"]
    c = made_collection(tmp_path, [Made(feature="time series", depth=[1] * 5, times=times)])
    found = find_impossible_times(c)
    assert found.sample.tolist() == [2]
    assert find_backwards(c).sample.tolist() == [2]


def test_a_wrong_year_is_out_of_the_cruise(tmp_path):
    made = [Made(lon=5 + i / 10, time=f"2010-06-{i + 1:02d}") for i in range(20)]
    made[3].time = "2001-06-04"
    c = made_collection(tmp_path, made)
    found = find_out_of_cruise(c)
    assert found.station.tolist() == [row_of(c, 3)]
    assert 3280 < found.value[0] < 3310  # days in nine years


def test_a_cruise_in_two_legs_is_left_alone(tmp_path):
    made = [
        Made(lon=5 + i / 10, time=f"2010-{1 if i < 12 else 9:02d}-{i + 1:02d}") for i in range(20)
    ]
    assert not len(find_out_of_cruise(made_collection(tmp_path, made)))


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([1, 2, 3, 4], []),
        ([1, 1, 2, 2], []),
        ([1, 9, 3, 4, 5], [1]),
        ([1, 2, 0, 4, 5], [2]),
        ([5, 1, 2, 3], [0]),
    ],
)
def test_the_fewest_are_backwards(times, found):
    assert np.flatnonzero(backwards(np.array(times), np.array([0, len(times)]))).tolist() == found


@given(st.lists(st.integers(0, 20), min_size=1, max_size=9))
def test_backwards_is_the_smallest_set(times):
    off = backwards(np.array(times), np.array([0, len(times)]))
    kept = [t for t, o in zip(times, off, strict=True) if not o]
    assert kept == sorted(kept)
    best = max(
        bin(m).count("1")
        for m in range(1 << len(times))
        if (s := [t for i, t in enumerate(times) if m >> i & 1]) == sorted(s)
    )
    assert len(kept) == best


def test_each_depth_of_a_series_has_its_own_times(tmp_path):
    times = ["2010-06-01", "2010-06-02", "2010-06-03"] * 2
    one = Made(feature="time series", depth=[5, 5, 5, 9, 9, 9], times=times)
    assert not len(find_backwards(made_collection(tmp_path, [one])))
