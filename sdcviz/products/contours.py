"""Lines of equal value on a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..geo.projection import EARTH_RADIUS, MERCATOR_MAX_LAT, mercator
from .raster import thinned

if TYPE_CHECKING:
    from .difference import Difference
    from .layers import Layer

__all__ = ["Contours", "contours"]

MOST_POINTS = 400_000
"""Points of the grid that lines are drawn through; of a finer one every k-th."""
MOST_VERTICES = 150_000
SHORTEST = 6
"""Points of the shortest line that is drawn."""
LABELLED = 25
"""Points of the shortest line that gets a label."""


@dataclass(frozen=True)
class Contours:
    """Lines in Mercator metres, separated by NaN, and their labels.

    Attributes
    ----------
    x, y : ndarray of float32
    levels : list of float
    labels : list of (x, y, value, angle)
        At most two a level; the angle in radians follows the line.
    left_out : int
        Lines that are too short to draw, or too many.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    levels: list[float]
    labels: list[tuple[float, float, float, float]]
    left_out: int


def contours(layer: Layer | Difference, levels: list[float]) -> Contours:
    """Draw lines of equal value through a layer at some levels."""
    from contourpy import LineType, contour_generator

    values = np.asarray(layer.plane(), np.float64)
    grid, k = thinned(layer.grid, MOST_POINTS)
    values = values[::k, ::k]
    nothing = np.empty(0, np.float32)
    if min(values.shape) < 2:
        return Contours(nothing, nothing, [], [], 0)
    lat = np.clip(grid.lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT)
    x = np.radians(grid.lon) * EARTH_RADIUS
    y = np.asarray(mercator(np.zeros(lat.size), lat.ravel())[1], np.float64).reshape(lat.shape)
    made = contour_generator(
        x, y, np.ma.masked_invalid(values), line_type=LineType.Separate
    )  # fmt: skip
    lines: list[NDArray] = []
    labels: list[tuple[float, float, float, float]] = []
    drawn, left_out = [], 0
    for level in levels:
        found = sorted((np.asarray(f) for f in made.lines(level)), key=len, reverse=True)
        some = [f for f in found if len(f) >= SHORTEST]
        left_out += len(found) - len(some)
        if some:
            drawn.append(level)
        labels += [_label(f, level) for f in some[:2] if len(f) >= LABELLED]
        lines += some
    lines.sort(key=len, reverse=True)
    total = np.cumsum([len(f) + 1 for f in lines])
    kept = int(np.searchsorted(total, MOST_VERTICES)) if len(total) else 0
    left_out += len(lines) - kept
    gap = np.full((1, 2), np.nan)
    points = [part for line in lines[:kept] for part in (line, gap)]
    both = np.concatenate(points).astype(np.float32) if points else np.empty((0, 2), np.float32)
    return Contours(both[:, 0].copy(), both[:, 1].copy(), drawn, labels, left_out)


def _label(line: NDArray, level: float) -> tuple[float, float, float, float]:
    """Place a label in the straightest part of a line."""
    n, reach = len(line), max(2, len(line) // 12)
    at = np.arange(reach, n - reach)
    a, b = line[at - reach], line[at + reach]
    length = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(length)])
    straight = np.hypot(*(b - a).T) / np.maximum(along[at + reach] - along[at - reach], 1e-9)
    best = int(np.argmax(straight))
    across, up = b[best] - a[best]
    angle = float(np.arctan2(up, across))
    # Never upside down.
    angle = angle + np.pi if angle < -np.pi / 2 else angle - np.pi if angle > np.pi / 2 else angle
    x, y = line[at[best]]
    return float(x), float(y), float(level), float(angle)
