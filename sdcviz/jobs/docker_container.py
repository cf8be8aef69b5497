"""The container of a job: what it may see, what it may do, how much it may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..settings import Settings
from .containers import (
    ATTEMPT,
    FOLDER,
    JOB,
    OVERHEAD,
    PORT,
    SERVER,
    WRAPPER,
    attempt_name,
    outputs,
    prepare_folders,
    user_of,
)
from .model import JobSpec, Usage

__all__ = ["container_options", "read_use"]

PROCESSES = 1024


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

    user = user_of(spec, settings)
    prepare_folders(spec, settings)
    options: dict[str, Any] = {
        "image": spec.image or settings.docker_image,
        "name": attempt_name(spec),
        "entrypoint": [settings.docker_python],
        "command": ["-m", "sdcviz.jobs.inside", str(spec.folder)],
        "working_dir": str(spec.folder / "work"),
        "user": f"{user[0]}:{user[1]}",
        "mounts": _mounts(spec, settings),
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
    for path in outputs(spec):
        shown |= dict.fromkeys(_names(path), False)
    return [Mount(path, path, type="bind", read_only=only) for path, only in shown.items()]


def _names(path: Path) -> set[str]:
    """Return a path as it was given and as it really is: a job may use either."""
    return {str(path.absolute()), str(path.resolve())}


def read_use(stats: dict[str, Any]) -> Usage | None:
    """Read the counters of a container, of both generations of control groups.

    Parameters
    ----------
    stats : dict

    Returns
    -------
    Usage or None
        None where it does not run.
    """
    if not stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage"):
        return None
    memory = stats.get("memory_stats", {})
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    moved = {"read": 0, "write": 0}
    for row in stats.get("blkio_stats", {}).get("io_service_bytes_recursive") or []:
        if row["op"].lower() in moved:
            moved[row["op"].lower()] += row["value"]
    return Usage(
        cpu=stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
        memory=max(memory.get("usage", 0) - cache, 0),
        read=moved["read"],
        written=moved["write"],
    )
