"""Some stations with what a rule asks of their samples, gathered when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.model import MISSING, Coded
from sdcviz.observations.kernels import gather, restore

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["Piece", "pieces", "wide"]

PIECE_SAMPLES = 1_000_000
"""About so many samples are looked at in one go: memory stays below some hundred megabytes."""


def pieces(
    collection: Collection, rows: NDArray[np.int64], size: int = PIECE_SAMPLES
) -> Iterator[NDArray[np.int64]]:
    """Cut stations into runs of about `size` samples, at least one station each."""
    lengths = collection.offsets[rows + 1] - collection.offsets[rows]
    # A station without samples costs something too.
    run = np.cumsum(np.maximum(lengths, 1)) // size
    cuts = np.flatnonzero(np.diff(run)) + 1
    yield from (part for part in np.split(rows, cuts) if len(part))


class Piece:
    """Samples of some stations, one after another.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64
        Stations, ascending.
    stations_only : bool
        Every station has one sample of which nothing is known: for conditions
        on stations, and for stations without samples.
    """

    def __init__(
        self, collection: Collection, rows: NDArray[np.int64], stations_only: bool = False
    ) -> None:
        self.collection, self.rows, self.stations_only = collection, rows, stations_only
        c = collection
        lengths = np.ones(len(rows), np.int64)
        self.lengths = lengths if stations_only else c.offsets[rows + 1] - c.offsets[rows]
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        self.n = int(self.offsets[-1])
        self._known: dict[Any, Any] = {}

    def _once(self, what: Any, make: Any) -> Any:
        if what not in self._known:
            self._known[what] = make()
        return self._known[what]

    @property
    def station(self) -> NDArray[np.int64]:
        """Place in `rows` of the station of each sample."""
        places = np.arange(len(self.rows))
        return self._once("station", lambda: np.repeat(places, self.lengths))

    @property
    def number(self) -> NDArray[np.int64]:
        """Number of each sample in its station."""
        return np.arange(self.n) - np.repeat(self.offsets[:-1], self.lengths)

    def repeat(self, values: NDArray) -> NDArray:
        """Give each sample the value of its station (one element a row)."""
        return np.repeat(values, self.lengths)

    def take(self, array: NDArray, starts: NDArray[np.int64] | None, fill: Any) -> NDArray:
        """Collect a column; `fill` for stations that it does not have."""
        if self.stations_only:
            return np.full(self.n, fill, array.dtype)
        begin = (self.collection.offsets if starts is None else starts)[self.rows]
        out = np.empty(self.n, array.dtype)
        gather(array, begin, self.lengths, array.dtype.type(fill), out)
        return out

    def depth(self) -> NDArray[np.float64]:
        """Depth of each sample in metres."""
        return self._once("depth", lambda: wide(self.take(self.collection.depth, None, np.nan)))

    def values(self, key: str) -> NDArray[np.float64]:
        """Return the values of a parameter as the decimals that the file had; NaN: none."""

        def make() -> NDArray[np.float64]:
            if key.startswith("derived:"):
                return self._derived(key)
            stored = self.collection.stored(key)
            assert stored is not None, "values are always stored"
            return wide(self.take(*stored, np.nan))

        return self._once(("values", key), make)

    def _derived(self, key: str) -> NDArray[np.float64]:
        from sdcviz.observations.derived import compute

        if self.stations_only or not self.n:
            return np.full(self.n, np.nan)
        return compute(self.collection, key, self.rows)[0]

    def texts(self, key: str) -> Coded:
        """Return the texts of a text parameter."""
        stored = self.collection.stored(key)
        assert stored is not None, "values are always stored"
        codes = self._once(("texts", key), lambda: self.take(*stored, -1))
        return Coded(codes, self.collection.labels(key))

    def flags(self, key: str) -> NDArray[np.uint8]:
        """Return the flags of a parameter; 9 where there is no value."""
        stored = self.collection.stored(key, "flags")
        assert stored is not None, "flags are always stored"
        return self._once(("flags", key), lambda: self.take(*stored, MISSING))

    def time(self) -> NDArray[np.datetime64]:
        """Time of each sample: its own, else that of its station."""

        def make() -> NDArray[np.datetime64]:
            c = self.collection
            time = self.repeat(c.time[self.rows].astype("M8[ms]"))
            if c.sample_time is None or self.stations_only:
                return time
            missing = np.datetime64("NaT").view(np.int64)
            own = self.take(c.sample_time.view(np.int64), None, missing).view("M8[ms]")
            return np.where(np.isnat(own), time, own)

        return self._once("time", make)

    def neighbours(self, key: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Find the samples that have value and depth, and which follow one of the same station.

        Returns
        -------
        index : ndarray of int64
            Samples that have both.
        follows : ndarray of bool, one shorter
            Whether ``index[i + 1]`` is of the same station as ``index[i]``.
        """

        def make() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
            index = np.flatnonzero(np.isfinite(self.values(key)) & np.isfinite(self.depth()))
            station = self.station[index]
            return index, station[1:] == station[:-1]

        return self._once(("neighbours", key), make)


def wide(values: NDArray) -> NDArray[np.float64]:
    """Widen to doubles; single precision stands for a decimal (13.42, not 13.4200001)."""
    return restore(values) if values.dtype == np.float32 else values.astype(np.float64)
