"""A recipe that came over HTTP: read, its files checked as those of the command, written anew.

The job gets the recipe that was checked, not the one that was named: a file that is
changed afterwards changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdcviz.errors import BadRequest, Forbidden

if TYPE_CHECKING:
    from .places import Places

__all__ = ["LARGEST_RECIPE", "check_recipe", "read_text"]

LARGEST_RECIPE = 100_000
"""Bytes; reading one that is made to be slow stays a matter of a moment."""
_DEEPEST = 20
_MOST_WORKERS = 99


def read_text(path: Path) -> str:
    """Return the text of a recipe file.

    Raises
    ------
    BadRequest
        It is no text, or too large for a recipe.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_RECIPE + 1)
        if len(raw) > LARGEST_RECIPE:
            raise BadRequest(f"{path.name}: too large for a recipe; is it another file?")
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise BadRequest(f"{path.name}: not readable as the text of a recipe.") from None


def check_recipe(text: str, name: str, places: Places, folder: Path | None) -> str:
    """Return the text of a recipe whose files are whole paths to where `places` lets read.

    Raises
    ------
    BadRequest
        It is no recipe.
    Forbidden
        It names a file that may not be read, or a scheduler.
    """
    import yaml

    from sdcviz.analyses.recipe_file import parse_recipe, write_recipe

    try:
        _check_yaml(text, name)
        recipe = parse_recipe(text, name)
    except yaml.YAMLError as error:
        raise BadRequest(f"{name}: this is no YAML ({str(error).splitlines()[0]}).") from None
    if recipe.run.scheduler:
        raise Forbidden(f"{name}: run.scheduler may not be chosen here; leave it out.")

    if (recipe.run.workers or 0) > _MOST_WORKERS:
        raise BadRequest(f"{name}: run.workers may be up to {_MOST_WORKERS} here.")

    def seen(path: str | None) -> str | None:
        return None if path is None else str(places.read(path, folder))

    collection = seen(recipe.collection)
    if collection is not None:
        places.collection(collection)
    return write_recipe(
        recipe.model_copy(
            update={
                "collection": collection,
                "domain": recipe.domain.model_copy(
                    update={"bathymetry": seen(recipe.domain.bathymetry)}
                ),
                "background": recipe.background.model_copy(
                    update={"file": seen(recipe.background.file)}
                ),
            }
        )
    )


def _check_yaml(text: str, name: str) -> None:
    """Refuse what takes long to read: depth, and aliases (a few lines stand for billions)."""
    import yaml

    depth = 0
    for token in yaml.scan(text, yaml.SafeLoader):
        kind = type(token).__name__
        if kind == "AliasToken":
            raise BadRequest(f"{name}: write out what the anchors (&, *) stand for.")
        if kind.endswith("StartToken"):
            depth += 1
        elif kind.endswith("EndToken"):
            depth -= 1
        if depth > _DEEPEST:
            raise BadRequest(f"{name}: too deep for a recipe.")
