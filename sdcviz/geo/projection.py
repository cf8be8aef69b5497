"""Map projections: Web Mercator in plain numpy, north polar stereographic by pyproj.

Mercator is the one of web maps (sphere of 6 378 137 m, EPSG:3857), so that
tiles fit if somebody configures them. The Arctic projection is EPSG:3995:
north polar stereographic on WGS84, true to scale at 71°N, 0° pointing down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest

if TYPE_CHECKING:
    from pyproj import Transformer

__all__ = [
    "EARTH_RADIUS",
    "MERCATOR_MAX_LAT",
    "PROJECTIONS",
    "Projection",
    "distance_km",
    "forward",
    "inverse",
    "inverse_mercator",
    "mercator",
    "projection",
]

EARTH_RADIUS = 6_378_137.0
"""Radius in metres of the sphere of Web Mercator (WGS84's large half-axis)."""
MEAN_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG), for great-circle distances."""
MERCATOR_MAX_LAT = 85.0511287798066
"""Web Mercator ends here: the map of the world is a square."""


@dataclass(frozen=True)
class Projection:
    """What a map needs to know about a projection.

    Attributes
    ----------
    name : str
        Key in `PROJECTIONS`.
    title : str
        Name shown to people.
    x_range, y_range : tuple of float
        Extent in metres beyond which nothing is drawn.
    min_lat, max_lat : float
        Latitudes (degrees north) between which points are projected; others become NaN.
    """

    name: str
    title: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    min_lat: float
    max_lat: float


_WORLD = np.pi * EARTH_RADIUS
_ARCTIC = 6_400_000.0

PROJECTIONS: dict[str, Projection] = {
    "mercator": Projection(
        "mercator", "Mercator", (-_WORLD, _WORLD), (-_WORLD, _WORLD), -90.0, 90.0
    ),
    "arctic": Projection(
        "arctic",
        "Arctic (polar stereographic)",
        (-_ARCTIC, _ARCTIC),
        (-_ARCTIC, _ARCTIC),
        35.0,
        90.0,
    ),
}
"""The projections that the map offers, by name."""


def projection(name: str) -> Projection:
    """Look a projection up by name.

    Raises
    ------
    BadRequest
        The name is not in `PROJECTIONS`.
    """
    try:
        return PROJECTIONS[name]
    except KeyError:
        known = ", ".join(PROJECTIONS)
        raise BadRequest(f"There is no projection {name!r}; choose one of: {known}.") from None


def mercator(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray, NDArray]:
    """Project to Web Mercator.

    Parameters
    ----------
    lon, lat : array_like, any shape
        Degrees east and north. Latitudes beyond ±85.05° are drawn there; NaN stays NaN.

    Returns
    -------
    x, y : ndarray
        Metres; float32 if both inputs are float32, else float64.
    """
    lon, lat = _floats(lon), _floats(lat)
    x = lon * lon.dtype.type(EARTH_RADIUS * np.pi / 180)
    y = np.clip(lat, -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT) * lat.dtype.type(np.pi / 180)
    # arctanh(sin) is well conditioned at the equator, unlike log(tan(...)).
    y = np.arctanh(np.sin(y)) * lat.dtype.type(EARTH_RADIUS)
    return x, y


def inverse_mercator(x: ArrayLike, y: ArrayLike) -> tuple[NDArray, NDArray]:
    """Turn Web Mercator metres into degrees east and north."""
    x, y = _floats(x), _floats(y)
    lon = x * x.dtype.type(180 / (np.pi * EARTH_RADIUS))
    lat = np.degrees(np.arctan(np.sinh(y / y.dtype.type(EARTH_RADIUS))))
    return lon, lat


def forward(name: str, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray, NDArray]:
    """Project degrees to metres of the projection `name`.

    Parameters
    ----------
    name : str
        Key of `PROJECTIONS`.
    lon, lat : array_like, shape (n,)
        Degrees east and north.

    Returns
    -------
    x, y : ndarray, shape (n,)
        Metres; NaN where a point is outside the projection's latitudes.
    """
    p = projection(name)
    if name == "mercator":
        return mercator(lon, lat)
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    x, y = _arctic_transformer(False).transform(lon, lat)
    outside = ~((lat >= p.min_lat) & (lat <= p.max_lat))
    return np.where(outside, np.nan, x), np.where(outside, np.nan, y)


def inverse(name: str, x: ArrayLike, y: ArrayLike) -> tuple[NDArray, NDArray]:
    """Turn metres of the projection `name` into degrees east and north."""
    projection(name)
    if name == "mercator":
        return inverse_mercator(x, y)
    lon, lat = _arctic_transformer(True).transform(
        np.asarray(x, np.float64), np.asarray(y, np.float64)
    )
    return np.asarray(lon), np.asarray(lat)


def distance_km(lon0: ArrayLike, lat0: ArrayLike, lon1: ArrayLike, lat1: ArrayLike) -> NDArray:
    """Great-circle distance by the haversine formula, exact for near points too.

    Parameters
    ----------
    lon0, lat0, lon1, lat1 : array_like
        Degrees east and north; shapes broadcast.

    Returns
    -------
    ndarray
        Kilometres on a sphere of 6371.0088 km.
    """
    a, b = np.radians(np.asarray(lat0, float)), np.radians(np.asarray(lat1, float))
    half_lon = np.radians(np.asarray(lon1, float) - np.asarray(lon0, float)) / 2
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(half_lon) ** 2
    return 2 * MEAN_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))


@lru_cache(maxsize=2)
def _arctic_transformer(back: bool) -> Transformer:
    from pyproj import Transformer

    pair = ("EPSG:3995", "EPSG:4326") if back else ("EPSG:4326", "EPSG:3995")
    return Transformer.from_crs(*pair, always_xy=True)


def _floats(values: ArrayLike) -> NDArray[np.floating]:
    a = np.asarray(values)
    return a if a.dtype in (np.float32, np.float64) else a.astype(np.float64)
