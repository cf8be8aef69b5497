"""Run the driver of the engine "julia" as a process, and take its answers as they come."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..errors import BadRequest
from ..settings import get_settings
from .julia import by_julia, export
from .plan import Plan
from .pool import Done

__all__ = ["command_for", "in_julia"]

_LOOK = 0.2  # seconds between looks at the events
_GRACE = 10  # seconds for it to end


def command_for(folder: Path) -> list[str]:
    """Give the command that solves the problem in a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of str

    Raises
    ------
    BadRequest
        The settings name none.
    """
    words = shlex.split(get_settings().julia)
    if not words:
        raise BadRequest(
            "There is no command for Julia: set SDCVIZ_JULIA (its description has an example), run "
            "this in the image of docker/divand.Dockerfile, or take the problem elsewhere with "
            "--export-julia."
        )
    if not any("{folder}" in word for word in words):
        words.append("{folder}")
    return [word.replace("{folder}", str(folder)) for word in words]


def in_julia(plan: Plan, numbers: Sequence[int], folder: Path) -> Iterator[Done]:
    """Have time slices analysed by the driver.

    Parameters
    ----------
    plan : Plan
    numbers : sequence of int
    folder : Path
        For problem and answers; what is answered there already is not computed again.

    Yields
    ------
    Done
        As they come.

    Raises
    ------
    BadRequest
        There is no driver, it failed, or the recipe has no counterpart.
    """
    command = command_for(folder)
    asked = set(export(plan, folder, numbers))
    missing = set(numbers)
    if asked:
        for done in _answers(plan, asked, folder, command):
            missing.discard(done.number)
            yield done
    # Without observations, or answered by an earlier run of the driver.
    yield from by_julia(plan, sorted(missing), folder)


def _answers(plan: Plan, asked: set[int], folder: Path, command: list[str]) -> Iterator[Done]:
    """Run the driver, and take answers as they come."""
    events = folder / "events.jsonl"
    events.unlink(missing_ok=True)
    with open(folder / "log.txt", "w+b") as log:
        process = _start(command, events, log)
        try:
            for number in _finished(process, events):
                if number in asked:
                    yield from by_julia(plan, [number], folder)
            if process.returncode:
                raise BadRequest(
                    f"The driver of Julia ended with code {process.returncode}: {_last(log)}. "
                    "Finished slices are kept."
                )
        finally:
            _end(process)


def _start(command: list[str], events: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env={**os.environ, "SDCVIZ_EVENTS": str(events)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,  # of our own group: what ends a job has to end it too
        )
    except OSError as error:
        raise BadRequest(
            f"{command[0]}: the driver of Julia can't be started ({error.strerror}); "
            "look at the setting julia."
        ) from error


def _finished(process: subprocess.Popen[bytes], events: Path) -> Iterator[int]:
    """Give the numbers of the slices that the driver finishes, until it ends."""
    read, running = 0, True
    while running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK)
            running = False
        whole = events.read_bytes()[read:] if events.exists() else b""
        lines = whole[: whole.rfind(b"\n") + 1]
        read += len(lines)
        for event in _told(lines):
            if event.get("event") == "slice":
                yield int(event["number"])


def _told(lines: bytes) -> Iterator[dict[str, Any]]:
    for line in lines.splitlines():
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event


def _last(log: IO[bytes]) -> str:
    """Give the last line that the driver wrote for people."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
    return next((line.rstrip(".") for line in reversed(lines) if line), "it said nothing")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the driver, if it still runs."""
    for end in (process.terminate, process.kill):
        if process.poll() is None:
            end()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
