"""Jobs in a real Slurm: its queue, its states, and a controller or node that goes away."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_jobs import is_under_way, look, new_job, said, until_over, verdict
from engine_services import SlurmCluster
from waiting import until

from sdcviz.errors import EngineError
from sdcviz.jobs.engine import Sight
from sdcviz.jobs.model import JobSpec, Limits, State, Usage, Wish
from sdcviz.jobs.slurm import SlurmEngine
from sdcviz.jobs.slurm_tables import exit_code, read_use
from sdcviz.settings import load_settings

SLEEPER = "import time; print('here', flush=True); time.sleep(600)"


def _engine(cluster: SlurmCluster, data_dir: Path, **more: Any) -> Iterator[SlurmEngine]:
    made = SlurmEngine(load_settings(data_dir=data_dir, slurm_conf=cluster.conf, **more))
    try:
        yield made
    finally:
        for state in made.found().values():
            cluster.ask("scancel", state["number"])


@pytest.fixture
def engine(slurm_cluster: SlurmCluster, tmp_path: Path) -> Iterator[SlurmEngine]:
    yield from _engine(slurm_cluster, tmp_path)


def _running(engine: SlurmEngine, data_dir: Path) -> tuple[JobSpec, dict[str, Any]]:
    spec = new_job(data_dir, sys.executable, "-c", SLEEPER)
    state = engine.start(spec)
    until(lambda: is_under_way(spec), "the job runs")
    return spec, state


@pytest.mark.service
def test_a_job_gets_what_it_asked_for_and_no_secrets(
    engine: SlurmEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDCVIZ_JOURNAL_URL", "postgresql://user:secret@host/name")
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    limits = Limits(cpu=1.5, memory=100 * 2**20)
    spec = new_job(tmp_path, sys.executable, "-c", script, limits=limits, env={"MORE": "a,b c"})
    state = engine.start(spec)
    assert engine.start(spec) == state  # not a second one
    sight = until_over(engine, spec, state)
    assert (sight, verdict(spec, sight).state) == (Sight("ended", 0), State.DONE)
    assert engine.start(spec) == state
    found = said(spec)
    assert "secret" not in str(found)
    assert (found["SLURM_CPUS_PER_TASK"], found["SLURM_MEM_PER_NODE"]) == ("2", "164")
    assert found["MORE"] == "a,b c"


@pytest.mark.service
def test_a_paused_job_can_be_stopped(engine: SlurmEngine, tmp_path: Path) -> None:
    spec, state = _running(engine, tmp_path)
    use = until(lambda: engine.usage({"job": state, "no": {"number": "999"}}), "a sample")
    assert set(use) == {"job"} and use["job"].memory > 1e6
    engine.pause(state)
    engine.pause(state)
    assert look(engine, state).phase == "paused"
    engine.stop(state, 30)
    sight = until_over(engine, spec, state)
    assert verdict(spec, sight, Wish.CANCEL).state is State.CANCELLED
    # It heard of it by itself, long before Slurm would have killed it.
    assert (spec.folder / "exit.json").exists()


@pytest.mark.service
def test_who_may_not_suspend_stops_the_processes(
    engine: SlurmEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an ordinary user; the answer is Slurm's own, the tests run as its administrator."""
    run = engine._run

    def deny(program: str, *words: str, **more: Any) -> str:
        if words[:1] == ("suspend",):
            raise EngineError("Slurm (scontrol) says: Access/permission denied for job 7.")
        return run(program, *words, **more)

    monkeypatch.setattr(engine, "_run", deny)
    spec, state = _running(engine, tmp_path)
    engine.pause(state)
    until(lambda: look(engine, state).phase == "paused", "it is paused")
    engine.resume(state)
    until(lambda: look(engine, state).phase == "running", "it goes on")
    engine.pause(state)
    engine.stop(state, 30)
    assert verdict(spec, until_over(engine, spec, state), Wish.CANCEL).state is State.CANCELLED


@pytest.mark.service
def test_installations_do_not_see_each_other(
    engine: SlurmEngine, slurm_cluster: SlurmCluster, tmp_path: Path
) -> None:
    spec = new_job(tmp_path, "true", attempt=3)
    state = engine.start(spec)
    assert engine.found() == {spec.id: state}
    for other in _engine(slurm_cluster, tmp_path / "other"):
        assert other.found() == {}


@pytest.mark.service
def test_what_slurm_refuses_is_said(slurm_cluster: SlurmCluster, tmp_path: Path) -> None:
    for engine in _engine(slurm_cluster, tmp_path, slurm_partition="none"):
        with pytest.raises(EngineError, match=r"Slurm .* says: .*[Pp]artition") as caught:
            engine.start(new_job(tmp_path, "true"))
        assert not caught.value.passing
    for engine in _engine(slurm_cluster, tmp_path, slurm_python="/usr/bin/no-python"):
        spec = new_job(tmp_path, "true")
        ended = verdict(spec, until_over(engine, spec, engine.start(spec)))
        assert ended.state is State.FAILED and "could not begin: " in ended.reason
        assert "/usr/bin/no-python: not found" in ended.reason
        with pytest.raises(EngineError, match="runs no images"):
            engine.start(new_job(tmp_path, "true", image="x"))


@pytest.mark.service
def test_a_cluster_with_troubles(own_cluster: SlurmCluster, tmp_path: Path) -> None:
    node = f"node={own_cluster.node}"
    for engine in _engine(own_cluster, tmp_path):
        # The controller is away: nothing is known, and the job runs on.
        spec, state = _running(engine, tmp_path)
        own_cluster.stop("slurmctld")
        with pytest.raises(EngineError, match="Slurm") as caught:
            engine.look({"job": state})
        assert caught.value.passing
        with pytest.raises(EngineError) as caught:
            engine.start(new_job(tmp_path, "true"))
        assert caught.value.passing
        own_cluster.start("slurmctld")
        until(lambda: own_cluster.ask("squeue", "-h"), "the controller answers")
        assert look(engine, state).phase == "running"
        assert engine.found()[spec.id]["number"] == state["number"]

        # A node that is drained goes on with what it has; the next job waits and says for what.
        own_cluster.ask("scontrol", "update", node, "state=drain", "reason=test")
        second = new_job(tmp_path, "true")
        waiting = engine.start(second)
        _until_it_says_node(engine, waiting)
        assert look(engine, state).phase == "running"

        # A node that is taken away: the job starts again elsewhere.
        own_cluster.ask("scontrol", "update", node, "state=down", "reason=test")
        sight = until_over(engine, spec, state)
        again = verdict(spec, sight)
        assert (sight, again.again) == (Sight("gone", reason="node"), True)

        own_cluster.ask("scontrol", "update", node, "state=resume")
        assert until_over(engine, second, waiting) == Sight("ended", 0)

        # One that waits is cancelled at once.
        own_cluster.ask("scontrol", "update", node, "state=drain", "reason=test")
        third = new_job(tmp_path, "true")
        waiting = engine.start(third)
        engine.stop(waiting, 30)
        sight = until_over(engine, third, waiting)
        assert verdict(third, sight, Wish.CANCEL).state is State.CANCELLED
        assert not (third.folder / "exit.json").exists()


def _until_it_says_node(engine: SlurmEngine, state: dict[str, Any]) -> None:
    said = Sight("waiting", reason="node")
    until(lambda: look(engine, state) == said, "the reason for waiting")


def test_commands_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = SlurmEngine(load_settings(data_dir=tmp_path))
    with pytest.raises(EngineError, match="squeue is not on the path") as caught:
        engine.look({"job": {"number": "1"}})
    assert not caught.value.passing


def test_numbers_of_slurm() -> None:
    assert [exit_code(text) for text in ("0", "1792", "15", "3:0", "0:9", "n/a")] == [
        0, 7, 143, 3, 137, None,
    ]  # fmt: skip
    told = "7.batch|1-00:00:01|1380K|8009|1.00M\n8.batch|213503982334-14:25:51||||\n"
    use = Usage(cpu=86401, memory=1380 * 1024, read=8009, written=2**20)
    assert list(read_use(told)) == [("7.batch", use)]
    assert os.WEXITSTATUS(1792) == exit_code("1792")
