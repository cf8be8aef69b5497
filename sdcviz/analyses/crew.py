"""Who analyses the slices of a run, and what is told of it meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import BadRequest
from ..words import counted
from .parts import Parts
from .plan import Plan
from .pool import Done, in_processes
from .problem import SliceTask

__all__ = ["Tell", "analyse_missing", "in_workers", "output", "processors", "progress"]

Tell = Callable[[dict[str, Any]], None]
"""Takes events: ``progress`` (done, total, text), ``slice``, ``warning``, ``result``."""


def output(out: Path | str) -> Path:
    """Check where a product is to be written, and give its whole path.

    Parameters
    ----------
    out : path-like

    Raises
    ------
    BadRequest
        It is a folder, or its folder is not there.
    """
    out = Path(out).expanduser().absolute()
    if out.is_dir():
        raise BadRequest(f"{out} is a folder; name a file for the product, such as product.nc.")
    if not out.parent.is_dir():
        raise BadRequest(f"There is no folder {out.parent}; make it, or name another file.")
    return out


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def progress(done: int, total: int, text: str) -> dict[str, Any]:
    """Give the event that tells how far a run is."""
    return {"event": "progress", "done": done, "total": total, "text": text}


def analyse_missing(
    plan: Plan, parts: Parts, say: Tell, results: Callable[[list[int]], Iterator[Done]]
) -> None:
    """Analyse the slices that are missing, and keep each one as it comes."""
    total = len(plan.slices)
    kept = parts.finished(total)
    if kept:
        text = f"Goes on with {counted(len(kept), 'slice')} of an earlier run"
        say(progress(len(kept), total, text))
    missing = [n for n in range(total) if n not in set(kept)]
    done = len(kept)
    for came in results(missing):
        came.result.save(parts.path(came.number))
        done += 1
        label = plan.slices[came.number].label
        say({"event": "slice", "seconds": round(came.seconds, 2), **came.result.notes})
        say(progress(done, total, label))


def in_workers(tasks: list[SliceTask], workers: int, scheduler: str) -> Iterator[Done]:
    """Have slices analysed by processes of this machine, or of a dask scheduler.

    Parameters
    ----------
    tasks : list of SliceTask
    workers : int
    scheduler : str
        Address; empty: none.
    """
    if not tasks:
        return iter(())
    if scheduler:
        from .spread import on_cluster

        return on_cluster(tasks, scheduler)
    return in_processes(tasks, workers)
