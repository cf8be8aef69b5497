"""A real mail server for tests (aiosmtpd): encrypted, sign-on, and answers on demand."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from ports import free_port
from waiting import LONG

__all__ = ["PASSWORD", "USER", "MailServer", "certificate", "mail_server"]

USER, PASSWORD = "desk", "a long password"


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Make a certificate for this machine that proves itself; return it and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    known = [x509.DNSName(name) for name in names or ("localhost",)]
    address = [] if names else [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([*known, *address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


@dataclass
class MailServer:
    """What the server does and what it received.

    Attributes
    ----------
    answers : list of str
        Given one after another instead of taking a receiver, such as ``"452 Later"``;
        ``"250 OK"`` takes it.
    hang_up : list of str
        At which commands (``"RCPT"``, ``"DATA"``) the connection is cut, one after another.
    mails : list of EmailMessage
        What was taken.
    envelopes : list of Envelope
    asked : list of str
        Receivers that were named, also those refused.
    """

    ca: Path
    port: int
    answers: list[str] = field(default_factory=list)
    hang_up: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of sdcviz for this server."""
        return {
            "smtp_host": "localhost",
            "smtp_port": self.port,
            "smtp_user": USER,
            "smtp_password": PASSWORD,
            "smtp_ca": self.ca,
            "smtp_timeout": LONG,
        }

    # The names of the hooks are those of aiosmtpd.
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        self.asked.append(address)
        if self._cuts("RCPT", server):
            return "250 OK"
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if not answer.startswith("250"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._cuts("DATA", server):
            return "250 OK"
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(BytesParser(policy=policy.default).parsebytes(content))
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 Taken"

    def _cuts(self, command: str, server: SMTP) -> bool:
        if self.hang_up[:1] != [command]:
            return False
        self.hang_up.pop(0)
        assert server.transport is not None
        server.transport.abort()
        return True


def _signs_on(server: SMTP, session: Session, envelope: Envelope, how: str, who: Any) -> AuthResult:
    right = (who.login, who.password) == (USER.encode(), PASSWORD.encode())
    # Unless told that the answer is left to it, the server answers a refusal with nothing.
    return AuthResult(success=right, handled=False)


@contextmanager
def mail_server(
    folder: Path, *, encrypted: bool = True, named: str = "", implicit: bool = False
) -> Iterator[MailServer]:
    """Run a mail server on a free port that asks for encryption and password.

    Encryption begins by STARTTLS, or with the first byte where it is `implicit`.
    """
    pem, key = certificate(folder, *([named] if named else []))
    behaviour = MailServer(ca=pem, port=free_port())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    secure: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    if implicit:
        secure = {"ssl_context": context}
    controller = Controller(
        behaviour,
        hostname="127.0.0.1",
        port=behaviour.port,
        authenticator=_signs_on,
        auth_required=True,
        # aiosmtpd knows of encryption by STARTTLS only.
        auth_require_tls=encrypted and not implicit,
        ready_timeout=LONG,
        data_size_limit=64 * 1024**2,
        **(secure if encrypted else {}),
    )
    controller.start()
    try:
        yield behaviour
    finally:
        controller.stop()
