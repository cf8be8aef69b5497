"""Notebooks over what a visitor has open: each is a job that runs JupyterLab."""

from __future__ import annotations

import secrets
import socket
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from sdcviz.settings import get_settings
from sdcviz.storage import storage_errors

if TYPE_CHECKING:
    from sdcviz.jobs.model import Job
    from sdcviz.notebooks.place import Place
    from sdcviz.observations import Filters

__all__ = [
    "KIND",
    "address_of",
    "is_ready",
    "mine",
    "place_of",
    "promise",
    "promised",
    "settle",
    "start",
]

KIND = "notebook"

_MOST = 10_000
_promises: OrderedDict[str, str] = OrderedDict()
_lock = threading.Lock()


def start(
    collection: Path | str,
    name: str,
    filters: Filters | None = None,
    *,
    recipe: str = "",
    product: Path | str = "",
    engine: str = "",
    owner: str = "",
    id: str = "",
) -> Job:
    """Start a notebook.

    Parameters
    ----------
    collection : path-like
        Its folder.
    name : str
        Of the collection, for people.
    filters : Filters, optional
        Selection to begin with.
    recipe : str
        Text of a recipe (YAML).
    product : path-like
        Product (NetCDF).
    engine : str
        Where it runs; by default as the settings say.
    owner : str
        Who may open it; the one local user by default.
    id : str
        From `promise`, where a tab waits for it.

    Returns
    -------
    Job
        Queued; see `is_ready`.

    Raises
    ------
    StorageError
        The job folder can't be written.
    BadRequest, QuotaExceeded
        As for `sdcviz.jobs.submit`.
    """
    from sdcviz import jobs
    from sdcviz.jobs.folders import folder_of, make_folder
    from sdcviz.workspaces.tokens import local_user

    settings = get_settings()
    id = id or secrets.token_hex(16)
    folder = folder_of(id)
    make_folder(folder)
    engine = engine or settings.engine
    port = _free_port()
    arguments = ["notebook", "--collection", str(collection)]
    if filters is not None:
        arguments += ["--selection", _written(folder / "selection.json", filters.to_json())]
    if recipe:
        arguments += ["--recipe", _written(folder / "work" / "recipe.yaml", recipe)]
    if product:
        arguments += ["--product", str(product)]
    arguments += ["--port", str(port), "--base-url", f"{settings.root_path}/notebooks/{id}/"]
    if engine != "local":
        arguments += ["--host", "0.0.0.0"]  # inside of its container
    return jobs.submit(
        arguments,
        id=id,
        engine=engine,
        kind=KIND,
        title=f"Notebook: {name}",
        owner=owner or local_user(),
        # Most of the time it waits for a person: on this machine it leaves room for other jobs.
        limits=jobs.Limits(cpu=0.5 if engine == "local" else 1.0),
        reads=[Path(p) for p in (collection, product) if p],
        port=port,
        retries=0,
    )


def promise() -> str:
    """Return the id of a notebook that may be started soon.

    A browser opens a tab only while somebody clicks, and a job takes longer: the tab opens at the
    address of this id, and waits there.
    """
    id = secrets.token_hex(16)
    with _lock:
        _promises[id] = "The notebook starts."
        while len(_promises) > _MOST:
            _promises.popitem(last=False)
    return id


def promised(id: str) -> str | None:
    """Return what to say in the place of a notebook that has no job yet; None: it has no place."""
    with _lock:
        return _promises.get(id)


def settle(id: str, sentence: str) -> None:
    """Say why a promised notebook will not come."""
    with _lock:
        _promises[id] = sentence


def address_of(id: str) -> str:
    """Return the address of a notebook, seen from the page."""
    return f"notebooks/{id}/"


def place_of(job: Job) -> Place | None:
    """Return where the JupyterLab of a job listens; None where it does not run."""
    from sdcviz import jobs
    from sdcviz.notebooks.place import find_place

    if job.state is not jobs.State.RUNNING:
        return None
    engine = jobs.engines().get(job.spec.engine)
    endpoint = engine.endpoint(job.engine_state) if engine else ""
    return find_place(job.spec.folder, endpoint)


def is_ready(job: Job) -> bool:
    """Whether JupyterLab answers."""
    return place_of(job) is not None


def mine(owner: str = "") -> list[Job]:
    """Return a person's notebooks that are not over, newest first."""
    from sdcviz import jobs
    from sdcviz.workspaces.tokens import local_user

    open_ = [state for state in jobs.State if state not in jobs.FINAL]
    return jobs.find(owner=owner or local_user(), kind=KIND, states=open_)


def _free_port() -> int:
    """Return a port that is free now; JupyterLab takes the next one where it was taken since."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _written(path: Path, text: str) -> str:
    with storage_errors(path):
        path.write_text(text, encoding="utf-8")
    return str(path)
