"""Remove the folders of jobs that ended long ago; what they took stays in the accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection

from .folders import remove_folder
from .model import FINAL, Job
from .rows import job_of
from .store import Store, note
from .tables import JOB

__all__ = ["remove_old"]


def remove_old(store: Store, engine: str, place: str, days: float) -> list[Job]:
    """Remove the folders of jobs that ended more than `days` ago (0: none); return these jobs."""
    if not days:
        return []
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    query = select(JOB).where(
        JOB.c.state.in_([str(state) for state in FINAL]),
        JOB.c.engine == engine,
        JOB.c.place == place,
        JOB.c.has_folder.is_(True),
        JOB.c.ended < before,
    )
    old = store.read(lambda db: [job_of(row) for row in db.execute(query)])
    for job in old:
        remove_folder(job.spec.folder)

    def work(db: Connection) -> None:
        for job in old:
            db.execute(JOB.update().where(JOB.c.id == job.id).values(has_folder=False))
            note(db, "keeper", "remove", job.id, {})

    if old:
        store.write(work)
    return old
