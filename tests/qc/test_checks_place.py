"""Positions and speeds: hand-computed cases, and what must not be found."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stations import Made, made_collection, row_of, rows_of

from sdcviz.geo.projection import distance_km
from sdcviz.qc.checks.place import find_astray, find_impossible_places, find_on_land, inland
from sdcviz.qc.checks.speed import find_too_fast, too_fast


def along(n: int, **change: Made) -> list[Made]:
    """Sail east from 5° E at 42° N: 0.1° (8.27 km) an hour, 4.5 knots."""
    made = [
        Made(lon=5 + 0.1 * i, time=f"2010-06-{1 + i // 20:02d}T{1 + i % 20:02d}:10")
        for i in range(n)
    ]
    for i, station in change.items():
        made[int(i[1:])] = station
    return made


def test_impossible_places(tmp_path):
    c = made_collection(tmp_path, [Made(), Made(lon=0, lat=0), Made(lon=0, lat=51), Made(lat=90)])
    found = find_impossible_places(c)
    assert found.station.tolist() == [row_of(c, 1)]
    assert found.keys == ("@position",) and chr(found.flag[0]) == "4"


def test_on_land_takes_land_all_around():
    # Madrid; the Ligurian Sea; Lake Constance counts as land
    lon, lat = np.array([-3.70, 8.5, 9.4]), np.array([40.42, 43.5, 47.6])
    assert inland(lon, lat).tolist() == [True, False, True]
    assert inland(lon, lat, np.array([1, 1, -1])).tolist() == [True, False, False]


def test_the_caspian_is_sea_and_the_dead_lake_shore_of_a_cell_is_forgiven():
    assert not inland(np.array([51.0]), np.array([42.0])).any()
    # From 43.70 N southwards out of Nice: the first cell of land beside the sea is forgiven.
    lat = np.linspace(43.75, 43.60, 400)
    lon = np.full_like(lat, 7.27)
    from sdcviz.geo.land import on_land

    land, deep = on_land(lon, lat), inland(lon, lat)
    assert deep.sum() < land.sum() and not (deep & ~land).any()
    assert land[np.flatnonzero(deep)[-1] + 1]  # there is a strip of land that is not found


def test_on_land_leaves_out_positions_already_bad(tmp_path):
    c = made_collection(
        tmp_path, [Made(lon=-3.7, lat=40.4), Made(lon=-3.8, lat=40.4, position_flag="4")]
    )
    found = find_on_land(c)
    assert found.station.tolist() == [row_of(c, 0)] and chr(found.flag[0]) == "3"


def test_a_station_of_the_wrong_sign_is_astray_and_too_fast(tmp_path):
    c = made_collection(tmp_path, along(30, _7=Made(lon=-5.7, time="2010-06-01T08:10")))
    for check in (find_astray, find_too_fast):
        assert check(c).station.tolist() == [row_of(c, 7)]
    found = find_too_fast(c)
    # 11.3° of longitude at 42° N, less the two kilometres, in an hour and a minute
    away = float(distance_km(5.6, 42, -5.7, 42))
    assert np.isclose(found.value[0], (away - 2) / (61 / 60) / 1.852, rtol=1e-4)
    assert found.threshold[0] == 25


def test_stations_not_asked_about_are_part_of_the_voyage(tmp_path):
    c = made_collection(tmp_path, along(30, _7=Made(lon=-5.7, time="2010-06-01T08:10")))
    for check in (find_astray, find_too_fast):
        assert check(c, np.array([row_of(c, 7)])).station.tolist() == [row_of(c, 7)]
        assert not len(check(c, np.array([row_of(c, 6)])))


def test_the_first_and_the_last_station_can_be_wrong(tmp_path):
    first, last = Made(lon=8.0, time="2010-06-01T01:10"), Made(lon=2.0, time="2010-06-01T12:10")
    c = made_collection(tmp_path, along(12, _0=first, _11=last))
    assert sorted(find_too_fast(c, share=0.5).station) == rows_of(c, [0, 11])


def test_a_ship_may_go_and_work_elsewhere(tmp_path):
    # 36° of longitude at 42° N, 3000 km, at 10 knots
    there = Made(lon=44.0, time="2010-06-08T20:10")
    made = [*along(20), there]
    c = made_collection(tmp_path, made)
    assert not len(find_astray(c)) and not len(find_too_fast(c))
    there.time = "2010-06-03T20:10"
    c = made_collection(tmp_path / "sooner", made)
    assert find_astray(c).station.tolist() == [row_of(c, 20)]


def test_two_stations_can_not_be_told_apart(tmp_path):
    c = made_collection(
        tmp_path, [Made(time="2010-06-01T01:10"), Made(lon=9, time="2010-06-01T02:10")]
    )
    assert [chr(f) for f in find_too_fast(c).flag] == ["0", "0"]


def test_dates_without_a_time_are_known_to_a_day(tmp_path):
    made = [Made(lon=5 + i, time="2010-06-01") for i in range(3)]  # 83 km each
    assert not len(find_too_fast(made_collection(tmp_path, made)))


def test_a_voyage_of_two_ships_is_reported_once(tmp_path):
    made = [
        Made(lon=5 if i % 2 else 25, lat=40 if i % 2 else 35, time=f"2010-06-01T{i:02d}:30")
        for i in range(20)
    ]
    c = made_collection(tmp_path, made)
    found = find_too_fast(c)
    assert len(found) == 1 and chr(found.flag[0]) == "0"
    assert "not the voyage of one ship" in found.details[0]
    assert not len(find_astray(c))


def test_across_the_date_line_a_ship_does_not_jump(tmp_path):
    made = [
        Made(
            lon=(178 + 0.2 * i + 180) % 360 - 180,
            lat=0,
            time=f"2010-06-{1 + i // 12:02d}T{2 * (i % 12):02d}:20",
        )
        for i in range(24)
    ]
    c = made_collection(tmp_path, made)
    assert not len(find_astray(c)) and not len(find_too_fast(c))


def test_voyages_never_meet():
    """Two voyages, each at one place, in arrays that follow each other."""
    lon = np.array([0.0, 0.0, 50.0, 50.0])
    time = np.array(["2010-01-01T01", "2010-01-01T02"] * 2, "datetime64[ms]")
    found, _ = too_fast(lon, np.zeros(4), time, np.array([0, 2, 4]))
    assert not found.any()


def test_the_checks_take_their_figures_from_the_file(tmp_path):
    from sdcviz.qc.checks.runner import run_checks
    from sdcviz.qc.checks.thresholds import read_thresholds

    # Out on the Caspian, in Lake Victoria, in Madrid, and two places 20 knots apart.
    made = [
        *(Made(lon=x, lat=y, cruise="") for x, y in ((51.0, 42.0), (33.0, -1.0), (-3.7, 40.4))),
        *(Made(lon=5 + 0.447 * i, time=f"2010-06-01T{1 + i:02d}:10", cruise="A") for i in range(6)),
    ]
    for station in made[:3]:
        station.platform = ""
    c = made_collection(tmp_path, made)
    names = ["on_land", "speed", "position", "cruise_area"]
    found = run_checks(c, names)
    assert found.station.tolist() == [row_of(c, 2)]
    slow = tmp_path / "slow.yaml"
    slow.write_text(
        "based_on: checks\nchecks:\n  speed:\n    '*':\n"
        "      - {knots: 15, flag: 4, source: proposal}\n  on_land: off\n"
    )
    found = run_checks(c, [n for n in names if n != "on_land"], read_thresholds(slow))
    assert len(found) == 1 and "not the voyage" in found.details[0]  # all of them are too fast
    assert found.threshold[0] == 15


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-179, 179), st.floats(-80, 80), st.integers(1, 500)),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_left_of_any_voyage_could_be_sailed(stops):
    lon, lat, minutes = (np.array(x, float) for x in zip(*stops, strict=True))
    time = np.datetime64("2010-01-01T00:10", "ms") + (np.cumsum(minutes) * 60_000).astype("m8[ms]")
    found, speed = too_fast(lon, lat, time, np.array([0, len(lon)]))
    left = np.flatnonzero(found != 1)
    assert len(left) >= 1 and np.isfinite(speed[found > 0]).all()
    for a, b in pairwise(left):
        away = float(distance_km(lon[a], lat[a], lon[b], lat[b])) - 2
        hours = (time[b] - time[a]) / np.timedelta64(1, "h") + 1 / 60
        if not (time[[a, b]] == time[[a, b]].astype("M8[D]")).any():
            both = found[a] == found[b] == 2
            assert both or away / hours / 1.852 <= 25.01


def test_the_fewest_stations_are_blamed():
    """Three of twelve stations are elsewhere, each at its own place: exactly these are found."""
    rng = np.random.default_rng(5)
    lon = 5 + 0.1 * np.arange(12)
    lat = np.full(12, 42.0)
    for n, wrong in enumerate(([2, 5, 9], [0, 4, 11], [3, 7, 8])):
        x, y = lon.copy(), lat.copy()
        x[wrong] += rng.choice([-1, 1], 3) * (20 + 10 * n)
        y[wrong] -= [3, 17, 29]
        hours = np.arange(1, 13) * np.timedelta64(3_600_000, "ms")
        time = np.datetime64("2010-06-01T00:10", "ms") + hours
        found, _ = too_fast(x, y, time, np.array([0, 12]))
        assert np.flatnonzero(found).tolist() == wrong
