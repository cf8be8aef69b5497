"""Columns that grow while files are read, in bounded memory.

Small imports stay in memory; beyond a limit everything buffered goes to one
temporary file a column, written in whole pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sdcviz.formats.model import Coded
from sdcviz.observations.kernels import all_single, restore
from sdcviz.observations.layout import write_bytes

__all__ = ["PIECE", "SampleColumn", "Scratch", "TextColumn", "pieces"]

PIECE = 2_000_000
"""Samples that are handled at a time."""


class Scratch:
    """The temporary folder of one import and the memory that its columns share.

    Parameters
    ----------
    folder : Path
        An existing folder on the disk of the collection.
    limit : int
        Bytes kept in memory before all columns are written out.
    """

    def __init__(self, folder: Path, limit: int = 96_000_000) -> None:
        self.folder, self.limit = folder, limit
        self.columns: list[SampleColumn] = []
        self.held = 0

    def flush_if_full(self) -> None:
        """Write all columns out once the memory is used up."""
        if self.held > self.limit:
            for column in self.columns:
                column.flush()
            self.held = 0


class SampleColumn:
    """One column of samples that exists for some stations.

    Doubles remember whether single precision would hold them without loss.

    Parameters
    ----------
    scratch : Scratch
        Where to write when memory is used up.
    dtype : dtype
        Type of the samples.
    """

    def __init__(self, scratch: Scratch, dtype: DTypeLike) -> None:
        self.scratch = scratch
        self.dtype = np.dtype(dtype)
        self.single = self.dtype == np.float64
        self.size = 0
        self._parts: list[NDArray] = []
        self._path = scratch.folder / f"{len(scratch.columns)}.column"
        self._runs: list[tuple[int, int, int]] = []
        self._given: list[tuple[int, NDArray[np.int64]]] = []
        scratch.columns.append(self)

    def append(self, values: NDArray, station: int, n_stations: int, first_sample: int) -> None:
        """Add the samples of `n_stations` whole stations.

        Parameters
        ----------
        values : ndarray
            All samples of the stations `station` ...
        station, n_stations : int
            Number of the first station, and how many.
        first_sample : int
            Number of its first sample among all samples of the import.
        """
        shift = self.size - first_sample
        last = self._runs[-1] if self._runs else None
        if last and last[1] == station and last[2] == shift:
            self._runs[-1] = (last[0], station + n_stations, shift)
        else:
            self._runs.append((station, station + n_stations, shift))
        self._hold(values)

    def append_piece(self, values: NDArray) -> None:
        """Add samples whose stations `place` tells once all pieces are there."""
        self._hold(values)

    def place(self, station: int, starts: NDArray[np.int64]) -> None:
        """Tell where the samples of the stations from `station` on begin (-1: none)."""
        self._given.append((station, starts))

    def _hold(self, values: NDArray) -> None:
        values = np.asarray(values)
        if self.dtype == np.float64:
            if values.dtype == np.float32:
                values = restore(values)
            elif self.single:
                self.single = bool(all_single(np.asarray(values, np.float64)))
        self._parts.append(np.array(values, self.dtype))  # a copy: readers may reuse theirs
        self.size += values.size
        self.scratch.held += self._parts[-1].nbytes

    def flush(self) -> None:
        """Write what is in memory to the temporary file."""
        if self._parts:
            with open(self._path, "ab", buffering=0) as file:
                for part in self._parts:
                    write_bytes(file, part)
            self._parts = []

    def all(self) -> NDArray:
        """Return all samples in the order of adding."""
        if not self._path.exists():
            whole = np.concatenate(self._parts) if self._parts else np.empty(0, self.dtype)
            self._parts = [whole]
            return whole
        self.flush()
        return np.asarray(np.memmap(self._path, self.dtype, "r"))

    def starts(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where the samples of each station begin (-1: it has none).

        Parameters
        ----------
        offsets : ndarray of int64, shape (n + 1,)
            Where each station's samples begin among all samples of the import.
        """
        out = np.full(len(offsets) - 1, -1, np.int64)
        for first, last, shift in self._runs:
            out[first:last] = offsets[first:last] + shift
        for first, starts in self._given:
            out[first : first + len(starts)] = starts
        return out

    def discard(self) -> None:
        """Give memory and disk back once the column has found its place."""
        self._parts = []
        self._path.unlink(missing_ok=True)


class TextColumn:
    """One text a station, coded while it grows."""

    def __init__(self) -> None:
        self._table: dict[str, int] = {}
        self._parts: list[tuple[int, NDArray[np.int32]]] = []

    def codes_of(self, coded: Coded) -> NDArray[np.int32]:
        """Translate codes of a file to the codes of the collection."""
        table = self._table
        lookup = [table.setdefault(label, len(table)) for label in coded.labels]
        lookup.append(-1)  # the last is also number -1: no text
        return np.array(lookup, np.int32)[coded.codes]

    def append(self, coded: Coded, station: int) -> None:
        """Add texts of the stations from number `station` on."""
        self._parts.append((station, self.codes_of(coded)))

    @property
    def labels(self) -> list[str]:
        """The distinct texts."""
        return list(self._table)

    def all(self, n: int) -> NDArray[np.int32]:
        """Return the codes of all `n` stations; -1 where the file has no such text."""
        out = np.full(n, -1, np.int32)
        for first, codes in self._parts:
            out[first : first + len(codes)] = codes
        return out


def pieces(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut stations into runs of about `PIECE` samples.

    Parameters
    ----------
    lengths : ndarray of int64
        Samples of each station.

    Yields
    ------
    tuple of int
        First station, and the one after the last.
    """
    ends = np.cumsum(lengths)
    r0 = 0
    while r0 < len(lengths):
        done = int(ends[r0 - 1]) if r0 else 0
        r1 = max(r0 + 1, int(np.searchsorted(ends, done + PIECE, "right")))
        yield r0, r1
        r0 = r1
