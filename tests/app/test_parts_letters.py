"""The tool "Letters" without a browser: real letters, a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from letter_files import SCRIPT, flag, make_collection
from mail_server import MailServer, mail_server

from sdcviz.qc.letters import Cases, compose, letters_folder, write_letters
from sdcviz.settings import get_settings
from sdcviz_app import downloads
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.letters import LettersPart
from sdcviz_app.session import Session


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """Run a mail server and set it in the settings of this process and of those it starts."""
    with mail_server(tmp_path / "mail") as running:
        given = {
            **running.settings,
            "data_dir": tmp_path / "data",
            "mail_from": "qc@desk.example",
            "data_centre_addresses": '{"486": "data@sismer.example"}',
        }
        for name, value in given.items():
            monkeypatch.setenv(f"SDCVIZ_{name.upper()}", str(value))
        get_settings.cache_clear()
        yield running
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def part(server: MailServer, tmp_path: Path) -> LettersPart:
    c = make_collection(tmp_path)
    flag(c, "OPEN_1", [0, 1], "4", "spike")
    flag(c, "OPEN_2", 2, "3", "other")
    flag(c, "NORTH_1", 0, "4", "spike")
    session = Session()
    session.open(str(c.path))
    session.user = "Ann"
    part = LettersPart(desk=Desk(session=session))
    part.open()
    return part


def written(part: LettersPart) -> LettersPart:
    """Write the letters and show them."""
    c = part.desk.data
    assert c is not None
    settings = get_settings()
    write_letters(c, compose(c, author="Ann"), letters_folder(c, settings), settings)
    part.open()
    sismer = next(case for case in part.form.state["cases"] if case["edmo"] == 486)
    part._take({"do": "choose", "id": sismer["id"]})
    return part


def asked(part: LettersPart, **said: object) -> LettersPart:
    """Have the letters written as a process of its own, as the form does."""
    part._take({"do": "write", **said})
    job = part.job
    assert job is not None and part.form.state["busy"]
    job.process.wait(timeout=180)
    while part.job is not None:
        part.follow()
    return part


def test_first_there_are_none(part: LettersPart) -> None:
    state = part.form.state
    assert (state["cases"], state["chosen"], state["shares"]) == ([], None, [])
    assert part.form.form["contact"] == "qc@desk.example"


def test_letters_are_written_and_shown(part: LettersPart) -> None:
    state = asked(part, answer_by="2027-03-01").form.state
    assert state["said"].endswith("2 letters written.") and not state["wrong"]
    assert {case["edmo"]: case["state"] for case in state["cases"]} == {
        486: "written", 545: "written",
    }  # fmt: skip
    chosen = state["chosen"]
    assert "(EDMO 486)" in chosen["subject"] and "2027-03-01" in chosen["told"]
    assert (chosen["to"], chosen["cannot"]) == ("data@sismer.example", "")
    assert [row["cdi"] for row in chosen["rows"]] == ["OPEN_1", "OPEN_2"]
    assert "Dear colleagues" in part.form.page and SCRIPT not in part.form.page
    file = downloads.find(chosen["file"].rpartition("/")[2])
    assert file.name == chosen["file_name"]
    other = next(case for case in state["cases"] if case["edmo"] == 545)
    part._take({"do": "choose", "id": other["id"]})
    chosen = part.form.state["chosen"]
    assert (chosen["to"], chosen["why"]) == (
        "", "The settings have no address of EDMO 545: give one.",
    )  # fmt: skip


def test_what_is_typed_is_no_option(part: LettersPart) -> None:
    state = asked(part, contact="--send", since="--send").form.state
    assert state["wrong"] and "'--send' is no time" in state["said"]


def test_nothing_is_sent_before_it_is_approved(part: LettersPart, server: MailServer) -> None:
    written(part)
    assert not server.mails
    part._take({"do": "send", "to": "someone@else.example"})
    (mail,) = server.mails
    assert mail["To"] == "someone@else.example"
    state = part.form.state
    assert state["said"] == "Sent to someone@else.example." and not state["wrong"]
    assert state["chosen"]["cannot"] == "Sent to someone@else.example."
    case = Cases(part.desk.data).case(state["chosen"]["id"])
    assert (case.state, case.message_id) == ("sent", mail["Message-ID"])


def test_one_of_two_receivers_is_refused(part: LettersPart, server: MailServer) -> None:
    server.answers[:] = ["550 5.1.1 No such user"]
    written(part)._take({"do": "send", "to": "a@x.example, data@sismer.example"})
    state = part.form.state
    assert state["said"] == "Sent in part, but not to a@x.example: 550 5.1.1 No such user."
    assert state["wrong"] and "sent in part" in [case["state"] for case in state["cases"]]
    chosen = state["chosen"]
    assert (
        "Sent to data@sismer.example on" in chosen["told"] and "Not sent to a@x" in chosen["told"]
    )
    assert (chosen["to"], chosen["cannot"]) == ("", "")
    part._take({"do": "send", "to": "b@x.example"})
    state = part.form.state
    assert state["said"] == "Sent to b@x.example." and not state["wrong"]
    assert state["chosen"]["cannot"] == "Sent to data@sismer.example, b@x.example."


def test_refusal_is_told_and_the_letter_stays(part: LettersPart, server: MailServer) -> None:
    server.answers[:] = ["550 5.1.1 No such user"]
    written(part)._take({"do": "send", "to": "data@sismer.example"})
    state = part.form.state
    assert state["wrong"] and "550" in state["said"] and "550" in state["chosen"]["told"]
    assert state["chosen"]["cannot"] == ""
    part._take({"do": "send", "to": "data@sismer.example\nBcc: spy@evil.example"})
    assert part.form.state["wrong"] and not server.mails


def test_letter_that_was_changed_is_not_sent(part: LettersPart, server: MailServer) -> None:
    written(part)
    case = part._case()
    assert case is not None
    file = part._file(case)
    file.write_bytes(file.read_bytes() + b"something else")
    part._take({"do": "send", "to": "data@sismer.example"})
    assert "not the letter that was shown" in part.form.state["said"] and not server.mails


def test_answers_and_the_share_accepted(part: LettersPart) -> None:
    written(part)._take({"do": "send", "to": "data@sismer.example"})
    part._take({"do": "answer", "answers": {"1": ["accepted", ""], "2": ["rejected", ""]}})
    assert "say for which reason" in part.form.state["said"]
    part._take({"do": "answer", "answers": {"1": ["accepted", ""], "2": ["rejected", "log book"]}})
    state = part.form.state
    assert state["said"] == "2 answers noted."
    assert [(r["verdict"], r["reason"]) for r in state["chosen"]["rows"]] == [
        ("accepted", ""), ("rejected", "log book"),
    ]  # fmt: skip
    assert [row[1:] for row in state["shares"]] == [[1, 1, 0, "50%"]]
    assert state["cases"][0]["state"] in {"answered", "written"}


def test_without_a_mail_server_the_file_is_offered(
    part: LettersPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SDCVIZ_SMTP_HOST")
    get_settings.cache_clear()
    state = written(part).form.state
    assert "No mail server is set" in state["chosen"]["cannot"]
    assert state["chosen"]["file"]
