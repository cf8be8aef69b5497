"""Letters and a real mail server: encrypted, signed on, refused, put off, cut off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from letter_files import FORMULA, SCRIPT, flag, make_collection, settings, value
from mail_server import PASSWORD, MailServer, mail_server

from sdcviz.errors import BadRequest, MailError
from sdcviz.mail import Sent, is_implicit
from sdcviz.observations import Collection
from sdcviz.plots import station as artist
from sdcviz.qc.letters import Cases, Written, compose, deliver, write_letters
from sdcviz.settings import Settings

pytestmark = pytest.mark.service

TO = "Data desk <data@sismer.example>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with mail_server(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture(autouse=True)
def as_new(server: MailServer) -> None:
    """Forget what earlier tests sent and asked for."""
    for seen in (server.answers, server.hang_up, server.mails, server.envelopes, server.asked):
        seen.clear()
    server.sessions.clear()


@pytest.fixture
def c(tmp_path: Path) -> Collection:
    return make_collection(tmp_path)


class Desk:
    """An operator who writes one letter and sends it."""

    def __init__(self, c: Collection, folder: Path, **given: Any) -> None:
        self.c = c
        self.settings: Settings = settings(folder, **given)
        self.waited: list[float] = []
        flag(c, "OPEN_1", [0, 1], "4", f"spike {SCRIPT}", user="Ann")
        flag(c, "CLOSED_1", [0, 1], "4", "spike", user="Ann")
        (letter,) = compose(c, author="Ann", settings=self.settings, artist=artist)
        (self.written,) = write_letters(c, [letter], folder / "out", self.settings)

    def send(self, to: str = TO, written: Written | None = None) -> Sent:
        written = written or self.written
        return deliver(
            self.c, written.path, to=to, user="Ann", settings=self.settings,
            approved=written.sha256, wait=self.waited.append,
        )  # fmt: skip

    @property
    def case(self) -> Any:
        return Cases(self.c).case(self.written.letter.id)


@pytest.fixture
def desk(c: Collection, tmp_path: Path, server: MailServer) -> Desk:
    return Desk(c, tmp_path, **server.settings)


def test_letter_arrives_whole(desk: Desk, server: MailServer) -> None:
    message_id = desk.send().message_id
    (mail,), (envelope,), (session,) = server.mails, server.envelopes, server.sessions
    assert session.ssl is not None and session.authenticated
    assert envelope.rcpt_tos == ["data@sismer.example"]
    assert envelope.mail_from == "qc@desk.example"
    assert not mail.defects
    assert (mail["To"], mail["From"]) == (TO, "Regional desk <qc@desk.example>")
    assert (mail["Message-ID"], mail["X-Unsent"]) == (message_id, None)
    assert message_id.endswith("@desk.example>")
    assert SCRIPT in mail["Subject"] and "SISMER" in mail["Subject"]
    body = mail.get_body(("plain",))
    assert body is not None and "Dear colleagues" in body.get_content()
    # What arrives is what was written, byte for byte.
    got = {p.get_filename(): p.get_payload(decode=True) for p in mail.iter_attachments()}
    assert got == {a.name: a.content for a in desk.written.letter.attachments}
    whole = b"".join(got.values()).decode()
    assert value(0, 0) in whole and value(2, 0) not in whole
    assert f"<td>{SCRIPT}" not in whole and f",{FORMULA}" not in whole
    assert (desk.case.state, desk.case.recipient, desk.case.message_id) == ("sent", TO, message_id)
    kept = desk.written.path.with_suffix(".sent.eml").read_bytes()
    assert BytesParser(policy=policy.default).parsebytes(kept)["Message-ID"] == message_id


def test_letter_is_sent_once(desk: Desk, server: MailServer) -> None:
    desk.send()
    with pytest.raises(BadRequest, match=r"was sent to Data desk <data@sismer\.example> on 20"):
        desk.send()
    assert len(server.mails) == 1


def test_several_receivers(desk: Desk, server: MailServer) -> None:
    desk.send("a@x.example, B <b@y.example>")
    assert server.envelopes[0].rcpt_tos == ["a@x.example", "b@y.example"]


def test_server_that_asks_for_patience(desk: Desk, server: MailServer) -> None:
    server.answers[:] = ["452 4.2.2 Mailbox full", "451 4.7.1 Greylisted"]
    desk.send()
    assert len(server.mails) == 1 and len(server.asked) == 3
    assert len(desk.waited) == 2 and desk.waited[0] < desk.waited[1]
    assert desk.case.state == "sent"


def test_patience_ends(desk: Desk, server: MailServer) -> None:
    server.answers[:] = ["452 4.2.2 Mailbox full"] * 9
    with pytest.raises(MailError, match=r"452 4\.2\.2 Mailbox full; gave up after 4 attempts"):
        desk.send()
    assert len(server.asked) == 4 and len(desk.waited) == 3 and not server.mails
    assert desk.case.state == "failed" and "452" in desk.case.failure
    # The letter is kept, and goes out when the server is willing.
    server.answers.clear()
    desk.send()
    assert desk.case.state == "sent" and not desk.case.failure


def test_refusal_is_final(desk: Desk, server: MailServer) -> None:
    server.answers[:] = ["550 5.1.1 No such user"]
    with pytest.raises(MailError, match=r"data@sismer\.example: 550 5\.1\.1 No such user"):
        desk.send()
    assert len(server.asked) == 1 and not desk.waited and not server.mails
    assert "550" in desk.case.failure


@pytest.mark.parametrize("answer", ["550 5.1.1 No such user", "451 4.7.1 Greylisted"])
def test_one_of_two_receivers_is_refused(desk: Desk, server: MailServer, answer: str) -> None:
    server.answers[:] = [answer]
    sent = desk.send("a@x.example, B <b@y.example>")
    assert sent.refused == {"a@x.example": answer}
    # Who has it is not sent it again.
    assert len(server.mails) == 1 and not desk.waited
    case = desk.case
    assert (case.state, case.recipient, case.failure) == ("sent in part", "B <b@y.example>", "")
    assert case.refused == f"a@x.example: {answer}"
    assert Cases(desk.c).shares() == {case.edmo: (0, 0, case.items)}
    assert Cases(desk.c).earlier()
    with pytest.raises(BadRequest, match=r"(?i)was sent to b@y\.example on 20.* have not got it"):
        desk.send("c@x.example, b@Y.example")
    assert len(server.mails) == 1
    desk.send("c@x.example")
    assert server.envelopes[1].rcpt_tos == ["c@x.example"]
    case = desk.case
    assert (case.state, case.refused) == ("sent", "")
    assert case.recipient == "B <b@y.example>, c@x.example"
    with pytest.raises(BadRequest, match="write a new one"):
        desk.send("d@x.example")


def test_all_of_two_receivers_are_refused(desk: Desk, server: MailServer) -> None:
    server.answers[:] = ["550 5.1.1 No such user", "550 5.1.1 Nor such"]
    with pytest.raises(MailError, match="Nothing was sent"):
        desk.send("a@x.example, b@y.example")
    assert desk.case.state == "failed" and not server.mails


def test_a_connection_that_is_encrypted_from_the_first_byte(c: Collection, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", implicit=True) as smtps:
        desk = Desk(c, tmp_path, **smtps.settings, smtp_implicit_tls=True)
        message_id = desk.send().message_id
        (mail,), (session,) = smtps.mails, smtps.sessions
        assert mail["Message-ID"] == message_id and session.authenticated
        assert desk.case.state == "sent"


@pytest.mark.parametrize(("port", "told", "implicit"), [
    (465, None, True), (587, None, False), (465, False, False), (2465, True, True),
])  # fmt: skip
def test_port_465_is_encrypted_from_the_first_byte(
    tmp_path: Path, port: int, told: bool | None, implicit: bool
) -> None:
    assert is_implicit(settings(tmp_path, smtp_port=port, smtp_implicit_tls=told)) is implicit


def test_a_stranger_on_an_encrypted_port(c: Collection, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", implicit=True, named="mail.elsewhere.example") as smtps:
        desk = Desk(c, tmp_path, **smtps.settings, smtp_implicit_tls=True)
        with pytest.raises(MailError, match="can't prove who it is"):
            desk.send()
        assert not smtps.asked and not desk.waited


def test_a_port_that_waits_for_starttls(c: Collection, tmp_path: Path, server: MailServer) -> None:
    desk = Desk(c, tmp_path, **server.settings, smtp_implicit_tls=True)
    with pytest.raises(MailError, match=r"can't agree on encryption.*Check SDCVIZ_SMTP_PORT"):
        desk.send()
    assert not server.asked and not desk.waited


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_server_that_hangs_up(desk: Desk, server: MailServer, command: str) -> None:
    server.hang_up[:] = [command]
    desk.send()
    assert len(server.mails) == 1 and len(desk.waited) == 1
    server.hang_up[:] = [command] * 9
    flag(desk.c, "OPEN_2", 0, "4", "spike")
    (letter,) = compose(desk.c, author="Ann", settings=desk.settings)
    (written,) = write_letters(desk.c, [letter], desk.written.path.parent, desk.settings)
    with pytest.raises(MailError, match="hung up; gave up after 4 attempts"):
        desk.send(written=written)


def test_wrong_password(c: Collection, tmp_path: Path, server: MailServer) -> None:
    desk = Desk(c, tmp_path, **{**server.settings, "smtp_password": "a wrong password"})
    with pytest.raises(MailError, match="does not accept user and password") as caught:
        desk.send()
    assert not desk.waited and not server.mails
    assert PASSWORD not in str(caught.value) and "wrong password" not in desk.case.failure


def test_without_sign_on_the_server_refuses(c: Collection, tmp_path: Path, server: Any) -> None:
    desk = Desk(c, tmp_path, **{**server.settings, "smtp_user": ""})
    with pytest.raises(MailError, match="530"):
        desk.send()


def test_server_without_encryption(c: Collection, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", encrypted=False) as plain:
        desk = Desk(c, tmp_path, **plain.settings)
        with pytest.raises(MailError, match="offers no encryption"):
            desk.send()
        assert not plain.asked
        desk.settings = settings(tmp_path, **plain.settings, smtp_starttls=False)
        desk.send()
        assert len(plain.mails) == 1


def test_certificate_of_another_machine(c: Collection, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", named="mail.elsewhere.example") as stranger:
        desk = Desk(c, tmp_path, **stranger.settings)
        with pytest.raises(MailError, match="can't prove who it is"):
            desk.send()
        assert not stranger.asked and not desk.waited


def test_certificate_that_nobody_knows(c: Collection, tmp_path: Path, server: MailServer) -> None:
    desk = Desk(c, tmp_path, **{**server.settings, "smtp_ca": None})
    with pytest.raises(MailError, match="can't prove who it is"):
        desk.send()
    assert not server.asked


def test_nobody_listens(c: Collection, tmp_path: Path, server: MailServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        desk = Desk(c, tmp_path, **{**server.settings, "smtp_port": taken.getsockname()[1]})
        with pytest.raises(MailError, match="can't be reached"):
            desk.send()
    assert len(desk.waited) == 3


def test_server_that_says_nothing(c: Collection, tmp_path: Path, server: MailServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = {"smtp_port": silent.getsockname()[1], "smtp_timeout": 0.2}
        desk = Desk(c, tmp_path, **{**server.settings, **given})
        with pytest.raises(MailError, match=r"did not answer within 0\.2 s"):
            desk.send()


def test_two_operators_send_at_once(desk: Desk, server: MailServer) -> None:
    start, told = threading.Barrier(2), []

    def approve() -> None:
        start.wait()
        try:
            told.append(desk.send())
        except BadRequest as error:
            told.append(str(error))

    threads = [threading.Thread(target=approve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.mails) == 1, told
    assert desk.case.state == "sent"
