"""The keeper of jobs that runs beside the server, and what the server does when a job has ended."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sdcviz.jobs.model import Job, State
from sdcviz.settings import Settings

from .. import library

__all__ = ["start_keeper"]

log = logging.getLogger(__name__)


def start_keeper(settings: Settings) -> Any:
    """Start to look after the jobs; call ``stop()`` of what is returned in the end."""
    from sdcviz.jobs.keeper import Keeper

    keeper = Keeper(settings=settings, on_end=_ended)
    keeper.start()
    return keeper


def _ended(job: Job) -> None:
    """Offer a collection that a job imported, as after an import from the page."""
    if job.spec.kind != "import" or job.state is not State.DONE:
        return
    for folder in job.spec.writes:
        if (Path(folder) / "collection.json").is_file():
            library.remember(str(folder))
