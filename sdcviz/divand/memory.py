"""How much memory there is."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["available_memory", "in_words"]

_GROUP = Path("/sys/fs/cgroup")


def available_memory() -> float:
    """Give the bytes that may still be used: of the machine, and of the group of processes."""
    free = _of_machine()
    try:
        limit = (_GROUP / "memory.max").read_text().strip()
        if limit != "max":
            free = min(free, int(limit) - int((_GROUP / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no limit that could be read
    return max(free, 0.0)


def _of_machine() -> float:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024.0
    except OSError:
        pass
    # Without an account of what is free, half of what is built in.
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2
    except (AttributeError, ValueError, OSError):
        return float("inf")


def in_words(count: float) -> str:
    """Give bytes as a person reads them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):.0f} MB"
