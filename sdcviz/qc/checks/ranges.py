"""Values that can't be, in the world or in a region and layer."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.model import Findings

from .base import Check, Piece, Setting
from .limits import Limits

__all__ = ["GLOBAL_RANGE", "REGIONAL_RANGE"]

_SETTINGS = {
    "low": Setting("smallest value that may be, in the unit of the parameter", optional=True),
    "high": Setting("greatest value that may be, in the unit of the parameter", optional=True),
}
_FORMULA = "fails where value < low or value > high"


def _run(name: str, piece: Piece, limits: Limits) -> Findings:
    found = []
    for key in piece.keys(limits):
        rules = limits.of(key)
        flag, threshold = _outside(
            piece.offsets,
            piece.region,
            piece.depth,
            piece.values(key),
            piece.present(key),
            rules.table,
            rules.number("low"),
            rules.number("high"),
        )
        found.append(piece.find(name, key, flag, piece.values(key), threshold))
    return Findings.join(found)


def global_range(piece: Piece, limits: Limits) -> Findings:
    """Find values outside what is possible anywhere; see `GLOBAL_RANGE`."""
    return _run("global_range", piece, limits)


def regional_range(piece: Piece, limits: Limits) -> Findings:
    """Find values outside what is known of the region and layer; see `REGIONAL_RANGE`."""
    return _run("regional_range", piece, limits)


GLOBAL_RANGE = Check(
    "global_range",
    "Global range",
    "sample",
    "piece",
    _FORMULA,
    "Argo quality control manual, test 6; SeaDataNet data quality control procedures 2.0",
    global_range,
    _SETTINGS,
)
REGIONAL_RANGE = Check(
    "regional_range",
    "Regional range",
    "sample",
    "piece",
    f"{_FORMULA}, limits by region and depth layer",
    "Argo quality control manual, test 7; SeaDataNet data quality control procedures 2.0",
    regional_range,
    _SETTINGS,
    flag="3",
)


@njit(cache=True, nogil=True)
def _outside(
    offsets: NDArray,
    region: NDArray,
    depth: NDArray,
    values: NDArray,
    usable: NDArray,
    table: tuple[NDArray, ...],
    low: NDArray,
    high: NDArray,
) -> tuple[NDArray, NDArray]:
    """Give a flag and the limit that is passed for each sample; 0 where all is well.

    A rule for all depths needs no depth; one for a layer does.
    """
    first, last, top, bottom, flags = table
    flag = np.zeros(values.size, np.uint8)
    threshold = np.empty(values.size)
    for r in range(offsets.size - 1):
        a, b = first[region[r]], last[region[r]]
        for i in range(offsets[r], offsets[r + 1]):
            if not usable[i]:
                continue
            x, z = values[i], depth[i]
            for k in range(a, b):
                everywhere = top[k] == -np.inf and bottom[k] == np.inf
                if not (everywhere or (z >= top[k] and z < bottom[k])):
                    continue
                if x < low[k]:
                    flag[i], threshold[i] = flags[k], low[k]
                    break
                if x > high[k]:
                    flag[i], threshold[i] = flags[k], high[k]
                    break
    return flag, threshold
