"""The Kubernetes Job of a job: what it may see, what it may do, how much it may take."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ..errors import EngineError
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
    user_of,
)
from .model import JobSpec

__all__ = ["STOPPED", "job_manifest"]

STOPPED = "sdcviz.stopped"
SLACK = 120
"""Seconds that the cluster waits for a wrapper, which keeps the time itself."""


def job_manifest(spec: JobSpec, settings: Settings, server: str) -> dict[str, Any]:
    """Return the Kubernetes Job that runs a job, as the API server gets it.

    Parameters
    ----------
    spec : JobSpec
    settings : Settings
    server : str
        Label of this installation.

    Raises
    ------
    EngineError
        If a folder is not on the volume of the jobs.
    """
    labels = {JOB: spec.id, ATTEMPT: str(spec.attempt), SERVER: server}
    labels["app.kubernetes.io/name"] = "sdcviz-job"
    asked = bool(spec.network or spec.port)
    plan: dict[str, Any] = {
        "backoffLimit": 0,  # the keeper decides whether there is another attempt
        "template": {
            "metadata": {"labels": {**labels, "sdcviz.network": "asked" if asked else "none"}},
            "spec": _pod(spec, settings),
        },
    }
    if spec.limits.walltime:
        plan["activeDeadlineSeconds"] = math.ceil(spec.limits.walltime) + SLACK
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": attempt_name(spec),
            "labels": labels,
            "annotations": {FOLDER: str(spec.folder), PORT: str(spec.port)},
        },
        "spec": plan,
    }


def _pod(spec: JobSpec, settings: Settings) -> dict[str, Any]:
    user, group = user_of(spec, settings)
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": math.ceil(settings.jobs_grace) + 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": group,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(spec, settings)],
        "volumes": [
            {"name": "jobs", "persistentVolumeClaim": {"claimName": settings.kubernetes_claim}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        ],
    }


def _container(spec: JobSpec, settings: Settings) -> dict[str, Any]:
    python, module, place = settings.docker_python, "sdcviz.jobs.inside", "work"
    if spec.image:  # the wrapper comes along; of the image it needs no more than a Python
        python, module, place = "python3", "inside", WRAPPER
    env = {"HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    if spec.port:
        env["SDCVIZ_LISTEN"] = "0.0.0.0"
    container: dict[str, Any] = {
        "name": "job",
        "image": spec.image or settings.kubernetes_image,
        "command": [python, "-m", module, str(spec.folder)],
        "workingDir": str(spec.folder / place),
        "env": [{"name": name, "value": text} for name, text in {**env, **spec.env}.items()],
        "resources": _resources(spec),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [*_mounts(spec, settings), {"name": "tmp", "mountPath": "/tmp"}],
    }
    if spec.port:
        container["ports"] = [{"containerPort": spec.port}]
    return container


def _resources(spec: JobSpec) -> dict[str, Any]:
    asked = {"cpu": f"{max(round(spec.limits.cpu * 1000), 1)}m"}
    if spec.limits.memory:
        asked["memory"] = str(spec.limits.memory + OVERHEAD)
    return {"requests": asked, "limits": asked}


def _mounts(spec: JobSpec, settings: Settings) -> list[dict[str, Any]]:
    """Mount what the job may see, under the paths that it has here."""
    root = (settings.kubernetes_mount or settings.data_dir).absolute()
    shown = dict.fromkeys((path.absolute() for path in spec.reads), True)
    shown |= dict.fromkeys((path.absolute() for path in outputs(spec)), False)
    return [_mount(path, root, only) for path, only in sorted(shown.items())]


def _mount(path: Path, root: Path, only: bool) -> dict[str, Any]:
    # A link could lead out of the volume.
    if not path.resolve().is_relative_to(root.resolve()) or path == root:
        raise EngineError(
            f"{path}: pods see the volume under {root} only; copy it to a folder in there, or set "
            "SDCVIZ_KUBERNETES_MOUNT."
        )
    inside = str(path.resolve().relative_to(root.resolve()))
    return {"name": "jobs", "mountPath": str(path), "subPath": inside, "readOnly": only}
