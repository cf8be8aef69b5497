"""What every engine can do; engines only start, look and stop, the database is the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .model import JobSpec, Usage

__all__ = ["CAPABILITIES", "Engine", "Sight"]

CAPABILITIES = frozenset({"pause", "limits", "usage", "interactive", "restart-safe", "images"})
"""What an engine may say that it can."""


@dataclass(frozen=True)
class Sight:
    """What an engine sees of a job.

    Attributes
    ----------
    phase : str
        ``waiting`` (its own queue), ``running``, ``paused``, ``ended`` or ``gone`` (it does not
        know the job, or the job's node went away).
    exit_code : int or None
        Of the wrapper, once ended.
    reason : str
        ``memory``, ``time``, ``node`` or empty.
    """

    phase: str
    exit_code: int | None = None
    reason: str = ""


@runtime_checkable
class Engine(Protocol):
    """Where jobs run. Methods may block for seconds: each engine has a thread of the keeper.

    Beside these, an engine may have: ``place`` (str: its jobs belong to this machine, such as the
    host's name), ``capacity()`` (`Limits` of all that run at a time; by default as many processors
    as the setting `jobs_running` says), ``certain`` (bool: what it calls gone runs nowhere, so that
    nobody waits for another heartbeat), and ``watch()`` (file descriptors that become readable when
    a job ends, so that nobody waits for the next look).

    A *state* is a dictionary (JSON) that the engine gave when it started the job. Progress, log,
    result and final use do not come from the engine: the wrapper (`sdcviz.jobs.inside`), the same
    in each, writes them into the job folder.
    """

    name: str
    capabilities: frozenset[str]

    def start(self, spec: JobSpec) -> dict[str, Any]:
        """Start the wrapper for a job; the same id and attempt twice start it once.

        Raises
        ------
        EngineError
            It can't be started; the sentence says why. `EngineError.passing` is true where it is
            worth another attempt (the engine is away).
        """
        ...

    def look(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Sight]:
        """Look at all of these jobs (by id) in one call; each of them is in the answer.

        Raises
        ------
        EngineError
            The engine is away: nothing is known of any of them.
        """
        ...

    def stop(self, state: dict[str, Any], grace: float) -> None:
        """Ask the job to end, and kill all of it after `grace` seconds; returns at once."""
        ...

    def pause(self, state: dict[str, Any]) -> None:
        """Freeze all of its processes."""
        ...

    def resume(self, state: dict[str, Any]) -> None:
        """Let it go on."""
        ...

    def usage(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Usage]:
        """Return samples of what running jobs take, as far as the engine knows."""
        ...

    def endpoint(self, state: dict[str, Any]) -> str:
        """Return the address (http://host:port) of an interactive job; empty: none."""
        ...

    def found(self) -> dict[str, dict[str, Any]]:
        """Return the states of all jobs that it runs, by id: what is left after our restart."""
        ...

    def remove(self, state: dict[str, Any]) -> None:
        """Forget an ended job (its container, its record); the job folder stays."""
        ...
