"""Duplicates are found by identity, place, time and value, and never removed."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from sdcviz.formats.model import FEATURES, Batch, Coded, Column, Stations
from sdcviz.observations import build_collection, find_duplicates, open_collection

from .synthetic import TEMP, batch, sha


def cast() -> Batch:
    """Make three casts far from each other; all know place and time."""
    b = batch(3, 11, parameters=(TEMP,))
    b.stations.lon, b.stations.lat = np.array([5.0, 15.0, 179.996]), np.array([40.0, 41.0, 42.0])
    b.stations.time = np.array(["2001-01-01", "2002-01-01", "2003-01-01"], "datetime64[ms]")
    b.stations.local_cdi_id = Coded.of([None] * 3)
    b.columns[0].values = np.arange(b.n_samples) * 0.5
    b.depth = np.arange(b.n_samples) * 10.0
    return b


def pairs(tmp_path, other: Batch, **options):
    build_collection([("a", sha("a"), [cast()]), ("b", sha("b"), [other])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    found = find_duplicates(c, **options)
    assert c.n_stations == 6
    return [(p.id_a.split(":")[1], p.id_b.split(":")[1], p.reason) for p in found]


def test_the_same_casts_are_found(tmp_path):
    found = pairs(tmp_path, cast())
    assert sorted(f[:2] for f in found) == [("0", "0"), ("1", "1"), ("2", "2")]
    assert {f[2] for f in found} == {"same place, time and temperature"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"lon": 0.01}, 3),
        ({"lon": 0.011}, 0),
        ({"lat": 0.01}, 3),
        ({"lat": -0.011}, 0),
        ({"minutes": 60}, 3),
        ({"minutes": 61}, 0),
        ({"depth": 2.0}, 3),
        ({"depth": 2.1}, 0),
        ({"value": 0.1}, 3),
        ({"value": 0.11}, 0),
    ],
)
def test_tolerances_are_exact(tmp_path, change, found):
    b = cast()
    b.stations.lon = (b.stations.lon + change.get("lon", 0) + 180) % 360 - 180
    b.stations.lat = b.stations.lat + change.get("lat", 0)
    b.stations.time = b.stations.time + np.timedelta64(change.get("minutes", 0), "m")
    b.depth = b.depth + change.get("depth", 0)
    b.columns[0].values = b.columns[0].values + change.get("value", 0)
    assert len(pairs(tmp_path, b)) == found


def test_the_same_identity_is_enough(tmp_path):
    one, other = cast(), batch(3, 12, parameters=(TEMP,))
    for b in (one, other):
        b.stations.local_cdi_id = Coded.of(["X1", "X2", ""])
        b.stations.edmo = np.array([486, 486, 486], np.int32)
    build_collection([("a", sha("a"), [one]), ("b", sha("b"), [other])], tmp_path / "c")
    found = find_duplicates(open_collection(tmp_path / "c"))
    assert sorted(p.id_a.split(":")[1] for p in found) == ["0", "1"]
    assert all(p.reason.startswith("same LOCAL_CDI_ID and EDMO code") for p in found)


def test_points_of_one_track_are_no_duplicates(tmp_path):
    b = cast()
    b.stations.local_cdi_id = Coded.of(["TRACK"] * 3)
    b.stations.edmo = np.full(3, 486, np.int32)
    build_collection([("a", sha("a"), [b])], tmp_path / "one")
    assert find_duplicates(open_collection(tmp_path / "one")) == []
    other = copy.deepcopy(b)
    build_collection([("a", sha("a"), [b]), ("b", sha("b"), [other])], tmp_path / "two")
    found = find_duplicates(open_collection(tmp_path / "two"))
    assert sorted(p.id_a.split(":")[1] + p.id_b.split(":")[1] for p in found) == ["00", "11", "22"]


def test_stations_of_one_file_count_when_asked(tmp_path):
    b = cast()
    b.stations.lon, b.stations.lat = np.full(3, 5.0), np.full(3, 40.0)
    b.stations.time = np.full(3, np.datetime64("2001-01-01", "ms"))
    b.columns[0].values[:] = 10.0
    b.depth[:] = 5.0
    build_collection([("a", sha("a"), [b])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert find_duplicates(c) == []
    assert len(find_duplicates(c, across_files=False)) == 3


def track(n: int = 40) -> Batch:
    """Make the points of a ship that measures every minute, some metres on each time."""
    b = Batch(
        Stations.blank(n),
        np.arange(n + 1),
        [Column(TEMP, 10 + np.arange(n) * 0.01, np.full(n, ord("1"), np.uint8))],
        depth=np.full(n, 3.0),
        depth_flag=np.full(n, ord("1"), np.uint8),
        row=np.arange(n),
    )
    b.stations.lon, b.stations.lat = 5 + np.arange(n) * 1e-4, np.full(n, 40.0)
    start = np.datetime64("2001-01-01", "ms")
    b.stations.time = start + np.arange(n) * np.timedelta64(60_000, "ms")
    b.stations.feature[:] = FEATURES.index("trajectory")
    return b


def track_pairs(tmp_path, *files: Batch, **options):
    tmp_path.mkdir(exist_ok=True)
    named = [(name, sha(name), [b]) for name, b in zip("abc", files, strict=False)]
    build_collection(named, tmp_path / "c")
    found = find_duplicates(open_collection(tmp_path / "c"), **options)
    return sorted((p.file_a + p.file_b, *(int(i.split(":")[1]) for i in (p.id_a, p.id_b)))
                  for p in found)  # fmt: skip


def test_points_of_two_tracks_are_paired_one_to_one(tmp_path):
    assert track_pairs(tmp_path, track(), track()) == [("ab", i, i) for i in range(40)]


def test_a_part_of_a_track_meets_its_own_points(tmp_path):
    whole, part = track(), track()
    for b in (whole, part):
        b.stations.local_cdi_id = Coded.constant("TRACK", 40)
        b.stations.edmo = np.full(40, 486, np.int32)
    part.stations.time[:30] = np.datetime64("NaT")  # points that have lost their time
    part.stations.local_cdi_id.codes[:30] = -1
    found = track_pairs(tmp_path, whole, part)
    assert found == [("ab", i, i) for i in range(30, 40)]


def test_the_value_decides_between_points_at_one_place_and_time(tmp_path):
    one, other = track(2), track(2)
    for b in (one, other):
        b.stations.time[:] = b.stations.time[0]
        b.stations.lon[:] = 5.0
    one.columns[0].values = np.array([10.0, 20.0])
    other.columns[0].values = np.array([20.0, 10.0])
    assert track_pairs(tmp_path, one, other) == [("ab", 0, 1), ("ab", 1, 0)]


def test_points_of_one_file_are_paired_only_where_they_are_identical(tmp_path):
    b = track()
    assert track_pairs(tmp_path, b, across_files=False) == []
    for values in (b.stations.lon, b.stations.time, b.columns[0].values):
        values[7] = values[6]
    assert track_pairs(tmp_path / "again", b, across_files=False) == [("aa", 6, 7)]
