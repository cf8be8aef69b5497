"""What the journal changed in the end: one row for each flag that differs now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..model import Edits

if TYPE_CHECKING:
    from sdcviz.qc.journal.queries import Batch

__all__ = ["Changes", "net_changes"]

_REPEATS = frozenset({"undo", "redo"})


@dataclass(frozen=True)
class Changes:
    """Flags that are not what they were, in the order of stations, samples and parameters.

    Attributes
    ----------
    edits : Edits
        `old` is the flag before the first change looked at, `new` that after
        the last; what was undone is not among them.
    batch : ndarray of int64
        Number of the batch that gave each flag its new code.
    batches : dict of int to Batch
        Who, when, why and with what.
    """

    edits: Edits
    batch: NDArray[np.int64]
    batches: dict[int, Any]

    def __len__(self) -> int:
        return len(self.edits)

    def take(self, chosen: NDArray) -> Changes:
        """Keep some rows (a mask or numbers)."""
        return Changes(self.edits.take(chosen), self.batch[chosen], self.batches)

    def of_batch(self, i: int) -> Any:
        """Return the batch of row `i`."""
        return self.batches[int(self.batch[i])]

    def note(self, i: int) -> str:
        """Return check, value and threshold of row `i`; empty where it was no check."""
        return self.edits.notes[i] if self.edits.notes else ""

    def why(self, i: int) -> str:
        """Return the reason of row `i`: what a person wrote, or the check that found it."""
        batch, note = self.of_batch(i), self.note(i)
        check = check_of(note) if batch.tool == "check" else ""
        return f"check: {check}" if check else str(batch.reason)


@lru_cache(maxsize=1024)
def check_of(note: str) -> str:
    """Return the title of the check that a note of the journal begins with; empty if none."""
    from ..checks.table import CHECKS

    names = [name for name in CHECKS if note.startswith(name)]
    return CHECKS[max(names, key=len)].title if names else ""


def net_changes(edits: Edits, ids: NDArray[np.int64], batches: Iterable[Batch]) -> Changes:
    """Lay changes on top of one another.

    Parameters
    ----------
    edits : Edits
        In the order in which they were written (see `Journal.edits`).
    ids : ndarray of int64
        Number of the batch of each.
    batches : iterable of Batch
        At least those named in `ids`.

    Returns
    -------
    Changes
        The batch of a row is the last one that gave it this code and is
        neither undo nor redo: its reason is the one that counts.
    """
    used = set(ids.tolist())
    known = {int(batch.id): batch for batch in batches if batch.id in used}
    if not len(edits):
        return Changes(edits, ids, known)
    order = np.lexsort((np.arange(len(edits)), edits.parameter, edits.sample, edits.station))
    edits, ids = edits.take(order), ids[order]
    same = np.ones(len(edits), bool)
    same[0] = False
    for column in (edits.station, edits.sample, edits.parameter):
        same[1:] &= column[1:] == column[:-1]
    first = np.flatnonzero(~same)
    last = np.append(first[1:], len(edits)) - 1
    new = edits.new[last]
    repeats = np.isin(ids, [i for i, batch in known.items() if batch.tool in _REPEATS])
    gives = (edits.new == np.repeat(new, last - first + 1)) & ~repeats
    cause = np.maximum.reduceat(np.where(gives, np.arange(len(edits)), -1), first)
    cause = np.where(cause < 0, last, cause)
    differs = np.flatnonzero(edits.old[first] != new)
    found = edits.take(cause[differs])
    return Changes(
        Edits(
            found.station,
            found.sample,
            found.parameter,
            found.keys,
            edits.old[first][differs],
            found.new,
            found.notes,
        ),
        ids[cause][differs],
        known,
    )
