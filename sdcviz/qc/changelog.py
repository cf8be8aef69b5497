"""What was changed, for others to read: the change log as a table, and histories of files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.csv_write import safe_text
from sdcviz.formats.model import Coded
from sdcviz.observations.kernels import restore
from sdcviz.observations.layout import storage_errors
from sdcviz.qc.model import DEPTH, PLACES, POSITION, TIME, Edits

if TYPE_CHECKING:
    import polars as pl

    from sdcviz.observations import Collection
    from sdcviz.qc.journal_queries import Batch

__all__ = [
    "COLUMNS",
    "Session",
    "change_log",
    "changes_of",
    "history_line",
    "log_table",
    "sessions",
    "write_change_log",
]

COLUMNS = (
    *("session_id", "utc_time", "operator", "edmo_code", "edmo_name", "local_cdi_id", "cdi_url"),
    *("cruise", "station", "station_time", "lon", "lat", "source_file", "source_row"),
    *("parameter_label", "P01", "P06_unit", "z", "z_label", "sample_time", "value_old"),
    *("value_new", "flag_old", "flag_new", "flag_scale", "test_or_manual", "threshold", "reason"),
    *("product_or_collection", "software_version"),
)
"""Columns of the change log."""

_PIECE = 100_000
_LIMIT = re.compile(r"\(limit ([^)]*)\)")
_LONGEST = 8000
"""Characters of the history of one session in a file; the change log tells the rest."""


# ---- sessions -----------------------------------------------------------
@dataclass(frozen=True)
class Session:
    """What one person changed in one go.

    Attributes
    ----------
    id, user : str
    reading : str
        Name of the second reading; empty: the common flags.
    begin, end : str
        First and last time, UTC, ISO 8601.
    edits : Edits
        The flags that the session left changed: as they were before it and after it.
    reasons : tuple of str
        Reason of each.
    """

    id: str
    user: str
    reading: str
    begin: str
    end: str
    edits: Edits
    reasons: tuple[str, ...]


def sessions(collection: Collection, rows: NDArray[np.int64] | None = None) -> list[Session]:
    """Put together what each session changed; what it took back itself is left out.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Changes of these stations only.

    Returns
    -------
    list of Session
        In the order in which they ended; those that left nothing changed are not among them.
    """
    edits, batch, known = changes_of(collection, rows)
    names: dict[tuple[str, str, str], int] = {}
    members: dict[int, list[Batch]] = {}
    of_batch: dict[int, int] = {}
    for one in known.values():
        number = names.setdefault((one.session, one.user, one.reading), len(names))
        of_batch[one.id] = number
        members.setdefault(number, []).append(one)
    session = np.array([of_batch[b] for b in batch.tolist()], np.int64)
    order = np.lexsort((batch, edits.sample, edits.station, edits.parameter, session))
    where = (session, edits.parameter, edits.station, edits.sample)
    new = np.zeros(len(order), bool)
    for column in where:
        new[1:] |= column[order][1:] != column[order][:-1]
    new[:1] = True
    first = order[new]
    last = order[np.append(np.flatnonzero(new)[1:], len(order)) - 1] if len(order) else first
    net = edits.take(last)
    net = Edits(
        net.station, net.sample, net.parameter, net.keys, edits.old[first], net.new, net.notes
    )
    stays = net.old != net.new
    found = []
    for (name, user, reading), number in names.items():
        mine = np.flatnonzero(stays & (session[last] == number))
        if len(mine):
            times = [b.time for b in members[number]]
            reasons = tuple(known[b].reason for b in batch[last[mine]].tolist())
            kept = net.take(mine)
            found.append(Session(name, user, reading, min(times), max(times), kept, reasons))
    return sorted(found, key=lambda s: s.end)


def changes_of(
    collection: Collection, rows: NDArray[np.int64] | None = None
) -> tuple[Edits, NDArray[np.int64], dict[int, Batch]]:
    """Return what the journal holds.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Changes of these stations only.

    Returns
    -------
    edits : Edits
        In their order; also what was taken back later.
    batch : ndarray of int64
        Number of the batch of each.
    batches : dict of int to Batch
        Those batches.
    """
    if collection.last_batch is None:  # opened with its original flags
        return Edits.join([]), np.empty(0, np.int64), {}
    edits, batch = collection.journal.edits(collection)
    if rows is not None:
        chosen = np.isin(edits.station, rows)
        edits, batch = edits.take(chosen), batch[chosen]
    used = set(np.unique(batch).tolist())
    known = {b.id: b for b in collection.journal.batches(collection) if b.id in used}
    return edits, batch, known


def history_line(collection: Collection, session: Session, unwritten: Iterable[str] = ()) -> str:
    """Tell of one session in the words of webODV, as one line.

    ``time TAB user@sdcviz TAB EDITFLAGS TAB cruise/station: parameter @ depth =
    {depth:old flag ...} -> new flag (reason); ...``

    Parameters
    ----------
    collection : Collection
    session : Session
    unwritten : iterable of str
        Parameters (and keys of `PLACES`) whose flags the file has no column for.
    """
    edits = session.edits
    lost = set(unwritten)
    parts: list[str] = []
    length = told = 0
    for index in _groups(collection, edits, session.reasons):
        i = index[0]
        key = edits.keys[edits.parameter[i]]
        text = f"{_station_name(collection, int(edits.station[i]))}: {_what(collection, key)} = "
        text += "{" + " ".join(_places(collection, edits, index)) + "} -> " + chr(edits.new[i])
        text += f" ({session.reasons[i]})" if session.reasons[i] else ""
        text += " [the file has no column for this flag]" if key in lost else ""
        if length + len(text) > _LONGEST:
            break
        parts.append(" ".join(text.split()))
        length += len(text)
        told += len(index)
    if told < len(edits):
        parts.append(f"and {len(edits) - told} more flags, see the change log")
    who = session.user + (f", reading {session.reading}" if session.reading else "")
    return f"{session.end[:19]}\t{who}@sdcviz\tEDITFLAGS\t{'; '.join(parts)}"


def _groups(c: Collection, edits: Edits, reasons: tuple[str, ...]) -> Iterator[NDArray[np.intp]]:
    """Give the changes of one station and parameter to one flag for one reason, as in the file."""
    _, why = np.unique(np.array(reasons, object).astype(str), return_inverse=True)
    place = (edits.station, c.station_index[edits.station], c.source[edits.station])
    order = np.lexsort((edits.sample, why, edits.new, edits.parameter, *place))
    columns = (edits.station, edits.parameter, edits.new, why)
    cut = np.zeros(max(len(order) - 1, 0), bool)
    for column in columns:
        cut |= np.diff(column[order].astype(np.int64)) != 0
    return iter(np.split(order, np.flatnonzero(cut) + 1)) if len(order) else iter(())


def _station_name(c: Collection, row: int) -> str:
    texts = (c.text(name) for name in ("cruise", "station"))
    return "/".join(t.labels[t.codes[row]] if t.codes[row] >= 0 else "?" for t in texts)


def _what(c: Collection, key: str) -> str:
    if key in PLACES:
        return PLACES[key]
    info = c.parameter(key)
    return f"{info.label} [{info.unit}] @ Depth [m]" if info.unit else f"{info.label} @ Depth [m]"


def _places(c: Collection, edits: Edits, index: NDArray[np.intp]) -> list[str]:
    """Give depth and old flag of each change; the old flag alone where there is no depth."""
    found = []
    for i in index.tolist():
        sample, old = int(edits.sample[i]), chr(edits.old[i])
        depth = float("nan")
        if sample >= 0:
            depth = float(_wide(c.depth[c.offsets[edits.station[i]] + [sample]])[0])
        found.append(old if np.isnan(depth) else f"{depth:g}:{old}")
    return found


# ---- the table ----------------------------------------------------------
def write_change_log(
    collection: Collection, path: Path, rows: NDArray[np.int64] | None = None
) -> int:
    """Write the change log as CSV (UTF-8); no cell is a formula for a spreadsheet.

    Parameters
    ----------
    collection : Collection
    path : Path
        Replaced in one step at the end.
    rows : ndarray of int64, optional
        Changes of these stations only.

    Returns
    -------
    int
        Number of rows without the header.

    Raises
    ------
    StorageError
        The disk is full or may not be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    n = 0
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as out:
                out.write((",".join(COLUMNS) + "\n").encode())
                for table in change_log(collection, rows):
                    n += len(table)
                    table.write_csv(out, include_header=False)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    return n


def change_log(
    collection: Collection, rows: NDArray[np.int64] | None = None
) -> Iterator[pl.DataFrame]:
    """Give the change log, one row a changed flag, in pieces.

    What was undone is in it twice: as it was done and as it was taken back.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Changes of these stations only.

    Yields
    ------
    polars.DataFrame
        The columns of `COLUMNS`; texts are safe for spreadsheets.
    """
    edits, batch, known = changes_of(collection, rows)
    for first in range(0, len(edits), _PIECE):
        piece = np.arange(first, min(first + _PIECE, len(edits)))
        yield log_table(collection, edits.take(piece), batch[piece], known)


def log_table(
    c: Collection, edits: Edits, batch: NDArray[np.int64], known: dict[int, Batch]
) -> pl.DataFrame:
    """Tell of changes in the columns of `COLUMNS`, one row each.

    Parameters
    ----------
    c : Collection
    edits : Edits
    batch : ndarray of int64
        Number of the batch of each.
    known : dict of int to Batch
        Those batches.
    """
    import polars as pl

    batches = [known[b] for b in batch.tolist()]
    columns: dict[str, Any] = {
        "session_id": [b.session for b in batches],
        "utc_time": [b.time for b in batches],
        "operator": [b.user for b in batches],
        **_of_stations(c, edits.station),
        **_of_samples(c, edits),
        "value_new": [""] * len(edits),
        "flag_old": [chr(f) for f in edits.old.tolist()],
        "flag_new": [chr(f) for f in edits.new.tolist()],
        "flag_scale": ["L20"] * len(edits),
        **_causes(edits, batches),
        "reason": [b.reason for b in batches],
        "product_or_collection": [f"{c.name} ({c.id})"] * len(edits),
        "software_version": [b.software for b in batches],
    }
    return pl.DataFrame({name: [_safe(v) for v in columns[name]] for name in COLUMNS}, strict=False)


def _safe(value: Any) -> Any:
    """Make texts harmless, and nothing of empty ones."""
    return (safe_text(value) or None) if isinstance(value, str) else value


def _causes(edits: Edits, batches: list[Batch]) -> dict[str, list[str]]:
    """Tell by which test, and with which threshold (see `sdcviz.qc.apply.explain`)."""
    notes = edits.notes or [""] * len(edits)
    found: dict[str, list[str]] = {"test_or_manual": [], "threshold": []}
    for note, batch in zip(notes, batches, strict=True):
        if batch.automatic:
            test, limit = note.partition(" ")[0] or "check", _LIMIT.search(note)
            told = limit[1] if limit else ""
        else:
            test = "rule" if batch.tool == "rule" else "manual"
            told = batch.selection if batch.tool == "rule" else ""
        found["test_or_manual"].append(test)
        found["threshold"].append(told)
    return found


def _of_stations(c: Collection, rows: NDArray[np.int64]) -> dict[str, list[Any]]:
    """Tell of the station of each row."""
    from sdcviz.vocabularies import label

    few, back = np.unique(rows, return_inverse=True)
    names = {code: label("EDMO", str(code)) if code else "" for code in set(c.edmo[few].tolist())}
    links = "CDI link" in c.text_names
    told: dict[str, list[Any]] = {
        "edmo_code": [int(e) or None for e in c.edmo[few]],
        "edmo_name": [names[e] for e in c.edmo[few].tolist()],
        "local_cdi_id": _texts(c, "local_cdi_id", few),
        "cdi_url": _texts(c, "CDI link", few) if links else [""] * len(few),
        "cruise": _texts(c, "cruise", few),
        "station": _texts(c, "station", few),
        "station_time": _moments(c.time[few]),
        "lon": _numbers(c.lon[few]),
        "lat": _numbers(c.lat[few]),
        "source_file": [c.manifest["sources"][i]["name"] for i in c.source[few].tolist()],
    }
    return {name: [values[i] for i in back.tolist()] for name, values in told.items()}


def _of_samples(c: Collection, edits: Edits) -> dict[str, list[Any]]:
    """Tell of the sample and parameter of each row."""
    rows, of_station = edits.station, edits.sample < 0
    filled = c.offsets[rows] < c.offsets[rows + 1]
    at = np.where(filled, c.offsets[rows] + np.maximum(edits.sample, 0), 0)
    depth, line = np.full(len(at), np.nan), np.full(len(at), -1, np.int64)
    times = np.array(c.time[rows])
    if c.n_samples:
        depth = np.where(of_station, np.nan, _wide(c.depth[at]))
        line = np.where(filled, c.row[at], -1)
        if c.sample_time is not None:
            own = ~of_station & ~np.isnat(c.sample_time[at])
            times = np.where(own, c.sample_time[at], times)
    names, codes, units, values = ([""] * len(edits) for _ in range(4))
    for number, key in enumerate(edits.keys):
        mine = np.flatnonzero(edits.parameter == number)
        told = _values(c, key, rows[mine], edits.sample[mine], at[mine], times[mine])
        for i, text in zip(mine.tolist(), told, strict=True):
            values[i] = text
            names[i], codes[i], units[i] = _parameter(c, key, int(c.source[rows[i]]))
    return {
        "source_row": [n if n > 0 else None for n in line.tolist()],
        "parameter_label": names,
        "P01": codes,
        "P06_unit": units,
        "z": _numbers(depth),
        "z_label": ["" if s else "Depth [m]" for s in of_station.tolist()],
        "sample_time": _moments(times),
        "value_old": values,
    }


def _parameter(c: Collection, key: str, source: int) -> tuple[str, str, str]:
    """Return label, P01 and unit as the file has them."""
    if key in PLACES:
        return PLACES[key], "", "m" if key == DEPTH else ""
    told = c.manifest["sources"][source]["parameters"]
    entry = next((p for p in told if p["key"] == key), None)
    info = c.parameter(key)
    if entry is None:
        return info.label, info.p01, info.p06 or info.unit
    return info.label, entry["p01"] or info.p01, entry["p06"] or entry["unit"]


def _values(
    c: Collection,
    key: str,
    rows: NDArray[np.int64],
    samples: NDArray[np.int32],
    at: NDArray[np.int64],
    times: NDArray[np.datetime64],
) -> list[str]:
    """Return what the flags are about, as text."""
    if key == POSITION:
        return [f"{y:g} {x:g}" for x, y in zip(c.lon[rows], c.lat[rows], strict=True)]
    if key == TIME:
        return _moments(times)
    if key == DEPTH:
        return [_text(v) for v in _numbers(_wide(c.depth[at]))]
    stored = c.stored(key)
    assert stored is not None, "values are always stored"
    array, starts = stored
    found = array[np.maximum(starts[rows], 0) + samples]
    if c.parameter(key).kind == "text":
        labels = c.labels(key)
        return [labels[code] if code >= 0 else "" for code in found.tolist()]
    return [_text(v) for v in _numbers(_wide(found))]


def _wide(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return restore(values) if values.dtype == np.float32 else np.asarray(values, np.float64)


def _numbers(values: NDArray[np.floating]) -> list[float | None]:
    return [None if v != v else v for v in values.tolist()]


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _texts(c: Collection, name: str, rows: NDArray[np.int64]) -> list[str]:
    coded: Coded = c.text(name)
    return [coded.labels[code] if code >= 0 else "" for code in coded.codes[rows].tolist()]


def _moments(times: NDArray[np.datetime64]) -> list[str]:
    found = np.datetime_as_string(times.astype("datetime64[ms]"), unit="ms").tolist()
    return ["" if text == "NaT" else f"{text}Z" for text in found]
