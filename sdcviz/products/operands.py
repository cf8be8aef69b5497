"""A field as part of a formula: its values where another grid has its points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .field import Field
from .grid import Grid
from .kept import kept
from .places import find_places
from .times import OUTSIDE
from .view import View

if TYPE_CHECKING:
    from .product import Product

__all__ = ["Operand", "Place"]


@dataclass(frozen=True)
class Place:
    """Points of a grid at which a formula is computed.

    Attributes
    ----------
    grid : Grid
    rows, columns : ndarray of int64 or None
        Grid points; None: all of them, as (lat, lon).
    t, z : int or None
        One step or level; all for None.
    """

    grid: Grid
    rows: NDArray[np.int64] | None
    columns: NDArray[np.int64] | None
    t: int | None
    z: int | None

    def lon_lat(self) -> tuple[NDArray, NDArray]:
        """Return longitude and latitude of the points."""
        lon, lat = self.grid.lon, self.grid.lat
        if not self.grid.curvilinear:
            if self.rows is None:
                lon, lat = np.meshgrid(lon, lat)
                return lon, lat
            return lon[self.columns], lat[self.rows]
        if self.rows is None:
            return lon, lat
        return lon[self.rows, self.columns], lat[self.rows, self.columns]

    def coordinates(self) -> tuple[NDArray, NDArray, NDArray]:
        """Return longitude, latitude and depth, so that they go with the values."""
        lon, lat = self.lon_lat()
        depth = self.grid.depth if self.grid.has_depth else np.zeros(1)
        inner = (self.t is None) + (self.z is None)
        lon, lat = (a.reshape(*a.shape, *[1] * inner) for a in (lon, lat))
        if self.z is not None:
            return lon, lat, depth[self.z]
        return lon, lat, depth

    def steps(self) -> list[int]:
        """Return the numbers of the time steps."""
        return list(range(self.grid.shape[0])) if self.t is None else [self.t]

    def levels(self) -> list[int]:
        """Return the numbers of the levels."""
        return list(range(self.grid.shape[1])) if self.z is None else [self.z]


class Operand:
    """A field of a product.

    Parameters
    ----------
    product : Product
    variable : str
    """

    def __init__(self, product: Product, variable: str) -> None:
        self.product, self.variable = product, variable
        self.declared = product.source.variables[variable]
        self.unit = product.unit_of(variable)

    @property
    def grid(self) -> Grid:
        """The field's own axes."""
        return self.product.grid(self.variable)

    @property
    def field(self) -> Field:
        """The field's values."""
        return self.product.field(self.variable)

    def same_grid(self, grid: Grid) -> bool:
        """Tell whether the points are the same; times go by their months or dates."""
        own = self.grid
        if own is grid:
            return True
        axes = ((own.lon, grid.lon), (own.lat, grid.lat), (own.depth, grid.depth))
        return all(a.shape == b.shape and np.allclose(a, b) for a, b in axes)

    def at(self, place: Place) -> NDArray[np.floating]:
        """Return the values at the points of a grid; interpolated if it is another one."""
        if self.grid is place.grid or (
            self.same_grid(place.grid) and self._steps(place) == place.steps()
        ):
            return self._own(place)
        return self._other(place)

    def _own(self, place: Place) -> NDArray[np.floating]:
        if place.rows is None or place.columns is None:
            assert place.t is not None and place.z is not None
            return self.field.layer(place.t, place.z)
        return self.field.columns(place.rows, place.columns, place.t, place.z)

    def _steps(self, place: Place) -> list[int]:
        """Find the own step for each step of the other grid."""
        own, other = self.grid.times, place.grid.times
        if len(own) < 2 and not (len(own) and own.known and not own.climatology and len(other)):
            return [0 for _ in place.steps()]
        if own.climatology and other.climatology:
            return [
                own.months.index(other.months[t]) if other.months[t] in own.months else OUTSIDE
                for t in place.steps()
            ]
        if not len(other) or not (own.known and other.known) or other.climatology:
            raise BadRequest(
                f"The times of {self.product.name} can't be brought together with those of the "
                "first field of the formula."
            )
        return [int(s) for s in own.steps(other.values[place.steps()])]

    def _other(self, place: Place) -> NDArray[np.floating]:
        """Interpolate to the points, level by level and step by step."""
        lon, lat = place.lon_lat()
        view = View(
            self.product, self.variable, None,
            "nearest" if self.grid.curvilinear else "bilinear",
        )  # fmt: skip
        places = find_places(self.grid, lon.ravel(), lat.ravel(), view.method)
        steps, levels = self._steps(place), place.levels()
        out = np.full((lon.size, len(steps), len(levels)), np.nan)
        for a, t in enumerate(steps):
            if t == OUTSIDE:
                continue
            for b, z in enumerate(levels):
                depth = place.grid.depth[z] if place.grid.has_depth else None
                out[:, a, b] = view.at_depth(places, t, depth).value
        out = out.reshape(*lon.shape, len(steps), len(levels))
        out = out[..., 0] if place.z is not None else out
        if place.t is not None:
            return out[..., 0, :] if place.z is None else out[..., 0]
        return out

    def mean(self, place: Place) -> NDArray[np.float64]:
        """Return the mean over all time steps of the field, where all of them have a value."""
        n = self.grid.shape[0]
        if self.grid is not place.grid:
            raise BadRequest("mean() is that of the first field of the formula.")
        if place.rows is None or place.columns is None:
            z = place.z
            assert z is not None
            # A map of each time asks for it.
            return kept(
                self.product, ("mean", self.variable, z),
                lambda: np.mean([self.field.layer(t, z) for t in range(n)], axis=0),
            )  # fmt: skip
        every = self.field.columns(place.rows, place.columns, None, place.z)
        axis = place.rows.ndim
        mean = every.mean(axis=axis, dtype=np.float64)
        return mean if place.t is not None else np.repeat(np.expand_dims(mean, axis), n, axis)
