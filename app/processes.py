"""A command of sdcviz as a process of its own, seen from the page: progress, cancel, result.

The server never does heavy work itself: a damaged file or a lack of memory
costs that process, not the other visitors.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

__all__ = ["CommandJob", "Outcome", "stop_all"]

_running: weakref.WeakSet[CommandJob] = weakref.WeakSet()


def stop_all() -> None:
    """Cancel all running processes: the server stops."""
    for job in list(_running):
        job.cancel()


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Attributes
    ----------
    error : str
        The sentence of what went wrong as a whole; empty after success.
    cancelled : bool
        Whether the visitor stopped it.
    report : dict
        What it printed with ``--json``.
    """

    error: str = ""
    cancelled: bool = False
    report: dict[str, Any] = field(default_factory=dict)


class CommandJob:
    """One running command.

    Parameters
    ----------
    name : str
        What it does, for the sentence of an end without a word.
    arguments : sequence of str
        After ``sdcviz``; it has to print JSON, and progress as JSON lines.

    Attributes
    ----------
    done, total : int
        Progress.
    text : str
        What it is about now.
    outcome : Outcome or None
        How it ended; None while it runs.
    """

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.done, self.total, self.text = 0, 0, ""
        self.outcome: Outcome | None = None
        self._cancelled = False
        self._last_words: list[str] = []
        self._command = [sys.executable, "-m", "sdcviz.cli", *arguments]

    def start(self, on_end: Callable[[Outcome], None]) -> None:
        """Start; `on_end` is called from another thread, then `outcome` is set."""
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Own group: Ctrl-C in the server's terminal stops the server, which stops us.
            start_new_session=True,
        )
        _running.add(self)
        threading.Thread(target=self._follow, args=(on_end,), daemon=True).start()

    def cancel(self) -> None:
        """Ask the process to stop; it leaves everything as it was."""
        self._cancelled = True
        if self.process.poll() is None:
            # Not SIGINT: who is started in the background of a shell ignores that one.
            os.killpg(self.process.pid, signal.SIGTERM)

    def _clean(self) -> None:
        """Remove what was made for the process."""

    def _follow(self, on_end: Callable[[Outcome], None]) -> None:
        assert self.process.stdout is not None and self.process.stderr is not None
        watcher = threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True)
        watcher.start()
        printed = self.process.stdout.read()
        status = self.process.wait()
        watcher.join()
        self._clean()
        outcome = self._outcome(status, printed)
        try:
            on_end(outcome)
        finally:
            self.outcome = outcome

    def _listen(self, stream: IO[str]) -> None:
        """Read progress, one JSON object a line; other lines are the process's last words."""
        for line in stream:
            try:
                step = json.loads(line)
                self.done, self.total = int(step["done"]), int(step["total"])
                self.text = str(step.get("text", ""))
            except (ValueError, KeyError, TypeError):
                self._last_words = [*self._last_words[-20:], line.strip()]

    def _outcome(self, status: int, printed: str) -> Outcome:
        if self._cancelled:
            return Outcome(cancelled=True)
        try:
            report = json.loads(printed)
        except ValueError:
            report = {}
        if status == 0 and report:
            return Outcome(report=report)
        return Outcome(error=self._complaint(status, report), report=report)

    def _complaint(self, status: int, report: dict[str, Any]) -> str:
        said = report.get("error") or next((w for w in reversed(self._last_words) if w), "")
        if said:
            return str(said).removeprefix("sdcviz: ")
        if status in {-signal.SIGKILL, 128 + signal.SIGKILL}:
            return f"The {self.name} was stopped by the system, most likely for lack of memory."
        return f"The {self.name} ended without a word (status {status})."
