"""What there is to say about a job that ended."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..jobs.folders import read_log
from ..jobs.model import Job, State
from ..logs import masked
from ..settings import Settings
from ..words import duration, number, size

__all__ = ["address_of", "facts", "headline", "last_lines", "link_of", "picture_of", "title_of"]

LINES = 20
MOST_PICTURE = 100_000
"""Bytes; a greater picture stays at home."""
_PNG = b"\x89PNG\r\n\x1a\n"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OUTCOMES = {
    State.DONE: "is done",
    State.FAILED: "failed",
    State.LOST: "was lost",
    State.CANCELLED: "was cancelled",
}


def title_of(job: Job) -> str:
    """Return what a job is called, on one line."""
    return " ".join((job.spec.title or job.spec.kind or "Job").split())[:120]


def headline(job: Job) -> str:
    """Return one line: what it was, and how it ended."""
    return f"{title_of(job)} {_OUTCOMES.get(job.state, f'is {job.state}')}"


def facts(job: Job) -> list[tuple[str, str]]:
    """Return what came of a job, as pairs of a name and a text."""
    found = _of_result(job.result)
    usage = job.usage
    if usage.wall or usage.cpu:
        cpu = f" (processor {duration(usage.cpu)})" if usage.cpu else ""
        found.append(("Time", f"{duration(usage.wall)}{cpu}"))
    if usage.memory:
        found.append(("Memory", size(usage.memory)))
    return found


def _of_result(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Tell of a report that an analysis gives; of others what they have in common with it."""
    found = []
    unit = str(result.get("unit") or "")
    used, all_ = result.get("used"), result.get("observations")
    if isinstance(used, int) and isinstance(all_, int):
        found.append(("Observations", f"{number(used)} of {number(all_)} used"))
    if isinstance(result.get("rmse"), int | float):
        found.append(("RMSE of residuals", f"{result['rmse']:.3g} {unit}".strip()))
    worst = result.get("worst")
    for one in worst[:3] if isinstance(worst, list) else ():
        if isinstance(one, dict) and isinstance(one.get("residual"), int | float):
            found.append(("Worst residual", _residual(one, unit)))
    if isinstance(result.get("frames"), int):
        found.append(("Frames", number(result["frames"])))
    if isinstance(result.get("path"), str) and isinstance(result.get("bytes"), int):
        found.append(("File", f"{Path(result['path']).name} ({size(result['bytes'])})"))
    warnings = result.get("warnings")
    if isinstance(warnings, list) and warnings:
        more = f" (and {number(len(warnings) - 1)} more)" if len(warnings) > 1 else ""
        found.append(("Warning", f"{str(warnings[0])[:300]}{more}"))
    return found


def _residual(one: dict[str, Any], unit: str) -> str:
    where = ", ".join(str(one[name]) for name in ("station", "time") if one.get(name))
    depth = one.get("depth")
    deep = f", {depth:.0f} m" if isinstance(depth, int | float) else ""
    return f"{one['residual']:+.3g} {unit}".strip() + f" ({where}{deep})"


def last_lines(job: Job) -> str:
    """Return the last lines of a job's log, without secrets and without what moves a cursor."""
    data, _ = read_log(job.spec.folder, -8000, 8000)
    text = _CONTROL.sub("", data.decode("utf-8", "replace").replace("\r\n", "\n"))
    lines = [line.rstrip()[:300] for line in masked(text).split("\n")]
    return "\n".join([line for line in lines if line][-LINES:])


def picture_of(job: Job) -> bytes:
    """Return the picture (PNG) that the job left of its result; empty: none."""
    path = Path(job.spec.folder) / "work" / "picture.png"
    try:
        if path.is_symlink() or path.stat().st_size > MOST_PICTURE:
            return b""
        found = path.read_bytes()
    except OSError:
        return b""
    return found if found.startswith(_PNG) else b""


def address_of(settings: Settings) -> str:
    """Return the address of the page as people reach it, with a slash at the end."""
    usual = f"http://localhost:{settings.port}{settings.root_path}"
    return (settings.public_url or usual).rstrip("/") + "/"


def link_of(job: Job, address: str) -> str:
    """Return the link that opens the page where it was, with this job.

    Parameters
    ----------
    job : Job
        ``link`` in its `notify` is the query of the page that it was started from.
    address : str
        Of the page.
    """
    if job.spec.kind == "notebook":
        return f"{address}notebooks/{job.id}/"
    state = dict(parse_qsl(str(job.spec.notify.get("link", "")).lstrip("?")))
    if job.spec.kind == "divand":
        state.setdefault("tab", "interpolate")
    return f"{address}?{urlencode({**state, 'job': job.id}, safe='~,:')}"
