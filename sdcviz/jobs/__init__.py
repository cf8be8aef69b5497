"""Heavy work in the background: jobs, the engines that run them, and what they took.

Examples
--------
>>> from sdcviz import jobs
>>> job = jobs.submit(["divand", "recipe.yaml", "--out", "product.nc"])  # doctest: +SKIP
>>> jobs.wait(job.id).state  # doctest: +SKIP
<State.DONE: 'done'>
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .keeper import Keeper
    from .look import find, get, months, read_events, read_log, service_log, usage, wait
    from .model import FINAL, Job, JobSpec, Limits, Progress, State, Usage, Wish
    from .offered import default_engine, engines
    from .submitting import submit
    from .wishes import cancel, hibernate, pause, resume, wake

__all__ = [
    "FINAL",
    "Job",
    "JobSpec",
    "Keeper",
    "Limits",
    "Progress",
    "State",
    "Usage",
    "Wish",
    "cancel",
    "default_engine",
    "engines",
    "find",
    "get",
    "hibernate",
    "months",
    "pause",
    "read_events",
    "read_log",
    "resume",
    "service_log",
    "submit",
    "usage",
    "wait",
    "wake",
]

_WHERE = {
    "keeper": ("Keeper",),
    "look": ("find", "get", "months", "read_events", "read_log", "service_log", "usage", "wait"),
    "model": ("FINAL", "Job", "JobSpec", "Limits", "Progress", "State", "Usage", "Wish"),
    "offered": ("default_engine", "engines"),
    "submitting": ("submit",),
    "wishes": ("cancel", "hibernate", "pause", "resume", "wake"),
}


def __getattr__(name: str) -> Any:
    """Load what is asked for on first use: the wrapper of jobs has to start in an instant."""
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
