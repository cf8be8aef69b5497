"""The files that a job left in its folder of results, and only those."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from sdcviz.errors import NotFound
from sdcviz.jobs.model import Job

from .job_models import ResultFile, ResultFiles

__all__ = ["find_result", "list_results"]

MOST_FILES = 2000


def _work(job: Job) -> Path:
    return job.spec.folder / "work"


def list_results(job: Job) -> ResultFiles:
    """List the files of a job; links and what is hidden are left out."""
    root, files = _work(job), []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            try:
                status = path.lstat()
            except OSError:  # gone in the meantime
                continue
            if name.startswith(".") or not stat.S_ISREG(status.st_mode):
                continue
            if len(files) == MOST_FILES:
                return ResultFiles(files=files, complete=False)
            files.append(
                ResultFile(
                    name=path.relative_to(root).as_posix(), size=status.st_size,
                    modified=datetime.fromtimestamp(status.st_mtime, UTC).isoformat("T", "seconds"),
                )
            )  # fmt: skip
    return ResultFiles(files=files, complete=True)


def find_result(job: Job, name: str) -> Path:
    """Return a file of the results.

    Raises
    ------
    NotFound
        There is none of this name; so it is for a name that leads out of the folder.
    """
    sentence = f"The job has no result {name[:200]!r}."
    parts = name.split("/")
    if any(not part or part.startswith(".") or "\0" in part or "\\" in part for part in parts):
        raise NotFound(sentence)
    root = _work(job).resolve()
    path = root.joinpath(*parts)
    try:
        # No link on the way: a command may have been made to leave one.
        inside = path.resolve(strict=True) == path and stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        inside = False
    if not inside:
        raise NotFound(sentence)
    return path
