"""Checks that compare a sample with its neighbours above and below.

Neighbours are the nearest samples of the same station that are usable
(`Piece.usable`), so one that is missing or flagged bad is passed over. The first
and the last of a profile have one neighbour only: spike and gradient leave
them out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.model import Findings

from .base import Check, Piece, Setting
from .limits import Limits

__all__ = ["GRADIENT", "ROLLOVER", "SPIKE", "exceeds"]

_SETTINGS = {"limit": Setting("greatest value of the formula, in the unit of the parameter")}
_SOURCE = "SeaDataNet data quality control procedures 2.0; EuroGOOS DATA-MEQ 2010"


def spike(piece: Piece, limits: Limits) -> Findings:
    """Find samples that stick out of the line through their neighbours; see `SPIKE`."""
    return _run("spike", piece, limits, _bends, "limit", 1.0)


def gradient(piece: Piece, limits: Limits) -> Findings:
    """Find samples too far from the mean of their neighbours; see `GRADIENT`."""
    return _run("gradient", piece, limits, _bends, "limit", 0.0)


def digit_rollover(piece: Piece, limits: Limits) -> Findings:
    """Find jumps between neighbours that only a full counter can make; see `ROLLOVER`."""
    return _run("digit_rollover", piece, limits, _jumps, "jump")


def _run(
    name: str,
    piece: Piece,
    limits: Limits,
    loop: Callable[..., tuple[NDArray, NDArray, NDArray]],
    setting: str,
    *more: float,
) -> Findings:
    """Run a loop over each parameter, with the limits that a setting gives."""
    found = []
    for key in piece.keys(limits):
        rules = limits.of(key)
        flag, value, threshold = loop(
            piece.offsets,
            piece.region,
            piece.profile,
            piece.depth,
            piece.values(key),
            piece.usable(key),
            rules.table,
            rules.number(setting),
            *more,
        )
        found.append(piece.find(name, key, flag, value, threshold))
    return Findings.join(found)


SPIKE = Check(
    "spike",
    "Spike",
    "sample",
    "piece",
    "|v2 - (v3 + v1) / 2| - |(v3 - v1) / 2| > limit, v1 and v3 the neighbours above and below",
    f"Argo quality control manual, test 9; {_SOURCE}",
    spike,
    _SETTINGS,
    features=("profile",),
)
GRADIENT = Check(
    "gradient",
    "Gradient",
    "sample",
    "piece",
    "|v2 - (v3 + v1) / 2| > limit, v1 and v3 the neighbours above and below",
    f"Argo quality control manual, test 11 (dropped there since); {_SOURCE}",
    gradient,
    _SETTINGS,
    flag="3",
    features=("profile",),
)
ROLLOVER = Check(
    "digit_rollover",
    "Digit rollover",
    "sample",
    "piece",
    "|v2 - v1| > jump, v1 the neighbour above; both are flagged",
    "Argo quality control manual, test 12",
    digit_rollover,
    {"jump": Setting("greatest step to the next sample, in the unit of the parameter")},
    features=("profile",),
)


@njit(cache=True, nogil=True)
def _bends(
    offsets: NDArray,
    region: NDArray,
    profile: NDArray,
    depth: NDArray,
    values: NDArray,
    usable: NDArray,
    table: tuple[NDArray, ...],
    limit: NDArray,
    less_slope: float,
) -> tuple[NDArray, NDArray, NDArray]:
    """Compare each sample with its neighbours; `less_slope` (0, 1) times the slope is allowed."""
    first, last, top, bottom, flags = table
    flag = np.zeros(values.size, np.uint8)
    value, threshold = np.empty(values.size), np.empty(values.size)
    for r in range(offsets.size - 1):
        a, b = first[region[r]], last[region[r]]
        if not profile[r] or a == b:
            continue
        above, here = -1, -1
        for i in range(offsets[r], offsets[r + 1]):
            if not usable[i]:
                continue
            if above >= 0:
                v1, v2, v3, z = values[above], values[here], values[i], depth[here]
                x = abs(v2 - (v3 + v1) / 2) - less_slope * abs((v3 - v1) / 2)
                for k in range(a, b):
                    if z >= top[k] and z < bottom[k] and exceeds(x, limit[k]):
                        flag[here], value[here], threshold[here] = flags[k], x, limit[k]
                        break
            above, here = here, i
    return flag, value, threshold


@njit(cache=True, nogil=True)
def exceeds(x: float, limit: float) -> bool:
    """Compare what was computed of decimals: 6.000000000000001 is no more than 6."""
    return x > limit + 1e-9 * (1 + abs(limit))


@njit(cache=True, nogil=True)
def _jumps(
    offsets: NDArray,
    region: NDArray,
    profile: NDArray,
    depth: NDArray,
    values: NDArray,
    usable: NDArray,
    table: tuple[NDArray, ...],
    jump: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Compare each sample with the one above; of two jumps the greater is told."""
    first, last, top, bottom, flags = table
    flag = np.zeros(values.size, np.uint8)
    value, threshold = np.zeros(values.size), np.empty(values.size)
    for r in range(offsets.size - 1):
        a, b = first[region[r]], last[region[r]]
        if not profile[r] or a == b:
            continue
        above = -1
        for i in range(offsets[r], offsets[r + 1]):
            if not usable[i]:
                continue
            if above >= 0:
                x = abs(values[i] - values[above])
                for k in range(a, b):
                    if depth[i] >= top[k] and depth[i] < bottom[k] and exceeds(x, jump[k]):
                        for j in (above, i):
                            if x > value[j]:
                                flag[j], value[j], threshold[j] = flags[k], x, jump[k]
                        break
            above = i
    return flag, value, threshold
