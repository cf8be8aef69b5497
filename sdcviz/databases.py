"""SQLite or PostgreSQL, with transactions that bear other writers and restarts."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import MetaData, create_engine, event, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from .errors import StorageError

__all__ = ["PATIENCE", "Database"]

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a write waits for other writers, or for a database that restarts."""


class Database:
    """One database; threads share it.

    Parameters
    ----------
    url : str
        ``sqlite:////path/journal.sqlite`` or ``postgresql://user@host/name``.
    tables : MetaData
        The tables, made where they are missing.
    what : str
        What it keeps, such as "journal", for sentences and for the names of locks.
    unread, unwritten : str
        What has not happened where it can't be read, or written, such as "no flag was changed".
    """

    patience = PATIENCE

    def __init__(self, url: str, tables: MetaData, what: str, unread: str, unwritten: str) -> None:
        self._tables, self._what = tables, what
        self._unread, self._unwritten = unread, unwritten
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

        return self._patiently(once, self._unread, self.patience / 3)

    def write(self, lock: str, work: Callable[[Connection], T], lasting: bool = True) -> T:
        """Do `work` in a transaction that no other writer with the same lock interrupts.

        `work` may be called again, after a connection that was lost on the way,
        perhaps after its commit: it has to look first whether it is done. What need not be
        `lasting` may be forgotten where the machine loses its power, and takes less time.

        Raises
        ------
        StorageError
            Disk full, no right to write, or database out of reach; nothing was written.
        """

        def once() -> T:
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    level = "FULL" if lasting else "NORMAL"
                    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    if not lasting:
                        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                    connection.execute(_LOCK, {"key": self._number(lock)})
                made = work(connection)
                connection.commit()
                return made

        return self._patiently(once, self._unwritten, self.patience)

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
                f"the {self._what} and its folder."
            )
        return StorageError(f"{self.name}: {outcome} ({reason}); what was saved before is intact.")

    def _number(self, name: str) -> int:
        """Give a name the number of its lock; two names that share one only wait for each other."""
        return zlib.crc32(f"sdcviz {self._what} {name}".encode())

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
                    connection.execute(_LOCK, {"key": self._number("tables")})
                self._tables.create_all(connection)
                connection.commit()
        self._ready = _identity(self.file) if self.file else True

    def _make_folder(self) -> None:
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.file}: the {self._what} can't be made there ({error.strerror}); "
                f"{self._unwritten}."
            ) from error


_DISK_FULL = "53100"  # of PostgreSQL
_HOPELESS = ("authentication failed", "does not exist", "pg_hba.conf", "resolve host")
"""What PostgreSQL says to those who need not try again."""
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


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
