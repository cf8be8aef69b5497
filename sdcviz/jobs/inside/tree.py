"""The processes of a job, as /proc shows them: what they use, and signals to all of them."""

from __future__ import annotations

import contextlib
import os
import resource
import signal

__all__ = ["Sample", "die_with_parent", "gather_orphans", "kill_tree", "sample", "tree"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class Sample:
    """What the descendants of this process use, and those that ended have used.

    Attributes
    ----------
    cpu : float
        Processor seconds, ended ones included.
    memory : int
        Bytes at the moment that belong to them alone; mapped files do not count.
    read, written : int
        Bytes from and to disks, ended ones included.
    """

    __slots__ = ("cpu", "memory", "read", "written")

    def __init__(self) -> None:
        self.cpu, self.memory, self.read, self.written = 0.0, 0, 0, 0


def _prctl(option: int, value: int) -> None:
    # Other systems than Linux go without: then only what detaches itself is out of reach.
    with contextlib.suppress(OSError, AttributeError, ImportError):
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def gather_orphans() -> None:
    """Become the parent of descendants whose parent ends, so that none is out of reach."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the parent ends: a command never outlives who keeps its limits."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _read(path: str) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def tree(pid: int) -> list[int]:
    """Return all descendants of a process, parents before their children."""
    found, waiting = [], [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _stat(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the name; ``[0]`` is the state."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def _add_io(pid: int | str, into: Sample) -> None:
    for line in _read(f"/proc/{pid}/io").splitlines():
        if line.startswith(b"read_bytes:"):
            into.read += int(line[11:])
        elif line.startswith(b"write_bytes:"):
            into.written += int(line[12:])


def sample() -> Sample:
    """Measure the descendants of this process."""
    now = Sample()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    now.cpu = ended.ru_utime + ended.ru_stime
    for pid in tree(os.getpid()):
        fields = _stat(pid)
        if len(fields) < 15:
            continue
        # Own time and that of children which were waited for.
        now.cpu += sum(map(int, fields[11:15])) / _TICKS
        resident = _read(f"/proc/{pid}/statm").split()
        if len(resident) > 2:
            now.memory += (int(resident[1]) - int(resident[2])) * _PAGE
        _add_io(pid, now)
    _add_io("self", now)  # the kernel adds what ended children have read and written
    return now


def exact_memory() -> int:
    """Return the bytes of all descendants, pages that several share counted once.

    It takes the kernel a while to count, hence only before a job is ended for its memory.
    """
    total = 0
    for pid in tree(os.getpid()):
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith((b"Pss_Anon:", b"Pss_Shmem:")):
                total += int(line.split()[1]) * 1024
    return total


def kill_tree(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to all descendants, again until no new one shows up."""
    seen: set[int] = set()
    while fresh := [one for one in tree(pid) if one not in seen]:
        for one in fresh:
            seen.add(one)
            with contextlib.suppress(OSError):
                os.kill(one, number)


def kills_for_memory() -> int:
    """Return how many processes the system has killed for want of memory so far."""
    total = 0
    for path, key in (
        ("/sys/fs/cgroup/memory.events", b"oom_kill "),
        ("/sys/fs/cgroup/memory/memory.oom_control", b"oom_kill "),
        ("/proc/vmstat", b"oom_kill "),
    ):
        for line in _read(path).splitlines():
            if line.startswith(key):
                total += int(line.split()[1])
    return total
