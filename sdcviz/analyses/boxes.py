"""Boxes of longitudes and latitudes, on a grid and around places."""

from __future__ import annotations

import math

__all__ = ["widen"]

_METRES = 111_195.0
"""Of one degree of latitude."""

Box = tuple[float, float, float, float]


def widen(box: Box, metres: float) -> Box:
    """Let a box grow on all sides.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north in degrees.
    metres : float

    Returns
    -------
    tuple of float
        Latitudes within -90 to 90.
    """
    west, south, east, north = box
    along = metres / _METRES
    low, high = max(-90.0, south - along), min(90.0, north + along)
    across = along / max(math.cos(math.radians(max(abs(low), abs(high)))), 0.02)
    return west - across, low, east + across, high
