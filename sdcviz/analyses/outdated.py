"""Whether a product is out of date: which observations it would now leave out or take in.

What a product used is compared with what its recipe would choose now: flags change, and newer
snapshots of a collection hold other values, positions and stations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted
from .matching import Matched, match
from .record import Record, read_record

if TYPE_CHECKING:
    from pathlib import Path

    from ..observations.collection import Collection

__all__ = ["KINDS", "Outdated", "Watch", "outdated"]

KINDS = ("left out", "taken in", "changed", "gone")
"""What became of an observation: its flags, its value or place, or itself."""

LISTED = 2000
"""Changed observations that `Outdated.document` lists."""


@dataclass(frozen=True)
class Outdated:
    """What changed since a product was made.

    Attributes
    ----------
    record : Record
    sampled : Collection
        The collection that it was compared with.
    kind : ndarray of int8, shape (n,)
        See `KINDS`.
    station : ndarray of int64, shape (n,)
        Rows of stations; -1 for what is gone.
    sample : ndarray of int64, shape (n,)
        Number of the sample in its station; -1 for what is gone.
    observation : ndarray of int64, shape (n,)
        Number in the product; -1 for what it did not use.
    old, flag : ndarray of str, shape (n,)
        Flags (L20) before and now; empty where not known. Of the value, or else what else
        decides: "depth 4", "time 4", "position 4".
    lon, lat, depth, value : ndarray of float64, shape (n,)
    time : ndarray of datetime64[ms], shape (n,)
    """

    record: Record
    sampled: Collection
    kind: NDArray[np.int8]
    station: NDArray[np.int64]
    sample: NDArray[np.int64]
    observation: NDArray[np.int64]
    old: NDArray[np.str_]
    flag: NDArray[np.str_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    value: NDArray[np.float64]
    time: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.kind)

    def __bool__(self) -> bool:
        return len(self) > 0

    def take(self, chosen: NDArray[np.bool_]) -> Outdated:
        """Keep some of them."""
        columns = {
            name: getattr(self, name)[chosen]
            for name in self.__dataclass_fields__
            if name not in ("record", "sampled")
        }
        return Outdated(self.record, self.sampled, **columns)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each of `KINDS`."""
        found = np.bincount(self.kind, minlength=len(KINDS))
        return dict(zip(KINDS, found.tolist(), strict=True))

    @property
    def sentence(self) -> str:
        """For people: "Out of date: 37 observations changed (30 left out, 7 taken in)."."""
        if not self:
            return "Up to date: the recipe would choose the same observations."
        told = ", ".join(f"{n} {name}" for name, n in self.counts.items() if n)
        return f"Out of date: {counted(len(self), 'observation')} changed ({told})."

    @cached_property
    def slices(self) -> tuple[int, ...]:
        """Numbers of the times that the changed observations belong to."""
        from .matching import slices_of
        from .periods import inside

        both = np.concatenate([self.time, self._old_times])
        return tuple(k for k, one in enumerate(slices_of(self.record)) if inside(one, both).any())

    @property
    def _old_times(self) -> NDArray[np.datetime64]:
        known = self.observation[self.observation >= 0]
        return self.record.points.time[known]

    @cached_property
    def core(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the changed observations, where they were and are."""
        if not self:
            return None
        known = self.observation[self.observation >= 0]
        points = self.record.points
        lon = np.concatenate([self.lon, points.lon[known]])
        lat = np.concatenate([self.lat, points.lat[known]])
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """The box around them with the correlation length as margin, within the grid."""
        if self.core is None:
            return None
        from .boxes import widen

        reach = float(self.record.lengths("horizontal").max())
        west, south, east, north = widen(self.core, reach)
        lon, lat = self.record.lon, self.record.lat
        return (
            max(west, float(lon[0])), max(south, float(lat[0])),
            min(east, float(lon[-1])), min(north, float(lat[-1])),
        )  # fmt: skip

    def document(self, most: int = LISTED) -> dict[str, Any]:
        """Give it as JSON can hold it; the list is cut after `most`, the counts are not."""
        some = slice(0, most)
        columns = {
            "what": [KINDS[k] for k in self.kind[some].tolist()],
            "station": self.station[some].tolist(),
            "sample": self.sample[some].tolist(),
            "old": self.old[some].tolist(),
            "flag": self.flag[some].tolist(),
            "lon": self.lon[some].tolist(),
            "lat": self.lat[some].tolist(),
            "depth": self.depth[some].tolist(),
            "time": [str(t) for t in self.time[some]],
            "value": self.value[some].tolist(),
        }
        return {
            "product": str(self.record.path),
            "collection": str(self.sampled.path),
            "outdated": bool(self),
            "sentence": self.sentence,
            "counts": self.counts,
            "box": list(self.box) if self.box else None,
            "times": [self.record.labels[k] for k in self.slices],
            "observations": [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ],
        }


class Watch:
    """Compares one product with one snapshot of its collection, again and again.

    What the product used is looked up in the snapshot: where that is the one of the product only
    at the stations whose flags were changed since then, else once for all.

    Parameters
    ----------
    record : Record
    collection : Collection
        With the common flags.

    Raises
    ------
    BadRequest
        It is another collection than the product's.
    """

    def __init__(self, record: Record, collection: Collection) -> None:
        wanted = record.state.get("collection_id")
        if wanted and wanted != collection.id:
            raise BadRequest(
                f"{record.path.name} was not made of {collection.name}; compare it with "
                f"{record.recipe.collection}."
            )
        self.record, self.collection = record, collection
        self._few: tuple[NDArray[np.int64], Matched] | None = None

    @cached_property
    def _matched(self) -> Matched:
        return match(self.record, self.collection)

    @property
    def same(self) -> bool:
        """Whether snapshot and journal are those of the product, so that nothing can differ."""
        c, state = self.collection, self.record.state
        return (
            state.get("collection_snapshot") == c.snapshot
            and int(state.get("journal_batch", -1)) == (c.last_batch or 0)
            and not c.reading
        )

    def compare(self) -> Outdated:
        """Compare with the flags as they are now."""
        from .changes import changes_of, nothing_of

        if self.same:
            return nothing_of(self.record, self.collection)
        rows = self._touched()
        if rows is None:
            return changes_of(self.record, self.collection, self._matched)
        if self._few is None or not np.array_equal(self._few[0], rows):
            self._few = rows, match(self.record, self.collection, rows)
        return changes_of(self.record, self.collection, self._few[1])

    def _touched(self) -> NDArray[np.int64] | None:
        """Return the stations whose flags were changed since; None where any may have been."""
        c, state = self.collection, self.record.state
        if state.get("collection_snapshot") != c.snapshot or "journal_batch" not in state:
            return None
        numbers = [b.id for b in c.journal.batches(c, after=int(state["journal_batch"]))]
        if not numbers:
            return None
        rows = np.unique(c.journal.edits(c, numbers)[0].station)
        # Another station at the same place may have a sample that is alike in all.
        place = c.lon + 1j * c.lat
        rows = np.flatnonzero(np.isin(place, place[rows]) | np.isin(np.arange(len(place)), rows))
        # Of many stations all are looked up, once.
        return rows if len(rows) < c.n_stations // 4 else None


def outdated(product: Path | str, collection: Collection | Path | str | None = None) -> Outdated:
    """Tell whether a product is out of date, and what changed.

    Parameters
    ----------
    product : path-like
        Product of ``sdcviz divand``.
    collection : Collection or path-like, optional
        By default that of the product's recipe.

    Returns
    -------
    Outdated
        False where the recipe would choose what the product used.

    Raises
    ------
    NotFound
        There is no such product or collection.
    BadRequest
        It is no product of ours, or of another collection.

    Examples
    --------
    >>> from sdcviz.analyses.outdated import outdated
    >>> outdated("product.nc").sentence  # doctest: +SKIP
    'Out of date: 37 observations changed (30 left out, 7 taken in).'
    """
    from ..observations import open_collection
    from ..observations.collection import Collection as Opened

    record = read_record(product)
    if collection is None:
        collection = record.recipe.collection
        if collection is None:
            raise BadRequest(f"{record.path.name} names no collection; give it.")
    opened = collection if isinstance(collection, Opened) else open_collection(collection)
    return Watch(record, opened).compare()
