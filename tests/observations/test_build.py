"""What goes in comes out: arrays, texts, flags, identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdcviz.formats.model import Batch, Coded
from sdcviz.observations import build_collection, open_collection
from sdcviz.observations.kernels import all_single, morton, restore

from .synthetic import OXYGEN, PSAL, SPECIES, TEMP, batch, sha


def station_of(c, text: str) -> int:
    return int(c.find_station(text)[0])


def same(a, b) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=np.asarray(a).dtype.kind in "fM")


def check(c, batches: list[Batch], source: str) -> None:
    """Compare every station of a file with what was put in."""
    short = next(s["sha256"] for s in c.manifest["sources"] if s["name"] == source)[:16]
    entry = next(s for s in c.manifest["sources"] if s["name"] == source)
    for b in batches:
        for k in range(len(b.stations)):
            i = station_of(c, f"{short}:{b.stations.index[k]}")
            for name in ("lon", "lat", "time", "edmo", "bottom_depth", "feature"):
                assert same(getattr(c, name)[i], getattr(b.stations, name)[k]), name
            for name in ("cruise", "station", "platform", "local_cdi_id"):
                coded = getattr(b.stations, name)
                assert c.station(i)[name] == coded.texts()[k]
            assert (
                c.station(i)["extra"].get("project", "") == b.stations.extra["project"].texts()[k]
            )
            mine, its = slice(*b.offsets[k : k + 2]), slice(*c.offsets[i : i + 2])
            assert same(restore_if(c.depth[its]), b.depth[mine])
            assert same(c.depth_flag[its], b.depth_flag[mine])
            assert same(c.row[its], b.row[mine])
            if b.time is not None:
                assert same(c.sample_time[its], b.time[mine])
            for column, told in zip(b.columns, entry["parameters"], strict=True):
                values = c.values(told["key"])
                if isinstance(values, Coded):
                    assert values.take(np.arange(its.start, its.stop)).texts() == (
                        column.values.take(np.arange(mine.start, mine.stop)).texts()
                    )
                else:
                    assert same(restore_if(values[its]), column.values[mine])
                assert same(c.flags(told["key"])[its], column.flags[mine])


def restore_if(values):
    return restore(values) if values.dtype == np.float32 else values


def test_everything_comes_back(tmp_path):
    one = [batch(60, 1), batch(40, 2, first_index=60)]
    two = [batch(50, 3, parameters=(OXYGEN, SPECIES), series=True)]
    build_collection([("one", sha("1"), one), ("two", sha("2"), two)], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert c.n_stations == 150
    assert c.n_samples == sum(b.n_samples for b in one + two)
    check(c, one, "one")
    check(c, two, "two")


def test_samples_that_overflow_the_memory_come_back(tmp_path, monkeypatch):
    from sdcviz.observations import spool

    monkeypatch.setattr(spool.Scratch.__init__, "__defaults__", (1000,))
    one = [batch(60, s, first_index=60 * s) for s in range(4)]
    build_collection([("one", sha("1"), one)], tmp_path / "c")
    check(open_collection(tmp_path / "c"), one, "one")


def test_stations_are_in_morton_order_and_unknown_places_last(profiles):
    key = morton(profiles.lon, profiles.lat)
    assert (key[1:] >= key[:-1]).all()
    unknown = np.isnan(profiles.lon)
    assert unknown.any() and unknown[-unknown.sum() :].all()


def test_blocks_bound_their_stations(profiles):
    known = np.isfinite(profiles.lon)
    assert profiles.block_box.shape == (1, 4)
    expected = [profiles.lon[known].min(), profiles.lat[known].min()]
    expected += [profiles.lon[known].max(), profiles.lat[known].max()]
    assert profiles.block_box[0].tolist() == expected


def test_columns_can_not_be_changed(profiles):
    for array in (profiles.lon, profiles.depth, profiles.values("temperature"), profiles.time):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_short_decimals_become_single_precision(tmp_path):
    build_collection([("s", sha("s"), [batch(30, 1, decimals=3)])], tmp_path / "short")
    build_collection([("l", sha("l"), [batch(30, 1, decimals=12)])], tmp_path / "long")
    short, long = open_collection(tmp_path / "short"), open_collection(tmp_path / "long")
    assert short.values("temperature").dtype == np.float32
    assert long.values("temperature").dtype == np.float64


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(width=64), max_size=20), st.integers(0, 12))
def test_single_precision_loses_nothing(numbers, decimals):
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.round(np.array(numbers, np.float64), decimals)
        if all_single(values):
            assert same(restore(values.astype(np.float32)), values)


@settings(max_examples=300, deadline=None)
@given(st.integers(-999_999, 999_999), st.integers(0, 9))
def test_six_digits_always_fit(number, decimals):
    assert all_single(np.array([float(f"{number}e-{decimals}")]))


def test_columns_of_one_file_never_merge(tmp_path):
    b = batch(10, 1, parameters=(TEMP, TEMP, PSAL))
    other = batch(10, 2, parameters=(TEMP,))
    build_collection([("a", sha("a"), [b]), ("b", sha("b"), [other])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    first, second = (p["key"] for p in c.manifest["sources"][0]["parameters"][:2])
    assert first != second
    assert c.manifest["sources"][1]["parameters"][0]["key"] == first
    check(c, [b], "a")
    check(c, [other], "b")


def test_parameter_summary_is_exact(profiles):
    for p in profiles.parameters:
        values, flags = profiles.values(p.key), profiles.flags(p.key)
        there = values.codes >= 0 if isinstance(values, Coded) else ~np.isnan(values)
        assert p.n_values == there.sum()
        file = next(
            i
            for i, s in enumerate(profiles.manifest["sources"])
            if p.key in [q["key"] for q in s["parameters"]]
        )
        own = np.repeat(profiles.source == file, np.diff(profiles.offsets))
        codes, counts = np.unique(flags[own], return_counts=True)
        assert p.flags == {chr(c): n for c, n in zip(codes, counts, strict=True)}
        has = np.add.reduceat(np.append(there, 0), profiles.offsets[:-1])
        has[np.diff(profiles.offsets) == 0] = 0
        assert same(profiles.has(p.key), has > 0)
        if p.kind == "number":
            low, high = p.range
            assert np.float32(low) == np.nanmin(values) and np.float32(high) == np.nanmax(values)


def test_raw_text_follows_its_sample(tmp_path):
    b = batch(20, 1)
    sample = int(b.offsets[7]) if b.offsets[8] > b.offsets[7] else int(b.offsets[9])
    b.columns[1].values[sample] = np.nan
    b.raw_text = [(sample, 1, "<0.05")]
    build_collection([("a", sha("a"), [b])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    ((found, key, text),) = c.raw_text()
    assert (key, text) == (c.manifest["sources"][0]["parameters"][1]["key"], "<0.05")
    assert c.row[found] == b.row[sample]
    station = int(np.searchsorted(c.offsets, found, "right")) - 1
    assert c.station(station)["raw_text"] == [
        {"sample": found - c.offsets[station], "key": key, "text": text}
    ]


def test_flags_of_other_scales_are_kept(tmp_path):
    b = batch(20, 1)
    b.columns[0].source_flags = np.full(b.n_samples, ord("7"), np.uint8)
    b.columns[0].scale = "QARTOD"
    build_collection([("a", sha("a"), [b]), ("b", sha("b"), [batch(20, 2)])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    own = np.repeat(c.source == 0, np.diff(c.offsets))
    flags = c.source_flags("temperature")
    assert (flags[own] == ord("7")).all()
    assert same(flags[~own], c.flags("temperature")[~own])
    assert c.manifest["sources"][0]["parameters"][0]["scale"] == "QARTOD"


def test_adding_files_keeps_identities_and_values(tmp_path):
    one, two = [batch(60, 1)], [batch(50, 3, parameters=(OXYGEN, SPECIES, TEMP), series=True)]
    build_collection([("one", sha("1"), one)], tmp_path / "c")
    before = open_collection(tmp_path / "c")
    report = build_collection([("two", sha("2"), two)], tmp_path / "c")
    after = open_collection(tmp_path / "c")
    assert (report.stations, report.files) == (50, 1)
    assert (after.id, after.n_stations) == (before.id, 110)
    assert {before.station_id(i) for i in range(60)} < {after.station_id(i) for i in range(110)}
    check(after, one, "one")
    check(after, two, "two")
    assert after.values("temperature").dtype == np.float32
    # the snapshot that is open stays as it was
    assert before.n_stations == 60
    check(before, one, "one")


def test_three_snapshots_in_a_row_leave_two(tmp_path):
    for n in range(3):
        build_collection([(f"f{n}", sha(str(n)), [batch(10, n)])], tmp_path / "c")
    names = sorted(p.name for p in (tmp_path / "c").iterdir())
    assert names == [".lock", "collection.json", "s0002", "s0003"]
    c = open_collection(tmp_path / "c")
    assert c.n_stations == 30
    for n in range(3):
        check(c, [batch(10, n)], f"f{n}")


def test_the_same_content_is_imported_once(tmp_path):
    b = [batch(10, 1)]
    report = build_collection([("a", sha("x"), b), ("copy of a", sha("x"), b)], tmp_path / "c")
    assert report.stations == 10
    assert report.skipped == [("copy of a", "copy of a: the same content is already there as a.")]
    again = build_collection([("again", sha("x"), b)], tmp_path / "c")
    assert (again.stations, again.snapshot) == (0, "s0001")
    assert open_collection(tmp_path / "c").n_stations == 10


def test_starting_afresh_keeps_the_id(tmp_path):
    build_collection([("a", sha("a"), [batch(10, 1)])], tmp_path / "c", name="Black Sea")
    first = open_collection(tmp_path / "c")
    build_collection([("b", sha("b"), [batch(5, 2)])], tmp_path / "c", append=False)
    second = open_collection(tmp_path / "c")
    assert (second.id, second.name, second.n_stations) == (first.id, "Black Sea", 5)


def test_an_empty_file_makes_an_empty_collection(tmp_path):
    build_collection([("a", sha("a"), [])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert (c.n_stations, c.n_samples, c.parameters) == (0, 0, [])
    assert c.where(box=(0, 0, 10, 10), depth=(0, 10)).n_stations == 0
    assert c.info()["time"] == []
    assert "0" in c._repr_html_()
