"""Thresholds of the checks, from a YAML file that anyone may edit.

``layouts/checks.yaml`` explains its form. A file may build on another
(``based_on: checks``) and then holds what differs only.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.model import L20
from sdcviz.settings import get_settings

from .base import Check, Setting
from .limits import ANY, Limits, Region, Rule, Thresholds

__all__ = ["read_thresholds"]

_TOP = ("based_on", "sources", "regions", "checks")
_COMMON = ("region", "depth", "flag", "source")


class _Lines(yaml.SafeLoader):
    """Notes the line of each mapping and list, and refuses a key that comes twice."""


def _mapping(loader: _Lines, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    made = _Map()
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            key = str(key)
        if key in made:
            raise _Wrong(key_node.start_mark.line + 1, f"{key!r} is there twice")
        made[key] = loader.construct_object(value_node, deep=True)
        made.lines[key] = key_node.start_mark.line + 1
    made.line = node.start_mark.line + 1
    return made


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class _Map(dict[str, Any]):
    """A mapping that knows its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self.line = 0


class _Wrong(Exception):
    """Something in the file at a line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what if what.endswith("?") else f"{what}.")
        self.line = line


def read_thresholds(name: str | Path | None = None) -> Thresholds:
    """Read thresholds.

    Parameters
    ----------
    name : str or Path, optional
        Name of a file in ``layouts/``, or path of a YAML file; that of the
        setting ``checks`` by default.

    Returns
    -------
    Thresholds
        Checked.

    Raises
    ------
    BadRequest
        If there is no such file, or something in it is wrong; the sentence names
        file and line.
    """
    given = str(name or get_settings().checks)
    path = _path(given)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise BadRequest(
            f"There are no thresholds {given!r}: give the path of a YAML file, or 'checks' for "
            "those that come with sdcviz."
        ) from None
    return _read(path, changed)


def _path(name: str) -> Path:
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml"):
        return path
    return Path(str(files("sdcviz_layouts").joinpath(f"{name}.yaml")))


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Thresholds:
    from .table import CHECKS

    try:
        content = _load(path)
        return _Reader(content, CHECKS).thresholds(path)
    except _Wrong as error:
        raise BadRequest(f"{path.name}, line {error.line}: {error}") from None


def _load(path: Path) -> _Map:
    """Read a file as it is, over that which it is based on."""
    try:
        # Not safe_load: the loader is a SafeLoader that notes lines too.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Lines)
    except OSError as error:
        raise BadRequest(f"{path}: the thresholds can't be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise BadRequest(f"{path.name}: the thresholds are not UTF-8 text.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _Wrong(line, f"this is no YAML ({error.problem or error.context})") from None
    except yaml.YAMLError as error:
        raise _Wrong(1, f"this is no YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, _Map):
        raise _Wrong(1, f"the file should have the entries {', '.join(_TOP[1:])}")
    return content


class _Reader:
    """Turns the content of a file into thresholds, and tells what is wrong with it."""

    def __init__(self, content: _Map, checks: Mapping[str, Check]) -> None:
        self.checks = checks
        self.content = content
        self.sources: dict[str, str] = {}
        self.names: list[str] = []

    def thresholds(self, path: Path) -> Thresholds:
        content = self.content
        _only(content, _TOP, "entry")
        base: Thresholds | None = None
        if "based_on" in content:
            base = self._base(path, content.lines["based_on"])
        told = dict(base.content["sources"]) if base else {}
        self.sources = told | {k: str(v) for k, v in _map(content, "sources", bool(base)).items()}
        regions = list(base.regions) if base else [Region("global", "Global")]
        for region in self._regions(_map(content, "regions", bool(base))):
            regions = [r for r in regions if r.name != region.name] + [region]
        self.names = [r.name for r in regions]
        made = {k: dict(v.by_parameter) for k, v in base.limits.items()} if base else {}
        section = _map(content, "checks", bool(base))
        for name, entry in section.items():
            line = section.lines[name]
            if name not in self.checks:
                raise _Wrong(line, f"there is no check {name!r}{_meant(name, list(self.checks))}")
            if entry in (False, None, "off"):
                made.pop(name, None)
                continue
            made.setdefault(name, {}).update(self._check(self.checks[name], entry, line))
        limits = {
            name: Limits(self.checks[name], tuple(regions), rules) for name, rules in made.items()
        }
        plain = _merged(base.content if base else {}, content) | {"sources": self.sources}
        return Thresholds(str(path), tuple(regions), limits, plain)

    def _base(self, path: Path, line: int) -> Thresholds:
        name = str(self.content["based_on"])
        other = _path(name)
        if not other.is_absolute():
            other = path.parent / other
        if other.resolve() == path.resolve():
            raise _Wrong(line, "the file can't be based on itself")
        try:
            below = _load(other)
        except _Wrong as error:
            raise BadRequest(f"{other.name}, line {error.line}: {error}") from None
        except BadRequest:
            raise _Wrong(line, f"there is no file {name!r} to be based on") from None
        if "based_on" in below:
            raise _Wrong(line, f"{name!r} is itself based on another file; name that one")
        try:
            return _Reader(below, self.checks).thresholds(other)
        except _Wrong as error:
            raise BadRequest(f"{other.name}, line {error.line}: {error}") from None

    def _regions(self, section: _Map) -> list[Region]:
        found = []
        for name, entry in section.items():
            line = section.lines[name]
            if name == "global":
                raise _Wrong(line, "the region 'global' is the whole world and has no polygons")
            if not isinstance(entry, _Map):
                raise _Wrong(line, f"the region {name!r} should have title, source and polygons")
            _only(entry, ("title", "source", "polygons"), "entry")
            polygons = entry.get("polygons")
            if not isinstance(polygons, list) or not polygons:
                raise _Wrong(line, f"the region {name!r} has no polygons")
            corners = tuple(_polygon(p, entry.lines["polygons"], name) for p in polygons)
            title, source = str(entry.get("title", name)), str(entry.get("source", ""))
            found.append(Region(name, title, source, corners))
        return found

    def _check(self, check: Check, entry: Any, line: int) -> dict[str, list[Rule]]:
        if not isinstance(entry, _Map):
            raise _Wrong(line, f"{check.name!r} should have an entry for each parameter")
        rules: dict[str, list[Rule]] = {}
        for key, lines in entry.items():
            at = entry.lines[key]
            _known_parameter(key, at)
            if lines in (False, None, "off"):
                rules[key] = []
                continue
            if not isinstance(lines, list) or not all(isinstance(r, _Map) for r in lines):
                raise _Wrong(at, f"{key!r} of {check.name!r} should be a list of {{...}}")
            rules[key] = [self._rule(check, rule) for rule in lines]
        return rules

    def _rule(self, check: Check, entry: _Map) -> Rule:
        _only(entry, (*_COMMON, *check.settings), f"setting of {check.name!r}")
        regions = entry.get("region", "global")
        regions = tuple(regions) if isinstance(regions, list) else (str(regions),)
        for name in regions:
            if name not in self.names:
                line = entry.lines["region"]
                raise _Wrong(line, f"there is no region {name!r}{_meant(str(name), self.names)}")
        flag = _flag(str(entry.get("flag", check.flag)), entry.lines.get("flag", entry.line))
        given = {n: _number(check, n, s, entry) for n, s in check.settings.items()}
        low, high = given.get("low"), given.get("high")
        if isinstance(low, float) and isinstance(high, float) and low > high:
            raise _Wrong(entry.lines["low"], f"low ({low:g}) is above high ({high:g})")
        return Rule(regions, _layer(entry), flag, given, self._source(entry))

    def _source(self, entry: _Map) -> str:
        text = str(entry.get("source", "")).strip()
        if not text:
            raise _Wrong(entry.line, "a source is missing: say where the figures come from")
        word, _, rest = text.partition(" ")
        word = word.rstrip(",:;")
        if word not in self.sources:
            line = entry.lines["source"]
            raise _Wrong(line, f"there is no source {word!r}{_meant(word, list(self.sources))}")
        return f"{self.sources[word]}{', ' if rest else ''}{rest}"


def _merged(below: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one content over another, down to the rules of a parameter."""
    out = {k: v for k, v in below.items() if k != "based_on"}
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(out.get(key), Mapping) and key != "polygons":
            out[key] = _merged(out[key], value)
        elif key != "based_on":
            out[key] = dict(value) if isinstance(value, Mapping) else value
    return out


def _map(content: _Map, key: str, optional: bool) -> _Map:
    found = content.get(key)
    if found is None and (optional or key == "regions"):
        return _Map()
    if not isinstance(found, _Map):
        raise _Wrong(content.lines.get(key, 1), f"{key!r} should be a list of names and what is in")
    return found


def _only(entry: _Map, known: tuple[str, ...], what: str) -> None:
    for name in entry:
        if name not in known:
            hint = _meant(name, list(known))
            if entry[name] is None:  # in {a: b, c} the c is a name without a value
                hint = "; put a text that has a comma into quotes"
            raise _Wrong(entry.lines[name], f"there is no {what} {name!r}{hint}")


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"


def _polygon(corners: Any, line: int, name: str) -> NDArray[np.float64]:
    try:
        made = np.array(corners, np.float64)
    except (TypeError, ValueError):
        made = np.empty(0)
    if made.ndim != 2 or made.shape[1] != 2 or len(made) < 3:
        raise _Wrong(line, f"a polygon of {name!r} should be three or more [longitude, latitude]")
    if (np.abs(made) > [180, 90]).any() or not np.isfinite(made).all():
        raise _Wrong(line, f"a polygon of {name!r} leaves -180..180 east, -90..90 north")
    return made


def _number(check: Check, name: str, setting: Setting, entry: _Map) -> float | str:
    value = entry.get(name, setting.default)
    if value is None:
        if not setting.optional:
            raise _Wrong(entry.line, f"{check.name!r} needs {name!r}: {setting.doc}")
        return "" if setting.text else float("nan")
    if setting.flag:
        return _flag(str(value), entry.lines.get(name, entry.line))
    if setting.text:
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise _Wrong(entry.lines[name], f"{name} should be a number, not {value!r}")
    return float(value)


def _flag(code: str, line: int) -> str:
    if len(code) != 1 or code not in L20:
        raise _Wrong(line, f"{code!r} is no flag; the SeaDataNet flags are {L20}")
    return code


def _layer(entry: _Map) -> tuple[float, float]:
    layer = entry.get("depth")
    if layer is None:
        return -np.inf, np.inf
    line = entry.lines["depth"]
    if not isinstance(layer, list) or len(layer) != 2:
        raise _Wrong(line, "depth should be [from, to] in metres; leave 'to' empty (~) for no end")
    ends = [d if end is None else end for end, d in zip(layer, (-np.inf, np.inf), strict=True)]
    if any(isinstance(e, bool) or not isinstance(e, int | float) for e in ends):
        raise _Wrong(line, f"depth should be two numbers, not {layer!r}")
    if not ends[0] < ends[1]:
        raise _Wrong(line, f"the depth {ends[0]:g} should be above {ends[1]:g}")
    return float(ends[0]), float(ends[1])


@lru_cache(maxsize=1)
def _quantities() -> list[str]:
    from sdcviz.vocabularies.quantities import quantities

    return [ANY, "depth", *quantities()]


def _known_parameter(key: str, line: int) -> None:
    """Refuse a misspelt quantity; parameters that no table knows may have any name."""
    known = _quantities()
    if key in known or any(key.startswith(f"{name}_") for name in known):
        return
    close = difflib.get_close_matches(key, known, 1, 0.8)
    if close:
        raise _Wrong(line, f"there is no parameter {key!r}; did you mean {close[0]!r}?")
