"""From what a pixel counts or averages to the number of its colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .pixels import look_up, scale, widen

__all__ = ["count_index", "fill_gaps", "value_index"]


def count_index(counts: NDArray[np.uint32]) -> tuple[NDArray[np.uint8], int]:
    """Turn counts into colour numbers on a logarithmic scale.

    Parameters
    ----------
    counts : ndarray of uint32
        Stations in each pixel.

    Returns
    -------
    index : ndarray of uint8
        0 (transparent) where there is none, 1 for a single station, 255 for the most.
    most : int
        The largest count.
    """
    most = int(counts.max(initial=0))
    if most > 1_000_000:  # the table would be larger than the picture
        return value_index(np.log(np.where(counts > 0, counts, np.nan)), 0.0, np.log(most)), most
    table = np.zeros(most + 1, np.uint8)
    if most:
        scale = np.log(np.arange(1, most + 1)) / max(np.log(most), 1e-9)
        table[1:] = 1 + np.rint(254 * scale)
    index = np.empty(counts.shape, np.uint8)
    look_up(counts.ravel(), table, index.ravel())
    return index, most


def value_index(values: NDArray[np.floating], low: float, high: float) -> NDArray[np.uint8]:
    """Turn values into colour numbers on a linear scale.

    Parameters
    ----------
    values : ndarray of float
        NaN is transparent.
    low, high : float
        Values of the first and the last colour; what lies beyond takes the end colour.

    Returns
    -------
    ndarray of uint8
        0 where there is no value, else 1..255.
    """
    span = max(high - low, float(np.finfo(np.float32).tiny))
    values = np.asarray(values, np.float32)
    index = np.empty(values.shape, np.uint8)
    scale(values.ravel(), low, 254 / span, index.ravel())
    return index


def fill_gaps(index: NDArray[np.uint8], reach: int = 1) -> NDArray[np.uint8]:
    """Widen lone pixels so that single stations can be seen.

    Only empty pixels are filled, from their neighbours; a pixel that has
    stations of its own keeps its colour.

    Parameters
    ----------
    index : ndarray of uint8, shape (height, width)
        Colour numbers, 0 is empty.
    reach : int
        Pixels to each side.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        A new array.
    """
    out = index.copy()
    widen(index, reach, out)
    return out
