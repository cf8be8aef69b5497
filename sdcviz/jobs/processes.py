"""Processes of this machine, known by number and time of start."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .inside.tree import kill_tree

__all__ = [
    "begun",
    "give_way",
    "kill_left",
    "kill_soon",
    "living_pid",
    "phase_of",
    "read_bytes",
    "send",
]


def read_bytes(path: str) -> bytes:
    """Return a file of /proc; empty where it is gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _stat(pid: int) -> list[bytes]:
    return read_bytes(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def begun(pid: int) -> int:
    """Return when a process was started, in ticks; 0 where there is none."""
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def is_alive(pid: int, begun: int | None) -> bool:
    return phase_of(pid, begun) in {"running", "paused"}


def phase_of(pid: int, begun: int | None) -> str:
    """Say whether a process of that start is ``running``, ``paused`` or ``gone``."""
    fields = _stat(pid)
    if len(fields) < 20 or (begun is not None and int(fields[19]) != begun):
        return "gone"
    if fields[0] in b"ZX":
        # Ours, or of a server that was before us: then another waits for it.
        with contextlib.suppress(OSError):
            os.waitpid(pid, os.WNOHANG)
        return "gone"
    return "paused" if fields[0] == b"T" else "running"


def give_way(pid: int, nice: int) -> None:
    """Let other processes go before one that leads a session, and before all that it starts.

    Where Linux shares processors by session (autogroups), niceness counts within a session only:
    there the session itself has one.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(f"{nice}\n", encoding="ascii")


def living_pid(state: Mapping[str, Any]) -> int:
    """Return the wrapper's process number, 0 where it has ended."""
    pid = int(state.get("pid", 0))
    return pid if pid and is_alive(pid, state.get("begun")) else 0


def send(pid: int, number: int) -> None:
    """Send a signal; to nobody where the process is gone."""
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def kill_soon(state: dict[str, Any], seconds: float = 2.0) -> None:
    """Kill a wrapper that does not end by itself, with all below it."""
    deadline = time.monotonic() + seconds
    while (pid := living_pid(state)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if pid:
        kill_tree(pid)
        send(pid, signal.SIGKILL)
    kill_left(state)


def kill_left(state: Mapping[str, Any]) -> None:
    """Kill processes that carry the name of a job whose wrapper is gone."""
    mark = b"SDCVIZ_JOB=" + os.path.basename(str(state.get("folder", ""))).encode()
    if len(mark) < 20:
        return
    for entry in os.listdir("/proc"):
        if entry.isdigit() and mark in read_bytes(f"/proc/{entry}/environ").split(b"\0"):
            send(int(entry), signal.SIGKILL)
