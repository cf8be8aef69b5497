"""What is wrong in a recipe, as a sentence: the key, and what to write instead."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from .recipe import Recipe

__all__ = ["Place", "places", "sentence_of"]

Place = tuple[int | str, ...]
"""Keys and indices that lead to a part of a recipe."""

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


def places(content: Any, place: Place) -> set[int | str]:
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


def sentence_of(error: dict[str, Any], place: Place) -> str:
    """Say what is wrong at a place of a recipe, and what to write instead.

    Parameters
    ----------
    error : dict
        One of pydantic's.
    place : tuple
        Keys and indices that lead there.

    Returns
    -------
    str
        Without a full stop.
    """
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
