"""Write letters into a folder, and send those that the operator approves."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sdcviz.errors import BadRequest, SdcvizError
from sdcviz.mail import PAUSES, Sent, read_addresses, send

from .addresses import address_table
from .cases import Cases
from .message import LETTER_ID, addressed, make_message, read_message, write_eml
from .model import Letter

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.settings import Settings

__all__ = ["Written", "deliver", "letter_file", "letters_folder", "write_letters"]


@dataclass(frozen=True)
class Written:
    """A letter on disk.

    Attributes
    ----------
    letter : Letter
    path : Path
        Its .eml file.
    sha256 : str
        Of that file: what is approved is what is sent.
    to : str
        Address from the settings; empty: not known.
    """

    letter: Letter
    path: Path
    sha256: str
    to: str

    @property
    def why_not(self) -> str:
        """Say why it can't be sent yet; empty if it can."""
        if self.to:
            return ""
        whose = f"EDMO {self.letter.edmo}" if self.letter.edmo else "an unknown data centre"
        return f"There is no address of {whose}: give one, or add it to data_centre_addresses."


def letters_folder(collection: Collection, settings: Settings) -> Path:
    """Return the folder that keeps the letters about a collection."""
    return settings.data_dir / "letters" / collection.id


def letter_file(folder: Path, edmo: int, letter: str) -> Path:
    """Return the .eml file of a letter in a folder."""
    return folder / f"{f'edmo_{edmo}' if edmo else 'edmo_unknown'}_{letter[:8]}.eml"


def write_letters(
    collection: Collection, letters: Iterable[Letter], folder: Path, settings: Settings
) -> list[Written]:
    """Write letters as .eml files and open their cases; nothing is sent.

    Parameters
    ----------
    collection : Collection
    letters : iterable of Letter
        From `compose`.
    folder : Path
        Where to; a file for each data centre and letter.
    settings : Settings
        Sender and addresses.

    Returns
    -------
    list of Written

    Raises
    ------
    BadRequest
        An address in the settings is none.
    StorageError
        The folder or the journal's database can't be written.
    """
    table = address_table(settings)
    cases = Cases(collection)
    written = []
    for letter in letters:
        to = table.get(letter.edmo, "")
        message = make_message(letter, to=to, sender=settings.mail_from)
        path = write_eml(message, letter_file(folder, letter.edmo, letter.id))
        cases.written(letter)
        written.append(Written(letter, path, sha256(path), to))
    return written


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def deliver(
    collection: Collection,
    path: Path,
    *,
    to: str,
    user: str,
    settings: Settings,
    approved: str = "",
    pauses: tuple[float, ...] = PAUSES,
    wait: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send a written letter and note it in its case.

    Parameters
    ----------
    collection : Collection
    path : Path
        The .eml file.
    to : str
        Addresses of the data centre, with commas between them.
    user : str
        Who says so.
    settings : Settings
        Mail server and sender.
    approved : str
        SHA-256 of the file that was shown; another file is not sent.
    pauses, wait
        As for `send`.

    Returns
    -------
    Sent
        With the receivers that the server refused, if it took the letter for others: the
        letter may be sent to other addresses in their place. What was sent lies beside the
        file (``.sent.eml``).

    Raises
    ------
    BadRequest
        No address, sender or server; the letter was sent to all or one of these before,
        or is not the one that was approved.
    MailError
        The server does not take it; the case says why.
    """
    if not to.strip():
        raise BadRequest("This letter has no address; give the one of the data centre.")
    if approved and sha256(path) != approved:
        raise BadRequest(
            f"{path} is not the letter that was shown: it was changed since. Write it again."
        )
    message = read_message(path)
    cases = Cases(collection)
    letter = str(message.get(LETTER_ID, ""))
    receivers = read_addresses(to)
    recipients = ", ".join(str(address) for address in receivers)
    message = addressed(message, to, settings.mail_from, datetime.now(UTC).replace(microsecond=0))
    cases.sending(letter, to=recipients, user=user)
    try:
        sent = send(message, settings, pauses=pauses, wait=wait)
    except BaseException as error:
        reason = str(error) if isinstance(error, SdcvizError) else f"broken off ({error!r})"
        cases.failed(letter, to=recipients, reason=reason, user=user)
        raise
    taken = ", ".join(str(a) for a in receivers if a.addr_spec not in sent.refused)
    cases.sent(letter, to=taken, message_id=sent.message_id, user=user, refused=sent.told)
    write_eml(message, path.with_suffix(".sent.eml"))
    return sent
