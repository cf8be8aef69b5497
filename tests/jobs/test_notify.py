"""What people are told of jobs that ended: whom, what, where; webhooks and the page."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from notified import Office, Receiver, receiver
from waiting import until

from sdcviz.errors import BadRequest
from sdcviz.jobs.model import State, Usage
from sdcviz.notifications.letter import make_mail
from sdcviz.notifications.preferences import preferences_of, secret_of
from sdcviz.notifications.summary import address_of, link_of
from sdcviz.settings import load_settings


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def office(tmp_path: Path, hook: Receiver) -> Office:
    office = Office(tmp_path, webhook_hosts=(hook.host,))
    office.wish(webhook=hook.address)
    return office


def test_a_notice_is_written_once_and_read(office: Office) -> None:
    job = office.ended()
    office.notifier.on_end(job)
    office.ended(State.CANCELLED, owner="bob")
    (notice,) = office.notices.of("ann")
    assert (notice.job, notice.state, notice.is_seen) == (job.id, "done", False)
    assert "12 001 of 12 345 used" in notice.text.replace("\u202f", " ")
    assert (office.notices.unread("ann"), office.notices.unread("bob")) == (1, 1)
    before = office.notices.version()
    office.notices.mark("ann")
    assert (office.notices.unread("ann"), office.notices.unread("bob")) == (0, 1)
    assert [(owner, n.is_seen) for owner, n in office.notices.news(before)] == [("ann", True)]
    office.notices.mark("ann")
    assert len(office.notices.news(before)) == 1


def test_a_document_arrives_and_is_signed(office: Office, hook: Receiver) -> None:
    job = office.ended()
    office.send_all()
    ((headers, body),) = hook.got
    told = json.loads(body)
    assert (told["event"], told["job"]["id"], told["job"]["state"]) == ("job.done", job.id, "done")
    assert told["link"] == f"http://localhost:5099/?tab=interpolate&job={job.id}"
    assert headers["X-Sdcviz-Delivery"] == f"{job.id}.1"
    stamp, made = headers["X-Sdcviz-Signature"].split(",")
    secret = secret_of("ann", hook.address, office.settings)
    seconds = stamp.removeprefix("t=")
    right = hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert made == f"v1={right}"
    assert abs(time.time() - int(seconds)) < 3600
    assert secret != secret_of("bob", hook.address, office.settings)
    assert office.states(job) == [("webhook", "sent", 1)]


@pytest.mark.parametrize(
    ("answers", "state", "tries", "trouble"),
    [
        ([503, 200], "sent", 2, ""),
        ([429, 500, 500], "refused", 3, "answered 500"),
        ([404], "refused", 1, "answered 404"),
        ([302], "refused", 1, "redirects are not followed"),
    ],
)
def test_answers_of_a_receiver(
    office: Office, hook: Receiver, answers: list[int], state: str, tries: int, trouble: str
) -> None:
    hook.answers = list(answers)
    job = office.ended()
    office.send_all()
    assert office.states(job) == [("webhook", state, tries)]
    assert len(hook.got) == tries
    (notice,) = office.notices.of("ann")
    assert trouble in notice.trouble and bool(notice.trouble) == bool(trouble)
    assert office.store.get(job.id) == job


def test_nobody_listens(office: Office, tmp_path: Path) -> None:
    with receiver() as gone:
        pass
    other = Office(tmp_path, webhook_hosts=("127.0.0.1",))
    other.wish(webhook=gone.address)
    job = other.ended()
    other.send_all()
    assert other.states(job) == [("webhook", "refused", 3)]
    assert "can't be reached" in other.notices.of("ann")[0].trouble


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://allowed.example.evil.example/",
        "http://allowed.example:8443/",
        "file:///etc/passwd",
        "gopher://allowed.example/",
        "https://user:password@allowed.example/",
        "https://allowed.example\\@evil.example/",
        "https://allowed.example/a b",
        "//allowed.example/",
        "http://[::1",
        "",
    ],
)
def test_addresses_that_are_not_allowed(office: Office, address: str) -> None:
    settings = office.settings.model_copy(update={"webhook_hosts": ("allowed.example:443",)})
    from sdcviz.notifications.webhook import check_address

    with pytest.raises(BadRequest):
        check_address(address, settings)
    assert check_address("https://Allowed.example/hook", settings).path == "/hook"


def test_a_host_that_is_no_longer_allowed_gets_nothing(office: Office, hook: Receiver) -> None:
    job = office.ended()
    office.notifier.settings = office.settings.model_copy(update={"webhook_hosts": ()})
    office.send_all()
    assert (hook.got, office.states(job)) == ([], [("webhook", "refused", 1)])


@pytest.mark.parametrize(
    ("wishes", "state", "given", "sent"),
    [
        ({"done": False}, State.DONE, {}, 0),
        ({"done": False}, State.FAILED, {}, 1),
        ({"failed": False}, State.LOST, {}, 0),
        ({}, State.LOST, {}, 1),
        ({}, State.CANCELLED, {}, 0),
        ({"longer_than": 600}, State.DONE, {}, 0),
        ({"longer_than": 600}, State.DONE, {"usage": Usage(wall=601)}, 1),
        ({"longer_than": 600}, State.DONE, {"notify": {"webhook": True}}, 1),
        ({}, State.DONE, {"notify": {"webhook": False}}, 0),
        ({}, State.DONE, {"kind": "notebook"}, 0),
        ({}, State.DONE, {"owner": "bob"}, 0),
    ],
)
def test_a_person_chooses(
    office: Office, hook: Receiver, wishes: dict[str, Any], state: State, given: Any, sent: int
) -> None:
    office.wish(webhook=hook.address, **wishes)
    job = office.ended(state, **given)
    office.send_all()
    assert len(hook.got) == sent
    assert len(office.notices.of(job.spec.owner)) == 1


def test_preferences_are_kept_and_checked(office: Office) -> None:
    office.wish(mail="Ann <ann@x.example>", longer_than=60.0)
    assert preferences_of("ann", office.store.url).mail == "Ann <ann@x.example>"
    assert preferences_of("nobody", office.store.url).mail == ""
    for wrong in ("no address", "a@x.example\nBcc: all@x.example"):
        with pytest.raises(BadRequest):
            office.wish(mail=wrong)


def test_two_servers_send_a_document_once(office: Office, hook: Receiver) -> None:
    jobs = [office.ended() for _ in range(20)]
    others = [office.make() for _ in range(3)]
    for other in others:
        other.start()
    try:
        sent = [("webhook", "sent", 1)]
        until(lambda: all(office.states(job) == sent for job in jobs), "all are sent")
    finally:
        for other in others:
            other.stop()
    assert sorted(h["X-Sdcviz-Delivery"] for h, _ in hook.got) == sorted(f"{j.id}.1" for j in jobs)


def test_what_a_killed_server_had_in_hand_is_tried_again(office: Office, hook: Receiver) -> None:
    job = office.ended()
    assert len(office.notices.take()) == 1  # ... and dies
    assert office.notices.take() == []
    with sqlite3.connect(office.folder / "jobs.sqlite") as db:
        db.execute("UPDATE notice_message SET taken = taken - 1000")
    office.send_all()
    assert office.states(job) == [("webhook", "sent", 1)]


def test_a_clock_that_was_put_back_keeps_nothing(office: Office, hook: Receiver) -> None:
    job = office.ended()
    with sqlite3.connect(office.folder / "jobs.sqlite") as db:
        db.execute("UPDATE notice_message SET due = due + 1e9, taken = due + 1e9")
    office.send_all()
    assert office.states(job) == [("webhook", "sent", 1)]


def test_pauses_grow(office: Office, hook: Receiver) -> None:
    hook.answers = [503, 503]
    office.notifier = office.make(pauses=(100.0, 1000.0))
    office.ended()
    dues = []
    for _ in range(2):
        with sqlite3.connect(office.folder / "jobs.sqlite") as db:
            db.execute("UPDATE notice_message SET due = 0")
        before = time.time()
        office.send_all()
        with sqlite3.connect(office.folder / "jobs.sqlite") as db:
            dues.append(round(db.execute("SELECT due FROM notice_message").fetchone()[0] - before))
    assert 100 <= dues[0] < 200 and 1000 <= dues[1] < 1100


def test_a_thread_sends_at_once_and_ends(office: Office, hook: Receiver) -> None:
    office.notifier.start()
    job = office.ended()
    until(lambda: office.states(job) == [("webhook", "sent", 1)], "it is sent")
    office.notifier.stop()
    assert not [t for t in threading.enumerate() if t.name == "notices"]


def test_links_lead_back_to_the_page(office: Office) -> None:
    job = office.job(notify={"link": "?c=0b6c&tab=interpolate&level=10"})
    assert link_of(job, "https://x/") == f"https://x/?c=0b6c&tab=interpolate&level=10&job={job.id}"
    notebook = office.job(kind="notebook")
    assert link_of(notebook, "https://x/") == f"https://x/notebooks/{notebook.id}/"
    assert address_of(load_settings(port=5007, root_path="viz")) == "http://localhost:5007/viz/"
    assert address_of(load_settings(public_url="https://v.example/s")) == "https://v.example/s/"


def test_a_mail_bears_strange_titles(office: Office) -> None:
    job = office.job(State.FAILED, title="a\r\nBcc: all@x.example <b>é", reason="<script>")
    mail = make_mail(job, "ann@x.example", "viz@x.example", "http://x/")
    again = make_mail(job, "ann@x.example", "viz@x.example", "http://x/")
    assert mail["Subject"] == "sdcviz: a Bcc: all@x.example <b>é failed"
    assert mail["Bcc"] is None and mail["Message-ID"] == again["Message-ID"]
    html = mail.get_body(("html",))
    assert html is not None and "<script>" not in html.get_content()
