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
    from .facade import (
        cancel,
        default_engine,
        engines,
        find,
        get,
        hibernate,
        pause,
        read_events,
        read_log,
        resume,
        service_log,
        submit,
        usage,
        wait,
        wake,
    )
    from .keeper import Keeper
    from .model import FINAL, Job, JobSpec, Limits, Progress, State, Usage, Wish

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

_MODEL = {"FINAL", "Job", "JobSpec", "Limits", "Progress", "State", "Usage", "Wish"}


def __getattr__(name: str) -> Any:
    """Load what is asked for on first use: the wrapper of jobs has to start in an instant."""
    if name in __all__:
        module = "model" if name in _MODEL else "keeper" if name == "Keeper" else "facade"
        return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
