"""A letter as a mail: made, written as .eml, read back, addressed."""

from __future__ import annotations

from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.mail import read_addresses
from sdcviz.storage import storage_errors

from .model import Letter
from .words import body

__all__ = ["LETTER_ID", "addressed", "make_message", "message_bytes", "read_message", "write_eml"]

LETTER_ID = "X-Sdcviz-Letter"
"""Header that names the case of a letter."""
_POLICY = policy.SMTP.clone(max_line_length=78)


def make_message(letter: Letter, *, to: str = "", sender: str = "") -> EmailMessage:
    """Make the mail of a letter.

    Parameters
    ----------
    letter : Letter
    to : str
        Address of the data centre; without one the mail is a draft.
    sender : str
        Address it comes from.

    Returns
    -------
    EmailMessage
        Mail programs open it as a draft until `addressed` was called.

    Raises
    ------
    BadRequest
        An address is none, or tries to smuggle in further headers.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = letter.subject
    if sender:
        message["From"] = read_addresses(sender)
    if to:
        message["To"] = read_addresses(to)
    message["Date"] = format_datetime(letter.written)
    message[LETTER_ID] = letter.id
    message["X-Unsent"] = "1"
    message.set_content(body(letter), charset="utf-8", cte="quoted-printable")
    for name, mime, content in letter.attachments:
        main, sub = mime.split("/")
        # Our own texts are UTF-8; an ODV file may be in the encoding of its source.
        known = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(content, maintype=main, subtype=sub, filename=name, params=known)
    return message


def message_bytes(message: EmailMessage) -> bytes:
    """Give a mail as the bytes of an .eml file."""
    return message.as_bytes(policy=_POLICY)


def write_eml(message: EmailMessage, path: Path) -> Path:
    """Write a mail to a file that mail programs open.

    Raises
    ------
    StorageError
        The disk is full or may not be written.
    """
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message_bytes(message))
    return path


def read_message(content: bytes | Path) -> EmailMessage:
    """Read a mail.

    Raises
    ------
    UnreadableFile
        The file is not there, or no mail.
    """
    if isinstance(content, Path):
        content = _read(content)
    message = BytesParser(policy=_POLICY).parsebytes(content)
    if "Subject" not in message:
        raise UnreadableFile("This is no mail: it has no subject. Write the letter again.")
    assert isinstance(message, EmailMessage)
    return message


def addressed(message: EmailMessage, to: str, sender: str, now: datetime) -> EmailMessage:
    """Return a copy of a mail that can be sent.

    Parameters
    ----------
    message : EmailMessage
        From `make_message`.
    to, sender : str
        Addresses.
    now : datetime
        Its date.

    Returns
    -------
    EmailMessage
        Sent twice by mistake, it has the same Message-ID, so that the receiver
        shows it once.

    Raises
    ------
    BadRequest
        There is no sender, or an address is none.
    """
    if not sender.strip():
        raise BadRequest(
            "A letter can't be sent without a sender: set SDCVIZ_MAIL_FROM to your address."
        )
    copy = read_message(message_bytes(message))
    senders = read_addresses(sender)
    for name in ("From", "To", "Date", "Message-ID", "X-Unsent"):
        del copy[name]
    copy["From"] = senders
    copy["To"] = read_addresses(to)
    copy["Date"] = format_datetime(now)
    copy["Message-ID"] = f"<{copy[LETTER_ID]}@{senders[0].domain}>"
    return copy


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            f"{path}: the letter can't be read ({error.strerror}); write it again."
        ) from error
