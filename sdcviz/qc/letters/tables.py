"""The tables of letters, in the journal's database; rows are only added."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from .model import Item

__all__ = ["ANSWER", "EVENT", "ITEM", "LETTER", "META"]

META = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

LETTER = Table(
    "letter",
    META,
    Column("id", String(32), primary_key=True),
    Column("collection", String(64), nullable=False),
    Column("edmo", Integer, nullable=False),
    Column("centre", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("time", String(32), nullable=False),
    Column("answer_by", String(10), nullable=False),
    Column("last_batch", BigInteger, nullable=False),
    Index("letter_of_collection", "collection", "time"),
)
"""Letters that were written."""

ITEM = Table(
    "letter_item",
    META,
    Column("letter", String(32), ForeignKey("letter.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    *(
        Column(name, Text, nullable=False)
        for name in Item._fields
        if name not in ("number", "values")
    ),
    Column("values", Integer, nullable=False),
)
"""What each letter asks for."""

EVENT = Table(
    "letter_event",
    META,
    Column("id", _NUMBER, primary_key=True),
    Column("letter", String(32), ForeignKey("letter.id"), nullable=False, index=True),
    Column("time", String(32), nullable=False),
    Column("user", Text, nullable=False),
    Column("what", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("note", Text, nullable=False),
)
"""What became of a letter: ``sending``, then ``sent`` or ``failed``."""

ANSWER = Table(
    "letter_answer",
    META,
    Column("id", _NUMBER, primary_key=True),
    Column("letter", String(32), ForeignKey("letter.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("time", String(32), nullable=False),
)
"""What data centres answered on items."""
