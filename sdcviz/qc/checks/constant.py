"""A sensor that got stuck: the same value all the way down."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.model import Findings

from .base import Check, Piece, Setting
from .limits import Limits

__all__ = ["STUCK"]


def stuck_value(piece: Piece, limits: Limits) -> Findings:
    """Find profiles that hold one value nearly everywhere; see `STUCK`."""
    found = []
    for key in piece.keys(limits):
        rules = limits.of(key)
        flag, value, threshold = _stuck(
            piece.offsets,
            piece.region,
            piece.profile,
            piece.depth,
            piece.values(key),
            piece.usable(key),
            rules.table,
            rules.number("share"),
            rules.number("span"),
            rules.number("levels"),
        )
        found.append(piece.find_stations("stuck_value", key, flag, value, threshold))
    return Findings.join(found)


STUCK = Check(
    "stuck_value",
    "Stuck value",
    "station",
    "piece",
    "the most frequent value is held by at least `share` of the levels and reaches over at least "
    "`span` metres, in a profile of at least `levels` levels",
    "Argo quality control manual, test 13 (all the same); EN quality control, Ingleby and "
    "Huddleston 2007 (90 per cent over 100 m)",
    stuck_value,
    {
        "share": Setting("share of the levels that hold the same value, up to 1"),
        "span": Setting("metres from the first to the last of them", default=0.0),
        "levels": Setting("fewest levels of a profile that is judged", default=2.0),
    },
    features=("profile",),
)


@njit(cache=True, nogil=True)
def _stuck(
    offsets: NDArray,
    region: NDArray,
    profile: NDArray,
    depth: NDArray,
    values: NDArray,
    usable: NDArray,
    table: tuple[NDArray, ...],
    share: NDArray,
    span: NDArray,
    levels: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Give a flag, the share found and that allowed for each station."""
    first, last, _, _, flags = table
    n_stations = offsets.size - 1
    flag = np.zeros(n_stations, np.uint8)
    value, threshold = np.zeros(n_stations), np.zeros(n_stations)
    for r in range(n_stations):
        a, b = first[region[r]], last[region[r]]
        if not profile[r] or a == b:
            continue
        # A value that more than half of the levels hold survives when different ones cancel out.
        likely, votes, n = np.nan, 0, 0
        for i in range(offsets[r], offsets[r + 1]):
            if usable[i]:
                n += 1
                if votes == 0:
                    likely = values[i]
                votes += 1 if values[i] == likely else -1
        if votes <= 0:
            continue
        count, low, high = 0, np.inf, -np.inf
        for i in range(offsets[r], offsets[r + 1]):
            if usable[i] and values[i] == likely:
                count += 1
                low, high = min(low, depth[i]), max(high, depth[i])
        for k in range(a, b):
            if n >= levels[k] and count >= share[k] * n and high - low >= span[k]:
                flag[r], value[r], threshold[r] = flags[k], count / n, share[k]
                break
    return flag, value, threshold
