"""Recipes as files: YAML in and out, and a sentence for what is wrong in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from ..errors import BadRequest, NotFound
from .recipe import Recipe
from .recipe_sentences import Place, places, sentence_of

__all__ = [
    "complaints",
    "make_recipe",
    "parse_recipe",
    "read_recipe",
    "recipe_schema",
    "write_recipe",
]

_LARGEST = 1_000_000  # bytes; a recipe has some thousand


def read_recipe(path: Path | str) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path : path-like
        YAML file; JSON is YAML too.

    Returns
    -------
    Recipe
        Paths in it are made absolute, seen from the folder of the file.

    Raises
    ------
    NotFound
        There is no such file.
    BadRequest
        With line, key, and what to write instead.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise BadRequest(f"{path}: too large for a recipe; is it another file?")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(
            f"There is no recipe {path}. Write one with 'sdcviz divand --example'."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path}: not readable as text ({error}).") from None
    return _anchored(parse_recipe(text, str(path)), path.absolute().parent)


def parse_recipe(text: str, name: str = "recipe") -> Recipe:
    """Read the text of a recipe; `name` is for sentences."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = None if node is None else _content(node, name)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise BadRequest(f"{name}{where}: this is no YAML ({problem}).") from None
    if not isinstance(content, dict):
        raise BadRequest(f"{name}: a recipe has lines such as 'parameter: temperature'.")
    return _validated(content, name, {} if node is None else dict(_lines(node)))


def make_recipe(given: Recipe | Mapping[str, Any] | Path | str) -> Recipe:
    """Make a recipe of whatever stands for one: itself, a mapping, or the path of a file."""
    if isinstance(given, Recipe):
        return given
    if isinstance(given, Mapping):
        return _anchored(_validated(dict(given), "recipe", {}), Path.cwd())
    return read_recipe(given)


def complaints(content: Mapping[str, Any]) -> dict[str, str]:
    """Tell what is wrong in the content of a recipe, at each key.

    Parameters
    ----------
    content : mapping
        As a recipe file holds it.

    Returns
    -------
    dict of str to str
        Sentences by key with dots (``lengths.horizontal``); empty where it is a recipe. What
        concerns all of it has the key "".
    """
    try:
        Recipe.model_validate(dict(content))
    except ValidationError as error:
        found: dict[str, str] = {}
        for one in error.errors(include_url=False):
            real = places(content, one["loc"])
            place = tuple(p for p in one["loc"] if p in real)
            key = ".".join(str(p) for p in place)
            sentence = sentence_of(cast(dict[str, Any], one), place).removeprefix(f"{key}: ")
            sentence = f"{sentence[:1].upper()}{sentence[1:]}"
            found.setdefault(key, sentence if sentence[-1] in ".?" else f"{sentence}.")
        return found
    return {}


def write_recipe(recipe: Recipe) -> str:
    """Give the text of a recipe, all keys but those that are as by default."""
    plain = recipe.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    plain = {"recipe": recipe.recipe, **plain}
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None)


def recipe_schema() -> dict[str, Any]:
    """Give the JSON schema of a recipe."""
    return Recipe.model_json_schema()


def _anchored(recipe: Recipe, folder: Path) -> Recipe:
    """See paths from a folder."""

    def seen(path: str | None) -> str | None:
        return None if path is None else str(folder / Path(path).expanduser())

    return recipe.model_copy(
        update={
            "collection": seen(recipe.collection),
            "domain": recipe.domain.model_copy(
                update={"bathymetry": seen(recipe.domain.bathymetry)}
            ),
            "background": recipe.background.model_copy(
                update={"file": seen(recipe.background.file)}
            ),
            "velocity": recipe.velocity
            and recipe.velocity.model_copy(update={"file": seen(recipe.velocity.file)}),
        }
    )


# ---- what a file holds, and where ------------------------------------------
def _content(node: yaml.Node, name: str) -> Any:
    for mapping in _mappings(node):
        seen: set[str] = set()
        for key, _ in mapping.value:
            if key.value in seen:
                raise BadRequest(
                    f"{name}, line {key.start_mark.line + 1}: {key.value!r} is there twice; "
                    "keep one."
                )
            seen.add(key.value)
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _lines(node: yaml.Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for k, value in enumerate(node.value):
            yield from _lines(value, (*place, k))


def _validated(content: dict[str, Any], name: str, lines: dict[Place, int]) -> Recipe:
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A key that is misspelt is also missing: the misspelling explains both.
        found.sort(key=lambda e: e["type"] == "missing")
        first = found[0]
        place = tuple(p for p in first["loc"] if p in places(content, first["loc"]))
        line = next((lines[place[:k]] for k in range(len(place), 0, -1) if place[:k] in lines), 0)
        where = f"{name}, line {line}" if line else name
        sentence = sentence_of(cast(dict[str, Any], first), place)
        raise BadRequest(f"{where}: {sentence}{'' if sentence[-1] in '.?' else '.'}") from None
