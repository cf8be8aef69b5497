"""Job folders: what is in them, and reading it while the job writes."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..settings import get_settings
from ..words import size
from .inside.log import pieces
from .inside.record import read_exit
from .model import JobSpec

__all__ = [
    "exit_record",
    "folder_of",
    "last_line",
    "make_folder",
    "read_events",
    "read_log",
    "remove_folder",
    "write_job",
]


def folder_of(id: str, data_dir: Path | None = None) -> Path:
    """Return the folder of a job, whether it is there or not."""
    return (data_dir or get_settings().data_dir) / "jobs" / id


def make_folder(folder: Path) -> None:
    """Make the folder of a job.

    Raises
    ------
    StorageError
        The disk is full or may not be written.
    """
    try:
        (folder / "work").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: the folder of the job can't be made ({error.strerror}); free some space, "
            "or set SDCVIZ_DATA_DIR to a folder of yours."
        ) from error


def write_job(spec: JobSpec, grace: float) -> None:
    """Write what the wrapper reads, ``job.json``, for this attempt."""
    told: dict[str, Any] = {"id": spec.id, "attempt": spec.attempt, "grace": grace}
    told |= {"limits": asdict(spec.limits), "env": spec.env, "network": spec.network}
    told["argv" if spec.program or spec.image else "arguments"] = list(spec.arguments)
    make_folder(spec.folder)
    draft = spec.folder / f"job.{os.getpid()}.draft"
    try:
        (spec.folder / "stop").unlink(missing_ok=True)
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(spec.folder / "job.json")
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageError(
            f"{spec.folder}: the job can't be written there ({error.strerror}); free some space."
        ) from error


def exit_record(folder: Path, attempt: int) -> dict[str, Any]:
    """Return how an attempt ended; empty while it has not, or where nobody knows."""
    found = read_exit(str(folder))
    return found if found.get("attempt") == attempt else {}


def read_events(
    folder: Path, since: int = 0, limit: int = 1000
) -> tuple[list[dict[str, Any]], int]:
    """Return the events after a byte offset, and the offset where the next ones begin.

    A line that is not finished yet is left for the next time; one that is no event is left out.
    """
    events: list[dict[str, Any]] = []
    try:
        with (folder / "events.jsonl").open("rb") as file:
            file.seek(since)
            for line in file:
                if not line.endswith(b"\n") or len(events) >= limit:
                    break
                since += len(line)
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and "event" in event:
                    events.append(event)
    except OSError:
        pass
    return events, since


def read_log(folder: Path, offset: int = 0, limit: int = 65536) -> tuple[bytes, int]:
    """Return bytes of the log from an offset on, and the offset that follows.

    Parameters
    ----------
    folder : Path
    offset : int
        Counts all that was ever written; negative: from the end.
    limit : int
        Most bytes.

    Returns
    -------
    bytes
        Empty where nothing more was written so far. In the place of what was left out of a log
        that is too long stands one line that says so.
    int
    """
    try:
        found = pieces(str(folder))
    except OSError:
        return b"", max(offset, 0)
    end = max((start + length for start, length, _ in found), default=0)
    if offset < 0:
        offset = max(end + offset, 0)
    for start, length, path in found:
        if offset < start:
            gap = f"\n[{size(start - offset)} of the log are left out here]\n"
            return gap.encode(), start
        if offset < start + length:
            try:
                with open(path, "rb") as file:
                    file.seek(offset - start)
                    data = file.read(limit)
            except OSError:  # just made room for newer lines
                continue
            return data, offset + len(data)
    return b"", offset


def last_line(folder: Path) -> str:
    """Return the last line of the log that says something, cut at 500 characters."""
    data, _ = read_log(folder, -4000, 4000)
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")[:500]


def remove_folder(folder: Path) -> None:
    """Remove the folder of a job with all that is in it; one that is not there is removed."""
    shutil.rmtree(folder, ignore_errors=True)
