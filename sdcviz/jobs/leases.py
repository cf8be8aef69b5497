"""Which of several keepers keeps the jobs of an engine."""

from __future__ import annotations

import os
import secrets
import socket
import time
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from .processes import begun
from .store import Store, note
from .tables import LEASE

__all__ = ["SILENCE", "Lease"]

SILENCE = 15.0
"""Seconds without a beat after which a holder counts as dead."""
BEATS = 3.0
"""Seconds between beats."""


class _Row(NamedTuple):
    holder: str
    wanted: str
    beat: int


class Lease:
    """The right to keep the jobs of one engine, of which there is one in a database.

    A holder that is silent for `SILENCE` seconds, by the clock of who waits, loses it; one that
    was a process of this machine and is gone loses it at once.

    Parameters
    ----------
    store : Store
    name : str
    yields : bool
        Whether it gives way to another keeper that wants the lease.
    """

    def __init__(self, store: Store, name: str, yields: bool = False) -> None:
        self.name, self.yields = name, yields
        pid = os.getpid()
        self.holder = f"{_machine()}/{pid}/{begun(pid)}/{secrets.token_hex(4)}"
        self.is_mine = False
        self.was_mine = False
        self._store = store
        self._seen: tuple[str, int] = ("", -1)
        self._since = self._next = 0.0

    def hold(self) -> bool:
        """Take or renew it where it is time to; whether this keeper has it."""
        moment = time.monotonic()
        if moment < self._next:
            return self.is_mine
        row = self._store.read(self._look)
        self.is_mine = row is not None and row.holder == self.holder
        if self.is_mine:
            assert row is not None
            if self.yields and row.wanted not in {"", self.holder}:
                self.release()
                return False
            self._store.write(self._beat)
        elif row is None or not row.holder or self._is_dead(row, moment):
            self.is_mine = self._store.write(lambda db: self._take(db, row))
        elif not self.yields and row.wanted != self.holder:
            self._store.write(self._want)
        self.was_mine = self.was_mine or self.is_mine
        often = 0.25 if self.yields else BEATS  # who waits should not wait long
        self._next = moment + (often if self.is_mine else 0.25)
        return self.is_mine

    def release(self) -> None:
        """Give it up."""
        self.is_mine, self._next = False, 0.0
        mine = (LEASE.c.name == self.name) & (LEASE.c.holder == self.holder)
        self._store.write(lambda db: db.execute(LEASE.update().where(mine).values(holder="")))

    def is_free(self) -> bool:
        """Whether nobody holds it; it is not taken."""
        row = self._store.read(self._look)
        return row is None or not row.holder or self._is_dead(row, time.monotonic())

    def lost(self) -> None:
        """Look again at once: a transaction has found another holder."""
        self.is_mine, self._next = False, 0.0

    def _look(self, db: Connection) -> _Row | None:
        query = select(LEASE.c.holder, LEASE.c.wanted, LEASE.c.beat)
        row = db.execute(query.where(LEASE.c.name == self.name)).first()
        return None if row is None else _Row(*row)

    def _beat(self, db: Connection) -> None:
        mine = (LEASE.c.name == self.name) & (LEASE.c.holder == self.holder)
        done = db.execute(LEASE.update().where(mine).values(beat=LEASE.c.beat + 1))
        self.is_mine = bool(done.rowcount)

    def _want(self, db: Connection) -> None:
        db.execute(LEASE.update().where(LEASE.c.name == self.name).values(wanted=self.holder))

    def _is_dead(self, row: _Row, moment: float) -> bool:
        if _is_gone(row.holder):
            return True
        if (row.holder, row.beat) != self._seen:
            self._seen, self._since = (row.holder, row.beat), moment
        return moment - self._since > SILENCE

    def _take(self, db: Connection, seen: _Row | None) -> bool:
        """Take it, unless somebody else was faster or the holder lives after all."""
        row = self._look(db)
        if row != seen and (row is None or row.holder):
            return row is not None and row.holder == self.holder
        values = {"holder": self.holder, "wanted": ""}
        if row is None:
            db.execute(LEASE.insert().values(name=self.name, beat=1, **values))
        else:
            where = LEASE.c.name == self.name
            db.execute(LEASE.update().where(where).values(beat=row.beat + 1, **values))
        facts = {"lease": self.name, "before": row.holder if row else ""}
        note(db, self.holder, "keep", "", facts)
        return True


def _machine() -> str:
    """Name what process numbers are comparable within: a host, or a container of it."""
    try:
        return f"{socket.gethostname()}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended."""
    host, _, rest = holder.partition("/")
    pid, _, rest = rest.partition("/")
    since = rest.partition("/")[0]
    if host != _machine() or not pid.isdigit() or since == "0":
        return False
    return str(begun(int(pid))) != since
