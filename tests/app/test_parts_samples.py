"""The table of samples, without a browser."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations
from sdcviz.observations import build_collection
from sdcviz.qc import Findings
from sdcviz.words import number
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality import samples_frame
from sdcviz_app.parts.quality.samples import SamplesPart
from sdcviz_app.session import Session


@pytest.fixture
def desk(demo: Path) -> Desk:
    session = Session(tab="quality", user="eve")
    session.open(str(demo))
    desk = Desk(session=session)
    desk.param.update(station=5, parameter="salinity", reason="spike")
    return desk


@pytest.fixture
def part(desk: Desk) -> SamplesPart:
    return SamplesPart(desk=desk)


def column_of(part: SamplesPart, key: str) -> str:
    """Name of the column with the flags of a parameter."""
    return f"f{part._keys.index(key)}"


def edit(part: SamplesPart, row: int, key: str, code: str) -> None:
    """Choose a flag in a cell, as the browser does."""
    column = column_of(part, key)
    old = part.table.value.loc[row, column]
    part.table.value.loc[row, column] = code
    part._edited(SimpleNamespace(row=row, column=column, old=old, value=code))


def test_all_samples_of_the_station_are_listed_with_their_flags(part, desk):
    frame, table = part.table.value, desk.data.profile(5)
    assert len(frame) == len(table)
    assert frame["depth"].astype(float).tolist() == pytest.approx(table["depth"].tolist())
    for i, key in enumerate(part._keys):
        assert frame[f"f{i}"].tolist() == table[f"{key}_flag"].tolist()
        values = [float(v) if v else np.nan for v in frame[f"v{i}"]]
        np.testing.assert_allclose(values, table[key], rtol=1e-6)
    assert part.bar.state["words"] == f"{len(table)} samples"
    desk.station = 8
    assert len(part.table.value) == len(desk.data.profile(8))


def test_numbers_have_the_digits_of_the_file():
    values = np.array([13.42, 5, 1e-9, np.nan, -0.0004], np.float32)
    texts = samples_frame._numbers(values).tolist()
    assert texts == ["13.42", "5", "1e-09", "", "-0.0004"]


def test_a_flag_chosen_in_a_cell_is_in_the_journal_and_only_its_cell_changes(part, desk):
    patches = []
    part.table.patch = patches.append
    old = part.table.value.loc[2, column_of(part, "salinity")]
    edit(part, 2, "salinity", "4")
    assert chr(desk.data.flag_at("salinity", [5], [2])[0]) == "4"
    assert patches == []  # the cell shows it already
    part._click(SimpleNamespace(row=2, column="depth"))
    (change,) = part.card.state["history"]
    _, before, after, who, why = change
    assert (before[0][0], after[0]) == (old, "4 bad")
    assert "eve, in the table" in who and why == "spike"
    desk.flag("3", samples=[4])
    desk.session.flags_version += 1
    assert patches == [{column_of(part, "salinity"): [(4, "3")]}]


def test_a_flag_that_somebody_else_changed_meanwhile_is_not_overwritten(part, desk):
    from sdcviz.observations import open_collection
    from sdcviz.qc import Edits

    other = open_collection(desk.data.path)
    old = chr(other.flag_at("salinity", [5], [2])[0])
    edits = Edits.of("salinity", 5, 2, old, "3")
    other.journal.write(other, edits, user="ada", reason="offset of cruise")
    edit(part, 2, "salinity", "4")
    assert chr(desk.data.flag_at("salinity", [5], [2])[0]) == "3"
    assert part.table.value.loc[2, column_of(part, "salinity")] == "3"
    assert "ada" in desk.told


def test_rows_and_plots_pick_the_same_samples(part, desk):
    part.table.selection = [1, 3]
    assert desk.picked.tolist() == [1, 3]
    assert part.bar.state["picked"] == "2 samples picked"
    assert part.card.state["impact"].startswith("If bad, these 2 flags would")
    desk.picked = np.array([6])
    assert part.table.selection == [6]
    assert part.card.state["title"].startswith("Sample 7, ")
    desk.open(8)
    assert part.table.selection == []
    assert "Click on a flag" in part.card.state["hint"]


def test_what_is_picked_is_flagged_at_once(part, desk):
    desk.picked = np.array([1, 2, 3])
    part._take({"flag": "4"})
    assert desk.data.flag_at("salinity", [5] * 3, [1, 2, 3]).tobytes() == b"444"
    assert part.table.value[column_of(part, "salinity")].tolist()[1:4] == ["4"] * 3
    (batch,) = desk.data.journal.batches(desk.data)
    assert (batch.samples, batch.user, batch.reason) == (3, "eve", "spike")
    assert part.card.state["impact"].startswith("These 3 flags change")
    part._take({"flag": "4"})
    assert "already" in desk.told
    desk.parameter = "@position"
    part._take({"flag": "3"})
    assert chr(desk.data.position_flag[5]) == "3"


def test_pages_follow_what_is_picked(part, desk, monkeypatch):
    monkeypatch.setattr("sdcviz_app.parts.quality.samples.PAGE", 4)
    desk.station = 7
    n = len(desk.data.profile(7))
    assert part.bar.state["pages"] == -(-n // 4) > 2
    desk.picked = np.array([5, 9])
    assert part.bar.state["page"] == 2
    assert part.table.selection == [1]
    assert part.table.value["sample"].tolist() == ["5", "6", "7", "8"]
    part._take({"page": 1})
    assert part.table.selection == [1]
    # A range on this page leaves what is picked on others.
    part.table.selection = [1, 2]
    assert desk.picked.tolist() == [5, 9, 10]
    part.table.selection = [0]
    assert desk.picked.tolist() == [8]


def test_samples_of_the_selection_with_their_stations(part, desk):
    desk.session.select([3, 5, 9])
    part._take({"mode": "selection"})
    c = desk.data
    n = int(sum(c.offsets[r + 1] - c.offsets[r] for r in (3, 5, 9)))
    assert part.bar.state["words"] == f"{n} samples at 3 stations"
    place = int(np.flatnonzero(part._listing.station == 9)[2])
    part.table.selection = [place]
    assert desk.station == 9
    assert desk.picked.tolist() == [2]
    first = int(np.flatnonzero(part._listing.station == 3)[0])
    part.table.selection = [first, place]
    part._take({"flag": "3"})
    assert c.flag_at("salinity", [3, 9], [0, 2]).tobytes() == b"33"
    part._take({"show": "not good"})
    assert {(3, 0), (9, 2)} <= set(
        zip(part._listing.station.tolist(), part._listing.sample.tolist(), strict=True)
    )


def test_a_long_list_is_cut_and_says_so(part, desk, monkeypatch):
    monkeypatch.setattr(samples_frame, "MOST", 100)
    part._take({"mode": "selection"})
    assert len(part._listing) == 100
    left = number(desk.data.n_samples - 100)
    assert f"the table lists 100, {left} more are left out" in part.bar.state["words"]
    assert (part._listing.sample == np.arange(100) - desk.data.offsets[part._listing.station]).all()


def test_findings_stand_beside_their_samples(part, desk):
    desk.findings = Findings.join(
        [
            Findings.of("spike", "salinity", 5, [2, 4], "4", [9.0, 8.0], 6.0),
            Findings.of("climatology", "salinity", 5, 2, "3", -4.0, 3.0, {0: "<b>of May</b>"}),
            Findings.of("on_land", "@position", 5, -1, "3", 1.0, 0.0),
        ]
    )
    found = part.table.value["found"]
    assert found[2].split(", ")[0] == "Spike"
    assert len(found[2].split(", ")) == 2
    assert found[0] == ""
    part._take({"show": "found"})
    assert part._listing.sample.tolist() == [2, 4]
    assert part.bar.state["words"].startswith("2 of ")
    part._click(SimpleNamespace(row=0, column="sample"))
    spike, climatology = part.card.state["found"]
    assert spike[0] == "Spike · Salinity"
    assert spike[1].startswith("stands out by 9 ")
    assert climatology[1].endswith("<b>of May</b>")


def test_a_table_out_of_view_waits(desk):
    desk.session.tab = "explore"
    part = SamplesPart(desk=desk)
    assert part.table is None
    desk.session.tab = "quality"
    assert len(part.table.value) == len(desk.data.profile(5))


def test_another_collection_and_other_filters_are_followed(part, desk, tmp_path):
    larger = make_demo(tmp_path / "larger", stations=60)
    part._take({"mode": "selection"})
    desk.session.open(str(larger))
    assert part.bar.state["mode"] == "station"
    assert len(part.table.value) == len(desk.data.profile(desk.station))
    part._take({"mode": "selection"})
    desk.session.param.update(depth=(0, 5), months=(6, 7))
    station, sample = part._listing.station, part._listing.sample
    assert len(sample) == desk.session.filtered.n_samples
    assert (desk.data.depth[desk.data.offsets[station] + sample] <= 5).all()


def test_a_text_is_flagged_in_the_table_though_no_plot_shows_it(tmp_path):
    stations = Stations.blank(1, 0)
    good, flags = np.full(3, ord("1"), np.uint8), np.frombuffer(b"191", np.uint8)
    columns = [
        Column(Parameter("Abundance", "1/m3"), np.array([1.0, np.nan, 3.0]), flags),
        Column(Parameter("Species", kind="text"), Coded.of(["Sprattus", "", "Gadus"]), flags),
    ]
    batch = Batch(stations, np.array([0, 3]), columns, np.arange(3.0), good, np.arange(3))
    build_collection([("one.txt", "ab" * 32, [batch])], tmp_path / "species")
    session = Session(tab="quality", user="eve")
    session.open(str(tmp_path / "species"))
    desk = Desk(session=session)
    part = SamplesPart(desk=desk)
    assert part.table.value["v1"].tolist() == ["Sprattus", "", "Gadus"]
    desk.picked = np.array([0, 2])
    part._click(SimpleNamespace(row=2, column="v1"))
    assert (desk.parameter, part.bar.state["set"]) == ("abundance", "Flag species …")
    part._take({"flag": "3"})
    assert desk.data.flag_at("species", [0] * 3, [0, 1, 2]).tobytes() == b"393"
    assert desk.data.flag_at("abundance", [0], [0]).tobytes() == b"1"
    part._click(SimpleNamespace(row=2, column="v0"))
    assert part.bar.state["set"] == "Flag abundance …"
    # A value that is not there keeps its flag.
    column = column_of(part, "abundance")
    part._edited(SimpleNamespace(row=1, column=column, old="9", value="4"))
    assert "no value" in desk.told
    assert desk.data.flag_at("abundance", [0], [1]).tobytes() == b"9"
