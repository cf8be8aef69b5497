"""Heavy work in the background: jobs, the engines that run them, and what they took.

Examples
--------
>>> from sdcviz import jobs
>>> job = jobs.submit(["divand", "recipe.yaml", "--out", "product.nc"])  # doctest: +SKIP
>>> jobs.wait(job.id).state  # doctest: +SKIP
<State.DONE: 'done'>
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazily

if TYPE_CHECKING:
    from .keeper import Keeper
    from .look import find, get, months, read_events, read_log, service_log, usage, wait
    from .model import FINAL, Job, JobSpec, Limits, Progress, State, Usage, Wish
    from .offered import default_engine, engines
    from .submitting import submit
    from .wishes import cancel, hibernate, pause, resume, wake

# The wrapper of jobs has to start in an instant.
__all__, __getattr__, __dir__ = lazily(
    __name__,
    {
        "keeper": ["Keeper"],
        "look": [
            "find",
            "get",
            "months",
            "read_events",
            "read_log",
            "service_log",
            "usage",
            "wait",
        ],
        "model": ["FINAL", "Job", "JobSpec", "Limits", "Progress", "State", "Usage", "Wish"],
        "offered": ["default_engine", "engines"],
        "submitting": ["submit"],
        "wishes": ["cancel", "hibernate", "pause", "resume", "wake"],
    },
)
