"""The fields of the form: where each one stands in a recipe, read and written here only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FIELDS", "Field", "get", "put", "values", "write"]

Content = Mapping[str, Any]

_GROUPS = {
    "monthly": [[m] for m in range(1, 13)],
    "seasons": [[12, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]],
    "quarters": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]],
    "annual": [list(range(1, 13))],
}
SOME_LEVELS = "0 5 10 20 30 50 75 100 125 150 200 250 300 400 500 600 800 1000 1200 1500 2000"


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


def values(content: Content) -> dict[str, Any]:
    """Return what the form shows of a recipe."""
    return {field.name: field.read(content) for field in FIELDS.values()}


def write(content: Content, name: str, value: Any) -> dict[str, Any]:
    """Return the content with what was entered in a field."""
    return FIELDS[name].write(content, value)


# ---- kinds of values ------------------------------------------------------------
def _number(text: Any) -> Any:
    """Read a number, also with a comma; keep what is none."""
    if not isinstance(text, str):
        return text
    try:
        value = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        return text.strip() or None
    return int(value) if value.is_integer() and abs(value) < 1e9 else value


def _numbers(text: str) -> list[Any]:
    return [_number(part) for part in re.split(r"[\s,;]+", text.strip()) if part]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, (int, float)) else str(value)


def _plain(name: str, key: str, usual: Any = "", number: bool = False) -> Field:
    """Make a field for one text or number."""

    def read(content: Content) -> Any:
        return _shown(get(content, key, usual))

    def enter(content: Content, value: Any) -> dict[str, Any]:
        made = _number(value) if number else (str(value).strip() or None)
        return put(content, key, None if made == "" else made)

    return Field(name, key, read, enter)


def _lengths(name: str, usual: str = "") -> Field:
    """Make a field for one length or one a level: ``20 m, 20 m, 30 m``."""
    key = f"lengths.{name}"

    def read(content: Content) -> str:
        value = get(content, key, usual)
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else _shown(value)

    def enter(content: Content, value: Any) -> dict[str, Any]:
        parts = [part.strip() for part in re.split(r"[,;]", str(value)) if part.strip()]
        return put(content, key, parts if len(parts) > 1 else (parts or [None])[0])

    return Field(name, key, read, enter)


def _words(name: str, key: str, number: bool = False) -> Field:
    """Make a field for several words with commas between them."""

    def read(content: Content) -> str:
        value = get(content, key, ())
        return ", ".join(map(_shown, value if isinstance(value, (list, tuple)) else [value]))

    def enter(content: Content, value: Any) -> dict[str, Any]:
        parts = [part.strip() for part in re.split(r"[,;]", str(value)) if part.strip()]
        return put(content, key, ([_number(p) for p in parts] if number else parts) or None)

    return Field(name, key, read, enter)


# ---- fields of their own ----------------------------------------------------------
def _read_method(key: str, usual: str) -> Callable[[Content], str]:
    def read(content: Content) -> str:
        value = get(content, key, usual)
        return str(value.get("method", usual)) if isinstance(value, Mapping) else str(value)

    return read


def _method(name: str, usual: str, keep: Mapping[str, tuple[str, ...]]) -> Field:
    """Make a field for the method of a part; of its other keys those stay that fit it."""

    def enter(content: Content, value: Any) -> dict[str, Any]:
        now = get(content, name, {})
        now = now if isinstance(now, Mapping) else {}
        kept = {k: v for k, v in now.items() if k in keep.get(value, ())}
        return put(content, name, {"method": value, **kept})

    return Field(name, f"{name}.method", _read_method(name, usual), enter)


def _read_resolution(content: Content) -> str:
    value = get(content, "domain.resolution", "")
    if isinstance(value, (list, tuple)):
        value = value[0] if len(set(value)) == 1 else " x ".join(map(_shown, value))
    return _shown(value)


def _write_resolution(content: Content, value: Any) -> dict[str, Any]:
    parts = [_number(part) for part in re.split(r"[x×*\s]+", str(value).strip()) if part]
    made: Any = parts[0] if len(parts) == 1 else parts or None
    return put(content, "domain.resolution", made)


def _write_box(content: Content, value: Any) -> dict[str, Any]:
    return put(content, "domain.box", [_number(v) for v in value])


def _level_kind(content: Content) -> str:
    levels = content.get("levels")
    name = levels if isinstance(levels, str) else get(content, "levels.set")
    return str(name) if name else "own"


def _write_level_kind(content: Content, value: Any) -> dict[str, Any]:
    top, bottom = (get(content, f"levels.{name}") for name in ("top", "bottom"))
    depths = _depths(content)
    if value == "own":
        listed = depths or _numbers(SOME_LEVELS)
        return put(content, "levels", listed)
    if bottom is None and depths:
        bottom = depths[-1]
    kept = {"top": top, "bottom": bottom}
    made = {"set": value, **{k: v for k, v in kept.items() if v is not None}}
    return put(content, "levels", made)


def _depths(content: Content) -> list[Any]:
    """Return the levels of a recipe as far as they can be read."""
    levels = content.get("levels")
    if isinstance(levels, (list, tuple)):
        return list(levels)
    if isinstance(levels, Mapping) and levels.get("depths") is not None:
        return list(levels["depths"])
    from sdcviz.analyses.levels import LEVEL_SETS

    known = LEVEL_SETS.get(_level_kind(content), ())
    top, bottom = (get(content, f"levels.{name}") for name in ("top", "bottom"))
    low = top if isinstance(top, (int, float)) else 0
    high = bottom if isinstance(bottom, (int, float)) else 1e9
    return [d for d in known if low <= d <= high]


def _write_depths(content: Content, value: Any) -> dict[str, Any]:
    listed: Any = _numbers(str(value))
    levels = content.get("levels")
    ends = {}
    if isinstance(levels, Mapping):
        ends = {k: levels[k] for k in ("top", "bottom") if levels.get(k) is not None}
    if len(listed) < 2 or ends:
        return put(content, "levels", {"depths": listed, **ends})
    return put(content, "levels", listed)


def _end(name: str) -> Field:
    """Make a field for where levels, or the observations of one level, begin or end."""

    def enter(content: Content, value: Any) -> dict[str, Any]:
        levels = content.get("levels")
        if not isinstance(levels, Mapping):
            kind = _level_kind(content)
            levels = {"depths": _depths(content)} if kind == "own" else {"set": kind}
        made = dict(levels) | {name: _number(value)}
        made = {k: v for k, v in made.items() if v is not None}
        plain = set(made) == {"depths"} and len(made["depths"]) > 1
        return put(content, "levels", made["depths"] if plain else made)

    return Field(name, f"levels.{name}", lambda c: _shown(get(c, f"levels.{name}")), enter)


def _read_years(content: Content) -> str:
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
    return _shown(spans)


def _write_years(content: Content, value: Any) -> dict[str, Any]:
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


def _read_months(content: Content) -> str:
    if get(content, "time.windows"):
        return "windows"
    months = _months(content)
    if isinstance(months, str):
        return months
    same = [name for name, groups in _GROUPS.items() if [list(g) for g in _listed(months)] == groups]
    return same[0] if same else "own"


def _listed(months: Any) -> list[Any]:
    if isinstance(months, (list, tuple)) and months and not isinstance(months[0], (list, tuple)):
        return [months]
    return list(months) if isinstance(months, (list, tuple)) else []


def _write_months(content: Content, value: Any) -> dict[str, Any]:
    if value == "windows":
        return dict(content)
    content = put(_time_part(content), "time.windows", None)
    made = [[12, 1, 2, 3], [6, 7, 8, 9]] if value == "own" else value
    return put(content, "time.months", made)


def _time_part(content: Content) -> dict[str, Any]:
    time = content.get("time")
    return put(content, "time", {"months": time}) if isinstance(time, str) else dict(content)


def _read_groups(content: Content) -> str:
    months = _months(content)
    groups = _GROUPS.get(months, []) if isinstance(months, str) else _listed(months)
    return "; ".join(" ".join(map(_shown, group)) for group in groups)


def _write_groups(content: Content, value: Any) -> dict[str, Any]:
    groups = [_numbers(part) for part in re.split(r"[;|]", str(value)) if part.strip()]
    return put(_time_part(content), "time.months", groups)


_ALL = (
    _plain("parameter", "parameter"),
    Field(
        "flags", "flags",
        lambda c: [str(f) for f in c.get("flags", ("1", "2"))],
        lambda c, v: put(c, "flags", list(v)),
    ),
    Field("box", "domain.box", lambda c: [_shown(v) for v in get(c, "domain.box", [""] * 4)], _write_box),
    Field("resolution", "domain.resolution", _read_resolution, _write_resolution),
    _plain("bathymetry", "domain.bathymetry"),
    Field("level_kind", "levels.set", _level_kind, _write_level_kind),
    Field("depths", "levels", lambda c: ", ".join(map(_shown, _depths(c))), _write_depths),
    _end("top"),
    _end("bottom"),
    Field("years", "time.years", _read_years, _write_years),
    Field("months", "time", _read_months, _write_months),
    Field("groups", "time.months", _read_groups, _write_groups),
    _lengths("horizontal"),
    _lengths("vertical", "0 m"),
    _plain("epsilon2", "epsilon2", number=True),
    _method("background", "profile", {"product": ("file", "variable"), "profile": ("vertical_length",)}),
    _plain("background_file", "background.file"),
    _plain("background_variable", "background.variable"),
    _method("transformation", "none", {"log": ("offset", "threshold"), "logit": ("min", "max")}),
    _plain("offset", "transformation.offset", number=True),
    _plain("threshold", "transformation.threshold", number=True),
    _plain("lower", "transformation.min", number=True),
    _plain("upper", "transformation.max", number=True),
    _plain("error", "error", "cpme"),
    _plain("least", "clamp.min", number=True),
    _plain("greatest", "clamp.max", number=True),
    _plain("cluster", "weights.horizontal"),
    _plain("desroziers", "desroziers", number=True),
    _plain("suspects", "suspects", "none"),
    _plain("solver", "solver", "auto"),
    _plain("workers", "run.workers", number=True),
    _plain("memory", "run.memory"),
    *(
        _plain(name, f"metadata.{name}")
        for name in ("title", "abstract", "institution", "project", "source", "license", "version", "comment")
    ),
    _words("edmo", "metadata.edmo", number=True),
    _words("authors", "metadata.authors"),
    _words("areas", "metadata.areas"),
)  # fmt: skip

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
"""By name, in the order of the form."""


def field_of(key: str) -> str:
    """Return the field where a complaint about a key of the recipe is shown; empty: none."""
    fitting = [f for f in FIELDS.values() if key == f.key or key.startswith(f"{f.key}.")]
    if fitting:
        return max(fitting, key=lambda f: len(f.key)).name
    inside = [f for f in FIELDS.values() if f.key.startswith(f"{key}.")] if key else []
    return inside[0].name if inside else ""
