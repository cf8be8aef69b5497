"""What several engines need: a name for this installation, and calls after a while."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Timer

from ..settings import Settings

__all__ = ["Later", "server_label", "tell_grace"]


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
        Path(folder, "stop").write_text(f"{grace:g}", encoding="ascii")


class Later:
    """Calls after a while, at most one under a name; a process that ends does not wait for them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._timers: dict[str, Timer] = {}

    def call(self, name: str, seconds: float, function: Callable[[], None]) -> None:
        """Call a function after some seconds, unless one waits or was called under this name."""
        with self._lock:
            if name in self._timers:
                return
            self._timers[name] = timer = Timer(seconds, function)
            timer.daemon = True
            timer.start()

    def knows(self, name: str) -> bool:
        """Tell whether there was such a call, and it was not forgotten."""
        return name in self._timers

    def forget(self, name: str) -> None:
        """Drop the call."""
        with self._lock:
            timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
