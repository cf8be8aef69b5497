"""What the command line, the app, HTTP and notebooks do with jobs."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from ..errors import BadRequest, QuotaExceeded
from ..settings import Settings, get_settings
from . import accounting, folders
from .engine import Engine
from .keeper import Keeper, wake_all
from .model import Job, JobSpec, Limits, State, Usage, Wish
from .presence import is_kept, leave_keeper
from .store import Store, now, waiting

__all__ = [
    "cancel",
    "default_engine",
    "engines",
    "find",
    "get",
    "hibernate",
    "pause",
    "read_events",
    "read_log",
    "resume",
    "service_log",
    "submit",
    "usage",
    "wait",
    "wake",
]

_BUILT_IN = {"local": "sdcviz.jobs.local:LocalEngine"}


# ---- engines ---------------------------------------------------------------
_made: dict[str, tuple[Settings, Engine]] = {}


def engines() -> dict[str, Engine]:
    """Return the engines that the settings offer, by name; one object each in a process."""
    settings = get_settings()
    return {name: _engine(name, settings) for name in settings.engines}


def _engine(name: str, settings: Settings) -> Engine:
    known = _made.get(name)
    if known is None or known[0] is not settings:
        known = _made[name] = (settings, _make(name, settings))
    return known[1]


def _make(name: str, settings: Settings) -> Engine:
    from importlib import import_module
    from importlib.metadata import entry_points

    found = {point.name: point.value for point in entry_points(group="sdcviz.engines")}
    where = {**_BUILT_IN, **found}
    if name not in where:
        known = ", ".join(sorted(where))
        raise BadRequest(f"There is no engine {name!r}; known are {known}.")
    module, _, maker = where[name].partition(":")
    made: Engine = getattr(import_module(module), maker)(settings)
    return made


def default_engine() -> str:
    """Return the name of the engine of jobs that name none."""
    return get_settings().engine


# ---- submit ----------------------------------------------------------------
def submit(
    arguments: Sequence[str],
    *,
    engine: str | None = None,
    title: str = "",
    kind: str = "",
    limits: Limits | None = None,
    owner: str = "",
    workspace: str = "",
    reads: Iterable[Path | str] = (),
    writes: Iterable[Path | str] = (),
    image: str = "",
    network: bool = False,
    port: int = 0,
    env: Mapping[str, str] | None = None,
    estimate: Usage | None = None,
    id: str | None = None,
    notify: Mapping[str, Any] | None = None,
    program: bool = False,
    retries: int = 2,
    keep: bool = False,
) -> Job:
    """Add a job to the queue.

    Parameters
    ----------
    arguments : sequence of str
        A command of sdcviz without the word ``sdcviz``; with `image`, what the image gets.
    engine : str, optional
        Where it runs; by default as the settings say.
    title : str
        For people.
    kind : str
        What it is about; by default the first argument.
    limits : Limits, optional
        Processors, memory, time.
    owner : str
        Who wants it; by default the user of this process.
    workspace : str
    reads, writes : iterables of paths
        What it uses outside of its folder.
    image : str
        Container image, for engines that have such.
    network : bool
    port : int
        Where an interactive job listens.
    env : mapping, optional
        Further environment.
    estimate : Usage, optional
        What it is expected to take.
    id : str, optional
        32 hexadecimal digits; with one that is known already nothing is started, and that
        job returned.
    notify : mapping, optional
        Who wants to hear of its end.
    program : bool
        `arguments` are a program and what it gets, instead of a command of sdcviz.
    retries : int
        How often it is started again after its node was lost.
    keep : bool
        Whether it goes on when the server stops.

    Returns
    -------
    Job

    Raises
    ------
    BadRequest
        There is no such engine, or it has not what is asked for.
    QuotaExceeded
        Too many jobs wait already.
    StorageError
        The job folder or the database can't be written.

    Examples
    --------
    >>> from sdcviz import jobs
    >>> jobs.submit(["qc", "check", "my_collection"], title="All checks")  # doctest: +SKIP
    """
    settings = get_settings()
    words = tuple(str(word) for word in arguments)
    if not words and not image:
        raise BadRequest("A job needs a command, such as: divand recipe.yaml --out product.nc.")
    id = _identity(id)
    spec = JobSpec(
        id=id,
        arguments=words,
        folder=folders.folder_of(id),
        engine=engine or settings.engine,
        title=title or " ".join(words)[:200],
        kind=kind or (image if image else words[0]),
        image=image,
        reads=tuple(Path(path).absolute() for path in reads),
        writes=tuple(Path(path).absolute() for path in writes),
        limits=limits or Limits(),
        owner=owner or _user(),
        workspace=workspace,
        network=network,
        port=port,
        env=dict(env or {}),
        program=program,
        retries=retries,
        keep=keep,
        notify=dict(notify or {}),
    )
    place = _check(spec, settings)
    store = Store()
    folders.make_folder(spec.folder)
    job = Job(spec, created=now(), estimate=estimate, place=place)
    job = store.add(job, lambda db: _within_quota(db, spec, settings))
    _see_to_it(store)
    return store.get(job.id)


def _identity(id: str | None) -> str:
    if id is None:
        return secrets.token_hex(16)
    if not re.fullmatch(r"[0-9a-f]{32}", id):
        raise BadRequest(f"{id!r} is no id of a job: 32 hexadecimal digits are.")
    return id


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _check(spec: JobSpec, settings: Settings) -> str:
    """Refuse what the engine can't do; return the place where it runs."""
    offered = engines()
    if spec.engine not in offered:
        known = ", ".join(offered)
        raise BadRequest(f"Engine {spec.engine!r} is not offered here; choose of: {known}.")
    engine, limits = offered[spec.engine], spec.limits
    if spec.image and "images" not in engine.capabilities:
        raise BadRequest(f"Engine {spec.engine} runs no images; choose an engine of containers.")
    if limits.cpu <= 0 or limits.memory < 0 or limits.walltime < 0:
        raise BadRequest("Processors, memory and time of a job can't be negative.")
    capacity = getattr(engine, "capacity", None)
    if capacity:
        most = capacity()
        if limits.cpu > most.cpu:
            raise BadRequest(
                f"The job asks for {limits.cpu:g} processors and engine {spec.engine} has "
                f"{most.cpu:g}; ask for less."
            )
        if most.memory and limits.memory > most.memory:
            from ..words import size

            raise BadRequest(
                f"The job asks for {size(limits.memory)} of memory and engine {spec.engine} has "
                f"{size(most.memory)}; ask for less."
            )
    return str(getattr(engine, "place", ""))


def _within_quota(db: Connection, spec: JobSpec, settings: Settings) -> None:
    most = settings.jobs_waiting_per_user
    if most and waiting(db, owner=spec.owner) >= most:
        raise QuotaExceeded(f"{most} jobs of {spec.owner} wait already; let some of them end.")
    most = settings.jobs_waiting_per_workspace
    if spec.workspace and most and waiting(db, workspace=spec.workspace) >= most:
        raise QuotaExceeded(
            f"{most} jobs of workspace {spec.workspace} wait already; let some of them end."
        )


def _see_to_it(store: Store) -> None:
    """Have somebody keep the jobs: the server, or a keeper that is left in the background."""
    if is_kept(store.url):
        wake_all()
        return
    keeper = Keeper(store, yields=True)
    keeper.tick()
    keeper.stop(leave=True)
    leave_keeper()


# ---- look ------------------------------------------------------------------
def get(id: str) -> Job:
    """Return a job by its id, or by the first digits of it; NotFound where there is none."""
    return Store().get(id)


def find(
    owner: str | None = None,
    workspace: str | None = None,
    states: Iterable[State] | None = None,
    kind: str | None = None,
    limit: int = 100,
) -> list[Job]:
    """Return the newest jobs that fit, newest first."""
    return Store().find(owner, workspace, states, kind, limit)


def read_log(id: str, offset: int = 0, limit: int = 65536) -> tuple[bytes, int]:
    """Return bytes of the log of a job from an offset on, and the offset that follows.

    A negative offset counts from the end. Of a log that is too long the beginning and the newest
    are kept; a line stands for what was left out.
    """
    return folders.read_log(get(id).spec.folder, offset, limit)


def read_events(id: str, since: int = 0, limit: int = 1000) -> tuple[list[dict[str, Any]], int]:
    """Return the events of a job after a byte offset, and the offset that follows."""
    return folders.read_events(get(id).spec.folder, since, limit)


def wait(id: str, timeout: float | None = None) -> Job:
    """Wait until a job is over, or hibernates, or the time is over; return it."""
    store, pause = Store(), 0.02
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        job = store.get(id)
        if job.is_over or job.state is State.HIBERNATED:
            return job
        if deadline is not None and time.monotonic() >= deadline:
            return job
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def usage(month: str | None = None, by: str = "owner") -> list[dict[str, Any]]:
    """Return what was used in a month (by default this one), by owner, workspace or job."""
    return accounting.monthly(Store(), month or now()[:7], by)


def service_log(limit: int = 100, job: str | None = None) -> list[dict[str, Any]]:
    """Return the newest lines of who did what, newest first."""
    return Store().log(limit, job)


# ---- wishes ----------------------------------------------------------------
def cancel(id: str, by: str = "") -> Job:
    """End a job for good; what runs gets a moment to end by itself."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state in {State.QUEUED, State.HIBERNATED}:
            return {"state": str(State.CANCELLED), "wish": str(Wish.CANCEL), "ended": now()}
        return {"wish": str(Wish.CANCEL)}

    return _wish(id, decide, by, "cancel")


def pause(id: str, by: str = "") -> Job:
    """Freeze a running job; its memory stays taken."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state not in {State.RUNNING, State.STARTING, State.PAUSED}:
            raise BadRequest(f"Job {job.id[:8]} is {job.state}; only one that runs can be paused.")
        engine = engines().get(job.spec.engine)
        if engine is not None and "pause" not in engine.capabilities:
            raise BadRequest(f"Engine {job.spec.engine} can't pause; hibernate the job instead.")
        return {"wish": str(Wish.PAUSE)}

    return _wish(id, decide, by, "pause")


def resume(id: str, by: str = "") -> Job:
    """Let a paused job go on."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state is State.HIBERNATED:
            return _woken(job)
        if job.wish not in {Wish.PAUSE, Wish.RUN} and job.state is not State.PAUSED:
            raise BadRequest(f"Job {job.id[:8]} is {job.state} and can't be resumed.")
        return {"wish": str(Wish.RUN)}

    return _wish(id, decide, by, "resume")


def hibernate(id: str, by: str = "") -> Job:
    """End a job for now: its memory is free, and what it has finished stays in its folder."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state is State.HIBERNATED:
            return {}
        wish = {"wish": str(Wish.HIBERNATE)}
        return wish | ({"state": str(State.HIBERNATED)} if job.state is State.QUEUED else {})

    return _wish(id, decide, by, "hibernate")


def wake(id: str, by: str = "") -> Job:
    """Start a hibernated job again; it goes on from what it has finished."""

    def decide(job: Job) -> dict[str, Any]:
        _not_over(job)
        if job.state is not State.HIBERNATED:
            raise BadRequest(f"Job {job.id[:8]} is {job.state}; only a hibernated one can wake.")
        return _woken(job)

    return _wish(id, decide, by, "wake")


def _woken(job: Job) -> dict[str, Any]:
    values = {"state": str(State.QUEUED), "wish": str(Wish.RUN), "reason": ""}
    return {**values, "attempt": job.spec.attempt + 1, "engine_state": "{}"}


def _not_over(job: Job) -> None:
    if job.is_over:
        raise BadRequest(f"Job {job.id[:8]} is {job.state} already.")


def _wish(id: str, decide: Any, by: str, action: str) -> Job:
    store = Store()
    job = store.wish(id, decide, by or _user(), action)
    if not job.is_over:
        _see_to_it(store)
    return store.get(job.id)
