"""The order in which stations are looked at: the worst first.

The weight of a station adds up over its checks: the weight of the worst flag
that the check proposes there, times ``1 + ln(n)`` of its `n` findings. A check that
hits every level of a long cast so counts for more than one level, yet does
not push ten other kinds of error out of sight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.flags import RANK, WORST_FIRST
from sdcviz.qc.model import Findings

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["DEPARTURES", "ORDERS", "WEIGHTS", "Badge", "Ranking", "rank"]

ORDERS: dict[str, str] = {
    "weight": "Worst first",
    "number": "Most findings",
    "residual": "Largest residual",
    "course": "Cruise and time",
}
"""Orders of a queue, with their names for people."""

WEIGHTS: dict[str, float] = {"4": 8.0, "3": 4.0, "0": 2.0}
"""Weight of a finding by the flag it proposes (``"0"``: it only reports); others weigh 1."""

DEPARTURES = ("residual", "climatology")
"""Checks whose value is a distance from an expected field, those of an analysis first."""

_WEIGHT = np.ones(256)
_WEIGHT[[ord(c) for c in WEIGHTS]] = list(WEIGHTS.values())


class Badge(NamedTuple):
    """What one check found at one station.

    Attributes
    ----------
    check : str
        Name of the check.
    number : int
        Findings.
    flag : str
        Worst flag that it proposes there; ``"0"``: it only reports.
    """

    check: str
    number: int
    flag: str


@dataclass(frozen=True)
class Ranking:
    """Stations in the order in which they are to be looked at.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Stations, the first to look at first.
    numbers : ndarray of int64, shape (n,)
        Findings at each.
    weights : ndarray of float64, shape (n,)
        Weight of each, see the module.
    checks : tuple of str
        Names of the checks.
    """

    rows: NDArray[np.int64]
    numbers: NDArray[np.int64]
    weights: NDArray[np.float64]
    checks: tuple[str, ...]
    _pairs: _Pairs

    def __len__(self) -> int:
        return len(self.rows)

    def badges(self, place: int) -> list[Badge]:
        """Tell what each check found at the station in `place` of the order.

        Parameters
        ----------
        place : int
            From 0.

        Returns
        -------
        list of Badge
            The weightiest first.
        """
        p = self._pairs
        first, last = np.searchsorted(p.station, [self.rows[place], self.rows[place] + 1])
        found = sorted(range(first, last), key=lambda i: -p.weight[i])
        return [Badge(self.checks[p.check[i]], int(p.number[i]), chr(p.flag[i])) for i in found]

    def take(self, chosen: NDArray) -> Ranking:
        """Keep some places (a mask or numbers), in their order."""
        return Ranking(
            self.rows[chosen], self.numbers[chosen], self.weights[chosen], self.checks, self._pairs
        )


class _Pairs(NamedTuple):
    """Findings counted by station and check, ascending by station."""

    station: NDArray[np.int64]
    check: NDArray[np.int64]
    number: NDArray[np.int64]
    flag: NDArray[np.uint8]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, findings: Findings) -> _Pairs:
        checks = max(1, len(findings.checks))
        pair, place, number = np.unique(
            findings.station * checks + findings.check, return_inverse=True, return_counts=True
        )
        worst = np.full(len(pair), len(WORST_FIRST), np.uint8)
        np.minimum.at(worst, place, RANK[findings.flag])
        flag = np.frombuffer((WORST_FIRST + "0").encode(), np.uint8)[worst]
        return cls(
            pair // checks, pair % checks, number, flag, _WEIGHT[flag] * (1 + np.log(number))
        )


def rank(
    collection: Collection,
    findings: Findings | None,
    *,
    by: str = "weight",
    checks: Iterable[str] = (),
    rows: ArrayLike | None = None,
    every: bool = False,
    residuals: NDArray | None = None,
) -> Ranking:
    """Put stations into the order in which they are to be looked at.

    Parameters
    ----------
    collection : Collection
    findings : Findings or None
        What checks found; None where none ran.
    by : str
        A key of `ORDERS`. ``"residual"`` takes the greatest of `residuals`, else of
        the findings of `DEPARTURES`; stations without any follow, the
        weightiest first.
    checks : iterable of str
        Checks that count; all by default.
    rows : array_like of int, optional
        Stations that may be in the queue (those of a filter or selection); all by default.
    every : bool
        Stations without a finding, too, behind the others.
    residuals : ndarray, shape (n_stations,) or (n_samples,), optional
        Differences from an analysis, NaN where there is none.

    Returns
    -------
    Ranking

    Raises
    ------
    BadRequest
        There is no such order.
    """
    if by not in ORDERS:
        raise BadRequest(f"Stations can't be ranked by {by!r}. There are: {', '.join(ORDERS)}.")
    found = _chosen(findings, tuple(checks))
    pairs = _Pairs.of(found)
    n = collection.n_stations
    numbers = np.bincount(found.station, minlength=n)
    weights = np.bincount(pairs.station, pairs.weight, minlength=n).astype(np.float64)
    allowed = np.ones(n, bool)
    if rows is not None:
        allowed = np.zeros(n, bool)
        allowed[np.asarray(rows, np.int64)] = True
    kept = np.flatnonzero(allowed if every else allowed & (numbers > 0))
    if by == "course":
        order = np.lexsort((collection.time[kept].view(np.int64), _cruise(collection)[kept]))
    else:
        keys: list[NDArray[Any]] = [-weights[kept], -numbers[kept]]
        if by == "number":
            keys.reverse()
        if by == "residual":
            keys.insert(0, -_departure(collection, found, residuals)[kept])
        # Equals stay in the order of the collection, which keeps neighbours together.
        order = np.lexsort(keys[::-1])
    kept = kept[order]
    return Ranking(kept, numbers[kept], weights[kept], found.checks, pairs)


def _chosen(findings: Findings | None, checks: tuple[str, ...]) -> Findings:
    if findings is None:
        return Findings.join([])
    if not checks:
        return findings
    wanted = np.array([name in checks for name in findings.checks], bool)
    return findings.take(wanted[findings.check])


def _cruise(collection: Collection) -> NDArray[np.int64]:
    """Rank of each station's cruise in the alphabet; those without one are last."""
    coded = collection.text("cruise")
    labels = np.array([*coded.labels, ""], object)
    place = np.empty(len(labels), np.int64)
    place[np.argsort(labels[:-1], kind="stable")] = np.arange(len(labels) - 1)
    place[labels == ""] = len(labels)
    return place[coded.codes]  # -1, no text, is the last element


def _departure(
    collection: Collection, found: Findings, residuals: NDArray | None
) -> NDArray[np.float64]:
    """Greatest distance from an expected field at each station; -1 where none is known."""
    out = np.full(collection.n_stations, -1.0)
    if residuals is not None:
        size = np.nan_to_num(np.abs(np.asarray(residuals, np.float64)), nan=-1.0)
        if len(size) == collection.n_stations:
            return size
        full = np.flatnonzero(np.diff(collection.offsets))
        if len(full):
            out[full] = np.maximum.reduceat(size, collection.offsets[full])
        return out
    for name in DEPARTURES:
        if name in found.checks:
            of = found.check == found.checks.index(name)
            size = np.abs(found.value[of])
            np.maximum.at(out, found.station[of], np.nan_to_num(size, nan=-1.0))
            break
    return out
