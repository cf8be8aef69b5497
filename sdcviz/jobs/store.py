"""Jobs in the database: the truth about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from ..errors import BadRequest, NotFound
from .model import FINAL, Job, State, Usage
from .rows import Kept, account, columns_of, facts_of, job_of, kept_of, now
from .tables import JOB, LEASE, SERVICE, database_of, open_database
from .turns import Turn

__all__ = ["Change", "LeaseLost", "Store", "find_one", "note", "waiting"]

T = TypeVar("T")
LOCK = "jobs"


class LeaseLost(Exception):
    """Another keeper has taken over; nothing was written."""


@dataclass(frozen=True)
class Change:
    """What to write of a job that is `before`.

    Attributes
    ----------
    before : Job
        It is written only where the job still has this state and attempt.
    values : dict
        Columns and their new values.
    usage : Usage or None
        What this attempt has taken so far.
    action : str
        For the service log; empty: not worth a line.
    """

    before: Job
    values: dict[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    action: str = ""


class Store:
    """Jobs, their use and the service log of one database; threads share it.

    Parameters
    ----------
    url : str, optional
        By default that of the settings.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = url or database_of()
        self.database = open_database(self.url)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` with a connection."""
        return self.database.read(work)

    def write(self, work: Callable[[Connection], T], lasting: bool = True) -> T:
        """Do `work` in a transaction that no other writer of jobs interrupts."""
        return self.database.write(LOCK, work, lasting)

    # ---- one job -------------------------------------------------------
    def add(self, job: Job, check: Callable[[Connection], None] | None = None) -> Job:
        """Add a job, unless there is one with its id; return the one that is there."""

        def work(db: Connection) -> Job:
            row = db.execute(select(JOB).where(JOB.c.id == job.id)).first()
            if row is not None:
                return job_of(row)
            if check:
                check(db)
            db.execute(JOB.insert().values(**columns_of(job)))
            note(db, job.spec.owner, "submit", job.id, facts_of(job))
            return job

        return self.write(work)

    def get(self, id: str) -> Job:
        """Return a job by its id, or by the first digits of it.

        Raises
        ------
        NotFound
            There is none, or there are several.
        """
        return self.read(lambda db: find_one(db, id))

    def find(
        self,
        owner: str | None = None,
        workspace: str | None = None,
        states: Iterable[State] | None = None,
        kind: str | None = None,
        limit: int = 100,
    ) -> list[Job]:
        """Return the newest jobs that fit, newest first."""
        query = select(JOB).order_by(JOB.c.created.desc(), JOB.c.id).limit(limit)
        for column, value in (("owner", owner), ("workspace", workspace), ("kind", kind)):
            if value is not None:
                query = query.where(JOB.c[column] == value)
        if states is not None:
            query = query.where(JOB.c.state.in_([str(state) for state in states]))
        return self.read(lambda db: [job_of(row) for row in db.execute(query)])

    def wish(self, id: str, decide: Callable[[Job], dict[str, Any]], who: str, action: str) -> Job:
        """Write what a person wants of a job: what `decide` says of the job as it stands."""

        def work(db: Connection) -> Job:
            job = find_one(db, id)
            values = decide(job)
            if values:
                db.execute(JOB.update().where(JOB.c.id == job.id).values(**values))
                note(db, who, action, job.id, {})
            return find_one(db, job.id)

        return self.write(work)

    # ---- what the keeper sees and writes --------------------------------
    def kept(self, engine: str, place: str, states: Iterable[State]) -> list[Kept]:
        """Return the jobs of an engine that are in these states, oldest first."""
        query = (
            select(JOB)
            .where(JOB.c.state.in_([str(state) for state in states]))
            .where(JOB.c.engine == engine, JOB.c.place == place)
            .order_by(JOB.c.created, JOB.c.id)
        )
        return self.read(lambda db: [kept_of(row) for row in db.execute(query)])

    def turns(self, states: Iterable[State]) -> list[Turn]:
        """Return what the queue has to know of the jobs of all engines, oldest first."""
        columns = [JOB.c[name] for name in Turn._fields]
        query = select(*columns).where(JOB.c.state.in_([str(state) for state in states]))
        query = query.order_by(JOB.c.created, JOB.c.id)
        return self.read(lambda db: [Turn(*row) for row in db.execute(query)])

    def some(self, ids: Sequence[str]) -> list[Job]:
        """Return jobs by their ids, in this order."""
        query = select(JOB).where(JOB.c.id.in_(ids))
        found = {row.id: job_of(row) for row in self.read(lambda db: db.execute(query).all())}
        return [found[id] for id in ids if id in found]

    def untold(self, engine: str, place: str, days: float = 7) -> list[Job]:
        """Return jobs that ended lately and whose end nobody was told."""
        since = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        query = select(JOB).where(
            JOB.c.state.in_([str(state) for state in FINAL]),
            JOB.c.engine == engine,
            JOB.c.place == place,
            JOB.c.told.is_(False),
            JOB.c.ended >= since,
        )
        return self.read(lambda db: [job_of(row) for row in db.execute(query)])

    def change(self, changes: Sequence[Change], holder: str, lease: str) -> list[Change]:
        """Write what became of jobs, and return what was written: others have moved on.

        Raises
        ------
        LeaseLost
            Another keeper has the lease.
        """

        def work(db: Connection) -> list[Change]:
            fence(db, lease, holder)
            return [change for change in changes if _write(db, change)]

        # Job folders and engines know all of it, should the machine lose its power.
        return self.write(work, lasting=False) if changes else []

    def told(self, id: str) -> None:
        """Write down that somebody was told of the end of a job."""
        self.write(lambda db: db.execute(JOB.update().where(JOB.c.id == id).values(told=True)))

    def log(self, limit: int = 100, job: str | None = None) -> list[dict[str, Any]]:
        """Return the newest lines of the service log, newest first."""
        query = select(SERVICE).order_by(SERVICE.c.id.desc()).limit(limit)
        if job is not None:
            query = query.where(SERVICE.c.job == job)
        rows = self.read(lambda db: db.execute(query).all())
        return [{**row._mapping, "facts": json.loads(row.facts)} for row in rows]


def find_one(db: Connection, id: str) -> Job:
    """Return the job with an id, or with its first digits."""
    wanted = id.strip().lower()
    if not wanted or not set(wanted) <= set("0123456789abcdef"):
        raise NotFound(f"There is no job {id!r}; 'sdcviz job list' shows those there are.")
    query = select(JOB).where(JOB.c.id.startswith(wanted)).limit(2)
    rows = db.execute(query).all()
    if not rows:
        raise NotFound(f"There is no job {id}; 'sdcviz job list' shows those there are.")
    if len(rows) > 1:
        raise BadRequest(f"Several jobs begin with {id}; give more digits of the one you mean.")
    return job_of(rows[0])


def fence(db: Connection, lease: str, holder: str) -> None:
    """Refuse to go on in a transaction where another keeper has taken over."""
    row = db.execute(select(LEASE.c.holder).where(LEASE.c.name == lease)).first()
    if row is None or row.holder != holder:
        raise LeaseLost(lease)


def note(db: Connection, who: str, action: str, job: str, facts: dict[str, Any]) -> None:
    """Add a line to the service log."""
    values = {"time": now(), "who": who, "action": action, "job": job}
    db.execute(SERVICE.insert().values(**values, facts=json.dumps(facts)))


def _write(db: Connection, change: Change) -> bool:
    before = change.before
    values = dict(change.values)
    if change.usage is not None:
        values["usage"] = json.dumps(asdict(account(db, before, change.usage)))
    if values:
        done = db.execute(
            JOB.update()
            .where(JOB.c.id == before.id)
            .where(JOB.c.state == str(before.state), JOB.c.attempt == before.spec.attempt)
            .values(**values)
        )
        if not done.rowcount:
            return False
    if change.action:
        facts: dict[str, Any] = {
            name: values[name] for name in ("reason", "attempt", "exit_code") if name in values
        }
        note(db, "keeper", change.action, before.id, facts)
    return True


def waiting(db: Connection, **of: str) -> int:
    """Count the jobs that wait, of an owner or a workspace."""
    query = select(func.count()).select_from(JOB).where(JOB.c.state == str(State.QUEUED))
    for name, value in of.items():
        query = query.where(JOB.c[name] == value)
    return int(db.execute(query).scalar_one())
