"""Each letter is a case: written, sent, answered item by item.

The tables lie in the journal's database. Rows are only added: of several
answers on an item the last counts, and all of them can be read later.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import insert, inspect, select

from sdcviz.errors import BadRequest, NotFound
from sdcviz.mail import read_addresses
from sdcviz.words import minute

from .case import Answer, Case, cases_of
from .composing import Earlier
from .model import Item, Letter, one_line
from .tables import ANSWER, EVENT, ITEM, LETTER, META

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sdcviz.observations import Collection

__all__ = ["VERDICTS", "Cases"]

T = TypeVar("T")

VERDICTS = ("accepted", "rejected")

SENDING_MINUTES = 15
"""After so long, a sending that came to no end was broken off."""


class Cases:
    """The cases of one collection.

    Parameters
    ----------
    collection : Collection
        Its journal's database holds the cases.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    # ---- adding ------------------------------------------------------------
    def written(self, letter: Letter) -> None:
        """Keep a letter and its items."""
        head = {
            "id": letter.id,
            "collection": self._collection.id,
            "edmo": letter.edmo,
            "centre": letter.centre,
            "version": letter.version,
            "subject": letter.subject,
            "author": letter.author,
            "time": letter.written.isoformat(),
            "answer_by": letter.answer_by.isoformat(),
            "last_batch": letter.last_batch,
        }
        items = [{"letter": letter.id, **item._asdict()} for item in letter.items]

        def add(connection: Connection) -> None:
            if _head(connection, self._collection.id, letter.id) is None:
                connection.execute(insert(LETTER), head)
                connection.execute(insert(ITEM), items)

        self._write(add)

    def sending(self, letter: str, *, to: str, user: str) -> None:
        """Claim a letter for sending, so that no two people send it.

        Raises
        ------
        BadRequest
            It was sent to all, or one of these has it; or somebody is sending it.
        """
        claim = uuid.uuid4().hex
        row = {"letter": letter, "user": user, "what": "sending", "recipient": to, "note": claim}

        def add(connection: Connection) -> None:
            self._known(connection, letter)
            query = select(EVENT).where(EVENT.c.letter == letter).order_by(EVENT.c.id)
            events = connection.execute(query).all()
            if events and events[-1].note == claim:
                return  # it was committed, but the connection was lost before it said so
            _may_be_sent([event for event in events if event.what == "sent"], to)
            since = (datetime.now(UTC) - timedelta(minutes=SENDING_MINUTES)).isoformat()
            if events and events[-1].what == "sending" and events[-1].time > since:
                raise BadRequest(f"{events[-1].user} is sending this letter just now.")
            connection.execute(insert(EVENT), {**row, "time": _now(), "message_id": ""})

        self._write(add)

    def sent(self, letter: str, *, to: str, message_id: str, user: str, refused: str = "") -> None:
        """Note that a letter was sent, and who would not take it."""
        self._event(letter, user, "sent", recipient=to, message_id=message_id, note=refused)

    def failed(self, letter: str, *, to: str, reason: str, user: str) -> None:
        """Note that a letter could not be sent, and why."""
        self._event(letter, user, "failed", recipient=to, note=reason)

    def _event(self, letter: str, user: str, what: str, **known: str) -> None:
        row = {"recipient": "", "message_id": "", "note": "", **known}
        row |= {"letter": letter, "time": _now(), "user": user, "what": what}

        def add(connection: Connection) -> None:
            self._known(connection, letter)
            connection.execute(insert(EVENT), row)

        self._write(add)

    def answer(self, letter: str, answers: Mapping[int, tuple[str, str]], *, user: str) -> None:
        """Note what a data centre answered.

        Parameters
        ----------
        letter : str
            Identity of the letter.
        answers : mapping of int to (str, str)
            Number of the item to verdict (`VERDICTS`) and reason.
        user : str
            Who notes it.

        Raises
        ------
        BadRequest
            Another verdict, a rejection without a reason, no user.
        NotFound
            No such letter or item.
        """
        if not one_line(user):
            raise BadRequest("An answer is noted by somebody: say who you are.")
        for number, (verdict, reason) in answers.items():
            if verdict not in VERDICTS:
                raise BadRequest(f"Item {number}: {verdict!r} is neither accepted nor rejected.")
            if verdict == "rejected" and not one_line(reason):
                raise BadRequest(f"Item {number} was rejected: say for which reason.")

        def add(connection: Connection) -> None:
            self._known(connection, letter)
            asked = select(ITEM.c.number).where(ITEM.c.letter == letter)
            known = set(connection.execute(asked).scalars())
            for number in answers:
                if number not in known:
                    raise NotFound(f"The letter has no item {number}, only 1 to {len(known)}.")
            rows = [
                {
                    "letter": letter,
                    "number": number,
                    "verdict": verdict,
                    "reason": one_line(reason),
                    "user": one_line(user),
                    "time": _now(),
                }
                for number, (verdict, reason) in answers.items()
            ]
            if rows:
                connection.execute(insert(ANSWER), rows)

        self._write(add)

    # ---- telling -----------------------------------------------------------
    def all(self) -> list[Case]:
        """Return all cases, the newest first."""
        return self._read(lambda connection: cases_of(connection, self._collection.id), [])

    def case(self, letter: str) -> Case:
        """Return one case.

        Raises
        ------
        NotFound
            There is no such letter.
        """
        found = next((case for case in self.all() if case.id == letter), None)
        if found is None:
            raise NotFound(f"There is no letter {letter!r} about this collection.")
        return found

    def items(self, letter: str) -> list[tuple[Item, Answer | None]]:
        """Return the items of a letter, each with its last answer."""

        def work(connection: Connection) -> list[tuple[Item, Answer | None]]:
            answers = {
                row.number: Answer(row.verdict, row.reason, row.user, row.time)
                for row in connection.execute(
                    select(ANSWER).where(ANSWER.c.letter == letter).order_by(ANSWER.c.id)
                )
            }
            rows = connection.execute(
                select(ITEM).where(ITEM.c.letter == letter).order_by(ITEM.c.number)
            ).mappings()
            items = [Item(**{name: row[name] for name in Item._fields}) for row in rows]
            return [(item, answers.get(item.number)) for item in items]

        return self._read(work, [])

    def shares(self) -> dict[int, tuple[int, int, int]]:
        """Count the items of sent letters by data centre.

        Returns
        -------
        dict of int to (int, int, int)
            EDMO code to accepted, rejected and open ones; the share accepted
            is that of the answered ones.
        """
        found: dict[int, Counter[str]] = {}
        for case in self.all():
            if case.sent:
                counts = found.setdefault(case.edmo, Counter())
                counts.update(accepted=case.accepted, rejected=case.rejected, items=case.items)
        return {
            edmo: (n["accepted"], n["rejected"], n["items"] - n["accepted"] - n["rejected"])
            for edmo, n in found.items()
        }

    def earlier(self) -> dict[int, Earlier]:
        """Tell by EDMO code what data centres were told in letters that were sent."""

        def work(connection: Connection) -> dict[int, Earlier]:
            found: dict[int, Earlier] = {}
            sent = select(EVENT.c.letter).where(EVENT.c.what == "sent")
            query = select(LETTER.c.edmo, LETTER.c.last_batch, ITEM).join(
                ITEM, ITEM.c.letter == LETTER.c.id
            )
            query = query.where(LETTER.c.collection == self._collection.id, LETTER.c.id.in_(sent))
            for row in connection.execute(query).mappings():
                known = found.get(row["edmo"], Earlier())
                told = known.anomalies
                if not row["new"]:
                    told |= {(row["station"], row["kind"], row["what"])}
                last = max(known.last_batch, row["last_batch"])
                found[row["edmo"]] = Earlier(last, told)
            return found

        return self._read(work, {})

    # ---- the database ------------------------------------------------------
    def _known(self, connection: Connection, letter: str) -> None:
        if _head(connection, self._collection.id, letter) is None:
            raise NotFound(f"There is no letter {letter!r} about this collection.")

    def _write(self, work: Callable[[Connection], None]) -> None:
        store = self._collection.journal.store(self._collection, write=True)
        assert store is not None, "it is made where there is none"
        # A lock of its own: two collections of one database may need the tables at once.
        store.write("tables", META.create_all)
        store.write(self._collection.id, work)

    def _read(self, work: Callable[[Connection], T], nothing: T) -> T:
        def if_any(connection: Connection) -> T:
            return work(connection) if inspect(connection).has_table("letter") else nothing

        store = self._collection.journal.store(self._collection)
        return nothing if store is None else store.read(if_any)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _may_be_sent(sent: list[Any], to: str) -> None:
    """Refuse a letter that was sent, but to others than those who have it where some had not."""
    if not sent:
        return
    last, have = sent[-1], {_plain(a) for event in sent for a in read_addresses(event.recipient)}
    when = f"on {minute(last.time)} by {last.user}"
    if not last.note:
        raise BadRequest(
            f"This letter was sent to {last.recipient} {when}; write a new one to say more."
        )
    again = [str(a) for a in read_addresses(to) if _plain(a) in have]
    if again:
        raise BadRequest(
            f"This letter was sent to {', '.join(again)} {when}; give only addresses that "
            "have not got it."
        )


def _plain(address: Any) -> str:
    return str(address.addr_spec).casefold()


def _head(connection: Connection, collection: str, letter: str) -> Any:
    query = select(LETTER).where(LETTER.c.id == letter, LETTER.c.collection == collection)
    return connection.execute(query).first()
