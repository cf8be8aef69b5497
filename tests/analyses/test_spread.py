"""Slices on a dask cluster: a real scheduler and two worker processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from analysis_runs import recipe, scatter

from sdcviz.analyses.plan import make_plan
from sdcviz.analyses.pool import in_processes
from sdcviz.analyses.spread import on_cluster
from sdcviz.errors import BadRequest

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[int]]]:
    """Start a scheduler and two workers; give its address and their process ids."""
    from distributed import Client

    folder = tmp_path_factory.mktemp("dask")
    told = folder / "scheduler.json"
    environment = {**os.environ, "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False"}
    here = ("--host", "127.0.0.1", "--no-dashboard")
    commands = [
        ("dask_scheduler", *here, "--port", "0", "--scheduler-file", told),
        *[
            ("dask_worker", "--scheduler-file", told, "--nthreads", "1", "--no-nanny", *here,
             "--local-directory", folder / str(k))
            for k in range(2)
        ],
    ]  # fmt: skip
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *map(str, arguments)],
            env=environment, stderr=subprocess.DEVNULL, cwd=folder,
        )
        for name, *arguments in commands
    ]  # fmt: skip
    try:
        # The client waits for the file that the scheduler writes.
        with Client(scheduler_file=str(told), set_as_default=False, timeout=120) as client:
            client.wait_for_workers(2, timeout=120)
            address = client.scheduler.address
        yield address, [p.pid for p in processes[1:]]
    finally:
        # Workers first: they say good-bye to the scheduler.
        for process in processes[1:]:
            process.terminate()
        for process in [*processes[1:], processes[0]]:
            process.terminate()
            process.wait(180)


def test_slices_of_a_cluster_are_those_of_this_machine(cluster: tuple[str, list[int]]) -> None:
    address, workers = cluster
    plan = make_plan(recipe(), scatter(3000))
    before = [psutil.Process(pid).cpu_times().user for pid in workers]
    there = {done.number: done.result for done in on_cluster(list(plan.tasks()), address)}
    here = {done.number: done.result for done in in_processes(list(plan.tasks()), 2)}
    assert there.keys() == here.keys() == set(range(12))
    for number, result in here.items():
        other = there[number]
        # Sums of a library may be added up in another order in another process.
        for name in ("field", "error", "residuals"):
            np.testing.assert_allclose(
                getattr(result, name), getattr(other, name), rtol=1e-6, atol=1e-9, err_msg=name
            )
        assert _rounded(result.notes) == _rounded(other.notes)
    # both did their part
    after = [psutil.Process(pid).cpu_times().user for pid in workers]
    assert all(b > a for a, b in zip(before, after, strict=True))


def _rounded(notes: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 9) if isinstance(v, float) else v for k, v in notes.items()}


def test_a_sentence_comes_back_from_a_worker(cluster: tuple[str, list[int]]) -> None:
    from dataclasses import replace

    plan = make_plan(recipe(), scatter(500))
    bad = replace(next(plan.tasks()), problem=replace(plan.problem, epsilon2=-1.0))
    with pytest.raises(BadRequest, match="January: epsilon2 is -1 at observation 0"):
        list(on_cluster([bad], cluster[0]))


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdcviz.analyses.spread._PATIENCE", 1)
    with pytest.raises(BadRequest, match=r"No dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(on_cluster([], "tcp://127.0.0.1:9"))
