"""Notices in the page, and the outbox beside them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection, Row

from ..jobs.model import Job
from ..jobs.store import now
from ..jobs.tables import database_of
from .tables import LOCK, MESSAGE, NOTICE, open_notices

__all__ = ["Message", "Notice", "Notices"]

TAKEN = 180.0
"""Seconds that one who sends has for a message, before another may try."""


@dataclass(frozen=True)
class Notice:
    """What a person is told of a job that ended.

    Attributes
    ----------
    id : int
    job : str
        Its identity.
    kind, state : str
    title, text : str
        What it was, and what came of it.
    trouble : str
        What could not be sent and why; empty: nothing.
    created : str
        ISO 8601 in UTC.
    is_seen : bool
    version : int
        Grows with each change.
    """

    id: int
    job: str
    kind: str
    state: str
    title: str
    text: str
    trouble: str
    created: str
    is_seen: bool
    version: int


@dataclass(frozen=True)
class Message:
    """A mail or webhook of the outbox."""

    id: int
    job: str
    attempt: int
    owner: str
    channel: str
    target: str
    state: str
    tries: int
    answer: str


class Notices:
    """The notices and the outbox of one database; threads share it.

    Parameters
    ----------
    url : str, optional
        By default that of the settings.
    """

    def __init__(self, url: str | None = None) -> None:
        self.database = open_notices(url or database_of())

    # ---- notices -------------------------------------------------------
    def add(self, job: Job, title: str, text: str, targets: Mapping[str, str]) -> bool:
        """Write down what is to be told of a job's end; False where that was done before."""

        def work(db: Connection) -> bool:
            of = (NOTICE.c.job == job.id) & (NOTICE.c.attempt == job.spec.attempt)
            if db.execute(select(NOTICE.c.id).where(of)).first():
                return False
            moment = now()
            db.execute(
                NOTICE.insert().values(
                    owner=job.spec.owner, job=job.id, attempt=job.spec.attempt, kind=job.spec.kind,
                    state=str(job.state), title=title, text=text, trouble="", created=moment,
                    seen="", version=_next(db),
                )
            )  # fmt: skip
            for channel, target in targets.items():
                db.execute(
                    MESSAGE.insert().values(
                        job=job.id, attempt=job.spec.attempt, owner=job.spec.owner,
                        channel=channel, target=target, state="waiting", tries=0, due=time.time(),
                        taken=0.0, answer="", created=moment, sent="",
                    )
                )  # fmt: skip
            return True

        return self.database.write(LOCK, work)

    def of(self, owner: str, limit: int = 50) -> list[Notice]:
        """Return the newest notices of a person, newest first."""
        query = select(NOTICE).where(NOTICE.c.owner == owner)
        query = query.order_by(NOTICE.c.id.desc()).limit(limit)
        return self.database.read(lambda db: [_notice(row) for row in db.execute(query)])

    def news(self, since: int) -> list[tuple[str, Notice]]:
        """Return whose notices were added or changed after a version, oldest change first."""
        query = select(NOTICE).where(NOTICE.c.version > since).order_by(NOTICE.c.version).limit(500)
        return self.database.read(lambda db: [(r.owner, _notice(r)) for r in db.execute(query)])

    def version(self) -> int:
        """Return the greatest version so far."""
        query = select(func.coalesce(func.max(NOTICE.c.version), 0))
        return self.database.read(lambda db: int(db.execute(query).scalar_one()))

    def unread(self, owner: str) -> int:
        """Count the notices that a person has not seen."""
        query = select(func.count()).select_from(NOTICE)
        query = query.where(NOTICE.c.owner == owner, NOTICE.c.seen == "")
        return self.database.read(lambda db: int(db.execute(query).scalar_one()))

    def mark(self, owner: str, ids: Iterable[int] | None = None) -> None:
        """Mark notices of a person as read; all of them without a word of which."""
        which = (NOTICE.c.owner == owner) & (NOTICE.c.seen == "")
        if ids is not None:
            which &= NOTICE.c.id.in_(list(ids))

        def work(db: Connection) -> None:
            if db.execute(select(NOTICE.c.id).where(which).limit(1)).first():
                db.execute(update(NOTICE).where(which).values(seen=now(), version=_next(db)))

        self.database.write(LOCK, work)

    # ---- the outbox ----------------------------------------------------
    def take(self, limit: int = 10) -> list[Message]:
        """Take messages that are due; nobody else gets them for a while."""
        moment = time.time()
        # A clock that was put back must not keep a message for ever.
        is_due = (MESSAGE.c.due <= moment) | (MESSAGE.c.due > moment + 2 * 86400)
        is_free = (MESSAGE.c.taken <= moment) | (MESSAGE.c.taken > moment + TAKEN + 60)
        which = (MESSAGE.c.state == "waiting") & is_due & is_free
        query = select(MESSAGE).where(which).order_by(MESSAGE.c.id).limit(limit)
        if not self.database.read(lambda db: db.execute(query).first()):
            return []

        def work(db: Connection) -> list[Message]:
            rows = db.execute(query).all()
            ids = [row.id for row in rows]
            taken = update(MESSAGE).where(MESSAGE.c.id.in_(ids)).values(taken=moment + TAKEN)
            db.execute(taken)
            return [_message(row) for row in rows]

        return self.database.write(LOCK, work)

    def sent(self, message: Message, answer: str = "") -> None:
        """Write down that a message was taken, perhaps not for all of its receivers."""
        self._close(message, "sent", answer, sent=now())

    def refused(self, message: Message, answer: str) -> None:
        """Write down that a message will never be taken."""
        self._close(message, "refused", answer)

    def later(self, message: Message, answer: str, pause: float) -> None:
        """Write down that a message is to be tried again."""
        values: dict[str, Any] = {"due": time.time() + pause, "taken": 0.0}
        values |= {"tries": message.tries + 1, "answer": answer}
        change = update(MESSAGE).where(MESSAGE.c.id == message.id).values(**values)
        self.database.write(LOCK, lambda db: db.execute(change))

    def messages(self, job: str) -> list[Message]:
        """Return all messages about a job."""
        query = select(MESSAGE).where(MESSAGE.c.job == job).order_by(MESSAGE.c.id)
        return self.database.read(lambda db: [_message(row) for row in db.execute(query)])

    def _close(self, message: Message, state: str, answer: str, **values: Any) -> None:
        def work(db: Connection) -> None:
            values.update(state=state, tries=message.tries + 1, taken=0.0, answer=answer)
            db.execute(update(MESSAGE).where(MESSAGE.c.id == message.id).values(**values))
            if answer:
                of = (NOTICE.c.job == message.job) & (NOTICE.c.attempt == message.attempt)
                before = db.execute(select(NOTICE.c.trouble).where(of)).scalar() or ""
                if answer not in before:
                    told = f"{before} {answer}".strip()
                    db.execute(update(NOTICE).where(of).values(trouble=told, version=_next(db)))

        self.database.write(LOCK, work)


def _next(db: Connection) -> int:
    return int(db.execute(select(func.coalesce(func.max(NOTICE.c.version), 0))).scalar_one()) + 1


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        row.id, row.job, row.kind, row.state, row.title, row.text, row.trouble, row.created,
        bool(row.seen), row.version,
    )  # fmt: skip


def _message(row: Row[Any]) -> Message:
    return Message(
        row.id, row.job, row.attempt, row.owner, row.channel, row.target, row.state, row.tries,
        row.answer,
    )  # fmt: skip
