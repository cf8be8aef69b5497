"""What happens to a job, told as it happens (server-sent events).

Two kinds of lines come: those that the job wrote, each with the offset after it as its id, and
``state`` where the database says something new. Who comes again with ``Last-Event-ID`` gets what
he missed; when the job is over comes ``over``, and who asks again then is told to stay away (204).
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool

from sdcviz import jobs
from sdcviz.errors import QuotaExceeded, SdcvizError

from .job_models import view

__all__ = ["MOST_STREAMS", "check_room", "stream"]

MOST_STREAMS = 200
"""Most streams of one process at a time."""
_LOOK = 0.5
_SILENCE = 15.0
_RECHECK = 3.0
_BATCH = 1000
_streams = 0  # only the event loop counts


def check_room() -> None:
    """Raise where too many streams are open."""
    if _streams >= MOST_STREAMS:
        raise QuotaExceeded("Too many follow jobs at the moment; ask for the job itself instead.")


async def stream(identity: str, since: int, allowed: Callable[[], bool]) -> AsyncIterator[str]:
    """Yield what happens to a job from an offset of its events on, until it is over.

    Parameters
    ----------
    identity : str
        Id of the job.
    since : int
        Offset of the first event that is told.
    allowed : callable
        Whether who asked may still see it; asked now and then.
    """
    global _streams
    _streams += 1
    try:
        async for news in _follow(identity, since, allowed):
            yield news
    except SdcvizError as error:  # the database is away: whoever listens comes again
        yield _event("trouble", json.dumps({"detail": str(error)}))
    finally:
        _streams -= 1


async def _follow(identity: str, since: int, allowed: Callable[[], bool]) -> AsyncIterator[str]:
    told, offset = "", since
    checked = spoken = time.monotonic()
    while True:
        # The state first: what the job wrote before its end is then there to be read.
        job = await run_in_threadpool(jobs.get, identity)
        events, offset = await run_in_threadpool(jobs.read_events, identity, offset, _BATCH)
        text = view(job).model_dump_json()
        told, news = text, _news(events, offset, text if text != told else "")
        over = job.is_over and not events
        if over:
            news += _event("over", text, offset)
        now = time.monotonic()
        if not news and now - spoken > _SILENCE:
            news = ": still here\n\n"
        if news:
            spoken = now
            yield news
        if over:
            return
        if now - checked > _RECHECK:
            checked = now
            if not await run_in_threadpool(allowed):
                return
        if not events:
            await anyio.sleep(_LOOK)


def _news(events: list[dict[str, Any]], offset: int, state: str) -> str:
    # Sent as one piece with one id: what arrives in part is sent again as a whole.
    lines = [
        _event(str(event.get("event") or "event"), json.dumps(event, ensure_ascii=False))
        for event in events
    ]
    if events:
        lines[-1] = f"id: {offset}\n{lines[-1]}"
    return "".join(lines) + (_event("state", state, offset) if state else "")


def _event(name: str, data: str, offset: int | None = None) -> str:
    """Return one event; neither name nor data can begin another one."""
    name = "".join(c for c in name if c.isalnum() or c in "_-")[:40] or "event"
    identity = "" if offset is None else f"id: {offset}\n"
    return f"{identity}event: {name}\ndata: {data}\n\n"
