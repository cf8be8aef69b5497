"""Where places lie in a grid: the points around each, and their weights.

A place belongs to the grid point that is nearest along each axis, up to half a cell beyond
the outermost. Where that point has no value, there is none: it is land, or below the
bottom. "bilinear" weighs the four points around, those at sea only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .grid import Grid

__all__ = [
    "METHODS",
    "Cells",
    "Method",
    "Places",
    "before_each",
    "blend",
    "find_cells",
    "find_places",
    "on_sphere",
]

Method = Literal["bilinear", "nearest"]
METHODS = ("bilinear", "nearest")

EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Places:
    """Grid points around places.

    Attributes
    ----------
    rows, columns : ndarray of int64, shape (n, k)
        The k points around each place, that to which it belongs first.
    weights : ndarray of float64, shape (n, k)
    inside : ndarray of bool, shape (n,)
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """The cell of the grid in which each place lies.

    Attributes
    ----------
    row, column : ndarray of int64, shape (n,)
        The grid point to the south-west; of "nearest" the nearest one.
    north, east : ndarray of float64, shape (n,)
        Shares of the points to the north and east; 0 for "nearest".
    inside : ndarray of bool, shape (n,)
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    north: NDArray[np.float64]
    east: NDArray[np.float64]
    inside: NDArray[np.bool_]


def find_cells(grid: Grid, lon: NDArray, lat: NDArray, method: Method) -> Cells:
    """Find the cells of places.

    Raises
    ------
    BadRequest
        A method that there is not, or not on this grid.
    """
    if method not in METHODS:
        raise BadRequest(f"Interpolation {method!r}: expected bilinear or nearest.")
    if grid.curvilinear:
        if method == "bilinear":
            raise BadRequest(
                "The grid is curvilinear (its longitudes and latitudes are no axes): "
                "choose the interpolation nearest."
            )
        return _curvilinear(grid, lon, lat)
    column, east, in_x = _along_longitude(grid, lon)
    row, north, in_y = _between(grid.lat, lat)
    if method == "nearest":
        column = (column + (east > 0.5)) % len(grid.lon)
        row = row + (north > 0.5)
        north = east = np.zeros(len(row))
    return Cells(row, column, north, east, in_x & in_y)


def find_places(grid: Grid, lon: ArrayLike, lat: ArrayLike, method: Method) -> Places:
    """Find the grid points around places.

    Raises
    ------
    BadRequest
        Coordinates that are none, or a method that there is not.
    """
    x, y = (np.atleast_1d(np.asarray(a, np.float64)) for a in (lon, lat))
    if not (np.isfinite(x).all() and (np.abs(x) <= 540).all()):
        raise BadRequest("Longitudes are degrees from -180 to 180 (or 0 to 360).")
    if not (np.isfinite(y).all() and (np.abs(y) <= 90).all()):
        raise BadRequest("Latitudes are degrees from -90 to 90.")
    cells = find_cells(grid, x, y, method)
    if method == "nearest":
        one = np.ones((len(x), 1))
        return Places(cells.row[:, None], cells.column[:, None], one, cells.inside)
    last, nx = len(grid.lat) - 1, len(grid.lon)
    # The nearer of two points first.
    near_x, near_y = (cells.east > 0.5).astype(np.int64), (cells.north > 0.5).astype(np.int64)
    rows, columns, weights = [], [], []
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        up, right = near_y ^ a, near_x ^ b
        rows.append(np.minimum(cells.row + up, last))
        columns.append((cells.column + right) % nx)  # beyond the last one only if it goes around
        share_y = np.where(up, cells.north, 1 - cells.north)
        weights.append(share_y * np.where(right, cells.east, 1 - cells.east))
    return Places(
        np.stack(rows, axis=1), np.stack(columns, axis=1), np.stack(weights, axis=1), cells.inside
    )


def before_each(axis: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the last point of an axis that is not after each place, from 0 to n - 2.

    On an even axis the place is computed, which for millions is four times faster than to
    search it; where rounding puts it beside, one comparison puts it right.
    """
    n = len(axis)
    step = (axis[-1] - axis[0]) / (n - 1)
    even = np.abs(axis - axis[0] - step * np.arange(n)).max() < 0.2 * step
    if not even or len(at) < 1000:
        return np.clip(np.searchsorted(axis, at, "right") - 1, 0, n - 2)
    scaled = (at - axis[0]) * (1 / step)
    before = np.clip(scaled, 0, n - 2).astype(np.int64)
    before -= (at < axis[before]) & (before > 0)
    before += (at >= axis[before + 1]) & (before < n - 2)
    return before


def _between(axis: NDArray, at: NDArray) -> tuple[NDArray[np.int64], NDArray, NDArray[np.bool_]]:
    """Find the point before each place, the share of the next, and what lies within."""
    n = len(axis)
    if n == 1:
        return np.zeros(len(at), np.int64), np.zeros(len(at)), np.abs(at - axis[0]) <= 0.5
    before = before_each(axis, at)
    share = (at - axis[before]) / (axis[before + 1] - axis[before])
    slack = 1e-9
    inside = (share >= -0.5 - slack) & (share <= 1.5 + slack)
    return before, np.clip(share, 0, 1), inside


def _along_longitude(grid: Grid, lon: NDArray) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
    first = grid.lon[0]
    x = first + (lon - first) % 360
    if grid.around:
        return _between(np.append(grid.lon, first + 360), x)
    # Just west of the first point, in its own cell.
    half = (grid.lon[1] - first) / 2 if len(grid.lon) > 1 else 0.5
    x = np.where(x >= first + 360 - half - 1e-9, x - 360, x)
    return _between(grid.lon, x)


def _curvilinear(grid: Grid, lon: NDArray, lat: NDArray) -> Cells:
    tree, reach, flat = _tree(_Key(grid))
    distance, found = tree.query(on_sphere(lon, lat))
    chosen = flat[found]
    rows, columns = np.divmod(chosen, grid.lon.shape[1])
    inside = distance <= reach[found]
    return Cells(rows, columns, np.zeros(len(lon)), np.zeros(len(lon)), inside)


class _Key:
    """A grid as the key of a cache: by its identity."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def __hash__(self) -> int:
        return id(self.grid)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.grid is self.grid


@lru_cache(maxsize=8)
def _tree(key: _Key) -> tuple:
    """Build a tree of the points on the sphere; how far each point's cell reaches."""
    from scipy.spatial import cKDTree

    lon, lat = key.grid.lon, key.grid.lat
    flat = np.flatnonzero((np.isfinite(lon) & np.isfinite(lat)).ravel())
    points = on_sphere(lon.ravel(), lat.ravel()).reshape(*lon.shape, 3)
    reach = np.zeros(lon.shape)
    for axis in (0, 1):
        if lon.shape[axis] > 1:
            step = np.nan_to_num(np.linalg.norm(np.diff(points, axis=axis), axis=2))
            for side in ((0, 1), (1, 0)):
                pad = [(0, 0), (0, 0)]
                pad[axis] = side
                reach = np.maximum(reach, np.pad(step, pad))
    # Half the diagonal of a cell.
    return cKDTree(points.reshape(-1, 3)[flat]), reach.ravel()[flat] * np.sqrt(0.5), flat


def on_sphere(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Return places (degrees) as vectors of length 1, shape (..., 3)."""
    x, y = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1)


def blend(values: NDArray[np.floating], places: Places) -> NDArray[np.float64]:
    """Weigh the values of the points around places, over those that have one.

    Parameters
    ----------
    values : ndarray, shape (n, k, ...)
    places : Places

    Returns
    -------
    ndarray of float64, shape (n, ...)
        NaN outside the grid, and where the point to which a place belongs has no value.
    """
    n, k = places.weights.shape
    lead = values[:, 0]
    there = ~np.isnan(lead) & places.inside.reshape(n, *[1] * (lead.ndim - 1))
    if k == 1:
        return np.where(there, lead, np.nan).astype(np.float64)
    weights = places.weights.reshape(n, k, *[1] * (values.ndim - 2))
    known = ~np.isnan(values)
    weighed = np.where(known, weights, 0.0)
    total = (weighed * np.where(known, values, 0.0)).sum(axis=1)
    whole = weighed.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(there, total / whole, np.nan)
