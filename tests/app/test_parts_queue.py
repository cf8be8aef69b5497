"""The queue of stations, without a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection
from sdcviz.qc import Edits, Findings
from sdcviz.qc.store import save_findings
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.queue import QueuePart
from sdcviz_app.session import Session


def plant(path: Path) -> Path:
    """Let checks have found something at five stations."""
    found = Findings.join(
        [
            Findings.of("spike", "salinity", [5, 5], [3, 4], "4", 9.0, 6.0),
            Findings.of("global_range", "temperature", [7] * 6, range(6), "3", 1.0, 0.5),
            Findings.of("duplicates", None, [11, 12], -1, "0", 0.1, 2.0),
            Findings.of("on_land", "@position", 20, -1, "3", 1.0, 0.0),
        ]
    )
    save_findings(open_collection(path), found, checks=found.checks, user="<b>ada</b>")
    return path


@pytest.fixture
def desk(demo: Path) -> Desk:
    session = Session(tab="quality", user="eve")
    session.open(str(plant(demo)))
    return Desk(session=session)


@pytest.fixture
def part(desk: Desk) -> QueuePart:
    part = QueuePart(desk=desk)
    part.sent = []
    part.form.tell = part.sent.append
    return part


def asked(part: QueuePart, first: int = 0, last: int = 60) -> list[dict]:
    """Ask for rows as the list in the browser does."""
    part._take({"want": [first, last], "version": part.form.state["version"]})
    return part.sent.pop()["rows"]


def choose(part: QueuePart, **choice: object) -> list[int]:
    part._take(choice)
    return part.desk.queue.tolist()


def at(part: QueuePart, place: int) -> dict:
    return {"open": place, "version": part.form.state["version"]}


def test_kept_findings_make_the_queue_and_open_its_first_station(part, desk):
    assert desk.queue.tolist() == [5, 7, 20, 11, 12]
    assert desk.station == 5
    assert part.form.at == {"place": 0, "left": 5, "total": 5}
    rows = asked(part)
    assert [row["row"] for row in rows] == [5, 7, 20, 11, 12]
    name, _, number, _, words = rows[1]["badges"][0]
    assert (name, number) == ("global_range", 6)
    assert words.endswith("6, proposes flag 3 probably bad")
    assert rows[3]["badges"][0][-1].endswith("only reports")
    assert part.form.state["said"].startswith("11 findings at 5 stations")
    assert [one[0] for one in part.form.state["checks"]] == [
        "global_range", "spike", "duplicates", "on_land"
    ]  # fmt: skip


def test_filters_of_explore_restrict_the_queue_once_it_is_in_view(part, desk):
    session = desk.session
    session.select([5, 12, 30])
    assert desk.queue.tolist() == [5, 12]
    assert part.form.state["scope"] == "Of the 3 selected stations"
    assert choose(part, every=True) == [5, 12, 30]
    assert asked(part)[2]["none"].split(",")[0].endswith("samples")
    session.tab = "explore"
    session.select([7])
    assert len(desk.queue) == 3
    session.tab = "quality"
    assert desk.queue.tolist() == [7]
    assert choose(part, all=True)[:5] == [5, 7, 20, 11, 12]
    assert part.form.state["scope"] == ""


def test_checks_search_and_order(part, desk):
    assert choose(part, check="duplicates") == [11, 12]
    assert choose(part, check="spike") == [5, 11, 12]
    assert choose(part, check="duplicates") == [5]
    assert choose(part, check="spike") == [5, 7, 20, 11, 12]
    c = desk.data
    cruise = c.text("cruise")
    wanted = cruise.labels[cruise.codes[20]]
    found = choose(part, search=wanted.lower())
    assert 20 in found
    assert all(cruise.labels[cruise.codes[row]] == wanted for row in found)
    assert choose(part, search="no such text") == []
    assert part.form.state["hint"].startswith("No station has this")
    choose(part, search="")
    course = choose(part, order="course")
    order = [(cruise.labels[cruise.codes[r]], c.time[r]) for r in course]
    assert order == sorted(order)


def test_a_station_left_for_the_next_one_is_done_and_stays_so(part, desk):
    desk.step(1)
    desk.step(1)
    assert part.form.at == {"place": 2, "left": 3, "total": 5}
    assert [m["place"] for m in part.sent if m["done"]] == [0, 1]
    part._take(at(part, 4))  # a jump is no "done"
    assert part.form.at["left"] == 3
    desk.step(-1)
    assert part.form.at["left"] == 3
    part._take({"done": False, "place": 0, "version": part.form.state["version"]})
    assert part.form.at["left"] == 4
    # Who comes back finds the same.
    again = QueuePart(desk=Desk(session=desk.session))
    assert again.form.at["left"] == 4
    assert again.desk.station == 5  # the first that is not done
    assert choose(again, hide=True) == [5, 20, 11, 12]


def test_a_badge_picks_what_the_check_found(part, desk):
    part._take(at(part, 0) | {"check": "spike"})
    assert desk.station == 5
    assert desk.parameter == "salinity"
    assert desk.picked.tolist() == [3, 4]
    part._take(at(part, 2) | {"check": "on_land"})
    assert desk.station == 20
    assert desk.picked.tolist() == []


def test_what_was_asked_for_an_older_queue_is_not_taken(part, desk):
    old = at(part, 4)
    choose(part, check="spike")
    part._take(old)
    assert desk.station == 5
    part.sent.clear()
    part._take({"want": [0, 60], "version": old["version"]})
    assert part.sent == []


def test_without_findings_every_station_is_in_the_queue(demo):
    session = Session(tab="quality", user="eve")
    session.open(str(demo))
    part = QueuePart(desk=Desk(session=session))
    c: Collection = session.data
    assert sorted(part.desk.queue.tolist()) == list(range(c.n_stations))
    assert part.form.state["checks"] == []
    assert part.form.state["orders"] == [["course", "Cruise and time"]]
    assert part.desk.station == part.desk.queue[0]
    session.param.update(box=(0.0, 0.0, 0.1, 0.1))
    assert part.form.state["hint"] == "No station passes the filters of the Explore tab."


def test_findings_of_others_come_in_without_reopening(part, desk):
    choose(part, check="spike")
    desk.session.findings_version += 1  # this page knows them already
    assert desk.queue.tolist() == [5]
    found = Findings.of("spike", "temperature", [30, 31], 2, "4", 9.0, 6.0)
    save_findings(open_collection(desk.data.path), found, checks=["spike"], user="bob")
    desk.session.findings_version += 1
    assert desk.queue.tolist() == [30, 31]
    assert desk.station == 5  # what is being looked at stays
    assert desk.findings.counts()["spike"] == 2
    assert part.form.state["said"].endswith("by bob.")


def test_proposals_are_counted_before_they_are_written(part, desk):
    c = desk.data
    part._take({"propose": True, "good": False})
    plan = part.form.state["preview"]
    assert [title for title, _ in plan["flags"]] == ["3 probably bad", "4 bad"]
    assert plan["lines"] == [
        ["Position", "1", ""], ["Salinity", "", "2"], ["Temperature", "6", ""]
    ]  # fmt: skip
    assert plan["button"] == "Set 9 flags"
    # What nobody has judged yet, and no check finds fault with, becomes good.
    old = c.flag_at("temperature", [8, 8, 7], [0, 1, 0])
    edits = Edits.of("temperature", [8, 8, 7], [0, 1, 0], old, "0")
    c.journal.write(c, edits, user="eve", reason="reset", tool="check")
    part._take({"propose": True, "good": True})
    plan = part.form.state["preview"]
    assert plan["flags"][0][0] == "1 good"
    assert plan["lines"][-1] == ["Temperature", "2", "6", ""]

    # Checks that are chosen alone propose; the others' findings are still no "good".
    choose(part, check="spike")
    part._take({"propose": True, "good": False})
    assert part.form.state["preview"]["lines"] == [["Salinity", "2"]]
    part._take({"apply": True})
    assert part.form.state["preview"] is None
    assert part.form.state["said"].startswith("2 flags set at 1 station")
    assert c.flag_at("salinity", [5, 5], [3, 4]).tobytes() == b"44"
    batch = c.journal.batches(c)[-1]
    assert (batch.tool, batch.user, batch.samples, batch.reason) == ("check", "eve", 2, "Spike")
    part._take({"propose": True, "good": False})
    assert part.form.state["preview"]["title"].startswith("All that the checks propose is set")


def test_a_flag_of_a_person_is_never_proposed_away(part, desk):
    desk.param.update(station=5, parameter="salinity", reason="looks real")
    desk.flag("2", samples=[3])
    part._take({"propose": True, "good": False})
    assert ["Salinity", "", "1"] in part.form.state["preview"]["lines"]


def test_another_part_may_give_a_queue(part, desk):
    desk.queue = np.array([30, 5, 8])
    assert desk.queue.tolist() == [5, 8, 30]
    assert part.form.state["scope"] == "The 3 stations that were found"
    assert part.form.at["total"] == 3
    assert choose(part, all=True) == [5, 7, 20, 11, 12]
    desk.queue = np.array([30])
    desk.session.select([7, 30])
    assert desk.queue.tolist() == [7]


def test_another_collection_begins_anew(part, desk, demo, tmp_path):
    choose(part, hide=True)
    choose(part, check="spike")
    larger = make_demo(tmp_path / "larger", stations=90)
    desk.session.open(str(larger))
    n = desk.data.n_stations
    assert sorted(desk.queue.tolist()) == list(range(n))
    assert part.form.at == {"place": 0, "left": n, "total": n}
    assert part.form.state["checks"] == []
    desk.session.open(str(demo))
    assert desk.queue.tolist() == [5, 7, 20, 11, 12]


def test_a_second_reader_has_marks_of_his_own(part, desk):
    desk.step(1)
    assert part.form.at["left"] == 4
    assert part.form.state["proposals"] == "9 flags"
    desk.session.reading = "second"
    assert part.form.at["left"] == 5
    assert part.form.state["proposals"] == ""
    desk.step(1)
    desk.session.reading = ""
    assert part.form.at["left"] == 4
