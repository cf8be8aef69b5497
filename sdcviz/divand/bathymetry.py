"""The depth of the sea floor, and the sea points of a grid that it makes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError
from .grid import Array
from .sphere import axis_of

__all__ = ["Bathymetry", "half_step"]

_TIE = 1e-9
"""A point halfway between sea and land is land, however its weights were rounded."""


@dataclass(frozen=True)
class Bathymetry:
    """Depths of the sea floor at their own resolution.

    Attributes
    ----------
    lon, lat : ndarray, shapes (nlon,) and (nlat,)
        Degrees, increasing.
    depth : ndarray, shape (nlon, nlat)
        Metres, positive below sea level.
    about : str
        Where it comes from and how it was understood.
    """

    lon: Array
    lat: Array
    depth: NDArray[np.floating]
    about: str = ""
    _spare: tuple[float, float] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        lon, lat = (
            axis_of(self.lon, "longitude of the grid"),
            axis_of(self.lat, "latitude of the grid"),
        )
        depth = np.asarray(self.depth)
        if depth.shape != (lon.size, lat.size):
            raise DivandError(
                f"The bathymetry has the shape {depth.shape} for {lon.size} longitudes and "
                f"{lat.size} latitudes; give (longitude, latitude)."
            )
        if min(lon.size, lat.size) < 2:
            raise DivandError("A bathymetry needs at least two longitudes and two latitudes.")
        if not np.isfinite(depth).all():
            i, j = np.unravel_index(int(np.argmax(~np.isfinite(depth))), depth.shape)
            raise DivandError(
                f"The bathymetry has no depth at {lon[i]:g} E, {lat[j]:g} N; fill it, with 0 where "
                "nothing known means land."
            )
        if lon[0] > lon[-1]:
            lon, depth = lon[::-1], depth[::-1]
        if lat[0] > lat[-1]:
            lat, depth = lat[::-1], depth[:, ::-1]
        for name, value in (("lon", lon), ("lat", lat), ("depth", depth)):
            object.__setattr__(self, name, value)
        # Values stand for cells: they hold up to half a step behind the outermost points.
        object.__setattr__(self, "_spare", (half_step(lon), half_step(lat)))

    def on(self, lon: ArrayLike, lat: ArrayLike) -> Array:
        """Interpolate onto a grid, bilinear.

        Parameters
        ----------
        lon, lat : array-like, shapes (n,) and (m,)
            Degrees; longitudes in any turn.

        Returns
        -------
        ndarray, shape (n, m)
            Metres, positive below sea level.

        Raises
        ------
        DivandError
            The grid reaches out of the bathymetry.
        """
        corners = self._corners(lon, lat)
        return np.sum([weight * depth for weight, depth in corners], axis=0)

    def at(self, lon: ArrayLike, lat: ArrayLike) -> Array:
        """Interpolate at single points, bilinear.

        Parameters
        ----------
        lon, lat : array-like, shape (n,)
            Degrees; longitudes in any turn.

        Returns
        -------
        ndarray, shape (n,)
            Metres, positive below sea level; NaN outside.
        """
        lon = np.ravel(np.asarray(lon, np.float64))
        lat = np.ravel(np.asarray(lat, np.float64))
        i, u, inside = _place(self.lon, self._turned(lon), self._spare[0])
        j, v, also = _place(self.lat, lat, self._spare[1])
        total = (1 - u) * (1 - v) * self.depth[i, j] + u * (1 - v) * self.depth[i + 1, j]
        total += (1 - u) * v * self.depth[i, j + 1] + u * v * self.depth[i + 1, j + 1]
        return np.where(inside & also, total, np.nan)

    def sea(self, lon: ArrayLike, lat: ArrayLike, levels: ArrayLike = 0.0) -> NDArray[np.bool_]:
        """Tell which points of a grid are in the sea.

        Parameters
        ----------
        lon, lat : array-like, shapes (n,) and (m,)
            Degrees; longitudes in any turn.
        levels : float or array-like, shape (k,)
            Depths in metres, positive downwards.

        Returns
        -------
        ndarray of bool, shape (n, m) or (n, m, k)
            Where more than half of the surroundings are deeper than the level: 1 (deeper) and
            0 (not) at the bathymetry's own points are interpolated onto the grid and compared
            with 1/2, as the authors' implementation does.
        """
        corners = self._corners(lon, lat)
        levels = np.asarray(levels, np.float64)
        layers = []
        for level in np.ravel(levels):
            deeper = np.sum([weight * (depth > level) for weight, depth in corners], axis=0)
            layers.append(deeper > 0.5 + _TIE)
        return layers[0] if levels.ndim == 0 else np.stack(layers, axis=-1)

    def _corners(self, lon: ArrayLike, lat: ArrayLike) -> list[tuple[Array, Array]]:
        """Give weight and depth of the four points around each point of a grid."""
        lon, lat = axis_of(lon, "longitude of the grid"), axis_of(lat, "latitude of the grid")
        i, u, inside = _place(self.lon, self._turned(lon), self._spare[0])
        j, v, also = _place(self.lat, lat, self._spare[1])
        for name, axis, given, fine in (
            ("longitudes", self.lon, lon, inside),
            ("latitudes", self.lat, lat, also),
        ):
            if not fine.all():
                raise DivandError(
                    f"The grid reaches out of the bathymetry: its {name} go from "
                    f"{given.min():g} to {given.max():g}, those of the bathymetry from "
                    f"{axis[0]:g} to {axis[-1]:g}; take a smaller grid or another bathymetry."
                )
        return [
            (np.outer(a, b), np.asarray(self.depth[np.ix_(i + p, j + q)], np.float64))
            for p, a in ((0, 1 - u), (1, u))
            for q, b in ((0, 1 - v), (1, v))
        ]

    def _turned(self, lon: Array) -> Array:
        """Bring longitudes into the turn of the bathymetry."""
        middle = (self.lon[0] + self.lon[-1]) / 2
        turned = middle + np.mod(lon - middle + 180, 360) - 180
        # A bathymetry that was unrolled for this grid may be longer than a turn.
        given = (lon >= self.lon[0] - self._spare[0]) & (lon <= self.lon[-1] + self._spare[0])
        return np.where(given, lon, turned)


def half_step(axis: Array) -> float:
    """Give how far the cells of an increasing axis reach behind its outermost points."""
    return float((axis[-1] - axis[0]) / (axis.size - 1) / 2) * (1 + 1e-6)


def _place(
    axis: Array, values: Array, spare: float
) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
    """Give the point before each value, the part of the step behind it, and if it is inside."""
    inside = (values >= axis[0] - spare) & (values <= axis[-1] + spare)
    values = np.where(inside, np.clip(values, axis[0], axis[-1]), axis[0])
    below = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, axis.size - 2)
    return below, (values - axis[below]) / (axis[below + 1] - axis[below]), inside
