"""The journal on both databases: what is written stays, is seen by others, and can be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from databases import Postgres, postgres
from journalled import edit, first_good, flag, make_collection, use_journal

from sdcviz.errors import BadRequest, Conflict
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.model import Edits


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Make a collection whose journal is in the one or the other database."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("server").new_database(tmp_path.name.replace("_", "-"))
    with use_journal(url, monkeypatch):
        yield make_collection(tmp_path / "c")


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
    assert "temperature of sample" in str(caught.value)
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
