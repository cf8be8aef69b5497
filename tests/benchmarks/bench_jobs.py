"""Jobs: from submit to running, looking at a thousand, many short ones, against bare processes."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from sdcviz import jobs
from sdcviz.jobs.keeper import Keeper
from sdcviz.jobs.local import LocalEngine
from sdcviz.jobs.model import Job, JobSpec, Limits, State
from sdcviz.jobs.processes import begun
from sdcviz.jobs.rows import columns_of, now
from sdcviz.jobs.store import Store
from sdcviz.jobs.tables import JOB
from sdcviz.settings import get_settings


def row(what: str, seconds: float, peer: float | None = None) -> None:
    """Print one line of the table."""
    bare = "" if peer is None else f"{1000 * peer:10.1f} ms"
    print(f"{what:58} {1000 * seconds:10.1f} ms {bare}", flush=True)


@contextmanager
def world() -> Iterator[Path]:
    """Give jobs a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="sdcviz-bench-jobs-") as folder:
        os.environ["SDCVIZ_DATA_DIR"] = folder
        os.environ["SDCVIZ_JOBS_RUNNING"] = "2"
        os.environ["SDCVIZ_JOBS_WAITING_PER_USER"] = "0"
        get_settings.cache_clear()
        yield Path(folder)


def wait_for(id: str, state: State) -> None:
    """Ask until a job is in a state."""
    while jobs.get(id).state is not state:
        time.sleep(0.002)


def submit_to_running(count: int) -> float:
    """Return the seconds from submitting to running, by the keeper of this process."""
    keeper, seconds = Keeper(), []
    keeper.start()
    try:
        for _ in range(count):
            start = time.perf_counter()
            job = jobs.submit(["sleep", "100"], program=True)
            wait_for(job.id, State.RUNNING)
            seconds.append(time.perf_counter() - start)
            jobs.cancel(job.id)
            jobs.wait(job.id)
    finally:
        keeper.stop(leave=True)
    return median(seconds)


def look_at_many(folder: Path, count: int) -> tuple[float, float]:
    """Return the seconds of one call of the engine, and of a whole round of the keeper."""
    store, engine = Store(), LocalEngine()
    keeper = Keeper(store, {"local": engine})
    sleepers = [subprocess.Popen(["sleep", "1000"]) for _ in range(count)]
    try:
        made = []
        for number, process in enumerate(sleepers):
            spec = JobSpec(f"{number:032x}", ("x",), folder / "jobs" / str(number), owner="ann")
            spec.folder.mkdir(parents=True)
            (spec.folder / "events.jsonl").write_text(
                json.dumps({"event": "progress", "done": 1, "total": 9}) + "\n"
            )
            state = {"pid": process.pid, "begun": begun(process.pid), "attempt": 1}
            state["folder"] = str(spec.folder)
            job = Job(spec, State.RUNNING, created=now(), place=engine.place)
            made.append(replace(job, engine_state=state))
        store.write(lambda db: db.execute(JOB.insert(), [columns_of(job) for job in made]))
        keeper.tick()
        states = {job.id: job.engine_state for job in made}
        alone, whole = [], []
        for _ in range(9):
            start = time.perf_counter()
            assert all(s.phase == "running" for s in engine.look(states).values())
            alone.append(time.perf_counter() - start)
            start = time.perf_counter()
            keeper.tick()
            whole.append(time.perf_counter() - start)
    finally:
        for process in sleepers:
            process.kill()
        for process in sleepers:
            process.wait()
        keeper.tick()
        keeper.stop(leave=True)
    return median(alone), median(whole)


def short_jobs(count: int) -> float:
    """Return the seconds of each of many jobs that do nothing, two at a time."""
    keeper = Keeper()
    keeper.start()
    try:
        start = time.perf_counter()
        ids = [jobs.submit(["true"], program=True, limits=Limits()).id for _ in range(count)]
        submitted = time.perf_counter() - start
        while jobs.find(states=[State.QUEUED, State.STARTING, State.RUNNING], limit=1):
            time.sleep(0.02)
        seconds = (time.perf_counter() - start) / count
        assert len(jobs.find(states=[State.DONE], limit=count)) == len(ids)
    finally:
        keeper.stop(leave=True)
    row("  of which submitting took", submitted / count)
    return seconds


def bare(count: int) -> float:
    """Return the seconds of each of many processes that do nothing, two at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: subprocess.run(["true"]), range(count)))
    return (time.perf_counter() - start) / count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--many", type=int, default=1000)
    count = parser.parse_args()
    print(f"{'':58} {'ours':>13} {'bare':>13}")
    with world():
        row("submit to running (limit: 300)", submit_to_running(20))
    with world() as folder:
        alone, whole = look_at_many(folder, count.many)
        row(f"look at {count.many} running jobs, one call (limit: 100)", alone)
        row("  a whole round of the keeper", whole)
    with world():
        each = short_jobs(count.jobs)
        row(f"each of {count.jobs} short jobs, two at a time (limit: 50)", each, bare(count.jobs))


if __name__ == "__main__":
    main()
