"""The engine of this machine: each job a process group of its own."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..settings import Settings, get_settings
from .engine import Sight
from .inside.tree import kill_tree, tree
from .model import JobSpec, Limits, Usage

__all__ = ["LocalEngine"]

_ROOT = str(Path(__file__).resolve().parents[2])
# Without site-packages, which the wrapper does not need: half the time to start.
_BOOT = (
    f"import sys; sys.path.insert(0, {_ROOT!r}); from sdcviz.jobs.inside.run import main; "
    "sys.exit(main(sys.argv))"
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
            lock = os.open(spec.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise EngineError(f"{spec.folder}: {error.strerror}.") from error
        try:
            if not _lock(lock):
                return _wait_for_state(lock, spec.attempt)
            known = _read_state(lock)
            if known.get("attempt") == spec.attempt:
                return known
            return self._start(spec, lock)
        finally:
            os.close(lock)

    def _start(self, spec: JobSpec, lock: int) -> dict[str, Any]:
        try:
            process = subprocess.Popen(
                [*_COMMAND, str(spec.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[lock],
                cwd=spec.folder,
            )
        except OSError as error:
            raise EngineError(f"No process can be started ({error.strerror}).", True) from error
        process.returncode = 0  # `look` waits for it; without this its destructor warns
        state: dict[str, Any] = {"pid": process.pid, "begun": _begun(process.pid)}
        state |= {"attempt": spec.attempt, "folder": str(spec.folder)}
        if spec.port:
            state["port"] = spec.port
        _write_state(lock, state)
        with self._guard:
            self._watch(process.pid)
        return state

    def look(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Sight]:
        """Look at the wrappers, by process number and time of start."""
        return {id: self._look(state) for id, state in states.items()}

    def _look(self, state: dict[str, Any]) -> Sight:
        pid = int(state.get("pid", 0))
        phase = _phase(pid, state.get("begun")) if pid else "gone"
        with self._guard:
            if phase != "gone":
                self._watch(pid)
            elif pid in self._watched:
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
        pid = _pid(state)
        if not pid:
            _kill_left(state)
            return
        with contextlib.suppress(OSError):
            Path(state["folder"], "stop").write_text(f"{grace:g}", encoding="ascii")
        if grace > 0:
            _signal(pid, signal.SIGTERM)
            self.resume(state)  # who is paused hears nothing
            return
        self.resume(state)
        _signal(pid, signal.SIGTERM)
        threading.Thread(target=_kill_soon, args=(state,), daemon=True).start()

    def pause(self, state: dict[str, Any]) -> None:
        """Freeze the wrapper, then all below it."""
        pid = _pid(state)
        if pid:
            _signal(pid, signal.SIGSTOP)
            kill_tree(pid, signal.SIGSTOP)

    def resume(self, state: dict[str, Any]) -> None:
        """Let all of them go on, the wrapper last."""
        pid = _pid(state)
        if pid:
            for one in reversed(tree(pid)):
                _signal(one, signal.SIGCONT)
            _signal(pid, signal.SIGCONT)

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
            words = _bytes(f"/proc/{entry}/cmdline").split(b"\0")
            if len(words) < 3 or _BOOT.encode() not in words:
                continue
            folder = os.fsdecode(words[-2])
            state = _bytes(os.path.join(folder, "lock"))
            known = _parse(state)
            if known.get("pid") == int(entry) and _pid(known):
                found[os.path.basename(folder)] = known
        return found

    def remove(self, state: dict[str, Any]) -> None:
        """Kill what an ended job has left behind."""
        if not _pid(state):
            _kill_left(state)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---- processes -------------------------------------------------------------
def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _stat(pid: int) -> list[bytes]:
    return _bytes(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def _begun(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def _is_alive(pid: int, begun: int | None) -> bool:
    return _phase(pid, begun) in {"running", "paused"}


def _phase(pid: int, begun: int | None) -> str:
    fields = _stat(pid)
    if len(fields) < 20 or (begun is not None and int(fields[19]) != begun):
        return "gone"
    if fields[0] in b"ZX":
        # Ours, or of a server that was before us: then another waits for it.
        with contextlib.suppress(OSError):
            os.waitpid(pid, os.WNOHANG)
        return "gone"
    return "paused" if fields[0] == b"T" else "running"


def _pid(state: Mapping[str, Any]) -> int:
    """Return the wrapper's process number, 0 where it has ended."""
    pid = int(state.get("pid", 0))
    return pid if pid and _is_alive(pid, state.get("begun")) else 0


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _kill_soon(state: dict[str, Any], seconds: float = 2.0) -> None:
    """Kill a wrapper that does not end by itself, with all below it."""
    deadline = time.monotonic() + seconds
    while (pid := _pid(state)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if pid:
        kill_tree(pid)
        _signal(pid, signal.SIGKILL)
    _kill_left(state)


def _kill_left(state: Mapping[str, Any]) -> None:
    """Kill processes that carry the name of a job whose wrapper is gone."""
    mark = b"SDCVIZ_JOB=" + os.path.basename(str(state.get("folder", ""))).encode()
    if len(mark) < 20:
        return
    for entry in os.listdir("/proc"):
        if entry.isdigit() and mark in _bytes(f"/proc/{entry}/environ").split(b"\0"):
            _signal(int(entry), signal.SIGKILL)


# ---- the lock file, which also holds the state ------------------------------
def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _parse(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read_state(lock: int) -> dict[str, Any]:
    return _parse(os.pread(lock, 65536, 0))


def _write_state(lock: int, state: dict[str, Any]) -> None:
    data = json.dumps(state).encode()
    os.ftruncate(lock, 0)
    os.pwrite(lock, data, 0)


def _wait_for_state(lock: int, attempt: int) -> dict[str, Any]:
    """Return the state that whoever starts the job writes in a moment."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        known = _read_state(lock)
        if known.get("attempt") == attempt:
            return known
        time.sleep(0.01)
    raise EngineError("Another attempt at this job has not ended yet.", True)
