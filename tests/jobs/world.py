"""A database of jobs, a data folder and a keeper for one test, and waiting for what should come."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from waiting import until

from sdcviz import jobs
from sdcviz.jobs.keeper import Keeper
from sdcviz.jobs.model import Job, State
from sdcviz.jobs.presence import is_kept
from sdcviz.jobs.tables import database_of
from sdcviz.settings import get_settings

T = TypeVar("T")


class World:
    """Submits trials and follows them.

    Parameters
    ----------
    folder : Path
        Data folder.
    engine : str
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder, self.engine = folder, engine

    @contextmanager
    def keeper(self, **given: Any) -> Iterator[Keeper]:
        """Keep jobs in this process."""
        keeper = Keeper(lost_after=1, **given)
        keeper.start()
        try:
            yield keeper
        finally:
            keeper.stop(leave=True)

    @contextmanager
    def server(self) -> Iterator[subprocess.Popen[bytes]]:
        """Keep jobs in a process of its own, which may be killed."""
        command = [sys.executable, "-m", "sdcviz.cli", "job", "keep"]
        process = subprocess.Popen(command)
        try:
            until(lambda: is_kept(database_of()), "the server keeps jobs")
            yield process
        finally:
            process.terminate()
            process.wait()

    def trial(self, *words: Any, **given: Any) -> Job:
        """Submit a job that does as told (`sdcviz job trial --help`)."""
        given.setdefault("engine", self.engine)
        return jobs.submit(["job", "trial", *map(str, words)], **given)

    def seen(self, job: Job, *states: State) -> Job:
        """Wait until a job is in one of these states."""

        def look() -> Job | None:
            found = jobs.get(job.id)
            assert found.state in states or not found.is_over, (found.state, found.reason, log(job))
            return found if found.state in states else None

        return until(look, f"{states}, {jobs.get(job.id)}")

    def ended(self, job: Job) -> Job:
        """Wait until a job is over."""
        return until(
            lambda: found if (found := jobs.get(job.id)).is_over else None, f"end of {job.id}"
        )

    def progressed(self, job: Job, done: int = 1) -> Job:
        """Wait until a job has done so many steps."""
        return until(
            lambda: found if (found := jobs.get(job.id)).progress.done >= done else None,
            f"{done} steps of {job.id}",
        )


def log(job: Job) -> str:
    """Return all of the log."""
    data, offset = b"", 0
    while True:
        more, offset = jobs.read_log(job.id, offset, 1 << 22)
        if not more:
            return data.decode()
        data += more


def events(job: Job, kind: str) -> list[dict[str, Any]]:
    """Return the events of one kind."""
    return [event for event in jobs.read_events(job.id, limit=100_000)[0] if event["event"] == kind]


def processes(job: Job) -> list[int]:
    """Return the processes of this machine that carry the name of a job."""
    mark = f"SDCVIZ_JOB={job.id}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark in words:
                found.append(int(entry.name))
    return found


@contextmanager
def world(folder: Path, engine: str = "local", **env: str) -> Iterator[World]:
    """Make the settings of this process, and of what it starts, those of a new world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDCVIZ_DATA_DIR", str(folder))
        patch.setenv("SDCVIZ_ENGINE", engine)
        patch.setenv("SDCVIZ_ENGINES", engine)
        patch.setenv("SDCVIZ_JOBS_RUNNING", "4")
        patch.setenv("SDCVIZ_JOBS_GRACE", "1")
        patch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        for name, value in env.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        try:
            yield World(folder, engine)
        finally:
            for job in jobs.find(states=[State.STARTING, State.RUNNING, State.PAUSED]):
                jobs.engines()[job.spec.engine].stop(job.engine_state, 0)
    get_settings.cache_clear()
