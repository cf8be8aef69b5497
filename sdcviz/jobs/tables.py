"""The tables of jobs, and the database that holds them."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from ..databases import Database
from ..settings import Settings, get_settings

__all__ = ["JOB", "LEASE", "SERVICE", "USAGE", "database_of", "open_database"]

_META = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

JOB = Table(
    "job",
    _META,
    Column("id", String(32), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("wish", String(12), nullable=False),
    Column("engine", String(64), nullable=False),
    Column("place", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # Of the specification, what the queue looks at.
    Column("cpu", Float, nullable=False),
    Column("memory", BigInteger, nullable=False),
    Column("keep", Boolean, nullable=False),
    Column("spec", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("exit_code", Integer),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("usage", Text, nullable=False),
    Column("estimate", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("engine_state", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("started", String(32), nullable=False),
    Column("ended", String(32), nullable=False),
    # How far its events have been read, and whether somebody was told of its end.
    Column("events_at", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("has_folder", Boolean, nullable=False),
    Index("job_of_state", "state", "engine"),
    Index("job_of_owner", "owner", "created"),
    Index("job_by_time", "created"),
)
"""One row a job."""

USAGE = Table(
    "job_usage",
    _META,
    Column("job", String(32), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("month", String(7), primary_key=True),
    Column("time", String(32), nullable=False),
    Column("owner", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("engine", String(64), nullable=False),
    Column("cpu", Float, nullable=False),
    Column("wall", Float, nullable=False),
    Column("memory", BigInteger, nullable=False),
    Column("memory_time", Float, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("written", BigInteger, nullable=False),
    Index("usage_of_month", "month"),
    Index("usage_by_time", "time"),
)
"""What each attempt of a job took in each month."""

SERVICE = Table(
    "service_log",
    _META,
    Column("id", _NUMBER, primary_key=True),
    Column("time", String(32), nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("job", String(32), nullable=False),
    Column("facts", Text, nullable=False),
    Index("service_of_job", "job"),
    sqlite_autoincrement=True,
)
"""Who did what and when; rows are only ever added."""

LEASE = Table(
    "lease",
    _META,
    Column("name", String(200), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
)
"""Who keeps the jobs of an engine. `beat` grows as long as the holder lives: who waits compares
it by a clock of his own, so that no two clocks need to agree."""


def database_of(settings: Settings | None = None) -> str:
    """Return the address of the database of jobs."""
    settings = settings or get_settings()
    secret = settings.jobs_url or settings.journal_url
    return secret.get_secret_value() if secret else f"sqlite:///{settings.data_dir}/jobs.sqlite"


@lru_cache(maxsize=64)
def open_database(url: str) -> Database:
    """Return the database at an address, one object a process."""
    return Database(url, _META, "jobs", "jobs can't be looked up", "nothing changed")
