"""Where stations can be: on the globe, at sea, with the rest of their cruise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.geo.land import on_land
from sdcviz.geo.projection import distance_km
from sdcviz.qc.checks.voyages import asked, bad_places, medians, voyages
from sdcviz.qc.model import POSITION, Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["CELL", "astray", "find_astray", "find_impossible_places", "find_on_land", "inland"]

KNOT = 1.852
"""Kilometres an hour."""
CELL = 1 / 120
"""Side of a cell of the land mask in degrees: 30 arc seconds, about 1 km."""


def find_impossible_places(
    collection: Collection, rows: NDArray[np.int64] | None = None
) -> Findings:
    """Find positions that are out of range, or exactly 0° E 0° N.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Stations; all by default.

    Returns
    -------
    Findings
        Flag 4; the value is the coordinate that is out of range.
    """
    c = collection
    chosen = np.arange(c.n_stations) if rows is None else rows
    lon, lat = c.lon[chosen], c.lat[chosen]
    north = np.abs(lat) > 90
    east = (lon < -180) | (lon > 360)
    zero = (lon == 0) & (lat == 0)
    found = np.flatnonzero(north | east | zero)
    value = np.where(north, lat, lon)[found]
    limit = np.select([north, lon < -180, lon > 360], [90.0, -180.0, 360.0], 0.0)[found]
    words = {
        n: "0° E 0° N is no place, but two zeros" for n in np.flatnonzero(zero[found]).tolist()
    }
    return Findings.of("position", POSITION, chosen[found], -1, "4", value, limit, words)


def inland(
    lon: NDArray[np.float64], lat: NDArray[np.float64], cells: int | NDArray[np.int64] = 1
) -> NDArray[np.bool_]:
    """Tell which points are on land, with land all around.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees.
    cells : int or ndarray of int, shape (n,)
        All cells of the mask (1 km) within so many must be land; -1: the point
        is not judged.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    cells = np.broadcast_to(cells, lon.shape)
    land = on_land(lon, lat) & (cells >= 0)
    found = np.flatnonzero(land)
    for n in np.unique(cells[found]).tolist():
        mine = found[cells[found] == n]
        steps = np.arange(-n, n + 1) * CELL
        dx, dy = (d.ravel() for d in np.meshgrid(steps, steps))
        y = np.clip(lat[mine, None] + dy, -90, 90)
        land[mine] = on_land(lon[mine, None] + dx, y).all(axis=1)
    return land


def find_on_land(
    collection: Collection,
    rows: NDArray[np.int64] | None = None,
    cells: int | NDArray[np.int64] = 1,
) -> Findings:
    """Find stations on land, by the mask of global-land-mask; see `inland`.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Stations; all by default.
    cells : int or ndarray of int
        See `inland`; one of each of `rows`, or one for all.

    Returns
    -------
    Findings
        Flag 3; the value is how many cells inland the station is at least.
    """
    c = collection
    chosen = np.arange(c.n_stations) if rows is None else rows
    width = np.broadcast_to(cells, chosen.shape)
    good = ~bad_places(c, chosen)
    chosen, width = chosen[good], width[good]
    at = np.flatnonzero(inland(c.lon[chosen], c.lat[chosen], width))
    return Findings.of("on_land", POSITION, chosen[at], -1, "3", width[at] + 1, width[at])


def astray(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    bounds: NDArray[np.int64],
    km: float = 300,
    factor: float = 5,
    share: float = 0.1,
    fewest: int = 5,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Find the stations that are far from the rest of their voyage.

    A station is astray when it is both further from the middle of the voyage
    (median longitude and latitude) than `factor` times the median distance
    and further from any other station of it than `km`.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees, voyage after voyage.
    bounds : ndarray of int64
        Where each voyage begins, and the end of the last.
    km, factor : float
        See above.
    share : float
        Where more than this part (and one) is astray, the voyage has no middle,
        and none is.
    fewest : int
        Voyages of fewer stations are not judged.

    Returns
    -------
    astray : ndarray of bool, shape (n,)
    alone : ndarray of float64, shape (n,)
        Kilometres to the nearest other station of the voyage.
    limit : ndarray of float64, shape (n,)
        Kilometres from the middle that are allowed.
    """
    from scipy.spatial import cKDTree

    size = np.diff(bounds)
    of = np.repeat(np.arange(len(size)), size)
    middle = np.column_stack([_median_longitude(lon, of, bounds), medians(lat, bounds)])[of]
    away = distance_km(lon, lat, middle[:, 0], middle[:, 1])
    limit = np.maximum(factor * medians(away, bounds), km)[of]
    candidates = np.flatnonzero((away > limit) & (size[of] >= fewest))
    alone = np.full(len(lon), np.nan)
    if len(candidates):
        # Voyages are kept apart by a fourth coordinate, farther than the Earth is wide.
        x, y = np.radians(lon), np.radians(lat)
        places = 6371 * np.column_stack(
            [np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y), of * 5.0]
        )
        chord, _ = cKDTree(places).query(places[candidates], k=2)
        alone[candidates] = 2 * 6371 * np.arcsin(np.minimum(chord[:, 1] / 2 / 6371, 1))
    lost = alone > km
    few = np.bincount(of[lost], minlength=len(size)) <= np.maximum(share * size, 1)
    return lost & few[of], alone, limit


def _median_longitude(lon: NDArray, of: NDArray, bounds: NDArray) -> NDArray[np.float64]:
    """Give the median longitude of each voyage, also of one across the date line."""
    first = lon[bounds[:-1]]
    return first + medians((lon - first[of] + 180) % 360 - 180, bounds)


def _fastest(
    lon: NDArray, lat: NDArray, time: NDArray[np.datetime64], bounds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give the greater of the speeds to and from each station of a voyage, kilometres an hour."""
    hours = np.diff(time) / np.timedelta64(1, "h")
    leg = distance_km(lon[:-1], lat[:-1], lon[1:], lat[1:]) / np.maximum(hours, 1 / 60)
    leg[bounds[1:-1] - 1] = 0  # from one voyage to the next nobody sails
    return np.maximum(np.append(leg, 0), np.append(0, leg))


def find_astray(
    collection: Collection,
    rows: NDArray[np.int64] | None = None,
    km: float = 300,
    factor: float = 5,
    share: float = 0.1,
    knots: float = 12,
) -> Findings:
    """Find positions far from the rest of their cruise; see `astray`.

    A station that the ship could have reached and left at `knots` is not astray.

    Returns
    -------
    Findings
        Flag 3; the value is the distance to the nearest other station of the
        cruise in kilometres.
    """
    c = collection
    v = voyages(c)
    lost, alone, _ = astray(c.lon[v.rows], c.lat[v.rows], v.bounds, km, factor, share)
    lost &= _fastest(c.lon[v.rows], c.lat[v.rows], c.time[v.rows], v.bounds) > knots * KNOT
    found = np.flatnonzero(lost)
    found_ = Findings.of("cruise_area", POSITION, v.rows[found], -1, "3", alone[found], km)
    return asked(found_, rows)
