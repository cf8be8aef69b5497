"""Changes of flags, laid over the columns of a collection that is open.

The files stay as they were imported. The first change of a column maps its
file once more, privately: the system copies the pages that are written to and
shares all others with the file, so that reading costs the same as before and
one change never copies a column.
"""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Iterable
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.model import MISSING
from sdcviz.observations.layout import read_npy

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["DEPTH", "PLAIN", "POSITION", "TIME", "Overlay", "Places"]

DEPTH, TIME, POSITION = "@depth", "@time", "@position"
"""Keys of the flags of depth, time and position, used as those of parameters."""

PLAIN = {DEPTH: "depth_flag", TIME: "time_flag", POSITION: "position_flag"}
"""Their columns (samples may have times of their own, too)."""
_LOGGED = 2_000_000
"""Changes of flags that can be looked behind (see `Overlay.back`)."""
_numbers = itertools.count(1)


class Places(NamedTuple):
    """Where flags of one column are stored.

    Attributes
    ----------
    asked : ndarray of int64
        Which of the flags that were asked for.
    stem : str
        Name of the column's file without ending.
    at : ndarray of int64
        Elements of the column; -1 where there is no such flag.
    """

    asked: NDArray[np.int64]
    stem: str
    at: NDArray[np.int64]


class _Step(NamedTuple):
    """What one change has overwritten; `number` is the version since."""

    number: int
    stem: str
    at: NDArray[np.int64]
    old: NDArray[np.uint8]


class Overlay:
    """The changed flags of one open collection.

    Parameters
    ----------
    collection : Collection
        What is open.
    """

    def __init__(self, collection: Collection) -> None:
        # Weak, so that a collection closes its files as soon as nobody uses it.
        self._columns: Collection = weakref.proxy(collection)
        self._number = next(_numbers)
        self._lock = RLock()
        self._writable: dict[str, NDArray[np.uint8]] = {}
        self._views: dict[str, NDArray[np.uint8]] = {}
        self._changes: dict[str, int] = {}
        self._counts: dict[str, NDArray[np.int64]] = {}
        self._log: deque[_Step] = deque()
        self._logged = 0
        self._begun = self._done = 0

    # ---- where ---------------------------------------------------------
    def places(self, key: str, rows: NDArray[np.int64], samples: NDArray[np.int64]) -> list[Places]:
        """Find where flags are stored.

        Parameters
        ----------
        key : str
            Parameter, or one of `DEPTH`, `TIME`, `POSITION`.
        rows, samples : ndarray of int64, shape (n,)
            See `Columns.lay_over`.

        Returns
        -------
        list of Places
            Times of stations and of samples are stored apart.

        Raises
        ------
        NotFound
            The collection has no such parameter.
        """
        c = self._columns
        stem = PLAIN.get(key) or f"{c.stem(key)}.flag"
        every = np.arange(len(rows))
        known = (rows >= 0) & (rows < c.n_stations)
        if not known.any():
            return [Places(every, stem, np.full(len(rows), -1))]
        r = np.where(known, rows, 0)
        inside = known & (samples >= 0) & (samples < c.offsets[r + 1] - c.offsets[r])
        sample = np.where(inside, c.offsets[r] + samples, -1)
        station = np.where(known & (samples == -1), r, -1)
        if key == POSITION:
            return [Places(every, stem, station)]
        if key == DEPTH:
            return [Places(every, stem, sample)]
        if key == TIME:
            return self._times(sample, station)
        stored = c.stored(key, "flags")
        assert stored is not None, "flags are always stored"
        starts = stored[1][r]
        there = inside & (starts >= 0) & c.has(key)[r]
        return [Places(every, stem, np.where(there, starts + samples, -1))]

    def _times(self, sample: NDArray[np.int64], station: NDArray[np.int64]) -> list[Places]:
        of_station = np.flatnonzero(sample < 0)
        found = [Places(of_station, "time_flag", station[of_station])]
        own = self._columns.sample_time
        of_sample = np.flatnonzero(sample >= 0)
        if own is None:
            return [*found, Places(of_sample, "time_flag", np.full(len(of_sample), -1))]
        at = sample[of_sample]
        return [*found, Places(of_sample, "sample_time_flag", np.where(np.isnat(own[at]), -1, at))]

    # ---- reading -------------------------------------------------------
    def view(self, stem: str) -> NDArray[np.uint8] | None:
        """Return a changed column, read-only; None where nothing was changed."""
        return self._views.get(stem)

    def now(self, stem: str) -> NDArray[np.uint8]:
        """Return a column as it stands, read-only."""
        changed = self._views.get(stem)
        return self._columns.mapped(stem) if changed is None else changed

    def at(
        self, key: str, rows: NDArray[np.int64], samples: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Return flags as they stand; see `Columns.flag_at`."""
        out = np.full(len(rows), MISSING, np.uint8)
        for asked, stem, at in self.places(key, rows, samples):
            column, there = self.now(stem), at >= 0
            out[asked[there]] = column[at[there]]
        return out

    @property
    def version(self) -> int:
        """How many times flags were laid over."""
        return self._done

    @property
    def quiet(self) -> int:
        """The version, once no change is under way."""
        with self._lock:
            return self._done

    def since(self, version: int) -> bool:
        """Tell whether a change was begun after a version."""
        return self._begun != version

    def back(self, stem: str, version: int) -> NDArray[np.uint8] | None:
        """Return a column as it was; None where that is too many changes ago."""
        with self._lock:
            steps = [step for step in self._log if step.number > version]
            if self._done - version > len(steps):
                return None
            steps = [step for step in steps if step.stem == stem]
            if not steps:
                return self.now(stem)
            column = self.now(stem).copy()
        for step in reversed(steps):
            column[step.at] = step.old
        column.flags.writeable = False
        return column

    def state(self, keys: Iterable[str]) -> tuple[int, ...]:
        """Name the state of some flags: equal names mean equal flags; () is as imported."""
        changes = sum(self._changes.get(key, 0) for key in keys)
        return (self._number, changes) if changes else ()

    def counts(self, key: str, imported: dict[str, int]) -> dict[str, int]:
        """Bring counts of flags, as imported, up to date."""
        with self._lock:
            change = self._counts.get(key)
            if change is None:
                return dict(imported)
            total = change.copy()
        for code, n in imported.items():
            total[ord(code)] += n
        return {chr(c): int(total[c]) for c in np.flatnonzero(total)}

    # ---- changing ------------------------------------------------------
    def lay(
        self,
        key: str,
        rows: NDArray[np.int64],
        samples: NDArray[np.int64],
        codes: NDArray[np.uint8],
    ) -> NDArray[np.bool_]:
        """Change flags; see `Columns.lay_over`."""
        laid = np.zeros(len(rows), bool)
        for asked, stem, at in self.places(key, rows, samples):
            laid[asked] = at >= 0
            # Of several changes of one flag the last counts.
            place, last = np.unique(at[::-1], return_index=True)
            last = asked[len(at) - 1 - last[place >= 0]]
            if len(last):
                self._lay(key, stem, place[place >= 0], rows[last], samples[last], codes[last])
        return laid

    def _lay(
        self,
        key: str,
        stem: str,
        at: NDArray[np.int64],
        rows: NDArray[np.int64],
        samples: NDArray[np.int64],
        new: NDArray[np.uint8],
    ) -> None:
        c = self._columns
        with self._lock:
            column = self._column(stem)
            # Before and after: what sees one state at its begin and end has seen only
            # that, so `Columns.remember` and `Selection` know what holds.
            self._begun += 1
            self._changes[key] = self._changes.get(key, 0) + 1
            self._note(stem, at, column[at])
            change = self._counts.setdefault(key, np.zeros(256, np.int64))
            change -= np.bincount(column[at], minlength=256)
            change += np.bincount(new, minlength=256)
            column[at] = new
            self._changes[key] += 1
            self._done = self._begun
            spread = c.kept((key, "flags"))
            if spread is not None:
                spread.base[c.offsets[rows] + samples] = new
            c.forget(key)

    def _note(self, stem: str, at: NDArray[np.int64], old: NDArray[np.uint8]) -> None:
        """Keep what is overwritten; the oldest goes first where it is much."""
        self._log.append(_Step(self._begun, stem, at, old))
        self._logged += len(at)
        while self._logged > _LOGGED:
            self._logged -= len(self._log.popleft().at)

    def _column(self, stem: str) -> NDArray[np.uint8]:
        """Return a column that can be written to."""
        if stem not in self._writable:
            try:
                column = read_npy(self._columns.folder / f"{stem}.npy", private=True)
            except FileNotFoundError:  # a later import has swept what is open here
                column = np.array(self._columns.mapped(stem))
            view = column.view()
            view.flags.writeable = False
            self._writable[stem], self._views[stem] = column, view
            self._columns.replaced(stem, view)
        return self._writable[stem]
