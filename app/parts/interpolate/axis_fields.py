"""Fields of the grid and its times, which a recipe may write in several ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from .field import Content, Field, get, put, read_number, read_numbers, shown

__all__ = [
    "depths_of",
    "end_field",
    "level_kind",
    "read_groups",
    "read_months",
    "read_resolution",
    "read_years",
    "with_lengths",
    "write_box",
    "write_depths",
    "write_groups",
    "write_level_kind",
    "write_months",
    "write_resolution",
    "write_years",
]  # fmt: skip

_GROUPS = {
    "monthly": [[m] for m in range(1, 13)],
    "seasons": [[12, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]],
    "quarters": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]],
    "annual": [list(range(1, 13))],
}
SOME_LEVELS = "0 5 10 20 30 50 75 100 125 150 200 250 300 400 500 600 800 1000 1200 1500 2000"


def read_resolution(content: Content) -> str:
    """Return ``0.25`` or ``0.25 x 0.2``."""
    value = get(content, "domain.resolution", "")
    if isinstance(value, (list, tuple)):
        value = value[0] if len(set(value)) == 1 else " x ".join(map(shown, value))
    return shown(value)


def write_resolution(content: Content, value: Any) -> dict[str, Any]:
    """Take one step, or two with an x between them."""
    parts = [read_number(part) for part in re.split(r"[x×*\s]+", str(value).strip()) if part]
    made: Any = parts[0] if len(parts) == 1 else parts or None
    return put(content, "domain.resolution", made)


def write_box(content: Content, value: Any) -> dict[str, Any]:
    """Take west, south, east, north."""
    return put(content, "domain.box", [read_number(v) for v in value])


def level_kind(content: Content) -> str:
    """Return the name of the set of levels, or ``own``."""
    levels = content.get("levels")
    name = levels if isinstance(levels, str) else get(content, "levels.set")
    return str(name) if name else "own"


def write_level_kind(content: Content, value: Any) -> dict[str, Any]:
    """Take a set of levels, or make its depths an own list."""
    top, bottom = (get(content, f"levels.{name}") for name in ("top", "bottom"))
    depths = depths_of(content)
    if value == "own":
        listed = depths or read_numbers(SOME_LEVELS)
        return put(content, "levels", listed)
    if bottom is None and depths:
        bottom = depths[-1]
    kept = {"top": top, "bottom": bottom}
    made = {"set": value, **{k: v for k, v in kept.items() if v is not None}}
    return put(content, "levels", made)


def depths_of(content: Content) -> list[Any]:
    """Return the levels of a recipe as far as they can be read."""
    levels = content.get("levels")
    if isinstance(levels, (list, tuple)):
        return list(levels)
    if isinstance(levels, Mapping) and levels.get("depths") is not None:
        return list(levels["depths"])
    from sdcviz.analyses.levels import LEVEL_SETS

    known = LEVEL_SETS.get(level_kind(content), ())
    top, bottom = (get(content, f"levels.{name}") for name in ("top", "bottom"))
    low = top if isinstance(top, (int, float)) else 0
    high = bottom if isinstance(bottom, (int, float)) else 1e9
    return [d for d in known if low <= d <= high]


def write_depths(content: Content, value: Any) -> dict[str, Any]:
    """Take a list of depths."""
    listed: Any = read_numbers(str(value))
    levels = content.get("levels")
    ends = {}
    if isinstance(levels, Mapping):
        ends = {k: levels[k] for k in ("top", "bottom") if levels.get(k) is not None}
    if len(listed) < 2 or ends:
        return put(content, "levels", {"depths": listed, **ends})
    return put(content, "levels", listed)


def end_field(name: str) -> Field:
    """Make a field for where levels, or the observations of one level, begin or end."""

    def enter(content: Content, value: Any) -> dict[str, Any]:
        levels = content.get("levels")
        if not isinstance(levels, Mapping):
            kind = level_kind(content)
            levels = {"depths": depths_of(content)} if kind == "own" else {"set": kind}
        made = dict(levels) | {name: read_number(value)}
        made = {k: v for k, v in made.items() if v is not None}
        plain = set(made) == {"depths"} and len(made["depths"]) > 1
        return put(content, "levels", made["depths"] if plain else made)

    return Field(name, f"levels.{name}", lambda c: shown(get(c, f"levels.{name}")), enter)


def read_years(content: Content) -> str:
    """Return ``1991-2020``, ``1991-2000, 2001-2010`` or ``1991-2020 by 10/5``."""
    spans = get(content, "time.years")
    moving = get(content, "time.moving")
    if isinstance(moving, Mapping):
        return (
            f"{moving.get('first')}-{moving.get('last')} by {moving.get('length')}"
            f"/{moving.get('step', 1)}"
        )
    if isinstance(spans, (list, tuple)):
        if len(spans) == 2 and all(isinstance(v, int) for v in spans):
            spans = [spans]
        told = [s if isinstance(s, (list, tuple)) else (s, s) for s in spans]
        return ", ".join(f"{s[0]}" if s[0] == s[-1] else f"{s[0]}-{s[-1]}" for s in told)
    return shown(spans)


def write_years(content: Content, value: Any) -> dict[str, Any]:
    """Take years as `read_years` gives them; nothing means all."""
    text = str(value).replace("–", "-").strip()
    content = put(put(content, "time.moving", None), "time.windows", None)
    if not text:
        return put(content, "time.years", None)
    moving = re.fullmatch(r"(\d{4})\s*-\s*(\d{4})\s+by\s+(\d+)(?:\s*/\s*(\d+))?", text)
    if moving:
        first, last, length, step = (int(v) if v else 1 for v in moving.groups())
        parts = {"first": first, "last": last, "length": length, "step": step}
        return put(put(content, "time.years", None), "time.moving", parts)
    spans: list[Any] = []
    for part in filter(None, (p.strip() for p in re.split(r"[,;]", text))):
        years = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
        spans.append([int(years[1]), int(years[2] or years[1])] if years else part)
    return put(content, "time.years", spans)


def _months(content: Content) -> Any:
    months = content.get("time") if isinstance(content.get("time"), str) else None
    return months or get(content, "time.months", "monthly")


def read_months(content: Content) -> str:
    """Return which groups of months a product has."""
    if get(content, "time.windows"):
        return "windows"
    months = _months(content)
    if isinstance(months, str):
        return months
    same = [
        name for name, groups in _GROUPS.items() if [list(g) for g in _listed(months)] == groups
    ]
    return same[0] if same else "own"


def _listed(months: Any) -> list[Any]:
    if isinstance(months, (list, tuple)) and months and not isinstance(months[0], (list, tuple)):
        return [months]
    return list(months) if isinstance(months, (list, tuple)) else []


def write_months(content: Content, value: Any) -> dict[str, Any]:
    """Take a name of groups of months, or begin with own ones."""
    if value == "windows":
        return dict(content)
    content = put(_time_part(content), "time.windows", None)
    made = [[12, 1, 2, 3], [6, 7, 8, 9]] if value == "own" else value
    return put(content, "time.months", made)


def _time_part(content: Content) -> dict[str, Any]:
    time = content.get("time")
    return put(content, "time", {"months": time}) if isinstance(time, str) else dict(content)


def read_groups(content: Content) -> str:
    """Return own groups of months: ``12 1 2; 3 4 5``."""
    months = _months(content)
    groups = _GROUPS.get(months, []) if isinstance(months, str) else _listed(months)
    return "; ".join(" ".join(map(shown, group)) for group in groups)


def write_groups(content: Content, value: Any) -> dict[str, Any]:
    """Take own groups of months."""
    groups = [read_numbers(part) for part in re.split(r"[;|]", str(value)) if part.strip()]
    return put(_time_part(content), "time.months", groups)


def with_lengths(old: Content, new: Content) -> dict[str, Any]:
    """Return the new content with lengths for its levels where the old had one a level."""
    before, after = depths_of(old), depths_of(new)
    made = dict(new)
    if len(after) < 2 or not _rising(before) or not _rising(after):
        return made
    for name in ("horizontal", "vertical"):
        given = get(old, f"lengths.{name}")
        if isinstance(given, (list, tuple)) and len(given) == len(before):
            made = put(made, f"lengths.{name}", _moved(list(given), before, after))
    return made


def _rising(depths: list[Any]) -> bool:
    numbers = all(isinstance(d, (int, float)) for d in depths)
    return numbers and all(b > a for a, b in pairwise(depths))


def _moved(given: list[Any], before: list[float], after: list[float]) -> list[Any]:
    """Move lengths from levels to others: twice their distance stays that."""
    import numpy as np

    from sdcviz.analyses.first import spacing_lengths
    from sdcviz.analyses.quantities import length, metres

    if len(before) > 1 and given == spacing_lengths(before):
        return spacing_lengths(after)
    try:
        known = [length(one) for one in given]
    except ValueError:
        return given
    return [metres(float(f"{v:.3g}")) for v in np.interp(after, before, known)]
