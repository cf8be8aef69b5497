"""What a rule may compute from a profile: gradient, spike, step, slope, inversion.

All take a piece of stations and give one number a sample, NaN where it can't be
told. Neighbours are the nearest samples of the same station that have a value
and a depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdcviz.qc.rules.pieces import Piece

__all__ = ["gradient", "inversion", "slope", "spike", "step"]

DENSITY = "derived:sigma0"


def gradient(piece: Piece, key: str) -> NDArray[np.float64]:
    """Return ``|v2 - (v3 + v1) / 2|``, the gradient of the SeaDataNet and GTSPP manuals."""
    before, here, after, at = _three(piece, key)
    return _placed(piece, at, np.abs(here - (after + before) / 2))


def spike(piece: Piece, key: str) -> NDArray[np.float64]:
    """Return ``|v2 - (v3 + v1) / 2| - |(v3 - v1) / 2|``, the spike of the Argo manual (test 9)."""
    before, here, after, at = _three(piece, key)
    height = np.abs(here - (after + before) / 2) - np.abs((after - before) / 2)
    return _placed(piece, at, height)


def step(piece: Piece, key: str) -> NDArray[np.float64]:
    """Return the difference from the sample before, without sign."""
    index, follows = piece.neighbours(key)
    values = piece.values(key)[index]
    return _placed(piece, index[1:][follows], np.abs(np.diff(values))[follows])


def slope(piece: Piece, key: str) -> NDArray[np.float64]:
    """Return the greatest change a metre to the sample before or after, without sign."""
    index, follows = piece.neighbours(key)
    values, depth = piece.values(key)[index], piece.depth()[index]
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = np.abs(np.diff(values) / np.diff(depth))
    return _greater(piece, index, follows & (np.diff(depth) != 0), steep)


def inversion(piece: Piece) -> NDArray[np.float64]:
    """Return by how much the water above is denser than that below, in kg/m3.

    The greater of the differences of potential density (sigma-0, gsw) to the
    sample before and to the one after; negative in a stable profile.
    """
    index, follows = piece.neighbours(DENSITY)
    density, depth = piece.values(DENSITY)[index], piece.depth()[index]
    down = np.sign(np.diff(depth))
    return _greater(piece, index, follows & (down != 0), -np.diff(density) * down)


def _three(
    piece: Piece, key: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the values before, at and after each sample that has both, and which these are."""
    index, follows = piece.neighbours(key)
    values = piece.values(key)[index]
    both = follows[1:] & follows[:-1]
    return values[:-2][both], values[1:-1][both], values[2:][both], index[1:-1][both]


def _placed(piece: Piece, at: NDArray[np.int64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.full(piece.n, np.nan)
    out[at] = found
    return out


def _greater(
    piece: Piece, index: NDArray[np.int64], real: NDArray[np.bool_], found: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give to each sample the greater of what was found to the one before and the one after."""
    side = np.where(real, found, np.nan)
    best = np.full(len(index), np.nan)
    if len(index) > 1:
        best[1:] = side
        best[:-1] = np.fmax(best[:-1], side)
    return _placed(piece, index, best)
