from __future__ import annotations

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.observations import open_collection
from sdcviz.qc import Edits, Findings
from sdcviz.qc.rules import parse
from sdcviz.qc.store import save_findings
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.rule_preview import ground, look
from sdcviz_app.parts.quality.rule_rows import choices, rows_of, text_of
from sdcviz_app.parts.quality.rules import RulesPart
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=200)


@pytest.fixture
def part(made: Path, tmp_path: Path) -> RulesPart:
    """Return the tool, open on a collection of its own."""
    copytree(made, tmp_path / "demo")
    session = Session()
    session.open(str(tmp_path / "demo"))
    session.user = "Ann"
    part = RulesPart(desk=Desk(session=session))
    part.open()
    return part


# ---- rows and text -------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "temperature > 30",
        "temperature > 30 and depth < 10 and month in (6, 7, 8)",
        "latitude >= -12.5 or year not in (1999, 2001)",
        'cruise == "64PE370" and platform != "a \\"b\\" \\\\c"',
        'like(cruise, "64PE*") and station in ("1", "2")',
        'time >= "2005-06" and time < "2006"',
        'flag(temperature) in ("3", "4") and flag(position) != "4"',
        "spike(temperature) > 2 and gradient(salinity) >= 1e-05 and inversion() > 0.03",
        "inside(0, 30, 10, 45) and not inside(-5.5, 30, 0, 40)",
        'check("spike") or not check("density inversion")',
        'value("derived:sigma0") < 27 and slope("odd key") > 1',
    ],
)
def test_rows_and_text_are_two_forms_of_one_rule(text):
    found = rows_of(parse(text))
    assert found is not None
    word, rows = found
    assert text_of(rows, word) == text
    assert rows_of(parse(text_of(rows, word))) == found


@pytest.mark.parametrize(
    "text",
    [
        "depth < 10 and (year == 1999 or year == 2000)",
        "not (depth < 10 and year == 1999)",
        "temperature + 1 > salinity",
        "temperature > salinity",
        "inside(0, 0, 10, 0, 10, 10) and abs(latitude) > 3",
        'cruise in ("a, b", "c")',
    ],
)
def test_what_is_more_than_rows_has_none(text):
    assert rows_of(parse(text)) is None


def test_literal_first_and_aliases_become_plain_rows():
    assert rows_of(parse("30 < temperature")) == (
        "and",
        [{"what": "value", "of": "temperature", "op": ">", "value": "30"}],
    )
    assert text_of(rows_of(parse("0 < depth < 10"))[1]) == "depth > 0 and depth < 10"


def test_rows_without_a_value_are_left_out():
    rows = [
        {"what": "value", "of": "temperature", "op": ">", "value": ""},
        {},
        {"what": "depth", "of": "", "op": "<", "value": " 5 "},
    ]
    assert text_of(rows) == "depth < 5"
    assert text_of([]) == ""


def test_choices_offer_what_the_collection_has(made):
    data = open_collection(made)
    found = {(c["what"], c["of"]): c for c in choices(data, ["spike"])}
    assert found["value", "temperature"]["title"] == "Temperature [°C]"
    assert found["check", "spike"]["kind"] == "check" and ("inversion", "") in found
    assert found["cruise", ""]["options"] == sorted(set(data.text("cruise").labels))
    for (what, of), choice in found.items():
        value = {"date": "2005", "area": "0, 1, 2, 3", "flag": "4"}.get(choice["kind"], "1")
        op = {"area": "", "check": ""}.get(choice["kind"], "==")
        text = text_of([{"what": what, "of": of, "op": op, "value": value}])
        findings = Findings.of("spike", "temperature", [0], [0], "4", 1.0, 1.0)
        parse(text).hits(data, "temperature", findings=findings)


# ---- preview -------------------------------------------------------------
def test_preview_counts_what_changes_and_what_does_not(made):
    data = open_collection(made)
    rows = np.arange(50)
    a, b = 0, int(data.offsets[50])
    flags, values = data.flags("temperature")[a:b], data.values("temperature")[a:b]
    there = np.isfinite(values)
    found = look(data, parse("samples > 0"), "temperature", "3", True, rows)
    assert found.about["samples"] == there.sum() and found.about["stations"] == 50
    told = {line[0]: line[3:5] for line in found.about["flags"]}
    for code in "1234":
        n = int((there & (flags == ord(code))).sum())
        if n:
            assert told[code] == ([n, 0] if code in "012" else [0, n])
    assert len(found.writes) == found.about["changes"] == sum(v[0] for v in told.values())
    assert set(found.writes.new.tolist()) == {ord("3")}
    shown = found.about["histogram"]
    assert len(shown["hits"]) == len(shown["all"]) and max(shown["all"]) == 1
    assert shown["range"] == [float(values[there].min()), float(values[there].max())]


def test_map_has_all_stations_inside_and_hits_among_them(made):
    data = open_collection(made)
    below = ground(data)
    wide, high = below["size"]
    stations = set(zip(below["stations"][::2], below["stations"][1::2], strict=True))
    assert 0 < len(stations) <= data.n_stations
    assert all(0 <= x <= wide and 0 <= y <= high for x, y in stations)
    hit = look(data, parse("latitude > 40"), "temperature", "4", True).about["dots"]
    assert set(zip(hit[::2], hit[1::2], strict=True)) <= stations
    assert below["land"].startswith("M") and len(below["land"]) < 150_000


# ---- the tool ------------------------------------------------------------
def settled(part: RulesPart) -> dict:
    """Return the state of the form; without a browser nothing is left to be done."""
    assert not part.form.state["busy"]
    return part.form.state


def test_rows_are_told_as_text_and_what_they_hit(part):
    part._take({"rows": [{"what": "depth", "of": "", "op": "<", "value": "10"}], "word": "and"})
    state = settled(part)
    assert state["text"] == "depth < 10" and state["error"] is None
    assert state["preview"]["samples"] == len(part.preview.edits) > 0
    part._take({"text": "depth < 10 or year == 2000"})
    assert [row["what"] for row in settled(part)["rows"]] == ["depth", "year"]
    assert part.form.state["word"] == "or"
    part._take({"text": "depth + 1 < 10"})
    assert settled(part)["rows"] is None


def test_a_mistake_is_told_with_its_place_and_nothing_can_be_written(part):
    part._take({"text": "dephth < 10"})
    error = settled(part)["error"]
    assert (error["start"], error["end"]) == (0, 6) and "depth?" in error["sentence"]
    part._take({"do": "apply", "reason": "spike"})
    assert part.desk.data.journal.batches(part.desk.data) == []


def test_what_is_still_being_looked_for_is_not_applied_and_that_is_said(part, monkeypatch):
    waiting = []
    monkeypatch.setattr(
        "sdcviz_app.parts.quality.rules.background", lambda work, then: waiting.append((work, then))
    )
    part._take({"text": "depth < 10", "turn": 3})
    assert part.form.state["busy"]
    part._take({"do": "apply", "reason": "spike"})
    assert "Nothing was set" in part.form.state["said"]
    ((work, then),) = waiting
    then(work(), None)
    assert settled(part)["preview"]["samples"] > 0 and part.form.state["turn"] == 3
    assert part.desk.data.journal.batches(part.desk.data) == []


def test_applied_rules_are_in_the_journal_and_can_be_undone(part):
    data = part.desk.data
    part._take({"text": "depth < 10 and temperature > 0", "flag": "4"})
    expected = part.preview.writes
    before = data.flag_at("temperature", expected.station, expected.sample)
    part._take({"do": "apply", "reason": "unit error"})
    (batch,) = data.journal.batches(data)
    assert (batch.user, batch.reason, batch.tool) == ("Ann", "unit error", "rule")
    assert batch.selection == "depth < 10 and temperature > 0"
    assert batch.samples == len(expected)
    now = data.flag_at("temperature", expected.station, expected.sample)
    assert set(now.tolist()) == {ord("4")}
    state = settled(part)
    assert "set at" in state["said"] and state["preview"]["changes"] == 0
    part._take({"do": "undo"})
    assert np.array_equal(data.flag_at("temperature", expected.station, expected.sample), before)
    assert settled(part)["said"] == "Undone." and part.form.state["preview"]["changes"]


def test_scopes_restrict_where_a_rule_looks(part):
    desk = part.desk
    part._take({"text": "samples > 0"})
    everything = part.preview.about["stations"]
    desk.session.select([3, 5])
    part._take({"scope": "selected"})
    assert part.preview.about["stations"] == 2 and part.form.state["among"] == "2 stations"
    desk.open(7)
    part._take({"scope": "station"})
    assert np.unique(part.preview.edits.station).tolist() == [7]
    part._take({"scope": "filtered"})
    assert part.preview.about["stations"] == everything
    desk.session.param.update(months=(7,))
    months = desk.data.time[np.unique(part.preview.edits.station)].astype("M8[M]")
    assert set((months.astype(int) % 12 + 1).tolist()) == {7}


def test_hits_become_the_queue(part):
    part._take({"text": "latitude > 40"})
    part._take({"do": "queue"})
    desk = part.desk
    assert (desk.data.lat[desk.queue] > 40).all() and len(desk.queue) > 3
    assert desk.station == desk.queue[0] and not part._dialog.open


def test_what_the_browser_sends_is_judged(part):
    part._take({"key": "no such", "scope": "moon", "flag": "9", "rows": [{"what": 3, "of": None}]})
    state = settled(part)
    assert state["key"] in part.desk.data.keys and state["scope"] == "all" and state["flag"] == "4"


def test_findings_of_the_last_run_and_the_area_of_the_filters_are_offered(part):
    desk = part.desk
    found = Findings.of("spike", "temperature", [3, 3], [0, 1], "4", 9.0, 6.0)
    save_findings(desk.data, found, checks=["spike", "gradient"])
    desk.findings = found
    desk.session.param.update(box=(0.0, 30.0, 12.5, 45.0))
    names = [c["of"] for c in part.form.form["choices"] if c["what"] == "check"]
    assert names == ["spike", "gradient"] and part.form.state["area"] == "0, 30, 12.5, 45"
    part._take({"rows": [{"what": "check", "of": "spike", "op": "", "value": ""}]})
    assert settled(part)["text"] == 'check("spike")'
    assert set(part.preview.edits.station.tolist()) <= {3}
    part._take({"rows": [{"what": "check", "of": "gradient", "op": "", "value": ""}]})
    assert settled(part)["preview"]["samples"] == 0


def test_a_flag_that_somebody_changed_meanwhile_is_told_and_nothing_is_written(part):
    part._take({"text": "depth < 10 and temperature > 0"})
    first = part.preview.writes.take(np.array([0]))
    other = open_collection(part.desk.data.path)
    other.journal.write(
        other, Edits.of("temperature", first.station, first.sample, first.old, "3"),
        user="Bob", reason="<b>mine</b>",
    )  # fmt: skip
    part._take({"do": "apply", "reason": "spike"})
    state = settled(part)
    assert state["wrong"] and "Bob" in state["said"] and not state["undo"]
    assert len(part.desk.data.journal.batches(part.desk.data)) == 1
    assert state["preview"]["changes"], "what stands now was looked at again"
    part._take({"do": "apply", "reason": "spike"})
    assert not part.form.state["wrong"] and part.form.state["undo"]
