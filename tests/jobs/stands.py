"""What the contract of engines needs of each of them; one stand an engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sdcviz.jobs.model import Job


@dataclass
class Stand:
    """An engine that can be used now.

    Attributes
    ----------
    name : str
    env : dict
        Settings that it needs, as variables of the environment.
    vanish : callable
        Makes a running job go away without a word, as a node that loses its power.
    """

    name: str
    vanish: Callable[[Job], None]
    env: dict[str, str] = field(default_factory=dict)


def _kill_wrapper(job: Job) -> None:
    os.kill(job.engine_state["pid"], signal.SIGKILL)


@contextmanager
def local() -> Iterator[Stand]:
    yield Stand("local", _kill_wrapper)


STANDS: dict[str, tuple[Callable[[], AbstractContextManager[Stand]], tuple[Any, ...]]] = {
    "local": (local, ()),
}
"""By name: what opens it (once for a run of the tests), and marks of pytest."""

PARAMETERS = [pytest.param(name, marks=marks) for name, (_, marks) in STANDS.items()]
