"""Small jobs for the tests of engines, without a database."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from waiting import until

from sdcviz.jobs.engine import Engine, Sight
from sdcviz.jobs.folders import exit_record, read_log, write_job
from sdcviz.jobs.judge import Verdict, judge
from sdcviz.jobs.model import Job, JobSpec, State, Wish

__all__ = ["is_under_way", "new_job", "said", "until_over", "verdict"]


def new_job(data_dir: Path, *arguments: str, **more: Any) -> JobSpec:
    """Write the folder of a job that runs a program, and return what an engine gets."""
    id = uuid.uuid4().hex
    spec = JobSpec(id, arguments, data_dir / "jobs" / id, program=True, **more)
    write_job(spec, grace=5)
    return spec


def look(engine: Engine, state: dict[str, Any]) -> Sight:
    return engine.look({"job": state})["job"]


def until_over(engine: Engine, spec: JobSpec, state: dict[str, Any]) -> Sight:
    """Wait until an engine sees that a job ended; return what it sees."""

    def over() -> Sight | None:
        sight = look(engine, state)
        return sight if sight.phase in {"ended", "gone"} else None

    return until(over, f"the end of {spec.arguments}")


def is_under_way(spec: JobSpec) -> bool:
    """Tell whether the command of a job has said something."""
    return bool(read_log(spec.folder)[0])


def said(spec: JobSpec) -> Any:
    """Return the JSON that a job printed."""
    return json.loads(read_log(spec.folder)[0])


def verdict(spec: JobSpec, sight: Sight, wish: Wish = Wish.RUN) -> Verdict:
    """Return what the keeper makes of it."""
    job = Job(spec, state=State.RUNNING, wish=wish)
    return judge(job, sight, exit_record(spec.folder, spec.attempt), silent=True)
