"""Where the points of a grid lie on a Mercator picture: a browser only looks them up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..geo.projection import EARTH_RADIUS, MERCATOR_MAX_LAT, inverse, mercator
from .grid import Grid, edges_of
from .places import find_cells

__all__ = ["Raster", "raster", "thinned"]

MOST_ROWS = 1600
MOST_PIXELS = 1_500_000
FINER = 3
"""Rows of the picture for one of the grid: so exactly its edges are met."""


@dataclass(frozen=True)
class Raster:
    """A picture of a grid in Mercator metres.

    Attributes
    ----------
    box : tuple of float
        West, south, east, north in metres; beyond the date line where the grid runs over it.
    shape : (int, int)
        Rows, from south to north, and columns of the picture.
    rows, columns : ndarray of int32
        Row and column of the grid of those of the picture; empty for a curvilinear grid.
    lookup : ndarray of int32
        Of a curvilinear grid the point of each pixel, -1 outside; else empty.
    """

    box: tuple[float, float, float, float]
    shape: tuple[int, int]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    lookup: NDArray[np.int32]


def thinned(grid: Grid, most: int) -> tuple[Grid, int]:
    """Return every k-th point both ways of a grid with more points than `most`, and k."""
    ny, nx = grid.shape[2:]
    k = int(np.ceil(np.sqrt(ny * nx / most)))
    if k <= 1:
        return grid, 1
    if grid.curvilinear:
        return replace(grid, lon=grid.lon[::k, ::k], lat=grid.lat[::k, ::k]), k
    return replace(grid, lon=grid.lon[::k], lat=grid.lat[::k]), k


def raster(grid: Grid) -> Raster:
    """Lay out the picture of a grid."""
    return _curvilinear(grid) if grid.curvilinear else _plain(grid)


def _metres(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    # Not turned into -180 to 180, so that a grid over the date line stays in one piece.
    return np.radians(lon) * EARTH_RADIUS


def _northing(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT)
    return np.asarray(mercator(np.zeros(len(lat)), inside)[1], np.float64)


def _plain(grid: Grid) -> Raster:
    x, y = _metres(edges_of(grid.lon)), _northing(edges_of(grid.lat))
    columns = _found(x, len(grid.lon), len(grid.lon) * FINER)
    rows = _found(y, len(grid.lat) * FINER, MOST_ROWS)
    nothing = np.empty(0, np.int32)
    box = float(x[0]), float(y[0]), float(x[-1]), float(y[-1])
    return Raster(box, (len(rows), len(columns)), rows, columns, nothing)


def _found(ends: NDArray[np.float64], wanted: int, most: int) -> NDArray[np.int32]:
    """Find the cell of each of evenly spaced pixels."""
    n = len(ends) - 1
    widths = np.diff(ends)
    even = np.ptp(widths) < 1e-3 * widths.mean()
    if even:
        return np.arange(n, dtype=np.int32)
    # No cell may fall between two pixels, where that is possible.
    least = int(np.ceil((ends[-1] - ends[0]) / widths[widths > 0].min()))
    count = max(n, min(max(wanted, least), most))
    middle = ends[0] + (np.arange(count) + 0.5) * (ends[-1] - ends[0]) / count
    return np.clip(np.searchsorted(ends, middle, "right") - 1, 0, n - 1).astype(np.int32)


def _curvilinear(grid: Grid) -> Raster:
    ny, nx = grid.lon.shape
    known = np.isfinite(grid.lon) & np.isfinite(grid.lat)
    lon, lat = grid.lon[known], np.clip(grid.lat[known], -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT)
    # Around the gap in longitude that no point lies in.
    turned = np.sort(lon)
    gaps = np.diff(np.append(turned, turned[0] + 360))
    start = turned[(int(np.argmax(gaps)) + 1) % len(turned)] if gaps.max() > 20 else -180.0
    lon = start + (lon - start) % 360
    room_x, room_y = np.ptp(lon) / nx, np.ptp(lat) / ny
    x = _metres(np.array([lon.min() - room_x / 2, lon.max() + room_x / 2]))
    y = _northing(np.array([lat.min() - room_y / 2, lat.max() + room_y / 2]))
    finer = min(2.0, np.sqrt(MOST_PIXELS / (nx * ny)))
    width = max(int(nx * finer), 2)
    height = int(np.clip(width * (y[1] - y[0]) / (x[1] - x[0]), ny * finer / 2, MOST_ROWS))
    at_x = x[0] + (np.arange(width) + 0.5) * (x[1] - x[0]) / width
    at_y = y[0] + (np.arange(height) + 0.5) * (y[1] - y[0]) / height
    _, lats = inverse("mercator", np.zeros(height), at_y)
    lons = np.degrees(at_x / EARTH_RADIUS)
    grid_lon, grid_lat = np.meshgrid((lons + 180) % 360 - 180, lats)
    cells = find_cells(grid, grid_lon.ravel(), grid_lat.ravel(), "nearest")
    lookup = np.where(cells.inside, cells.row * nx + cells.column, -1).astype(np.int32)
    nothing = np.empty(0, np.int32)
    box = float(x[0]), float(y[0]), float(x[1]), float(y[1])
    return Raster(box, (height, width), nothing, nothing, lookup)
