"""How far two readers of the same stations agree on the flags.

Agreement beyond chance is Cohen's kappa, ``(po - pe) / (1 - pe)``: `po` is the
share of samples with the same flag, `pe` the share that would have it if both
gave their flags at random, as often as they do (J. Cohen, 1960: A coefficient
of agreement for nominal scales. Educ. Psychol. Meas. 20, 37-46,
doi:10.1177/001316446002000104, with the standard error for large samples given there).
The words are those of J. R. Landis and G. G. Koch, 1977: The measurement of
observer agreement for categorical data. Biometrics 33, 159-174.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.model import L20
from sdcviz.qc.model import DEPTH, POSITION, TIME, Edits
from sdcviz.qc.rules.pieces import Piece, pieces

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["REJECTED", "Agreement", "Kappa", "agreement", "kappa"]

REJECTED = "34"
"""Flags that take a sample out; all others leave it in."""

_WORDS = ((0.0, "poor"), (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"))
_MISSING = ord("9")


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance.

    Attributes
    ----------
    value : float
        1 is full agreement, 0 that of chance; NaN where both gave one and the
        same flag to all, or there is nothing to compare.
    error : float
        Standard error of `value`.
    share : float
        Share of samples with the same flag.
    n : int
        Samples compared.
    """

    value: float
    error: float
    share: float
    n: int

    @property
    def words(self) -> str:
        """Strength of the agreement in words."""
        if np.isnan(self.value):
            return "cannot be told"
        return next((word for most, word in _WORDS if self.value <= most), "almost perfect")


def kappa(counts: NDArray) -> Kappa:
    """Compute Cohen's kappa.

    Parameters
    ----------
    counts : ndarray of int, shape (n, n)
        Samples by flag of the first reader (rows) and of the second (columns).
    """
    total = int(counts.sum())
    if not total:
        return Kappa(np.nan, np.nan, np.nan, 0)
    share = counts / total
    same = float(np.trace(share))
    chance = float(share.sum(axis=0) @ share.sum(axis=1))
    if 1 - chance < 1e-12:
        return Kappa(np.nan, np.nan, same, total)
    value = (same - chance) / (1 - chance)
    error = np.sqrt(same * (1 - same) / total) / (1 - chance)
    return Kappa(value, float(error), same, total)


@dataclass(frozen=True)
class Agreement:
    """What two readers gave to the same samples.

    Attributes
    ----------
    codes : str
        L20 codes that occur, in the order of `counts`.
    counts : ndarray of int64, shape (n, n)
        Samples by flag of the first reader (rows) and of the second (columns).
    parameters : dict of str to ndarray
        `counts` of each parameter.
    rows : ndarray of int64
        Stations that were compared.
    differing : Edits
        Samples on which they disagree, `old` the first reader's flag and `new`
        the second's; those that one rejects and the other keeps come first.
    """

    codes: str
    counts: NDArray[np.int64]
    parameters: dict[str, NDArray[np.int64]]
    rows: NDArray[np.int64]
    differing: Edits

    @property
    def kappa(self) -> Kappa:
        """Agreement on the single flags."""
        return kappa(self.counts)

    @property
    def collapsed(self) -> NDArray[np.int64]:
        """Count samples kept and rejected: first reader in rows, second in columns."""
        return collapse(self.codes, self.counts)

    @property
    def kappa_of_rejecting(self) -> Kappa:
        """Agreement on what is rejected (flags 3 and 4)."""
        return kappa(self.collapsed)


def collapse(codes: str, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum up counts of flags by whether they keep or reject a sample.

    Parameters
    ----------
    codes : str
        L20 codes of the rows and columns.
    counts : ndarray of int64, shape (n, n)

    Returns
    -------
    ndarray of int64, shape (2, 2)
        Kept, rejected.
    """
    out = np.zeros((2, 2), np.int64)
    side = np.array([code in REJECTED for code in codes], np.int64)
    if side.size:
        np.add.at(out, (side[:, None], side[None, :]), counts)
    return out


def agreement(
    first: Collection,
    second: Collection,
    rows: NDArray[np.int64],
    keys: Iterable[str] | None = None,
) -> Agreement:
    """Compare the flags of two readers.

    Parameters
    ----------
    first, second : Collection
        The same snapshot, with the flags of each reader.
    rows : ndarray of int64
        Stations that both have looked at.
    keys : iterable of str, optional
        Parameters, and keys of `PLACES`; by default all parameters, depth, time and position.

    Returns
    -------
    Agreement
        Samples without a value are left out.
    """
    rows = np.unique(np.asarray(rows, np.int64))
    chosen = tuple(keys) if keys is not None else (*first.keys, DEPTH, TIME, POSITION)
    tables = {key: np.zeros((256, 256), np.int64) for key in chosen}
    differing = []
    for part in pieces(first, rows):
        one, two = Piece(first, part), Piece(second, part)
        for key in chosen:
            station, sample, a, b = _pair(one, two, key)
            there = (a != _MISSING) | (b != _MISSING)
            pairs = a[there].astype(np.int64) * 256 + b[there]
            tables[key] += np.bincount(pairs, minlength=256 * 256).reshape(256, 256)
            other = a != b
            if other.any():
                differing.append(
                    Edits.of(key, station[other], sample[other], a[other], b[other])
                )  # fmt: skip
    total = sum(tables.values(), np.zeros((256, 256), np.int64))
    codes = "".join(c for c in L20 if total[ord(c)].any() or total[:, ord(c)].any())
    at = np.frombuffer(codes.encode(), np.uint8)
    cut = np.ix_(at, at)
    told = {key: table[cut] for key, table in tables.items() if table.any()}
    return Agreement(codes, total[cut], told, rows, _sorted(Edits.join(differing)))


def _pair(
    one: Piece, two: Piece, key: str
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return station, sample and both flags of everything in a piece that has a flag."""
    if key in (POSITION, TIME):
        name = "position_flag" if key == POSITION else "time_flag"
        a, b = (getattr(p.collection, name)[p.rows] for p in (one, two))
        whole = one.rows, np.full(len(one.rows), -1, np.int32), a, b
        return whole if key == POSITION else _with_own_times(one, two, *whole)
    if key == DEPTH:
        a, b = (p.take(p.collection.depth_flag, None, _MISSING) for p in (one, two))
    else:
        a, b = one.flags(key), two.flags(key)
    return one.rows[one.station], one.number.astype(np.int32), a, b


def _with_own_times(
    one: Piece,
    two: Piece,
    station: NDArray[np.int64],
    sample: NDArray[np.int32],
    a: NDArray[np.uint8],
    b: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]:
    """Add the flags of samples that have a time of their own to those of stations."""
    time = one.collection.sample_time
    if time is None:
        return station, sample, a, b
    own = np.flatnonzero(~np.isnat(one.take(time.view(np.int64), None, 0).view("M8[ms]")))
    flags = []
    for piece in (one, two):
        column = piece.collection.sample_time_flag
        assert column is not None, "samples have times"
        flags.append(piece.take(column, None, _MISSING)[own])
    return (
        np.concatenate([station, one.rows[one.station[own]]]),
        np.concatenate([sample, one.number[own].astype(np.int32)]),
        np.concatenate([a, flags[0]]),
        np.concatenate([b, flags[1]]),
    )


def _sorted(edits: Edits) -> Edits:
    """Put first what one reader rejects and the other keeps, then go by station."""
    rejected = [np.isin(flags, [ord(c) for c in REJECTED]) for flags in (edits.old, edits.new)]
    split = rejected[0] != rejected[1]
    return edits.take(np.lexsort((edits.sample, edits.parameter, edits.station, ~split)))
