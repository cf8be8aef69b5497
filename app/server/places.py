"""Which files a job may read and write that is asked for over HTTP.

It reads collections and products of this server, results of jobs that the asker sees, files
that came with the request, and the folders of the setting `job_folders`; it writes into its own
folder, into the folder of products, and collections. The rest of `data_dir` (keys, databases) is
no place for it. What a path leads to is looked up once, and that is what the job gets: a link
that is turned afterwards leads nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sdcviz import jobs
from sdcviz.errors import BadRequest, Forbidden, NotFound, SdcvizError
from sdcviz.settings import Settings

from .. import library
from .who import Principal

__all__ = ["Places", "collection_folders"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
_IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def collection_folders(settings: Settings) -> list[Path]:
    """Return the folders of all collections of this server: opened before, or made here."""
    opened = [Path(entry.path) for entry in library.known()]
    made = (settings.data_dir / "collections").glob("*/collection.json")
    return list(dict.fromkeys([*opened, *sorted(file.parent for file in made)]))


def collection_id(folder: Path) -> str:
    """Return the id of a collection; empty where the folder is none."""
    from sdcviz.observations.collection import read_about

    try:
        return str(read_about(folder)["id"])
    except (SdcvizError, KeyError):
        return ""


class Places:
    """What one asker's job may reach.

    Parameters
    ----------
    who : Principal
    settings : Settings
    given : dict of str to Path
        Files that came with the request, by name.
    """

    def __init__(self, who: Principal, settings: Settings, given: dict[str, Path]) -> None:
        self.who, self.settings, self.given = who, settings, given
        self.reads: dict[Path, None] = {}
        self.writes: dict[Path, None] = {}

    def read(self, text: str, folder: Path | None = None) -> Path:
        """Return the file or folder that a word stands for: an id, a path, or a file given.

        Parameters
        ----------
        text : str
        folder : Path, optional
            Where relative paths begin (those in a recipe).

        Raises
        ------
        Forbidden
            It is in none of the places, whether it exists or not.
        NotFound
            There is no such file.
        """
        if text in self.given:
            return self.given[text]
        if _IDENTITY.fullmatch(text):
            return self._keep(self._by_id(text))
        path = Path(text)
        if not path.is_absolute():
            if folder is None:
                raise NotFound(
                    f"{text}: no such file came with the request; name an id of a collection, a "
                    "whole path, or a file in `files`."
                )
            path = folder / path
        real = path.resolve()
        if not any(_within(real, root) for root in self._roots(real)):
            raise Forbidden(
                f"{text} is in no folder that jobs over HTTP may read; see the setting job_folders."
            )
        if not real.exists():
            raise NotFound(f"There is no {text}.")
        return self._keep(real)

    def collection(self, text: str) -> Path:
        """Return the folder of a collection, by id or path."""
        path = self.read(text)
        if not (path / "collection.json").is_file():
            raise NotFound(f"{text} is no collection.")
        return path

    def edited(self, text: str) -> Path:
        """Return the folder of a collection that the job changes."""
        self._need_edit("changes a collection")
        path = self.collection(text)
        self.writes[path] = None
        return path

    def into(self, text: str) -> Path:
        """Return the folder that an import goes to: a new one of ours, or a collection."""
        root = (self.settings.data_dir / "collections").resolve()
        known = _IDENTITY.fullmatch(text) or text in map(str, collection_folders(self.settings))
        if known:
            path = self.collection(text)
        else:
            path = (root / text).resolve()
            if path.parent != root or not _NAME.fullmatch(path.name):
                raise Forbidden(
                    f"--into {text}: give a plain name for a new collection, or the id of one."
                )
        if path.exists():
            self._need_edit("adds to a collection")
        self.writes[path] = None
        return path

    def out(self, text: str) -> str:
        """Return where a result goes: a name in the job's folder, or a file among the products."""
        name = text.rpartition("/")[2]
        folder = self.settings.products_dir.resolve()
        if not _NAME.fullmatch(name):
            raise BadRequest(f"{text!r} is no name for a result; use letters, digits, . _ and -.")
        if name == text:
            return name
        path = Path(text)
        if not path.is_absolute() or path.parent.resolve() != folder:
            raise Forbidden(
                f"--out {text}: a result goes into the job's folder (a plain name) or to {folder}."
            )
        if path.exists():
            self._need_edit("replaces a product")
        folder.mkdir(parents=True, exist_ok=True)
        self.writes[folder] = None
        return str(folder / name)

    def _keep(self, path: Path) -> Path:
        self.reads[path] = None
        return path

    def _need_edit(self, what: str) -> None:
        if "edit" not in self.who.scopes:
            raise Forbidden(f"The job {what}; make a token with --scope jobs --scope edit.")

    def _by_id(self, identity: str) -> Path:
        for folder in collection_folders(self.settings):
            if collection_id(folder) == identity:
                return folder.resolve()
        raise NotFound(f"There is no collection {identity} on this server.")

    def _roots(self, real: Path) -> Iterator[Path]:
        data = self.settings.data_dir
        yield from (folder.resolve() for folder in collection_folders(self.settings))
        yield from ((data / name).resolve() for name in ("collections", "products"))
        yield from (folder.resolve() for folder in self.settings.job_folders)
        yield from self._results(real, (data / "jobs").resolve())

    def _results(self, real: Path, root: Path) -> Iterator[Path]:
        """Yield the folder of results of the job that the path is in, if he sees it."""
        if not _within(real, root) or real == root:
            return
        name = real.relative_to(root).parts[0]
        try:
            job = jobs.get(name)
        except SdcvizError:
            return
        if job.id == name and self.who.sees(job.spec.owner):
            yield root / name / "work"


def _within(path: Path, root: Path) -> bool:
    return path == root or root in path.parents
