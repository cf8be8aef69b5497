"""The edits of batches in the database: rows for a few, blocks for many; see `blocks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, bindparam, text

from sdcviz.qc.journal.blocks import MANY_RUNS, blocks_of, read_block
from sdcviz.qc.journal.queries import ALL
from sdcviz.qc.journal.store import BLOCK, EDIT

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sdcviz.qc.journal.runs import Runs

__all__ = ["Entry", "Piece", "add_edits", "edits_after", "edits_of", "entries", "manual_edits"]


class Entry(NamedTuple):
    """One change of one flag."""

    batch: int
    time: str
    user: str
    reason: str
    tool: str
    old: str
    new: str
    note: str


@dataclass(frozen=True)
class Piece:
    """Columns of some runs; `source` and `parameter` may have one element that stands for all."""

    batch: NDArray[np.int64]
    source: Sequence[str]
    station: NDArray[np.integer]
    first: NDArray[np.integer]
    count: NDArray[np.integer]
    parameter: Sequence[str]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    note: Sequence[str]


_ROWS = """SELECT e.batch, e.source, e.station, e.first, e.count, e.parameter, e.old, e.new, e.note
    FROM edit e JOIN batch b ON e.batch = b.id WHERE """
_BLOCKS = """SELECT e.batch, e.source, e.parameter, e.data
    FROM block e JOIN batch b ON e.batch = b.id WHERE """
_ORDER = " ORDER BY e.batch, e.number"

_AFTER = (
    "b.collection = :collection AND b.id > :after AND b.id <= :last AND b.reading = :reading "
    "AND (b.automatic OR NOT :automatic)"
)
_OF = "b.id IN :batches"
_MANUAL = (
    "b.collection = :collection AND b.reading = :reading AND NOT b.automatic "
    "AND b.undoes IS NULL AND e.parameter = :key"
)
_OF_FLAG = (
    "e.source = :source AND e.parameter = :key AND b.collection = :collection "
    "AND (b.reading = :reading OR (b.reading = '' AND b.automatic))"
)
_WHO = 'SELECT b.id, b.time, b."user", b.reason, b.tool'


def _both(condition: str) -> tuple[TextClause, TextClause]:
    return text(_ROWS + condition + _ORDER), text(_BLOCKS + condition + _ORDER)


_ASK_AFTER, _ASK_MANUAL = _both(_AFTER), _both(_MANUAL)
_ASK_OF = [ask.bindparams(bindparam("batches", expanding=True)) for ask in _both(_OF)]
_ENTRIES = text(
    f"{_WHO}, e.old, e.new, e.note FROM edit e JOIN batch b ON e.batch = b.id WHERE {_OF_FLAG} "
    "AND e.station = :station AND e.first <= :sample AND e.first + e.count > :sample"
)
_ENTRY_BLOCKS = text(
    f"{_WHO}, e.data FROM block e JOIN batch b ON e.batch = b.id WHERE {_OF_FLAG} "
    "AND e.low <= :station AND e.high >= :station"
)


def add_edits(connection: Connection, batch: int, runs: Runs) -> None:
    """Add the edits of a batch."""
    if len(runs) > MANY_RUNS:
        names, rows = [c.name for c in BLOCK.columns], enumerate(blocks_of(runs))
        connection.execute(
            BLOCK.insert(), [dict(zip(names, (batch, n, *b), strict=True)) for n, b in rows]
        )
    elif len(runs):
        names = [c.name for c in EDIT.columns]
        connection.execute(
            EDIT.insert(), [dict(zip(names, row, strict=True)) for row in runs.rows(batch)]
        )


def edits_after(
    connection: Connection,
    collection: str,
    after: int,
    last: int = ALL,
    reading: str = "",
    automatic: bool = False,
) -> Iterator[Piece]:
    """Give the edits of the batches from `after` (without) to `last`.

    Parameters
    ----------
    automatic : bool
        Those of checks only.
    """
    asked = {"collection": collection, "after": after, "last": last, "reading": reading}
    return _pieces(connection, _ASK_AFTER, {**asked, "automatic": automatic})


def edits_of(connection: Connection, batches: Sequence[int]) -> Iterator[Piece]:
    """Give the edits of some batches."""
    for first in range(0, len(batches), 500):
        yield from _pieces(connection, _ASK_OF, {"batches": batches[first : first + 500]})


def manual_edits(
    connection: Connection, collection: str, reading: str, key: str
) -> Iterator[Piece]:
    """Give the edits with which people, not checks, set flags of a parameter."""
    asked = {"collection": collection, "reading": reading, "key": key}
    return _pieces(connection, _ASK_MANUAL, asked)


def _pieces(
    connection: Connection, ask: Sequence[TextClause], asked: dict[str, Any]
) -> Iterator[Piece]:
    """Give what is kept as rows, then what is kept as blocks."""
    result = connection.execute(ask[0], asked)
    # As the driver makes them: a hundred thousand rows of SQLAlchemy take twice the time.
    while result.cursor and (rows := result.cursor.fetchmany(20_000)):
        batch, source, station, first, count, parameter, old, new, note = zip(*rows, strict=True)
        yield Piece(
            batch=np.array(batch, np.int64),
            source=source,
            station=np.array(station, np.int64),
            first=np.array(first, np.int64),
            count=np.array(count, np.int64),
            parameter=parameter,
            old=np.frombuffer("".join(old).encode(), np.uint8),
            new=np.frombuffer("".join(new).encode(), np.uint8),
            note=note,
        )
    result.close()
    for number, source, parameter, data in connection.execute(ask[1], asked):
        columns, notes = read_block(data)
        numbers = np.full(len(columns["station"]), number, np.int64)
        yield Piece(batch=numbers, source=[source], parameter=[parameter], note=notes, **columns)


def entries(
    connection: Connection,
    collection: str,
    reading: str,
    source: str,
    station: int,
    key: str,
    sample: int,
) -> list[Entry]:
    """Return all changes of one flag, the oldest first."""
    asked = {"collection": collection, "reading": reading, "source": source, "station": station}
    asked |= {"key": key, "sample": sample}
    found = [Entry(*row) for row in connection.execute(_ENTRIES, asked)]
    for *who, data in connection.execute(_ENTRY_BLOCKS, asked):
        c, notes = read_block(data)
        runs = slice(*np.searchsorted(c["station"], [station, station + 1]))
        here = (c["first"][runs] <= sample) & (c["first"][runs] + c["count"][runs] > sample)
        for i in (np.flatnonzero(here) + runs.start).tolist():
            note = notes[i] if notes else ""
            found.append(Entry(*who, chr(c["old"][i]), chr(c["new"][i]), note))  # type: ignore
    return sorted(found)
