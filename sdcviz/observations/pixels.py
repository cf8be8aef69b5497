"""Compiled loops from stations to pixels.

They take the stretches of stations to look at as an array of first and last
positions, and one array to fill; all release the GIL and are cached on disk.
Places in an array are unsigned: those that may count from its end take twice
as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "average_points",
    "count_codes",
    "count_inside",
    "count_points",
    "look_up",
    "scale",
    "widen",
]


@njit(cache=True, nogil=True)
def count_inside(x: NDArray, y: NDArray, runs: NDArray, box: Any) -> int:
    """Count the stations in a rectangle ``(x0, x1, y0, y1)``, edges included."""
    x0, x1, y0, y1 = box
    found = 0
    for r in range(runs.shape[0]):
        for i in range(np.uint64(runs[r, 0]), np.uint64(runs[r, 1])):
            found += (x[i] >= x0) & (x[i] <= x1) & (y[i] >= y0) & (y[i] <= y1)
    return found


@njit(cache=True, nogil=True)
def count_points(x: NDArray, y: NDArray, runs: NDArray, box: Any, out: NDArray) -> None:
    """Add the stations of each pixel to `out`, shape (height, width); row 0 is the south."""
    x0, x1, y0, y1 = box
    height, width = out.shape
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    for r in range(runs.shape[0]):
        for i in range(np.uint64(runs[r, 0]), np.uint64(runs[r, 1])):
            if (x[i] >= x0) & (x[i] <= x1) & (y[i] >= y0) & (y[i] <= y1):
                column = min(np.uint64((x[i] - x0) * sx), np.uint64(width - 1))
                line = min(np.uint64((y[i] - y0) * sy), np.uint64(height - 1))
                out[line, column] += np.uint32(1)


@njit(cache=True, nogil=True, error_model="numpy")
def average_points(
    x: NDArray,
    y: NDArray,
    rows: NDArray,
    runs: NDArray,
    box: Any,
    values: NDArray,
    out: NDArray,
) -> None:
    """Average ``values[rows[i]]`` of the stations of each pixel; NaN is left out.

    The mean moves with each value: exact enough in single precision, which
    sums are not, and with half of the memory.
    """
    x0, x1, y0, y1 = box
    height, width = out.shape
    counts = np.zeros((height, width), np.uint32)
    out[:] = np.nan
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    for r in range(runs.shape[0]):
        for i in range(np.uint64(runs[r, 0]), np.uint64(runs[r, 1])):
            if (x[i] >= x0) & (x[i] <= x1) & (y[i] >= y0) & (y[i] <= y1):
                value = values[rows[i]]
                if value == value:
                    column = min(np.uint64((x[i] - x0) * sx), np.uint64(width - 1))
                    line = min(np.uint64((y[i] - y0) * sy), np.uint64(height - 1))
                    n = counts[line, column] + 1
                    counts[line, column] = n
                    if n == 1:
                        out[line, column] = value
                    else:
                        out[line, column] += (value - out[line, column]) / np.float32(n)


@njit(cache=True, nogil=True)
def count_codes(
    x: NDArray,
    y: NDArray,
    rows: NDArray,
    runs: NDArray,
    box: Any,
    codes: NDArray,
    counts: NDArray,
    best: NDArray,
) -> None:
    """Count the codes in each pixel; `best` becomes the commonest one + 1, the first of equals."""
    x0, x1, y0, y1 = box
    height, width = best.shape
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    for r in range(runs.shape[0]):
        for i in range(np.uint64(runs[r, 0]), np.uint64(runs[r, 1])):
            if (x[i] >= x0) & (x[i] <= x1) & (y[i] >= y0) & (y[i] <= y1):
                column = min(np.uint64((x[i] - x0) * sx), np.uint64(width - 1))
                line = min(np.uint64((y[i] - y0) * sy), np.uint64(height - 1))
                code = codes[rows[i]]
                counts[line, column, code] += 1
                best[line, column] = 1
    for i in range(height):
        for j in range(width):
            if best[i, j]:
                top = 0
                for k in range(counts.shape[2]):
                    if counts[i, j, k] > counts[i, j, top]:
                        top = k
                best[i, j] = top + 1


@njit(cache=True, nogil=True)
def look_up(numbers: NDArray, table: NDArray, out: NDArray) -> None:
    """Replace each number by its entry in a table (flat arrays)."""
    for i in range(numbers.size):
        out[i] = table[numbers[i]]


@njit(cache=True, nogil=True)
def scale(values: NDArray, low: float, factor: float, out: NDArray) -> None:
    """Turn values into 1..255, from `low` on in steps of 1 / `factor`; NaN into 0 (flat arrays)."""
    for i in range(values.size):
        value = values[i]
        if value != value:
            out[i] = 0
        else:
            out[i] = np.uint8(min(max((value - low) * factor + 1.5, 1.0), 255.0))


@njit(cache=True, nogil=True)
def widen(index: NDArray, reach: int, out: NDArray) -> None:
    """Copy each pixel that is not 0 to the empty ones around it; `out` is a copy of `index`."""
    height, width = index.shape
    lines, columns = np.nonzero(index)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if (dx == 0 and dy == 0) or dx * dx + dy * dy > reach * reach + 0.5:
                continue
            for k in range(lines.size):
                line, column = lines[k] + dy, columns[k] + dx
                if 0 <= line < height and 0 <= column < width and out[line, column] == 0:
                    out[line, column] = index[lines[k], columns[k]]
