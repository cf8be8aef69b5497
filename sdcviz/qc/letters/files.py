"""The files that go with a letter: tables, ODV spreadsheet, history, plots."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.formats.csv_write import safe_text

from ..model import DEPTH, PLACES, TIME
from .changes import Changes
from .model import KINDS, Item
from .stations import WITHHELD, Told, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sdcviz.observations import Collection

__all__ = [
    "CHANGE_COLUMNS",
    "Artist",
    "changes_csv",
    "history_text",
    "items_csv",
    "odv",
    "pictures",
]


class Artist(Protocol):
    """What draws stations: the module `sdcviz.plots.station`.

    It is handed in, since plots are built upon quality control and not the other way.
    """

    def station_figure(
        self, c: Collection, row: int, keys: Sequence[str], changed: Mapping[str, ArrayLike]
    ) -> Figure:
        """Draw one station."""

    def station_png(self, made: Figure) -> bytes:
        """Give a figure as PNG."""

    def station_pdf(self, made: Iterable[Figure]) -> bytes:
        """Give figures as the pages of a PDF."""


CHANGE_COLUMNS = (
    *("item", "session_id", "utc_time", "operator", "edmo_code", "edmo_name", "local_cdi_id"),
    *("cdi_url", "cruise", "station", "station_time", "lon", "lat", "source_file", "source_row"),
    *("parameter_label", "P01", "P06_unit", "z", "z_label", "sample_time", "value_old"),
    *("value_new", "flag_old", "flag_new", "flag_scale", "test_or_manual", "threshold", "reason"),
    *("product_or_collection", "software_version"),
)
"""Columns of the table of changes: number of the item, then those of the change log."""


def changes_csv(
    changes: Changes, numbers: Sequence[int], words: Words, names: Mapping[str, str]
) -> bytes:
    """Write the table of changes: a row each changed flag.

    Parameters
    ----------
    changes : Changes
        Those of one data centre.
    numbers : sequence of int
        Item of each.
    words : Words
    names : mapping of str to str
        What is the same in each row: edmo_code, edmo_name, product_or_collection,
        software_version.

    Returns
    -------
    bytes
        CSV in UTF-8. Values, depths, times and thresholds of samples of
        restricted stations are blank.
    """
    return _csv(CHANGE_COLUMNS, _change_rows(changes, numbers, words, names))


def _change_rows(
    changes: Changes, numbers: Sequence[int], words: Words, names: Mapping[str, str]
) -> Iterable[dict[str, Any]]:
    c, edits = words.collection, changes.edits
    for i in range(len(changes)):
        row, sample = int(edits.station[i]), int(edits.sample[i])
        key = edits.keys[edits.parameter[i]]
        told, batch = words.station(row), changes.of_batch(i)
        known = words.parameter(key, row)
        yield {
            **names,
            **_station_cells(told),
            **_sample_cells(c, row, sample, key, told.restricted),
            "item": numbers[i],
            "session_id": getattr(batch, "session", "") or batch.id,
            "utc_time": _utc(batch.time),
            "operator": batch.user,
            "source_file": c.manifest["sources"][c.source[row]]["name"],
            "parameter_label": words.label(key),
            "P01": known.get("p01", ""),
            "P06_unit": known.get("p06", ""),
            "flag_old": chr(edits.old[i]),
            "flag_new": chr(edits.new[i]),
            "flag_scale": "L20",
            "test_or_manual": batch.tool,
            "threshold": "" if told.restricted else changes.note(i),
            "reason": words.reason(changes.why(i), row),
        }


def _station_cells(told: Told) -> dict[str, Any]:
    return {
        "local_cdi_id": told.local_cdi_id,
        "cdi_url": told.link,
        "cruise": told.cruise,
        "station": told.name,
        "station_time": told.time,
        "lon": _number(told.lon),
        "lat": _number(told.lat),
    }


def _sample_cells(c: Collection, row: int, sample: int, key: str, hidden: bool) -> dict[str, Any]:
    """Give where a sample is and what it is; of a restricted station only its line."""
    if sample < 0:
        return {}
    i = int(c.offsets[row]) + sample
    cells: dict[str, Any] = {"source_row": int(c.row[i])}
    if hidden:
        return cells
    cells |= {"z": _number(c.depth[i]), "z_label": "Depth [m]"}
    if c.sample_time is not None and not np.isnat(c.sample_time[i]):
        cells["sample_time"] = f"{np.datetime_as_string(c.sample_time[i], 's')}Z"
    cells["value_old"] = _value(c, row, sample, key)
    return cells


def _value(c: Collection, row: int, sample: int, key: str) -> str:
    if key == DEPTH:
        return _number(c.depth[int(c.offsets[row]) + sample])
    if key in PLACES:
        return ""
    stored = c.stored(key)
    assert stored is not None, "values are always stored"
    array, starts = stored
    if starts[row] < 0:
        return ""
    value = array[starts[row] + sample]
    if c.parameter(key).kind == "text":
        return "" if value < 0 else c.labels(key)[int(value)]
    return _number(value)


def _number(value: Any) -> str:
    """Write a number with the fewest digits that read back to it; blank if it is none."""
    if not np.isfinite(value):
        return ""
    return f"{np.format_float_positional(value, trim='-')}"


def _utc(time: Any) -> str:
    text = time.isoformat(timespec="seconds") if hasattr(time, "isoformat") else str(time)
    return text.replace("+00:00", "Z")


def items_csv(items: Sequence[Item]) -> bytes:
    """Write the list of items, with columns for the answer."""
    names = (*Item._fields, "accepted_or_rejected", "reason_of_answer")
    rows = ({**item._asdict(), "kind": KINDS[item.kind]} for item in items)
    return _csv(names, rows)


def _csv(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write rows as CSV in which no spreadsheet finds a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([safe_text(str(row.get(name, ""))) for name in names])
    return out.getvalue().encode()


# ---- ODV ----------------------------------------------------------------
def odv(c: Collection, rows: NDArray[np.int64]) -> bytes:
    """Write stations as an ODV spreadsheet with their flags as they are now."""
    with tempfile.TemporaryDirectory(prefix="sdcviz-letter-") as folder:
        path = Path(folder) / "stations.txt"
        c.where(rows=tuple(rows.tolist())).export(path, "odv")
        return path.read_bytes()


def history_text(changes: Changes, words: Words) -> bytes:
    """Tell the changes station by station in the lines that ODV keeps as history.

    Returns
    -------
    bytes
        ``TIME<TAB>USER<TAB>EDITFLAGS<TAB>Temperature [°C] @ Depth [m] = {0:1 20:1} -> 4``:
        depth and old flag of each sample, then the new flag. Restricted stations
        are named without depths.
    """
    c, edits = words.collection, changes.edits
    units = {p.key: p.unit for p in c.parameters}
    lines: list[str] = []
    for row, in_station in groupby(range(len(changes)), key=lambda i: int(edits.station[i])):
        told = words.station(row)
        lines.append(f"//{told.cruise} / {told.name}\t{told.time}\t{told.local_cdi_id}")
        of_step = sorted(in_station, key=lambda i: _step(changes, i))
        for (_, which, new), members in groupby(of_step, key=lambda i: _step(changes, i)):
            batch_of = list(members)
            batch, key = changes.of_batch(batch_of[0]), edits.keys[which]
            unit = units.get(key, "m" if key == DEPTH else "")
            name = f"{words.label(key)} [{unit}]" if unit else words.label(key)
            what = _levels(c, edits, row, batch_of, told.restricted)
            head = f"{_utc(batch.time).removesuffix('Z')}\t{_plain(batch.user)}\tEDITFLAGS"
            lines.append(f"{head}\t{name} {what} -> {chr(new)}")
    return ("\r\n".join(lines) + "\r\n").encode()


def _step(changes: Changes, i: int) -> tuple[int, int, int]:
    edits = changes.edits
    return int(changes.batch[i]), int(edits.parameter[i]), int(edits.new[i])


def _levels(c: Collection, edits: Any, row: int, members: list[int], hidden: bool) -> str:
    """Give depth and old flag of samples; of a restricted station only their number."""
    if edits.sample[members[0]] < 0:
        return f"= {{{chr(edits.old[members[0]])}}}"
    if hidden:
        return f"({len(members)} samples; depths {WITHHELD})"
    first = int(c.offsets[row])
    pairs = (f"{_number(c.depth[first + edits.sample[i]])}:{chr(edits.old[i])}" for i in members)
    return f"@ Depth [m] = {{{' '.join(pairs)}}}"


def _plain(text: str) -> str:
    return " ".join(text.split())


# ---- plots --------------------------------------------------------------
def pictures(
    changes: Changes, rows: Sequence[int], words: Words, artist: Artist
) -> dict[int, Figure]:
    """Draw stations with their changed samples ringed.

    Parameters
    ----------
    changes : Changes
    rows : sequence of int
        Stations, none of them restricted.
    words : Words
    artist : Artist

    Returns
    -------
    dict of int to Figure
        By row; a station without numbers has none.
    """
    c, edits = words.collection, changes.edits
    numbers = [p.key for p in c.parameters if p.kind == "number"]
    made: dict[int, Figure] = {}
    for row in rows:
        mine = np.flatnonzero(edits.station == row)
        changed: dict[str, NDArray] = {}
        for which in dict.fromkeys(edits.parameter[mine].tolist()):
            samples = edits.sample[mine[edits.parameter[mine] == which]]
            changed[edits.keys[which]] = samples[samples >= 0]
        keys = [key for key in changed if key in numbers]
        if not keys:  # a flag of place: show what the station has most of
            keys = [key for key in numbers if c.has(key)[row]][:2]
        everywhere = [changed[place] for place in (DEPTH, TIME) if place in changed]
        if everywhere:
            changed = {
                key: np.unique(np.concatenate([*everywhere, changed.get(key, everywhere[0])]))
                for key in keys
            }
        if keys:
            made[row] = artist.station_figure(c, row, keys, changed)
    return made
