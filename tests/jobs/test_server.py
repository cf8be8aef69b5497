"""The server keeps jobs beside the page."""

from __future__ import annotations

import os
import signal

from serving import running
from world import World, events, until

from sdcviz import jobs
from sdcviz.jobs import State


def test_a_killed_server_finds_its_jobs_again(here: World) -> None:
    settings = {"jobs_running": "4", "jobs_grace": "1"}
    with running(here.folder, **settings) as server:
        job = here.trial("--steps", 40, "--kept", "steps")
        resting = here.trial("--steps", 10_000, "--kept", "steps")
        here.progressed(job)
        assert not job.spec.keep
        os.kill(server.pid, signal.SIGKILL)
    assert jobs.get(job.id).state is State.RUNNING
    with running(here.folder, **settings):
        assert here.ended(job).result == {"steps": 40, "begun": 0}
        here.progressed(resting)
    # An orderly stop leaves nothing running.
    assert jobs.get(resting.id).state is State.HIBERNATED
    until(lambda: resting.id not in jobs.engines()["local"].found(), "its end")
    assert len(events(job, "start")) == 1
