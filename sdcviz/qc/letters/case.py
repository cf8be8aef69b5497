"""A letter and what became of it, read from the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .tables import ANSWER, EVENT, ITEM, LETTER

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


__all__ = ["Answer", "Case", "cases_of"]


@dataclass(frozen=True)
class Answer:
    """What a data centre answered on one item: the verdict, why, who noted it and when."""

    verdict: str
    reason: str
    user: str
    time: str


@dataclass(frozen=True)
class Case:
    """A letter and what became of it.

    Attributes
    ----------
    id, subject, author, time, answer_by, version : str
        Of the letter.
    edmo : int
        EDMO code; 0: unknown.
    centre : str
        Name of the data centre.
    items : int
        Number of items.
    sent, recipient, message_id : str
        When it was last sent, and to whom; empty: not sent.
    refused : str
        Receivers that did not get it when it was last sent, and why; empty: all have it.
    failure : str
        Why sending failed the last time; empty if it did not.
    accepted, rejected : int
        Items by their last answer.
    """

    id: str
    edmo: int
    centre: str
    version: str
    subject: str
    author: str
    time: str
    answer_by: str
    items: int
    sent: str
    recipient: str
    message_id: str
    refused: str
    failure: str
    accepted: int
    rejected: int

    @property
    def state(self) -> str:
        """Return written, failed, sent in part, sent, answered in part, or answered."""
        answered = self.accepted + self.rejected
        if answered:
            return "answered" if answered >= self.items else "answered in part"
        if self.sent:
            return "sent in part" if self.refused else "sent"
        return "failed" if self.failure else "written"


def cases_of(connection: Connection, collection: str) -> list[Case]:
    """Read all cases of a collection, the newest first."""
    letters = (
        connection.execute(
            select(LETTER).where(LETTER.c.collection == collection).order_by(LETTER.c.time.desc())
        )
        .mappings()
        .all()
    )
    ids = select(LETTER.c.id).where(LETTER.c.collection == collection)
    items = Counter(
        connection.execute(select(ITEM.c.letter).where(ITEM.c.letter.in_(ids))).scalars()
    )
    last: dict[tuple[str, int], str] = {}
    for row in connection.execute(
        select(ANSWER).where(ANSWER.c.letter.in_(ids)).order_by(ANSWER.c.id)
    ):
        last[row.letter, row.number] = row.verdict
    verdicts = Counter((letter, verdict) for (letter, _), verdict in last.items())
    sent: dict[str, list[Any]] = {}
    failure: dict[str, str] = {}
    for row in connection.execute(
        select(EVENT).where(EVENT.c.letter.in_(ids)).order_by(EVENT.c.id)
    ):
        if row.what == "sent":
            sent.setdefault(row.letter, []).append(row)
        failure[row.letter] = row.note if row.what == "failed" else ""
    return [
        Case(
            **{k: row[k] for k in ("id", "edmo", "centre", "version", "subject", "author", "time")},
            answer_by=row["answer_by"],
            items=items[row["id"]],
            **_last_sent(sent.get(row["id"], [])),
            failure=failure.get(row["id"], ""),
            accepted=verdicts[row["id"], "accepted"],
            rejected=verdicts[row["id"], "rejected"],
        )
        for row in letters
    ]


def _last_sent(events: list[Any]) -> dict[str, Any]:
    """Tell when a letter was last sent, and to whom in all."""
    names = ("sent", "recipient", "message_id", "refused")
    if not events:
        return dict.fromkeys(names, "")
    last, recipients = events[-1], ", ".join(event.recipient for event in events)
    return dict(zip(names, (last.time, recipients, last.message_id, last.note), strict=True))
