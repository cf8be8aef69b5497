"""What a job is: its description, its states, its limits and what it used."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

__all__ = [
    "ACTIVE",
    "FINAL",
    "Job",
    "JobSpec",
    "Limits",
    "Progress",
    "State",
    "Usage",
    "Wish",
    "spec_of",
    "usage_of",
]


class State(StrEnum):
    """Where a job stands; the database says so, engines only report."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    """Stopped in the middle, with its memory still taken."""
    HIBERNATED = "hibernated"
    """Ended for now, memory free; what it finished is in its folder, and it goes on from there."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Neither the engine nor its folder knows how it ended (a node that went away)."""


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.LOST})
"""States that a job does not leave."""


ACTIVE = (State.STARTING, State.RUNNING, State.PAUSED)
"""States in which an engine has the job."""


class Wish(StrEnum):
    """What a person wants of a job; the keeper brings it about."""

    RUN = "run"
    PAUSE = "pause"
    HIBERNATE = "hibernate"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Limits:
    """What a job may take.

    Attributes
    ----------
    cpu : float
        Processors.
    memory : int
        Bytes; 0: no limit.
    walltime : float
        Seconds, not counting pauses; 0: no limit.
    """

    cpu: float = 1.0
    memory: int = 0
    walltime: float = 0.0


@dataclass(frozen=True)
class JobSpec:
    """All that an engine needs to start a job.

    Attributes
    ----------
    id : str
        Identity, 32 hexadecimal digits; submitting twice with one id starts one job.
    arguments : tuple of str
        A command of sdcviz without the word ``sdcviz``; with `image`, what the image gets.
    folder : Path
        Job folder; ``work`` in it is the current folder of the command.
    engine : str
        Name of an engine.
    title : str
        For people, such as "Temperature, month by month".
    kind : str
        What it is about, such as ``divand`` or ``notebook``: by default the first argument.
    image : str
        Container image; empty: the engine's own, with sdcviz in it.
    reads, writes : tuple of Path
        Files and folders outside of the job folder that it reads, or writes.
    limits : Limits
    owner, workspace : str
    network : bool
        Whether it may reach the network.
    port : int
        Where an interactive job (a notebook) listens; 0: it does not.
    env : dict of str to str
        Further environment.
    attempt : int
        1 at first; greater after a lost node or a hibernation.
    program : bool
        Whether `arguments` are a program and what it gets, instead of a command of sdcviz.
    retries : int
        How often it is started again after its node was lost.
    keep : bool
        Whether it goes on when the server stops.
    notify : dict
        Who wants to hear of its end, and how; means something to who tells it only.
    """

    id: str
    arguments: tuple[str, ...]
    folder: Path
    engine: str = "local"
    title: str = ""
    kind: str = ""
    image: str = ""
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    limits: Limits = Limits()
    owner: str = ""
    workspace: str = ""
    network: bool = False
    port: int = 0
    env: dict[str, str] = field(default_factory=dict)
    attempt: int = 1
    program: bool = False
    retries: int = 2
    keep: bool = False
    notify: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as JSON knows it; `spec_of` reads it back."""
        told = asdict(self)
        told["folder"] = str(self.folder)
        for name in ("reads", "writes"):
            told[name] = [str(path) for path in told[name]]
        return told


def spec_of(document: dict[str, Any]) -> JobSpec:
    """Read what `JobSpec.document` wrote; what another version added is left out."""
    known = {f.name for f in fields(JobSpec)}
    told = {name: value for name, value in document.items() if name in known}
    told["folder"] = Path(told["folder"])
    told["arguments"] = tuple(told["arguments"])
    for name in ("reads", "writes"):
        told[name] = tuple(Path(path) for path in told.get(name, ()))
    told["limits"] = Limits(**told.get("limits", {}))
    return JobSpec(**told)


@dataclass(frozen=True)
class Usage:
    """What a job has taken so far.

    Attributes
    ----------
    cpu : float
        Processor seconds.
    wall : float
        Seconds, not counting pauses.
    memory : int
        Most bytes at a time.
    memory_time : float
        Bytes times seconds.
    read, written : int
        Bytes from and to disks.
    """

    cpu: float = 0.0
    wall: float = 0.0
    memory: int = 0
    memory_time: float = 0.0
    read: int = 0
    written: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return both, one after the other."""
        mine, theirs = asdict(self), asdict(other)
        total = {name: mine[name] + theirs[name] for name in mine}
        return Usage(**{**total, "memory": max(self.memory, other.memory)})


def usage_of(document: dict[str, Any]) -> Usage:
    """Read use from an event, an exit record or a table."""
    return Usage(**{f.name: document.get(f.name, 0) or 0 for f in fields(Usage)})


@dataclass(frozen=True)
class Progress:
    """How far a job is: `done` of `total` (0: not known), and what it is about now."""

    done: int = 0
    total: int = 0
    text: str = ""


@dataclass(frozen=True)
class Job:
    """A job as the database knows it.

    Attributes
    ----------
    spec : JobSpec
    state : State
    wish : Wish
        What was asked of it last.
    reason : str
        Why it is in this state: one sentence; empty where there is nothing to say.
    exit_code : int or None
    progress : Progress
    usage : Usage
    estimate : Usage or None
        What was expected before it began.
    result : dict
        What it printed with ``--json``, as far as it is one document.
    created, started, ended : str
        ISO 8601 in UTC; empty where it is not so far.
    engine_state : dict
        What the engine needs to find it again; means something to that engine only.
    place : str
        Where its engine runs it, for engines that are of one machine.
    losses : int
        How often it was lost.
    """

    spec: JobSpec
    state: State = State.QUEUED
    wish: Wish = Wish.RUN
    reason: str = ""
    exit_code: int | None = None
    progress: Progress = Progress()
    usage: Usage = Usage()
    estimate: Usage | None = None
    result: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    started: str = ""
    ended: str = ""
    engine_state: dict[str, Any] = field(default_factory=dict)
    place: str = ""
    losses: int = 0

    @property
    def id(self) -> str:
        """Identity of the job."""
        return self.spec.id

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.state in FINAL
