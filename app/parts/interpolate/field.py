"""One field of the form: where it stands in a recipe, how it is read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Content", "Field", "get", "lengths_field", "method_field", "plain_field", "put",
    "read_number", "read_numbers", "shown", "words_field",
]  # fmt: skip

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes
    ----------
    name : str
        In the form.
    key : str
        Beginning of the keys of a recipe whose complaints belong to it.
    read : callable
        Content of a recipe to what the form shows.
    write : callable
        Content and what was entered to new content; what can't be understood is kept as it
        is, for the recipe to complain of.
    """

    name: str
    key: str
    read: Callable[[Content], Any]
    write: Callable[[Content, Any], dict[str, Any]]


def get(content: Content, key: str, usual: Any = None) -> Any:
    """Return the value at a key with dots."""
    here: Any = content
    for step in key.split("."):
        if not isinstance(here, Mapping) or step not in here:
            return usual
        here = here[step]
    return here


def put(content: Content, key: str, value: Any) -> dict[str, Any]:
    """Return the content with another value at a key; None removes it, and what gets empty."""
    first, _, rest = key.partition(".")
    made = dict(content)
    if rest:
        inside = made.get(first)
        value = put(inside if isinstance(inside, Mapping) else {}, rest, value) or None
    if value is None:
        made.pop(first, None)
    else:
        made[first] = value
    return made


def read_number(text: Any) -> Any:
    """Read a number, also with a comma; keep what is none."""
    if not isinstance(text, str):
        return text
    try:
        value = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        return text.strip() or None
    return int(value) if value.is_integer() and abs(value) < 1e9 else value


def read_numbers(text: str) -> list[Any]:
    """Read numbers with blanks, commas or semicolons between them."""
    return [read_number(part) for part in re.split(r"[\s,;]+", text.strip()) if part]


def shown(value: Any) -> str:
    """Return a number or text as the form shows it; empty for None."""
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, (int, float)) else str(value)


def plain_field(name: str, key: str, usual: Any = "", number: bool = False) -> Field:
    """Make a field for one text or number."""

    def read(content: Content) -> Any:
        return shown(get(content, key, usual))

    def enter(content: Content, value: Any) -> dict[str, Any]:
        made = read_number(value) if number else (str(value).strip() or None)
        return put(content, key, None if made == "" else made)

    return Field(name, key, read, enter)


def lengths_field(name: str, usual: str = "") -> Field:
    """Make a field for one length or one a level: ``20 m, 20 m, 30 m``."""
    key = f"lengths.{name}"

    def read(content: Content) -> str:
        value = get(content, key, usual)
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else shown(value)

    def enter(content: Content, value: Any) -> dict[str, Any]:
        parts = [part.strip() for part in re.split(r"[,;]", str(value)) if part.strip()]
        return put(content, key, parts if len(parts) > 1 else (parts or [None])[0])

    return Field(name, key, read, enter)


def words_field(name: str, key: str, number: bool = False) -> Field:
    """Make a field for several words with commas between them."""

    def read(content: Content) -> str:
        value = get(content, key, ())
        return ", ".join(map(shown, value if isinstance(value, (list, tuple)) else [value]))

    def enter(content: Content, value: Any) -> dict[str, Any]:
        parts = [part.strip() for part in re.split(r"[,;]", str(value)) if part.strip()]
        return put(content, key, ([read_number(p) for p in parts] if number else parts) or None)

    return Field(name, key, read, enter)


def read_method(key: str, usual: str) -> Callable[[Content], str]:
    def read(content: Content) -> str:
        value = get(content, key, usual)
        return str(value.get("method", usual)) if isinstance(value, Mapping) else str(value)

    return read


def method_field(name: str, usual: str, keep: Mapping[str, tuple[str, ...]]) -> Field:
    """Make a field for the method of a part; of its other keys those stay that fit it."""

    def enter(content: Content, value: Any) -> dict[str, Any]:
        now = get(content, name, {})
        now = now if isinstance(now, Mapping) else {}
        kept = {k: v for k, v in now.items() if k in keep.get(value, ())}
        return put(content, name, {"method": value, **kept})

    return Field(name, f"{name}.method", read_method(name, usual), enter)
