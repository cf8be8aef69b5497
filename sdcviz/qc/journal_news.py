"""Bring the flags of an open collection up to date with its journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import StorageError
from sdcviz.qc.journal_edits import Piece, edits_after
from sdcviz.qc.journal_overlay import load_overlay, save_overlay
from sdcviz.qc.journal_queries import ALL, batches, find_token, last_batch
from sdcviz.qc.journal_runs import Runs, distinct

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sdcviz.observations import Collection

__all__ = ["MANY", "Touched", "catch_up", "compact", "lay_over"]

MANY = 20_000
"""An opening that read more runs than these writes down what it found (see `compact`)."""

Touched = list[tuple[str, NDArray[np.int64]]]
"""Parameters, and the rows of the stations whose flags changed."""


def catch_up(connection: Connection, collection: Collection) -> Touched:
    """Lay over what is newer than the collection's last batch; hold its `journal_lock`.

    Raises
    ------
    StorageError
        The journal does not know that batch any more: another one took its place.
    """
    last, seen = last_batch(connection, collection.id), collection.last_batch
    assert seen is not None, "a collection with original flags does not keep up"
    if last < seen:
        raise StorageError(
            f"The journal of {collection.name} was replaced by an older one while it was open; "
            "nothing was changed. Open the collection again (a server has to be restarted)."
        )
    if last == seen:
        return []
    touched: Touched = []
    begin = seen
    if not seen and not collection.reading:
        touched, begin = _lay_overlay(connection, collection, last)
    read = 0
    for part in news(connection, collection, begin, last):
        runs = Runs.read(collection, part)
        lay_over(collection, runs)
        touched += _stations(runs)
        read += len(runs)
    collection.last_batch = last
    if not seen and read > MANY:
        compact(connection, collection)
    return touched


def news(
    connection: Connection, collection: Collection, after: int, last: int = ALL
) -> list[Iterator[Piece]]:
    """Return the edits after a batch that count for the flags of a collection.

    Returns
    -------
    list of iterator
        One after the other. For a reading first those of checks, then its own, which
        are given again where there are new ones of checks: what the reader set stays.
    """
    if not collection.reading:
        return [edits_after(connection, collection.id, after, last)]
    common = list(edits_after(connection, collection.id, after, last, automatic=True))
    begin = 0 if common else after
    return [
        iter(common),
        edits_after(connection, collection.id, begin, last, collection.reading),
    ]


def lay_over(collection: Collection, runs: Runs) -> None:
    """Change the flags of an open collection."""
    for key, _, rows, samples, new in runs.by_key(collection.keys):
        collection.lay_over(key, rows, samples, new)


def _stations(runs: Runs) -> Touched:
    there = runs.row >= 0
    return [
        (key, distinct(runs.row[there & (runs.parameter == which)]))
        for which, key in enumerate(runs.keys)
    ]


def _lay_overlay(connection: Connection, collection: Collection, last: int) -> tuple[Touched, int]:
    """Begin with what `compact` wrote, where the journal still knows its last batch."""
    overlay = load_overlay(collection)
    if overlay is None or overlay.batch > last:
        return [], 0
    batch = find_token(connection, collection.id, overlay.token)
    if batch is None or batch.id != overlay.batch:
        return [], 0
    return overlay.lay(collection), overlay.batch


def compact(connection: Connection, collection: Collection) -> bool:
    """Write the flags as they stand beside the columns; the journal keeps every entry."""
    last = collection.last_batch
    if not last or collection.reading:
        return False
    newest = batches(connection, collection.id, None, last - 1, ALL)[0]
    return save_overlay(collection, last, newest.token)
