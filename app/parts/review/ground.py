"""Land for small maps that the browser draws itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

__all__ = ["land"]

_ROOM = 0.8
"""How much land there is around a box, as a share of it."""


@lru_cache(maxsize=32)
def land(box: tuple[float, float, float, float]) -> tuple[list[float], list[float], list[int]]:
    """Return outlines of the land in a box, in degrees.

    Returns
    -------
    x, y : list of float
        Corners of all rings.
    starts : list of int
        Number of the first corner of each ring, and of the end.
    """
    from sdcviz.geo.coast import coast, resolution_for
    from sdcviz.geo.projection import forward, inverse_mercator

    west, south, east, north = box
    (x0, x1), _ = forward("mercator", [west, east], [0, 0])
    x, y = coast("mercator", resolution_for(float(x1 - x0), box))
    lon, lat = inverse_mercator(x, y)
    ends = np.flatnonzero(np.isnan(x))
    firsts = np.append(0, ends[:-1] + 1)
    lon_room, lat_room = (east - west) * _ROOM + 1, (north - south) * _ROOM + 1
    xs: list[float] = []
    ys: list[float] = []
    starts = [0]
    for turn in (0.0, 360.0, -360.0):
        for first, end in zip(firsts.tolist(), ends.tolist(), strict=True):
            own_x, own_y = lon[first:end] + turn, lat[first:end]
            apart = own_x.min() > east + lon_room or own_x.max() < west - lon_room
            if apart or own_y.min() > north + lat_room or own_y.max() < south - lat_room:
                continue
            kept_x, kept_y = _near(own_x, own_y, (west, south, east, north), lon_room, lat_room)
            xs += np.round(kept_x, 3).tolist()
            ys += np.round(kept_y, 3).tolist()
            starts.append(len(xs))
    return xs, ys, starts


def _near(
    x: np.ndarray, y: np.ndarray, box: Sequence[float], lon_room: float, lat_room: float
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out corners far away: they are moved to the edge of the map, where nobody sees them."""
    x = np.clip(x, box[0] - lon_room, box[2] + lon_room)
    y = np.clip(y, box[1] - lat_room, box[3] + lat_room)
    moved = (np.diff(x, prepend=np.nan) != 0) | (np.diff(y, prepend=np.nan) != 0)
    return x[moved], y[moved]
