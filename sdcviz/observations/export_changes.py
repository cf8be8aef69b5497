"""Who changed flags of what is exported, for files that can hold it."""

from __future__ import annotations

import numpy as np

from sdcviz.formats.base import FlagChanges
from sdcviz.observations.batches import names_of, order_of
from sdcviz.observations.overlay import TIME
from sdcviz.observations.selection import Selection

__all__ = ["changes_in"]

_TOLD = ("id", "time", "user", "reason", "tool", "selection", "session", "software")


def changes_in(selection: Selection) -> FlagChanges | None:
    """Collect who changed flags of what is written; indices are those of the file."""
    from sdcviz.qc.sessions import changes_of

    c = selection.collection
    edits, batch, known = changes_of(c, selection.rows)
    if not len(edits):
        return None
    place = np.searchsorted(selection.rows, edits.station)
    order = order_of(selection)
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    sizes = selection.sample_counts
    begins = np.empty(len(order), np.int64)
    begins[order] = np.cumsum(sizes[order]) - sizes[order]
    if selection.mask is None:
        within, there = edits.sample.astype(np.int64), np.ones(len(edits), bool)
    else:
        asked = c.offsets[edits.station] + edits.sample
        found = np.searchsorted(selection.sample_numbers, asked)
        last = max(selection.n_samples - 1, 0)
        there = selection.sample_numbers[np.minimum(found, last)] == asked
        within = found - selection.offsets[place]
    of_station = edits.sample < 0
    kept = np.flatnonzero(there | of_station)
    keys = list(edits.keys)
    used = np.unique(c.source[selection.rows])
    names = {key: p.name for key, p in names_of(c, [k for k in keys if k in c.keys], used).items()}
    of_sample = (np.array(keys, object) == TIME)[edits.parameter] & ~of_station
    batches_of = list(known.values())
    ids, back = np.unique(batch[kept], return_inverse=True)
    index = {b.id: i for i, b in enumerate(batches_of)}
    return FlagChanges(
        station=number[place][kept],
        sample=np.where(of_station, -1, begins[place] + within)[kept],
        parameter=np.where(of_sample, len(keys), edits.parameter.astype(np.int64))[kept],
        names=[*(names.get(key, key) for key in keys), "@sample_time"],
        old=edits.old[kept],
        new=edits.new[kept],
        batch=np.array([index[b] for b in ids.tolist()], np.int64)[back],
        notes=edits.take(kept).notes,
        batches=[
            {name: getattr(b, name) for name in _TOLD} | {"undoes": b.undoes or 0}
            for b in batches_of
        ],
    )
