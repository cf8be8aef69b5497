"""An import as a process of its own, seen from the page: progress, cancel, result.

The server never reads files itself: a damaged file or a lack of memory costs
the import, not the other visitors.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unicodedata
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sdcviz.settings import get_settings

__all__ = ["ImportJob", "Outcome", "folder_for", "stop_all"]


_running: weakref.WeakSet[ImportJob] = weakref.WeakSet()


def stop_all() -> None:
    """Cancel all running imports: the server stops."""
    for job in list(_running):
        job.cancel()


@dataclass(frozen=True)
class Outcome:
    """How an import ended.

    Attributes
    ----------
    error : str
        The sentence of what went wrong as a whole; empty after success.
    cancelled : bool
        Whether the visitor stopped it.
    report : dict
        What ``sdcviz import --json`` printed.
    """

    error: str = ""
    cancelled: bool = False
    report: dict[str, Any] = field(default_factory=dict)


def folder_for(name: str) -> Path:
    """Return a folder that does not exist yet for a new collection called `name`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "collection"
    root = get_settings().data_dir / "collections"
    folder, number = root / slug, 2
    while folder.exists():
        folder, number = root / f"{slug}-{number}", number + 1
    return folder


class ImportJob:
    """One running import.

    Parameters
    ----------
    paths : sequence of paths
        Files, folders and archives.
    into : Path
        Collection folder, new or existing (then the files are added).
    name : str
        Name of a new collection.
    mapping : dict, optional
        Column mapping of plain tables, as JSON.
    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        into: Path,
        name: str = "",
        mapping: dict[str, Any] | None = None,
    ) -> None:
        self.into = into
        self.done, self.total, self.text = 0, 0, ""
        self.outcome: Outcome | None = None
        self._cancelled = False
        self._last_words: list[str] = []
        self._mapping = _write_mapping(mapping) if mapping else None
        self._command = [
            sys.executable,
            "-m",
            "sdcviz.cli",
            "import",
            "--json",
            "--progress",
            "json",
        ]
        self._command += ["--into", str(into)]
        if name:
            self._command += ["--name", name]
        if self._mapping:
            self._command += ["--mapping", str(self._mapping)]
        self._command += ["--", *map(str, paths)]

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
        """Ask the process to stop; it leaves the collection as it was."""
        self._cancelled = True
        if self.process.poll() is None:
            # Not SIGINT: who is started in the background of a shell ignores that one.
            os.killpg(self.process.pid, signal.SIGTERM)

    def _follow(self, on_end: Callable[[Outcome], None]) -> None:
        assert self.process.stdout is not None and self.process.stderr is not None
        watcher = threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True)
        watcher.start()
        printed = self.process.stdout.read()
        status = self.process.wait()
        watcher.join()
        if self._mapping:
            self._mapping.unlink(missing_ok=True)
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
            return "The import was stopped by the system, most likely for lack of memory."
        return f"The import ended without a word (status {status})."


def _write_mapping(mapping: dict[str, Any]) -> Path:
    handle, path = tempfile.mkstemp(suffix=".json", prefix="sdcviz-mapping-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(mapping, file)
    return Path(path)
