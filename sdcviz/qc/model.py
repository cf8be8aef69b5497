"""What checks find and what people change: columns of one length each.

Stations are named by their row in the opened collection and samples by their
number within the station, so that neither needs the other's columns; the
journal translates rows to identities that survive a new import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.observations.overlay import DEPTH, POSITION, TIME

if TYPE_CHECKING:
    import pandas as pd

    from sdcviz.observations import Collection

__all__ = ["DEPTH", "PLACES", "POSITION", "TIME", "Edits", "Findings", "label_of"]

PLACES: dict[str, str] = {DEPTH: "Depth", TIME: "Time", POSITION: "Position"}
"""What has flags besides the parameters: key and name for people.

Position and the station's time belong to the station (sample -1); depth and
the samples' own time to samples.
"""


def label_of(collection: Collection, key: str) -> str:
    """Return the name for people of what has a flag: a parameter, or a key of `PLACES`."""
    return PLACES.get(key) or collection.parameter(key).label


@dataclass(frozen=True)
class Edits:
    """Changes of flags, one row each.

    Attributes
    ----------
    station : ndarray of int64
        Row of the station in the collection that is open.
    sample : ndarray of int32
        Number of the sample in the station from 0; -1 is the station itself.
    parameter : ndarray of int16
        Index in `keys`.
    keys : tuple of str
        Parameters, and the keys of `PLACES`.
    old, new : ndarray of uint8
        ASCII of L20 codes: what was seen before the change, and after it.
    notes : list of str or None
        Check, value and threshold of each change; None where there are none.
    """

    station: NDArray[np.int64]
    sample: NDArray[np.int32]
    parameter: NDArray[np.int16]
    keys: tuple[str, ...]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    notes: list[str] | None = None

    def __len__(self) -> int:
        return len(self.station)

    @classmethod
    def of(
        cls,
        key: str,
        station: ArrayLike,
        sample: ArrayLike,
        old: ArrayLike,
        new: ArrayLike,
        notes: list[str] | None = None,
    ) -> Edits:
        """Make edits of one parameter; single numbers stand for all rows.

        Parameters
        ----------
        key : str
            Parameter, or a key of `PLACES`.
        station, sample : array_like of int
        old, new : array_like of uint8, or str of one character
        notes : list of str, optional
        """
        old, new = (np.uint8(ord(c)) if isinstance(c, str) else c for c in (old, new))
        rows, samples, before, after = np.broadcast_arrays(
            np.atleast_1d(np.asarray(station, np.int64)),
            np.asarray(sample, np.int32),
            np.asarray(old, np.uint8),
            np.asarray(new, np.uint8),
        )
        which = np.zeros(len(rows), np.int16)
        return cls(rows.copy(), samples.copy(), which, (key,), before.copy(), after.copy(), notes)

    def take(self, chosen: NDArray) -> Edits:
        """Keep some rows (a mask or numbers)."""
        index = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return Edits(
            self.station[index],
            self.sample[index],
            self.parameter[index],
            self.keys,
            self.old[index],
            self.new[index],
            None if self.notes is None else [self.notes[i] for i in index],
        )

    @classmethod
    def join(cls, parts: Sequence[Edits]) -> Edits:
        """Put several one after another."""
        keys = tuple(dict.fromkeys(key for part in parts for key in part.keys))
        notes = None
        if any(part.notes is not None for part in parts):
            notes = [n for part in parts for n in (part.notes or [""] * len(part))]
        which = [
            np.array([keys.index(key) for key in part.keys], np.int16)[part.parameter]
            for part in parts
        ]

        return cls(
            _joined(parts, "station", np.int64),
            _joined(parts, "sample", np.int32),
            np.concatenate([np.empty(0, np.int16), *which]),
            keys,
            _joined(parts, "old", np.uint8),
            _joined(parts, "new", np.uint8),
            notes,
        )


@dataclass
class Findings:
    """What checks found, one row each.

    Attributes
    ----------
    station : ndarray of int64
        Row of the station.
    sample : ndarray of int32
        Number of the sample in the station; -1 is the station itself.
    parameter : ndarray of int16
        Index in `keys`; -1: no parameter.
    check : ndarray of int16
        Index in `checks`.
    flag : ndarray of uint8
        ASCII of the L20 code that the check proposes; ``"0"``: none, it only reports.
    value, threshold : ndarray of float64
        What was found and what it was compared with, in the unit of the check.
    keys, checks : tuple of str
        Parameters and names of checks.
    details : dict of int to str
        Further words on a finding (such as the other station of a pair), by its number.
    """

    station: NDArray[np.int64]
    sample: NDArray[np.int32]
    parameter: NDArray[np.int16]
    check: NDArray[np.int16]
    flag: NDArray[np.uint8]
    value: NDArray[np.float64]
    threshold: NDArray[np.float64]
    keys: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    details: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.station)

    @classmethod
    def of(
        cls,
        check: str,
        key: str | None,
        station: ArrayLike,
        sample: ArrayLike,
        flag: ArrayLike,
        value: ArrayLike,
        threshold: ArrayLike,
        details: dict[int, str] | None = None,
    ) -> Findings:
        """Make findings of one check on one parameter; single numbers stand for all rows."""
        flag = np.uint8(ord(flag)) if isinstance(flag, str) else flag
        columns = np.broadcast_arrays(
            np.atleast_1d(np.asarray(station, np.int64)),
            np.asarray(sample, np.int32),
            np.asarray(flag, np.uint8),
            np.asarray(value, np.float64),
            np.asarray(threshold, np.float64),
        )
        rows, samples, flags, values, limits = (np.array(c) for c in columns)
        return cls(
            rows,
            samples,
            np.full(len(rows), -1 if key is None else 0, np.int16),
            np.zeros(len(rows), np.int16),
            flags,
            values,
            limits,
            () if key is None else (key,),
            (check,),
            details or {},
        )

    @classmethod
    def join(cls, parts: Sequence[Findings]) -> Findings:
        """Put several one after another."""
        keys = tuple(dict.fromkeys(key for part in parts for key in part.keys))
        checks = tuple(dict.fromkeys(name for part in parts for name in part.checks))
        first = np.cumsum([0, *(len(part) for part in parts)]).tolist()
        details = {
            first[n] + i: text for n, part in enumerate(parts) for i, text in part.details.items()
        }

        def renamed(names: tuple[str, ...], all_names: tuple[str, ...], which: NDArray) -> NDArray:
            # -1 stays -1: it takes the last element.
            return np.array([*(all_names.index(n) for n in names), -1], np.int16)[which]

        return cls(
            _joined(parts, "station", np.int64),
            _joined(parts, "sample", np.int32),
            np.concatenate(
                [np.empty(0, np.int16), *(renamed(p.keys, keys, p.parameter) for p in parts)]
            ),
            np.concatenate(
                [np.empty(0, np.int16), *(renamed(p.checks, checks, p.check) for p in parts)]
            ),
            _joined(parts, "flag", np.uint8),
            _joined(parts, "value", np.float64),
            _joined(parts, "threshold", np.float64),
            keys,
            checks,
            details,
        )

    def take(self, chosen: NDArray) -> Findings:
        """Keep some rows (a mask or numbers)."""
        index = np.flatnonzero(chosen) if chosen.dtype == bool else np.asarray(chosen)
        details = self.details
        if details:
            details = {n: details[i] for n, i in enumerate(index.tolist()) if i in details}
        return Findings(
            self.station[index],
            self.sample[index],
            self.parameter[index],
            self.check[index],
            self.flag[index],
            self.value[index],
            self.threshold[index],
            self.keys,
            self.checks,
            details,
        )

    def of_station(self, row: int) -> Findings:
        """Keep those of one station."""
        return self.take(self.station == row)

    def counts(self) -> dict[str, int]:
        """Count findings by check."""
        found = np.bincount(self.check, minlength=len(self.checks))
        return {name: int(n) for name, n in zip(self.checks, found, strict=True)}

    def to_frame(self) -> pd.DataFrame:
        """Give the findings as a table with names instead of numbers."""
        import pandas as pd

        keys = np.array([*self.keys, ""], object)
        return pd.DataFrame(
            {
                "station": self.station,
                "sample": self.sample,
                "parameter": keys[self.parameter],
                "check": np.array([*self.checks, ""], object)[self.check],
                "flag": [chr(c) for c in self.flag],
                "value": self.value,
                "threshold": self.threshold,
                "detail": [self.details.get(i, "") for i in range(len(self))],
            }
        )


def _joined(parts: Sequence[Any], name: str, dtype: type) -> NDArray:
    """Put a column of several one after another."""
    return np.concatenate([np.empty(0, dtype), *(getattr(part, name) for part in parts)])
