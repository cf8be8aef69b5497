"""The lock file of a job folder: who holds it runs the job, and it says where."""

from __future__ import annotations

import fcntl
import json
import os
import time
from typing import Any

from ..errors import EngineError

__all__ = ["lock", "parse", "read_state", "wait_for_state", "write_state"]


def lock(handle: int) -> bool:
    """Take the lock, unless somebody has it; whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def parse(data: bytes) -> dict[str, Any]:
    """Read the state of a lock file; empty where there is none."""
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_state(lock: int) -> dict[str, Any]:
    """Return the state that whoever had it last has written."""
    return parse(os.pread(lock, 65536, 0))


def write_state(lock: int, state: dict[str, Any]) -> None:
    """Write where the job runs."""
    data = json.dumps(state).encode()
    os.ftruncate(lock, 0)
    os.pwrite(lock, data, 0)


def wait_for_state(lock: int, attempt: int) -> dict[str, Any]:
    """Return the state that whoever starts the job writes in a moment."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        known = read_state(lock)
        if known.get("attempt") == attempt:
            return known
        time.sleep(0.01)
    raise EngineError("Another attempt at this job has not ended yet.", True)
