"""Edits as the journal keeps them: runs of samples, stations by lasting identity."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.qc.model import PLACES, Edits

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.journal.edits import Piece

__all__ = ["Runs", "distinct", "find_rows", "identities", "rows_of", "spread"]

_PIECE = 2_000_000
"""Samples that are laid over in one go: bounds the memory of a change of everything."""


@dataclass(frozen=True)
class Runs:
    """Runs of consecutive samples of one station with equal flags and note; columns.

    Attributes
    ----------
    row : ndarray of int64
        Row of the station in the open collection; -1: the station is not there.
    file : ndarray of int64
        Index in `files`.
    files : tuple of str
        First 16 digits of the SHA-256 of source files.
    station : ndarray of int64
        Number of the station in its file.
    first, count : ndarray of int64
        First sample (-1: the station itself) and how many.
    parameter : ndarray of int16
        Index in `keys`.
    keys : tuple of str
        Parameters, and the keys of `sdcviz.qc.model.PLACES`.
    old, new : ndarray of uint8
        ASCII of L20 codes.
    note : list of str or None
        Check, value and threshold; None where there are none.
    batch : ndarray of int64
        Number of the batch; 0 as long as it is not written.
    """

    row: NDArray[np.int64]
    file: NDArray[np.int64]
    files: tuple[str, ...]
    station: NDArray[np.int64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    parameter: NDArray[np.int16]
    keys: tuple[str, ...]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    note: list[str] | None
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
        edits = edits.take(np.lexsort((edits.sample, edits.station, edits.parameter)))
        row, sample, which = edits.station, edits.sample.astype(np.int64), edits.parameter
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
        same &= (edits.old[1:] == edits.old[:-1]) & (edits.new[1:] == edits.new[:-1])
        if edits.notes is not None:
            notes = np.array(edits.notes, object)
            same &= notes[1:] == notes[:-1]
        begin = np.flatnonzero(np.append(True, ~same)[: len(row)])
        file, files, station = identities(collection, row[begin])
        return cls(
            row=row[begin],
            file=file,
            files=files,
            station=station,
            first=sample[begin],
            count=np.diff(np.append(begin, len(row))),
            parameter=which[begin],
            keys=edits.keys,
            old=edits.old[begin],
            new=edits.new[begin],
            note=None if edits.notes is None else notes[begin].tolist(),
            batch=np.zeros(len(begin), np.int64),
        )

    @classmethod
    def read(cls, collection: Collection, pieces: Iterable[Piece]) -> Runs:
        """Join what the database gives, in the order of the batches."""
        files, keys = _Names(), _Names()
        parts: list[tuple[NDArray, ...]] = [(np.empty(0, np.int64),) * 8]
        notes: list[str] = []
        for p in pieces:
            n = len(p.batch)
            file, key = (np.broadcast_to(x, n) for x in (files.of(p.source), keys.of(p.parameter)))
            parts.append((p.batch, file, p.station, p.first, p.count, key, p.old, p.new))
            notes += p.note or [""] * n
        batch, file, station, first, count, key, old, new = map(
            np.concatenate, zip(*parts, strict=True)
        )
        order = np.argsort(batch, kind="stable")
        station, file = station[order], file[order]
        return cls(
            row=rows_of(collection, files.names, file, station),
            file=file,
            files=files.names,
            station=station,
            first=first[order],
            count=count[order],
            parameter=key[order].astype(np.int16),
            keys=keys.names,
            old=old[order].astype(np.uint8),
            new=new[order].astype(np.uint8),
            note=[notes[i] for i in order.tolist()] if any(notes) else None,
            batch=batch[order],
        )

    def rows(self, batch: int) -> Iterator[tuple[Any, ...]]:
        """Give rows for the table."""
        return zip(
            itertools.repeat(batch, len(self)),
            range(len(self)),
            map(self.files.__getitem__, self.file.tolist()),
            self.station.tolist(),
            self.first.tolist(),
            self.count.tolist(),
            map(self.keys.__getitem__, self.parameter.tolist()),
            self.old.tobytes().decode(),
            self.new.tobytes().decode(),
            itertools.repeat("", len(self)) if self.note is None else self.note,
            strict=True,
        )

    def reversed(self) -> Runs:
        """Return what takes these changes back."""
        return replace(self, old=self.new, new=self.old)

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

    def edits(self, keys: Iterable[str]) -> tuple[Edits, NDArray[np.int64]]:
        """Spread the runs of stations and parameters that the collection has, in their order.

        Parameters
        ----------
        keys : iterable of str
            Parameters of the collection.

        Returns
        -------
        Edits
        batch : ndarray of int64
            Number of the batch of each edit.
        """
        there = np.array([key in {*keys, *PLACES} for key in self.keys], bool)
        known = np.flatnonzero((self.row >= 0) & there[self.parameter])
        pieces = list(spread(self.first[known], self.count[known]))
        run = known[np.concatenate([np.empty(0, np.int64), *(part for part, _ in pieces)])]
        sample = np.concatenate([np.empty(0, np.int64), *(numbers for _, numbers in pieces)])
        notes = None
        if self.note is not None:
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
    if len(count) <= _PIECE and (count == 1).all():  # mostly one sample
        if len(count):
            yield np.arange(len(count)), first.astype(np.int64)
        return
    ends = np.cumsum(count, dtype=np.int64)
    cuts = np.searchsorted(ends, np.arange(_PIECE, ends[-1], _PIECE))
    for runs in np.split(np.arange(len(ends)), np.unique(cuts)):
        if runs.size:
            n = count[runs].astype(np.int64)
            run = np.repeat(runs, n)
            yield run, np.arange(len(run)) + np.repeat(first[runs] - (np.cumsum(n) - n), n)


def distinct(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row once, ascending; for a million faster than `numpy.unique`."""
    rows = np.sort(rows)
    return rows[np.append(True, rows[1:] != rows[:-1])[: len(rows)]]


class _Names:
    """Numbers for texts, as they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._numbers)

    def of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        known = self._numbers
        if texts and texts.count(texts[0]) == len(texts):  # often all the same
            return np.full(len(texts), known.setdefault(texts[0], len(known)))
        return np.array([known.setdefault(text, len(known)) for text in texts], np.int64)


def identities(
    collection: Collection, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]:
    """Return the lasting identity of stations.

    Returns
    -------
    file : ndarray of int64
        Index in `files`.
    files : tuple of str
        First 16 digits of the SHA-256 of all source files.
    station : ndarray of int64
        Number of the station in its file.
    """
    files = tuple(source["sha256"][:16] for source in collection.manifest["sources"])
    station = collection.station_index[rows].astype(np.int64)
    return collection.source[rows].astype(np.int64), files, station


def find_rows(collection: Collection, ids: Iterable[str]) -> NDArray[np.int64]:
    """Return the rows of stations by ``"sha:number"``; -1 where there is none."""
    parts = [text.partition(":") for text in ids]
    stations = [int(n) if n.isdecimal() and len(n) < 10 else -1 for _, _, n in parts]
    files = _Names()
    file = files.of([source for source, _, _ in parts])
    return rows_of(collection, files.names, file, np.array(stations, np.int64))


def rows_of(
    collection: Collection,
    files: Sequence[str],
    file: NDArray[np.int64],
    station: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the rows of stations by identity (see `identities`); -1 where there is none."""
    if not len(file) or not collection.n_stations:
        return np.full(len(file), -1, np.int64)
    known = {s["sha256"][:16]: i for i, s in enumerate(collection.manifest["sources"])}
    source = np.array([known.get(name, -1) for name in files], np.int64)[file]
    known_place = (source >= 0) & (station >= 0)
    source, station = np.where(known_place, source, 0), np.where(known_place, station, 0)
    find = collection.remember(
        ("identities",), lambda: _Places(collection), weight=8 * collection.n_stations
    )
    return np.where(known_place, find.rows(source, station), -1)


class _Places:
    """Finds rows by source and number of the station in it: in a table, or by sorted keys.

    Stations are mostly numbered without gaps; where numbers are sparse, a table of
    all that could be would be too long.
    """

    def __init__(self, c: Collection) -> None:
        ends = np.zeros(len(c.manifest["sources"]), np.int64)
        np.maximum.at(ends, c.source, c.station_index.astype(np.int64) + 1)
        self._begin = np.concatenate([[0], np.cumsum(ends)])
        self._keys: NDArray[np.int64] | None = None
        rows = np.arange(c.n_stations)
        key = self._begin[c.source] + c.station_index
        if self._begin[-1] <= 4 * c.n_stations + 1000:
            self._table = np.full(self._begin[-1] + 1, -1)
            self._table[key] = rows
        else:
            self._table = np.argsort(key)
            self._keys = key[self._table]

    def rows(self, source: NDArray[np.int64], station: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return rows; -1 where there is none."""
        key = self._begin[source] + station
        inside = key < self._begin[source + 1]
        if self._keys is None:
            return np.where(inside, self._table[np.where(inside, key, 0)], -1)
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return np.where(inside & (self._keys[place] == key), self._table[place], -1)
