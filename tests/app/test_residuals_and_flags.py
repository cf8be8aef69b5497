"""From a product to the queue, from flags to a product that is out of date: without a browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from in_process import analysed

from sdcviz import open_product
from sdcviz.analyses.residual_ranking import departures
from sdcviz.jobs.model import Job, JobSpec, Progress, State
from sdcviz.products.station import at_station
from sdcviz.qc.model import Edits
from sdcviz.settings import get_settings
from sdcviz_app import editing, jobs, outdating, shelf
from sdcviz_app.desk import Desk
from sdcviz_app.handing import open_in_quality, send_to_quality
from sdcviz_app.parts.products.outdated import OutdatedPart
from sdcviz_app.parts.quality.product_line import ProductLine
from sdcviz_app.parts.quality.queue import QueuePart
from sdcviz_app.session import Session
from sdcviz_app.viewing import Viewing


@pytest.fixture(scope="module")
def made_product(made_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analysed(made_demo, tmp_path_factory.mktemp("made") / "p.nc")


@pytest.fixture
def session(
    demo: Path, made_product: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    session = Session(user="eve")
    session.open(str(demo))
    session.product = shelf.add(str(shutil.copy(made_product, tmp_path / "p.nc"))).id
    yield session
    get_settings.cache_clear()


def queue_of(session: Session) -> Any:
    part = QueuePart(desk=Desk(session=session))
    part.sent = []
    part.form.tell = part.sent.append
    return part


def rows_of(part: Any) -> list[dict[str, Any]]:
    part._take({"want": [0, 60], "version": part.form.state["version"]})
    return part.sent.pop()["rows"]


def test_another_tab_hands_stations_over_in_its_order(session: Session) -> None:
    part = queue_of(session)
    every = part.desk.queue.copy()
    send_to_quality(session, [9, 3, 9, 17], "Worst of a review", [4.21, 2.0, 1.0, "+1 at 10 m"])
    assert session.tab == "quality" and part.desk.station == 9
    assert part.desk.queue.tolist() == [9, 3, 17]
    assert part.form.state["scope"] == "Worst of a review: 3 stations"
    assert [r["note"] for r in rows_of(part)] == ["4.21", "2", "+1 at 10 m"]
    # A part that is made later finds them, too; one click shows all stations again.
    assert queue_of(session).desk.queue.tolist() == [9, 3, 17]
    part._take({"all": True})
    assert session.handed is None and np.array_equal(part.desk.queue, every)
    session.refresh()
    assert session.handed is None


def test_the_queue_ranks_stations_by_their_residuals_from_a_product(session: Session) -> None:
    part, data = queue_of(session), session.data
    assert part.form.state["orders"][-1] == ["handed", "Residuals of the product"]
    part._take({"order": "handed"})
    found = departures(open_product(shelf.find(session.product).path), data)
    assert part.desk.queue.tolist() == found.rows.tolist()
    assert (np.diff(found.size) <= 0).all() and part.desk.station == found.rows[0]
    assert part.desk.parameter == "temperature"
    note = rows_of(part)[0]["note"]
    assert note.endswith("× expected") and f"{found.residual[0]:+.3g} °C" in note


def test_a_flag_takes_a_sample_out_of_the_ranking(session: Session) -> None:
    data, product = session.data, open_product(shelf.find(session.product).path)
    first = departures(product, data)
    row = int(first.rows[0])
    samples = np.arange(data.offsets[row + 1] - data.offsets[row])
    old = data.flag_at("temperature", np.full(len(samples), row), samples)
    edits = Edits.of("temperature", row, samples, old, "4").take(old != ord("4"))
    editing.write(data, edits, user="eve", reason="off")
    assert row not in departures(product, data).rows
    residual = product.at(data.where(parameter="temperature", flags=("1",)))["residual"]
    assert float(np.nanmax(np.abs(residual))) <= np.abs(first.residual).max()


def flag_some(session: Session, n: int = 5) -> None:
    data = session.data
    m = outdating._watch(Path(shelf.find(session.product).path), session.collection, data)._matched
    at = np.flatnonzero(m.observation >= 0)[:n]
    rows, samples = m.station[at], m.sample[at] - data.offsets[m.station[at]]
    edits = Edits.of("temperature", rows, samples, data.flag_at("temperature", rows, samples), "4")
    editing.write(data, edits, user="eve", reason="spike")
    session.flags_version += 1


def banner(session: Session) -> OutdatedPart:
    session.tab = "products"
    return OutdatedPart(viewing=Viewing(session=session))


def test_flags_raise_the_banner_and_their_undo_takes_it_away(session: Session) -> None:
    part = banner(session)
    assert not part.form.visible
    flag_some(session)
    state = part.form.state
    assert part.form.visible and "5 observations changed" in state["sentence"]
    assert state["how"] == "5 left out" and len(state["times"]) >= 1
    part._take({"do": "list"})
    rows = part.form.state["rows"]
    assert len(rows) == 5 and rows[0]["flags"].endswith("→ 4")
    assert session.level is not None
    part._take({"do": "close"})
    assert not part.form.visible
    editing.undo(session.data, "eve")
    session.flags_version += 1
    flag_some(session, 6)
    assert part.form.visible  # something else changed
    part._take({"do": "quality"})
    assert session.tab == "quality" and session.handed.why.startswith("Changed since")


def test_only_the_collection_of_the_product_counts(session: Session, tmp_path: Path) -> None:
    path = shelf.find(session.product).path
    other = Path(shutil.copytree(session.collection, tmp_path / "other"))
    about = json.loads((other / "collection.json").read_text())
    (other / "collection.json").write_text(json.dumps(about | {"id": "0" * 32}))
    assert outdating.compared(path, str(other)) is None
    assert outdating.compared("http://127.0.0.1:1/p.nc", session.collection) is None
    flag_some(session, 1)
    assert len(outdating.compared(path, session.collection)) == 1


def test_the_new_analysis_is_a_job_that_every_page_finds(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def submitted(words: list[str], **how: Any) -> Any:
        given.update(how, words=words)
        return SimpleNamespace(id=how["id"])

    monkeypatch.setattr("sdcviz.jobs.submit", submitted)
    part = banner(session)
    flag_some(session)
    part._take({"do": "again"})
    words, path = given["words"], shelf.find(session.product).path
    assert words[:4] == ["divand", "--rerun", path, "--merge"]
    found = part._found
    workers = outdating.workers_of(found)
    assert 1 <= workers <= 2 * len(found.slices) and given["limits"].cpu == workers
    assert words[words.index("--workers") + 1] == str(workers)
    assert given["title"].endswith("analysed again") and Path(path) in given["reads"]
    out = Path(words[words.index("--out") + 1])
    assert out.parent in given["writes"] and out.name.startswith("p_again_")
    spec = JobSpec(id="j", arguments=tuple(words), folder=out.parent, title="p", kind="divand")
    running = Job(spec=spec, state=State.RUNNING, progress=Progress(1, 4, "January"))
    part._heard(jobs.News((running,)))
    assert part.form.state["job"]["text"] == "January"
    shutil.copy(path, out)
    part._heard(
        jobs.News((replace(running, state=State.DONE, result={"left": 2, "shifted": "It moved."}),))
    )
    assert part.form.state["job"]["product"] == out.name
    assert part.form.state["job"]["outside"] == 2
    assert part.form.state["job"]["shifted"] == "It moved."
    old = session.product
    part._take({"do": "difference", "id": "j"})
    assert session.product == shelf.identity(str(out)) and session.other == old
    assert session.compare == "difference"


def line_of(session: Session) -> tuple[ProductLine, list[Any]]:
    told: list[Any] = []
    line = ProductLine(session, told.append)
    line.open(session.data)
    return line, told


def test_the_product_is_drawn_at_the_station_and_its_month(session: Session) -> None:
    data, product = session.data, shelf.open_shared(session.product)
    line, told = line_of(session)
    assert told == [None] and line.told == {"name": "p", "shown": True, "wrong": ""}
    row = int(departures(product, data).rows[0])
    run = slice(int(data.offsets[row]), int(data.offsets[row + 1]))
    at = line.at(row)["temperature"]  # from the file, by a thread where there is a page
    assert told.pop() == [row]
    said = at_station(product, data.lon[row], data.lat[row], data.time[row], data.depth[run])
    np.testing.assert_array_equal(at["samples"], said.samples.astype(np.float32))
    known = np.isfinite(said.value)
    np.testing.assert_array_equal(at["middle"], said.value[known].astype(np.float32))
    assert at["label"] == said.label and len(at["by"]) == np.isfinite(said.off).sum()
    product.prepare()
    np.testing.assert_array_equal(line.at(row)["temperature"]["samples"], at["samples"])
    assert told == [None]  # at hand: nothing is told later
    session.product_line = False
    assert line.at(row) == {} and told == [None, None] and not line.told["shown"]
    session.param.update(product_line=True, product="")
    assert line.told["name"] == "" and line.at(row) == {}
    session.product = "0123456789ab"
    assert "not on the shelf" in line.told["wrong"]


def test_a_station_is_opened_with_what_the_product_shows(session: Session) -> None:
    desk = Desk(session=session)
    desk.parameter = "salinity"
    for _ in range(2):  # the same one again
        session.param.update(station=7, tab="products")
        desk.open(3)
        open_in_quality(session, 7, "temperature")
        assert (session.tab, desk.station, desk.parameter) == ("quality", 7, "temperature")
