"""The keeper of jobs that runs beside the server, and what the server does when a job has ended."""

from __future__ import annotations

import logging
from pathlib import Path

from sdcviz.errors import SdcvizError
from sdcviz.jobs import Keeper
from sdcviz.jobs.model import Job, State
from sdcviz.settings import Settings

from .. import library

__all__ = ["start_keeper"]

log = logging.getLogger(__name__)


def start_keeper(settings: Settings) -> Keeper | None:
    """Start to keep jobs beside the page; without a database of them there is the page at least.

    Returns
    -------
    Keeper or None
        To be stopped in the end.
    """
    try:
        keeper = Keeper(settings=settings, on_end=_ended)
        keeper.start()
    except SdcvizError as error:
        log.error("Jobs are not kept: %s", error)
        return None
    return keeper


def _ended(job: Job) -> None:
    """Offer a collection that a job imported, as after an import from the page."""
    if job.spec.kind != "import" or job.state is not State.DONE:
        return
    for folder in job.spec.writes:
        if (Path(folder) / "collection.json").is_file():
            library.remember(str(folder))
