"""The contract of engines: what each of them has to do, asked through the keeper."""

from __future__ import annotations

import pytest
from stands import PARAMETERS, Stand
from waiting import until
from world import World, events, log

from sdcviz import jobs
from sdcviz.jobs import Job, Limits, State

pytestmark = pytest.mark.parametrize("stand", PARAMETERS, indirect=True)


def test_a_job_runs_and_tells_its_result(there: World) -> None:
    with there.keeper():
        job = there.ended(there.trial("--steps", 2, title="Two steps", workspace="med"))
    assert (job.state, job.reason, job.exit_code) == (State.DONE, "", 0)
    assert job.result == {"steps": 2, "begun": 0}
    assert (job.progress.done, job.progress.total, job.progress.text) == (2, 2, "Step 2")
    assert job.usage.cpu > 0 and job.usage.wall > 0.1 and job.usage.memory > 1e6
    assert job.created <= job.started <= job.ended
    assert [event["exit_code"] for event in events(job, "end")] == [0]
    [row] = jobs.usage(by="workspace")
    assert row["workspace"] == "med" and row["cpu_seconds"] == pytest.approx(job.usage.cpu, 1e-2)


def test_the_same_job_twice_runs_once(there: World) -> None:
    with there.keeper():
        job = there.trial("--steps", 3)
        assert there.trial("--steps", 9, id=job.id).spec == job.spec
        running = there.seen(job, State.RUNNING)
        engine = jobs.engines()[there.engine]
        again = engine.start(running.spec)
        assert engine.look({job.id: again})[job.id].phase in {"waiting", "running"}
        assert there.ended(job).state is State.DONE
        assert engine.look({job.id: engine.start(running.spec)})[job.id].phase in {"ended", "gone"}
    assert len(events(job, "start")) == 1


def test_a_failure_says_what_the_command_said(there: World) -> None:
    with there.keeper():
        job = there.ended(there.trial("--steps", 0, "--code", 3))
    assert (job.state, job.exit_code) == (State.FAILED, 3)
    assert job.reason == "it failed as told, with 3."


def test_a_long_log_is_read_piece_by_piece(there: World) -> None:
    with there.keeper():
        job = there.ended(there.trial("--steps", 0, "--log", 12_000_000))
    text = log(job)
    assert text.index('{\n  "steps": 0') == 12_000_096  # whole lines of 108 bytes
    assert text.startswith("000000000123456789") and "\n001080000123456789" in text[:200000]
    piece, after = jobs.read_log(job.id, 108, 108)
    assert (piece.decode(), after) == (text[108:216], 216)
    assert jobs.read_log(job.id, -20)[0].decode() == text[-20:]
    assert jobs.read_log(job.id, len(text)) == (b"", len(text))


def test_a_pause_stops_all_of_it_and_does_not_count(there: World) -> None:
    with there.keeper():
        job = there.trial("--steps", 120, "--seconds", 0.05, "--child")
        there.progressed(job)
        jobs.pause(job.id)
        paused = there.seen(job, State.PAUSED)
        before = until(lambda: _still(job.id), "no more steps")
        assert before < 120
        assert jobs.get(job.id).state is State.PAUSED
        jobs.resume(job.id)
        there.progressed(job, before + 1)
        ended = there.ended(job)
    assert ended.state is State.DONE, ended.reason
    assert paused.spec.attempt == ended.spec.attempt == 1


def _still(id: str) -> int:
    """Return the number of steps where none comes for ten times their time."""
    import time

    before = len(events(jobs.get(id), "progress"))
    time.sleep(0.5)
    return before if len(events(jobs.get(id), "progress")) == before else 0


def test_a_stop_is_heard(there: World) -> None:
    with there.keeper():
        job = there.trial("--steps", 1000)
        there.progressed(job)
        jobs.cancel(job.id)
        assert there.ended(job).state is State.CANCELLED
    until(lambda: job.id not in jobs.engines()[there.engine].found(), "the engine forgets it")


def test_who_does_not_hear_is_killed(there: World) -> None:
    with there.keeper():
        job = there.trial("--steps", 1000, "--deaf", "--child")
        there.progressed(job)
        jobs.cancel(job.id)
        assert there.ended(job).state is State.CANCELLED
    count = len(events(job, "progress"))
    until(lambda: job.id not in jobs.engines()[there.engine].found(), "the engine forgets it")
    assert _still(job.id) == count


def test_a_paused_job_can_be_stopped(there: World) -> None:
    with there.keeper():
        job = there.trial("--steps", 1000)
        there.progressed(job)
        jobs.pause(job.id)
        there.seen(job, State.PAUSED)
        jobs.cancel(job.id)
        assert there.ended(job).state is State.CANCELLED


def test_too_much_memory_is_told(there: World) -> None:
    with there.keeper():
        limits = Limits(memory=200_000_000)
        job = there.trial("--steps", 1, "--memory", 800_000_000, "--seconds", 2, limits=limits)
        ended = there.ended(job)
    assert ended.state is State.FAILED and "memory" in ended.reason, ended.reason


def test_too_much_time_is_told(there: World) -> None:
    with there.keeper():
        ended = there.ended(there.trial("--steps", 1000, limits=Limits(walltime=1)))
    assert ended.state is State.FAILED and "time" in ended.reason, ended.reason


def test_jobs_outlive_a_killed_server(there: World) -> None:
    with there.server() as server:
        long = there.trial("--steps", 30, "--seconds", 0.1)
        good, bad = _gated(there, 0), _gated(there, 3)
        for job in (good, bad):
            there.seen(job, State.RUNNING)
        there.progressed(long)
        server.kill()
        server.wait()
    # Two of them end while nobody looks.
    for job in (good, bad):
        (job.spec.folder / "work" / "gate").touch()
    until(lambda: all(events(job, "end") for job in (good, bad)), "ends")
    assert jobs.get(good.id).state is jobs.get(bad.id).state is State.RUNNING
    with there.keeper():
        assert there.ended(good).state is State.DONE
        assert there.ended(bad).exit_code == 3
        assert there.ended(long).result == {"steps": 30, "begun": 0}
    assert len(events(long, "start")) == 1


def _gated(there: World, code: int) -> Job:
    """Submit a job that ends when it is let."""
    script = f"echo begun; until [ -e gate ]; do sleep 0.05; done; exit {code}"
    return jobs.submit(["sh", "-c", script], program=True, engine=there.engine)


def test_a_job_whose_node_goes_away_is_lost(there: World, stand: Stand) -> None:
    with there.keeper():
        job = there.trial("--steps", 1000, retries=0)
        stand.vanish(there.progressed(job))
        ended = there.ended(job)
    assert ended.state is State.LOST and "node" in ended.reason


def test_a_lost_job_starts_again_and_goes_on(there: World, stand: Stand) -> None:
    with there.keeper():
        job = there.trial("--steps", 50, "--kept", "steps", retries=1)
        stand.vanish(there.progressed(job, 3))
        ended = there.ended(job)
    assert (ended.state, ended.spec.attempt, ended.losses) == (State.DONE, 2, 1), ended.reason
    assert ended.result["begun"] >= 3
    assert len(events(job, "start")) == 2


def test_a_hibernated_job_goes_on_from_what_it_kept(there: World) -> None:
    with there.keeper():
        job = there.trial("--steps", 50, "--kept", "steps")
        there.progressed(job, 3)
        jobs.hibernate(job.id)
        asleep = there.seen(job, State.HIBERNATED)
        until(lambda: job.id not in jobs.engines()[there.engine].found(), "its memory is free")
        jobs.wake(job.id)
        ended = there.ended(job)
    assert ended.state is State.DONE and ended.result["begun"] >= 3
    assert ended.losses == 0 and ended.usage.wall > asleep.usage.wall > 0
