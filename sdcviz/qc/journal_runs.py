"""Edits as the journal keeps them: runs of samples, stations by lasting identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.qc.model import PLACES, Edits

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["Runs", "identities", "rows_of", "spread"]

_PIECE = 2_000_000
"""Samples that are laid over in one go: bounds the memory of a change of everything."""


@dataclass(frozen=True)
class Runs:
    """Runs of consecutive samples of one station with equal flags and note; columns.

    Attributes
    ----------
    row : ndarray of int64
        Row of the station in the open collection; -1: the station is not there.
    source : list of str
        First 16 digits of the SHA-256 of the station's file.
    station : ndarray of int64
        Number of the station in that file.
    first, count : ndarray of int64
        First sample (-1: the station itself) and how many.
    parameter : ndarray of int16
        Index in `keys`.
    keys : tuple of str
        Parameters, and the keys of `sdcviz.qc.model.PLACES`.
    old, new : ndarray of uint8
        ASCII of L20 codes.
    note : list of str
        Check, value and threshold; mostly empty.
    batch : ndarray of int64
        Number of the batch; 0 as long as it is not written.
    """

    row: NDArray[np.int64]
    source: list[str]
    station: NDArray[np.int64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    parameter: NDArray[np.int16]
    keys: tuple[str, ...]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    note: list[str]
    batch: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def samples(self) -> int:
        """Changes in all runs together."""
        return int(self.count.sum())

    @classmethod
    def of(cls, collection: Collection, edits: Edits) -> Runs:
        """Join edits to runs; what changes nothing is left out.

        Raises
        ------
        BadRequest
            A sample is changed twice.
        """
        edits = edits.take(edits.old != edits.new)
        row, sample = edits.station.astype(np.int64), edits.sample.astype(np.int64)
        which = edits.parameter
        order = np.lexsort((sample, row, which))
        row, sample, which = row[order], sample[order], which[order]
        old, new = edits.old[order], edits.new[order]
        same = (row[1:] == row[:-1]) & (which[1:] == which[:-1])
        twice = np.flatnonzero(same & (sample[1:] == sample[:-1]))
        if twice.size:
            i = twice[0]
            raise BadRequest(
                f"Sample {sample[i]} of station {row[i]} is changed twice in one step "
                f"({edits.keys[which[i]]}); give each sample one new flag."
            )
        # the station itself (-1) and its first sample (0) are no run
        same &= (sample[1:] == sample[:-1] + 1) & (sample[:-1] >= 0)
        same &= (old[1:] == old[:-1]) & (new[1:] == new[:-1])
        note: Any = None
        if edits.notes is not None:
            note = np.array(edits.notes, object)[order]
            same &= note[1:] == note[:-1]
        begin = np.flatnonzero(np.concatenate([[True], ~same])) if len(row) else np.empty(0, int)
        row = row[begin]
        names, station = identities(collection, row)
        return cls(
            row=row,
            source=names,
            station=station,
            first=sample[begin],
            count=np.diff(np.append(begin, len(order))),
            parameter=which[begin],
            keys=edits.keys,
            old=old[begin],
            new=new[begin],
            note=[""] * len(row) if note is None else note[begin].tolist(),
            batch=np.zeros(len(row), np.int64),
        )

    @classmethod
    def read(cls, collection: Collection, rows: Sequence[Any]) -> Runs:
        """Take rows of the table: batch, number, source, station, first, ... in its order."""
        columns = list(zip(*rows, strict=True)) or [()] * 10
        batch, _, source, station, first, count, parameter, old, new, note = columns
        keys = tuple(dict.fromkeys(parameter))
        number = {key: i for i, key in enumerate(keys)}
        stations = np.array(station, np.int64)
        return cls(
            row=rows_of(collection, source, stations),
            source=list(source),
            station=stations,
            first=np.array(first, np.int64),
            count=np.array(count, np.int64),
            parameter=np.array([number[key] for key in parameter], np.int16),
            keys=keys,
            old=np.frombuffer("".join(old).encode(), np.uint8),
            new=np.frombuffer("".join(new).encode(), np.uint8),
            note=list(note),
            batch=np.array(batch, np.int64),
        )

    def rows(self, batch: int) -> Iterator[tuple[Any, ...]]:
        """Give rows for the table."""
        keys = [self.keys[i] for i in self.parameter.tolist()]
        return zip(
            [batch] * len(self),
            range(len(self)),
            self.source,
            self.station.tolist(),
            self.first.tolist(),
            self.count.tolist(),
            keys,
            self.old.tobytes().decode(),
            self.new.tobytes().decode(),
            self.note,
            strict=True,
        )

    def reversed(self) -> Runs:
        """Return what takes these changes back."""
        return replace(self, old=self.new, new=self.old)

    def take(self, chosen: NDArray) -> Runs:
        """Keep some runs (a mask)."""
        index = np.flatnonzero(chosen)
        kept = index.tolist()
        return Runs(
            self.row[index],
            [self.source[i] for i in kept],
            self.station[index],
            self.first[index],
            self.count[index],
            self.parameter[index],
            self.keys,
            self.old[index],
            self.new[index],
            [self.note[i] for i in kept],
            self.batch[index],
        )

    def by_key(
        self, known: Iterable[str]
    ) -> Iterator[tuple[str, NDArray[np.int64], NDArray, NDArray, NDArray]]:
        """Spread the runs to samples, by parameter and piece by piece.

        Runs of stations and parameters that the collection has not are left out.

        Parameters
        ----------
        known : iterable of str
            Parameters of the collection.

        Yields
        ------
        key : str
        run : ndarray of int64
            Which run each sample belongs to.
        row, sample : ndarray of int64
        new : ndarray of uint8
        """
        known = {*known, *PLACES}
        for number, key in enumerate(self.keys):
            if key not in known:
                continue
            runs = np.flatnonzero((self.parameter == number) & (self.row >= 0))
            for part, sample in spread(self.first[runs], self.count[runs]):
                run = runs[part]
                yield key, run, self.row[run], sample, self.new[run]

    def edits(self) -> tuple[Edits, NDArray[np.int64]]:
        """Spread all runs of stations that are there; return edits and the batch of each."""
        known = np.flatnonzero(self.row >= 0)
        pieces = list(spread(self.first[known], self.count[known]))
        run = known[np.concatenate([np.empty(0, np.int64), *(part for part, _ in pieces)])]
        sample = np.concatenate([np.empty(0, np.int64), *(numbers for _, numbers in pieces)])
        notes = None
        if any(self.note):
            notes = [self.note[i] for i in run.tolist()]
        found = Edits(
            self.row[run],
            sample.astype(np.int32),
            self.parameter[run],
            self.keys,
            self.old[run],
            self.new[run],
            notes,
        )
        return found, self.batch[run]


def spread(
    first: NDArray[np.integer], count: NDArray[np.integer]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Spread runs to samples, piece by piece.

    Yields
    ------
    run : ndarray of int64
        Which run each sample belongs to.
    sample : ndarray of int64
        Its number in the station.
    """
    ends = np.cumsum(count, dtype=np.int64)
    cuts = np.searchsorted(ends, np.arange(_PIECE, ends[-1], _PIECE)) if len(ends) else ()
    for runs in np.split(np.arange(len(ends)), np.unique(cuts)):
        if runs.size:
            n = count[runs].astype(np.int64)
            run = np.repeat(runs, n)
            yield run, np.arange(len(run)) + np.repeat(first[runs] - (np.cumsum(n) - n), n)


def identities(
    collection: Collection, rows: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.int64]]:
    """Return file (16 digits of its SHA-256) and number in the file of stations."""
    names = [source["sha256"][:16] for source in collection.manifest["sources"]]
    found = [names[i] for i in collection.source[rows].tolist()]
    return found, collection.station_index[rows].astype(np.int64)


def rows_of(
    collection: Collection, sources: Iterable[str], stations: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the rows of stations by identity; -1 where the collection has no such station."""
    number = {s["sha256"][:16]: i for i, s in enumerate(collection.manifest["sources"])}
    source = np.array([number.get(name, -1) for name in sources], np.int64)
    if not source.size or not collection.n_stations:
        return np.full(source.shape, -1, np.int64)

    def in_order() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        key = (collection.source.astype(np.int64) << 32) | collection.station_index
        order = np.argsort(key, kind="stable")
        return key[order], order

    keys, order = collection.remember(("identities",), in_order, weight=16 * collection.n_stations)
    wanted = (source << 32) | stations
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((keys[place] == wanted) & (source >= 0), order[place], -1)
