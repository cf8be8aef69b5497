"""Flags laid over a collection that is open."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from sdcviz.errors import NotFound
from sdcviz.observations import build_collection, open_collection, station_means
from sdcviz.observations.overlay import DEPTH, POSITION, TIME

from .synthetic import OXYGEN, batch, sha


@pytest.fixture
def profiles(folder: Path):
    """Open the collection anew: these tests change it."""
    return open_collection(folder)


@pytest.fixture
def mixed(mixed):
    return open_collection(mixed.path)


def _sample(c, key: str) -> tuple[int, int]:
    """Return a station that has the parameter, and a sample with a value."""
    row = int(np.flatnonzero(c.has(key))[3])
    values = c.values(key)[c.offsets[row] : c.offsets[row + 1]]
    return row, int(np.flatnonzero(np.isfinite(values))[0])


@pytest.mark.parametrize("key", ["temperature", "oxygen"])
def test_one_flag(profiles, folder: Path, key: str):
    c = profiles
    row, sample = _sample(c, key)
    before = np.array(c.flags(key))
    counts = c.parameter(key).flags
    assert c.flags_version == 0 and c.flags_state(key) == ()
    assert c.lay_over(key, row, sample, ord("A")).tolist() == [True]

    expected = before.copy()
    expected[c.offsets[row] + sample] = ord("A")
    assert (c.flags(key) == expected).all()
    assert chr(c.flag_at(key, row, sample)[0]) == "A"
    assert c.flags_version == 1 and c.flags_state(key) != ()
    old = chr(before[c.offsets[row] + sample])
    assert c.parameter(key).flags["A"] == counts.get("A", 0) + 1
    assert c.parameter(key).flags.get(old, 0) == counts[old] - 1
    assert (c.imported_flags(key) == before).all()
    assert (open_collection(folder).flags(key) == before).all()
    stored, starts = c.stored(key, "flags")
    assert stored[starts[row] + sample] == ord("A")


def test_a_column_that_was_spread_before_follows(profiles):
    c = profiles
    row, sample = _sample(c, "oxygen")
    spread = c.flags("oxygen")
    c.lay_over("oxygen", row, sample, ord("4"))
    assert c.flags("oxygen") is spread, "it is patched, not made again"
    assert spread[c.offsets[row] + sample] == ord("4")
    with pytest.raises(ValueError):
        spread[0] = 0


def test_columns_stay_read_only(profiles):
    c = profiles
    row, sample = _sample(c, "temperature")
    c.lay_over("temperature", row, sample, ord("4"))
    c.lay_over(DEPTH, row, sample, ord("4"))
    for column in (c.flags("temperature"), c.depth_flag, c.stored("temperature", "flags")[0]):
        with pytest.raises(ValueError):
            column[0] = 0


def test_depth_time_and_position(mixed):
    c = mixed
    own = np.flatnonzero(~np.isnat(c.sample_time))
    at = int(own[7])
    row = int(np.searchsorted(c.offsets, at, "right") - 1)
    sample = at - int(c.offsets[row])
    assert c.lay_over(DEPTH, row, sample, ord("3")).all()
    assert c.lay_over(POSITION, row, -1, ord("4")).all()
    assert c.lay_over(TIME, [row, row], [-1, sample], [ord("3"), ord("4")]).all()
    assert c.depth_flag[at] == ord("3")
    assert c.position_flag[row] == ord("4")
    assert c.time_flag[row] == ord("3") and c.sample_time_flag[at] == ord("4")
    assert c.flag_at(TIME, [row, row], [sample, -1]).tobytes() == b"43"
    assert c.station(row)["position_flag"]["code"] == "4"
    assert c.stations["time_flag"][row] == "3"
    assert (c.imported_flags(TIME) == open_collection(c.path).time_flag).all()


def test_what_has_no_flag(profiles, mixed):
    c = profiles
    n = int(c.offsets[1] - c.offsets[0])
    without = int(np.flatnonzero(~c.has("oxygen") & (np.diff(c.offsets) > 0))[0])
    for key, row, sample in (
        ("temperature", 0, n),
        ("temperature", 0, -1),
        ("temperature", c.n_stations, 0),
        ("temperature", -1, 0),
        ("oxygen", without, 0),
        (POSITION, 0, 0),
        (DEPTH, 0, -1),
        (TIME, 0, 0),
    ):
        assert not c.lay_over(key, row, sample, ord("4")).any(), (key, row, sample)
        assert not c.flag_places(key, row, sample).any()
        assert c.flag_at(key, row, sample).tobytes() == b"9"
    assert c.flags_version == 0
    with pytest.raises(NotFound):
        c.lay_over("nonsense", 0, 0, ord("4"))


def test_of_several_changes_of_one_flag_the_last_counts(profiles):
    c = profiles
    row, sample = _sample(c, "temperature")
    total = sum(c.parameter("temperature").flags.values())
    c.lay_over("temperature", [row] * 3, sample, [ord(x) for x in "3A4"])
    assert c.flag_at("temperature", row, sample).tobytes() == b"4"
    found = c.parameter("temperature").flags
    assert sum(found.values()) == total
    assert "A" not in found


def test_only_what_depends_on_the_flags_is_forgotten(profiles):
    c = profiles
    temperature, salinity = station_means(c, "temperature"), station_means(c, "salinity")
    row, _ = _sample(c, "temperature")
    stations = c.stations
    n = int(np.isfinite(c.values("temperature")[c.offsets[row] : c.offsets[row + 1]]).sum())
    c.lay_over("temperature", row, np.arange(n + 5), ord("4"))
    assert np.isfinite(temperature[row])
    assert np.isnan(station_means(c, "temperature")[row])
    assert station_means(c, "salinity") is salinity
    assert c.stations is stations
    c.lay_over(DEPTH, row, np.arange(n + 5), ord("4"))
    assert np.isnan(station_means(c, "salinity")[row])


def test_what_was_begun_before_a_change_is_not_kept(profiles):
    c = profiles
    row, sample = _sample(c, "temperature")

    def slow():
        found = np.array(c.flags("temperature"))
        c.lay_over("temperature", row, sample, ord("A"))
        return found

    c.remember(("slow",), slow, flags=("temperature",))
    again = c.remember(("slow",), lambda: np.array(c.flags("temperature")), flags=("temperature",))
    assert again[c.offsets[row] + sample] == ord("A")


def test_derived_parameters_follow(tmp_path: Path):
    build_collection([("a.txt", sha("a"), [batch(30, 8)])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    row, sample = _sample(c, "derived:sigma0")
    before = c.flags("derived:sigma0")
    c.lay_over("salinity", row, sample, ord("4"))
    assert c.flags("derived:sigma0")[c.offsets[row] + sample] == ord("4")
    assert c.flags_state("derived:sigma0") == c.flags_state("salinity") != ()
    assert before is not c.flags("derived:sigma0")


def test_source_flags_stay_what_the_file_has(tmp_path: Path):
    b = batch(30, 9, parameters=(OXYGEN,))
    b.columns[0].source_flags = np.full(b.offsets[-1], ord("2"), np.uint8)
    b.columns[0].scale = "WOCE_CTD"
    build_collection([("a.txt", sha("a"), [b])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    row, sample = _sample(c, "oxygen")
    c.lay_over("oxygen", row, sample, ord("4"))
    assert chr(c.source_flags("oxygen")[c.offsets[row] + sample]) == "2"


def test_flags_change_although_later_imports_swept_the_files(tmp_path: Path):
    build_collection([("a.txt", sha("a"), [batch(30, 9)])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    row, sample = _sample(c, "temperature")
    assert len(c.flags("temperature")) == c.n_samples, "seen, hence open"
    for n in range(2):
        build_collection([(f"f{n}", sha(str(n)), [batch(10, n)])], tmp_path / "c")
    assert not c.folder.exists()
    assert c.flag_at("temperature", row, sample).size == 1
    c.lay_over("temperature", row, sample, ord("A"))
    c.lay_over(DEPTH, row, sample, ord("3"))
    c.lay_over(POSITION, row, -1, ord("3"))
    assert c.flag_at("temperature", row, sample).tobytes() == b"A"
    assert c.position_flag[row] == c.depth_flag[c.offsets[row] + sample] == ord("3")


def test_an_edit_copies_pages_not_columns(tmp_path: Path):
    build_collection([("a.txt", sha("a"), [batch(20000, 5, levels=100)])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    row, sample = _sample(c, "temperature")
    c.lay_over("temperature", row, sample, ord("4"))
    path = c.folder / f"{c.stem('temperature')}.flag.npy"
    size = path.stat().st_size
    private = _private(str(path))
    assert 0 < private <= 2 * os.sysconf("SC_PAGE_SIZE") < size / 20


def _private(name: str) -> int:
    """Return how much memory of a mapped file belongs to this process alone and was written."""
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ", 1)[0] and ":" not in line.split(" ", 1)[0]:
            ours = line.endswith(name)
        elif ours and line.startswith("Private_Dirty:"):
            total += int(line.split()[1]) * 1024
    return total


def test_readers_and_editors_at_once(profiles):
    c = profiles
    rows = np.flatnonzero(c.has("temperature") & (np.diff(c.offsets) > 0))
    problems: list[BaseException] = []
    stop = threading.Event()

    def read():
        try:
            while not stop.is_set():
                chosen = c.where(parameter="temperature", flags=("4",))
                assert len(chosen.samples("temperature")["temperature_flag"]) == chosen.n_samples
                total = sum(c.parameter("temperature").flags.values())
                assert total == n_flags
        except BaseException as error:
            problems.append(error)

    n_flags = sum(c.parameter("temperature").flags.values())
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    rng = np.random.default_rng(1)
    for _ in range(300):
        c.lay_over("temperature", rng.choice(rows), 0, rng.choice([ord("1"), ord("4")]))
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems
    assert (open_collection(c.path).flags("temperature") == c.imported_flags("temperature")).all()
