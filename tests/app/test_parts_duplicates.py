from __future__ import annotations

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.duplicate_pair import pair_of
from sdcviz_app.parts.quality.duplicates import DuplicatesPart
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=600)


@pytest.fixture
def part(made: Path, tmp_path: Path) -> DuplicatesPart:
    """Return the tool, open on a collection of its own."""
    copytree(made, tmp_path / "demo")
    session = Session()
    session.open(str(tmp_path / "demo"))
    session.user = "Ann"
    part = DuplicatesPart(desk=Desk(session=session))
    part.open()
    return part


def test_planted_copies_are_listed_and_stand_side_by_side(part):
    state, data = part.form.state, part.desk.data
    assert state["total"] == len(part.pairs) > 0 and not state["busy"]
    files = {s["name"]: i for i, s in enumerate(data.manifest["sources"])}
    copies = data.source == files["synthetic_second_copies"]
    assert (copies[part.pairs.a] != copies[part.pairs.b]).all()
    assert len(state["list"]) == state["total"] and "alike" in state["list"][0][3]
    a, b = int(part.pairs.a[0]), int(part.pairs.b[0])
    pair = state["pair"]
    for row, profile in zip((a, b), pair["profiles"], strict=True):
        own = data.values("temperature")[data.offsets[row] : data.offsets[row + 1]]
        assert profile["value"] == pytest.approx(own[np.isfinite(own)].tolist())
    fields = {title: (one, other, differ) for title, one, other, differ in pair["fields"]}
    assert fields["File"][2] and not fields["Cruise"][2]
    assert fields["LOCAL_CDI_ID"][0] != fields["LOCAL_CDI_ID"][1]


def test_tolerances_are_live_and_the_pair_in_view_stays(part):
    total = part.form.state["total"]
    part._take({"at": 1})
    seen = part._pair()
    part._take({"limits": {"degrees": 0.5, "hours": 24.0}})
    assert part.form.state["total"] >= total and part._pair() == seen
    part._take({"limits": {"degrees": 0.0, "hours": 0.0}, "elsewhere": False})
    assert part.form.state["total"] == 0
    assert part.form.state["pair"] is None and part.form.state["list"] == []
    part._take({"limits": {"degrees": -1, "hours": "x", "share": 7}})
    assert part.form.state["limits"]["degrees"] == 0 and part.form.state["limits"]["share"] == 0.9


def test_one_of_a_pair_is_flagged_and_the_next_comes(part):
    data, (a, b) = part.desk.data, part._pair()
    own = slice(int(data.offsets[b]), int(data.offsets[b + 1]))
    before = {key: data.flags(key)[own].copy() for key in data.keys}
    part._take({"do": "a"})
    (batch,) = data.journal.batches(data)
    assert (batch.user, batch.reason) == ("Ann", "duplicate")
    assert data.station_id(a) in batch.selection and data.station_id(b) in batch.selection
    for key, flags in before.items():
        now = data.flags(key)[own]
        assert (now[flags == ord("9")] == ord("9")).all()
        assert (now[flags != ord("9")] == ord("4")).all()
    state = part.form.state
    assert state["list"][0][5] == "B flagged" and "flags set" in state["said"]
    assert state["at"] == min(1, state["total"] - 1)
    part._take({"at": 0})
    part._take({"do": "a"})
    assert "flagged so, or worse" in part.form.state["said"] and not part.form.state["undo"]
    assert len(data.journal.batches(data)) == 1
    part._take({"do": "undo"})
    assert part.form.state["said"] == "Undone." and part.form.state["list"][0][5] == ""
    assert all(np.array_equal(data.flags(key)[own], flags) for key, flags in before.items())


def test_a_pair_that_is_no_longer_in_view_is_not_decided_on(part):
    part._take({"do": "a", "of": 1})
    assert part.desk.data.journal.batches(part.desk.data) == []
    part._take({"do": "a", "of": 0})
    assert len(part.desk.data.journal.batches(part.desk.data)) == 1


def test_both_may_be_kept(part):
    part._take({"do": "both"})
    assert part.form.state["list"][0][5] == "both kept"
    assert part.desk.data.journal.batches(part.desk.data) == []


def test_a_station_of_the_pair_is_shown_in_the_plots(part):
    _, b = part._pair()
    part._take({"do": "look b"})
    assert part.desk.station == b and not part._dialog.open


def test_stations_without_the_parameter_have_empty_profiles(part):
    data = part.desk.data
    bare = int(np.flatnonzero(~data.has("oxygen_umol_kg"))[0])
    pair = pair_of(data, bare, bare, "oxygen_umol_kg")
    assert pair["profiles"][0]["depth"] == [] and pair["thinned"] == 1
    assert not any(differ for *_, differ in pair["fields"])
