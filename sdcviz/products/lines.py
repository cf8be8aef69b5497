"""Lines on the Earth: great circles, distances in kilometres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .places import EARTH_KM

__all__ = ["Line", "corners_of_line", "distance_km", "line_of"]

MOST_POINTS = 20_000


@dataclass(frozen=True)
class Line:
    """Points along a line.

    Attributes
    ----------
    lon, lat : ndarray of float64
        Degrees.
    distance : ndarray of float64
        Kilometres from its beginning, along great circles between its corners.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    distance: NDArray[np.float64]


def distance_km(
    lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike
) -> NDArray[np.float64]:
    """Return great-circle distances in kilometres (haversine, on a sphere of 6371 km)."""
    x1, y1, x2, y2 = (np.radians(np.asarray(a, np.float64)) for a in (lon1, lat1, lon2, lat2))
    half = np.sin((y2 - y1) / 2) ** 2 + np.cos(y1) * np.cos(y2) * np.sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def line_of(corners: str | Sequence[Any], points: int) -> Line:
    """Put points along a line, equally far from each other.

    Parameters
    ----------
    corners : str or sequence of (float, float)
        Longitude and latitude of each corner; as text ``"3,42 5,41.5"``.
    points : int
        Number of points.

    Raises
    ------
    BadRequest
        It is no line.
    """
    lon, lat = corners_of_line(corners).T
    if (np.abs(lat) > 90).any() or (np.abs(lon) > 540).any():
        raise BadRequest("The line leaves the Earth: longitudes are degrees east, then latitudes.")
    if not 2 <= points <= MOST_POINTS:
        raise BadRequest(f"A line has 2 to {MOST_POINTS} points, not {points}.")
    ends = np.concatenate([[0], np.cumsum(distance_km(lon[:-1], lat[:-1], lon[1:], lat[1:]))])
    if ends[-1] == 0:
        raise BadRequest("The corners of the line are one place; give two.")
    distance = np.linspace(0, ends[-1], points)
    part = np.clip(np.searchsorted(ends, distance, "right") - 1, 0, len(ends) - 2)
    length = ends[part + 1] - ends[part]
    share = np.where(length > 0, (distance - ends[part]) / np.where(length > 0, length, 1), 0)
    x, y = _between(lon[part], lat[part], lon[part + 1], lat[part + 1], share, length / EARTH_KM)
    # Where it begins and ends is told as it was given.
    x[0], y[0], x[-1], y[-1] = lon[0], lat[0], lon[-1], lat[-1]
    return Line(x, y, distance)


def corners_of_line(corners: str | Sequence[Any]) -> NDArray[np.float64]:
    """Return the corners of a line as (lon, lat); see `line_of`."""
    given = _read(corners) if isinstance(corners, str) else corners
    try:
        places = np.asarray(given, np.float64).reshape(-1, 2)
    except (ValueError, TypeError):
        raise _no_line(corners) from None
    if len(places) < 2 or not np.isfinite(places).all():
        raise _no_line(corners)
    return places


def _between(
    lon1: NDArray, lat1: NDArray, lon2: NDArray, lat2: NDArray, share: NDArray, angle: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interpolate along great circles; longitudes stay near those of the first ends."""
    ends = []
    for lon, lat in ((lon1, lat1), (lon2, lat2)):
        x, y = np.radians(lon), np.radians(lat)
        ends.append(np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)]))
    size = np.sin(angle)
    straight = np.abs(size) < 1e-12
    size = np.where(straight, 1.0, size)
    a = np.where(straight, 1 - share, np.sin((1 - share) * angle) / size)
    b = np.where(straight, share, np.sin(share * angle) / size)
    x, y, z = a * ends[0] + b * ends[1]
    lon = np.degrees(np.arctan2(y, x))
    return lon + np.round((lon1 - lon) / 360) * 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


def _read(text: str) -> list[list[float]]:
    try:
        return [[float(c) for c in corner.split(",")] for corner in text.split()]
    except ValueError:
        raise _no_line(text) from None


def _no_line(given: Any) -> BadRequest:
    shown = f"{given!r}"[:60]
    return BadRequest(
        f"{shown} is no line; give longitude and latitude of two corners or more, "
        'such as "3,42 5,41.5".'
    )
