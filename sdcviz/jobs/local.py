"""The engine of this machine: each job a process group of its own."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..settings import Settings, get_settings
from .engine import Sight
from .folders import exit_record
from .inside.tree import kill_tree, tree
from .lockfile import lock, parse, read_state, wait_for_state, write_state
from .model import JobSpec, Limits, Usage
from .processes import (
    begun,
    give_way,
    kill_left,
    kill_soon,
    living_pid,
    phase_of,
    read_bytes,
    send,
)

__all__ = ["LocalEngine"]

# Without site-packages and without the packages above it, which the wrapper does not need: it
# starts in a third of the time.
_BOOT = (
    f"import sys; sys.path.append({str(Path(__file__).resolve().parent)!r}); "
    "from inside.run import main; sys.exit(main(sys.argv))"
)
_COMMAND = [sys.executable, "-S", "-E", "-s", "-c", _BOOT]
_WATCHED = 200  # descriptors are few; the others are found at the next look


class LocalEngine:
    """Runs jobs as processes of this machine; they live on when the server is gone.

    Parameters
    ----------
    settings : Settings, optional
    """

    name = "local"
    capabilities = frozenset({"pause", "limits", "usage", "interactive", "restart-safe"})
    certain = True

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or get_settings()
        self.place = socket.gethostname()
        self._guard = threading.Lock()
        self._watched: dict[int, int] = {}
        self._pids: set[int] = set()

    def capacity(self) -> Limits:
        """Return what all jobs together may take of this machine."""
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return Limits(
            cpu=self._settings.jobs_running or processors(),
            memory=self._settings.jobs_memory or total * 4 // 5,
        )

    def start(self, spec: JobSpec) -> dict[str, Any]:
        """Start the wrapper; where it runs or has run already, return its state."""
        if spec.image:
            raise EngineError(
                f"Engine local runs no images; choose an engine of containers for {spec.image}."
            )
        try:
            # Whoever holds it starts the job, and the wrapper inherits it: no second one can.
            handle = os.open(spec.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise EngineError(f"{spec.folder}: {error.strerror}.") from error
        try:
            if not lock(handle):
                return wait_for_state(handle, spec.attempt)
            known = read_state(handle)
            if known.get("attempt") == spec.attempt:
                return known
            return self._start(spec, handle)
        finally:
            os.close(handle)

    def _start(self, spec: JobSpec, handle: int) -> dict[str, Any]:
        try:
            process = subprocess.Popen(
                [*_COMMAND, str(spec.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[handle],
                cwd=spec.folder,
            )
        except OSError as error:
            raise EngineError(f"No process can be started ({error.strerror}).", True) from error
        process.returncode = 0  # `look` waits for it; without this its destructor warns
        state: dict[str, Any] = {"pid": process.pid, "begun": begun(process.pid)}
        state |= {"attempt": spec.attempt, "folder": str(spec.folder)}
        self._place(process.pid, spec.limits.cpu)
        if spec.port:
            state["port"] = spec.port
        write_state(handle, state)
        with self._guard:
            self._watch(process.pid)
        return state

    def _place(self, pid: int, cpu: float) -> None:
        """Give it the processors that fewest jobs have, and let the server go before."""
        give_way(pid, self._settings.jobs_nice)
        with contextlib.suppress(OSError, AttributeError):
            free = Counter(dict.fromkeys(os.sched_getaffinity(0), 0))
            wanted = max(1, math.ceil(cpu))
            if wanted >= len(free):
                return
            for other in list(self._pids):
                with contextlib.suppress(OSError):
                    free.update(free.keys() & os.sched_getaffinity(other))
            os.sched_setaffinity(pid, sorted(free, key=free.__getitem__)[:wanted])
            self._pids.add(pid)

    def look(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Sight]:
        """Look at the wrappers, by process number and time of start."""
        return {id: self._look(state) for id, state in states.items()}

    def _look(self, state: dict[str, Any]) -> Sight:
        pid = int(state.get("pid", 0))
        phase = phase_of(pid, state.get("begun")) if pid else "gone"
        with self._guard:
            if phase != "gone":
                self._watch(pid)
                self._pids.add(pid)
                return Sight(phase)
            self._pids.discard(pid)
            if pid in self._watched:
                os.close(self._watched.pop(pid))
        return Sight(phase)

    def watch(self) -> list[int]:
        """Return descriptors that become readable when a job ends; `look` closes them."""
        with self._guard:
            return list(self._watched.values())

    def _watch(self, pid: int) -> None:
        if pid not in self._watched and len(self._watched) < _WATCHED:
            with contextlib.suppress(OSError, AttributeError):
                self._watched[pid] = os.pidfd_open(pid)

    def stop(self, state: dict[str, Any], grace: float) -> None:
        """Ask the wrapper to end the job; it kills what is left after `grace`."""
        pid = living_pid(state)
        if not pid:
            kill_left(state)
            return
        with contextlib.suppress(OSError):
            Path(state["folder"], "stop").write_text(f"{grace:g}", encoding="ascii")
        if grace > 0:
            send(pid, signal.SIGTERM)
            self.resume(state)  # who is paused hears nothing
            return
        self.resume(state)
        send(pid, signal.SIGTERM)
        threading.Thread(target=kill_soon, args=(state,), daemon=True).start()

    def pause(self, state: dict[str, Any]) -> None:
        """Freeze the wrapper, then all below it."""
        pid = living_pid(state)
        if pid:
            send(pid, signal.SIGSTOP)
            kill_tree(pid, signal.SIGSTOP)

    def resume(self, state: dict[str, Any]) -> None:
        """Let all of them go on, the wrapper last."""
        pid = living_pid(state)
        if pid:
            for one in reversed(tree(pid)):
                send(one, signal.SIGCONT)
            send(pid, signal.SIGCONT)

    def usage(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Usage]:
        """Return nothing: the wrapper tells it."""
        return {}

    def endpoint(self, state: dict[str, Any]) -> str:
        """Return where an interactive job listens: on this machine only."""
        port = state.get("port", 0)
        return f"http://127.0.0.1:{port}" if port else ""

    def found(self) -> dict[str, dict[str, Any]]:
        """Return the wrappers that run, by their command lines."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            words = read_bytes(f"/proc/{entry}/cmdline").split(b"\0")
            if len(words) < 3 or _BOOT.encode() not in words:
                continue
            folder = os.fsdecode(words[-2])
            state = read_bytes(os.path.join(folder, "lock"))
            known = parse(state)
            if known.get("pid") == int(entry) and living_pid(known):
                found[os.path.basename(folder)] = known
        return found

    def remove(self, state: dict[str, Any]) -> None:
        """Kill what a job has left behind whose wrapper could not."""
        folder, attempt = Path(state.get("folder", "")), state.get("attempt", 0)
        if not living_pid(state) and not exit_record(folder, attempt):
            kill_left(state)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
