"""Recipes as files: YAML in and out, and a sentence for what is wrong in one."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_args

import yaml
from pydantic import BaseModel, ValidationError

from ..errors import BadRequest, NotFound
from .recipe import Recipe

__all__ = [
    "complaints",
    "make_recipe",
    "parse_recipe",
    "read_recipe",
    "recipe_schema",
    "write_recipe",
]

_LARGEST = 1_000_000  # bytes; a recipe has some thousand

_TYPES = {
    "float": "a number",
    "int": "a whole number",
    "string": "a text",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "keys with values",
    "model": "keys with values",
    "date": "a day, such as 2005-06-30",
}

Place = tuple[int | str, ...]


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
            real = _places(content, one["loc"])
            place = tuple(p for p in one["loc"] if p in real)
            key = ".".join(str(p) for p in place)
            sentence = _sentence(cast(dict[str, Any], one), place).removeprefix(f"{key}: ")
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


# ---- sentences --------------------------------------------------------------
def _validated(content: dict[str, Any], name: str, lines: dict[Place, int]) -> Recipe:
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A key that is misspelt is also missing: the misspelling explains both.
        found.sort(key=lambda e: e["type"] == "missing")
        first = found[0]
        place = tuple(p for p in first["loc"] if p in _places(content, first["loc"]))
        line = next((lines[place[:k]] for k in range(len(place), 0, -1) if place[:k] in lines), 0)
        where = f"{name}, line {line}" if line else name
        sentence = _sentence(cast(dict[str, Any], first), place)
        raise BadRequest(f"{where}: {sentence}{'' if sentence[-1] in '.?' else '.'}") from None


def _places(content: Any, place: Place) -> set[int | str]:
    """Tell which parts of a place are keys or indices, and not names of alternatives."""
    real: set[int | str] = set()
    here = content
    for k, step in enumerate(place):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, (list, tuple)) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif k < len(place) - 1 or (isinstance(step, str) and "[" in step):
            continue
        real.add(step)
    return real


def _sentence(error: dict[str, Any], place: Place) -> str:
    key = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(key, place)
    if kind == "missing":
        return f"{key} is missing{_described(place)}"
    if kind == "value_error":
        told = str(error["ctx"]["error"])
        return f"{key}: {told}" if key else told
    shown = json.dumps(given, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    context = error.get("ctx", {})
    wanted = next((word for stem, word in _TYPES.items() if kind.startswith(f"{stem}_")), None)
    if kind == "literal_error":
        return f"{key} is {shown}; choose {context['expected'].replace(chr(39), '')}"
    if kind == "finite_number":
        return f"{key} is {shown}; give a finite number"
    if kind in {"too_long", "too_short"} or kind == "tuple_type":
        return f"{key} is {shown}; {_count(error)}"
    for bound, words in (("gt", "greater than"), ("ge", "at least"), ("lt", "less than"),
                         ("le", "at most")):  # fmt: skip
        if bound in context:
            return f"{key} is {shown}; it must be {words} {context[bound]:g}"
    return f"{key} is {shown}; give {wanted or 'something else: ' + error['msg'].lower()}"


def _count(error: dict[str, Any]) -> str:
    context = error.get("ctx", {})
    least = context.get("min_length", context.get("max_length"))
    return (
        "give a list" if least is None else f"give {least} values, not {context['actual_length']}"
    )


def _unknown(key: str, place: Place) -> str:
    model = _model_at(place[:-1])
    word = str(place[-1])
    keys = list(model.model_fields) if model is not None else []
    near = difflib.get_close_matches(word.lower(), keys, 1, 0.6)
    if near:
        return f"there is no {key!r}; did you mean {near[0]!r}?"
    everywhere = dict(_all_keys(Recipe))
    if word in everywhere:
        return f"there is no {key!r}; {word!r} is written as {everywhere[word]}"
    far = difflib.get_close_matches(word.lower(), everywhere, 1, 0.75)
    if far:
        return f"there is no {key!r}; did you mean {everywhere[far[0]]}?"
    return f"there is no {key!r}; there are {', '.join(keys)}"


def _described(place: Place) -> str:
    model = _model_at(place[:-1])
    field = None if model is None else model.model_fields.get(str(place[-1]))
    return (
        f": {field.description[0].lower()}{field.description[1:]}"
        if (field is not None and field.description)
        else ""
    )


def _model_at(place: Place) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Recipe
    for step in place:
        field = None if model is None else model.model_fields.get(str(step))
        model = None if field is None else _model_in(field.annotation)
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _all_keys(model: type[BaseModel], inside: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        yield name, f"{inside}{name}"
        part = _model_in(field.annotation)
        if part is not None:
            yield from _all_keys(part, f"{inside}{name}.")
