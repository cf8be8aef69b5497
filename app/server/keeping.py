"""The keeper of jobs that runs beside the server, and what the server does when a job has ended."""

from __future__ import annotations

import logging
from pathlib import Path

from sdcviz.errors import SdcvizError
from sdcviz.jobs import Keeper
from sdcviz.jobs.model import Job, State
from sdcviz.notifications import Notifier
from sdcviz.settings import Settings

from .. import library
from .notebook_idle import IdleWatch

__all__ = ["start_keeper"]

log = logging.getLogger(__name__)


class _Keeping:
    """The keeper, who tells people of jobs that ended, and who looks after idle notebooks."""

    def __init__(self, settings: Settings) -> None:
        self._notifier = Notifier(settings)
        self._notebooks = IdleWatch(settings.notebook_idle)
        self._keeper = Keeper(settings=settings, on_end=self._tell)

    def start(self) -> None:
        """Begin."""
        self._keeper.start()
        self._notifier.start()
        self._notebooks.start()

    def stop(self) -> None:
        """End; jobs do as the settings say."""
        self._notebooks.stop()
        self._keeper.stop()
        self._notifier.stop()

    def is_alive(self) -> bool:
        """Whether jobs are looked after."""
        return self._keeper.is_alive()

    def _tell(self, job: Job) -> None:
        try:
            _ended(job)
        finally:
            self._notifier.on_end(job)


def start_keeper(settings: Settings) -> _Keeping | None:
    """Start to keep jobs beside the page; without a database of them there is the page at least.

    Returns
    -------
    object or None
        To be stopped in the end.
    """
    try:
        keeping = _Keeping(settings)
        keeping.start()
    except SdcvizError as error:
        log.error("Jobs are not kept: %s", error)
        return None
    return keeping


def _ended(job: Job) -> None:
    """Offer a collection that a job imported, as after an import from the page."""
    if job.spec.kind != "import" or job.state is not State.DONE:
        return
    for folder in job.spec.writes:
        if (Path(folder) / "collection.json").is_file():
            library.remember(str(folder))
