"""How far a bias reaches: followed level by level and within the areas it was found in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated
from .parts import box_of, inside_of
from .strata import Strata

__all__ = ["Extent", "extent_of"]

_ROUNDS = 3
_ACROSS, _ALONG = 12, 8
"""Cells of one area from west to east and from south to north."""
_MOST = 0.9
"""Share of the cells with samples from which on a bias is everywhere."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Extent:
    """A part of a product.

    Attributes
    ----------
    levels : tuple of int
        First and last level.
    months : tuple of int
        Numbers in the list of months, one after the other; they may go over the end of the year.
    box : tuple of float or None
        West, south, east, north; None: everywhere.
    areas : tuple of int
        Areas with an outline of their own that it is bound to.
    """

    levels: tuple[int, int]
    months: tuple[int, ...]
    box: Box | None = None
    areas: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, areas: tuple[int, ...], layers: tuple[int, int], months: list[int],
        samples: Collocated, strata: Strata, free: NDArray[np.bool_],
    ) -> Extent:  # fmt: skip
        """Describe some areas, layers and months."""
        own = free & inside_of(areas, strata)
        own &= (strata.layer >= layers[0]) & (strata.layer <= layers[1])
        level = samples.level[own]
        outlined = any(strata.areas[k].polygon is not None for k in areas)
        return cls(
            (int(level.min()), int(level.max())), tuple(months),
            box_of(areas, strata) if areas and not outlined else None,
            areas if outlined else (),
        )  # fmt: skip

    def holds(
        self, samples: Collocated, strata: Strata, months: bool = True, levels: bool = True
    ) -> NDArray[np.bool_]:
        """Tell which samples lie in it."""
        inside = inside_of(self.areas, strata)
        if levels:
            inside &= (samples.level >= self.levels[0]) & (samples.level <= self.levels[1])
        if months and len(self.months) < len(strata.months):
            inside &= np.isin(strata.month, self.months)
        if self.box is not None:
            west, south, east, north = self.box
            inside &= (samples.lon >= west) & (samples.lon <= east)
            inside &= (samples.lat >= south) & (samples.lat <= north)
        return inside


def extent_of(
    coarse: Extent,
    samples: Collocated,
    strata: Strata,
    clipped: NDArray[np.float64],
    cluster: NDArray[np.int64],
    free: NDArray[np.bool_],
) -> Extent:
    """Follow a bias to its ends in depth, season and place.

    Every end is where the sum of the residuals squared over their number is greatest: a level
    belongs to the bias if it has at least half of it. A cruise counts once in each level, month
    or cell, however many samples it has there.

    Parameters
    ----------
    coarse : Extent
        Where the bias was found.
    samples : Collocated
    strata : Strata
    clipped : ndarray of float64
        Normalised residuals.
    cluster : ndarray of int64
    free : ndarray of bool
        Samples that count.
    """
    inside = free & coarse.holds(samples, strata)
    r = clipped * (np.sign(clipped[inside].mean()) or 1.0)
    one = coarse
    for _ in range(_ROUNDS):
        before = one
        own = np.flatnonzero(free & one.holds(samples, strata, levels=False))
        s, w = _units(r[own], samples.level[own].astype(np.int64), cluster[own])
        first, last = _run(s, w)
        one = replace(one, levels=(first, last))
        if len(strata.months) > 1:
            own = np.flatnonzero(free & one.holds(samples, strata, months=False))
            s, w = _units(r[own], strata.month[own].astype(np.int64), cluster[own])
            one = replace(one, months=_around(s, w, len(strata.months)))
        if not one.areas and not any(a.polygon is not None for a in strata.areas):
            one = replace(one, box=_box(replace(one, box=None), coarse.box, samples, strata, r,
                                        cluster, free))  # fmt: skip
        if one == before:
            break
    return one


def _units(
    r: NDArray[np.float64], place: NDArray[np.int64], cluster: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up the means of each cluster by place, and count them."""
    size = int(place.max()) + 1
    codes, at = np.unique(cluster * size + place, return_inverse=True)
    means = np.bincount(at, r) / np.bincount(at)
    where = codes % size
    number = np.bincount(where, minlength=size).astype(np.float64)
    return np.asarray(np.bincount(where, means, size), np.float64), number


def _gain(s: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((w > 0) & (s > 0), s * s / np.maximum(w, 1), 0.0)


def _run(s: NDArray[np.float64], w: NDArray[np.float64]) -> tuple[int, int]:
    """Find the run with the greatest gain; its ends hold something."""
    sums, counts = (np.concatenate([[0.0], x.cumsum()]) for x in (s, w))
    gain = np.triu(_gain(sums[None, 1:] - sums[:-1, None], counts[None, 1:] - counts[:-1, None]))
    first, last = np.unravel_index(int(np.argmax(gain)), gain.shape)
    there = np.flatnonzero(w[first : last + 1]) + first
    return int(there[0]), int(there[-1])


def _around(s: NDArray[np.float64], w: NDArray[np.float64], n: int) -> tuple[int, ...]:
    """Find the run of months with the greatest gain, over the end of the year too."""
    s, w = (np.concatenate([x, np.zeros(n - len(x))]) for x in (s, w))
    best, run = -1.0, tuple(range(n))
    for length in range(1, n + 1):
        for first in range(n):
            own = [(first + k) % n for k in range(length)]
            gain = float(_gain(s[own].sum(), w[own].sum()))
            if gain > best + 1e-9:
                best, run = gain, tuple(own)
    return run


def _box(
    one: Extent, found: Box | None, samples: Collocated, strata: Strata,
    r: NDArray[np.float64], cluster: NDArray[np.int64], free: NDArray[np.bool_],
) -> Box | None:  # fmt: skip
    """Find the box of a bias, at most one area further than where it was found."""
    a = np.array([area.box for area in strata.areas], float)
    wide, high = a[0, 2] - a[0, 0], a[0, 3] - a[0, 1]
    hull = (a[:, 0].min(), a[:, 1].min(), a[:, 2].max(), a[:, 3].max())
    near = hull
    if found is not None:
        near = (
            max(hull[0], found[0] - wide), max(hull[1], found[1] - high),
            min(hull[2], found[2] + wide), min(hull[3], found[3] + high),
        )  # fmt: skip
    dx, dy = wide / _ACROSS, high / _ALONG
    nx, ny = round((near[2] - near[0]) / dx), round((near[3] - near[1]) / dy)
    own = np.flatnonzero(free & replace(one, box=near).holds(samples, strata))
    column = np.clip(((samples.lon[own] - near[0]) / dx).astype(np.int64), 0, nx - 1)
    row = np.clip(((samples.lat[own] - near[1]) / dy).astype(np.int64), 0, ny - 1)
    s, w = (np.pad(x, (0, nx * ny - len(x))).reshape(ny, nx)
            for x in _units(r[own], row * nx + column, cluster[own]))  # fmt: skip
    sums, counts = (np.pad(x.cumsum(0), ((1, 0), (0, 0))) for x in (s, w))
    best, box = -1.0, None
    for south in range(ny):
        for north in range(south + 1, ny + 1):
            line = sums[north] - sums[south], counts[north] - counts[south]
            if not _gain(*line).any():
                continue
            west, east = _run(*line)
            part = slice(west, east + 1)
            gain = float(_gain(line[0][part].sum(), line[1][part].sum()))
            # Of boxes that hold the same the smallest.
            if gain > best + 1e-9:
                best, box = gain, (west, south, east + 1, north)
    if box is None:
        return found
    west, south, east, north = box
    if found is None and w[south:north, west:east].astype(bool).sum() > _MOST * (w > 0).sum():
        return None
    # Where there are no samples nothing is known.
    return (
        max(near[0] + west * dx, float(np.floor(samples.lon.min()))),
        max(near[1] + south * dy, float(np.floor(samples.lat.min()))),
        min(near[0] + east * dx, float(np.ceil(samples.lon.max()))),
        min(near[1] + north * dy, float(np.ceil(samples.lat.max()))),
    )
