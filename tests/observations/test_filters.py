"""Filters against the plainest possible pandas."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdcviz.errors import BadRequest, NotFound
from sdcviz.formats.model import Coded
from sdcviz.observations import Filters, build_collection, open_collection
from sdcviz.observations.kernels import restore
from sdcviz.observations.overlay import DEPTH, POSITION, TIME

from .synthetic import batch, sha


def table(c, key: str) -> pd.DataFrame:
    """Spread a collection to one row a sample, the slow and safe way."""
    counts = np.diff(c.offsets)
    station = np.repeat(np.arange(c.n_stations), counts)
    time = c.time[station]
    if c.sample_time is not None:
        time = np.where(np.isnat(c.sample_time), time, c.sample_time)
    values = c.values(key)
    return pd.DataFrame(
        {
            "station": station,
            "sample": np.arange(c.n_samples),
            "time": time,
            "depth": c.depth.astype(float),
            "depth_flag": [chr(f) for f in c.depth_flag],
            "value": values.codes if isinstance(values, Coded) else values.astype(float),
            "flag": [chr(f) for f in c.flags(key)],
            "position_flag": [chr(f) for f in c.position_flag[station]],
            "time_flag": [chr(f) for f in _time_flags(c, station)],
        }
    )


def _time_flags(c, station):
    if c.sample_time is None:
        return c.time_flag[station]
    return np.where(np.isnat(c.sample_time), c.time_flag[station], c.sample_time_flag)


def worse(flag: str, *others: str) -> str:
    """Return the flag of a sample of which the value, the depth, ... are flagged."""
    if "4" in others and flag != "9":
        return "4"
    return "3" if "3" in others and flag in "012" else flag


def within(t: pd.Series, f: Filters) -> pd.Series:
    good = t.notna()
    if f.time:
        if f.time[0]:
            good &= t >= pd.Timestamp(f.time[0])
        if f.time[1]:
            good &= t < pd.Timestamp(f.time[1]) + pd.Timedelta(days=1)
    if f.months:
        good &= t.dt.month.isin(f.months)
    return good


def brute(c, f: Filters) -> tuple[list[int], list[int]]:
    """Apply filters row by row; return stations and samples."""
    s = pd.DataFrame({"lon": c.lon, "lat": c.lat, "time": c.time, "edmo": c.edmo})
    s["cruise"], s["platform"] = c.text("cruise").texts(), c.text("platform").texts()
    s["source"] = [c.manifest["sources"][i]["name"] for i in c.source]
    good = pd.Series(True, s.index)
    if f.box:
        west, south, east, north = f.box
        x = (s.lon >= west) & (s.lon <= east)
        if west > east:
            x = (s.lon >= west) | (s.lon <= east)
        good &= x & (s.lat >= south) & (s.lat <= north)
    for column, wanted in (
        *(("cruise", f.cruises), ("platform", f.platforms)),
        *(("edmo", f.data_centres), ("source", f.sources)),
    ):
        if wanted:
            good &= s[column].isin(wanted)
    if f.rows is not None:
        good &= s.index.isin(f.row_numbers)
    t = table(c, f.parameter or "temperature")
    for key in f.parameters:
        there = table(c, key)
        good &= s.index.isin(there.station[there.value.notna()])
    kept = pd.Series(True, t.index)
    if f.depth:
        low, high = f.depth
        kept &= t.depth.notna()
        kept &= (t.depth >= low) if low is not None else True
        kept &= (t.depth <= high) if high is not None else True
    if f.value:
        kept &= (t.value >= f.value[0]) & (t.value <= f.value[1])
    if f.flags:
        flags = zip(t.flag, t.depth_flag, t.time_flag, t.position_flag, strict=True)
        combined = [worse(*several) for several in flags]
        kept &= pd.Series(combined, t.index).isin(f.flags)
    by_sample = f.by_sample
    if f.by_time:
        if c.sample_time is None:
            good &= within(s.time, f)
        else:
            kept &= within(t.time, f)
            by_sample = True
    kept &= t.station.isin(s.index[good])
    if by_sample:
        stays = s.index.isin(t.station[kept])
        if not f.by_sample:
            empty = ~s.index.isin(t.station)
            stays |= empty & within(s.time, f).to_numpy()
        good &= stays
    return s.index[good].tolist(), t["sample"][kept].tolist()


number = st.integers(-250, 250)
ranges = st.tuples(number, number).map(lambda r: tuple(sorted(r)))
day = st.dates(date(1962, 1, 1), date(2010, 12, 31)).map(str)
some = st.fixed_dictionaries(
    {},
    optional={
        "box": st.tuples(
            st.integers(-180, 180),
            st.integers(-85, 0),
            st.integers(-180, 180),
            st.integers(1, 85),
        ),
        "time": st.tuples(day, day).map(lambda r: tuple(sorted(r))),
        "months": st.lists(st.integers(1, 12), max_size=4).map(tuple),
        "depth": st.tuples(st.integers(0, 1000), st.none() | st.integers(1000, 2500)),
        "value": ranges,
        "flags": st.lists(st.sampled_from("012349Q"), max_size=4).map(tuple),
        "cruises": st.lists(st.sampled_from(["CRUISE 0", "CRUISE 2", "none"]), max_size=2),
        "platforms": st.lists(st.sampled_from(["RV Aegaeo", "Argo float"]), max_size=1),
        "data_centres": st.lists(st.sampled_from([486, 545, 1]), max_size=2),
        "sources": st.lists(st.sampled_from(["one.txt", "two.txt", "series.nc"]), max_size=2),
        "rows": st.lists(st.integers(0, 99), max_size=60).map(tuple),
        "parameters": st.sampled_from([(), ("salinity",), ("temperature", "salinity")]),
    },
)


def agrees(c, f: Filters) -> None:
    stations, samples = brute(c, f)
    s = c.where(f)
    assert s.rows.tolist() == stations
    assert s.sample_numbers.tolist() == samples
    assert (s.n_stations, s.n_samples) == (len(stations), len(samples))
    assert s.sample_counts.sum() == len(samples)


@settings(max_examples=150, deadline=None)
@given(some)
def test_filters_of_profiles_are_exact(profiles, conditions):
    agrees(profiles, Filters(parameter="temperature", **conditions))


@settings(max_examples=100, deadline=None)
@given(some)
def test_filters_of_time_series_are_exact(mixed, conditions):
    agrees(mixed, Filters(parameter="temperature", **conditions))


@settings(max_examples=50, deadline=None)
@given(some)
def test_filters_on_a_parameter_of_few_stations_are_exact(profiles, conditions):
    key = next(p.key for p in profiles.parameters if p.name == "Oxygen")
    agrees(profiles, Filters(parameter=key, **conditions))


@pytest.mark.parametrize("begun", [False, True])
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(some, st.randoms(use_true_random=False))
def test_what_is_selected_stays_when_flags_change(mixed, begun, conditions, random):
    """A selection keeps its samples; one made afterwards sees the new flags."""
    c = open_collection(mixed.path)
    f = Filters(parameter="temperature", **conditions)
    if begun:
        edit(c, random)
    stations, samples = brute(c, f)
    before = c.where(f)
    assert before.rows.tolist() == stations
    edit(c, random)
    assert before.sample_numbers.tolist() == samples
    assert before.n_samples == len(samples) == len(before.take(c.depth))
    agrees(c, f)


def test_what_is_selected_is_found_anew_after_millions_of_changes(mixed, monkeypatch):
    monkeypatch.setattr("sdcviz.observations.overlay._LOGGED", 5)
    c = open_collection(mixed.path)
    f = Filters(parameter="temperature", flags=("1",))
    chosen = c.where(f)
    n = chosen.n_samples
    for row in range(c.n_stations):
        c.lay_over("temperature", row, np.arange(20), ord("4"))
        c.lay_over("temperature", row, 0, ord("1"))
    assert len(chosen.take(c.depth)) == chosen.n_samples == len(chosen.sample_numbers) != n
    agrees(c, f)


def edit(c, random) -> None:
    """Change flags at random places."""
    for key, least in (("temperature", 0), (DEPTH, 0), (TIME, -1), (POSITION, -1)):
        row = np.array([random.randrange(c.n_stations) for _ in range(40)])
        most = -1 if key == POSITION else 8
        sample = np.array([random.randint(least, most) for _ in row])
        code = np.array([ord(random.choice("134")) for _ in row])
        c.lay_over(key, row, sample, code)


@settings(max_examples=100, deadline=None)
@given(some)
def test_filters_survive_json(conditions):
    f = Filters(parameter="temperature", **conditions)
    assert Filters.from_json(f.to_json()) == f
    assert hash(Filters.from_json(f.to_json())) == hash(f)


def test_rows_of_an_array_select_as_a_tuple_does(profiles):
    chosen = np.array([5, 3, 90, 3])
    assert profiles.where(rows=chosen).rows.tolist() == [3, 5, 90]
    assert profiles.where(rows=(5, 3, 90)).rows.tolist() == [3, 5, 90]
    many = np.arange(149, -1, -1)
    assert Filters(rows=many) == Filters(rows=tuple(many)) == Filters(rows=many.tobytes())
    assert profiles.where(rows=many).rows.tolist() == list(range(150))


def test_a_day_a_month_and_a_year_are_whole(tmp_path):
    b = batch(6, 1)
    b.stations.time = np.array(
        [
            "1999-12-31T23:59:59.999",
            "2000-01-01T00:00",
            "2000-01-31T23:59:59.999",
            "2000-02-01",
            "2000-12-31T23:59:59.999",
            "0190-03-01",
        ],
        "datetime64[ms]",
    )
    build_collection([("a", sha("a"), [b])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert c.where(time=("2000", "2000")).n_stations == 4
    assert c.where(time=("2000-01", "2000-01")).n_stations == 2
    assert c.where(time=("2000-01-01", "2000-01-31")).n_stations == 2
    assert c.where(time=(None, "1000")).n_stations == 1
    assert c.where(months=(3,)).n_stations == 1
    assert c.where(time=("1999-12-31T23:59:59", "1999-12-31T23:59:59")).n_stations == 1


@settings(max_examples=200, deadline=None)
@given(st.integers(-20_000, 40_000), st.sampled_from([-1e-9, 0, 1e-9, 4e-4]), st.booleans())
def test_bounds_are_decimals_whatever_the_precision(profiles, number, beside, upper):
    bound = round(number / 1000, 3) + beside
    assert profiles.values("temperature").dtype == np.float32
    values = restore(profiles.values("temperature"))
    expected = values <= bound if upper else values >= bound
    limits = (None, bound) if upper else (bound, None)
    assert profiles.where(parameter="temperature", value=limits).n_samples == expected.sum()


def test_polygon_and_box_agree(profiles):
    corners = ((-100.0, -50.0), (80.0, -50.0), (80.0, 60.0), (-100.0, 60.0))
    box = profiles.where(box=(-100, -50, 80, 60)).rows
    assert profiles.where(polygon=corners).rows.tolist() == box.tolist()
    assert len(box)


def test_a_polygon_beyond_180_crosses_the_date_line(profiles):
    corners = ((150.0, -60.0), (230.0, -60.0), (230.0, 60.0), (150.0, 60.0))
    west, east = profiles.where(polygon=corners), profiles.where(box=(150, -60, -130, 60))
    assert west.rows.tolist() == east.rows.tolist()
    assert profiles.where(box=(150, -60, 230, 60)).rows.tolist() == east.rows.tolist()
    assert (profiles.lon[east.rows] > 0).any() and (profiles.lon[east.rows] < 0).any()


def test_a_polygon_that_crosses_itself_still_selects(profiles):
    bow = ((-170.0, -80.0), (170.0, 80.0), (170.0, -80.0), (-170.0, 80.0))
    assert 0 < profiles.where(polygon=bow).n_stations < profiles.n_stations


def test_unknown_places_and_times_count_until_they_are_asked_for(profiles):
    assert profiles.where().n_stations == profiles.n_stations
    known = np.isfinite(profiles.lon)
    assert profiles.where(box=(-180, -90, 180, 90)).n_stations == known.sum()
    dated = ~np.isnat(profiles.time)
    assert profiles.where(time=("0001", "9000")).n_stations == dated.sum()
    depths = np.isfinite(profiles.depth)
    assert profiles.where(depth=(None, 1e9)).n_samples == depths.sum()


def test_blocks_find_the_same_stations(tmp_path):
    b = batch(40_000, 7, levels=2)
    build_collection([("a", sha("a"), [b])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert len(c.block_box) == 3
    for box in ((10, 20, 40, 50), (170, -40, -170, 0), (-1, -1, 1, 1)):
        agrees(c, Filters(box=box))


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"months": (13,)}, "no month 13"),
        ({"flags": ("X",), "parameter": "temperature"}, "'X' is no flag"),
        ({"flags": ("1",)}, "Name the parameter whose flags"),
        ({"value": (1, 2)}, "Name the parameter whose values"),
        ({"depth": (10, 1)}, "10 to 1 is empty"),
        ({"depth": ("deep", 1)}, "'deep' is not a number"),
        ({"depth": (float("nan"), 1)}, "NaN is not a bound"),
        ({"box": (0, 10, 5, 1)}, "give the southern first"),
        ({"box": (0, 10)}, "give lon0, lat0, lon1, lat1"),
        ({"polygon": ((0, 0), (1, 1))}, "2 points make no area"),
        ({"time": ("soon", None)}, "Give ISO dates"),
        ({"time": ("2005", "2004")}, "give the earlier first"),
        ({"colour": "red"}, "no condition 'colour'"),
        ({"rows": (1_000_000,)}, "stations 0 to"),
        ({"rows": ("first",)}, "give the numbers"),
    ],
)
def test_nonsense_is_refused_in_words(profiles, conditions, words):
    with pytest.raises(BadRequest, match=words):
        _ = profiles.where(**conditions).rows


def test_unknown_parameters_are_named(profiles):
    with pytest.raises(NotFound, match=r"no parameter 'chlorine'.*temperature"):
        profiles.where(parameters=("chlorine",))


def test_damaged_json_is_refused():
    with pytest.raises(BadRequest, match="no JSON"):
        Filters.from_json("{")
    with pytest.raises(BadRequest, match="JSON object"):
        Filters.from_json("[1]")
