"""What several engines need: a name for this installation, and calls after a while."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Timer

from ..settings import Settings
from .inside.safe import write_anew

__all__ = ["Later", "has_begun", "server_label", "tell_grace"]


def server_label(settings: Settings) -> str:
    """Return what marks the jobs of this installation on an engine that others share.

    Parameters
    ----------
    settings : Settings
    """
    if settings.engine_label:
        return settings.engine_label
    return hashlib.sha256(str(settings.data_dir).encode()).hexdigest()[:16]


def tell_grace(folder: str, grace: float) -> None:
    """Tell the wrapper of a job how many seconds it has, before it is sent TERM.

    Parameters
    ----------
    folder : str
    grace : float
    """
    with suppress(OSError):
        write_anew(os.path.join(folder, "stop"), f"{grace:g}".encode())


def has_begun(folder: str) -> bool:
    """Tell whether the wrapper of a job has ever run.

    Parameters
    ----------
    folder : str
    """
    return os.path.lexists(os.path.join(folder, "events.jsonl"))


class Later:
    """Calls after a while, one under a name; a process that ends does not wait for them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._timers: dict[str, tuple[float, Timer]] = {}

    def call(self, name: str, seconds: float, function: Callable[[], None]) -> None:
        """Call a function after some seconds, unless one under this name is due before."""
        due = time.monotonic() + seconds
        with self._lock:
            known = self._timers.get(name)
            if known is not None:
                if time.monotonic() < known[0] <= due:
                    return
                known[1].cancel()
            timer = Timer(seconds, function)
            timer.daemon = True
            self._timers[name] = due, timer
            timer.start()

    def knows(self, name: str) -> bool:
        """Tell whether there was such a call, and it was not forgotten."""
        return name in self._timers

    def forget(self, name: str) -> None:
        """Drop the call."""
        with self._lock:
            known = self._timers.pop(name, None)
        if known is not None:
            known[1].cancel()
