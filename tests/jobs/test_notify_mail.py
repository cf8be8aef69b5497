"""Mail about jobs and a real mail server: encrypted, put off, refused, away; a real job's end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from analysis_runs import recipe, scatter
from mail_server import MailServer, mail_server
from notified import Office
from waiting import until

from sdcviz.jobs.model import State
from sdcviz.notifications.notifier import PAUSES
from sdcviz.settings import load_settings

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with mail_server(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a real product."""
    from sdcviz.analyses import run
    from sdcviz.plots.product import product_picture

    folder = tmp_path_factory.mktemp("product")
    small = recipe(levels=[0, 20], time={"years": [1991, 2020], "months": [1]})
    report = run(small, folder / "p.nc", points=scatter(800, months=[1]), workers=1)
    residuals = [abs(one["residual"]) for one in report["worst"]]
    assert len(residuals) == 5 and residuals == sorted(residuals, reverse=True)
    return product_picture(folder / "p.nc", folder / "picture.png")


@pytest.fixture
def office(tmp_path: Path, server: MailServer) -> Office:
    for seen in (server.answers, server.hang_up, server.mails, server.envelopes, server.asked):
        seen.clear()
    office = Office(tmp_path, **server.settings)
    office.wish(mail="Ann <ann@x.example>")
    return office


def test_a_picture_shows_the_map(picture: Path) -> None:
    from matplotlib import image

    seen = image.imread(picture)
    assert picture.stat().st_size < 100_000
    assert min(seen.shape[:2]) > 300
    assert len(np.unique((seen[..., :3] * 255).astype(int).reshape(-1, 3), axis=0)) > 50


def test_a_mail_arrives_with_picture_and_link(
    office: Office, server: MailServer, picture: Path
) -> None:
    job = office.job(notify={"link": "?c=0b6c&tab=interpolate"})
    shutil.copy(picture, job.spec.folder / "work" / "picture.png")
    office.notifier.on_end(job)
    office.send_all()
    (mail,), (envelope,) = server.mails, server.envelopes
    assert server.sessions[-1].ssl is not None
    assert envelope.rcpt_tos == ["ann@x.example"] and not mail.defects
    assert mail["Subject"] == "sdcviz: Temperature, month by month is done"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{job.id}.1@desk.example>"
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    text = plain.get_content().replace("\u202f", " ")
    link = f"http://localhost:5099/?c=0b6c&tab=interpolate&job={job.id}"
    for words in ("12 001 of 12 345 used", "0.314 °C", "-2.5 °C", "3 min", "1.5 GB", link):
        assert words in text
    shown = html.get_content()
    assert link.replace("&", "&amp;") in shown and "486-FI35&lt;b&gt;" in shown
    (png,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert png.get_payload(decode=True) == picture.read_bytes()
    assert f"cid:{png['Content-ID'].strip('<>')}" in shown
    assert office.states(job) == [("mail", "sent", 1)]


def test_a_failure_carries_reason_and_last_lines(office: Office, server: MailServer) -> None:
    job = office.job(State.FAILED, reason="Out of memory: more than 2 GB.")
    log = "".join(f"line {k}\r\n" for k in range(500))
    log += "\x1b[31mred\x1b[0m <b>\npassword=topsecret9\n"
    (job.spec.folder / "log.txt").write_text(log)
    # Not a picture, and of a job that made none.
    (job.spec.folder / "work" / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    office.notifier.on_end(job)
    office.send_all()
    (mail,) = server.mails
    assert mail["Subject"].endswith("failed")
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "Out of memory: more than 2 GB." in text
        assert "line 499" in text and "line 400" not in text
        assert "topsecret9" not in text and "\x1b" not in text
    assert "red &lt;b&gt;" in text
    assert not [part for part in mail.walk() if part.get_content_maintype() == "image"]


def test_greylisting_passes(office: Office, server: MailServer) -> None:
    server.answers = ["451 4.7.1 Greylisted", "452 4.2.2 Full"]
    job = office.ended()
    office.send_all()
    assert office.states(job) == [("mail", "sent", 3)]
    assert len(server.mails) == 1 and office.notices.of("ann")[0].trouble == ""


def test_a_lost_answer_gives_the_same_mail_again(office: Office, server: MailServer) -> None:
    server.hang_up = ["DATA"]
    job = office.ended()
    office.send_all()
    assert office.states(job) == [("mail", "sent", 2)]
    assert {mail["Message-ID"] for mail in server.mails} == {f"<{job.id}.1@desk.example>"}


def test_a_refused_mail_harms_no_job(office: Office, server: MailServer) -> None:
    server.answers = ["550 5.1.1 No such user"]
    job = office.ended()
    office.send_all()
    assert office.states(job) == [("mail", "refused", 1)]
    (notice,) = office.notices.of("ann")
    assert notice.state == "done" and "550 5.1.1 No such user" in notice.trouble
    assert office.store.get(job.id) == job


def test_one_of_two_receivers_is_refused(office: Office, server: MailServer) -> None:
    office.wish(mail="a@x.example, b@x.example")
    server.answers = ["250 OK", "550 5.1.1 No such user"]
    job = office.ended()
    office.send_all()
    assert office.states(job) == [("mail", "sent", 1)]
    assert "b@x.example: 550" in office.notices.of("ann")[0].trouble


def test_a_server_that_is_down_is_given_up_in_the_end(office: Office, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        given = {"smtp_host": "127.0.0.1", "smtp_port": taken.getsockname()[1]}
        office.notifier.settings = office.settings.model_copy(update=given)
        job = office.ended()
        office.send_all()
    assert office.states(job) == [("mail", "refused", 3)]
    assert "can't be reached" in office.notices.of("ann")[0].trouble
    assert sum(PAUSES) > 12 * 3600 and list(PAUSES) == sorted(PAUSES)


def test_a_server_that_comes_back_gets_it(office: Office, server: MailServer) -> None:
    away = office.settings.model_copy(update={"smtp_port": 1})
    office.notifier.settings = away
    job = office.ended()
    assert office.notifier.send_due()
    assert office.states(job) == [("mail", "waiting", 1)]
    office.notifier.settings = office.settings
    office.send_all()
    assert office.states(job) == [("mail", "sent", 2)] and len(server.mails) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [({"smtp_host": ""}, "There is no mail server"), ({"mail_from": ""}, "without a sender")],
)
def test_without_settings_the_notice_says_so(
    office: Office, given: dict[str, str], words: str
) -> None:
    office.notifier.settings = office.settings.model_copy(update=given)
    job = office.ended()
    office.send_all()
    assert office.states(job) == [("mail", "refused", 1)]
    assert words in office.notices.of("ann")[0].trouble


def test_the_end_of_a_real_job_is_told(tmp_path: Path, server: MailServer) -> None:
    """The command line alone: preferences, a job that fails, a keeper in the background."""
    server.mails.clear()
    env = {k: v for k, v in os.environ.items() if not k.startswith("SDCVIZ_")}
    given = {**server.settings, "data_dir": tmp_path, "mail_from": "viz@desk.example"}
    env |= {f"SDCVIZ_{name.upper()}": str(value) for name, value in given.items()}

    def sdcviz(*words: str) -> str:
        command = [sys.executable, "-m", "sdcviz.cli", *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    sdcviz("notify", "set", "--mail", "ann@x.example", "--no-done")
    assert "ann@x.example" in sdcviz("notify", "show")
    id = sdcviz("job", "submit", "--", "info", str(tmp_path / "nothing here")).strip()
    mail = until(lambda: server.mails and server.mails[0], "the mail")
    assert mail["X-Sdcviz-Job"] == id and mail["Subject"].endswith("failed")
    body = mail.get_body(("plain",))
    assert body is not None and "nothing here" in body.get_content()
    assert id[:8] in until(lambda: sdcviz("notify", "list"), "the notice")
    assert load_settings(data_dir=tmp_path).smtp_host == ""
    # The keeper that was left in the background ends by itself.
    log = b"--until-idle\0"
    until(lambda: not _running(log, str(tmp_path)), "the keeper ends")


def _running(words: bytes, folder: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                ours = f"SDCVIZ_DATA_DIR={folder}".encode() in (entry / "environ").read_bytes()
                if ours and words in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found
