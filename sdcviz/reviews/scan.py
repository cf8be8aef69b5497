"""Where a product is off: the box of area, months and depths with the surest bias."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated
from .extent import Extent, extent_of
from .parts import parts_of
from .strata import Strata

__all__ = ["Bias", "biases", "without"]

_LIMIT = 4.0
"""Residuals count at most this many robust spreads: a spike is no bias."""
_FEWEST_CLUSTERS = 3
_FEWEST_SAMPLES = 30
_LEAST_SURE = 4.0
_LEAST_SIZE = 0.5
_USUAL, _PRIOR = 0.7, 4.0
"""Spread of the means of cruises beside that of samples, known as if of so many more cruises:
some that agree by chance are not that sure."""


@dataclass(frozen=True)
class Bias:
    """One part of the product that is off.

    Attributes
    ----------
    areas : tuple of int
        Numbers of the areas that it was found in; none: all.
    extent : Extent
        Levels, months and box, as narrow as the residuals tell.
    bias, sure, size : float
        Median of the residuals; how sure it is in standard deviations; its mean over the spread
        of residuals there.
    n, clusters : int
        Samples, and cruises (or stations) that say so.
    members : ndarray of bool
        The samples, with those of parts beside it that are off alike.
    """

    areas: tuple[int, ...]
    extent: Extent
    bias: float
    sure: float
    size: float
    n: int
    clusters: int
    members: NDArray[np.bool_]


class _Cells(NamedTuple):
    """Numbers and sums of the samples of each cluster, area, layer and month."""

    cluster: NDArray[np.int64]
    area: NDArray[np.int64]
    place: NDArray[np.int64]
    n: NDArray[np.float64]
    r: NDArray[np.float64]


def biases(
    samples: Collocated,
    scale: NDArray[np.float64],
    strata: Strata,
    cluster: NDArray[np.int64],
    most: int = 6,
) -> list[Bias]:
    """Find parts where most cruises agree that the product is off, the surest first.

    Every run of layers, run of months and area (and all areas) is looked at. The standard error is
    that of the means of whole cruises. The surest one is followed to its ends, level by level and
    within the areas, and taken out before the next is looked for.

    Parameters
    ----------
    samples : Collocated
    scale : ndarray of float64
        Spread of residuals where each is.
    strata : Strata
    cluster : ndarray of int64
    most : int
    """
    residual = samples.residual
    clipped = np.clip(residual / scale, -_LIMIT, _LIMIT)
    free = (strata.layer >= 0) & (strata.month >= 0) & (strata.area >= 0)
    found: list[Bias] = []
    parts = parts_of(strata)
    for _ in range(2 * most):
        one = _surest(_cells(clipped, strata, cluster, free), parts, strata)
        if one is None:
            break
        areas, layers, months = one
        coarse = Extent.of(areas, layers, months, samples, strata, free)
        narrow = extent_of(coarse, samples, strata, clipped, cluster, free)
        extent, inside = narrow, free & narrow.holds(samples, strata)
        told, first = (
            _told(clipped, cluster, free & e.holds(samples, strata)) for e in (narrow, coarse)
        )
        if told is None:
            extent, inside, told = coarse, free & coarse.holds(samples, strata), first
        if told is None:
            break
        sure, size, n, clusters = told
        # It is as sure as the surest part of it.
        sure = max(sure, first[0] if first else 0)
        bias = float(np.median(residual[inside]))
        more = Bias(areas, extent, bias, sure, size, int(n), int(clusters), inside)
        at = _beside(more, found, strata)
        if at is not None:
            found[at] = replace(found[at], members=found[at].members | inside)
        elif len(found) < most:
            found.append(more)
        else:
            break
        free = free & ~inside
    return found


def _cells(
    clipped: NDArray[np.float64],
    strata: Strata,
    cluster: NDArray[np.int64],
    free: NDArray[np.bool_],
) -> _Cells:
    nl, nm, na = len(strata.layers), max(len(strata.months), 1), max(len(strata.areas), 1)
    own = np.flatnonzero(free)
    key = cluster[own] * na + strata.area[own]
    key = (key * nl + strata.layer[own]) * nm + strata.month[own]
    codes, at = np.unique(key, return_inverse=True)
    n = np.bincount(at, minlength=len(codes)).astype(np.float64)
    r = np.asarray(np.bincount(at, clipped[own], len(codes)), np.float64)
    place, rest = codes % (nl * nm), codes // (nl * nm)
    return _Cells(rest // na, rest % na, place, n, r)


def _surest(
    cells: _Cells, parts: list[tuple[int, ...]], strata: Strata
) -> tuple[tuple[int, ...], tuple[int, int], list[int]] | None:
    """Return areas, layers and months of the surest bias."""
    best: tuple[float, tuple[int, ...], tuple[int, ...]] | None = None
    for areas in parts:
        own = np.isin(cells.area, areas) if areas else np.ones(len(cells.n), bool)
        if cells.n[own].sum() < _FEWEST_SAMPLES:
            continue
        one = _best(cells, own, strata)
        if one is not None and (best is None or one[0] > best[0]):
            best = one[0], areas, one[1]
    if best is None:
        return None
    first, last, month, length = best[2]
    return best[1], (first, last), [(month + k) % len(strata.months) for k in range(length)]


def _told(
    clipped: NDArray[np.float64], cluster: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[float, float, float, float] | None:
    """Tell how sure the bias of some samples is: sure, size, samples, clusters."""
    own = cluster[inside]
    n = np.bincount(own).astype(np.float64)[:, None]
    r = np.asarray(np.bincount(own, clipped[inside]), np.float64)[:, None]
    one = _judge(n, r) if len(own) else None
    return None if one is None else one[2][1:]


def _beside(one: Bias, found: list[Bias], strata: Strata) -> int | None:
    """Find the bias that this one is the rest of: beside it, with its sign and time."""
    for k, other in enumerate(found):
        a, b = one.extent, other.extent
        if np.sign(other.bias) != np.sign(one.bias) or a.box is None or b.box is None:
            continue
        # Ends may lie in the gap between two casts.
        x, y = ((b.box[2] - b.box[0]) / 4, (b.box[3] - b.box[1]) / 4)
        touch = a.box[0] <= b.box[2] + x and b.box[0] <= a.box[2] + x
        touch &= a.box[1] <= b.box[3] + y and b.box[1] <= a.box[3] + y
        near = a.levels[0] <= b.levels[1] + 1 and b.levels[0] <= a.levels[1] + 1
        season = {*np.unique(strata.month[one.members])} & {*np.unique(strata.month[other.members])}
        if touch and near and season:
            return k
    return None


def _best(
    cells: _Cells, own: NDArray[np.bool_], strata: Strata
) -> tuple[float, tuple[int, ...]] | None:
    """Look at every run of layers and months of some areas."""
    nl, nm = len(strata.layers), len(strata.months)
    present, c = np.unique(cells.cluster[own], return_inverse=True)
    at, size = c * (nl * nm) + cells.place[own], len(present) * nl * nm
    tables = [np.bincount(at, x[own], size).reshape(-1, nl, nm) for x in (cells.n, cells.r)]
    best: tuple[float, tuple[int, ...]] | None = None
    lengths = range(1, nm + 1)
    for first in range(nl):
        run = [np.zeros((len(present), nm)) for _ in tables]
        for last in range(first, nl):
            run = [a + t[:, last] for a, t in zip(run, tables, strict=True)]
            one = _judge(*(_month_runs(a, nm) for a in run))
            if one is not None and (best is None or one[0] > best[0]):
                k = one[1]
                best = one[0], (first, last, k % nm, lengths[k // nm])
    return best


def _month_runs(table: NDArray[np.float64], nm: int) -> NDArray[np.float64]:
    """Sum every run of months, over the end of the year too: lengths one after the other."""
    twice = np.concatenate([np.zeros((len(table), 1)), table, table], 1).cumsum(1)
    runs = [twice[:, n : n + nm] - twice[:, :nm] for n in range(1, nm + 1)]
    return np.concatenate(runs, 1)


def _judge(
    n: NDArray[np.float64], r: NDArray[np.float64]
) -> tuple[float, int, tuple[Any, ...]] | None:
    from scipy.special import ndtri, stdtr

    total, clusters = n.sum(0), (n > 0).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = r.sum(0) / total
        off = ((r - bias * n) ** 2).sum(0) / total**2 * clusters / np.maximum(clusters - 1, 1)
        # The effective number of clusters: one great cruise among small ones is one.
        effective = total**2 / (n**2).sum(0)
        usual = _USUAL**2 / effective
        freedom = np.maximum(effective - 1, 0)
        error = np.sqrt((freedom * off + _PRIOR * usual) / (freedom + _PRIOR))
        t, size = np.abs(bias) / error, np.abs(bias)
    fits = (clusters >= _FEWEST_CLUSTERS) & (total >= _FEWEST_SAMPLES) & (effective >= 2)
    fits &= (t >= _LEAST_SURE) & (size >= _LEAST_SIZE)
    if not fits.any():
        return None
    sure = np.zeros(len(t))
    # As sure as that many standard deviations of a normal distribution.
    sure[fits] = -ndtri(np.maximum(stdtr(freedom[fits] + _PRIOR, -t[fits]), 1e-300))
    fits &= sure >= _LEAST_SURE
    if not fits.any():
        return None
    value = np.where(fits, sure * np.minimum(size, 3), -1)
    k = int(np.argmax(value))
    about = bias[k], sure[k], size[k], total[k], clusters[k]
    return float(value[k]), k, tuple(map(float, about))


def without(
    samples: Collocated,
    scale: NDArray[np.float64],
    found: list[Bias],
    cluster: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Normalise residuals after what is off in the product itself is taken out of them.

    Of each level that is what most cruises say, so that none explains itself.
    """
    left = samples.residual
    for one in found:
        own = np.flatnonzero(one.members)
        whole = _middle(left[own], cluster[own])
        for level in np.unique(samples.level[own]):
            some = own[samples.level[own] == level]
            several = len(np.unique(cluster[some])) >= _FEWEST_CLUSTERS
            left[some] -= _middle(left[some], cluster[some]) if several else whole
    return left / scale


def _middle(values: NDArray[np.float64], cluster: NDArray[np.int64]) -> float:
    """Return the median of the medians of clusters."""
    order = np.lexsort((values, cluster))
    _, first, n = np.unique(cluster[order], return_index=True, return_counts=True)
    return float(np.median(values[order][first + n // 2]))
