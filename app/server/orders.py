"""What somebody asks for over HTTP becomes a job: words checked, files put into its folder."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from sdcviz import jobs
from sdcviz.errors import BadRequest, Conflict, NotFound, SdcvizError, StorageError
from sdcviz.jobs.model import Job, Limits
from sdcviz.settings import Settings

from .commands import Kind, read_words
from .places import Places
from .recipes import LARGEST_RECIPE, check_recipe, read_text
from .who import Principal

__all__ = ["Order", "key_of", "submit"]

_ORDER = "order.sha256"
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes
    ----------
    arguments : tuple of str
        Command of sdcviz, without the word ``sdcviz``.
    files : dict of str to str
        Texts that come along (a recipe, a column mapping), by name.
    id : str
        Of the job; empty: a new one.
    engine, title, workspace : str
    limits : Limits
    """

    arguments: tuple[str, ...]
    files: dict[str, str]
    id: str = ""
    engine: str = ""
    title: str = ""
    workspace: str = ""
    limits: Limits = field(default_factory=Limits)

    def fingerprint(self) -> str:
        """Return what is equal for equal orders."""
        asked = [self.arguments, self.files, self.engine, self.title, self.workspace,
                 [self.limits.cpu, self.limits.memory, self.limits.walltime]]  # fmt: skip
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def key_of(who: Principal, key: str) -> str:
    """Return the id of the job that belongs to somebody's key; that of another one is another."""
    return hashlib.sha256(f"{who.name}\0{key}".encode()).hexdigest()[:32]


def submit(order: Order, who: Principal, settings: Settings) -> tuple[Job, bool]:
    """Make the job, or find it where it was asked for before.

    Returns
    -------
    tuple of Job and bool
        Whether it is new.

    Raises
    ------
    Conflict
        There is another job with this id.
    SdcvizError
        The order can't be carried out: see `commands` and `places`.
    """
    identity = order.id or secrets.token_hex(16)
    folder = settings.data_dir / "jobs" / identity
    # In turn, so that an order that comes twice at once does not write and remove one folder.
    with _turn:
        found = _existing(identity, order, who, folder)
        if found is not None:
            return found, False
        places = Places(who, settings, {_name(n): folder / "inputs" / n for n in order.files})
        texts = dict(order.files)
        arguments = _arguments(order, places, texts)
        engine = _engine(order.engine)
        try:
            _write(folder, texts, order.fingerprint())
            job = jobs.submit(
                arguments, engine=engine, title=order.title, limits=order.limits,
                owner=who.name, workspace=order.workspace, reads=tuple(places.reads),
                writes=tuple(places.writes), id=identity,
            )  # fmt: skip
        except SdcvizError:
            if _find(identity) is None:
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return job, True


_turn = threading.Lock()


def _existing(identity: str, order: Order, who: Principal, folder: Path) -> Job | None:
    job = _find(identity)
    if job is None:
        return None
    try:
        asked = (folder / _ORDER).read_text()
    except OSError:  # its folder was cleared away, or it was not asked for here
        asked = order.fingerprint()
    if not who.sees(job.spec.owner) or asked != order.fingerprint():
        raise Conflict("There is another job with this id or key; choose a new one.")
    return job


def _find(identity: str) -> Job | None:
    try:
        job = jobs.get(identity)
    except NotFound:
        return None
    return job if job.id == identity else None


def _engine(name: str) -> str | None:
    if name and name not in jobs.engines():
        known = ", ".join(jobs.engines())
        raise BadRequest(f"There is no engine {name!r} on this server; choose of {known}.")
    return name or None


def _name(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise BadRequest(f"{name[:40]!a} is no name for a file; use letters, digits, . _ -.")
    return name


def _arguments(order: Order, places: Places, texts: dict[str, str]) -> tuple[str, ...]:
    """Return the words of the command with all files looked up; recipes are written to `texts`."""
    words = read_words(order.arguments)

    def place(kind: Kind, value: str) -> str:
        if kind is Kind.RECIPE:
            return _recipe(value, places, texts)
        if kind is Kind.FILE and value in places.given:
            return f"../inputs/{value}"
        if kind is Kind.WORKERS and not (value.isascii() and value.isdigit() and len(value) < 3):
            raise BadRequest(f"--workers {value}: give a number up to 99.")
        if kind is Kind.USER:
            return places.who.name
        if kind is Kind.OUT:
            return places.out(value)
        looks = {Kind.FILE: places.read, Kind.COLLECTION: places.collection,
                 Kind.EDITED: places.edited, Kind.INTO: places.into}  # fmt: skip
        return str(looks[kind](value)) if kind in looks else value

    words.options[:] = [(name, kind, place(kind, value)) for name, kind, value in words.options]
    words.arguments[:] = [(kind, place(kind, value)) for kind, value in words.arguments]
    return words.put_together()


def _recipe(value: str, places: Places, texts: dict[str, str]) -> str:
    if value in places.given:
        name, text, folder = value, texts[value], None
        if len(text.encode()) > LARGEST_RECIPE:
            raise BadRequest(f"{name}: too large for a recipe; is it another file?")
    else:
        path = places.read(value)
        # A name that no file of the request can have.
        name, text, folder = f"+{path.name}", read_text(path), path.parent
    texts[name] = check_recipe(text, name.lstrip("+"), places, folder)
    return f"../inputs/{name}"


def _write(folder: Path, texts: dict[str, str], fingerprint: str) -> None:
    try:
        (folder / "inputs").mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / "inputs" / name).write_text(text, encoding="utf-8")
        (folder / _ORDER).write_text(fingerprint)
    except OSError as error:
        raise StorageError(f"The files of the job can't be kept ({error.strerror}).") from error
