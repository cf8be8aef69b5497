"""What is given to the commands of jobs: states, sizes, times."""

from __future__ import annotations

from typing import Any

from ..errors import BadRequest

__all__ = ["seconds_of", "size_of", "states"]


def states(names: list[str] | None) -> list[Any] | None:
    """Read the states that --state names; None without any."""
    from .. import jobs

    if not names:
        return None
    try:
        return [jobs.State(name) for name in names]
    except ValueError as error:
        known = ", ".join(jobs.State)
        raise BadRequest(f"--state: {error}; known are {known}.") from None


def size_of(text: str) -> int:
    """Read --memory: bytes of 500M or 4G; 0 of nothing."""
    units = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
    word = text.strip().upper().removesuffix("B")
    if not word:
        return 0
    unit = word[-1] if word[-1] in units else ""
    try:
        return int(float(word.removesuffix(unit)) * units[unit])
    except ValueError:
        raise BadRequest(f"--memory {text}: expected a size such as 500M or 4G.") from None


def seconds_of(text: str) -> float:
    """Read --walltime: seconds of 3600, 90m, 2h or 1:30:00; 0 of nothing."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    word = text.strip().lower()
    if not word:
        return 0.0
    try:
        if ":" in word:
            parts = [float(part) for part in word.split(":")]
            return sum(part * 60**place for place, part in enumerate(reversed(parts)))
        unit = word[-1] if word[-1] in units else ""
        return float(word.removesuffix(unit)) * units.get(unit, 1)
    except ValueError:
        raise BadRequest(f"--walltime {text}: expected 3600, 90m, 2h or 1:30:00.") from None
