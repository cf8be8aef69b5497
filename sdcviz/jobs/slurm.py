"""Jobs on a cluster that Slurm manages; job folders lie on a file system that all nodes share."""

from __future__ import annotations

import math
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..errors import EngineError
from ..settings import Settings, get_settings
from .engine import Sight
from .engine_parts import Later, has_begun, server_label, tell_grace
from .folders import exit_record
from .inside.safe import regular
from .model import JobSpec, Limits, Usage
from .slurm_tables import PHASES, QUEUE, Row, exit_code, read_queue, read_use

__all__ = ["SlurmEngine"]

PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a job gets of the server's environment; the rest may hold secrets."""
PASSING = ("unable to contact", "timed out", "connect failure", "temporarily", "not responding")
DENIED = "access/permission denied"
AWAKE = 2.0
OVERHEAD = 64 * 1024**2
"""Bytes beside the job's own: the wrapper, which ends a job that takes too much, takes some too."""


class SlurmEngine:
    """One batch job a job; Slurm has its own queue, and ends what takes more than it asked for.

    Pausing gives the processors to others, the memory stays taken. Where only operators may
    suspend, the processes are stopped instead, and keep the processors.

    Parameters
    ----------
    settings : Settings, optional
        Those of the process by default; `slurm_partition` and so on are used.
    """

    name = "slurm"
    capabilities = frozenset({"pause", "limits", "usage", "interactive", "restart-safe"})

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or get_settings()
        self._server = server_label(self._settings)
        self._later = Later()

    def capacity(self) -> Limits:
        """Return no limit: Slurm lets jobs wait by itself."""
        return Limits(cpu=math.inf, memory=0)

    def start(self, spec: JobSpec) -> dict[str, Any]:
        """Submit a batch job, or find the one of this attempt."""
        if spec.image:
            raise EngineError(
                f"Engine slurm runs no images; choose an engine of containers for {spec.image}."
            )
        name = f"sdcviz-{spec.id}-{spec.attempt}"
        known = [row for row in self._queue("--name", name) if row.label == self._server]
        if known:
            number = known[0].number
        elif exit_record(spec.folder, spec.attempt):
            number = "0"  # it has run, and Slurm has forgotten it
        else:
            script = (
                f"#!/bin/sh\nexec {shlex.quote(self._settings.slurm_python or sys.executable)} "
                f"-m sdcviz.jobs.inside {shlex.quote(str(spec.folder))}\n"
            )
            words = _submission(spec, self._settings)
            said = self._run(
                "sbatch", f"--job-name={name}", f"--comment={self._server}", *words, given=script
            )
            number = said.strip().partition(";")[0]
        return _state(number, spec.attempt, str(spec.folder), spec.port)

    def look(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Sight]:
        """Ask for all jobs of this user at once, those that have just ended included."""
        if not states:
            return {}
        rows = {row.number: row for row in self._queue()}
        return {job: _sight(rows.get(state["number"]), state) for job, state in states.items()}

    def stop(self, state: dict[str, Any], grace: float) -> None:
        """Send TERM to the wrapper, and end the batch job later; one that waits ends at once."""
        number = state["number"]
        tell_grace(state["folder"], grace)
        self._run("scancel", "--state=PENDING", number)
        row = self._row(number)
        if row is None or PHASES.get(row.state, "running") not in ("running", "paused"):
            return
        # The script is the wrapper (it has taken the shell's place), and gets the signal alone.
        ask = ("scancel", "--signal=TERM", "--batch", number)
        if row.state == "SUSPENDED":
            self._run("scontrol", "resume", number)
            # A node takes a second for that, and drops signals until then.
            self._later.call(f"{number} again", AWAKE, lambda: self._try(*ask))
        self._run(*ask)
        # Who is stopped hears nothing; Slurm may not know yet that it is.
        self._run("scancel", "--signal=CONT", "--full", number)
        # The wrapper kills the job itself then; this is for one that can't.
        self._later.call(number, grace + 5, lambda: self._try("scancel", number))

    def pause(self, state: dict[str, Any]) -> None:
        """Suspend the batch job; without the right to do so, stop its processes."""
        row = self._row(state["number"])
        if row is not None and PHASES.get(row.state) == "paused":
            return
        try:
            self._run("scontrol", "suspend", state["number"])
        except EngineError as error:
            if DENIED not in str(error).lower():
                raise
            self._run("scancel", "--signal=STOP", "--full", state["number"])

    def resume(self, state: dict[str, Any]) -> None:
        """Let it go on."""
        row = self._row(state["number"])
        if row is not None and row.state == "SUSPENDED":
            self._run("scontrol", "resume", state["number"])
        elif row is not None and row.state == "STOPPED":
            self._run("scancel", "--signal=CONT", "--full", state["number"])

    def usage(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Usage]:
        """Sample running jobs in one call."""
        steps = {f"{state['number']}.batch": job for job, state in states.items()}
        if not steps:
            return {}
        fields = "JobID,AveCPU,MaxRSS,AveDiskRead,AveDiskWrite"
        words = ["--noheader", "--parsable2", "--noconvert", f"--format={fields}"]
        try:
            told = self._run("sstat", *words, f"--jobs={','.join(steps)}")
        except EngineError as error:
            if error.passing:
                raise
            return {}  # it complains where one of them has ended
        return {steps[step]: use for step, use in read_use(told) if step in steps}

    def endpoint(self, state: dict[str, Any]) -> str:
        """Return where the job listens: on its node, which the server has to reach."""
        row = self._row(state["number"]) if state.get("port") else None
        if row is None or row.host in ("", "n/a", "(null)"):
            return ""
        return f"http://{row.host}:{state['port']}"

    def found(self) -> dict[str, dict[str, Any]]:
        """Return the last attempt of each job of this installation that waits or runs."""
        states: dict[str, dict[str, Any]] = {}
        for row in sorted(self._queue(), key=lambda row: row.attempt):
            live = PHASES.get(row.state, "running") not in ("ended", "gone")
            if live and row.label == self._server and row.job:
                folder = str(self._settings.data_dir / "jobs" / row.job)
                states[row.job] = _state(row.number, row.attempt, folder, 0)
        return states

    def remove(self, state: dict[str, Any]) -> None:
        """Do nothing more than to forget: Slurm does so by itself after some minutes."""
        for name in (state["number"], f"{state['number']} again"):
            self._later.forget(name)

    def _try(self, *words: str) -> None:
        with suppress(EngineError):
            self._run(*words)

    def _queue(self, *words: str) -> list[Row]:
        user = str(os.geteuid())
        return read_queue(
            self._run("squeue", "--noheader", "--states=all", f"--user={user}", QUEUE, *words)
        )

    def _row(self, number: str) -> Row | None:
        return next((row for row in self._queue() if row.number == number), None)

    def _run(self, program: str, *words: str, given: str = "") -> str:
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        conf = self._settings.slurm_conf or os.environ.get("SLURM_CONF")
        if conf:
            env["SLURM_CONF"] = str(conf)
        try:
            done = subprocess.run(
                [program, *words], input=given, capture_output=True, text=True, timeout=60, env=env
            )
        except FileNotFoundError as error:
            raise EngineError(
                f"{program} is not on the path; install the commands of Slurm on the server."
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(
                f"{program} does not answer; it will be asked again.", True
            ) from error
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            away = any(word in done.stderr.lower() for word in PASSING)
            raise EngineError(f"Slurm ({program}) says: {said[-1].rstrip('.')}.", passing=away)
        return done.stdout


def _submission(spec: JobSpec, settings: Settings) -> list[str]:
    """Return the options of sbatch that describe a job."""
    # What goes wrong around the wrapper: its own log is another file.
    words = [f"--chdir={spec.folder}", f"--output={spec.folder}/engine.txt", "--open-mode=append"]
    words += ["--parsable", "--no-requeue", "--export=ALL", "--nodes=1", "--ntasks=1"]
    words += [f"--cpus-per-task={max(math.ceil(spec.limits.cpu), 1)}"]
    if spec.limits.memory:
        words += [f"--mem={math.ceil((spec.limits.memory + OVERHEAD) / 1024**2)}M"]
    if spec.limits.walltime:
        # The wrapper keeps the time to the second; this is for one that can't.
        words += [f"--time={math.ceil(spec.limits.walltime / 60) + 2}"]
    if settings.slurm_partition:
        words += [f"--partition={settings.slurm_partition}"]
    if settings.slurm_account:
        words += [f"--account={settings.slurm_account}"]
    return [*words, *settings.slurm_options]


def _state(number: str, attempt: int, folder: str, port: int) -> dict[str, Any]:
    return {"number": number, "attempt": attempt, "folder": folder, "port": port}


def _sight(row: Row | None, state: Mapping[str, Any]) -> Sight:
    if row is None:
        return Sight("gone")
    phase = PHASES.get(row.state, "running")
    if phase == "waiting":
        away = any(word in row.reason for word in ("NotAvail", "DOWN", "DRAINED"))
        return Sight("waiting", reason="node" if away else "")
    if phase == "gone":
        return Sight("gone", reason="node")
    if phase != "ended":
        return Sight(phase)
    reason = {"OUT_OF_MEMORY": "memory", "TIMEOUT": "time", "DEADLINE": "time"}.get(row.state, "")
    code = exit_code(row.status)
    said = _said(state["folder"]) if code and not has_begun(state["folder"]) else ""
    return Sight("ended", code, reason, said)


def _said(folder: str) -> str:
    """Return the last line that is not Slurm's own of what was printed around the wrapper."""
    with suppress(OSError):
        path = os.path.join(folder, "engine.txt")
        with open(path, opener=regular, errors="replace") as file:
            lines = [line.strip() for line in file if not line.startswith("slurmstepd")]
        return next((line[-300:] for line in reversed(lines) if line), "")
    return ""
