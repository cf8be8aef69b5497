"""The tool "Statistics", without a browser."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from sdcviz.qc import Edits
from sdcviz.words import number
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.statistics import StatisticsPart
from sdcviz_app.session import Session


@pytest.fixture
def part(demo: Path) -> StatisticsPart:
    session = Session(tab="quality", user="eve")
    session.open(str(demo))
    data = session.data
    old = data.flag_at("salinity", [5, 5], [1, 2])
    edits = Edits.of("salinity", 5, [1, 2], old, "4")
    data.journal.write(data, edits, user="=cmd|' /C calc'!A0", reason="<script>alert(1)</script>")
    part = StatisticsPart(desk=Desk(session=session))
    part.open()
    return part


def test_bars_of_flags_before_and_after(part):
    salinity = next(g for g in part.form.state["groups"] if g["name"] == "Salinity")
    bad = next(line for line in salinity["lines"] if line[0] == "4 bad")
    assert bad[2:] == ["0", "2", "+2"]
    whole = part.desk.data.n_samples
    assert salinity["words"] == f"{number(whole)} samples"
    assert sum(n for _, n, *_ in salinity["after"]) == whole
    assert {"Depth", "Time", "Position"} <= {g["name"] for g in part.form.state["groups"]}


def test_who_changed_what_is_shown_and_goes_out_as_csv(part):
    part._take({"view": "changes"})
    ((cells, share),) = part.form.state["rows"]
    assert cells[:2] == ["=cmd|' /C calc'!A0", "2"]
    assert share == 1
    (row,) = csv.DictReader(io.TextIOWrapper(part.csv()))
    assert row["user"] == "'=cmd|' /C calc'!A0"
    assert row["changes"] == "2"
    part._take({"by": "reason"})
    assert part.form.state["rows"][0][0][0] == "<script>alert(1)</script>"
    part._take({"by": "parameter"})
    assert part.form.state["rows"][0][0][0] == "Salinity"
    part._take({"by": "weather"})
    assert part.form.state["by"] == "parameter"


def test_data_centres_of_one_parameter(part):
    part._take({"view": "centres"})
    part._take({"key": "salinity"})
    names = [title for title, _ in part.form.state["columns"]]
    bad = sum(int(cells[names.index("Bad, imported") + 1]) for cells, _ in part.form.state["rows"])
    assert bad == 2
    assert len(list(csv.reader(io.TextIOWrapper(part.csv())))) == len(part.form.state["rows"]) + 1


def test_numbers_follow_the_flags(part):
    part._take({"view": "changes"})
    desk = part.desk
    desk.param.update(station=5, parameter="salinity")
    desk.flag("4", samples=[3, 4, 5])
    desk.session.flags_version += 1
    assert sorted(cells[1] for cells, _ in part.form.state["rows"]) == ["2", "3"]
