"""Run the command of one job folder, from its start to its exit record."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

from . import tree
from .log import LogWriter
from .record import Record, now, read_exit

TYPE_CHECKING = False  # that of typing takes longer to load than all of this
if TYPE_CHECKING:
    from typing import Any

__all__ = ["main"]

BEAT = 5.0
"""Seconds between heartbeats."""
LONGEST_TICK = 2.0
"""What counts of a longer silence of this process: it was paused, or the machine slept."""
GRACE = 10.0


def main(argv: list[str]) -> int:
    """Run the job of the folder that the command line names; the exit code is the command's."""
    folder = os.path.abspath(argv[1])
    with open(os.path.join(folder, "job.json"), "rb") as file:
        job = json.loads(file.read())
    # An engine that starts a job again by itself must not run it twice.
    if read_exit(folder).get("attempt", 0) >= job["attempt"]:
        return 0
    return Run(folder, job).run()


class Run:
    """One attempt at one job.

    Parameters
    ----------
    folder : str
    job : dict
        Its ``job.json``.
    """

    def __init__(self, folder: str, job: dict[str, Any]) -> None:
        self.folder, self.job = folder, job
        limits = job.get("limits", {})
        self.most_memory = int(limits.get("memory", 0))
        self.most_wall = float(limits.get("walltime", 0))
        self.wall, self.peak, self.memory_time = 0.0, 0, 0.0
        self.used = tree.Sample()
        self.reason, self.was_paused = "", False
        self.kill_at = float("inf")  # on the scale of `wall`: a pause does not use the grace up
        self.record, self.log = Record(folder), LogWriter(folder)
        self.started = now()

    # ---- the command ---------------------------------------------------
    def run(self) -> int:
        self._listen()
        tree.gather_orphans()
        kills = tree.kills_for_memory()
        if self.job["attempt"] > 1:
            self.log.write(f"\n[attempt {self.job['attempt']}, {self.started}]\n".encode())
        self.pid, self.out = self._start()
        self.record.tell("start", attempt=self.job["attempt"], pid=self.pid)
        self._ahead()
        status = self._keep()
        tree.kill_tree(os.getpid())  # what the command left behind
        self._reap()
        self._measure()
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGKILL and not self.reason and tree.kills_for_memory() > kills:
            self.reason = "memory"
        if code and not self.reason and (self.log.full or self._is_full()):
            self.reason = "disk"
        return self._end(code)

    def _start(self) -> tuple[int, int]:
        read, write = os.pipe()
        argv, env = self._argv(), self._environment()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(write)
            os.set_blocking(read, False)
            return pid, read
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            tree.die_with_parent()
            if os.getppid() != parent:
                os._exit(1)
            # Rather this than the server, where memory runs out.
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                file.write("500")
            os.chdir(os.path.join(self.folder, "work"))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(write, 1)
            os.dup2(write, 2)
            os.closerange(3, 256)  # the engine's lock must not outlive the wrapper
            os.execvpe(argv[0], argv, env)
        except OSError as error:
            os.write(2, f"{argv[0]}: can't be started ({error.strerror}).\n".encode())
        finally:
            os._exit(127)

    def _argv(self) -> list[str]:
        if self.job.get("argv"):
            return [str(word) for word in self.job["argv"]]
        return [sys.executable, "-m", "sdcviz.cli", *self.job["arguments"]]

    def _environment(self) -> dict[str, str]:
        env = dict(os.environ)
        processors = max(1, int(self.job.get("limits", {}).get("cpu", 1) + 0.999))
        for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA"):
            env.setdefault(f"{name}_NUM_THREADS", str(processors))
        env["PYTHONUNBUFFERED"] = "1"  # its log is looked at while it runs
        env.update(self.job.get("env", {}))
        env["SDCVIZ_EVENTS"] = self.record.events
        env["SDCVIZ_JOB"] = self.job["id"]
        return env

    # ---- while it runs -------------------------------------------------
    def _listen(self) -> None:
        """Be woken by signals without missing one."""
        self.wake, write = os.pipe()
        for end in (self.wake, write):
            os.set_blocking(end, False)
            os.set_inheritable(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)
        signal.signal(signal.SIGCONT, self._resumed)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _resumed(self, *_: object) -> None:
        self.was_paused = True

    def _asked(self, *_: object) -> None:
        self._stop("stopped", self._grace())

    def _ahead(self) -> None:
        """Do now what was asked for before the command was there."""
        if self.reason:
            self._signal(signal.SIGTERM)

    def _grace(self) -> float:
        try:
            with open(os.path.join(self.folder, "stop"), encoding="ascii") as file:
                return float(file.read())
        except (OSError, ValueError):
            return float(self.job.get("grace", GRACE))

    def _stop(self, reason: str, grace: float) -> None:
        """Ask the command to end, once; kill all of it after the grace."""
        self.reason = self.reason or reason
        self.kill_at = min(self.kill_at, self.wall + grace)
        self._signal(signal.SIGTERM if grace > 0 else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        pid = getattr(self, "pid", 0)
        if pid:
            with contextlib.suppress(OSError):
                os.killpg(pid, number)

    def _keep(self) -> int:
        """Keep log, limits and heartbeat until the command ends; return its status."""
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        poll.register(self.out, select.POLLIN)
        tick, last, beat, measured = 0.02, time.monotonic(), 1.0, 0.0
        while True:
            ready = dict(poll.poll(tick * 1000))
            moment = time.monotonic()
            step = 0.0 if self.was_paused else min(moment - last, LONGEST_TICK)
            self.was_paused = False
            self.wall, last = self.wall + step, moment
            self.memory_time += step * self.used.memory
            if self.out in ready and self._copy() == 0:
                poll.unregister(self.out)
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            ended = self._reap()
            if ended is not None:
                while self._copy() > 0:
                    pass
                return ended
            if self.wall - measured >= tick * 0.9:
                measured, tick = self.wall, min(tick * 1.5, 0.1 if self.most_memory else 1.0)
                self._measure()
                self._keep_limits()
            if self.wall >= beat:
                beat = self.wall + BEAT
                self.record.tell("heartbeat", **self._usage())

    def _copy(self) -> int:
        """Take what the command has said; its length, 0 at the end of all, -1 for nothing now."""
        try:
            data = os.read(self.out, 1 << 20)
        except BlockingIOError:
            return -1
        self.log.write(data)
        return len(data)

    def _reap(self) -> int | None:
        """Wait for whoever ended; return the status of the command if it did."""
        status = None
        while True:
            try:
                pid, ended = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return status
            if not pid:
                return status
            if pid == self.pid:
                status = ended

    def _measure(self) -> None:
        found = tree.sample()
        self.peak = max(self.peak, found.memory)
        for name in ("cpu", "read", "written"):
            setattr(found, name, max(getattr(found, name), getattr(self.used, name)))
        self.used = found

    def _keep_limits(self) -> None:
        over = self.most_memory and self.used.memory > self.most_memory
        if over and tree.exact_memory() > self.most_memory:
            self.reason = self.reason or "memory"
            tree.kill_tree(os.getpid())
        if self.most_wall and self.wall > self.most_wall and not self.reason:
            self._stop("time", self._grace())
        if self.wall >= self.kill_at:
            tree.kill_tree(os.getpid())

    # ---- its end -------------------------------------------------------
    def _is_full(self) -> bool:
        """Whether the disk of the folder has no room for a page more."""
        try:
            disk = os.statvfs(self.folder)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize < 65536

    def _usage(self) -> dict[str, Any]:
        return {
            "cpu": round(self.used.cpu, 3),
            "wall": round(self.wall, 3),
            "memory": self.peak,
            "memory_time": round(self.memory_time),
            "read": self.used.read,
            "written": self.used.written,
        }

    def _end(self, code: int) -> int:
        killed = -code if code < 0 else 0
        facts = {
            "attempt": self.job["attempt"],
            "exit_code": 128 + killed if killed else code,
            "signal": killed,
            "reason": self.reason,
            "log_full": self.log.full,
            "started": self.started,
            "ended": now(),
            "usage": self._usage(),
        }
        self.record.tell("end", exit_code=facts["exit_code"], reason=self.reason, **self._usage())
        self.record.end(facts)
        return 128 + killed if killed else code
