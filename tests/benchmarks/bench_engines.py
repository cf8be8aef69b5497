"""Jobs in real containers and in a real Slurm: from submit to running, and looking at many.

The peers are the bare calls that cannot be left out: creating and starting a container, sbatch
until the script runs, and listing what there is.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from waiting import until

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine_services import IMAGE, DockerDaemon, SlurmCluster, as_environment, service

from sdcviz import jobs
from sdcviz.jobs.docker import DockerEngine
from sdcviz.jobs.engine import Engine
from sdcviz.jobs.keeper import Keeper
from sdcviz.jobs.model import JobSpec, State
from sdcviz.jobs.slurm import SlurmEngine
from sdcviz.settings import get_settings


def row(what: str, seconds: float, peer: float) -> None:
    """Print one line of the table."""
    print(f"{what:58} {1000 * seconds:10.1f} ms {1000 * peer:10.1f} ms", flush=True)


def timed(call: Callable[[], Any], count: int) -> float:
    """Return the seconds that a call takes, in the middle of several."""
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


@contextmanager
def world(engine: str, **settings: Any) -> Iterator[Path]:
    """Give jobs a folder of their own, and an engine."""
    with tempfile.TemporaryDirectory(prefix="sdcviz-bench-engines-") as folder:
        chosen = {"data_dir": folder, "engine": engine, "engines": engine, **settings}
        os.environ.update(as_environment(chosen))
        get_settings.cache_clear()
        yield Path(folder)


def submit_to_running(count: int) -> float:
    """Return the seconds from submitting to running, by the keeper of this process."""
    keeper, seconds = Keeper(), []
    keeper.start()
    try:
        for _ in range(count):
            start = time.perf_counter()
            job = jobs.submit(["sleep", "100"], program=True)
            while jobs.get(job.id).state is not State.RUNNING:
                time.sleep(0.002)
            seconds.append(time.perf_counter() - start)
            jobs.cancel(job.id)
            jobs.wait(job.id)
    finally:
        keeper.stop(leave=True)
    return median(seconds)


def look(engine: Engine, states: dict[str, dict[str, Any]]) -> float:
    """Return the seconds of one look at all of them."""
    assert all(sight.phase != "gone" for sight in engine.look(states).values())
    return timed(lambda: engine.look(states), 9)


def measure_docker(daemon: DockerDaemon, count: int) -> None:
    """Measure the engine of containers."""
    with daemon.client() as docker, world("docker", **daemon.settings()) as folder:

        def bare() -> None:
            made = docker.containers.create(IMAGE, ["true"], network_mode="none")
            try:
                made.start()  # it has no programs, and fails as fast as it would start
            except docker_errors().APIError:
                pass
            made.remove(force=True)

        row("docker: submit to running (limit: 2000)", submit_to_running(9), timed(bare, 9))
        engine = DockerEngine()
        states = {}
        for _ in range(count):
            spec = JobSpec(uuid.uuid4().hex, ("x",), folder / "jobs" / uuid.uuid4().hex)
            spec.folder.mkdir(parents=True)
            labels = {"sdcviz.job": spec.id, "sdcviz.server": engine._server}
            made = docker.containers.create(IMAGE, ["x"], labels=labels, network_mode="none")
            states[spec.id] = {"container": made.id, "folder": str(spec.folder), "attempt": 1}
        listing = timed(lambda: docker.api.containers(all=True), 9)
        what = f"docker: look at {count} containers, one call (limit: 100)"
        row(what, look(engine, states), listing)


def docker_errors() -> Any:
    """Return the errors of the client."""
    from docker import errors

    return errors


def measure_slurm(cluster: SlurmCluster, count: int) -> None:
    """Measure the engine of clusters."""
    with world("slurm", slurm_conf=cluster.conf) as folder:

        def bare() -> None:
            mark = folder / uuid.uuid4().hex
            cluster.ask("sbatch", "--output=/dev/null", f"--wrap=touch {mark}")
            until(mark.exists, "it runs")

        row("slurm: submit to running", submit_to_running(5), timed(bare, 5))
        states = {}
        engine = SlurmEngine()
        for number in range(count):
            words = [f"--job-name=sdcviz-{number}-1", f"--comment={engine._server}", "--hold"]
            said = cluster.ask("sbatch", "--parsable", "--output=/dev/null", *words, "--wrap=true")
            states[str(number)] = {"number": said, "folder": str(folder)}
        listing = timed(lambda: cluster.ask("squeue", "--noheader"), 9)
        row(f"slurm: look at {count} jobs, one call (limit: 100)", look(engine, states), listing)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--containers", type=int, default=300)
    parser.add_argument("--batch-jobs", type=int, default=1000)
    count = parser.parse_args()
    print(f"{'':58} {'ours':>13} {'bare':>13}")
    with tempfile.TemporaryDirectory(prefix="sdcviz-bench-place-") as place:
        with service("docker", Path(place)) as daemon:
            measure_docker(daemon, count.containers)
        with service("slurm", Path(place)) as cluster:
            measure_slurm(cluster, count.batch_jobs)


if __name__ == "__main__":
    main()
