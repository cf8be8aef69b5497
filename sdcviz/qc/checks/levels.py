"""Checks of the depths of a station."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.model import DEPTH, Findings

from .base import Check, Piece, Setting
from .limits import Limits
from .profile import exceeds

__all__ = ["DEEPEST", "FEW_LEVELS", "GAP", "MONOTONIC"]


def monotonic_depth(piece: Piece, limits: Limits) -> Findings:
    """Find depths that do not increase; see `MONOTONIC`."""
    rules = limits.of(DEPTH)
    flag, value, threshold = _not_rising(
        piece.offsets,
        piece.region,
        piece.profile,
        piece.depth,
        piece.usable(DEPTH),
        rules.table,
        np.array([ord(code) for code in rules.text("equal")], np.uint8),
    )
    return piece.find("monotonic_depth", DEPTH, flag, value, threshold)


def depth_gap(piece: Piece, limits: Limits) -> Findings:
    """Find wide gaps between the levels of a profile; see `GAP`."""
    rules = limits.of(DEPTH)
    flag, value, threshold = _gaps(
        piece.offsets,
        piece.region,
        piece.profile,
        piece.depth,
        piece.usable(DEPTH),
        rules.table,
        rules.number("gap"),
    )
    return piece.find("depth_gap", DEPTH, flag, value, threshold)


def few_levels(piece: Piece, limits: Limits) -> Findings:
    """Find profiles with fewer depths than can be checked; see `FEW_LEVELS`."""
    rules = limits.of(DEPTH)
    running = np.concatenate([[0], np.cumsum(piece.usable(DEPTH))])
    levels = running[piece.offsets[1:]] - running[piece.offsets[:-1]]
    least = rules.by_region("levels")[piece.region]
    flags = rules.by_region_flag()[piece.region]
    short = piece.profile & (levels < least)
    found = piece.find_stations(
        "few_levels", DEPTH, np.where(short, flags, np.uint8(0)), levels.astype(float), least
    )
    for n in np.flatnonzero(found.value == 0).tolist():
        found.details[n] = "no depth is known: nothing that needs one could be checked"
    return found


def deepest(piece: Piece, limits: Limits) -> Findings:
    """Find samples below the sea floor; see `DEEPEST`."""
    rules = limits.of(DEPTH)
    share, metres = (rules.by_region(name)[piece.region] for name in ("share", "metres"))
    bottom = np.asarray(piece.collection.bottom_depth[piece.rows], np.float64)
    floor = np.where(bottom > 0, bottom + share * bottom + metres, np.nan)
    limit = np.repeat(floor, piece.lengths)
    flags = np.repeat(rules.by_region_flag()[piece.region], piece.lengths)
    below = piece.usable(DEPTH) & (piece.depth > limit)
    flag = np.where(below, flags, np.uint8(0))
    return piece.find("deepest", DEPTH, flag, piece.depth, limit)


_FEATURES = ("profile",)
MONOTONIC = Check(
    "monotonic_depth",
    "Depth does not increase",
    "sample",
    "piece",
    "z <= the greatest depth before it (upwards in a cast that goes up); a single depth that the "
    "next two and the last one disprove is flagged itself",
    "Argo quality control manual, test 8",
    monotonic_depth,
    {"equal": Setting("flag of a depth that comes again; 0 reports it", default="4", flag=True)},
    features=_FEATURES,
    judges=(DEPTH,),
)
GAP = Check(
    "depth_gap",
    "Gap in the profile",
    "sample",
    "piece",
    "distance to the next level > gap; told at the deeper one",
    "SeaDataNet data quality control procedures 2.0",
    depth_gap,
    {"gap": Setting("greatest distance between levels, metres")},
    flag="0",
    features=_FEATURES,
)
FEW_LEVELS = Check(
    "few_levels",
    "Few levels",
    "station",
    "piece",
    "number of levels whose depth is known < levels",
    "SeaDataNet data quality control procedures 2.0",
    few_levels,
    {"levels": Setting("fewest levels of a profile", default=1.0)},
    flag="0",
    features=_FEATURES,
)
DEEPEST = Check(
    "deepest",
    "Below the sea floor",
    "sample",
    "piece",
    "z > bottom depth of the station * (1 + share) + metres",
    "Argo quality control manual, test 19; SeaDataNet data quality control procedures 2.0",
    deepest,
    {
        "share": Setting("what the bottom depth may be wrong by, as a share of it"),
        "metres": Setting("what it may be wrong by besides, metres"),
    },
    flag="3",
    judges=(DEPTH,),
)


@njit(cache=True, nogil=True)
def _not_rising(
    offsets: NDArray,
    region: NDArray,
    profile: NDArray,
    depth: NDArray,
    usable: NDArray,
    table: tuple[NDArray, ...],
    equal: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Compare each depth with the greatest before it; in a cast that goes up, from its end."""
    first, last, top, bottom, flags = table
    flag = np.zeros(depth.size, np.uint8)
    value, threshold = np.empty(depth.size), np.empty(depth.size)
    for r in range(offsets.size - 1):
        a, b = first[region[r]], last[region[r]]
        if not profile[r] or a == b:
            continue
        down, before = 0, np.nan
        for i in range(offsets[r], offsets[r + 1]):
            if usable[i]:
                down += (depth[i] > before) - (depth[i] < before)
                before = depth[i]
        step = -1 if down < 0 else 1
        i = offsets[r] if step > 0 else offsets[r + 1] - 1
        end = offsets[r + 1] if step > 0 else offsets[r] - 1
        deepest = -np.inf
        while i != end:
            z = depth[i]
            if not usable[i]:
                i += step
                continue
            limit, same = np.nan, False
            if z <= deepest:
                limit, same = deepest, z == deepest
            else:
                one = _next(i + step, end, step, usable)
                two = one if one == end else _next(one + step, end, step, usable)
                if two != end and deepest < depth[one] and depth[one] < depth[two] < z:
                    limit = depth[one]
                else:
                    deepest = z
            for k in range(a, b):
                if limit == limit and z >= top[k] and z < bottom[k]:
                    flag[i] = equal[k] if same else flags[k]
                    value[i], threshold[i] = z, limit
                    break
            i += step
    return flag, value, threshold


@njit(cache=True, nogil=True)
def _next(i: int, end: int, step: int, usable: NDArray) -> int:
    """Find the next usable sample from `i` on; `end` if there is none."""
    while i != end and not usable[i]:
        i += step
    return i


@njit(cache=True, nogil=True)
def _gaps(
    offsets: NDArray,
    region: NDArray,
    profile: NDArray,
    depth: NDArray,
    usable: NDArray,
    table: tuple[NDArray, ...],
    gap: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Measure the distance between levels that follow each other."""
    first, last, top, bottom, flags = table
    flag = np.zeros(depth.size, np.uint8)
    value, threshold = np.empty(depth.size), np.empty(depth.size)
    for r in range(offsets.size - 1):
        a, b = first[region[r]], last[region[r]]
        if not profile[r] or a == b:
            continue
        before = -1
        for i in range(offsets[r], offsets[r + 1]):
            if not usable[i]:
                continue
            if before >= 0:
                x = abs(depth[i] - depth[before])
                at = i if depth[i] > depth[before] else before
                for k in range(a, b):
                    if depth[at] >= top[k] and depth[at] < bottom[k] and exceeds(x, gap[k]):
                        flag[at], value[at], threshold[at] = flags[k], x, gap[k]
                        break
            before = i
    return flag, value, threshold
