"""Where a product is off: the box of area, months and depths with the surest bias."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .parts import box_of, inside_of, parts_of
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
        Numbers of the areas; none: all.
    layers, months : tuple of int
        First and last one; months may go over the end of the year.
    bias, sure, size : float
        Median of the residuals; how sure it is in standard deviations; its mean over the spread
        of residuals there.
    n, clusters : int
        Samples, and cruises (or stations) that say so.
    members : ndarray of bool
        The samples, with those of parts beside it that are off alike.
    """

    areas: tuple[int, ...]
    layers: tuple[int, int]
    months: tuple[int, int]
    bias: float
    sure: float
    size: float
    n: int
    clusters: int
    members: NDArray[np.bool_]


def biases(
    residual: NDArray[np.float64],
    scale: NDArray[np.float64],
    strata: Strata,
    cluster: NDArray[np.int64],
    most: int = 6,
) -> list[Bias]:
    """Find parts where most cruises agree that the product is off, the surest first.

    Every run of layers, run of months and area (and all areas) is looked at. The standard error is
    that of the means of whole cruises. What was found is taken out before the next is looked for.

    Parameters
    ----------
    residual, scale : ndarray of float64
        And the spread of residuals where each is.
    strata : Strata
    cluster : ndarray of int64
    most : int
    """
    clipped = np.clip(residual / scale, -_LIMIT, _LIMIT)
    free = (strata.layer >= 0) & (strata.month >= 0) & (strata.area >= 0)
    found: list[Bias] = []
    rounds = 0
    parts = parts_of(strata)
    while rounds < 2 * most and len(found) < most:
        best: tuple[float, tuple[int, ...], tuple[int, ...], tuple[float, ...]] | None = None
        for areas in parts:
            own = np.flatnonzero(free & inside_of(areas, strata))
            if len(own) < _FEWEST_SAMPLES:
                continue
            one = _best(clipped, strata, cluster, own)
            if one is not None and (best is None or one[0] > best[0]):
                best = one[0], areas, one[1], one[2]
        if best is None:
            break
        areas = best[1]
        first, last, month, length = best[2]
        inside = free & inside_of(areas, strata)
        inside &= (strata.layer >= first) & (strata.layer <= last)
        months = [(month + k) % len(strata.months) for k in range(length)]
        inside &= np.isin(strata.month, months)
        _, sure, size, n, clusters = best[3]
        bias = float(np.median(residual[inside]))
        one_more = Bias(
            areas, (first, last), (months[0], months[-1]), bias, sure, size, int(n),
            int(clusters), inside,
        )  # fmt: skip
        at = _beside(one_more, found, strata)
        if at is None:
            found.append(one_more)
        else:
            found[at] = replace(found[at], members=found[at].members | inside)
        free = free & ~inside
        rounds += 1
    return found


def _beside(one: Bias, found: list[Bias], strata: Strata) -> int | None:
    """Find the bias that this one is the rest of: beside it, with its sign and time."""
    for k, other in enumerate(found):
        if np.sign(other.bias) != np.sign(one.bias) or not (one.areas and other.areas):
            continue
        a, b = box_of(one.areas, strata), box_of(other.areas, strata)
        touch = a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
        deep = one.layers[0] <= other.layers[1] + 1 and other.layers[0] <= one.layers[1] + 1
        season = {*np.unique(strata.month[one.members])} & {*np.unique(strata.month[other.members])}
        if touch and deep and season:
            return k
    return None


def _best(
    clipped: NDArray[np.float64],
    strata: Strata,
    cluster: NDArray[np.int64],
    own: NDArray[np.int64],
) -> tuple[float, tuple[int, ...], tuple[float, ...]] | None:
    """Look at every run of layers and months of some samples."""
    nl, nm = len(strata.layers), len(strata.months)
    present, c = np.unique(cluster[own], return_inverse=True)
    cell = (c * nl + strata.layer[own]) * nm + strata.month[own]
    size = len(present) * nl * nm

    def table(x: NDArray[np.float64] | None) -> NDArray[np.float64]:
        weights = None if x is None else x[own]
        return np.bincount(cell, weights, size).reshape(-1, nl, nm).astype(np.float64)

    tables = [table(None), table(clipped)]
    best = None
    lengths = range(1, nm + 1)
    for first in range(nl):
        run = [np.zeros((len(present), nm)) for _ in tables]
        for last in range(first, nl):
            run = [a + t[:, last] for a, t in zip(run, tables, strict=True)]
            sums = [_month_runs(a, nm) for a in run]
            one = _judge(*sums)
            if one is not None and (best is None or one[0] > best[0]):
                k = one[1]
                place = (first, last, k % nm, lengths[k // nm])
                best = one[0], place, one[2]
    return best


def _month_runs(table: NDArray[np.float64], nm: int) -> NDArray[np.float64]:
    """Sum every run of months, over the end of the year too: lengths one after the other."""
    twice = np.concatenate([np.zeros((len(table), 1)), table, table], 1).cumsum(1)
    runs = [twice[:, n : n + nm] - twice[:, :nm] for n in range(1, nm + 1)]
    return np.concatenate(runs, 1)


def _judge(
    n: NDArray[np.float64], r: NDArray[np.float64]
) -> tuple[float, int, tuple[float, ...]] | None:
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
    residual: NDArray[np.float64],
    scale: NDArray[np.float64],
    strata: Strata,
    found: list[Bias],
) -> NDArray[np.float64]:
    """Normalise residuals after what is off in the product itself is taken out of them."""
    left = residual.copy()
    for one in found:
        for layer in np.unique(strata.layer[one.members]):
            own = one.members & (strata.layer == layer)
            left[own] -= np.median(residual[own])
    return left / scale
