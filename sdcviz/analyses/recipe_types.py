"""What the parts of a recipe are made of: lengths, sizes, and short ways to write a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from .quantities import length, lengths, memory_size, metres, told_lengths

__all__ = [
    "Degrees",
    "Length",
    "LengthOrLevels",
    "Part",
    "Positive",
    "Size",
    "named",
    "or_none",
]

_LENGTH = {"type": "string", "pattern": r"^[0-9.eE+]+ ?(m|km)$", "examples": ["80 km", "50 m"]}
_SIZE = {"type": "string", "pattern": r"^[0-9.]+ ?(MB|GB)$", "examples": ["4 GB"]}

LengthOrLevels = Annotated[
    Any,
    PlainValidator(lengths),
    PlainSerializer(told_lengths),
    WithJsonSchema(
        {"anyOf": [_LENGTH, {"type": "array", "items": _LENGTH}, {"const": "fit"}]},
    ),
]
Length = Annotated[float, PlainValidator(length), PlainSerializer(metres), WithJsonSchema(_LENGTH)]
Size = Annotated[
    int,
    PlainValidator(memory_size),
    PlainSerializer(lambda v: f"{v / 1e6:.6g} MB"),
    WithJsonSchema(_SIZE),
]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Part(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def named(first: str) -> Callable[[Any], Any]:
    """Take one word for a part whose first key it is."""

    def read(value: Any) -> Any:
        if value is None:
            return {first: "none"}
        return {first: value} if isinstance(value, str) else value

    return read


def or_none(first: str) -> Callable[[Any], Any]:
    """Take one word for a part whose first key it is, and ``none`` for no such part."""

    def read(value: Any) -> Any:
        if isinstance(value, str) and value.strip().lower() == "none":
            return None
        return {first: value} if isinstance(value, str | int | float) else value

    return read
