"""What requests about jobs, and the answers to them, look like."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sdcviz.jobs.model import Job, Limits, State, Usage

__all__ = ["JobView", "Jobs", "NewJob", "ResultFile", "ResultFiles", "UsageRow", "view"]

_DAY = 86_400.0
_FILE_BYTES = 1_000_000
_LINE = r"^[^\x00-\x1f\x7f]*$"
"""It goes into lists, logs and the subjects of mails."""

Word = Annotated[str, Field(max_length=4096)]
Text = Annotated[str, Field(max_length=_FILE_BYTES)]
Identity = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class _Given(BaseModel):
    # As the document says: false is no number, and a text none either.
    model_config = ConfigDict(extra="forbid", strict=True)


class LimitsGiven(_Given):
    """What the job may take."""

    cpu: float = Field(1, gt=0, le=1024, allow_inf_nan=False, description="Processors.")
    memory: int = Field(0, ge=0, le=2**50, description="Bytes; 0: no limit.")
    walltime: float = Field(
        0, ge=0, le=90 * _DAY, allow_inf_nan=False,
        description="Seconds, pauses not counted; 0: no limit.",
    )  # fmt: skip

    def limits(self) -> Limits:
        """Return them as jobs know them."""
        return Limits(self.cpu, self.memory, self.walltime)


class NewJob(_Given):
    """A job that is asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"arguments": ["import", "--into", "cruise", "casts.txt", "--json"],
                          "files": {"casts.txt": "..."}, "title": "Casts of the cruise"}]
        },
    )  # fmt: skip

    arguments: list[Word] = Field(
        min_length=1, max_length=200,
        description="A command of sdcviz without the word `sdcviz`. A collection is named by its "
        "id or its folder, a result by a plain name.",
    )  # fmt: skip
    files: dict[str, Text] = Field(
        default_factory=dict, max_length=20,
        description="Texts that come along, such as a recipe: the arguments name them.",
    )  # fmt: skip
    engine: str = Field("", max_length=64, description="Where it runs; empty: as usual here.")
    limits: LimitsGiven = Field(default_factory=LimitsGiven)
    title: str = Field("", max_length=200, pattern=_LINE, description="For people.")
    workspace: str = Field("", max_length=100, pattern=_LINE)
    id: Identity | None = Field(
        None, description="Identity: asked for twice, the job is started once."
    )


class LimitsView(BaseModel):
    """What the job may take: processors, bytes, seconds; 0 is no limit."""

    cpu: float
    memory: int
    walltime: float


class ProgressView(BaseModel):
    """How far it is: `done` of `total` (0: not known), and what it is about now."""

    done: int
    total: int
    text: str


class UsageView(BaseModel):
    """Processor seconds, seconds, most bytes at a time, bytes times seconds, bytes of disks."""

    cpu: float
    wall: float
    memory: int
    memory_time: float
    read: int
    written: int


class JobView(BaseModel):
    """A job."""

    id: Identity
    title: str
    kind: str = Field(description="The command's first word.")
    state: State
    reason: str = Field(description="Why it is in this state; may be empty.")
    exit_code: int | None
    progress: ProgressView
    usage: UsageView
    estimate: UsageView | None
    limits: LimitsView
    engine: str
    owner: str
    workspace: str
    arguments: list[str]
    attempt: int = Field(description="1 at first; greater after a hibernation or a lost node.")
    result: dict[str, Any] = Field(description="What the command printed with `--json`.")
    created: str = Field(description="ISO 8601 in UTC; as `started` and `ended`.")
    started: str = Field(description="Empty where it has not begun.")
    ended: str


class Jobs(BaseModel):
    """A page of jobs, the last one first."""

    jobs: list[JobView]
    next: int | None = Field(description="`offset` of the next page; null: this is the last one.")


class ResultFile(BaseModel):
    """A file in the folder of results."""

    name: str = Field(description="With its folders, separated by `/`.")
    size: int = Field(description="Bytes.")
    modified: str


class ResultFiles(BaseModel):
    """What is in the folder of results."""

    files: list[ResultFile]
    complete: bool = Field(description="False: there are more files than are told.")


UsageRow = dict[str, str | int | float | None]


def _usage(usage: Usage) -> UsageView:
    return UsageView(**vars(usage))


def view(job: Job) -> JobView:
    """Return a job as answers show it."""
    spec = job.spec
    return JobView(
        id=job.id, title=spec.title, kind=spec.kind, state=job.state, reason=job.reason,
        exit_code=job.exit_code, progress=ProgressView(**vars(job.progress)),
        usage=_usage(job.usage), estimate=_usage(job.estimate) if job.estimate else None,
        limits=LimitsView(**vars(spec.limits)), engine=spec.engine, owner=spec.owner,
        workspace=spec.workspace, arguments=list(spec.arguments), attempt=spec.attempt,
        result=job.result, created=job.created, started=job.started, ended=job.ended,
    )  # fmt: skip
