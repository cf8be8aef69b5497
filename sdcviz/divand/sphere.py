"""Distances and grid spacing on a spherical Earth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError
from .grid import Array

__all__ = ["EARTH_RADIUS", "axis_of", "closes", "great_circle", "sphere_metric"]

EARTH_RADIUS = 6371.009e3
"""Mean radius of the Earth in metres, (2a + b) / 3 of WGS 84."""


def great_circle(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Any:
    """Give the distance along the great circle.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : array-like
        Degrees; shapes broadcast.

    Returns
    -------
    float or ndarray
        Metres, by the haversine formula: it keeps its digits at small distances.
    """
    first, second = np.radians(lat1), np.radians(lat2)
    turn = np.radians(np.subtract(lon2, lon1))
    half = np.sin((second - first) / 2) ** 2
    half = half + np.cos(first) * np.cos(second) * np.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def axis_of(values: ArrayLike, name: str) -> Array:
    """Check the coordinates of one dimension of a grid.

    Parameters
    ----------
    values : array-like, shape (n,)
    name : str
        For sentences, such as "longitude of the grid"

    Returns
    -------
    ndarray of float64

    Raises
    ------
    DivandError
        They are empty, not in one dimension, not finite, or turn round.
    """
    axis = np.atleast_1d(np.asarray(values, np.float64))
    if axis.ndim != 1 or not axis.size:
        raise DivandError(f"The {name} has the shape {axis.shape}; give a row of them.")
    if not np.isfinite(axis).all():
        at = int(np.argmax(~np.isfinite(axis)))
        raise DivandError(f"The {name} is {axis[at]:g} at number {at}.")
    steps = np.diff(axis)
    if steps.size and not (np.all(steps > 0) or np.all(steps < 0)):
        at = int(np.argmax(np.sign(steps) != np.sign(axis[-1] - axis[0])))
        raise DivandError(
            f"The {name} neither increases nor decreases throughout: "
            f"{axis[at]:g} is followed by {axis[at + 1]:g}."
        )
    return axis


def closes(lon: Array) -> bool:
    """Tell whether longitudes go once round the Earth, without the first one repeated.

    Parameters
    ----------
    lon : ndarray, shape (n,)
        Degrees, monotonic.

    Returns
    -------
    bool
        The gap between the last and the first is one step, within 1 % of it.
    """
    if lon.size < 3:
        return False
    step = abs(lon[-1] - lon[0]) / (lon.size - 1)
    return bool(abs(360 - abs(lon[-1] - lon[0]) - step) <= 0.01 * step)


def sphere_metric(lon: ArrayLike, lat: ArrayLike, *, cyclic: bool = False) -> tuple[Array, Array]:
    """Give the inverse resolution of a longitude-latitude grid.

    Parameters
    ----------
    lon, lat : array-like, shapes (nlon,) and (nlat,)
        Degrees; either may increase or decrease.
    cyclic : bool
        The point after the last longitude is the first.

    Returns
    -------
    pm, pn : ndarray, shape (nlon, nlat)
        Points per metre eastwards and northwards: 2 over the great circle distance of the two
        neighbours, 1 over that of the single one at an edge. A dimension of one point gets
        cells as wide as they are in the other.

    Raises
    ------
    DivandError
        A latitude is a pole, where cells have no width, or beyond.

    References
    ----------
    The same as the authors' implementation does; Barth et al. (2014), Geosci. Model Dev. 7,
    225-241.
    """
    lon, lat = axis_of(lon, "longitude of the grid"), axis_of(lat, "latitude of the grid")
    if np.abs(lat).max() >= 90:
        worst = lat[np.argmax(np.abs(lat))]
        raise DivandError(
            f"The latitude {worst:g} of the grid is at or beyond a pole, where cells have no "
            "width; end the grid before it."
        )
    before, after, apart = _neighbours(lon.size, cyclic)
    east = great_circle(lon[before][:, None], lat, lon[after][:, None], lat)
    before, after, steps = _neighbours(lat.size, False)
    north = great_circle(0.0, lat[before], 0.0, lat[after]) * np.ones((lon.size, 1))
    one_degree = np.full(north.shape, np.radians(EARTH_RADIUS))
    width = north / steps if lat.size > 1 else one_degree
    height = east / apart[:, None] if lon.size > 1 else one_degree
    pm = 1 / (height if lon.size > 1 else width)
    pn = 1 / (width if lat.size > 1 else height)
    return pm, pn


def _neighbours(n: int, cyclic: bool) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Give the points before and after each one, and how many steps are between them."""
    at = np.arange(n)
    if cyclic:
        return np.roll(at, 1), np.roll(at, -1), np.full(n, 2.0)
    before, after = np.maximum(at - 1, 0), np.minimum(at + 1, n - 1)
    return before, after, np.maximum(after - before, 1).astype(np.float64)
