"""The numbered items of a letter: changed flags by station, and anomalies of metadata."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..model import PLACES, POSITION, TIME, Findings
from .changes import Changes
from .model import Item, one_line
from .stations import WITHHELD, Words

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["MakeItems", "metadata_findings"]

_KIND_OF_CHECK = (
    ("position", r"position|land|speed|astray|cruise.?box|region"),
    ("date", r"date|time.?order|sample.?time"),
    ("duplicate", r"duplicate"),
    ("bottom", r"deepest|bottom"),
    ("unit", r"unit\b|units|wrong.?sign|temperature.?sign"),
    ("metadata", r"metadata"),
)
_PLACE_KINDS = {POSITION: "position", TIME: "date"}
_GOOD = (ord("1"), ord("2"))


def kind_of(check: str) -> str:
    """Tell what a check is about: a key of `KINDS`; empty where it is about values."""
    plain = check.replace("_", " ").lower()
    return next((kind for kind, p in _KIND_OF_CHECK if re.search(rf"\b({p})", plain)), "")


def metadata_findings(c: Collection, findings: Findings | None) -> Findings | None:
    """Keep the findings about metadata that nobody has overruled.

    Parameters
    ----------
    c : Collection
    findings : Findings or None
        What the checks found.

    Returns
    -------
    Findings or None
        Without those on the range of values, and without positions and times
        that somebody has flagged as good since.
    """
    if findings is None:
        return None
    kinds = np.array([*(kind_of(name) for name in findings.checks), ""], object)
    kind = kinds[findings.check]
    kept = kind != ""
    # A range by region is about values, whatever its name.
    on_values = [key in c.keys for key in (*findings.keys, "")]
    kept &= ~(np.array(on_values)[findings.parameter] & np.isin(kind, ("position", "date")))
    for name, flags in (("position", c.position_flag), ("date", c.time_flag)):
        kept &= ~((kind == name) & np.isin(np.asarray(flags)[findings.station], _GOOD))
    return findings.take(kept)


@dataclass
class MakeItems:
    """Makes the items of one letter.

    Attributes
    ----------
    words : Words
        Names of stations and parameters.
    changes : Changes
        Those of the data centre.
    findings : Findings or None
        Those about its metadata.
    told_before : frozenset of (str, str, str)
        Station, kind and words of anomalies that it knows already.
    """

    words: Words
    changes: Changes
    findings: Findings | None
    told_before: frozenset[tuple[str, str, str]] = frozenset()

    def make(self) -> tuple[list[Item], NDArray[np.int64]]:
        """Make the items.

        Returns
        -------
        items : list of Item
        number_of : ndarray of int64
            For each change its item.
        """
        items: list[Item] = []
        number_of = np.zeros(len(self.changes), np.int64)
        for key, members in self._groups():
            items.append(self._flag_item(len(items) + 1, key, members))
            number_of[members] = len(items)
        flagged = {(item.station, item.parameter) for item in items}
        for row, check, members in self._finding_groups(flagged):
            item = self._finding_item(len(items) + 1, row, check, members)
            if (item.station, item.kind, item.what) not in self.told_before:
                items.append(item)
        return items, number_of

    def _groups(
        self,
    ) -> Iterator[tuple[tuple[int, int, int, int], list[int]]]:
        """Put together what has station, parameter, old and new flag in common."""
        edits = self.changes.edits
        groups: dict[tuple[int, int, int, int], list[int]] = defaultdict(list)
        columns = (edits.station, edits.parameter, edits.old, edits.new)
        for i, key in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            groups[key].append(i)
        # Positions and times stand apart: after the flags of values.
        return iter(sorted(groups.items(), key=lambda g: edits.keys[g[0][1]] in _PLACE_KINDS))

    def _flag_item(self, number: int, group: tuple[int, int, int, int], members: list[int]) -> Item:
        row, which, old, new = group
        key = self.changes.edits.keys[which]
        told = self.words.station(row)
        reasons = dict.fromkeys(self._reason(i, row) for i in members)
        return Item(
            number=number,
            kind=_PLACE_KINDS.get(key, "flag"),
            station=told.id,
            local_cdi_id=told.local_cdi_id,
            cruise=told.cruise,
            name=told.name,
            parameter=key,
            label=self.words.label(key),
            old=chr(old),
            new=chr(new),
            values=len(members),
            what="; ".join(r for r in reasons if r) or "no reason given",
        )

    def _reason(self, i: int, row: int) -> str:
        reason, note = self.changes.why(i), self.changes.note(i)
        # What a check says of one value stands in the table of changes.
        whole = note and self.changes.edits.sample[i] < 0
        return self.words.reason(f"{reason}: {note}" if whole else reason, row)

    def _finding_groups(
        self, flagged: set[tuple[str, str]]
    ) -> Iterator[tuple[int, int, list[int]]]:
        """Put together what one check found in one station, unless its flag says it already."""
        found = self.findings
        if found is None:
            return
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        pairs = zip(found.station.tolist(), found.check.tolist(), strict=True)
        for i, pair in enumerate(pairs):
            groups[pair].append(i)
        for (row, check), members in groups.items():
            which = found.parameter[members[0]]
            key = "" if which < 0 else found.keys[which]
            if key not in _PLACE_KINDS or (self.words.station(row).id, key) not in flagged:
                yield row, check, members

    def _finding_item(self, number: int, row: int, check: int, members: list[int]) -> Item:
        found = self.findings
        assert found is not None
        told, name = self.words.station(row), found.checks[check]
        key = "" if found.parameter[members[0]] < 0 else found.keys[found.parameter[members[0]]]
        return Item(
            number=number,
            kind=kind_of(name),
            station=told.id,
            local_cdi_id=told.local_cdi_id,
            cruise=told.cruise,
            name=told.name,
            parameter=key,
            label=self.words.label(key) if key else "",
            old="",
            new="",
            values=len(members),
            what=self._finding_words(name, members[0], told.restricted, key),
        )

    def _finding_words(self, check: str, i: int, hidden: bool, key: str) -> str:
        """Say what a check found; figures of a restricted station stay here."""
        found = self.findings
        assert found is not None
        title = _title(check)
        # Where and when a restricted station is, its public CDI record tells.
        if hidden and not (key in PLACES and key in _PLACE_KINDS):
            return f"{title} ({WITHHELD})"
        detail = one_line(found.details.get(i, ""))
        if detail:
            return f"{title}: {detail}"
        value, threshold = float(found.value[i]), float(found.threshold[i])
        if not np.isfinite(value):
            return title
        beside = f" (threshold {threshold:.6g})" if np.isfinite(threshold) else ""
        return f"{title}: {value:.6g}{beside}"


def _title(check: str) -> str:
    """Return the title of a check for people."""
    from ..checks.table import CHECKS

    known = CHECKS.get(check)
    return known.title if known else check.replace("_", " ").capitalize()
