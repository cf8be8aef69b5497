"""Events and the exit record of a job folder."""

from __future__ import annotations

import contextlib
import json
import os
import time

TYPE_CHECKING = False  # that of typing takes longer to load than all of this
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Record", "now", "read_exit"]

_ROOM = 16 * 1024


def now() -> str:
    """Return the time in UTC, ISO 8601 with milliseconds."""
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}+00:00"


def read_exit(folder: str) -> dict[str, Any]:
    """Return the exit record of a job folder; empty where there is none."""
    try:
        with open(os.path.join(folder, "exit.json"), "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Record:
    """Writes both; room for the exit record is taken beforehand, so that a full disk has it."""

    def __init__(self, folder: str) -> None:
        self.events = os.path.join(folder, "events.jsonl")
        self._exit = os.path.join(folder, "exit.json")
        self._draft = os.path.join(folder, "exit.draft")
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        self._handle = os.open(self.events, flags, 0o666)
        with contextlib.suppress(OSError), open(self._draft, "wb") as file:
            file.write(b" " * _ROOM)

    def tell(self, event: str, **facts: Any) -> None:
        """Append an event; where the disk is full it is left out."""
        line = json.dumps({"event": event, "time": now(), **facts})
        with contextlib.suppress(OSError):
            os.write(self._handle, line.encode() + b"\n")

    def end(self, facts: dict[str, Any]) -> None:
        """Write the exit record, in one step."""
        data = json.dumps(facts).encode()
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self._draft, flags, 0o666)
        try:
            os.write(handle, data)
            os.ftruncate(handle, len(data))
        finally:
            os.close(handle)
        os.replace(self._draft, self._exit)
