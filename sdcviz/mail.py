"""Mail addresses, and handing a mail to a mail server (SMTP), patiently where it asks for it."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import TYPE_CHECKING

from .errors import BadRequest, MailError

if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["PAUSES", "Sent", "is_implicit", "read_addresses", "send"]

log = logging.getLogger(__name__)

PAUSES = (2.0, 10.0, 30.0)
"""Seconds before each further attempt."""
SMTPS = 465
"""Port on which mail servers expect encryption from the first byte (RFC 8314)."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PLAIN = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\?")


def read_addresses(text: str) -> tuple[Address, ...]:
    """Read one or more addresses: ``data@centre.example, Name <other@centre.example>``.

    Parameters
    ----------
    text : str
        Addresses with commas between them.

    Returns
    -------
    tuple of Address

    Raises
    ------
    BadRequest
        There is none, one is no address, or a line break is in it (which could
        smuggle further headers into the mail).
    """
    if _CONTROL.search(text):
        raise BadRequest(
            f"{text!r}: a mail address can't hold line breaks, control characters or encoded "
            "words; write it plainly on one line."
        )
    if not text.strip():
        raise BadRequest("There is no mail address; give one such as data@centre.example.")
    header = policy.default.header_factory("To", text)
    if header.defects or not all(_PLAIN.fullmatch(a.addr_spec) for a in header.addresses):
        raise BadRequest(
            f"{text!r} is no mail address; write it as data@centre.example, "
            "and several with commas between them."
        )
    return tuple(Address(a.display_name, a.username, a.domain) for a in header.addresses)


@dataclass(frozen=True)
class Sent:
    """A mail that a server has taken.

    Attributes
    ----------
    message_id : str
    refused : mapping of str to str
        Receivers that the server would not take, and what it answered; the others have it.
    """

    message_id: str
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """Who has not got it and why; empty if all have it."""
        return "; ".join(f"{to}: {answer}" for to, answer in self.refused.items())


class _Later(Exception):
    """The server can't just now, and says why."""


def send(
    message: EmailMessage,
    settings: Settings,
    *,
    pauses: tuple[float, ...] = PAUSES,
    wait: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send a mail by the server of the settings.

    Parameters
    ----------
    message : EmailMessage
        With sender, receivers and Message-ID.
    settings : Settings
        ``smtp_host`` and what else begins with ``smtp_``.
    pauses : tuple of float
        Seconds before each further attempt after an answer 4xx (greylisting,
        overload), a lost connection or none.
    wait : callable
        Waits so many seconds.

    Returns
    -------
    Sent
        Also where the server took the mail for some of several receivers only: sending
        it to all again would not be right.

    Raises
    ------
    BadRequest
        No server is set.
    MailError
        The server refused (5xx, wrong password, no STARTTLS, a certificate that
        is not to be trusted), or did not take the mail in all attempts. Nothing
        was sent as far as it told.
    """
    if not settings.smtp_host:
        raise BadRequest(
            "There is no mail server: set SDCVIZ_SMTP_HOST; letters that are written as .eml files "
            "can also be sent with your mail program."
        )
    reason = ""
    for pause in (0.0, *pauses):
        if reason:
            log.warning("%s; trying again in %g s.", reason, pause)
            wait(pause)
        try:
            refused = _attempt(message, settings)
            return Sent(str(message["Message-ID"]), refused)
        except _Later as later:
            reason = str(later)
    tried = f"gave up after {len(pauses) + 1} attempts. " if pauses else ""
    raise MailError(f"{reason}; {tried}The mail is kept: send it later.", passing=True)


def _attempt(message: EmailMessage, settings: Settings) -> dict[str, str]:
    """Try once; `_Later` if it is worth another attempt."""
    server = f"The mail server {settings.smtp_host}:{settings.smtp_port}"
    silence = f"{server} did not answer within {settings.smtp_timeout:g} s"
    try:
        with _connected(settings) as smtp:
            _sign_on(smtp, settings, server)
            refused = smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _of_refusals(error.recipients, server) from error
    except smtplib.SMTPResponseException as error:
        raise _of_answer(error, server) from error
    except smtplib.SMTPServerDisconnected as error:
        # smtplib makes the same of a server that says nothing.
        if isinstance(error.__context__, TimeoutError):
            raise _Later(silence) from error
        raise _Later(f"{server} hung up") from error
    except smtplib.SMTPException as error:
        raise MailError(f"{server} and we can't talk: {error}. Nothing was sent.") from error
    except ssl.SSLCertVerificationError as error:
        raise MailError(
            f"{server} can't prove who it is ({getattr(error, 'verify_message', '') or error}); "
            "nothing was sent. Set SDCVIZ_SMTP_CA to its certificate if you trust it."
        ) from error
    except ssl.SSLError as error:
        raise MailError(
            f"{server} and we can't agree on encryption ({error.reason or error}); nothing was "
            "sent. Check SDCVIZ_SMTP_PORT: 465 encrypts from the first byte, 587 by STARTTLS "
            "(SDCVIZ_SMTP_IMPLICIT_TLS for other ports)."
        ) from error
    except TimeoutError as error:
        raise _Later(silence) from error
    except OSError as error:
        raise _Later(f"{server} can't be reached ({error.strerror or error})") from error
    return {to: _text(*answer) for to, answer in refused.items()}


def is_implicit(settings: Settings) -> bool:
    """Tell whether the connection is encrypted from the first byte: SMTPS, not STARTTLS."""
    told = settings.smtp_implicit_tls
    return settings.smtp_port == SMTPS if told is None else told


def _connected(settings: Settings) -> smtplib.SMTP:
    place = settings.smtp_host, settings.smtp_port
    if is_implicit(settings):
        context = _trusting(settings)
        return smtplib.SMTP_SSL(*place, timeout=settings.smtp_timeout, context=context)
    return smtplib.SMTP(*place, timeout=settings.smtp_timeout)


def _trusting(settings: Settings) -> ssl.SSLContext:
    """Return what proves the server."""
    authorities = str(settings.smtp_ca) if settings.smtp_ca else None
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise MailError(f"{authorities}: no certificates can be read ({error}).") from error


def _sign_on(smtp: smtplib.SMTP, settings: Settings, server: str) -> None:
    smtp.ehlo_or_helo_if_needed()
    if settings.smtp_starttls and not is_implicit(settings):
        if not smtp.has_extn("starttls"):
            raise MailError(
                f"{server} offers no encryption (STARTTLS); nothing was sent. Use another port, "
                "or set SDCVIZ_SMTP_STARTTLS=false if the way to it is safe."
            )
        smtp.starttls(context=_trusting(settings))
        smtp.ehlo()
    if settings.smtp_user:
        password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
        try:
            smtp.login(settings.smtp_user, password)
        except smtplib.SMTPNotSupportedError as error:
            raise MailError(
                f"{server} asks for no password on this connection; nothing was sent. "
                "Unset SDCVIZ_SMTP_USER, or use the port for sign-on."
            ) from error


def _of_answer(error: smtplib.SMTPResponseException, server: str) -> Exception:
    """Turn an answer of the server into one of the two errors."""
    told = _text(error.smtp_code, error.smtp_error)
    if 400 <= error.smtp_code < 500:
        return _Later(f"{server} answered {told}")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailError(
            f"{server} does not accept user and password ({told}); nothing was sent. "
            "Check SDCVIZ_SMTP_USER and SDCVIZ_SMTP_PASSWORD."
        )
    return MailError(f"{server} refused the mail: {told}. Nothing was sent.")


def _of_refusals(answers: dict[str, tuple[int, bytes]], server: str) -> Exception:
    """All receivers were refused: later if one of them may be taken then."""
    told = "; ".join(f"{to}: {_text(*answer)}" for to, answer in answers.items())
    if any(400 <= code < 500 for code, _ in answers.values()):
        return _Later(f"{server} answered {told}")
    return MailError(f"{server} refused the mail: {told}. Nothing was sent; check the address.")


def _text(code: int, words: bytes | str) -> str:
    plain = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(plain.split())[:300]}"
