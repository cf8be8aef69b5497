"""What a person wants to hear about jobs, and where."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from ..jobs.model import Job, State
from ..jobs.tables import database_of
from ..mail import read_addresses
from ..settings import Settings
from .tables import LOCK, PREFERENCE, open_notices
from .webhook import check_address

__all__ = ["Preferences", "preferences_of", "save_preferences", "secret_of", "wanted"]

QUIET_KINDS = frozenset({"notebook"})
"""Jobs that people end themselves: nobody wants a mail about it."""


@dataclass(frozen=True)
class Preferences:
    """What a person wants to hear, and where; the page shows all notices in any case.

    Attributes
    ----------
    mail : str
        Address; empty: no mail.
    webhook : str
        Address (http or https) that gets a document; empty: none.
    done, failed : bool
        Whether to send word of jobs that are done, and of those that failed or were lost.
    longer_than : float
        Seconds; of jobs that took less no word is sent.
    """

    mail: str = ""
    webhook: str = ""
    done: bool = True
    failed: bool = True
    longer_than: float = 0.0


def preferences_of(owner: str, url: str | None = None) -> Preferences:
    """Return what a person wants; the usual where nothing was said."""

    def work(db: Connection) -> str:
        query = select(PREFERENCE.c.document).where(PREFERENCE.c.owner == owner)
        return db.execute(query).scalar() or "{}"

    told = json.loads(open_notices(url or database_of()).read(work))
    known = {f.name for f in fields(Preferences)}
    return Preferences(**{name: value for name, value in told.items() if name in known})


def save_preferences(
    owner: str, wishes: Preferences, settings: Settings, url: str | None = None
) -> None:
    """Keep what a person wants.

    Raises
    ------
    BadRequest
        An address is none, or the webhook's is not allowed here.
    StorageError
        The database can't be written.
    """
    if wishes.mail:
        read_addresses(wishes.mail)
    if wishes.webhook:
        check_address(wishes.webhook, settings)
    text = json.dumps(asdict(wishes))

    def work(db: Connection) -> None:
        db.execute(PREFERENCE.delete().where(PREFERENCE.c.owner == owner))
        db.execute(PREFERENCE.insert().values(owner=owner, document=text))

    open_notices(url or database_of(settings)).write(LOCK, work)


def secret_of(owner: str, address: str, settings: Settings) -> str:
    """Return the secret that signs what a person's webhook gets.

    It is made of the server's key, and another for each person and address: nothing that could be
    stolen from the database, and one receiver's is worth nothing to another.
    """
    key = settings.session_key().get_secret_value().encode()
    about = json.dumps(["webhook", owner, address]).encode()
    return hmac.new(key, about, hashlib.sha256).hexdigest()


def wanted(job: Job, wishes: Preferences) -> dict[str, str]:
    """Return where word of a job's end is to be sent: address by channel.

    What was asked for with the job (`JobSpec.notify`: ``mail`` and ``webhook``, true or false)
    comes before what its owner wants in general.
    """
    asked: dict[str, Any] = job.spec.notify
    general = _is_wanted(job, wishes)
    found = {"mail": wishes.mail, "webhook": wishes.webhook}
    ended = job.state in {State.DONE, State.FAILED, State.LOST}
    return {
        channel: address
        for channel, address in found.items()
        if address and ended and bool(asked.get(channel, general))
    }


def _is_wanted(job: Job, wishes: Preferences) -> bool:
    if job.spec.kind in QUIET_KINDS or job.usage.wall < wishes.longer_than:
        return False
    return wishes.done if job.state is State.DONE else wishes.failed
