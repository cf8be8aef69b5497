"""Add jobs to the queue, and see to it that somebody keeps them."""

from __future__ import annotations

import getpass
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from ..errors import BadRequest, QuotaExceeded
from ..settings import Settings, get_settings
from ..words import size
from . import folders
from .keeper import Keeper
from .model import Job, JobSpec, Limits, Usage
from .offered import engines
from .presence import is_served, leave_keeper, ring
from .rows import now
from .store import Store, waiting

__all__ = ["see_to_it", "submit", "this_user"]


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
    id, store = _identity(id), Store()
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
        owner=owner or this_user(),
        workspace=workspace,
        network=network,
        port=port,
        env=dict(env or {}),
        program=program,
        retries=retries,
        # Without a server there is none that stops.
        keep=keep or not is_served(store.url),
        notify=dict(notify or {}),
    )
    place = _check(spec, settings)
    folders.make_folder(spec.folder)
    job = Job(spec, created=now(), estimate=estimate, place=place)
    job = store.add(job, lambda db: _within_quota(db, spec, settings))
    see_to_it(store)
    return job


def _identity(id: str | None) -> str:
    if id is None:
        return secrets.token_hex(16)
    if not re.fullmatch(r"[0-9a-f]{32}", id):
        raise BadRequest(f"{id!r} is no id of a job: 32 hexadecimal digits are.")
    return id


def this_user() -> str:
    """Return the name of the user of this process."""
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


def see_to_it(store: Store) -> None:
    """Have somebody keep the jobs: the server, or a keeper that is left in the background."""
    if ring(store.url):
        return
    keeper = Keeper(store, yields=True)
    keeper.tick()
    keeper.stop(leave=True)
    leave_keeper()
