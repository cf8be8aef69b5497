"""What the contract of engines needs of each of them; one stand an engine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from engine_services import as_environment, needed_service
from kubernetes_double import cluster

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
def local(place: Path) -> Iterator[Stand]:
    yield Stand("local", _kill_wrapper)


@contextmanager
def docker(place: Path) -> Iterator[Stand]:
    with needed_service("docker", place) as daemon, daemon.client() as client:

        def vanish(job: Job) -> None:
            client.api.kill(job.engine_state["container"], "SIGKILL")

        yield Stand("docker", vanish, as_environment(daemon.settings()))


@contextmanager
def slurm(place: Path) -> Iterator[Stand]:
    with needed_service("slurm", place) as cluster:

        def vanish(job: Job) -> None:
            cluster.ask("scancel", "--signal=KILL", "--full", job.engine_state["number"])

        yield Stand("slurm", vanish, {"SDCVIZ_SLURM_CONF": str(cluster.conf)})


@contextmanager
def kubernetes(place: Path) -> Iterator[Stand]:
    """Open a double: no real cluster was at hand. Its volume is the whole machine."""
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"kubeconfig.{os.getpid()}"
    with cluster(Path("/"), file) as double:
        env = {"kubernetes_config": file, "kubernetes_mount": "/", "docker_python": sys.executable}

        def vanish(job: Job) -> None:
            double.lose_node(job.engine_state["name"])

        yield Stand("kubernetes", vanish, as_environment(env))


Opens = Callable[[Path], AbstractContextManager[Stand]]
STANDS: dict[str, tuple[Opens, tuple[Any, ...]]] = {
    "local": (local, ()),
    "docker": (docker, (pytest.mark.service,)),
    "slurm": (slurm, (pytest.mark.service,)),
    "kubernetes": (kubernetes, ()),
}
"""By name: what opens it (once for a run of the tests), and marks of pytest."""

PARAMETERS = [pytest.param(name, marks=marks) for name, (_, marks) in STANDS.items()]
