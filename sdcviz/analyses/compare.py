"""What differs between two recipes, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .recipe import Recipe

__all__ = ["Difference", "differences", "plain"]


class Difference(NamedTuple):
    """One key that two recipes have different.

    Attributes
    ----------
    key : str
        With dots: ``lengths.horizontal``.
    old, new : str
        As a recipe holds it; empty where the key is not there.
    """

    key: str
    old: str
    new: str


def plain(recipe: Recipe) -> dict[str, Any]:
    """Give the content of a recipe as a file holds it, without what is as by default."""
    return recipe.model_dump(mode="json", exclude_defaults=True, exclude_none=True)


def differences(old: Recipe, new: Recipe) -> list[Difference]:
    """List what differs between two recipes.

    Parameters
    ----------
    old, new : Recipe

    Returns
    -------
    list of Difference
        In the order of a recipe's keys; what one of them leaves to the default is compared as
        that default.
    """
    before, after = (dict(_flat(one.model_dump(mode="json"))) for one in (old, new))
    keys = list(dict.fromkeys([*before, *after]))
    told = [Difference(key, _text(before.get(key)), _text(after.get(key))) for key in keys]
    return [one for one in told if one.old != one.new]


def _flat(content: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{inside}{key}.")
        else:
            yield f"{inside}{key}", value


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, list):
        return ", ".join(f"[{_text(v)}]" if isinstance(v, list) else _text(v) for v in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
