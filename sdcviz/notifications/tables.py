"""The tables of notification; they lie in the database of jobs."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ..databases import Database

__all__ = ["LOCK", "MESSAGE", "NOTICE", "PREFERENCE", "open_notices"]

LOCK = "notices"
_META = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

NOTICE = Table(
    "notice",
    _META,
    Column("id", _NUMBER, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("job", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    # What could not be sent, and why.
    Column("trouble", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("seen", String(32), nullable=False),
    # Grows with each change of a row, so that "what is new" is one comparison.
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("job", "attempt"),
    Index("notice_of_owner", "owner", "id"),
    Index("notice_version", "version"),
    sqlite_autoincrement=True,
)
"""What a person sees in the page, one row a job that ended."""

MESSAGE = Table(
    "notice_message",
    _META,
    Column("id", _NUMBER, primary_key=True),
    Column("job", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("target", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("tries", Integer, nullable=False),
    # Seconds since 1970: when it is to be tried again, and until when somebody is trying.
    Column("due", Float, nullable=False),
    Column("taken", Float, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("sent", String(32), nullable=False),
    UniqueConstraint("job", "attempt", "channel", "target"),
    Index("message_to_do", "state", "due"),
    sqlite_autoincrement=True,
)
"""The outbox: mails and webhooks, those that wait and those that are done with."""

PREFERENCE = Table(
    "notice_preference",
    _META,
    Column("owner", String(200), primary_key=True),
    Column("document", Text, nullable=False),
)
"""What each person wants to hear, and where."""


@lru_cache(maxsize=64)
def open_notices(url: str) -> Database:
    """Return the database at an address, one object a process."""
    return Database(url, _META, "notices", "notices can't be looked up", "no notice was written")
