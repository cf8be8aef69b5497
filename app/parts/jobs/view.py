"""A job as a card shows it: plain values, with what can be done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.divand.memory import in_words
from sdcviz.words import minute

if TYPE_CHECKING:
    from sdcviz.jobs import Job

__all__ = ["STATES", "duration", "job_view", "shown_state"]

STATES = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Running",
    "paused": "Paused",
    "hibernated": "Sleeping",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "lost": "Lost",
}
"""States in the words of the page."""

UNIT = "\N{NO-BREAK SPACE}"
_CAN = {
    "queued": ("cancel",),
    "starting": ("cancel",),
    "running": ("pause", "hibernate", "cancel"),
    "paused": ("resume", "hibernate", "cancel"),
    "hibernated": ("wake", "cancel"),
}
_WISHES = {
    "pause": ("Pausing", {"queued", "starting", "running"}),
    "hibernate": ("Going to sleep", {"queued", "starting", "running", "paused"}),
    "cancel": ("Cancelling", {"queued", "starting", "running", "paused", "hibernated"}),
    "run": ("Going on", {"paused", "hibernated"}),
}


def shown_state(job: Job) -> str:
    """Return the state in words, or what is just being brought about."""
    words, states = _WISHES.get(str(job.wish), ("", set()))
    return f"{words} …" if str(job.state) in states else STATES.get(str(job.state), str(job.state))


def job_view(
    job: Job, capabilities: frozenset[str] | None = None, slices: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what a card shows of a job.

    Parameters
    ----------
    job : Job
    capabilities : frozenset of str, optional
        Of its engine; None: not known.
    slices : tuple of str
        Labels of the times that are finished.
    """
    state, progress, usage = str(job.state), job.progress, job.usage
    can = list(_CAN.get(state, ()))
    if capabilities is not None and "pause" not in capabilities:
        can = [does for does in can if does not in ("pause", "resume")]
    if shown_state(job).endswith("…") and state != "queued":
        can = [does for does in can if does == "cancel" and str(job.wish) != "cancel"]
    product = product_of(job)
    return {
        "id": job.id,
        "title": job.spec.title or job.spec.kind or "Job",
        "kind": job.spec.kind,
        "engine": job.spec.engine,
        "owner": job.spec.owner,
        "state": state,
        "words": shown_state(job),
        "reason": job.reason,
        "done": progress.done,
        "total": progress.total,
        "text": progress.text,
        "left": _left(job),
        "used": _used(usage),
        "expected": ""
        if job.estimate is None
        else f"{duration(job.estimate.cpu)} of processor expected",
        "created": minute(job.created) if job.created else "",
        "ended": minute(job.ended) if job.ended else "",
        "can": can,
        "over": job.is_over,
        "product": product.name if product is not None and state == "done" else "",
        "slices": list(slices),
        "summary": _summary(job),
    }


def product_of(job: Job) -> Path | None:
    """Return the product that an analysis writes, if it is there."""
    arguments = list(job.spec.arguments)
    if job.spec.kind != "divand" or "--out" not in arguments[:-1]:
        return None
    path = Path(arguments[arguments.index("--out") + 1])
    return path if path.is_file() else None


def _used(usage: Any) -> str:
    if not usage.wall and not usage.cpu:
        return ""
    memory = f", {in_words(usage.memory)} of memory" if usage.memory else ""
    return f"{duration(usage.wall)}, {duration(usage.cpu)} of processor{memory}"


def _expected(job: Job) -> str:
    return f"{duration(job.estimate.cpu)} of processor expected" if job.estimate else ""


def duration(seconds: float) -> str:
    """Return a time span as ``42 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _left(job: Job) -> str:
    """Tell how long a running job will still take, from what it has done so far."""
    done, total = job.progress.done, job.progress.total
    if str(job.state) != "running" or not 0 < done < total:
        return ""
    wall = job.usage.wall or _since(job.started)
    return f"about {duration(wall / done * (total - done))} left" if wall else ""


def _since(time: str) -> float:
    try:
        begun = datetime.fromisoformat(time)
    except ValueError:
        return 0.0
    begun = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
    return (datetime.now(UTC) - begun).total_seconds()


def _summary(job: Job) -> str:
    """Tell what came of an analysis."""
    result = job.result
    if str(job.state) != "done" or "rmse" not in result or "used" not in result:
        return ""
    from sdcviz.words import counted, number

    rmse, unit = result["rmse"], result.get("unit", "")
    misfit = "" if rmse is None else f", misfit {rmse:.2g}{UNIT}{unit}".rstrip()
    seen = counted(int(result.get("observations", 0)), "observation")
    return f"{number(int(result['used']))} of {seen} used{misfit}."
