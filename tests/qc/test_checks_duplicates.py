"""Pairs of stations that may be one: tolerances, and what is no pair."""

from __future__ import annotations

import numpy as np
import pytest
from made_stations import Made, made_collection, row_of
from scipy.spatial import cKDTree

from sdcviz.errors import BadRequest
from sdcviz.qc.checks.duplicates import REASONS, find_duplicates, find_pairs

VALUES = [20.0, 18.0, 16.0, 14.5, 13.7]


def cast(lon=5.0, time="2010-06-01T12:00", add=0.0, **other) -> Made:
    return Made(lon=lon, time=time, values={"TEMP": [v + add for v in VALUES]}, **other)


def test_each_tolerance_lets_the_pair_go(tmp_path):
    other = cast(5.008, "2010-06-01T12:40", 0.06, depth=[1, 11, 21, 31, 51])
    c = made_collection(tmp_path, [cast()], [other])
    found = find_pairs(c)
    assert (len(found), found.compared[0], found.same[0]) == (1, 5, 5)
    assert REASONS[found.reason[0]] == "same place, time and values"
    assert np.isclose(found.hours[0], 2 / 3) and np.isclose(found.km[0], 0.661, atol=0.001)
    for less in ({"degrees": 0.007}, {"hours": 0.6}, {"metres": 0.5}, {"value": 0.05}):
        assert not len(find_pairs(c, **less)), less
    assert len(find_pairs(c, degrees=0.008, hours=41 / 60, metres=1, value=0.06)) == 1


def test_stations_of_one_file_pair_too(tmp_path):
    c = made_collection(tmp_path, [cast(), cast(), cast(9)])
    assert len(find_pairs(c, elsewhere=False)) == 1


def test_other_values_at_the_same_place_are_another_cast(tmp_path):
    c = made_collection(tmp_path, [cast(), cast(add=0.5)])
    assert not len(find_pairs(c))


def test_the_same_values_elsewhere(tmp_path):
    c = made_collection(tmp_path, [cast(), cast(25), cast(26, add=0.001)])
    found = find_pairs(c)
    assert [REASONS[r] for r in found.reason] == ["same values at another place or time"]
    assert {int(found.a[0]), int(found.b[0])} == {row_of(c, 0), row_of(c, 1)}


def test_constant_values_elsewhere_are_no_pair(tmp_path):
    flat = {"TEMP": [13.0] * 5}
    c = made_collection(tmp_path, [Made(values=flat), Made(lon=20, values=flat)])
    assert not len(find_pairs(c))


def test_the_same_identity(tmp_path):
    c = made_collection(tmp_path, [cast(cdi="X1")], [cast(20, add=3, cdi="X1")])
    found = find_duplicates(c)
    assert "same identity" in found.details[0] and chr(found.flag[0]) == "0"


def test_a_track_is_no_pair_of_itself(tmp_path):
    points = [
        Made(
            lon=5 + i / 1000,
            time=f"2010-06-01T12:{i:02d}",
            feature="trajectory",
            depth=[1],
            values={"TEMP": [15.0]},
        )
        for i in range(10)
    ]
    assert not len(find_pairs(made_collection(tmp_path, points)))


def test_across_the_date_line_and_slots_of_time(tmp_path):
    c = made_collection(
        tmp_path, [cast(179.998, "2010-06-01T11:59:59")], [cast(-179.997, "2010-06-01T12:59")]
    )
    assert len(find_pairs(c, elsewhere=False)) == 1


def test_bad_tolerances(tmp_path):
    c = made_collection(tmp_path, [cast()])
    with pytest.raises(BadRequest, match="hours is -1"):
        find_pairs(c, hours=-1)


def test_all_pairs_that_a_brute_search_finds(tmp_path):
    rng = np.random.default_rng(1)
    made = [
        cast(round(float(x), 3), str(np.datetime64("2010-06-01T00:00") + int(m)), add=int(a))
        for x, m, a in zip(
            rng.uniform(5, 5.2, 200),
            rng.integers(0, 3000, 200),
            rng.integers(0, 2, 200),
            strict=True,
        )
    ]
    c = made_collection(tmp_path, made)
    got = find_pairs(c, 0.02, 3, elsewhere=False)
    hours = c.time.astype("datetime64[ms]").astype(float) / 3.6e6
    close = cKDTree(np.column_stack([c.lon / 0.02, hours / 3])).query_pairs(1 + 1e-6, p=np.inf)
    first = c.values("temperature")[c.offsets[:-1]]
    expected = {(i, j) for i, j in close if abs(first[i] - first[j]) < 0.1}
    assert {(int(a), int(b)) for a, b in zip(got.a, got.b, strict=True)} == expected


def test_a_pair_is_told_of_the_station_that_is_asked_about(tmp_path):
    c = made_collection(tmp_path, [cast()], [cast()])
    for row in (0, 1):
        found = find_duplicates(c, np.array([row]))
        assert found.station.tolist() == [row] and c.station_id(1 - row) in found.details[0]
