"""Observations that look like errors before anything is analysed: far from those around them.

An analysis by DIVAnd believes every observation: a spike that nobody flagged bends the field, and
on the other side of it the field overshoots. So one looks at what is far off first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..words import counted, number
from .model import Points
from .solving import values_at_sea

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["LIMIT", "Outliers", "find_outliers", "outliers_of"]

LIMIT = 8.0
"""Robust standard deviations from the median around; what is farther looks like an error."""
FEWEST = 8
"""Observations that a median rests on; where a cell has fewer, a wider one counts."""
WIDER = (1, 3, 9, None)
"""Widths of the cells in lengths; None is the whole level."""
LEAST = 0.1
"""Part of the usual spread of a time that each level has at least: deep water hardly varies."""
_METRES = 111_200.0  # a degree

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Outliers:
    """What looks like an error, the farthest off first.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Rows of the observations.
    score : ndarray of float64, shape (n,)
        Robust standard deviations.
    off : ndarray of float64, shape (n,)
        Value minus the median around, in the unit of the values.
    total : int
        Observations that were looked at.
    """

    rows: Whole
    score: Array
    off: Array
    total: int

    def __len__(self) -> int:
        return len(self.rows)

    def sentence(self, points: Points, unit: str = "") -> str:
        """Say it for people; empty where there is none."""
        if not len(self):
            return ""
        k = int(self.rows[0])
        looks = "looks like an error" if len(self) == 1 else "look like errors"
        day = str(points.time[k].astype("datetime64[D]"))
        return (
            f"{number(len(self))} of {counted(self.total, 'observation')} {looks}, the "
            f"farthest {self.off[0]:+.3g} {unit}".rstrip()
            + f" off those around it ({points.depth[k]:.0f} m, {day}). Flag what is wrong in the "
            "Quality tab first: a spike bends the field, and beside it the field overshoots."
        )

    def document(self, points: Points) -> list[dict[str, Any]]:
        """Give them as JSON can hold them."""
        return [
            {
                "station": str(points.id[k]), "cruise": str(points.cruise[k]),
                "lon": float(points.lon[k]), "lat": float(points.lat[k]),
                "depth": float(points.depth[k]), "time": str(points.time[k]),
                "value": float(points.value[k]), "off": float(off), "score": float(score),
            }
            for k, off, score in zip(self.rows.tolist(), self.off, self.score, strict=True)
        ]  # fmt: skip


def outliers_of(plan: Plan) -> Outliers:
    """Look at the observations of a run.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    Outliers
        Rows of `Plan.points`.
    """
    problem = plan.problem
    steps = (float(np.median(1 / pm)) for pm in problem.pmn[:2])
    reach = max(float(np.median(problem.horizontal)), *steps)
    points = plan.points
    # What is on land, or in another sea, has no influence.
    places = (points.lon, points.lat, points.depth)[: problem.mask.ndim]
    sea = np.isfinite(values_at_sea(problem, places, points.value))
    rows = [one[sea[one]] for one in plan.rows]
    return find_outliers(points, rows, problem.depth, reach)


def find_outliers(points: Points, slices: Sequence[Whole], levels: Array, reach: float) -> Outliers:
    """Find observations that are far from the others of their time, level and surroundings.

    Each value is compared with the median of a cell as wide as the correlation length, or of a
    wider one where there are few; the spread is that of the cell or of the level, whichever is
    greater.

    Parameters
    ----------
    points : Points
    slices : sequence of ndarray of int64
        Rows of the observations of each time.
    levels : ndarray
        Depths (metres); empty for a field without.
    reach : float
        Width of the cells (metres).

    Returns
    -------
    Outliers
    """
    rows = np.concatenate([np.asarray(s, np.int64) for s in slices]) if slices else np.empty(0, int)
    value = points.value[rows]
    rows = rows[np.isfinite(value)]
    if not len(rows):
        return Outliers(np.empty(0, np.int64), np.empty(0), np.empty(0), 0)
    which = np.repeat(np.arange(len(slices)), [len(s) for s in slices])[np.isfinite(value)]
    value = value[np.isfinite(value)]
    middle = (levels[1:] + levels[:-1]) / 2
    level = _numbered(which, np.searchsorted(middle, points.depth[rows]))
    off, local = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    usual = np.full(len(rows), np.nan)
    for wider in WIDER:
        cell = level if wider is None else _around(points, rows, level, wider * reach)
        own, count = _medians(value, cell)
        away = value - own[cell]
        spread = 1.4826 * _medians(np.abs(away), cell)[0][cell]
        if wider == WIDER[0]:
            usual = 1.4826 * _medians(np.abs(away), level)[0][level]
        here = np.isnan(off) & ((count[cell] >= FEWEST) | (wider is None))
        off[here], local[here] = away[here], spread[here]
    size = np.abs(off)
    spread = np.maximum(local, usual)
    spread = np.maximum(spread, LEAST * 1.4826 * _medians(size, which)[0][which])
    score = np.where(spread > 0, size / np.where(spread > 0, spread, 1), 0)
    far = np.flatnonzero(score > LIMIT)
    order = far[np.argsort(-score[far], kind="stable")]
    # One that several times share counts once, where it is farthest off.
    _, first = np.unique(rows[order], return_index=True)
    order = order[np.sort(first)]
    return Outliers(rows[order], score[order], off[order], len(np.unique(rows)))


def _around(points: Points, rows: Whole, level: Whole, width: float) -> Whole:
    """Give each observation the number of its cell, of some width (metres), level and time."""
    lon, lat = points.lon[rows], points.lat[rows]
    high = width / _METRES
    wide = high / max(float(np.cos(np.radians(np.median(lat)))), 0.1)
    places = (np.floor((a - a.min()) / step) for a, step in ((lon, wide), (lat, high)))
    return _numbered(level, *(p.astype(np.int64) for p in places))


def _numbered(*columns: Whole) -> Whole:
    """Give equal elements the same number, from 0."""
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        code = code * (int(column.max()) + 1) + column
    return np.unique(code, return_inverse=True)[1].astype(np.int64)


def _medians(value: Array, group: Whole) -> tuple[Array, Whole]:
    """Return the median of each group, NaN for an empty one, and how many it has."""
    order = np.lexsort((value, group))
    count = np.bincount(group)
    start = np.cumsum(count) - count
    low, high = start + (count - 1) // 2, start + count // 2
    last = len(value) - 1
    ordered = value[order]
    found = (ordered[np.minimum(low, last)] + ordered[np.minimum(high, last)]) / 2
    return np.where(count > 0, found, np.nan), count
