"""The container of a job: what it may see, what it may do, how much it may take."""

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
    "PORT",
    "SERVER",
    "bring_wrapper",
    "container_name",
    "container_options",
]

JOB, ATTEMPT, SERVER = "sdcviz.job", "sdcviz.attempt", "sdcviz.server"
FOLDER, PORT = "sdcviz.folder", "sdcviz.port"
WRAPPER = ".wrapper"
_no_caches = shutil.ignore_patterns("__pycache__")
PROCESSES = 1024
OVERHEAD = 16 * 1024**2
"""Bytes that the wrapper and what is around it take."""


def container_name(spec: JobSpec) -> str:
    """Return the name that lets one attempt of a job have one container.

    Parameters
    ----------
    spec : JobSpec
    """
    return f"sdcviz-{spec.id}-{spec.attempt}"


def container_options(spec: JobSpec, settings: Settings, server: str) -> dict[str, Any]:
    """Return what ``containers.create`` gets for a job.

    Parameters
    ----------
    spec : JobSpec
    settings : Settings
    server : str
        Label of this installation.

    Raises
    ------
    EngineError
        If the container's user could not write where it has to.
    """
    from docker.types import LogConfig

    user = _user(spec, settings)
    mounts = _mounts(spec, settings)
    for path in _outputs(spec):
        _make_writable(path, user, spec, settings)
    options: dict[str, Any] = {
        "image": spec.image or settings.docker_image,
        "name": container_name(spec),
        "entrypoint": [settings.docker_python],
        "command": ["-m", "sdcviz.jobs.inside", str(spec.folder)],
        "working_dir": str(spec.folder / "work"),
        "user": f"{user[0]}:{user[1]}",
        "mounts": mounts,
        "environment": _environment(spec, settings),
        "labels": {
            JOB: spec.id,
            ATTEMPT: str(spec.attempt),
            SERVER: server,
            FOLDER: str(spec.folder),
            PORT: str(spec.port),
        },
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {"/tmp": "rw,nosuid,nodev,size=1g,mode=1777"},
        "init": True,
        "pids_limit": PROCESSES,
        "nano_cpus": round(spec.limits.cpu * 1e9),
        # The log of the job is a file in its folder; this is what goes wrong around it.
        "log_config": LogConfig(type="json-file", config={"max-size": "1m", "max-file": "2"}),
    }
    if spec.limits.memory:
        # With room for swapping, a job that takes too much would be slow instead of ended.
        memory = spec.limits.memory + OVERHEAD
        options |= {"mem_limit": memory, "memswap_limit": memory}
    if spec.image:
        # The wrapper comes along; of the image it needs no more than a Python.
        options |= {"entrypoint": ["python3"], "command": ["-m", "inside", str(spec.folder)]}
        options["working_dir"] = str(spec.folder / WRAPPER)
    return options | _network(spec, settings)


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


def _network(spec: JobSpec, settings: Settings) -> dict[str, Any]:
    if not (spec.network or spec.port):
        return {"network_mode": "none"}
    if spec.port and settings.docker_network == "bridge":
        return {"ports": {f"{spec.port}/tcp": ("127.0.0.1", None)}}
    return {"network_mode": settings.docker_network}


def _environment(spec: JobSpec, settings: Settings) -> dict[str, str]:
    given = {"HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    if spec.port:
        # In a network of its own, nobody would reach the container's 127.0.0.1.
        host = "127.0.0.1" if settings.docker_network == "host" else "0.0.0.0"
        given["SDCVIZ_LISTEN"] = host
    return {**given, **spec.env}


def _mounts(spec: JobSpec, settings: Settings) -> list[Any]:
    """Mount what the job may see, under the paths that it has outside."""
    from docker.types import Mount

    shown: dict[str, bool] = {}
    for path in (*settings.docker_binds, *spec.reads):
        shown |= dict.fromkeys(_names(path), True)
    for path in _outputs(spec):
        shown |= dict.fromkeys(_names(path), False)
    return [Mount(path, path, type="bind", read_only=only) for path, only in shown.items()]


def _names(path: Path) -> set[str]:
    """Return a path as it was given and as it really is: a job may use either."""
    return {str(path.absolute()), str(path.resolve())}


def _outputs(spec: JobSpec) -> Iterator[Path]:
    """Name the folders that the job writes in; a file is written beside and renamed."""
    yield spec.folder
    for path in spec.writes:
        folder = path if path.is_dir() else path.parent
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


def _user(spec: JobSpec, settings: Settings) -> tuple[int, int]:
    """Return user and group of the container, never root."""
    owner = spec.folder.stat()
    if owner.st_uid:
        return owner.st_uid, owner.st_gid
    user, group = settings.docker_user.split(":")
    return int(user), int(group)


def _make_writable(folder: Path, user: tuple[int, int], spec: JobSpec, settings: Settings) -> None:
    """Give what belongs to sdcviz to the container's user, where we are root.

    Raises
    ------
    EngineError
        If a folder elsewhere is not the user's to write.
    """
    kept = settings.data_dir.resolve()
    ours = folder == spec.folder or folder.resolve().is_relative_to(kept)
    if os.geteuid() == 0 and ours:
        _give(folder, user)
    seen = folder.stat()
    bit = 0o200 if seen.st_uid == user[0] else 0o020 if seen.st_gid == user[1] else 0o002
    if not seen.st_mode & bit:
        raise EngineError(
            f"{folder}: a container's user ({user[0]}:{user[1]}) may not write there; choose "
            f"a folder in {settings.data_dir}, or give it to that user (chown)."
        )


def _give(folder: Path, user: tuple[int, int]) -> None:
    # By handles and without following links: what lies in there may have been made by a job.
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            seen = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if seen.st_uid == 0 and (name in folders or seen.st_nlink == 1):
                os.chown(name, *user, dir_fd=handle, follow_symlinks=False)
        if os.fstat(handle).st_uid == 0:
            os.fchown(handle, *user)
