"""The fields of the form: where each one stands in a recipe, read and written here only."""

from __future__ import annotations

import re
from typing import Any

from .axis_fields import (
    depths_of,
    end_field,
    level_kind,
    read_groups,
    read_months,
    read_resolution,
    read_years,
    with_lengths,
    write_box,
    write_depths,
    write_groups,
    write_level_kind,
    write_months,
    write_resolution,
    write_years,
)
from .field import (
    Content,
    Field,
    get,
    lengths_field,
    method_field,
    plain_field,
    put,
    shown,
    words_field,
)
from .form_table import SECTIONS

__all__ = ["FIELDS", "Field", "field_of", "get", "put", "told", "values", "write"]


def values(content: Content) -> dict[str, Any]:
    """Return what the form shows of a recipe."""
    return {field.name: field.read(content) for field in FIELDS.values()}


def write(content: Content, name: str, value: Any) -> dict[str, Any]:
    """Return the content with what was entered in a field.

    With other levels, lengths that were one a level are those of the new levels.
    """
    made = FIELDS[name].write(content, value)
    return with_lengths(content, made) if name in LEVELS else made


def told(name: str, sentence: str) -> str:
    """Return a complaint about a recipe in the words of the form, where it stands at a field."""
    label = LABELS.get(name, "")
    if label:
        sentence = re.sub(r"^[A-Z]\w*(\.\w+)* is ", f"{label} is ", sentence)
    # What a file would hold helps nobody here.
    return re.sub(r": \{.*\}\.$", ".", sentence).replace("give a list.", "give numbers.")


LABELS = {field["name"]: field["label"] for section in SECTIONS for field in section["fields"]}
LEVELS = ("level_kind", "depths", "top", "bottom")
"""Fields that decide how many levels there are."""

_ALL = (
    plain_field("parameter", "parameter"),
    Field(
        "flags",
        "flags",
        lambda c: [str(f) for f in c.get("flags", ("1", "2"))],
        lambda c, v: put(c, "flags", list(v)),
    ),
    Field(
        "box",
        "domain.box",
        lambda c: [shown(v) for v in get(c, "domain.box", [""] * 4)],
        write_box,
    ),
    Field("resolution", "domain.resolution", read_resolution, write_resolution),
    plain_field("bathymetry", "domain.bathymetry"),
    Field("level_kind", "levels.set", level_kind, write_level_kind),
    Field("depths", "levels", lambda c: ", ".join(map(shown, depths_of(c))), write_depths),
    end_field("top"),
    end_field("bottom"),
    Field("years", "time.years", read_years, write_years),
    Field("months", "time", read_months, write_months),
    Field("groups", "time.months", read_groups, write_groups),
    lengths_field("horizontal"),
    lengths_field("vertical", "0 m"),
    plain_field("epsilon2", "epsilon2", number=True),
    method_field(
        "background", "profile", {"product": ("file", "variable"), "profile": ("vertical_length",)}
    ),
    plain_field("background_file", "background.file"),
    plain_field("background_variable", "background.variable"),
    method_field(
        "transformation", "none", {"log": ("offset", "threshold"), "logit": ("min", "max")}
    ),
    plain_field("offset", "transformation.offset", number=True),
    plain_field("threshold", "transformation.threshold", number=True),
    plain_field("lower", "transformation.min", number=True),
    plain_field("upper", "transformation.max", number=True),
    plain_field("error", "error", "cpme"),
    plain_field("least", "clamp.min", number=True),
    plain_field("greatest", "clamp.max", number=True),
    plain_field("cluster", "weights.horizontal"),
    plain_field("desroziers", "desroziers", number=True),
    plain_field("suspects", "suspects", "none"),
    plain_field("solver", "solver", "auto"),
    plain_field("workers", "run.workers", number=True),
    plain_field("memory", "run.memory"),
    *(
        plain_field(name, f"metadata.{name}")
        for name in (
            "title",
            "abstract",
            "institution",
            "project",
            "source",
            "license",
            "version",
            "comment",
        )
    ),
    words_field("edmo", "metadata.edmo", number=True),
    words_field("authors", "metadata.authors"),
    words_field("areas", "metadata.areas"),
)

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
"""By name, in the order of the form."""


def field_of(key: str) -> str:
    """Return the field where a complaint about a key of the recipe is shown; empty: none."""
    fitting = [f for f in FIELDS.values() if key == f.key or key.startswith(f"{f.key}.")]
    if fitting:
        return max(fitting, key=lambda f: len(f.key)).name
    inside = [f for f in FIELDS.values() if f.key.startswith(f"{key}.")] if key else []
    return inside[0].name if inside else ""
