"""Sessions hear of flags that change anywhere, once, and only those who show them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from journalled import edit, first_good, flag, make_collection
from waiting import until

from sdcviz.errors import Conflict
from sdcviz.observations import open_collection
from sdcviz.qc.model import Findings
from sdcviz.qc.store import save_findings
from sdcviz_app import editing, follow
from sdcviz_app.session import Session

WAIT = 120  # seconds; it takes less than one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_collection(tmp_path / "c")


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    yield
    follow.stop()


def shown(folder: Path, reading: str = "") -> tuple[Session, threading.Event]:
    """Return a session that follows, and what is set when it hears of a change."""
    session, heard = Session(), threading.Event()
    follow.join(session)
    session.open(str(folder), reading=reading)
    session.param.watch(lambda _: heard.set(), "flags_version")
    return session, heard


def test_a_change_of_another_process_is_heard(folder):
    session, heard = shown(folder)
    c = open_collection(folder)  # not the shared one, as in another process
    place = first_good(c)
    flag(c, *place, "4")
    assert heard.wait(WAIT)
    assert chr(session.data.flag_at("temperature", *place)[0]) == "4"


def test_all_who_show_it_hear_of_a_change_here(folder):
    (one, first), (two, second) = shown(folder), shown(folder)
    _, other = shown(folder, reading="second")
    assert one.data is two.data
    place = first_good(one.data)
    batch = editing.write(one.data, edit(one.data, *place, "4"), user="Ann", reason="spike")
    assert first.wait(WAIT) and second.wait(WAIT)
    assert batch.samples == 1
    assert not other.is_set()


def test_undo_and_redo_are_heard(folder):
    session, heard = shown(folder)
    place = first_good(session.data)
    editing.write(session.data, edit(session.data, *place, "4"), user="Ann", reason="spike")
    for step, code in ((editing.undo, "1"), (editing.redo, "4")):
        heard.wait(WAIT)
        heard.clear()
        assert step(session.data, "Ann") is not None
        assert heard.wait(WAIT)
        assert chr(session.data.flag_at("temperature", *place)[0]) == code
    assert editing.redo(session.data, "Ann") is None


def test_a_conflict_shows_what_stands(folder):
    follow.PERIOD, usual = 3600.0, follow.PERIOD
    try:
        session, heard = shown(folder)
        c = open_collection(folder)
        place = first_good(c)
        seen = edit(session.data, *place, "3")
        flag(c, *place, "4")
        with pytest.raises(Conflict):
            editing.write(session.data, seen, user="Bob", reason="")
        assert heard.wait(WAIT)
        assert chr(session.data.flag_at("temperature", *place)[0]) == "4"
    finally:
        follow.PERIOD = usual


def test_findings_that_are_kept_elsewhere_are_heard_of_once(folder):
    session, heard = Session(), threading.Event()
    follow.join(session)
    session.open(str(folder))
    session.param.watch(lambda _: heard.set(), "findings_version")
    c = open_collection(folder)
    for value in (7.0, 8.0):
        found = Findings.of("spike", "temperature", 0, 1, "4", value, 6)
        save_findings(c, found, checks=["spike"], user="Ann")
        assert heard.wait(WAIT)
        heard.clear()
    assert session.findings_version == 2


def test_another_reading_is_another_set_of_flags(folder):
    session, heard = shown(folder)
    place = first_good(session.data)
    editing.write(session.data, edit(session.data, *place, "4"), user="Ann", reason="spike")
    heard.wait(WAIT)
    heard.clear()
    session.reading = "second"
    assert heard.is_set()
    assert chr(session.data.flag_at("temperature", *place)[0]) == "1"


def test_a_session_that_is_gone_is_forgotten(folder):
    session, _ = shown(folder)
    before = len(follow._sessions)
    del session
    # The thread that follows may hold it for a moment.
    until(lambda: gc.collect() >= 0 and len(follow._sessions) < before, "it is forgotten")
