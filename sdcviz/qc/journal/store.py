"""Where journals are kept: tables, SQLite or PostgreSQL, and safe transactions.

Rows of `BATCH` and `EDIT` are only ever added. A batch is one transaction: all
of it is there, or nothing. Batches of one collection become visible in the
order of their numbers, so that "what is new" is "what has a greater number".
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

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
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from sdcviz.errors import StorageError

__all__ = ["BATCH", "BLOCK", "EDIT", "Store", "open_store"]

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a write waits for other writers, or for a database that restarts."""

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


class Store:
    """One database of journals; threads share it.

    Parameters
    ----------
    url : str
        ``sqlite:////path/journal.sqlite`` or ``postgresql://user@host/name``.
    """

    def __init__(self, url: str) -> None:
        address = make_url(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        self.file = Path(address.database or "") if self.is_sqlite else None
        if self.file:
            self.engine = _sqlite_engine(self.file)
        else:
            address = address.set(drivername="postgresql+psycopg")
            self.engine = create_engine(
                address, connect_args={"connect_timeout": 10}, pool_recycle=1800
            )
        self.name = str(self.file or address.render_as_string(hide_password=True))
        dbapi = self.engine.dialect.loaded_dbapi
        self._error, self._passing = dbapi.Error, dbapi.OperationalError
        self._ready: Any = None

    # ---- transactions --------------------------------------------------
    def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` with a connection; again where the connection was lost.

        Raises
        ------
        StorageError
            The database can't be read.
        """

        def once() -> T:
            with self.engine.connect() as connection:
                return work(connection)

        return self._patiently(once, "the journal can't be read", PATIENCE / 3)

    def write(self, collection: str, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that no other writer to the collection interrupts.

        `work` may be called again, after a connection that was lost on the way,
        perhaps after its commit: it has to look first whether it is done.

        Raises
        ------
        StorageError
            Disk full, no right to write, or database out of reach; nothing was written.
        """

        def once() -> T:
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(_LOCK, {"key": _number(collection)})
                made = work(connection)
                connection.commit()
                return made

        return self._patiently(once, "no flag was changed", PATIENCE)

    def _patiently(self, once: Callable[[], T], outcome: str, seconds: float) -> T:
        deadline = time.monotonic() + seconds
        # SQLite's own waiting becomes long when many write; most are done in a millisecond.
        pause, longest = (0.001, 0.002) if self.is_sqlite else (0.05, 1.0)
        while True:
            try:
                self._prepare()
                return once()
            except (DBAPIError, self._error) as error:
                if not self._may_pass(error) or time.monotonic() > deadline:
                    raise self._sentence(error, outcome) from error
                log.info("%s: %s; trying again.", self.name, _driver(error))
            time.sleep(pause)
            pause = min(2 * pause, longest)

    def _may_pass(self, error: Exception) -> bool:
        """Whether the same may work in a moment: other writers, a database that restarts."""
        if self.is_sqlite:
            return _code(error) == sqlite3.SQLITE_BUSY
        lost = isinstance(_driver(error), self._passing) and not _is_full(error)
        return lost and not any(words in str(error) for words in _HOPELESS)

    def _sentence(self, error: Exception, outcome: str) -> StorageError:
        """Say what the database complains about."""
        reason = (str(_driver(error)).strip() or "no answer").splitlines()[0]
        code = _code(error)
        if _is_full(error):
            return StorageError(
                f"The disk that holds {self.name} is full, {outcome}; what was saved before is "
                "intact. Free some space and try again."
            )
        if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
            return StorageError(
                f"{self.name} may not be written, {outcome}. Ask its owner for the right to write "
                "the journal and its folder."
            )
        return StorageError(f"{self.name}: {outcome} ({reason}); what was saved before is intact.")

    # ---- tables --------------------------------------------------------
    def _prepare(self) -> None:
        """Make the tables where they are missing; follow a file that was replaced."""
        now = _identity(self.file) if self.file else True
        if now and now == self._ready:
            return
        self.engine.dispose()  # connections to a file that is no longer there
        if not (self.file and _is_read_only(self.file)):
            self._make_folder()
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(_LOCK, {"key": _number("tables")})
                _META.create_all(connection)
                connection.commit()
        self._ready = _identity(self.file) if self.file else True

    def _make_folder(self) -> None:
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.file}: the journal can't be made there ({error.strerror}); "
                "no flag was changed."
            ) from error


_DISK_FULL = "53100"  # of PostgreSQL
_HOPELESS = ("authentication failed", "does not exist", "pg_hba.conf", "resolve host")
"""What PostgreSQL says to those who need not try again."""
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


def _number(name: str) -> int:
    """Give a name the number of its lock; two names that share one only wait for each other."""
    return zlib.crc32(f"sdcviz journal {name}".encode())


def _driver(error: Exception) -> BaseException:
    """Return the error of the database's driver, without what SQLAlchemy adds."""
    return error.orig or error if isinstance(error, DBAPIError) else error


def _code(error: Exception) -> int:
    """Return the primary error code of SQLite; 0 for another database."""
    return getattr(_driver(error), "sqlite_errorcode", 0) & 0xFF


def _is_full(error: Exception) -> bool:
    sqlstate = getattr(_driver(error), "sqlstate", "")
    return _code(error) == sqlite3.SQLITE_FULL or sqlstate == _DISK_FULL


def _is_read_only(file: Path) -> bool:
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def _sqlite_engine(file: Path) -> Engine:
    """Return an engine whose every commit is on the disk before it returns."""
    if _is_read_only(file):
        # Without the right to write, SQLite can't share its index of the log: then the
        # file is read as it stands, anew each time.
        flag = "mode=ro" if Path(f"{file}-shm").exists() else "immutable=1"
        name = f"file:{quote(str(file))}?{flag}"
        return create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(name, uri=True), poolclass=NullPool
        )
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say ourselves where a transaction begins
        connection.execute("PRAGMA synchronous=FULL")

    return engine


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_size else None
