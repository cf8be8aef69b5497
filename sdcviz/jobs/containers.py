"""What containers need of the machine: a user, folders that it may write, a wrapper."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..settings import Settings
from .model import JobSpec

__all__ = [
    "ATTEMPT",
    "FOLDER",
    "JOB",
    "OVERHEAD",
    "PORT",
    "SERVER",
    "WRAPPER",
    "attempt_name",
    "bring_wrapper",
    "outputs",
    "prepare_folders",
    "user_of",
]

WRAPPER = ".wrapper"
JOB, ATTEMPT, SERVER = "sdcviz.job", "sdcviz.attempt", "sdcviz.server"
FOLDER, PORT = "sdcviz.folder", "sdcviz.port"
"""Labels by which a container tells whose it is, and where."""
OVERHEAD = 16 * 1024**2
"""Bytes that the wrapper and what is around it take."""
_no_caches = shutil.ignore_patterns("__pycache__")


def attempt_name(spec: JobSpec) -> str:
    """Return the name that lets one attempt of a job have one container.

    Parameters
    ----------
    spec : JobSpec
    """
    return f"sdcviz-{spec.id}-{spec.attempt}"


def prepare_folders(spec: JobSpec, settings: Settings) -> None:
    """Let the container's user write where the job has to.

    Parameters
    ----------
    spec : JobSpec
    settings : Settings

    Raises
    ------
    EngineError
        If a folder elsewhere is not the user's to write, or the job would see what is not its own.
    """
    user, kept = user_of(spec, settings), settings.data_dir.resolve()
    for path in (*spec.reads, *outputs(spec)):
        if kept.is_relative_to(path.resolve()) or path.resolve() == kept / "jobs":
            raise EngineError(
                f"{path}: a container may not see all of {settings.data_dir}, which holds keys and "
                "other jobs; choose a folder in it."
            )
    whole = {path for path in spec.writes if path.is_dir()} | {spec.folder}
    for folder in outputs(spec):
        if os.geteuid() == 0 and (folder == spec.folder or folder.resolve().is_relative_to(kept)):
            _give(folder, user, folder in whole)
        _check_writable(folder, user, settings)


def bring_wrapper(spec: JobSpec, image: Mapping[str, Any]) -> None:
    """Put the wrapper and what it runs into the folder of a job with an image of its own.

    Parameters
    ----------
    spec : JobSpec
    image : mapping
        ``Config`` of the image: what it starts by itself.
    """
    place = spec.folder / WRAPPER
    if place.is_symlink():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(Path(__file__).parent / "inside", place / "inside", ignore=_no_caches)
    job = json.loads((spec.folder / "job.json").read_text(encoding="utf-8"))
    given = list(spec.arguments) or image.get("Cmd") or []
    job["argv"] = [*(image.get("Entrypoint") or []), *given]
    draft = place / "job.json"
    draft.write_text(json.dumps(job), encoding="utf-8")
    draft.replace(spec.folder / "job.json")


def outputs(spec: JobSpec) -> Iterator[Path]:
    """Name the folders that the job writes in; a file is written beside and renamed."""
    yield spec.folder
    for path in spec.writes:
        folder = path if path.is_dir() else path.parent
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


def user_of(spec: JobSpec, settings: Settings) -> tuple[int, int]:
    """Return user and group of the container, never root."""
    owner = spec.folder.stat()
    if owner.st_uid:
        return owner.st_uid, owner.st_gid
    user, group = settings.docker_user.split(":")
    return int(user), int(group)


def _check_writable(folder: Path, user: tuple[int, int], settings: Settings) -> None:
    seen = folder.stat()
    bit = 0o200 if seen.st_uid == user[0] else 0o020 if seen.st_gid == user[1] else 0o002
    if not seen.st_mode & bit:
        raise EngineError(
            f"{folder}: a container's user ({user[0]}:{user[1]}) may not write there; choose "
            f"a folder in {settings.data_dir}, or give it to that user (chown)."
        )


def _give(folder: Path, user: tuple[int, int], whole: bool) -> None:
    """Give a folder of root's to a user, and with `whole` all that is in it."""
    # By handles and without following links: what lies in there may have been made by a job.
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        if os.fstat(handle).st_uid == 0:
            os.fchown(handle, *user)
        if not whole:
            return
        for name in (*folders, *files):
            seen = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if seen.st_uid == 0 and (name in folders or seen.st_nlink == 1):
                os.chown(name, *user, dir_fd=handle, follow_symlinks=False)
