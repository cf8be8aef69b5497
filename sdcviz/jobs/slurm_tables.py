"""What the commands of Slurm print, in columns of fixed width that old versions know as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .model import Usage

__all__ = ["PHASES", "QUEUE", "Row", "exit_code", "read_queue", "read_use"]

COLUMNS = {
    "JobID": 24,
    "Name": 64,
    "State": 24,
    "exit_code": 12,
    "BatchHost": 64,
    "Reason": 48,
    "Comment": 48,
}
QUEUE = "--Format=" + ",".join(f"{name}:{width}" for name, width in COLUMNS.items())
"""Option of squeue."""

PHASES = {
    **dict.fromkeys(("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD",
                     "SPECIAL_EXIT", "REQUEUE_FED"), "waiting"),
    **dict.fromkeys(("SUSPENDED", "STOPPED"), "paused"),
    **dict.fromkeys(("COMPLETED", "FAILED", "CANCELLED", "OUT_OF_MEMORY", "TIMEOUT", "DEADLINE"),
                    "ended"),
    **dict.fromkeys(("NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "REVOKED", "LAUNCH_FAILED"), "gone"),
}  # fmt: skip
"""Phase by state; what is not listed (RUNNING, COMPLETING, SIGNALING, ...) runs."""

NAME = re.compile(r"sdcviz-(.+)-(\d+)")


@dataclass(frozen=True)
class Row:
    """A batch job as squeue tells it.

    Attributes
    ----------
    number, name, state, status, host, reason, label : str
        `status` is what waiting for it gives, `label` the installation that submitted it.
    """

    number: str
    name: str
    state: str
    status: str
    host: str
    reason: str
    label: str

    @property
    def job(self) -> str:
        """Id of our job; empty where it is none."""
        match = NAME.fullmatch(self.name)
        return match[1] if match else ""

    @property
    def attempt(self) -> int:
        """Number of the attempt."""
        match = NAME.fullmatch(self.name)
        return int(match[2]) if match else 0


def read_queue(text: str) -> list[Row]:
    """Read what squeue prints with `QUEUE`.

    Parameters
    ----------
    text : str
    """
    rows = []
    for line in text.splitlines():
        cells, start = [], 0
        for width in COLUMNS.values():
            cells.append(line[start : start + width].strip())
            start += width
        if cells[0]:
            rows.append(Row(*cells))
    return rows


def exit_code(status: str) -> int | None:
    """Return the exit code that a wait status means, 128 and more for signals; None if it is none.

    Parameters
    ----------
    status : str
        As squeue prints it (one number), or as ``code:signal``.
    """
    first, _, second = status.partition(":")
    if not first.isdigit():
        return None
    if second.isdigit():
        return 128 + int(second) if int(second) else int(first)
    number = int(first)
    return 128 + (number & 0x7F) if number & 0x7F else number >> 8


def read_use(text: str) -> Iterator[tuple[str, Usage]]:
    """Read what sstat prints: step and use, of those that say something.

    Parameters
    ----------
    text : str
    """
    for line in text.splitlines():
        step, *cells = line.split("|")
        if len(cells) >= 4 and cells[1]:
            read, written = _bytes(cells[2]), _bytes(cells[3])
            yield (
                step,
                Usage(_seconds(cells[0]), memory=_bytes(cells[1]), read=read, written=written),
            )


def _seconds(text: str) -> float:
    """Read ``days-hours:minutes:seconds``."""
    days, _, clock = text.rpartition("-")
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part or 0)
    total += 86400 * float(days or 0)
    # Before the first sample it prints the largest number there is.
    return total if total < 1e10 else 0.0


def _bytes(text: str) -> int:
    """Read a number with or without a unit of 1024."""
    match = re.fullmatch(r"([\d.]+)([KMGT]?)", text)
    return round(float(match[1]) * 1024 ** " KMGT".index(match[2] or " ")) if match else 0
