"""Recipes that are kept: one file each, in the data folder."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadRequest, NotFound, SdcvizError
from ..settings import get_settings
from ..storage import storage_errors, written_whole
from .recipe import Recipe
from .recipe_file import read_recipe, write_recipe

__all__ = ["Kept", "delete", "folder", "keep", "listed", "take_out"]

_NAME = re.compile(r"[\w][\w .,()+-]{0,79}")
_SCRATCH_DAYS = 30  # that a draft is kept which nobody opens


@dataclass(frozen=True)
class Kept:
    """A recipe in the folder.

    Attributes
    ----------
    name : str
    parameter, collection : str
        What it analyses.
    saved : float
        Seconds since 1970.
    """

    name: str
    parameter: str
    collection: str
    saved: float


def folder(kind: str = "") -> Path:
    """Return the folder of saved recipes, or one inside it: ``drafts``, ``runs``."""
    path = get_settings().data_dir / "recipes" / kind
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def keep(recipe: Recipe, name: str, kind: str = "") -> Path:
    """Write a recipe under a name; one of the same name is replaced.

    Raises
    ------
    BadRequest
        The name can't be that of a file.
    StorageError
        The folder can't be written.
    """
    path = _path(name, kind)
    with written_whole(path) as scratch:
        scratch.write_text(write_recipe(recipe), encoding="utf-8")
    return path


def take_out(name: str, kind: str = "") -> Recipe:
    """Read the recipe of a name.

    Raises
    ------
    NotFound
        There is none.
    BadRequest
        The file was changed by hand and is no recipe any more; says what is wrong.
    """
    path = _path(name, kind)
    if not path.is_file():
        raise NotFound(f"There is no recipe “{name}” (any more).")
    with suppress(OSError):
        os.utime(path)
    return read_recipe(path)


def listed() -> list[Kept]:
    """List the saved recipes, the last one first; files that are none are left out."""
    found = []
    for path in folder().glob("*.yaml"):
        try:
            recipe = read_recipe(path)
            saved = path.stat().st_mtime
        except (SdcvizError, OSError):
            continue
        found.append(Kept(path.stem, recipe.parameter, recipe.collection or "", saved))
    return sorted(found, key=lambda one: (-one.saved, one.name))


def delete(name: str, kind: str = "") -> None:
    """Remove a recipe; nothing happens if there is none."""
    with suppress(OSError):
        _path(name, kind).unlink()


def sweep() -> None:
    """Remove drafts that nobody has opened for a month."""
    old = time.time() - _SCRATCH_DAYS * 86400
    for path in folder("drafts").glob("*.yaml"):
        with suppress(OSError):
            if path.stat().st_mtime < old:
                path.unlink()


def _path(name: str, kind: str) -> Path:
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"“{name}” can't be the name of a recipe; use letters, digits, blanks and - _ . ( ) +."
            if name
            else "Give the recipe a name."
        )
    return folder(kind) / f"{name}.yaml"
