"""Where journals are kept: their tables in SQLite or PostgreSQL.

Rows of `BATCH` and `EDIT` are only ever added. A batch is one transaction: all
of it is there, or nothing. Batches of one collection become visible in the
order of their numbers, so that "what is new" is "what has a greater number".
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from sdcviz.databases import PATIENCE, Database

__all__ = ["BATCH", "BLOCK", "EDIT", "Store", "open_store"]

_META = MetaData()

BATCH = Table(
    "batch",
    _META,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("collection", String(64), nullable=False),
    Column("time", String(32), nullable=False),
    Column("user", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tool", String(16), nullable=False),
    Column("selection", Text, nullable=False),
    Column("undoes", BigInteger),
    # Whether checks set these flags, also by undo or redo.
    Column("automatic", Boolean, nullable=False),
    Column("reading", Text, nullable=False),
    Column("session", String(64), nullable=False),
    Column("software", String(32), nullable=False),
    Column("samples", BigInteger, nullable=False),
    Index("batch_of_collection", "collection", "id"),
    sqlite_autoincrement=True,
)
"""Who changed flags, when, why and with what; one row for each saved change."""

EDIT = Table(
    "edit",
    _META,
    Column("batch", BigInteger, ForeignKey("batch.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # The station by its identity, which every later import keeps.
    Column("source", String(16), nullable=False),
    Column("station", Integer, nullable=False),
    # A run of samples that have all else in common.
    Column("first", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("parameter", Text, nullable=False),
    Column("old", String(1), nullable=False),
    Column("new", String(1), nullable=False),
    Column("note", Text, nullable=False),
    Index("edit_of_station", "source", "station"),
    sqlite_with_rowid=False,
)
"""Which flags a batch changed; consecutive samples with equal flags are one row."""

BLOCK = Table(
    "block",
    _META,
    Column("batch", BigInteger, ForeignKey("batch.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", String(16), nullable=False),
    Column("parameter", Text, nullable=False),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("samples", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("block_of_source", "source", "parameter"),
)
"""The same for batches of many rows; see `sdcviz.qc.journal.blocks`."""

_SEEN = Table(
    "seen",
    _META,
    Column("collection", String(64), primary_key=True),
    Column("source", String(16), primary_key=True),
    Column("station", Integer, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("reading", Text, primary_key=True),
    Column("time", String(32), nullable=False),
)
"""Stations that somebody has finished looking at; `queries` names it in SQL."""


@lru_cache(maxsize=256)
def open_store(url: str) -> Store:
    """Return the database at an address, one object a process."""
    return Store(url)


class Store(Database):
    """One database of journals; threads share it.

    Parameters
    ----------
    url : str
        ``sqlite:////path/journal.sqlite`` or ``postgresql://user@host/name``.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, _META, "journal", "the journal can't be read", "no flag was changed")
        self.patience = PATIENCE
