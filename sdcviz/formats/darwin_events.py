"""The tree of events of Darwin Core, which make the stations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .common import numbers, wrap_longitude
from .model import Doctor

if TYPE_CHECKING:
    from .darwin_core import Table

__all__ = ["NO_COLUMNS", "STATION_TEXTS", "Events", "event_time", "events_of"]

NO_COLUMNS = {
    "id", "eventID", "parentEventID", "eventDate", "decimalLatitude", "decimalLongitude",
    "minimumDepthInMeters", "maximumDepthInMeters", "footprintWKT",
}  # fmt: skip
STATION_TEXTS = (
    "locality", "waterBody", "datasetName", "ownerInstitutionCode", "institutionCode",
    "samplingProtocol", "habitat",
)  # fmt: skip


class Events:
    """The tree of events."""

    def __init__(self, table: Table, doctor: Doctor) -> None:
        self.table, self.doctor = table, doctor
        names = table.get("eventID", "id")
        ids = table.get("id", "eventID")
        self.ids = [a or b or f"row {n}" for a, b, n in zip(names, ids, table.lines, strict=True)]
        self.number = {name: i for i, name in enumerate(self.ids)}
        for i, core in enumerate(ids):
            if core:
                self.number.setdefault(core, i)
        if len(set(self.ids)) < len(self.ids):
            doctor.note("event", "events with the same eventID", "the last one counts for its data")
        parents = table.get("parentEventID")
        self.parent = [self.number.get(p, -1) if p else -1 for p in parents]
        lost = sum(1 for p in parents if p and p not in self.number)
        if lost:
            doctor.note("event", "parentEventID that is no event", "the event stands alone", lost)
        self.chains: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def chain(self, event: int) -> list[int]:
        """Give an event and all above it; a circle ends where it closes."""
        if event not in self.chains:
            chain, at = [event], self.parent[event]
            while at >= 0 and at not in chain:
                chain.append(at)
                at = self.parent[at]
            self.chains[event] = chain
        return self.chains[event]

    def find(self, event: int, *terms: str) -> str:
        """Give the text of a term at the event or the nearest one above it."""
        columns = [self.table.columns[t] for t in terms if t in self.table.columns]
        for at in self.chain(event):
            for cells in columns:
                if cells[at]:
                    return cells[at] or ""
        return ""

    def add(self, name: str) -> int:
        """Add an event that data name but the table does not have."""
        self.ids.append(name)
        self.number[name] = len(self.ids) - 1
        self.parent.append(-1)
        for cells in self.table.columns.values():
            cells.append(None)
        self.table.lines.append(0)
        return len(self.ids) - 1

    def positions(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Own positions; from the footprint where there is no other."""
        lat, _ = numbers([c or "" for c in self.table.get("decimalLatitude")])
        lon, _ = numbers([c or "" for c in self.table.get("decimalLongitude")])
        wrong = (np.abs(lat) > 90) | (np.abs(lon) > 360)
        if wrong.any():
            where = int(np.flatnonzero(wrong)[0])
            self.doctor.note(
                f"line {self.table.lines[where]}",
                f"the position {lat[where]:g}, {lon[where]:g} is impossible",
                "the position is missing",
                int(wrong.sum()),
            )
            lat[wrong] = lon[wrong] = np.nan
        for i, shape in enumerate(self.table.get("footprintWKT")):
            inherited = any(not np.isnan(lat[at] + lon[at]) for at in self.chain(i))
            if shape and not inherited:
                pairs = re.findall(r"(-?\d+(?:\.\d+)?) +(-?\d+(?:\.\d+)?)", shape)
                if pairs:
                    points = np.array(pairs, np.float64)
                    lon[i], lat[i] = points.mean(axis=0)
                    self.doctor.note(
                        f"line {self.table.lines[i]}",
                        "an area or a track and no position",
                        "the mean of its corners is taken",
                    )
        return wrap_longitude(lon), lat


def events_of(occurrences: Table, events: Table) -> None:
    """Make events of occurrences that stand alone: one a position, time and depth."""
    terms = [t for t in NO_COLUMNS if t in occurrences.columns and t != "id"]
    terms += [t for t in STATION_TEXTS if t in occurrences.columns]
    seen: dict[tuple[str | None, ...], str] = {}
    names: list[str | None] = []
    keys = zip(*(occurrences.columns[t] for t in terms), strict=True) if terms else ()
    for place, key in enumerate(keys):
        if key not in seen:
            own = occurrences.get("eventID")[place]
            seen[key] = own if own and own not in seen.values() else f"event {len(seen) + 1}"
            for term, value in zip(terms, key, strict=True):
                events.columns.setdefault(term, []).append(value)
            events.columns.setdefault("id", []).append(seen[key])
            events.lines.append(occurrences.lines[place])
        names.append(seen[key])
    if "id" in events.columns:
        events.columns["eventID"] = list(events.columns["id"])
    occurrences.columns["eventID"] = names or [None] * len(occurrences)


def event_time(text: str) -> np.datetime64:
    """Give the start of an ISO date, time or interval.

    Parameters
    ----------
    text : str
        For example ``1995-03-22/1995-03-24``, ``2010-05``, ``2010-05-03T12:00Z``.

    Returns
    -------
    datetime64[ms]
        UTC; NaT where it is no date.
    """
    from datetime import UTC, datetime

    start = text.partition("/")[0].strip().replace(" ", "T")
    if match := re.fullmatch(r"(\d{4})(-\d{2})?", start):
        start = f"{match[1]}{match[2] or '-01'}-01"
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        return np.datetime64("NaT", "ms")
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "ms")
