"""What goes wrong around jobs, for real, and what the user sees."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import need
from databases import postgres
from waiting import LONG, until
from world import World, events, log, processes, world

from sdcviz import jobs
from sdcviz.errors import BadRequest, NotFound, QuotaExceeded
from sdcviz.jobs import State
from sdcviz.jobs.local import LocalEngine
from sdcviz.jobs.model import JobSpec
from sdcviz.jobs.store import Store
from sdcviz.settings import get_settings


# ---- disk and log ----------------------------------------------------------
@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder])
    need(mounted.returncode == 0, "A small disk can't be mounted: run as root.")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_fails_the_job_and_says_so(here: World, tmp_path: Path) -> None:
    with small_disk(tmp_path / "jobs"), here.keeper():
        job = here.ended(here.trial("--steps", 1, "--write", 5_000_000))
        assert (job.spec.folder / "exit.json").exists()
        assert job.state is State.FAILED
        assert job.reason == "The disk of its folder is full; free some space and start it again."


def test_a_log_that_does_not_fit_on_the_disk_costs_the_log_only(
    here: World, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "jobs"), here.keeper():
        job = here.ended(here.trial("--steps", 1, "--log", 5_000_000))
        assert job.state is State.DONE
        assert job.reason == "The disk of its folder is full: its log is not complete."
        assert job.result["steps"] == 1


def test_a_hundred_megabytes_of_log_take_bounded_room(here: World) -> None:
    with here.keeper():
        job = here.ended(here.trial("--steps", 0, "--log", 100_000_000))
    assert job.state is State.DONE
    room = sum(file.stat().st_size for file in job.spec.folder.glob("log*.txt"))
    assert room <= 32 * 1024**2
    text = log(job)
    assert text.startswith("000000000123456789") and text.endswith('"begun": 0\n}\n')
    assert text.count("of the log are left out here") == 1
    assert "\n99999900" in text  # the last line


# ---- keepers ---------------------------------------------------------------
def test_two_servers_start_each_job_once_and_one_takes_over(here: World) -> None:
    with here.server() as first, here.server():
        many = [here.trial("--steps", 4, "--seconds", 0.1) for _ in range(8)]
        here.progressed(many[0])
        first.kill()
        first.wait()
        ended = [here.ended(job) for job in many]
    assert [job.state for job in ended] == [State.DONE] * 8
    assert [len(events(job, "start")) for job in ended] == [1] * 8


class _Slow(LocalEngine):
    """Starts jobs when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let, self.asked = threading.Event(), threading.Event()

    def start(self, spec: JobSpec) -> dict[str, Any]:
        self.asked.set()
        assert self.let.wait(LONG)
        return super().start(spec)


def test_a_keeper_that_wakes_up_late_starts_nothing_again(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdcviz.jobs.leases.SILENCE", 0.5)
    slow = _Slow()
    with here.keeper(engines={"local": slow}):
        job = here.trial("--steps", 5)
        assert slow.asked.wait(LONG)
        with here.keeper(engines={"local": LocalEngine()}):
            here.progressed(job)
            slow.let.set()
            ended = here.ended(job)
    assert (ended.state, ended.spec.attempt) == (State.DONE, 1)
    assert len(events(job, "start")) == 1


def test_a_machine_that_is_gone_leaves_its_jobs_to_others(here: World) -> None:
    gone = LocalEngine()
    gone.place = "a machine of another name"
    for engine in jobs.engines().values():
        engine.place = gone.place  # type: ignore[attr-defined]
    with here.keeper(engines={"local": gone}):
        running = here.trial("--steps", 1000, "--kept", "steps")
        here.progressed(running, 2)
    os.kill(jobs.get(running.id).engine_state["pid"], 9)
    other, trial = here.folder / "jobs" / ("f" * 32), ("job", "trial")
    (other / "work").mkdir(parents=True)
    waiting = Store().add(
        replace(running, spec=replace(running.spec, id=other.name, folder=other, arguments=trial))
    )
    with here.keeper(engines={"local": LocalEngine()}):
        assert here.ended(waiting).state is State.DONE
        again = until(lambda: (j := jobs.get(running.id)).spec.attempt == 2 and j, "another start")
        here.progressed(again, 3)
        jobs.cancel(running.id)
        assert here.ended(running).state is State.CANCELLED


def test_jobs_rest_while_the_server_is_stopped(here: World) -> None:
    with here.server():
        resting = here.trial("--steps", 50, "--kept", "steps")
        going_on = here.trial("--steps", 50, keep=True)
        for job in (resting, going_on):
            here.progressed(job, 2)
    asleep = jobs.get(resting.id)
    assert asleep.state is State.HIBERNATED and "rests" in asleep.reason
    assert processes(resting) == []
    assert here.ended(going_on).spec.attempt == 1  # by a keeper that was left behind
    with here.server():
        ended = here.ended(resting)
    assert ended.state is State.DONE and ended.result["begun"] >= 2 and ended.losses == 0


def test_the_end_of_a_job_is_told_once_and_may_fail(here: World) -> None:
    told: list[str] = []

    def tell(job: jobs.Job) -> None:
        told.append(job.id)
        raise OSError("the mail server is down")

    with here.keeper():
        job = here.ended(here.trial("--steps", 0))
    with here.keeper(on_end=tell):
        until(lambda: told, "a word")
        other = here.ended(here.trial("--steps", 0))
        until(lambda: len(told) == 2, "another word")
    with here.keeper(on_end=tell):
        here.ended(here.trial("--steps", 0))
        until(lambda: len(told) == 3, "a third word")
    assert told[:2] == [job.id, other.id]


# ---- the database ----------------------------------------------------------
@pytest.mark.service
def test_a_database_that_restarts_is_waited_for(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        here = stack.enter_context(world(tmp_path, SDCVIZ_JOBS_URL=server.new_database("jobs")))
        with here.keeper():
            short = here.trial("--steps", 4)
            long = here.trial("--steps", 30)
            here.progressed(long)
            server.stop("immediate")
            until((short.spec.folder / "exit.json").exists, "an end nobody can write down")
            server.start()
            assert here.ended(short).state is State.DONE
            assert here.ended(long).state is State.DONE
        assert len(events(long, "start")) == 1
        [row] = jobs.usage()
        assert row["jobs"] == 2
        actions = {line["action"] for line in jobs.service_log()}
        assert {"submit", "keep", "start", "done"} <= actions


# ---- people ----------------------------------------------------------------
def test_what_can_not_be_is_said_before_anything_starts(here: World) -> None:
    with pytest.raises(BadRequest, match="Engine 'moon' is not offered here; choose of: local"):
        here.trial(engine="moon")
    with pytest.raises(BadRequest, match="asks for 64 processors and engine local has 4"):
        here.trial(limits=jobs.Limits(cpu=64))
    with pytest.raises(BadRequest, match="runs no images"):
        here.trial(image="julia")
    with pytest.raises(BadRequest, match="needs a command"):
        jobs.submit([])
    with pytest.raises(NotFound, match="There is no job abc"):
        jobs.get("abc")
    assert jobs.find() == []


def test_too_many_waiting_jobs_are_refused(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDCVIZ_JOBS_WAITING_PER_USER", "2")
    monkeypatch.setenv("SDCVIZ_JOBS_PER_USER", "1")
    get_settings.cache_clear()
    with here.keeper():
        first = here.seen(here.trial("--steps", 1000, owner="ann"), State.RUNNING)
        second, third = here.trial("--steps", 0, owner="ann"), here.trial(owner="ann")
        with pytest.raises(QuotaExceeded, match="2 jobs of ann wait already"):
            here.trial(owner="ann")
        assert here.ended(here.trial("--steps", 0, owner="bob")).state is State.DONE
        assert "1 jobs of ann run" in jobs.get(second.id).reason
        assert jobs.cancel(third.id).state is State.CANCELLED
        jobs.cancel(first.id)
        assert here.ended(second).state is State.DONE
        with pytest.raises(BadRequest, match="is done already"):
            jobs.pause(second.id)


def test_old_folders_are_removed_and_accounts_stay(here: World) -> None:
    from sdcviz.jobs.cleaning import remove_old

    with here.keeper():
        job = here.ended(here.trial("--steps", 0, estimate=jobs.Usage(cpu=5)))
    store = Store()
    assert remove_old(store, "local", job.place, days=1) == []
    assert [old.id for old in remove_old(store, "local", job.place, days=1e-9)] == [job.id]
    assert not job.spec.folder.exists()
    assert jobs.get(job.id).usage == job.usage and jobs.get(job.id).estimate == jobs.Usage(cpu=5)
    assert jobs.read_log(job.id) == (b"", 0)
    assert remove_old(store, "local", job.place, days=1e-9) == []


def test_use_of_a_job_is_shared_out_over_months(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Store().add(jobs.Job(JobSpec("a" * 32, ("x",), here.folder, owner="ann"), State.RUNNING))
    from sdcviz.jobs import rows

    def account(moment: str, cpu: float) -> jobs.Usage:
        monkeypatch.setattr(rows, "now", lambda: moment)
        return Store().write(
            lambda db: rows.account(db, job, jobs.Usage(cpu=cpu, memory_time=7.2e12))
        )

    account("2026-10-31T23:00:00", 10)
    account("2026-10-31T23:59:00", 30)
    assert account("2026-11-01T01:00:00", 45).cpu == 45
    assert [row["cpu_seconds"] for row in jobs.usage("2026-10")] == [30]
    assert [row["cpu_seconds"] for row in jobs.usage("2026-11")] == [15]
    assert [row["gb_hours"] for row in jobs.usage("2026-10", by="job")] == [2]
    [row] = jobs.usage("2026-11", by="job")
    assert (row["state"], row["expected_cpu_seconds"]) == ("running", None)
    assert jobs.months("ann") == ["2026-11", "2026-10"] and jobs.months("eve") == []
    with pytest.raises(BadRequest, match="is no month"):
        jobs.usage("November")
