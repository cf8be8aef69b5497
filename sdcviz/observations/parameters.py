"""Which columns of different files are the same parameter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from sdcviz.formats.model import Parameter

__all__ = ["Merger", "slug"]


def slug(text: str) -> str:
    """Make a short lower-case key of ASCII letters, digits and underscores."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "parameter"


class _Meaning(NamedTuple):
    identity: str
    key: str
    label: str
    unit: str


@lru_cache(maxsize=4096)
def _meaning(parameter: Parameter) -> _Meaning:
    """Find what a column measures: its quantity, else its own name, and its unit."""
    from sdcviz.vocabularies import quantity, unit_label

    p = parameter
    found = None
    if p.kind == "number":
        found = quantity(p.p01, p.name, p.standard_name, p.unit, p.p06)
    if found is not None:
        # the quantity's key tells its unit too, where that is not the usual one
        return _Meaning(f"quantity|{found.key}", slug(found.key), found.label, found.unit)
    unit = unit_label(p.p06 or p.unit)
    base = slug(p.name)
    return _Meaning(f"{p.kind}|{p.p01 or base}|{unit.lower()}", base, p.name, unit)


@lru_cache(maxsize=4096)
def _as_written(parameter: Parameter) -> tuple[Parameter, str]:
    """Part the key from a name that an export made unique with it: ``PRES (pressure_pa)``."""
    found = re.fullmatch(r"(.+) \(([a-z0-9_]+)\)", parameter.name)
    if found:
        plain = replace(parameter, name=found[1])
        keys = "|".join({re.escape(_meaning(plain).key), re.escape(slug(found[1]))})
        if re.fullmatch(rf"({keys})(_\d+)?", found[2]):
            return plain, found[2]
    return parameter, ""


class Merger:
    """Gives every column of every file the key of a parameter of the collection.

    Two columns of one file never share a key: the second gets its own, and
    the second of the next file meets it there.

    Parameters
    ----------
    known : list of dict
        Parameters of an older snapshot, as its manifest has them.
    """

    def __init__(self, known: list[dict[str, Any]] | None = None) -> None:
        self.parameters: dict[str, dict[str, Any]] = {}
        self._by_identity: dict[str, str] = {}
        for entry in known or []:
            self.parameters[entry["key"]] = dict(entry)
            self._by_identity[entry["identity"]] = entry["key"]

    def key(self, parameter: Parameter, taken: set[str]) -> str:
        """Return the key of a column of a file whose other columns have `taken` keys."""
        parameter, told = _as_written(parameter)
        meaning = _meaning(parameter)
        known = self.parameters.get(told)
        if known and told not in taken and known["identity"].partition("#")[0] == meaning.identity:
            self._complete(known, parameter)
            return told
        nth = 1
        while True:
            identity = meaning.identity if nth == 1 else f"{meaning.identity}#{nth}"
            key = self._by_identity.get(identity)
            if key is None:
                key = self._new(parameter, meaning, identity, nth, told)
            if key not in taken:
                self._complete(self.parameters[key], parameter)
                return key
            nth += 1

    def _new(
        self, parameter: Parameter, meaning: _Meaning, identity: str, nth: int, told: str
    ) -> str:
        base = meaning.key if nth == 1 else f"{meaning.key}_{nth}"
        key = base if told in self.parameters else told or base
        n = 2
        while key in self.parameters:
            key = f"{base}_{n}"
            n += 1
        self._by_identity[identity] = key
        self.parameters[key] = {
            "key": key,
            "identity": identity,
            "name": parameter.name,
            "label": meaning.label if nth == 1 else f"{meaning.label} ({parameter.name})",
            "unit": meaning.unit or parameter.unit,
            "p01": parameter.p01,
            "p06": parameter.p06,
            "standard_name": parameter.standard_name,
            "kind": parameter.kind,
        }
        return key

    @staticmethod
    def _complete(entry: dict[str, Any], parameter: Parameter) -> None:
        """Fill codes that the first file did not tell."""
        for field in ("p01", "p06", "standard_name"):
            if not entry[field]:
                entry[field] = getattr(parameter, field)
