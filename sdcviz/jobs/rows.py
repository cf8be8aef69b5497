"""Jobs as rows of tables, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from .model import Job, Progress, State, Usage, Wish, spec_of, usage_of
from .tables import USAGE

__all__ = ["Kept", "account", "columns_of", "facts_of", "job_of", "kept_of", "now"]


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Kept:
    """A job with what only its keeper needs.

    Attributes
    ----------
    job : Job
    events_at : int
        Bytes of its events that have been read.
    told : bool
        Whether somebody was told of its end.
    """

    job: Job
    events_at: int = 0
    told: bool = False


def account(db: Connection, job: Job, used: Usage) -> Usage:
    """Write what an attempt took so far into this month's row; return the total of all attempts."""
    rows = db.execute(select(USAGE).where(USAGE.c.job == job.id)).all()
    moment = now()
    month = moment[:7]
    earlier, total = Usage(), used
    for row in rows:
        if row.attempt != job.spec.attempt:
            total = total + usage_of(dict(row._mapping))
        elif row.month != month:
            earlier = earlier + usage_of(dict(row._mapping))
    share = {
        name: value if name == "memory" else max(0, value - getattr(earlier, name))
        for name, value in asdict(used).items()
    }
    values = {"time": moment, "owner": job.spec.owner, "workspace": job.spec.workspace}
    values |= {"engine": job.spec.engine, **share}
    insert = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(USAGE)
    key = {"job": job.id, "attempt": job.spec.attempt, "month": month}
    db.execute(
        insert.values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values)
    )
    return total


def facts_of(job: Job) -> dict[str, Any]:
    """Return what the service log says of a new job."""
    spec = job.spec
    return {
        "engine": spec.engine,
        "arguments": list(spec.arguments),
        "image": spec.image,
        "workspace": spec.workspace,
        "limits": asdict(spec.limits),
    }


def columns_of(job: Job) -> dict[str, Any]:
    """Return the row of a job."""
    spec = job.spec
    return {
        "id": job.id,
        "state": str(job.state),
        "wish": str(job.wish),
        "engine": spec.engine,
        "place": job.place,
        "owner": spec.owner,
        "workspace": spec.workspace,
        "kind": spec.kind,
        "cpu": spec.limits.cpu,
        "memory": spec.limits.memory,
        "keep": spec.keep,
        "spec": json.dumps(spec.document()),
        "attempt": spec.attempt,
        "losses": job.losses,
        "reason": job.reason,
        "exit_code": job.exit_code,
        "done": job.progress.done,
        "total": job.progress.total,
        "text": job.progress.text,
        "usage": json.dumps(asdict(job.usage)),
        "estimate": json.dumps(asdict(job.estimate)) if job.estimate else "",
        "result": json.dumps(job.result),
        "engine_state": json.dumps(job.engine_state),
        "created": job.created,
        "started": job.started,
        "ended": job.ended,
        "events_at": 0,
        "told": False,
        "has_folder": True,
    }


def job_of(row: Row[Any]) -> Job:
    """Return the job of a row."""
    return Job(
        spec=replace(spec_of(json.loads(row.spec)), attempt=row.attempt),
        state=State(row.state),
        wish=Wish(row.wish),
        reason=row.reason,
        exit_code=row.exit_code,
        progress=Progress(row.done, row.total, row.text),
        usage=usage_of(json.loads(row.usage)),
        estimate=usage_of(json.loads(row.estimate)) if row.estimate else None,
        result=json.loads(row.result),
        created=row.created,
        started=row.started,
        ended=row.ended,
        engine_state=json.loads(row.engine_state),
        place=row.place,
        losses=row.losses,
    )


def kept_of(row: Row[Any]) -> Kept:
    """Return the job of a row, with what only its keeper needs."""
    return Kept(job_of(row), row.events_at, row.told)
