"""What jobs took: by month for reports, of late for fair shares."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from ..errors import BadRequest
from .store import Store
from .tables import JOB, USAGE

__all__ = ["COLUMNS", "columns_by", "monthly", "months", "recent_use"]

COLUMNS = ("jobs", "cpu_seconds", "gb_hours", "wall_seconds", "read_bytes", "written_bytes")
_EXPECTED = ("expected_cpu_seconds", "expected_wall_seconds")
_LATELY = timedelta(days=1)


def recent_use(store: Store) -> dict[str, float]:
    """Return the processor seconds of each owner of the last day."""
    since = (datetime.now(UTC) - _LATELY).isoformat()
    query = select(USAGE.c.owner, func.sum(USAGE.c.cpu)).where(USAGE.c.time >= since)
    rows = store.read(lambda db: db.execute(query.group_by(USAGE.c.owner)).all())
    return {owner: float(cpu) for owner, cpu in rows}


def columns_by(by: str) -> tuple[str, ...]:
    """Return the names of what `monthly` tells, in order."""
    if by == "job":
        return "job", "owner", "workspace", "engine", *COLUMNS, "state", *_EXPECTED
    return by, *COLUMNS


def months(store: Store, owner: str | None = None) -> list[str]:
    """Return the months in which jobs took something, the newest first."""
    query = select(USAGE.c.month).distinct().order_by(USAGE.c.month.desc())
    if owner is not None:
        query = query.where(USAGE.c.owner == owner)
    return store.read(lambda db: [str(month) for (month,) in db.execute(query)])


def monthly(store: Store, month: str, by: str = "owner") -> list[dict[str, Any]]:
    """Return what was used in a month.

    Parameters
    ----------
    store : Store
    month : str
        Such as ``2026-11``.
    by : str
        ``owner``, ``workspace`` or ``job``.

    Returns
    -------
    list of dict
        One for each owner, workspace or job: what `columns_by` names, the largest first. Of a job
        it tells the state as well, and what was expected of it before: None where nothing was.
    """
    try:
        datetime.strptime(month, "%Y-%m")
    except ValueError:
        raise BadRequest(f"{month!r} is no month; give one such as 2026-11.") from None
    if by not in {"owner", "workspace", "job"}:
        raise BadRequest(f"Use can't be summed by {by!r}; choose owner, workspace or job.")
    keys = ["job", "owner", "workspace", "engine"] if by == "job" else [by]
    columns = [USAGE.c[key] for key in keys]
    sums = (
        func.count(USAGE.c.job.distinct()),
        func.sum(USAGE.c.cpu),
        func.sum(USAGE.c.memory_time) / (1e9 * 3600),
        func.sum(USAGE.c.wall),
        func.sum(USAGE.c.read),
        func.sum(USAGE.c.written),
    )
    query = select(*columns, *sums).where(USAGE.c.month == month).group_by(*columns)
    rows = store.read(lambda db: db.execute(query.order_by(sums[1].desc())).all())
    whole = {"jobs", "read_bytes", "written_bytes"}
    told = [
        dict(zip(keys, row, strict=False))
        | {
            name: int(value) if name in whole else round(float(value), 4)
            for name, value in zip(COLUMNS, row[len(keys) :], strict=True)
        }
        for row in rows
    ]
    if by == "job":
        expected = _expected(store, month)
        for one in told:
            one |= expected.get(one["job"], dict.fromkeys(("state", *_EXPECTED)))
    return told


def _expected(store: Store, month: str) -> dict[str, dict[str, Any]]:
    """Return the state of each job of a month, and what was expected of it."""
    ids = select(USAGE.c.job).where(USAGE.c.month == month)
    query = select(JOB.c.id, JOB.c.state, JOB.c.estimate).where(JOB.c.id.in_(ids))
    found = {}
    for id, state, estimate in store.read(lambda db: db.execute(query).all()):
        cpu, wall = (json.loads(estimate or "{}").get(name) for name in ("cpu", "wall"))
        found[id] = {"state": state, **dict(zip(_EXPECTED, (cpu, wall), strict=True))}
    return found
