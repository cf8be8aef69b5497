"""What the journal asks its database; each function one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

__all__ = [
    "ALL",
    "Batch",
    "batches",
    "find_token",
    "last_batch",
    "newest_of",
    "readings",
    "seen",
    "set_seen",
    "undone",
]

ALL = 2**62
"""A number above that of every batch."""


@dataclass(frozen=True)
class Batch:
    """One saved change: who, when, why, with what.

    Attributes
    ----------
    id : int
        Its number; greater than that of every earlier one.
    token : str
        Name that the caller gave it: the same token is never written twice.
    collection : str
        Identity of the collection.
    time : str
        UTC, ISO 8601.
    user, reason : str
        Who, and why.
    tool : str
        One of `sdcviz.qc.journal.TOOLS`.
    selection : str
        What was chosen, as text (such as the condition of a rule).
    undoes : int or None
        Number of the batch that it takes back.
    automatic : bool
        Whether the flags are those of checks.
    reading : str
        Name of the second reading it belongs to; empty: the common flags.
    session, software : str
        What it was made in and with.
    samples : int
        How many flags it changed.
    """

    id: int
    token: str
    collection: str
    time: str
    user: str
    reason: str
    tool: str
    selection: str
    undoes: int | None
    automatic: bool
    reading: str
    session: str
    software: str
    samples: int


_BATCH = """SELECT id, token, collection, time, "user", reason, tool, selection, undoes, automatic,
    reading, session, software, samples FROM batch WHERE collection = :collection"""
_LAST = text("SELECT max(id) FROM batch WHERE collection = :collection")
_FIND = text(f"{_BATCH} AND token = :token")
_NEWEST = text(
    f'{_BATCH} AND "user" = :user AND reading = :reading AND id < :before '
    "ORDER BY id DESC LIMIT :most"
)
_SINCE = text(
    f'{_BATCH} AND id > :after AND ("user" = :user OR NOT :by_user) ORDER BY id DESC LIMIT :most'
)
_UNDONE = text(
    "SELECT id, undoes FROM batch WHERE collection = :collection AND reading = :reading "
    "AND undoes IS NOT NULL ORDER BY id DESC"
)
_UNSEE = text(
    "DELETE FROM seen WHERE collection = :collection AND source = :source "
    'AND station = :station AND "user" = :user AND reading = :reading'
)
_SEE = text(
    'INSERT INTO seen (collection, source, station, "user", reading, time) '
    "VALUES (:collection, :source, :station, :user, :reading, :time)"
)
_SEEN = text(
    "SELECT source, station FROM seen WHERE collection = :collection AND reading = :reading "
    'AND ("user" = :user OR NOT :by_user)'
)
_READINGS = text(
    "SELECT reading, max(time), sum(station) FROM (SELECT reading, time, 1 AS station FROM seen "
    "WHERE collection = :collection UNION ALL SELECT reading, time, 0 AS station FROM batch "
    "WHERE collection = :collection) AS work WHERE reading <> '' "
    "GROUP BY reading ORDER BY max(time) DESC, reading"
)


def _batch(row: Sequence[Any]) -> Batch:
    found = Batch(*row)
    return replace(found, automatic=bool(found.automatic))


def last_batch(connection: Connection, collection: str) -> int:
    """Return the number of the newest batch; 0 without any."""
    return connection.execute(_LAST, {"collection": collection}).scalar() or 0


def find_token(connection: Connection, collection: str, token: str) -> Batch | None:
    """Return the batch that was written with a token."""
    row = connection.execute(_FIND, {"collection": collection, "token": token}).first()
    return None if row is None else _batch(row)


def newest_of(
    connection: Connection, collection: str, user: str, reading: str, before: int, most: int
) -> list[Batch]:
    """Return batches of one user below a number, the newest first."""
    asked = {"collection": collection, "user": user, "reading": reading}
    rows = connection.execute(_NEWEST, {**asked, "before": before, "most": most})
    return [_batch(row) for row in rows]


def batches(
    connection: Connection, collection: str, user: str | None, after: int, most: int
) -> list[Batch]:
    """Return the batches after a number in their order, at most the last `most`."""
    asked = {"collection": collection, "user": user or "", "by_user": user is not None}
    rows = connection.execute(_SINCE, {**asked, "after": after, "most": most})
    return [_batch(row) for row in rows][::-1]


def undone(connection: Connection, collection: str, reading: str) -> set[int]:
    """Return the batches that were taken back, and not done again."""
    gone: set[int] = set()
    for number, undoes in connection.execute(
        _UNDONE, {"collection": collection, "reading": reading}
    ):
        if number not in gone:
            gone.add(undoes)
    return gone


def set_seen(
    connection: Connection,
    collection: str,
    stations: list[tuple[str, int]],
    user: str,
    reading: str,
    time: str,
    done: bool,
) -> None:
    """Note that a user has, or has not, finished with stations (file and number in it)."""
    rows = [
        {"collection": collection, "source": source, "station": station, "user": user,
         "reading": reading, "time": time}
        for source, station in stations
    ]  # fmt: skip
    if rows:
        connection.execute(_UNSEE, rows)
    if rows and done:
        connection.execute(_SEE, rows)


def seen(
    connection: Connection, collection: str, user: str | None, reading: str
) -> list[tuple[str, int]]:
    """Return file and number in the file of the stations that were finished with."""
    asked = {"collection": collection, "reading": reading, "user": user or ""}
    rows = connection.execute(_SEEN, {**asked, "by_user": user is not None})
    return [(source, station) for source, station in rows]


def readings(connection: Connection, collection: str) -> list[tuple[str, str, int]]:
    """Return name, time of the last entry and stations looked at of each second reading."""
    rows = connection.execute(_READINGS, {"collection": collection})
    return [(name, time, int(stations)) for name, time, stations in rows]
