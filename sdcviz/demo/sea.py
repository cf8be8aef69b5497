"""Where the synthetic cruises go: seas, a made-up sea floor, ship tracks.

The coast is the real one; everything else is invented, roughly like the
Mediterranean and the Black Sea.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..geo.land import on_land
from ..geo.projection import distance_km

__all__ = ["SEAS", "Sea", "climate", "land_distance", "sea_floor", "track"]

WEST, EAST, SOUTH, NORTH, STEP = -6.0, 42.0, 30.0, 47.5, 0.05
CLEARANCE_KM = 6.0


@dataclass(frozen=True)
class Sea:
    """An area that a cruise works in.

    Attributes
    ----------
    code, name : str
        Short and full name.
    weight : float
        Share of the cruises.
    corners : tuple of (float, float)
        Polygon in degrees east and north; land in it is left out.
    """

    code: str
    name: str
    weight: float
    corners: tuple[tuple[float, float], ...]


SEAS = (
    Sea("ALB", "Alboran Sea", 1.0, ((-5.2, 35.2), (-5.2, 36.8), (-1, 37.6), (-0.5, 35.5))),
    Sea("LIG", "Gulf of Lion and Ligurian Sea", 2.5,
        ((2.5, 40.8), (3, 43.5), (8.8, 44.4), (9.9, 43.2), (9, 40.8))),
    Sea("ALG", "Balearic and Algerian basins", 2.2,
        ((-1.5, 35.8), (-0.8, 40.6), (3, 41.8), (9, 41.6), (8.3, 39), (10.5, 37.4), (3, 36.6))),
    Sea("TYR", "Tyrrhenian Sea", 1.7,
        ((9.4, 37.8), (9.4, 42.8), (11.8, 42.3), (15.6, 40.1), (16, 38.3), (12.4, 37.9))),
    Sea("ADN", "Northern Adriatic", 1.5,
        ((12.3, 43.6), (12.3, 45.7), (13.8, 45.7), (16.6, 43.2), (16.3, 42), (14.2, 42.2))),
    Sea("ADS", "Southern Adriatic", 1.3,
        ((15.6, 43.8), (14.2, 42.4), (18.3, 39.6), (19.8, 39.6), (19.4, 42.2))),
    Sea("SIC", "Sicily Channel and Gulf of Sidra", 1.2,
        ((10, 33.8), (10, 37.8), (12.4, 38), (16.2, 36.8), (16.2, 34.2), (20.3, 32.6),
         (20.2, 30.5), (15.2, 31.4), (11.5, 33.2))),
    Sea("ION", "Ionian Sea", 1.8,
        ((15, 34), (15.3, 37.9), (17, 39.9), (20.3, 39.8), (22.2, 36.5), (23.3, 35), (23.3, 31.9),
         (20, 31.9))),
    Sea("AEG", "Aegean Sea", 1.8,
        ((22.8, 35.2), (22.9, 39.5), (24, 40.8), (26, 40.9), (26.6, 39), (28, 36.6), (28, 35.4))),
    Sea("LEV", "Levantine basin", 2.2,
        ((22.6, 31.4), (22.6, 35.2), (28, 36.4), (36.2, 36.8), (35.6, 32.6), (32, 31.2))),
    Sea("BSW", "Western Black Sea", 2.2,
        ((27.9, 41.2), (28.2, 44), (30.3, 46.5), (33, 46), (35.2, 44.6), (36.2, 42), (31, 41))),
    Sea("BSE", "Eastern Black Sea", 1.8,
        ((33.4, 44.6), (34, 41.8), (38, 40.9), (41.8, 41.4), (39, 44.2), (36.8, 45))),
)  # fmt: skip
"""The seas and their shares."""

# Surface temperature (mean, amplitude), deep temperature, salinity (surface,
# intermediate, deep), oxygen saturation at its minimum, depth of the plain in
# metres, width of the shelf in kilometres.
_CLIMATE = np.array(
    [
        # lon, lat, t_mean, t_range, t_deep, s_top, s_mid, s_deep, o2_min, floor, shelf
        (-4.0, 36.0, 18.0, 3.9, 12.90, 36.6, 38.45, 38.42, 0.70, 1400, 8),
        (4.5, 42.0, 17.6, 4.8, 12.85, 38.0, 38.55, 38.46, 0.74, 2500, 25),
        (8.5, 43.3, 18.2, 5.0, 12.90, 38.1, 38.58, 38.46, 0.74, 2400, 6),
        (4.0, 38.5, 19.2, 5.1, 12.85, 37.1, 38.50, 38.45, 0.70, 2700, 8),
        (12.5, 39.8, 19.6, 5.3, 13.25, 37.9, 38.70, 38.52, 0.69, 3300, 10),
        (13.0, 44.8, 16.4, 7.8, 11.80, 36.8, 38.10, 38.20, 0.85, 35, 150),
        (15.0, 43.0, 17.6, 6.8, 12.60, 38.0, 38.55, 38.60, 0.80, 230, 60),
        (18.2, 41.8, 18.8, 5.9, 13.15, 38.4, 38.76, 38.70, 0.80, 1200, 12),
        (18.5, 36.0, 20.2, 5.4, 13.60, 38.5, 38.88, 38.70, 0.72, 3700, 12),
        (25.0, 39.6, 18.3, 6.0, 13.50, 37.2, 38.90, 38.95, 0.82, 900, 14),
        (25.5, 36.6, 19.7, 5.2, 14.00, 39.0, 39.06, 38.96, 0.79, 1100, 10),
        (26.5, 34.0, 21.0, 5.0, 13.75, 39.0, 39.06, 38.75, 0.71, 3100, 8),
        (33.0, 33.8, 22.3, 5.2, 13.75, 39.3, 39.10, 38.76, 0.70, 2400, 12),
        # The Black Sea has its own vertical structure; s_mid is not used there.
        (30.6, 45.3, 14.6, 9.6, 8.95, 16.6, 21.0, 22.33, 0.0, 70, 180),
        (31.0, 43.0, 15.4, 9.2, 8.95, 18.0, 21.0, 22.33, 0.0, 2050, 30),
        (38.0, 42.8, 15.9, 9.1, 8.95, 18.2, 21.0, 22.33, 0.0, 2150, 8),
    ]
)
_IN_BLACK_SEA = _CLIMATE[:, 6] == 21.0
_NAMES = ("t_mean", "t_range", "t_deep", "s_top", "s_mid", "s_deep", "o2_min", "floor", "shelf")


def in_black_sea(lon: NDArray, lat: NDArray) -> NDArray[np.bool_]:
    """Tell the Black Sea from the Mediterranean."""
    return (lon > 27.4) & (lat > 40.85)


def climate(lon: NDArray, lat: NDArray) -> dict[str, NDArray]:
    """Blend the climates of the places nearest to each point.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees east and north.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        "t_mean", "s_top", "floor", ...
    """
    near = distance_km(lon[:, None], lat[:, None], _CLIMATE[:, 0], _CLIMATE[:, 1]) + 40
    weight = near**-3
    weight[in_black_sea(lon, lat)[:, None] != _IN_BLACK_SEA] = 0
    weight /= weight.sum(axis=1, keepdims=True)
    return dict(zip(_NAMES, (weight @ _CLIMATE[:, 2:]).T, strict=True))


def sea_floor(lon: NDArray, lat: NDArray) -> NDArray[np.float64]:
    """Invent the depth of the sea floor from the distance to land; metres, shape (n,)."""
    here = climate(lon, lat)
    away = land_distance(lon, lat) / here["shelf"]
    shelf = 18 + 0.7 * np.minimum(here["floor"], 160) * np.minimum(away, 1) ** 1.2
    slope = np.clip((away - 1) / 2.5, 0, 1)
    rough = 1 + 0.12 * np.sin(7 * lon + 3 * lat) * np.sin(5 * lat - 2 * lon)
    plain = np.maximum(here["floor"] - shelf, 0) * slope**2 * (3 - 2 * slope)
    return np.round((shelf + plain) * rough, 0)


@lru_cache(maxsize=1)
def _distances() -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    lat = np.arange(SOUTH, NORTH + STEP, STEP)[:, None]
    lon = np.arange(WEST, EAST + STEP, STEP)
    side = STEP * 111.2
    sea = ~on_land(lon, lat)
    return distance_transform_edt(sea, sampling=(side, side * np.cos(np.radians(39))))


def land_distance(lon: NDArray, lat: NDArray) -> NDArray[np.float64]:
    """Give the distance to the nearest land in kilometres, to about 4 km."""
    grid = _distances()
    row = np.clip(np.rint((lat - SOUTH) / STEP).astype(int), 0, grid.shape[0] - 1)
    column = np.clip(np.rint((lon - WEST) / STEP).astype(int), 0, grid.shape[1] - 1)
    return grid[row, column]


@lru_cache(maxsize=32)
def _waypoints(sea: Sea) -> NDArray[np.float64]:
    """All grid points of a sea that are far enough from land, shape (n, 2)."""
    import shapely

    row, column = np.nonzero(_distances() > CLEARANCE_KM)
    xy = np.column_stack([WEST + column * STEP, SOUTH + row * STEP])
    return xy[shapely.contains_xy(shapely.Polygon(sea.corners), xy)]


def track(sea: Sea, n: int, spacing: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Sail straight legs through a sea, with a station every so many kilometres.

    Parameters
    ----------
    sea : Sea
        Where.
    n : int
        Number of stations.
    spacing : float
        Kilometres between stations.
    random : Generator
        Source of chance.

    Returns
    -------
    ndarray, shape (n, 2)
        Degrees east and north, in the order of sailing; none near land.
    """
    points = _waypoints(sea)
    here = points[random.integers(len(points))]
    stops = [here[None]]
    count = 1
    while count < n:
        there = _next(points, here, random)
        if there is None:
            # No way out of this bay on a straight line: work on somewhere else.
            here = points[random.integers(len(points))]
            stops.append(here[None])
            count += 1
            continue
        length = float(distance_km(*here, *there))
        steps = max(1, round(length / spacing))
        leg = here + (there - here) * np.linspace(0, 1, steps + 1)[1:, None]
        stops.append(leg)
        count += steps
        here = there
    stops_ = np.concatenate(stops)[:n]
    # A ship never stops exactly where it planned to.
    return np.round(stops_ + random.normal(0, 0.004, stops_.shape), 4)


def _next(points: NDArray, here: NDArray, random: np.random.Generator) -> NDArray | None:
    """Choose a waypoint that can be reached on a straight line over water."""
    choice = points[random.integers(len(points), size=60)]
    length = distance_km(here[0], here[1], choice[:, 0], choice[:, 1])
    way = here + (choice - here)[:, None] * np.linspace(0, 1, 40)[None, :, None]
    clear = land_distance(way[..., 0], way[..., 1]).min(axis=1) >= CLEARANCE_KM
    good = np.flatnonzero(clear & (length > 40) & (length < 260))
    if len(good):
        return choice[good[0]]
    # Boxed in between islands: the shortest of the other ways.
    good = np.flatnonzero(clear & (length > 5))
    return choice[good[np.argmin(length[good])]] if len(good) else None
