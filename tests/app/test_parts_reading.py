from __future__ import annotations

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.observations import open_collection
from sdcviz.qc.agreement import agreement
from sdcviz.qc.model import POSITION, Edits
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.reading import PAGE, ReadingPart
from sdcviz_app.parts.quality.reading_note import ReadingNote
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=120)


@pytest.fixture
def part(made: Path, tmp_path: Path) -> ReadingPart:
    """Return the tool on a collection of its own."""
    copytree(made, tmp_path / "demo")
    session = Session()
    session.open(str(tmp_path / "demo"))
    session.user = "Ann"
    return ReadingPart(desk=Desk(session=session))


def flag(data, row: int, samples: list[int], code: str, user: str, key: str = "temperature"):
    old = data.flag_at(key, row, samples)
    data.journal.write(data, Edits.of(key, row, samples, old, code), user=user, reason="spike")


@pytest.fixture
def read(part: ReadingPart) -> ReadingPart:
    """Return the tool after both readers flagged some samples of stations 2 to 5."""
    data = part.desk.data
    own = open_collection(data.path, reading="Bea")
    flag(data, 2, [0, 1], "4", "Ann")
    flag(own, 2, [1, 2], "4", "Bea")
    flag(own, 3, [4], "2" if chr(own.flag_at("temperature", 3, 4)[0]) != "2" else "1", "Bea")
    flag(own, 5, [-1], "3", "Bea", POSITION)
    flag(own, 9, [0], "4", "Bea")
    data.journal.mark_seen(data, np.arange(2, 6), "Ann")
    own.journal.mark_seen(own, np.arange(0, 10), "Bea")
    return part


def test_a_reading_begins_without_the_flags_of_the_first(read):
    read.open()
    session = read.desk.session
    read._take({"do": "start", "name": "  Cem  "})
    assert session.reading == "Cem" and not read._dialog.open
    data = read.desk.data
    assert chr(data.flag_at("temperature", 2, 0)[0]) != "4"
    flag(data, 2, [3], "4", "Cem")
    common = open_collection(data.path)
    assert chr(common.flag_at("temperature", 2, 3)[0]) != "4"

    read.open()
    state = read.form.state
    assert state["reading"] == "Cem" and state["found"] is None and state["list"] == []
    read._take({"do": "compare", "name": "Bea"})
    assert read.form.state["found"] is None, "nothing is told while one reads"
    read._take({"do": "stop"})
    assert session.reading == "" and read.form.state["name"] == "Cem"


def test_a_name_is_needed(part):
    part.open()
    part._take({"do": "start", "name": "   "})
    assert part.desk.session.reading == "" and part.form.state["readings"] == []


def test_agreement_is_told_with_all_disagreements(read):
    read.open()
    data = read.desk.data
    own = open_collection(data.path, reading="Bea")
    expected = agreement(data, own, np.arange(2, 6))
    state = read.form.state
    found = state["found"]
    assert found["stations"] == "4 stations" and found["counts"] == expected.counts.tolist()
    assert found["differing"] == len(state["list"]) == 4
    assert found["rejecting"] == 3
    assert found["kappas"][0][1] in (f"{expected.kappa.value:.2f}", "> 0.99")
    parameters = {line[0]: line for line in found["parameters"]}
    assert parameters["Temperature"][4] == "3" and parameters["Position"][4] == "1"
    assert parameters["Salinity"][2] == "100.0 %" and parameters["Temperature"][2] != "100.0 %"
    first = state["list"][0]
    assert first[2] == "Temperature" and first[5][0] == "4 bad" and first[6][0] != "4 bad"


def test_a_disagreement_is_shown_in_the_plots(read):
    read.open()
    read._take({"do": "look", "index": 1})
    desk = read.desk
    assert (desk.station, desk.parameter, desk.picked.tolist()) == (2, "temperature", [2])
    assert not read._dialog.open


def test_flags_of_the_second_reader_are_taken_over(read):
    read.open()
    data = read.desk.data
    edits = read.found.differing
    read._take({"do": "take", "indices": [1, 99]})
    batch = data.journal.batches(data)[-1]
    assert (batch.tool, batch.user, batch.reading, batch.samples) == ("reading", "Ann", "", 1)
    assert "Bea" in batch.reason
    now = data.flag_at("temperature", int(edits.station[1]), int(edits.sample[1]))
    assert now[0] == edits.new[1]
    assert read.form.state["found"]["differing"] == 3
    read._take({"do": "take"})
    assert read.form.state["found"]["differing"] == 0
    assert chr(data.position_flag[5]) == "3"
    assert "3 flags taken over" in read.form.state["said"]
    assert chr(data.flag_at("temperature", 9, 0)[0]) != "4", "not looked at by both"


def test_without_a_common_station_there_is_nothing_to_compare(part):
    data = part.desk.data
    own = open_collection(data.path, reading="Bea")
    own.journal.mark_seen(own, np.array([1]), "Bea")
    part.open()
    found = part.form.state["found"]
    assert found["stations"] == "0 stations" and found["flags"] == []
    assert part.form.state["pages"] == 0


def test_long_lists_come_in_pages(part):
    data = part.desk.data
    own = open_collection(data.path, reading="Bea")
    n = int(data.offsets[8] - data.offsets[0])
    rows = np.repeat(np.arange(8), np.diff(data.offsets[:9]))
    samples = np.arange(n) - data.offsets[rows]
    old = own.flag_at("temperature", rows, samples)
    there = old != ord("9")
    edits = Edits.of("temperature", rows[there], samples[there], old[there], "4")
    own.journal.write(own, edits.take(edits.old != edits.new), user="Bea", reason="unit error")
    for c, user in ((data, "Ann"), (own, "Bea")):
        c.journal.mark_seen(c, np.arange(8), user)
    part.open()
    total = part.form.state["found"]["differing"]
    assert total > PAGE == len(part.form.state["list"])
    part._take({"do": "page", "page": 999})
    state = part.form.state
    assert (
        state["page"] == state["pages"] - 1 and len(state["list"]) == total - PAGE * state["page"]
    )
    assert state["list"][-1][7] == total - 1


def test_a_reading_is_announced_with_its_name_as_text():
    session = Session()
    note = ReadingNote(session=session)
    assert not note._layout.visible and len(note._layout) == 0
    session.reading = "<img src=x onerror=alert(1)>"
    words, button = note._layout
    assert note._layout.visible and "<img" not in words.object and "&lt;img" in words.object
    button.clicks += 1
    assert session.reading == "" and not note._layout.visible
