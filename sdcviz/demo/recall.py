"""How many of the planted errors checks find, and how much of what they find was planted."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import ERRORS_FILE

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..qc.model import Findings

__all__ = ["ByCheck", "ByKind", "Recall", "recall"]

_KEYS = {"TEMP": "temperature", "PSAL": "salinity", "DOXY": "oxygen_umol_kg"}
_PLACES = ("position sign", "on land")
_WATER = ("temperature", "salinity")


@dataclass
class ByKind:
    """What was found of one kind of planted error.

    Attributes
    ----------
    planted, found : int
        Errors, and those that a check found.
    checks : Counter of str
        How many of them each check found.
    """

    planted: int = 0
    found: int = 0
    checks: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """Part that was found."""
        return self.found / self.planted if self.planted else 1.0


@dataclass
class ByCheck:
    """What one check found.

    Attributes
    ----------
    findings, true : int
        Findings, and those at a planted error.
    stations, true_stations : int
        Stations with a finding, and those of them with a planted error it can be due to.
    """

    findings: int = 0
    true: int = 0
    stations: int = 0
    true_stations: int = 0

    @property
    def precision(self) -> float:
        """Part of the findings that is at a planted error."""
        return self.true / self.findings if self.findings else 1.0


@dataclass(frozen=True)
class Recall:
    """Both tables: by kind of error and by name of check."""

    kinds: dict[str, ByKind]
    checks: dict[str, ByCheck]

    def text(self) -> str:
        """Return the tables as Markdown."""
        lines = ["| planted error | planted | found | recall | by |", "|---|---|---|---|---|"]
        for kind, k in self.kinds.items():
            by = ", ".join(f"{name} {n}" for name, n in k.checks.most_common())
            lines.append(f"| {kind} | {k.planted} | {k.found} | {k.recall:.0%} | {by} |")
        lines += [
            "",
            "| check | findings | at planted errors | precision | stations | with planted errors |",
            "|---|---|---|---|---|---|",
        ]
        for name, c in self.checks.items():
            precision = f"{c.precision:.1%}" if c.findings else "-"
            lines.append(
                f"| {name} | {c.findings} | {c.true} | {precision} | {c.stations} | "
                f"{c.true_stations} |"
            )
        return "\n".join(lines)


def recall(collection: Collection, findings: Findings) -> Recall:
    """Compare findings with the errors planted in a demo collection.

    A finding is at a planted error where it is in its station and about what
    was spoiled: the sample and parameter of a spike (the sample beside it
    too, where density is compared), temperatures of the wrong sign and the
    densities out of them, the position of a station or whatever does not fit
    at a wrong place, salinities of the biased cruise, either station of a
    pair of duplicates.

    Parameters
    ----------
    collection : Collection
        As `make_demo` made it.
    findings : Findings
        Of any checks.
    """
    errors = _errors(collection, collection.path)
    kinds = {kind: ByKind() for kind in dict.fromkeys(e["kind"] for e in errors)}
    names = np.array(findings.checks, object)[findings.check] if len(findings) else np.array([])
    keys = np.array([*findings.keys, ""], object)[findings.parameter]
    true = np.zeros(len(findings), bool)
    order = np.argsort(findings.station, kind="stable")
    sorted_ = findings.station[order]
    for error in errors:
        k = kinds[error["kind"]]
        k.planted += 1
        hit = set()
        for row in (error["row"], *error["other"]):
            first, last = np.searchsorted(sorted_, [row, row + 1])
            mine = order[first:last]
            match = _about(error, names[mine], keys[mine], findings.sample[mine])
            true[mine[match]] = True
            hit |= set(names[mine[match]].tolist())
        k.found += bool(hit)
        k.checks.update(hit)
    checks = {}
    for n, name in enumerate(findings.checks):
        mine = findings.check == n
        checks[name] = ByCheck(
            int(mine.sum()),
            int((mine & true).sum()),
            len(np.unique(findings.station[mine])),
            len(np.unique(findings.station[mine & true])),
        )
    return Recall(kinds, checks)


def _errors(c: Collection, folder: Path) -> list[dict]:
    """Read the list of planted errors, with rows instead of identities."""
    rows = {c.station_id(i): i for i in range(c.n_stations)}
    with (folder / ERRORS_FILE).open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    return [
        {
            "kind": e["kind"],
            "row": rows[e["station_id"]],
            "other": [rows[e["original"]]] if e["kind"] == "duplicate" else [],
            "key": _KEYS.get(e["parameter"], ""),
            "sample": int(e["sample"]) if e["sample"] else -1,
        }
        for e in read
    ]


def _about(error: dict, names: NDArray, keys: NDArray, samples: NDArray) -> NDArray[np.bool_]:
    """Tell which findings of a station can be due to the error planted in it."""
    kind = error["kind"]
    if kind == "duplicate":
        return names == "duplicates"
    if kind in _PLACES:
        return names != "duplicates"
    water = np.isin(keys, (*_WATER, ""))
    pair = (names == "density_inversion") & water
    if kind == "temperature sign":
        return (keys == "temperature") | pair | ((names == "ts_outlier") & water)
    if kind == "biased cruise":
        return keys == "salinity"
    beside = np.abs(samples - error["sample"]) <= 1
    here = samples == error["sample"]
    if kind == "density inversion":
        return (pair & beside) | (here & water)
    return (here & (keys == error["key"])) | (pair & beside & (error["key"] in _WATER))
