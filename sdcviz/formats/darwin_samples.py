"""From the tables of Darwin Core to stations and samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .common import column, flag_missing_depth, numbers, offsets_of, runs_of
from .darwin_events import NO_COLUMNS, STATION_TEXTS, Events, event_time, events_of
from .model import MISSING, NOT_CHECKED, Batch, Coded, Column, Doctor, Parameter, Stations

if TYPE_CHECKING:
    from .darwin_core import Table

__all__ = ["samples_of"]

# Term of an occurrence: name and kind; the names are those of SeaDataNet's ODV biology.
OCCURRENCE = {
    "scientificName": ("ScientificName", "text"),
    "scientificNameID": ("ScientificNameID", "text"),
    "sex": ("Sex", "text"),
    "lifeStage": ("LifeStage", "text"),
    "occurrenceStatus": ("OccurrenceStatus", "text"),
    "individualCount": ("ObservedIndividualCount", "number"),
    "organismQuantity": ("OrganismQuantity", "number"),
    "occurrenceID": ("OccurrenceID", "text"),
}
_CODE = re.compile(r"/(P01|P06|Q01)/(?:current/)?([A-Z0-9]{4,8})/?$|SDN:(P01|P06)::([A-Z0-9]+)")


@dataclass
class _Measured:
    """Values of one quantity, by sample."""

    parameter: Parameter
    cells: dict[int, str]


def samples_of(
    events: Table, occurrences: Table, measurements: Table, doctor: Doctor, size: int
) -> Iterator[Batch]:
    """Make stations of events, samples of occurrences and measurements.

    Parameters
    ----------
    events, occurrences, measurements : Table
        The tables; each may be empty.
    doctor : Doctor
        Gets what is odd; the rows were counted when the tables were read.
    size : int
        Samples of one batch, about.

    Yields
    ------
    Batch
    """
    if len(events):
        doctor.leave_out("events, which make the stations", len(events))
    else:
        events_of(occurrences, events)
    tree = Events(events, doctor)
    owners = [_owner(tree, t, i) for t in (occurrences,) for i in range(len(t))]
    lines = list(occurrences.lines)
    source_row = list(range(len(occurrences)))
    measured, merged = _measured(tree, occurrences, measurements, owners, lines, source_row)
    if merged:
        doctor.leave_out("measurements beside others of the same sample", merged)
    columns = [*_occurrence_columns(occurrences, source_row), *_measured_columns(measured, owners)]
    yield from _batches(tree, np.array(owners, np.int64), np.array(lines), columns, doctor, size)


def _owner(tree: Events, table: Table, i: int) -> int:
    """Find the event of a row; one that is not in the table is added."""
    for term in ("eventID", "id"):
        name = table.columns.get(term, ())[i] if term in table.columns else None
        if name and name in tree.number:
            return tree.number[name]
    name = table.get("eventID")[i] or table.get("id")[i] or "unknown"
    tree.doctor.note(
        f"line {table.lines[i]}",
        "data of an event that the events do not list",
        "its station has no position and time",
    )
    return tree.add(name)


def _measured(
    tree: Events,
    occurrences: Table,
    measurements: Table,
    owners: list[int],
    lines: list[int],
    source_row: list[int],
) -> tuple[list[_Measured], int]:
    """Put each measurement beside its occurrence, or into a sample of its event."""
    of_occurrence = {
        name: i for i, name in enumerate(occurrences.get("occurrenceID", "id")) if name
    }
    found: dict[tuple[str, ...], _Measured] = {}
    rows_of: dict[tuple[int, int], list[int]] = {}
    merged = 0
    terms = ("measurementType", "measurementTypeID", "measurementUnit", "measurementUnitID")
    keys = zip(*(measurements.get(t) for t in terms), strict=True)
    values = measurements.get("measurementValue")
    whose = measurements.get("occurrenceID")
    for i, key in enumerate(keys):
        texts = tuple(part or "" for part in key)
        quantity = found.setdefault(texts, _Measured(_parameter(*texts), {}))
        occurrence = of_occurrence.get(whose[i] or "", -1)
        event = owners[occurrence] if occurrence >= 0 else _owner(tree, measurements, i)
        places = rows_of.setdefault((event, occurrence), [occurrence] if occurrence >= 0 else [])
        place = next((p for p in places if p not in quantity.cells), None)
        if place is None:
            place = len(owners)
            owners.append(event)
            lines.append(measurements.lines[i])
            source_row.append(occurrence)
            places.append(place)
        else:
            merged += 1
        quantity.cells[place] = values[i] or ""
    return list(found.values()), merged


def _parameter(kind: str, kind_id: str, unit: str, unit_id: str) -> Parameter:
    def code(text: str, scheme: str) -> str:
        match = _CODE.search(text)
        return (match[2] or match[4]) if match and scheme in (match[1], match[3]) else ""

    name = kind or kind_id or "measurement"
    return Parameter(name, unit, code(kind_id, "P01"), code(unit_id, "P06"))


def _occurrence_columns(
    table: Table, rows: list[int]
) -> list[tuple[Column, list[tuple[int, str]]]]:
    out: list[tuple[Column, list[tuple[int, str]]]] = []
    index = np.array(rows, np.int64)
    for term, cells in table.columns.items():
        if term in NO_COLUMNS or not any(cells):
            continue
        name, kind = OCCURRENCE.get(term, (term, "text"))
        texts = [*(c or "" for c in cells), ""]  # a measurement without occurrence: row -1
        if kind == "number":
            values, odd = numbers([texts[i] for i in rows])
            out.append((column(Parameter(name), values), odd))
        else:
            coded = Coded.of(texts).take(index)
            flags = np.where(coded.codes < 0, MISSING, NOT_CHECKED).astype(np.uint8)
            out.append((Column(Parameter(name, kind="text"), coded, flags), []))
    return out


def _measured_columns(
    measured: list[_Measured], owners: list[int]
) -> list[tuple[Column, list[tuple[int, str]]]]:
    out: list[tuple[Column, list[tuple[int, str]]]] = []
    for quantity in measured:
        texts = [""] * len(owners)
        for place, text in quantity.cells.items():
            texts[place] = text
        values, odd = numbers(texts)
        if len(odd) * 2 > len(quantity.cells):  # a fact in words
            p = quantity.parameter
            coded = Coded.of(texts)
            flags = np.where(coded.codes < 0, MISSING, NOT_CHECKED).astype(np.uint8)
            words = Parameter(p.name, p.unit, p.p01, p.p06, kind="text")
            out.append((Column(words, coded, flags), []))
        else:
            out.append((column(quantity.parameter, values), odd))
    return out


def _batches(
    tree: Events,
    owners: NDArray[np.int64],
    lines: NDArray[np.int64],
    columns: list[tuple[Column, list[tuple[int, str]]]],
    doctor: Doctor,
    size: int,
) -> Iterator[Batch]:
    lon, lat = tree.positions()
    station_of = np.array(
        [
            next((e for e in tree.chain(i) if not np.isnan(lon[e] + lat[e])), i)
            for i in range(len(tree))
        ],
        np.int64,
    )
    placed = np.flatnonzero(~np.isnan(lon + lat))
    heads = np.union1d(placed, station_of[owners]).astype(np.int64)
    group = np.searchsorted(heads, station_of[owners]) if len(owners) else owners
    order = np.lexsort((np.arange(len(owners)), group))
    counts = np.bincount(group, minlength=len(heads)) if len(heads) else np.zeros(0, int)
    offsets = offsets_of(counts)
    if len(heads) and not len(owners):
        doctor.note("archive", "events without occurrences and measurements", "stations only")
    shallow, deep = (
        np.array([_float(tree.find(int(e), term)) for e in owners])
        for term in ("minimumDepthInMeters", "maximumDepthInMeters")
    )
    shallow, deep = np.fmin(shallow, deep), np.fmax(shallow, deep)
    if len(owners) and not np.isnan(shallow).all():
        limits = (("MinimumObservationDepth", shallow), ("MaximumObservationDepth", deep))
        columns = [*((column(Parameter(n, "m"), v), []) for n, v in limits), *columns]
    depth = (shallow + deep) / 2
    times = np.array([event_time(tree.find(int(e), "eventDate")) for e in owners], "datetime64[ms]")
    for first, end in runs_of(offsets, size):
        rows = order[offsets[first] : offsets[end]]
        stations = _stations(tree, heads[first:end], lon, lat, first, doctor)
        yield Batch(
            stations=stations,
            offsets=offsets[first : end + 1] - offsets[first],
            columns=[c.take(rows) for c, _ in columns],
            depth=depth[rows],
            depth_flag=flag_missing_depth(depth[rows], np.full(len(rows), NOT_CHECKED, np.uint8)),
            row=lines[rows].astype(np.int64),
            time=times[rows],
            time_flag=np.where(np.isnat(times[rows]), MISSING, NOT_CHECKED).astype(np.uint8),
            raw_text=_raw(columns, rows),
        )


def _raw(
    columns: list[tuple[Column, list[tuple[int, str]]]], rows: NDArray[np.int64]
) -> list[tuple[int, int, str]]:
    if not any(odd for _, odd in columns):
        return []
    place = {int(row): i for i, row in enumerate(rows)}
    return [
        (place[row], i, text)
        for i, (_, odd) in enumerate(columns)
        for row, text in odd
        if row in place
    ]


def _stations(
    tree: Events,
    heads: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    first: int,
    doctor: Doctor,
) -> Stations:
    stations = Stations.blank(len(heads), first)
    stations.lon, stations.lat = lon[heads], lat[heads]
    nowhere = np.isnan(stations.lon + stations.lat)
    stations.position_flag[nowhere] = MISSING
    dates = [tree.find(int(e), "eventDate") for e in heads]
    stations.time = np.array([event_time(d) for d in dates], "datetime64[ms]")
    stations.time_flag[np.isnat(stations.time)] = MISSING
    lost = [d for d, t in zip(dates, stations.time, strict=True) if d and np.isnat(t)]
    if lost:
        doctor.note("eventDate", f"{lost[0]!r} is no date", "the time is missing", len(lost))
    stations.station = Coded.of(tree.ids[e] for e in heads)
    tops = [tree.chain(int(e)) for e in heads]
    stations.cruise = Coded.of(tree.ids[c[-1]] if len(c) > 1 else "" for c in tops)
    stations.type = Coded.constant("B", len(heads))
    for term in STATION_TEXTS:
        texts = [tree.find(int(e), term) for e in heads]
        if any(texts):
            stations.extra[term] = Coded.of(texts)
    ends = [d.partition("/")[2] for d in dates]
    if any(ends):
        stations.extra["End of the event"] = Coded.of(ends)
    return stations


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
