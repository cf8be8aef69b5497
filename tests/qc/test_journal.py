"""The journal on both databases: what is written stays, is seen by others, and can be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from databases import Postgres, postgres
from journalled import (
    FILES,
    begin_anew,
    copy_collection,
    edit,
    first_good,
    flag,
    make_collection,
    use_journal,
)
from synthetic import sha

from sdcviz.errors import BadRequest, Conflict, NotFound, StorageError
from sdcviz.observations import Collection, build_collection, open_collection
from sdcviz.qc.journal import check_flag
from sdcviz.qc.journal.edits import edits_of
from sdcviz.qc.model import DEPTH, POSITION, TIME, Edits


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_collection(tmp_path_factory.mktemp("made") / "c")


POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.service)


@pytest.fixture(params=["sqlite", "sqlite, long batches", POSTGRESQL])
def folder(
    request: pytest.FixtureRequest, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Give a collection of its own, whose journal is in the one or the other database."""
    if "long" in request.param:  # every batch is kept as those of many runs are
        monkeypatch.setattr("sdcviz.qc.journal.edits.MANY_RUNS", 0)
    postgresql = request.param == "postgresql"
    url = request.getfixturevalue("server").url if postgresql else None
    with use_journal(url, monkeypatch):
        yield copy_collection(made, tmp_path / "c")


@pytest.fixture
def c(folder: Path) -> Collection:
    return open_collection(folder)


# ---- writing -----------------------------------------------------------
def test_written_flags_are_seen_by_who_opens_later(c, folder):
    row, sample = first_good(c)
    flag(c, row, sample, "4")
    again = open_collection(folder)
    assert chr(again.flag_at("temperature", row, sample)[0]) == "4"
    a = again.offsets[row] + sample
    assert again.flags("temperature")[a] == ord("4")
    assert chr(again.imported_flags("temperature")[a]) == "1"


def test_original_flags_stay_to_be_had(c, folder):
    row, sample = first_good(c)
    flag(c, row, sample, "4")
    source = open_collection(folder, flags="source")
    assert np.array_equal(source.flags("temperature"), c.imported_flags("temperature"))
    assert source.catch_up() == []
    with pytest.raises(BadRequest, match="opened with its original flags"):
        flag(source, row, sample, "3")


def test_others_catch_up(c, folder):
    other = open_collection(folder)
    row, sample = first_good(c)
    flag(c, row, sample, "4")
    version = other.flags_version
    touched = other.catch_up()
    assert [(key, rows.tolist()) for key, rows in touched] == [("temperature", [row])]
    assert chr(other.flag_at("temperature", row, sample)[0]) == "4"
    assert other.flags_version > version
    assert other.catch_up() == []


def test_two_operators_on_one_sample(c, folder):
    other = open_collection(folder)
    row, sample = first_good(c)
    flag(c, row, sample, "4", user="Ann", reason="spike")
    with pytest.raises(Conflict) as caught:
        flag(other, row, sample, "3", user="Bob", seen="1")
    names = (c.text(name).take(np.array([row])).texts()[0] for name in ("cruise", "station"))
    told = f"Temperature of sample {sample + 1} of station {' / '.join(names)} has flag 4"
    assert told in str(caught.value)
    assert "has flag 4, set by Ann at 20" in str(caught.value)
    assert "(spike); you saw 1." in str(caught.value)
    (conflict,) = caught.value.conflicts
    assert conflict["station"] == c.station_id(row)
    assert (conflict["sample"], conflict["expected"], conflict["found"]) == (sample, "1", "4")
    assert (conflict["user"], conflict["reason"]) == ("Ann", "spike")
    assert [e.user for e in c.journal.history(c, row, sample, "temperature")] == ["Ann"]


def test_a_conflict_in_one_flag_leaves_all_others_unwritten(c, folder):
    other = open_collection(folder)
    row, sample = first_good(c)
    flag(c, row, sample, "4")
    row2, sample2 = first_good(c, nth=7)
    both = Edits.join(
        [edit(other, row2, sample2, "3", seen="1"), edit(other, row, sample, "3", seen="1")]
    )
    with pytest.raises(Conflict):
        other.journal.write(other, both, user="Bob", reason="")
    assert c.journal.history(c, row2, sample2, "temperature") == []
    assert c.catch_up() == []


def test_readings_are_told_with_the_stations_looked_at(c, folder):
    assert c.journal.readings(c) == []
    own = open_collection(folder, reading="Bob's")
    row, sample = first_good(own)
    flag(own, row, sample, "3", user="Bob")
    assert [(name, n) for name, _, n in c.journal.readings(c)] == [("Bob's", 0)]
    own.journal.mark_seen(own, np.array([row, row + 1]), "Bob")
    c.journal.mark_seen(c, np.array([row]), "Ann")
    assert [(name, n) for name, _, n in c.journal.readings(c)] == [("Bob's", 2)]


def test_one_flag_is_one_row_a_million_good_ones_few(c):
    """What checks passed in whole stations is stored as runs."""
    flags = c.flags("temperature")
    places = np.flatnonzero(flags == ord("0"))
    rows = np.searchsorted(c.offsets, places, "right") - 1
    batch = flag(c, rows, places - c.offsets[rows], "1", tool="check")
    assert batch.samples == len(places)
    pieces = c.journal.store(c).read(lambda db: list(edits_of(db, [batch.id])))
    stored = (sum(p.count.sum() for p in pieces), sum(len(p.count) for p in pieces))
    runs = 1 + np.count_nonzero((np.diff(places) > 1) | (np.diff(rows) > 0))
    assert stored == (len(places), runs)
    assert not (open_collection(c.path).flags("temperature") == ord("0")).any()


def test_notes_go_with_their_samples(c):
    row, sample = first_good(c)
    one, other = (edit(c, *first_good(c, nth=n), "3") for n in (0, 1))
    edits = Edits.join([one, other])
    edits = Edits(
        *(getattr(edits, f) for f in ("station", "sample", "parameter", "keys", "old", "new")),
        ["spike 7.1 > 6", ""],
    )
    c.journal.write(c, edits, user="Ann", reason="checks", tool="check")
    assert [e.note for e in c.journal.history(c, row, sample, "temperature")] == ["spike 7.1 > 6"]
    assert c.journal.edits(c)[0].notes == ["spike 7.1 > 6", ""]


def test_depth_time_and_position_have_flags_too(folder, tmp_path):
    series = open_collection(make_collection(tmp_path / "series", ("three.nc",)))
    times = series.sample_time
    place = int(np.flatnonzero(~np.isnat(times))[0])
    row = int(np.searchsorted(series.offsets, place, "right")) - 1
    sample = place - int(series.offsets[row])
    wanted = [(DEPTH, row, sample), (TIME, row, sample), (TIME, row, -1), (POSITION, row, -1)]
    parts = [edit(series, r, s, "4", key=key) for key, r, s in wanted]
    series.journal.write(series, Edits.join(parts), user="Ann", reason="wrong")
    again = open_collection(series.path)
    assert [chr(again.flag_at(key, r, s)[0]) for key, r, s in wanted] == ["4"] * 4
    assert again.depth_flag[place] == again.sample_time_flag[place] == ord("4")
    assert again.time_flag[row] == again.position_flag[row] == ord("4")
    assert [e.new for e in again.journal.history(again, row, -1, TIME)] == ["4"]


def test_the_same_token_is_written_once(c, folder):
    row, sample = first_good(c)
    edits = edit(c, row, sample, "4")
    first = c.journal.write(c, edits, user="Ann", reason="spike", token="t" * 32)
    assert c.journal.write(c, edits, user="Ann", reason="spike", token="t" * 32) == first
    other = open_collection(folder)
    assert other.journal.write(other, edits, user="Ann", reason="spike", token="t" * 32) == first
    assert len(c.journal.history(c, row, sample, "temperature")) == 1


# ---- refused -----------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"new": "7x"}, BadRequest, "The flag '7X' is not on the L20 scale: 0 1 2"),
        ({"new": "x"}, BadRequest, "The flag 'X' is not on the L20 scale"),
        ({"user": " "}, BadRequest, "Give the name under which"),
        ({"tool": "magic"}, BadRequest, "There is no tool 'magic'; there are hand, table"),
        ({"key": "colour"}, NotFound, "There is no parameter 'colour'"),
        ({"sample": 4000}, NotFound, "has no flag of temperature for sample 4000"),
        ({"key": POSITION}, NotFound, "has no flag of Position for sample"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(c, change, error, said):
    row, sample = first_good(c)
    given = {
        "row": row,
        "sample": sample,
        "new": "4",
        "user": "Ann",
        "key": "temperature",
        **change,
    }
    with pytest.raises(error) as caught:
        given["new"] = check_flag(given["new"])
        flag(c, **given, seen="1")
    assert said in str(caught.value)
    assert c.journal.last(c) == 0


def test_a_sample_can_not_be_changed_twice_in_one_step(c):
    row, sample = first_good(c)
    both = Edits.join([edit(c, row, sample, "3"), edit(c, row, sample, "4")])
    with pytest.raises(BadRequest, match="is changed twice in one step"):
        c.journal.write(c, both, user="Ann", reason="")


def test_what_changes_nothing_is_not_written(c):
    row, sample = first_good(c)
    with pytest.raises(BadRequest, match="No flag would change"):
        flag(c, row, sample, "1")
    assert c.journal.last(c) == 0


def test_long_and_odd_texts_are_kept(c):
    row, sample = first_good(c)
    reason = "zero\0 byte, line\nbreak, 'quote', ;DROP TABLE batch;--, ⚓ Ærø " + "x" * 3000
    flag(c, row, sample, "4", user="Ann; DROP", reason=reason)
    (entry,) = c.journal.history(c, row, sample, "temperature")
    assert entry.user == "Ann; DROP"
    assert entry.reason == reason.replace("\0 ", " ").replace("\n", " ")


def test_an_older_journal_in_its_place_is_said(c):
    flag(c, *first_good(c), "4")
    begin_anew(c)
    for step in (c.catch_up, lambda: flag(c, *first_good(c, nth=3), "3")):
        with pytest.raises(StorageError, match="was replaced by an older one while it was open"):
            step()
    again = open_collection(c.path)
    assert np.array_equal(again.flags("temperature"), c.imported_flags("temperature"))


# ---- undo and redo -----------------------------------------------------
def now(c: Collection, place: tuple[int, int]) -> str:
    return chr(c.flag_at("temperature", *place)[0])


def test_undo_and_redo_go_back_and_forth(c):
    a, b = first_good(c), first_good(c, nth=5)
    flag(c, *a, "3")
    flag(c, *b, "4")
    assert c.journal.redo(c, "Ann") is None
    seen = []
    for step in ("undo", "undo", "undo", "redo", "redo", "redo", "undo", "redo", "undo", "undo"):
        done = getattr(c.journal, step)(c, "Ann")
        seen.append((done is not None, now(c, a), now(c, b)))
    assert seen == [
        (True, "3", "1"), (True, "1", "1"), (False, "1", "1"),
        (True, "3", "1"), (True, "3", "4"), (False, "3", "4"),
        (True, "3", "1"), (True, "3", "4"), (True, "3", "1"), (True, "1", "1"),
    ]  # fmt: skip
    again = open_collection(c.path)
    assert np.array_equal(again.flags("temperature"), c.flags("temperature"))
    assert np.array_equal(c.flags("temperature"), c.imported_flags("temperature"))


def test_a_new_change_ends_redo(c):
    flag(c, *first_good(c), "3")
    c.journal.undo(c, "Ann")
    flag(c, *first_good(c, nth=3), "4")
    assert c.journal.redo(c, "Ann") is None


def test_one_takes_back_only_what_is_ones_own(c):
    a, b = first_good(c), first_good(c, nth=5)
    flag(c, *a, "3", user="Ann")
    flag(c, *b, "4", user="Bob")
    assert c.journal.undo(c, "Ann").user == "Ann"
    assert (now(c, a), now(c, b)) == ("1", "4")
    assert c.journal.undo(c, "Ann") is None
    assert c.journal.undo(c, "Bob").user == "Bob"


def test_undo_never_takes_back_what_another_did_since(c):
    place = first_good(c)
    flag(c, *place, "3", user=" Ann ")
    flag(c, *place, "4", user="Bob", reason="worse")
    with pytest.raises(Conflict, match=r"set by Bob at .* \(worse\); you saw 3"):
        c.journal.undo(c, "Ann")
    assert now(c, place) == "4"


def test_undo_of_many_steps_is_found(c):
    """More batches than are looked at in one go."""
    place = first_good(c)
    for n in range(40):
        flag(c, *place, "34"[n % 2])
    for _ in range(40):
        assert c.journal.undo(c, "Ann") is not None
    assert (now(c, place), c.journal.undo(c, "Ann")) == ("1", None)
    for _ in range(40):
        assert c.journal.redo(c, "Ann") is not None
    assert now(c, place) == "4"


# ---- telling -----------------------------------------------------------
def test_history_of_a_sample_tells_all(c):
    row, sample = first_good(c)
    flag(c, row, sample, "3", reason="spike")
    flag(c, row, sample, "4", user="Bob", reason="drops to zero", tool="table")
    flag(c, row, sample, "3", key="salinity")
    c.journal.undo(c, "Bob")
    told = c.journal.history(c, row, sample, "temperature")
    assert [(e.user, e.tool, e.old, e.new, e.reason) for e in told] == [
        ("Ann", "hand", "1", "3", "spike"),
        ("Bob", "table", "3", "4", "drops to zero"),
        ("Bob", "undo", "4", "3", "drops to zero"),
    ]
    assert all(e.time.endswith("Z") for e in told)


def test_batches_and_their_edits(c):
    places = [first_good(c, nth=n) for n in (0, 5, 9)]
    made = [flag(c, *p, "3", user=u) for p, u in zip(places, ("Ann", "Bob", "Ann"), strict=True)]
    assert c.journal.batches(c) == made
    assert c.journal.batches(c, user="Ann") == [made[0], made[2]]
    assert c.journal.batches(c, after=made[0].id) == made[1:]
    assert c.journal.batches(c, limit=2) == made[1:]
    assert c.journal.last(c) == made[-1].id
    edits, batch = c.journal.edits(c, [made[1].id])
    assert (edits.station.tolist(), edits.sample.tolist()) == ([places[1][0]], [places[1][1]])
    assert batch.tolist() == [made[1].id]
    assert c.journal.edits(c)[1].tolist() == [b.id for b in made]


def test_what_people_decided_is_known(c):
    hand, check, taken_back = (first_good(c, nth=n) for n in (0, 5, 9))
    flag(c, *hand, "3")
    flag(c, *check, "4", tool="check")
    flag(c, *taken_back, "4")
    c.journal.undo(c, "Ann")
    assert [a.tolist() for a in c.journal.manual(c, "temperature")] == [[hand[0]], [hand[1]]]
    c.journal.redo(c, "Ann")
    rows, samples = c.journal.manual(c, "temperature")
    assert set(zip(rows.tolist(), samples.tolist(), strict=True)) == {hand, taken_back}
    assert c.journal.manual(c, "salinity")[0].size == 0


def test_seen_stations(c):
    assert c.journal.seen(c).tolist() == []
    c.journal.mark_seen(c, np.array([3, 1, 4]), "Ann")
    c.journal.mark_seen(c, np.array([1, 5]), "Bob")
    c.journal.mark_seen(c, np.array([4]), "Ann", done=False)
    assert c.journal.seen(c, "Ann").tolist() == [1, 3]
    assert c.journal.seen(c).tolist() == [1, 3, 5]
    assert open_collection(c.path, reading="second").journal.seen(c).tolist() == [1, 3, 5]


# ---- second reader -----------------------------------------------------
def test_a_reading_shows_its_own_flags_and_those_of_checks(c, folder):
    hand, check = first_good(c), first_good(c, nth=5)
    flag(c, *hand, "3")
    flag(c, *check, "4", tool="check")
    second = open_collection(folder, reading="Bob's")
    assert (now(second, hand), now(second, check)) == ("1", "4")
    flag(second, *hand, "2", user="Bob")
    c.catch_up()
    assert now(c, hand) == "3"
    assert now(open_collection(folder), hand) == "3"
    assert now(open_collection(folder, reading="Bob's"), hand) == "2"
    assert now(open_collection(folder, reading="another"), hand) == "1"
    assert [e.user for e in c.journal.history(c, *hand, "temperature")] == ["Ann"]
    assert c.journal.undo(c, "Bob") is None
    assert second.journal.undo(second, "Bob") is not None


def test_a_reading_follows_checks_and_keeps_what_it_set(c, folder):
    place = first_good(c)
    second = open_collection(folder, reading="Bob's")
    flag(second, *place, "2", user="Bob")
    flag(c, *place, "4", tool="check")
    flag(c, *first_good(c, nth=5), "4", tool="check")
    second.catch_up()
    assert now(second, place) == "2" == now(open_collection(folder, reading="Bob's"), place)
    assert now(second, first_good(open_collection(folder, "source"), nth=6)) == "4"
    c.journal.undo(c, "Ann")
    second.catch_up()
    assert np.array_equal(
        second.flags("temperature"), open_collection(folder, reading="Bob's").flags("temperature")
    )


# ---- the same stations in another collection ---------------------------
def test_flags_stay_with_their_samples_when_files_are_imported_anew(c, folder, tmp_path):
    """In another order, with more files: rows change, stations do not."""
    rng = np.random.default_rng(5)
    places = np.flatnonzero(c.flags("temperature") == ord("1"))
    places = np.sort(rng.choice(places, 60, replace=False))
    rows = np.searchsorted(c.offsets, places, "right") - 1
    flag(c, rows, places - c.offsets[rows], "4")
    before = {
        c.station_id(r): c.flags("temperature")[c.offsets[r] : c.offsets[r + 1]].tolist()
        for r in range(c.n_stations)
    }
    build_collection(
        [(name, sha(name), FILES[name]()) for name in ("three.nc", "two.txt", "one.txt")],
        folder, append=False,
    )  # fmt: skip
    after = open_collection(folder)
    assert after.n_stations > c.n_stations
    ids = [after.station_id(r) for r in range(after.n_stations)]
    assert ids[: c.n_stations] != [c.station_id(r) for r in range(c.n_stations)]
    for r, identity in enumerate(ids):
        flags = after.flags("temperature")[after.offsets[r] : after.offsets[r + 1]].tolist()
        if identity in before:
            assert flags == before[identity]
        else:
            a, b = after.offsets[r], after.offsets[r + 1]
            assert flags == after.imported_flags("temperature")[a:b].tolist()
    assert after.journal.undo(after, "Ann") is not None
    assert np.array_equal(after.flags("temperature"), after.imported_flags("temperature"))


def test_edits_of_stations_that_are_gone_wait_for_them(c, folder):
    """Imported without one file, and again with it."""
    place = next(
        p for n in range(2000)
        if c.station_id((p := first_good(c, nth=n))[0]).startswith(sha("two.txt")[:16])
    )  # fmt: skip
    identity = c.station_id(place[0])
    flag(c, *place, "4")
    flag(c, *first_good(c), "3")
    build_collection([("one.txt", sha("one.txt"), FILES["one.txt"]())], folder, append=False)
    less = open_collection(folder)
    assert len(less.journal.edits(less)[0]) == 1
    less.journal.undo(less, "Ann")
    less.journal.undo(less, "Ann")  # also what can't be seen here
    less.journal.redo(less, "Ann")
    build_collection([("two.txt", sha("two.txt"), FILES["two.txt"]())], folder)
    whole = open_collection(folder)
    row = int(whole.find_station(identity)[0])
    assert now(whole, (row, place[1])) == "4"
    assert np.array_equal(whole.flags("temperature") != whole.imported_flags("temperature"),
                          np.arange(whole.n_samples) == whole.offsets[row] + place[1])  # fmt: skip


# ---- compaction --------------------------------------------------------
def test_compaction_keeps_every_flag_and_every_entry(folder, tmp_path):
    c = open_collection(make_collection(tmp_path / "all", ("one.txt", "two.txt", "three.nc")))
    rng = np.random.default_rng(1)
    keys = ("temperature", "salinity", "oxygen", DEPTH)
    for key in keys * 3:
        rows = rng.integers(0, c.n_stations, 300)
        samples = rng.integers(0, 12, 300)
        there = np.unique(np.stack([rows, samples])[:, c.flag_places(key, rows, samples)], axis=1)
        old = c.flag_at(key, *there)
        new = rng.choice(np.frombuffer(b"1234", np.uint8), len(old))
        c.journal.write(c, Edits.of(key, *there, old, new), user="Ann", reason="test")
    flag(c, np.arange(9), -1, "4", key=POSITION)
    flag(c, np.arange(5), -1, "3", key=TIME)
    known = c.journal.edits(c)
    assert c.journal.compact(c)
    flag(c, *first_good(c), "4")
    again = open_collection(c.path)
    assert again.last_batch == c.last_batch
    for key in (*c.keys, DEPTH, TIME, POSITION):
        samples = np.arange(c.n_samples) - np.repeat(c.offsets[:-1], np.diff(c.offsets))
        rows = np.repeat(np.arange(c.n_stations), np.diff(c.offsets))
        if key == POSITION:
            rows, samples = np.arange(c.n_stations), np.full(c.n_stations, -1)
        assert np.array_equal(again.flag_at(key, rows, samples), c.flag_at(key, rows, samples)), key
    assert np.array_equal(again.time_flag, c.time_flag)
    edits, batch = c.journal.edits(c)
    assert np.array_equal(batch[:-1], known[1])
    assert np.array_equal(edits.new[:-1], known[0].new)


def test_the_compact_file_is_used_only_where_the_journal_knows_it(c, folder):
    place = first_good(c)
    flag(c, *place, "4")
    assert c.journal.compact(c)
    overlay = c.folder / "journal-overlay.npz"
    whole = overlay.read_bytes()
    for damaged in (b"", whole[:100], whole[:-50], b"\0" * len(whole)):
        overlay.write_bytes(damaged)
        assert now(open_collection(folder), place) == "4"
    overlay.write_bytes(whole)
    begin_anew(c)
    assert now(open_collection(folder), place) == "1"


def test_a_long_journal_is_compacted_by_who_opens_it(c, folder, monkeypatch):
    monkeypatch.setattr("sdcviz.qc.journal.news.MANY", 20)
    for n in range(30):
        flag(c, *first_good(c, nth=n), "4")
    assert not (c.folder / "journal-overlay.npz").exists()
    expected = open_collection(folder).flags("temperature")
    assert (c.folder / "journal-overlay.npz").exists()
    assert np.array_equal(expected, open_collection(folder).flags("temperature"))
    assert np.array_equal(expected, c.flags("temperature"))


def test_batches_of_many_runs_are_kept_whole(folder, tmp_path):
    """More than a block, of two parameters and two files, among others of one run."""
    c = open_collection(folder)
    rng = np.random.default_rng(3)
    parts = []
    for key in ("temperature", "salinity"):
        places = np.flatnonzero(c.flags(key) != ord("9"))
        rows = np.searchsorted(c.offsets, places, "right") - 1
        old = c.flags(key)[places]
        new = rng.choice(np.frombuffer(b"1234", np.uint8), len(places))
        notes = [f"{key} {p}" for p in places]
        parts.append(Edits.of(key, rows, places - c.offsets[rows], old, new, notes))
    row, sample = first_good(c)
    flag(c, row, sample, "Q")
    edits = Edits.join(parts)
    at = (edits.station == row) & (edits.sample == sample) & (edits.parameter == 0)
    edits.old[at] = ord("Q")
    batch = c.journal.write(c, edits, user="Ann", reason="all", tool="check")
    flag(c, row, sample, "8")
    again = open_collection(folder)
    for key in ("temperature", "salinity"):
        assert np.array_equal(again.flags(key), c.flags(key))
    told = c.journal.history(c, row, sample, "temperature")
    place = c.offsets[row] + sample
    assert [e.note for e in told] == ["", f"temperature {place}", ""]
    found, number = c.journal.edits(c, [batch.id])
    kept = edits.take(edits.old != edits.new)
    assert set(number) == {batch.id}
    assert sorted(found.notes) == sorted(kept.notes)
    assert batch.samples == len(kept)
    c.journal.undo(c, "Ann")
    c.journal.undo(c, "Ann")
    c.journal.undo(c, "Ann")
    for key in ("temperature", "salinity"):
        assert np.array_equal(c.flags(key), c.imported_flags(key))
