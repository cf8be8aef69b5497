"""The files that go with a letter: tables, ODV spreadsheet, history, plots."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.formats.csv_write import safe_text

from ..changelog import log_table
from ..model import DEPTH, TIME
from .changes import Changes
from .model import KINDS, Attachment, Item
from .stations import WITHHELD, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sdcviz.observations import Collection

__all__ = [
    "Artist",
    "changes_csv",
    "history_text",
    "items_csv",
    "odv",
    "packed",
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


MOST_BYTES = 3_000_000
"""Bytes of tables in a mail; mail servers refuse what is too big, and base64 adds a third."""
_WITHHELD = ("z", "z_label", "sample_time", "value_old", "threshold")
"""Columns of the change log that are blank for restricted stations."""


def changes_csv(changes: Changes, numbers: Sequence[int], words: Words) -> bytes:
    """Write the table of changes: a row each changed flag.

    Parameters
    ----------
    changes : Changes
        Those of one data centre.
    numbers : sequence of int
        Item of each.
    words : Words

    Returns
    -------
    bytes
        CSV in UTF-8: the item, then the columns of the change log. Values, depths,
        times and thresholds of samples of restricted stations are blank.
    """
    import polars as pl

    edits = changes.edits
    table = log_table(words.collection, edits, changes.batch, changes.batches)
    open_ = pl.Series(~words.restricted[edits.station])
    reasons = [
        safe_text(words.reason(changes.why(i), row)) for i, row in enumerate(edits.station.tolist())
    ]
    table = table.with_columns(
        *(pl.when(open_).then(pl.col(name)).alias(name) for name in _WITHHELD),
        pl.Series("reason", reasons),
    )
    return table.insert_column(0, pl.Series("item", numbers)).write_csv().encode()


def _number(value: Any) -> str:
    """Write a number with the fewest digits that read back to it; blank if it is none."""
    if not np.isfinite(value):
        return ""
    return f"{np.format_float_positional(value, trim='-')}"


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
            head = f"{batch.time[:19]}\t{_plain(batch.user)}@sdcviz\tEDITFLAGS"
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


# ---- size ----------------------------------------------------------------
def packed(files: Sequence[Attachment], stem: str) -> tuple[Attachment, ...]:
    """Put tables and spreadsheets into one archive where a mail would grow too big for them.

    Parameters
    ----------
    files : sequence of Attachment
    stem : str
        Begin of the name of the archive.

    Returns
    -------
    tuple of Attachment
        As they are below `MOST_BYTES`; else the archive first, then the page and the plots.
    """
    tables = [file for file in files if file.name.endswith((".csv", ".txt"))]
    if sum(len(file.content) for file in tables) <= MOST_BYTES:
        return tuple(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in tables:
            archive.writestr(file.name, file.content)
    archived = Attachment(f"{stem}_tables.zip", "application/zip", out.getvalue())
    return (archived, *(file for file in files if file not in tables))


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
