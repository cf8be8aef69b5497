"""Whether a cruise measured with an offset: crossovers in deep water.

Deep water changes little, so cruises that met there must agree. After the
second-level quality control of GLODAP (Tanhua et al. 2010; Olsen et al. 2016),
with boxes instead of pairs of stations and medians instead of means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.checks.base import Check, Setting
from sdcviz.qc.checks.limits import Limits, Rules
from sdcviz.qc.checks.pieces import pieces, regions_of
from sdcviz.qc.checks.voyages import SPREAD, TENTHS
from sdcviz.qc.model import Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["CRUISE_OFFSET", "LEVELS", "at_levels", "offsets_of_cruises"]

_SHALLOW = (200, 250, 300, 400, 500, 600, 800, 1000, 1250, 1500, 1750)
_DEEP = (2000, 2500, 3000, 3500, 4000, 4500, 5000, 5500)
LEVELS = np.array((*_SHALLOW, *_DEEP), np.float64)
"""Depths at which cruises are compared, metres."""
_YEAR = 365.25
_NEAREST = 50
"""Other cruises, before and after, that one is compared with at most."""


@njit(cache=True, nogil=True)
def at_levels(
    depth: NDArray, values: NDArray, good: NDArray, offsets: NDArray, levels: NDArray
) -> NDArray:
    """Interpolate profiles linearly to levels.

    Parameters
    ----------
    depth, values : ndarray of float64, shape (m,)
        Samples, station after station.
    good : ndarray of bool, shape (m,)
        Which of them to use.
    offsets : ndarray of int64, shape (n + 1,)
        First sample of each station.
    levels : ndarray of float64, shape (k,)
        Metres.

    Returns
    -------
    ndarray of float64, shape (n, k)
        NaN where the two samples around a level are further apart than a
        quarter of its depth.
    """
    out = np.full((len(offsets) - 1, len(levels)), np.nan)
    for r in range(len(offsets) - 1):
        before = -1
        for i in range(offsets[r], offsets[r + 1]):
            if not good[i]:
                continue
            if before >= 0 and depth[before] < depth[i]:
                z0, z1 = depth[before], depth[i]
                for k in range(np.searchsorted(levels, z0), len(levels)):
                    z = levels[k]
                    if z > z1:
                        break
                    if z1 - z0 <= 0.25 * z:
                        share = (z - z0) / (z1 - z0)
                        out[r, k] = values[before] * (1 - share) + values[i] * share
            before = i
    return out


def offsets_of_cruises(
    cruise: NDArray[np.int64],
    box: NDArray[np.int64],
    day: NDArray[np.float64],
    table: NDArray[np.float64],
    *,
    others: int = 3,
    years: float = 15,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Compare each cruise with the others in the same boxes and levels.

    Parameters
    ----------
    cruise, box : ndarray of int64, shape (n,)
        Cruise and box of each station, numbers from 0.
    day : ndarray of float64, shape (n,)
        Time of each station in days.
    table : ndarray of float64, shape (n, k)
        Values of each station at each level.
    others : int
        So many other cruises must have been in a box and level.
    years : float
        Cruises further apart in time are not compared; of many, the nearest
        fifty before and after.

    Returns
    -------
    offset : ndarray of float64, one a cruise
        Median, over boxes and levels, of the difference of the cruise's median
        to the median of the medians of the other cruises; NaN where none met.
    spread : ndarray of float64, one a cruise
        By how much the other cruises differ among each other there: the median
        of the greater of 1.4826 times their median distance from their median
        and of what lies between their first and last tenth, over 2.563.
    met : ndarray of int64, one a cruise
        Boxes and levels that were compared.
    stations : ndarray of int64, one a cruise
        Stations that took part.
    """
    count = int(cruise.max(initial=-1)) + 1
    station, level = np.nonzero(np.isfinite(table))
    cell = box[station] * table.shape[1] + level
    order = np.lexsort((cruise[station], cell))
    station, cell = station[order], cell[order]
    values = table[station, level[order]]
    key = cell * max(count, 1) + cruise[station]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    ends = np.append(first, len(key)).astype(np.int64)
    own, moment = _middles(values, ends), _middles(day[station], ends)
    cells = np.flatnonzero(np.diff(cell[first], prepend=-1))
    bounds = np.append(cells, len(first)).astype(np.int64)
    differ, apart = _against_others(own, moment, bounds, others, years * _YEAR)
    of = cruise[station[first]]
    met = np.isfinite(differ)
    offset, spread = np.full(count, np.nan), np.full(count, np.nan)
    sort = np.flatnonzero(met)[np.argsort(of[met], kind="stable")]
    known, begin = np.unique(of[sort], return_index=True)
    ends = np.append(begin, len(sort)).astype(np.int64)
    offset[known] = _middles(differ[sort], ends)
    spread[known] = _middles(apart[sort], ends)
    took = np.bincount(cruise, np.isfinite(table).any(axis=1), minlength=count)
    return offset, spread, np.bincount(of[met], minlength=count), took.astype(np.int64)


@njit(cache=True, nogil=True)
def _middles(values: NDArray, bounds: NDArray) -> NDArray:
    out = np.empty(len(bounds) - 1)
    for g in range(len(out)):
        out[g] = np.median(values[bounds[g] : bounds[g + 1]])
    return out


@njit(cache=True, nogil=True)
def _against_others(
    own: NDArray, moment: NDArray, bounds: NDArray, others: int, days: float
) -> tuple[NDArray, NDArray]:
    """Give the difference of each cruise to the others of its cell, and their spread."""
    differ, spread = np.full(len(own), np.nan), np.full(len(own), np.nan)
    for g in range(len(bounds) - 1):
        a, b = bounds[g], bounds[g + 1]
        if b - a <= others:
            continue
        order = a + np.argsort(moment[a:b])
        rest = np.empty(2 * _NEAREST)
        for at in range(b - a):
            i, n = order[at], 0
            for j in order[max(at - _NEAREST, 0) : at + _NEAREST + 1]:
                if j != i and abs(moment[j] - moment[i]) <= days:
                    rest[n] = own[j]
                    n += 1
            if n >= others:
                known = np.sort(rest[:n])
                middle = np.median(known)
                differ[i] = own[i] - middle
                # Of few cruises the median distance may be small by chance: the range is not.
                tenth = n // 10
                wide = (known[-1 - tenth] - known[tenth]) / TENTHS
                spread[i] = max(wide, SPREAD * np.median(np.abs(known - middle)))
    return differ, spread


def _table(
    c: Collection, key: str, limits: Limits, rules: Rules, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Interpolate all stations to the levels that their region allows."""
    parts = []
    for piece in pieces(c, limits, rows):
        good = piece.usable(key) & (piece.flags(key) != ord("3"))
        values = at_levels(piece.depth, piece.values(key), good, piece.offsets, LEVELS)
        top, bottom = rules.top[rules.first], rules.bottom[rules.first]
        top = np.where(rules.last > rules.first, top, np.inf)[piece.region, None]
        values[(LEVELS < top) | (LEVELS >= bottom[piece.region, None])] = np.nan
        parts.append(values)
    return np.concatenate(parts) if parts else np.empty((0, len(LEVELS)))


def _boxes(lon: NDArray, lat: NDArray, degrees: float) -> NDArray[np.int64]:
    east = np.floor(((lon + 180) % 360) / degrees).astype(np.int64)
    north = np.floor((lat + 90) / degrees).astype(np.int64)
    return north * int(np.ceil(360 / degrees) + 1) + east


def cruise_offset(
    collection: Collection, limits: Limits, rows: NDArray[np.int64] | None = None
) -> Findings:
    """Find cruises whose deep water differs from that of all others; see `CRUISE_OFFSET`."""
    c = collection
    chosen = np.arange(c.n_stations)  # the others are needed whatever is asked about
    code = c.text("cruise").codes
    usable = (code >= 0) & np.isfinite(c.lon + c.lat) & ~np.isnat(c.time)
    usable &= ~np.isin(c.position_flag, [ord("3"), ord("4")])
    chosen = chosen[usable]
    asked = np.ones(c.n_stations, bool)
    if rows is not None:
        asked[:] = False
        asked[rows] = True
    parts = []
    for key in limits.keys([p.key for p in c.parameters if p.kind == "number"]):
        with_it = chosen[c.has(key)[chosen]]
        parts.append(_of_parameter(c, key, limits, with_it, asked))
    return Findings.join(parts)


def _of_parameter(
    c: Collection,
    key: str,
    limits: Limits,
    rows: NDArray[np.int64],
    asked: NDArray[np.bool_],
) -> Findings:
    rules = limits.of(key)
    rule = rules.rules[0].given
    labels, cruise = np.unique(c.text("cruise").codes[rows], return_inverse=True)
    table = _table(c, key, limits, rules, rows)
    boxes = _boxes(c.lon[rows], c.lat[rows], float(rule["degrees"]))
    day = c.time[rows].astype("datetime64[ms]").astype(np.int64) / 86_400_000
    offset, spread, met, stations = offsets_of_cruises(
        cruise, boxes, day, table, others=int(rule["others"]), years=float(rule["years"])
    )
    region = np.zeros(len(labels), np.int64)
    for piece_region, first in zip(*_regions(c, limits, rows, cruise), strict=True):
        region[first] = piece_region
    limit = np.maximum(rules.by_region("limit")[region], float(rule["factor"]) * spread)
    off = (np.abs(offset) > limit) & (met >= rule["cells"]) & (stations >= rule["stations"])
    found = [Findings.of("cruise_offset", key, [], -1, "3", [], 0)]
    flags = rules.flags[rules.first[region]]
    for n in np.flatnonzero(off).tolist():
        words = (
            f"cruise {c.text('cruise').labels[labels[n]]}: {offset[n]:+.3g} against the other "
            f"cruises in {met[n]} boxes and levels, which differ by {spread[n]:.2g}"
        )
        mine = rows[(cruise == n) & asked[rows]]
        for piece in pieces(c, limits, mine):
            flag = np.where(piece.usable(key), flags[n], 0).astype(np.uint8)
            size = np.full(piece.n_samples, offset[n])
            part = piece.find("cruise_offset", key, flag, size, float(limit[n]))
            part.details = dict.fromkeys(range(len(part)), words)
            found.append(part)
    return Findings.join(found)


def _regions(
    c: Collection, limits: Limits, rows: NDArray[np.int64], cruise: NDArray[np.int64]
) -> tuple[NDArray, NDArray]:
    """Give the region of the first station of each cruise."""
    known, first = np.unique(cruise, return_index=True)
    return regions_of(limits, c, rows[first]), known


CRUISE_OFFSET = Check(
    "cruise_offset",
    "Offset of a cruise",
    "station",
    "collection",
    "fails for all samples of a cruise where the median over boxes of `degrees` and deep levels of "
    "(median of the cruise - median of the medians of the other cruises within `years`) is above "
    "`limit` and above `factor` times the spread of those others",
    "Tanhua et al. (2010) and Olsen et al. (2016, GLODAPv2): crossovers, simplified",
    cruise_offset,
    {
        "limit": Setting("greatest offset, in the unit of the parameter"),
        "factor": Setting("times the spread of the other cruises", 5),
        "degrees": Setting("side of the boxes", 2),
        "others": Setting("other cruises that must have been in a box", 3),
        "years": Setting("cruises further apart are not compared", 15),
        "cells": Setting("boxes and levels that must have been compared", 5),
        "stations": Setting("stations of the cruise that must have taken part", 3),
    },
    flag="3",
)
