"""Which observations of a product changed: what became of each, and which flag says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .matching import Matched, among
from .outdated import KINDS, Outdated
from .record import Record
from .select import columns_of

if TYPE_CHECKING:
    from ..observations.collection import Collection

__all__ = ["changes_of", "nothing_of"]

_OUT, _IN, _CHANGED, _GONE = range(len(KINDS))
_BAD = "34"


def nothing_of(record: Record, collection: Collection) -> Outdated:
    """Say that nothing changed."""
    none = np.empty(0, np.int64)
    nan, text = np.empty(0), np.empty(0, "U1")
    when = np.empty(0, "datetime64[ms]")
    return Outdated(
        record, collection, np.empty(0, np.int8), none, none, none, text, text,
        nan, nan, nan, nan, when,
    )  # fmt: skip


def changes_of(record: Record, collection: Collection, matched: Matched) -> Outdated:
    """Compare what a product used with what its recipe would choose now.

    Parameters
    ----------
    record : Record
    collection : Collection
        The snapshot that was matched.
    matched : Matched

    Returns
    -------
    Outdated
        In the order of the collection; what is gone last.
    """
    m = matched
    rows = np.unique(m.station)
    few = rows if len(rows) < collection.n_stations // 4 else None
    chosen = columns_of(collection, record.recipe, ("sample",), rows=few)
    accepted = among(m.sample, chosen["sample"])
    used = m.observation >= 0
    kind = np.full(len(used), -1, np.int8)
    kind[used & ~accepted] = _OUT
    kind[~used & accepted & m.counts] = _IN
    kind[m.moved] = _CHANGED
    at = np.flatnonzero(kind >= 0)
    station = m.station[at]
    sample = m.sample[at] - collection.offsets[station]
    old, flag = _flags(record, collection, station, sample)
    points, lost = record.points, m.lost
    n = len(lost)
    gone = np.full(n, -1, np.int64)

    def both(mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([mine, theirs]) if n else mine

    return Outdated(
        record,
        collection,
        both(kind[at], np.full(n, _GONE, np.int8)),
        both(station, gone),
        both(sample, gone),
        both(m.observation[at], lost),
        both(old, np.full(n, "", "U1")),
        both(flag, np.full(n, "", "U1")),
        both(m.lon[at], points.lon[lost]),
        both(m.lat[at], points.lat[lost]),
        both(m.depth[at], points.depth[lost]),
        both(m.value[at], points.value[lost]),
        both(m.time[at], points.time[lost]),
    )


def _flags(
    record: Record, collection: Collection, station: NDArray[np.int64], sample: NDArray[np.int64]
) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Give the flags that decided and decide about samples, as words."""
    from ..qc.model import DEPTH, PLACES, POSITION, TIME

    old, new = np.full(len(station), "", "U12"), np.full(len(station), "", "U12")
    if not len(station):
        return old, new
    before = _before(record, collection, set(station.tolist()))
    for key in (POSITION, TIME, DEPTH, record.recipe.parameter):
        on = np.full(len(sample), -1, np.int64) if key in (POSITION, TIME) else sample
        now = [chr(code) for code in collection.flag_at(key, station, on).tolist()]
        name = f"{PLACES[key].lower()} " if key in PLACES else ""
        for i, (row, which, code) in enumerate(
            zip(station.tolist(), on.tolist(), now, strict=True)
        ):
            was = before.get((key, row, which), "")
            decides = not name or code in _BAD or was in tuple(_BAD)
            # What the value's flag tells by itself is told last, unless a place decides.
            if decides and (not name or was != code) and not (not name and not was and new[i]):
                old[i], new[i] = f"{name}{was}" if was else "", f"{name}{code}"
    return old, new


def _before(
    record: Record, collection: Collection, stations: set[int]
) -> dict[tuple[str, int, int], str]:
    """Give the flags that changed since the product was made, as they were then."""
    state, journal = record.state, collection.journal
    if "journal_batch" in state:
        found = journal.batches(collection, after=int(state["journal_batch"]))
    else:
        made = str(record.attrs.get("date_created", ""))
        found = [b for b in journal.batches(collection) if b.time >= made]
    numbers = [b.id for b in found if b.reading == collection.reading]
    before: dict[tuple[str, int, int], str] = {}
    if not numbers:
        return before
    edits, _ = journal.edits(collection, numbers)
    rows = zip(
        edits.parameter.tolist(), edits.station.tolist(), edits.sample.tolist(),
        edits.old.tolist(), strict=True,
    )  # fmt: skip
    for which, row, sample, code in rows:
        if row in stations:
            before.setdefault((edits.keys[which], row, sample), chr(code))
    return before
