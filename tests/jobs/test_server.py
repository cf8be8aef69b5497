"""The server keeps jobs beside the page, from its start to its orderly end."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from waiting import until
from world import World, events

from sdcviz import jobs
from sdcviz.jobs import State
from sdcviz_app.server import create_app


def test_jobs_rest_with_the_server_and_go_on_with_it(here: World) -> None:
    api = create_app().app.app

    async def visits() -> jobs.Job:
        async with api.router.lifespan_context(api):
            job = here.trial("--steps", 60, "--kept", "steps")
            assert not job.spec.keep  # there is a server that keeps it
            here.progressed(job, 2)
        assert jobs.get(job.id).state is State.HIBERNATED
        until(lambda: job.id not in jobs.engines()["local"].found(), "its end")
        async with api.router.lifespan_context(api):
            return here.ended(job)

    # Playwright, where its tests came first, has a loop of its own in the main thread.
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(asyncio.run, visits()).result()
    assert ended.state is State.DONE and ended.result["begun"] >= 2
    assert len(events(ended, "start")) == 2
