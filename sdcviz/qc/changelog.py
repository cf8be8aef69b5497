"""What was changed, for others to read: the change log, a table with one row a change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.csv_write import safe_text
from sdcviz.formats.model import Coded
from sdcviz.observations.kernels import restore
from sdcviz.qc.model import DEPTH, PLACES, POSITION, TIME, Edits
from sdcviz.qc.sessions import changes_of, check_of
from sdcviz.storage import storage_errors, written_whole

if TYPE_CHECKING:
    import polars as pl

    from sdcviz.observations import Collection
    from sdcviz.qc.journal.queries import Batch

__all__ = ["COLUMNS", "change_log", "log_table", "write_change_log"]

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
    n = 0
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as beside, beside.open("wb") as out:
        out.write((",".join(COLUMNS) + "\n").encode())
        for table in change_log(collection, rows):
            n += len(table)
            table.write_csv(out, include_header=False)
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
    found: dict[str, list[str]] = {"test_or_manual": [], "threshold": [], "reason": []}
    for note, batch in zip(notes, batches, strict=True):
        limit = _LIMIT.search(note) if batch.automatic else None
        told = batch.selection if batch.tool == "rule" else limit[1] if limit else ""
        by_hand = "rule" if batch.tool == "rule" else "manual"
        found["test_or_manual"].append(
            (check_of(batch, note) or "check") if batch.automatic else by_hand
        )
        found["threshold"].append(told)
        found["reason"].append((batch.automatic and note) or batch.reason)
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
        both = zip(c.lat[rows].tolist(), c.lon[rows].tolist(), strict=True)
        return [f"{lat!r} {lon!r}" for lat, lon in both]
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
