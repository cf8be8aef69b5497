"""Which observations lie near a place, near a line, or in an area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .lines import distance_km
from .places import EARTH_KM, on_sphere

__all__ = ["Near", "in_area", "near_line", "near_place"]


@dataclass(frozen=True)
class Near:
    """Observations that are near.

    Attributes
    ----------
    rows : ndarray of int64
        Which ones, ascending.
    km : ndarray of float64
        How far each is, on a great circle.
    along : ndarray of float64
        Kilometres along the line to the point of it that is nearest; 0 for a place.
    """

    rows: NDArray[np.int64]
    km: NDArray[np.float64]
    along: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


def near_place(at: tuple[float, float], lon: ArrayLike, lat: ArrayLike, km: float) -> Near:
    """Find what lies within a distance of a place.

    Parameters
    ----------
    at : (float, float)
        Longitude and latitude.
    lon, lat : array-like
        Of the observations; one without a position is nowhere.
    km : float

    Raises
    ------
    BadRequest
        The distance is negative or no number.
    """
    x, y = _positions(lon, lat)
    rows = _in_band(y, at[1], at[1], _checked(km))
    away = distance_km(*at, x[rows], y[rows])
    near = away <= km
    return Near(rows[near], away[near], np.zeros(int(near.sum())))


def near_line(
    corners: Sequence[Sequence[float]], lon: ArrayLike, lat: ArrayLike, km: float
) -> Near:
    """Find what lies within a distance of a line of great circles.

    Parameters
    ----------
    corners : sequence of (float, float)
        Longitude and latitude of two corners or more.
    lon, lat, km
        See `near_place`.
    """
    x, y = _positions(lon, lat)
    ends = np.asarray(corners, np.float64).reshape(-1, 2)
    if len(ends) < 2:
        raise BadRequest("A line has two corners or more.")
    km = _checked(km)
    # Away from the equator a great circle reaches beyond the latitudes of its ends.
    bulge = _highest(ends)
    rows = _in_band(y, bulge[0], bulge[1], km)
    points = on_sphere(x[rows], y[rows])
    best = np.full(len(rows), np.inf)
    along = np.zeros(len(rows))
    before = 0.0
    for a, b in zip(on_sphere(*ends[:-1].T), on_sphere(*ends[1:].T), strict=True):
        length = _angle(a, b)
        if length == 0:
            continue
        off, way = _to_part(points, a, b, length)
        nearer = off < best
        best = np.where(nearer, off, best)
        along = np.where(nearer, before + way * EARTH_KM, along)
        before += length * EARTH_KM
    near = best * EARTH_KM <= km
    return Near(rows[near], best[near] * EARTH_KM, along[near])


def in_area(where: str | Sequence[Any], lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which observations lie in an area; see `sdcviz.products.areas.points_in`."""
    import shapely

    from .areas import corners_of

    x, y = _positions(lon, lat)
    polygon = shapely.Polygon(corners_of(where))
    if not polygon.is_valid or polygon.area == 0:
        raise BadRequest("The lines of the area cross each other, or it has no extent.")
    west, south, east, north = polygon.bounds
    x = x + 360 * np.round(((west + east) / 2 - x) / 360)
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    shapely.prepare(polygon)
    rows = np.flatnonzero(inside)
    inside[rows] = shapely.intersects_xy(polygon, x[rows], y[rows])
    return np.asarray(inside)


# ---- on the sphere ---------------------------------------------------------------
def _positions(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray, NDArray]:
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


def _checked(km: float) -> float:
    if not (np.isfinite(km) and km >= 0):
        raise BadRequest(f"{km:g} km is no distance; give one of 0 or more.")
    return float(km)


def _in_band(lat: NDArray, low: float, high: float, km: float) -> NDArray[np.int64]:
    """Leave out by their latitudes most of what is too far."""
    margin = np.degrees(km / EARTH_KM) + 1e-9
    return np.flatnonzero((lat >= low - margin) & (lat <= high + margin))


def _highest(ends: NDArray[np.float64]) -> tuple[float, float]:
    """Return the southernmost and northernmost latitude of a line of great circles."""
    from .lines import line_of

    seen = [ends[:, 1].min(), ends[:, 1].max()]
    for k in range(len(ends) - 1):
        if (ends[k] != ends[k + 1]).any():
            way = line_of(ends[k : k + 2].tolist(), 64).lat
            seen += [way.min() - 0.02, way.max() + 0.02]
    return float(min(seen)), float(max(seen))


def _angle(a: NDArray, b: NDArray) -> Any:
    """Return the angle between vectors, exact for small ones too."""
    across = np.linalg.norm(np.cross(a, b), axis=-1)
    return np.arctan2(across, (a * b).sum(axis=-1))


def _to_part(points: NDArray, a: NDArray, b: NDArray, length: float) -> tuple[NDArray, NDArray]:
    """Return the angle from points to the part of a line, and how far along it is nearest."""
    normal = np.cross(a, b)
    normal = normal / np.linalg.norm(normal)
    ahead = np.cross(normal, a)
    way = np.arctan2(points @ ahead, points @ a)
    off = np.arcsin(np.clip(np.abs(points @ normal), 0, 1))
    to_a, to_b = _angle(points, a), _angle(points, b)
    beside = (way >= 0) & (way <= length)
    first = to_a <= to_b
    off = np.where(beside, off, np.where(first, to_a, to_b))
    return off, np.where(beside, way, np.where(first, 0.0, length))
