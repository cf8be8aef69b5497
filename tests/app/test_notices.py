"""Notices in pages, without a browser: the bell, the toast, the poller."""

from __future__ import annotations

import gc
import getpass
import secrets
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from sdcviz.jobs.model import Job, JobSpec, State
from sdcviz.notifications import Notices
from sdcviz.notifications.preferences import preferences_of
from sdcviz.settings import get_settings
from sdcviz_app import follow, notices
from sdcviz_app.parts.notices import NoticesPart
from sdcviz_app.session import Session
from sdcviz_app.shell import Shell

WAIT = 120  # seconds; it takes less than one
ME = getpass.getuser()


@pytest.fixture(autouse=True)
def own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield
    notices.stop()
    follow.stop()
    get_settings.cache_clear()


def ended(state: State = State.DONE, owner: str = ME, **given: Any) -> Job:
    """Write the notice of a job that ended."""
    id = secrets.token_hex(16)
    spec = JobSpec(id=id, arguments=("info",), folder=Path("/none"), owner=owner, kind="divand")
    job = Job(spec, state=state)
    title = given.get("title", "Temperature")
    assert Notices().add(job, title, "42 of 43 used", given.get("targets", {}))
    return job


class Page:
    """The bell of one page, and what it was told."""

    def __init__(self, owner: str = ME) -> None:
        self.told: list[tuple[str, str]] = []
        self.heard = threading.Event()
        self.part = NoticesPart(self.tell, owner, session=Session())
        self.part.bell.param.watch(lambda _: self.heard.set(), "rows")
        notices.join(self.part)

    def tell(self, sentence: str, kind: str) -> None:
        self.told.append((sentence, kind))


def test_what_was_there_before_is_listed_and_not_told() -> None:
    ended()
    page = Page()
    assert page.part.bell.unread == 1
    assert page.part.bell.rows[0]["text"] == "42 of 43 used"
    assert page.told == []


def test_all_pages_of_a_person_hear_of_an_end_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices, "PERIOD", 0.05)
    looked = threading.Event()
    usual = notices._look
    monkeypatch.setattr(notices, "_look", lambda seen: (usual(seen), looked.set())[0])
    one, two, other = Page(), Page(), Page("bob")
    assert looked.wait(WAIT)
    ended(State.FAILED, title="Salinity <b>")
    assert one.heard.wait(WAIT) and two.heard.wait(WAIT)
    assert one.told == two.told == [("Salinity <b> failed.", "error")]
    assert (other.told, other.part.bell.unread) == ([], 0)
    threads = [thread for thread in threading.enumerate() if thread.name == "notices-follow"]
    assert len(threads) == 1


def test_reading_in_one_page_is_seen_in_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "PERIOD", 0.05)
    for _ in range(3):
        ended()
    one, two = Page(), Page()
    first = one.part.bell.rows[0]["id"]
    one.part._take({"open": first})
    assert one.part.bell.unread == 2
    two.heard.clear()
    one.part._take({"read": True})
    assert one.part.bell.unread == 0
    assert two.heard.wait(WAIT)
    assert two.told == []
    # What others have can't be read or marked from here.
    ended(owner="bob")
    one.part._take({"read": True})
    assert Notices().unread("bob") == 1


def test_a_mail_that_was_refused_is_said() -> None:
    ended(targets={"mail": "ann@x.example"})
    book = Notices()
    (message,) = book.take()
    book.refused(message, "The mail to ann@x.example was not sent: 550 No such user")
    part = Page().part
    assert "550 No such user" in part.bell.rows[0]["trouble"]


def test_a_notice_leads_to_its_job() -> None:
    job = ended()
    page = Page()
    session = page.part.session
    if "job" not in session.param:
        session.param.add_parameter("job", type(session.param.tab)(default=""))
    page.part._take({"open": page.part.bell.rows[0]["id"]})
    assert (session.tab, session.job) == ("interpolate", job.id)
    assert page.part.bell.unread == 0


def test_a_person_says_where_mails_go() -> None:
    page = Page()
    page.part._take({"wishes": {"mail": "ann@x.example", "done": False, "failed": True}})
    kept = preferences_of(ME)
    assert (kept.mail, kept.done, kept.failed) == ("ann@x.example", False, True)
    assert page.told == [("Kept, but this server sends no mail: it has no mail server.", "warning")]
    page.part._take({"wishes": {"mail": "no address", "done": True, "failed": True}})
    assert page.told[-1][1] == "error" and preferences_of(ME) == kept
    # The browser shows what is kept.
    assert page.part.bell.wishes == {"mail": "ann@x.example", "done": False, "failed": True}


def test_odd_messages_of_a_browser_harm_nothing() -> None:
    ended()
    part = Page().part
    for message in ({"open": 10**6}, {"open": "1 OR 1=1"}, {}, {"read": 0}):
        part._take(message)
    assert part.bell.unread == 1


def test_the_frame_has_a_bell() -> None:
    shell = Shell(Session())
    assert shell.notices.bell in list(shell.page.header)
    assert shell.notices.owner == ME


def test_a_page_that_is_closed_is_forgotten() -> None:
    page = Page()
    assert page.part in notices._pages
    gone = weakref.ref(page.part)
    del page
    # The thread that follows may hold it for a moment.
    until(lambda: gc.collect() >= 0 and gone() is None, "it is forgotten")
