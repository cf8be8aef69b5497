"""What a Kubernetes Job and its pod mean for us: pure functions on what the API server tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .engine import Sight
from .kubernetes_job import STOPPED

__all__ = ["is_over", "is_unexplained", "pod_of", "sight_of"]

LOST = frozenset({"NodeLost", "Evicted", "Shutdown", "NodeShutdown", "Terminated", "Preempting"})
"""Reasons of a pod that was ended because of its node."""


def pod_of(job: str, pods: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Return the newest pod of a Job.

    Parameters
    ----------
    job : str
        Name of the Job.
    pods : mapping
    """
    mine = [
        pod
        for pod in pods.values()
        if (pod["metadata"].get("labels") or {}).get("batch.kubernetes.io/job-name") == job
        or (pod["metadata"].get("labels") or {}).get("job-name") == job
    ]
    return max(mine, key=lambda pod: pod["metadata"].get("creationTimestamp") or "", default=None)


def is_over(job: Mapping[str, Any]) -> bool:
    """Tell whether a Job has ended, or will not go on.

    Parameters
    ----------
    job : mapping
    """
    stopped = STOPPED in (job["metadata"].get("annotations") or {})
    return bool(_ends(job)) or (stopped and not (job.get("status") or {}).get("active"))


def is_unexplained(job: Mapping[str, Any], pod: Mapping[str, Any] | None) -> bool:
    """Tell whether a Job has failed, and nothing is known of its pod's end.

    Parameters
    ----------
    job : mapping
    pod : mapping or None
        Its newest pod, as far as it is known.
    """
    phase = ((pod or {}).get("status") or {}).get("phase")
    return "Failed" in _ends(job) and phase not in ("Failed", "Succeeded")


def sight_of(job: Mapping[str, Any], pod: Mapping[str, Any] | None) -> Sight:
    """Return what is to be seen of a Job.

    Parameters
    ----------
    job : mapping
    pod : mapping or None
        Its newest pod.
    """
    ended = _ends(job)
    if "Complete" in ended:
        return Sight("ended", 0)
    if "Failed" in ended:
        return _failed(ended["Failed"], pod)
    active = bool((job.get("status") or {}).get("active"))
    if (job.get("spec") or {}).get("suspend"):
        if active:
            return Sight("running")  # on its way to its end
        stopped = STOPPED in (job["metadata"].get("annotations") or {})
        return Sight("ended") if stopped else Sight("paused")
    if job["metadata"].get("deletionTimestamp"):
        return Sight("running" if active else "gone")
    return _going_on(pod)


def _ends(job: Mapping[str, Any]) -> dict[str, str]:
    """Return the conditions with which a Job ends, and their reasons."""
    found = (job.get("status") or {}).get("conditions") or []
    return {
        one["type"]: one.get("reason", "")
        for one in found
        if one["type"] in ("Complete", "Failed") and one["status"] == "True"
    }


def _failed(reason: str, pod: Mapping[str, Any] | None) -> Sight:
    if reason == "DeadlineExceeded":
        return Sight("ended", reason="time")
    status = (pod or {}).get("status") or {}
    lost = status.get("reason") in LOST or _is_disrupted(status)
    ended = _container(status).get("terminated") or {}
    if ended.get("reason") == "OOMKilled":
        return Sight("ended", ended.get("exitCode"), "memory")
    if lost or not ended:
        return Sight("gone", reason="node")
    return Sight("ended", ended.get("exitCode"))


def _is_disrupted(status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions") or []
    return any(c["type"] == "DisruptionTarget" and c["status"] == "True" for c in conditions)


def _going_on(pod: Mapping[str, Any] | None) -> Sight:
    status = (pod or {}).get("status") or {}
    if "running" in _container(status) or status.get("phase") in ("Succeeded", "Failed"):
        return Sight("running")  # also until the Job has taken notice of its end
    scheduled = [c for c in status.get("conditions") or [] if c["type"] == "PodScheduled"]
    homeless = any(c.get("reason") == "Unschedulable" for c in scheduled)
    return Sight("waiting", reason="node" if homeless else "")


def _container(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the state of the pod's only container."""
    found = status.get("containerStatuses") or [{}]
    return found[0].get("state") or {}
