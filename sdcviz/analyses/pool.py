"""Time slices in several processes of this machine."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import BadRequest, SdcvizError
from .model import SliceResult
from .problem import SliceTask
from .worker import read_frame, write_frame

__all__ = ["Done", "in_processes"]

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


class Done(NamedTuple):
    """A slice that is ready.

    Attributes
    ----------
    number : int
    result : SliceResult
    seconds : float
        Processor time that it took.
    """

    number: int
    result: SliceResult
    seconds: float


def in_processes(tasks: Sequence[SliceTask], workers: int) -> Iterator[Done]:
    """Analyse time slices in processes of their own, one thread each.

    A process that is killed (mostly for want of memory) is not replaced while others run, and
    its slice is tried once more.

    Parameters
    ----------
    tasks : sequence of SliceTask
    workers : int
        Most processes at a time.

    Yields
    ------
    Done
        As they come.

    Raises
    ------
    BadRequest
        A slice can't be analysed; the others that are running are given up.
    """
    pool = _Pool(tasks, max(1, min(workers, len(tasks))))
    try:
        yield from pool.results()
    finally:
        pool.close()


class _Pool:
    def __init__(self, tasks: Sequence[SliceTask], workers: int) -> None:
        self._waiting = deque(tasks)
        self._lock = threading.Lock()
        self._left = len(tasks)
        self._tried: dict[int, int] = {}
        self._running = workers
        self._closed = False
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._came: queue.SimpleQueue[Done | BaseException] = queue.SimpleQueue()
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    def results(self) -> Iterator[Done]:
        while self._left:
            came = self._came.get()
            if isinstance(came, BaseException):
                raise came
            self._left -= 1
            yield came

    def close(self) -> None:
        """End all processes; what they were at is lost."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            processes = list(self._processes)
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def _start(self) -> subprocess.Popen[bytes] | None:
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
        with self._lock:
            if self._closed:
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", "sdcviz.analyses.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                # Ctrl-C is for the driver, which ends the others itself. A group and no session:
                # who lets the driver's session give way means them as well.
                process_group=0,
            )
            self._processes.add(process)
            return process

    def _next(self) -> SliceTask | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _work(self) -> None:
        process = None
        try:
            while (task := self._next()) is not None:
                process = process or self._start()
                if process is None:
                    return
                if not self._ask(process, task):
                    _end(process)
                    if not self._again(task, process.returncode):
                        return
                    process = None
        except Exception as error:  # whatever it is, the driver has to hear of it
            self._came.put(error)
        finally:
            if process is not None:
                _end(process)

    def _ask(self, process: subprocess.Popen[bytes], task: SliceTask) -> bool:
        """Have a slice analysed; False if the process died over it."""
        assert process.stdin is not None and process.stdout is not None
        try:
            write_frame(process.stdin, task)
            kind, what, seconds = read_frame(process.stdout)
        except (EOFError, BrokenPipeError):
            return False
        self._came.put(
            Done(task.number, what, seconds) if kind == "result" else _failure(task, kind, what)
        )
        return True

    def _again(self, task: SliceTask, code: int) -> bool:
        """Put the slice of a dead process back; tell whether this thread shall go on."""
        with self._lock:
            if self._closed:
                return False
            tries = self._tried[task.number] = self._tried.get(task.number, 0) + 1
            if tries > 1:
                self._came.put(_death(task, code))
                return False
            self._waiting.appendleft(task)
            self._running -= self._running > 1
            return self._running == 1


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a process end: its input does."""
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()
    process.wait()


def _failure(task: SliceTask, kind: str, what: str) -> Exception:
    if kind == "sentence":
        return BadRequest(f"{task.label}: {what}")
    if kind == "memory":
        return BadRequest(f"{task.label}: not enough memory; {_LESS}")
    return RuntimeError(f"The analysis of {task.label} failed:\n{what}")


_LESS = "take fewer workers, a coarser grid or fewer levels. Finished slices are kept."


def _death(task: SliceTask, code: int) -> SdcvizError:
    how = "was killed, mostly for want of memory" if code == -9 else f"ended with code {code}"
    return BadRequest(f"{task.label}: its process {how}; {_LESS}")
