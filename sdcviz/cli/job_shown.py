"""How the commands of jobs show one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from ..words import size
from . import show

if TYPE_CHECKING:
    from ..jobs.model import Job, Usage

__all__ = ["document", "percent", "show_one"]


def document(job: Job) -> dict[str, Any]:
    """Make the JSON document of a job."""
    return {
        "id": job.id,
        "state": str(job.state),
        "progress": {
            "done": job.progress.done,
            "total": job.progress.total,
            "text": job.progress.text,
        },
        "reason": job.reason,
        "exit_code": job.exit_code,
        "usage": _used(job.usage),
        "estimate": _used(job.estimate) if job.estimate else None,
        "title": job.spec.title,
        "kind": job.spec.kind,
        "arguments": list(job.spec.arguments),
        "engine": job.spec.engine,
        "owner": job.spec.owner,
        "workspace": job.spec.workspace,
        "attempt": job.spec.attempt,
        "folder": str(job.spec.folder),
        "created": job.created,
        "started": job.started,
        "ended": job.ended,
        "result": job.result,
    }


def _used(usage: Usage) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(usage), "gb_hours": round(usage.memory_time / 1e9 / 3600, 6)}


def show_one(job: Job, as_json: bool) -> None:
    """Show a job in lines for people, or as its document."""
    if as_json:
        show.show_json(document(job))
        return
    used = job.usage
    lines = {
        "id": job.id,
        "title": job.spec.title,
        "state": f"{job.state}{f': {job.reason}' if job.reason else ''}",
        "progress": f"{percent(job)} {job.progress.text}".strip(),
        "used": f"{used.cpu:.1f} s of processors, {used.wall:.1f} s, at most {size(used.memory)}",
        "folder": str(job.spec.folder),
    }
    if job.result:
        lines["result"] = json.dumps(job.result, ensure_ascii=False)[:1000]
    for name, text in lines.items():
        typer.echo(f"{name:9} {text}")


def percent(job: Job) -> str:
    """Tell how far a job is; nothing where it does not say."""
    progress = job.progress
    if not progress.total:
        return ""
    return f"{100 * progress.done // progress.total} %"
