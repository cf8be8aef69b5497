"""Read what jobs write into their folders: progress, use, result."""

from __future__ import annotations

import json
import os
from typing import Any

from .folders import read_events
from .model import Usage, usage_of
from .rows import Kept
from .store import Change

__all__ = ["Follower"]

_STEP = 5000


class Follower:
    """Reads new events of jobs; where nothing was written it costs one look at a file."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def read(self, one: Kept, ended: bool) -> tuple[dict[str, Any], Usage | None, bool]:
        """Return what to write of a job: columns, its use if told, and whether it lives."""
        job, since = one.job, one.events_at
        try:
            size = os.stat(job.spec.folder / "events.jsonl").st_size
        except OSError:
            return {}, None, False
        grew = size != self._sizes.get(job.id, size)
        self._sizes[job.id] = size
        if size == since:
            return {}, None, grew
        values: dict[str, Any] = {}
        usage: Usage | None = None
        while True:
            events, after = read_events(job.spec.folder, since, _STEP)
            for event in events:
                usage = _take(event, values) or usage
            if after == since or not ended:
                since = after
                break
            since = after
        if since != one.events_at:
            values["events_at"] = since
        return values, usage, grew

    def written(self, change: Change) -> None:
        """Hear that a change is in the database."""
        if change.values.get("attempt"):
            self._sizes.pop(change.before.id, None)

    def forget(self, active: set[str]) -> None:
        """Forget jobs that have ended."""
        for id in set(self._sizes) - active:
            del self._sizes[id]


def _take(event: dict[str, Any], values: dict[str, Any]) -> Usage | None:
    """Take what an event says into the columns; return the use that it tells."""
    kind = event["event"]
    if kind == "progress":
        values["done"], values["total"] = _whole(event.get("done")), _whole(event.get("total"))
        values["text"] = str(event.get("text", ""))
    elif kind == "result":
        values["result"] = json.dumps(event.get("report") or {})
    elif kind in {"heartbeat", "end"}:
        return usage_of(event)
    return None


def _whole(value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0
