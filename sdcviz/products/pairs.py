"""Two layers brought together: which step goes with which, and one on the grid of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .grid import Grid
from .kept import kept
from .layers import Layer
from .places import Method, Places, blend, find_places
from .times import OUTSIDE
from .view import maskable

if TYPE_CHECKING:
    from .layer_error import LayerError
    from .product import Product

__all__ = ["beside", "brought", "mark", "matching_step", "same_points"]


def matching_step(first: Layer, product: Product, variable: str = "") -> int:
    """Find the time step of another product that goes with that of a layer.

    The same month or season, the step that holds the date, or the only one.

    Returns
    -------
    int
        `OUTSIDE` where there is none.
    """
    own, other = product.grid(variable).times, first.grid.times
    if len(own) < 2:
        return 0
    step = first.found[0]
    if not len(other) or step == OUTSIDE:
        return OUTSIDE
    if other.labels[step] in own.labels:
        return own.labels.index(other.labels[step])
    if not (own.known and other.known):
        return step if len(own) == len(other) else OUTSIDE
    if not other.climatology:
        return int(own.steps(other.values[[step]])[0])
    months = other.months[step]
    if own.climatology:
        around = [k for k, own_months in enumerate(own.months) if months <= own_months]
        # Of a month and its season the month.
        return min(around, key=lambda k: len(own.months[k])) if around else OUTSIDE
    month = own.values.astype("datetime64[M]").astype(np.int64) % 12 + 1
    same = [k for k, m in enumerate(month) if {int(m)} == set(months)]
    return same[0] if len(same) == 1 else OUTSIDE


def beside(
    first: Layer, product: Product, variable: str = "", step: int = -1, derived: str = ""
) -> Layer:
    """Return the layer of another product that goes with a first one.

    Parameters
    ----------
    first : Layer
        Its depth, mask and whether it is an error count for the other too; what has no relative
        error is not masked.
    product : Product
    variable : str
        The first's field if empty, or the likeliest one where there is none of that name.
    step : int
        Time step; -1: the one that goes with the first's.
    derived : str
        See `Layer`.

    Raises
    ------
    BadRequest
        There is no such time.
    """
    known, name = product.variables, first.view.variable
    field = variable if variable in known else name if name in known else known[0]
    grid = product.grid(field)
    step = min(step, max(len(grid.times) - 1, 0))
    if step < 0 and (step := matching_step(first, product, field)) < 0:
        labels, t = first.grid.times.labels, first.found[0]
        when = labels[t] if 0 <= t < len(labels) else "a field without times"
        raise BadRequest(f"{product.name} has no time that goes with {when}; choose one.")
    depth = first.depth if grid.has_depth else None
    mask = first.mask if maskable(product, field) else None
    return Layer(product, field, depth, step, mask, error=first.error, derived=derived)


def same_points(a: Grid, b: Grid) -> bool:
    """Tell whether two grids have the same places."""
    if a is b:
        return True
    pairs = ((a.lon, b.lon), (a.lat, b.lat))
    return all(x.shape == y.shape and np.allclose(x, y, atol=1e-6) for x, y in pairs)


def brought(layer: Layer | LayerError, to: Grid, depth: float | None) -> NDArray[np.floating]:
    """Return a layer on the places of another grid, at a depth.

    Bilinear over the sea points around (the nearest point of a curvilinear grid), linear between
    levels.

    Parameters
    ----------
    layer : Layer
    to : Grid
    depth : float or None
        Metres; None: the layer's own level.
    """
    plane = layer.plane(depth)
    own = layer.grid
    if same_points(own, to):
        return plane
    places = _places(layer, own, to)
    raw = plane[places.rows, places.columns]
    lon, _ = _lon_lat(to)
    return blend(raw, places).reshape(lon.shape)


def _places(layer: Layer | LayerError, own: Grid, to: Grid) -> Places:
    key = ("places", mark(own), mark(to))

    def found() -> Places:
        lon, lat = _lon_lat(to)
        there = np.isfinite(lon) & np.isfinite(lat)
        method: Method = "nearest" if own.curvilinear else "bilinear"
        places = find_places(
            own, np.where(there, lon, 0).ravel(), np.where(there, lat, 0).ravel(), method
        )
        inside = places.inside & there.ravel()
        if not inside.any():
            raise BadRequest(f"{layer.product.name} and the first product share no place.")
        return Places(places.rows, places.columns, places.weights, inside)

    return kept(layer.product, key, found)


def _lon_lat(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if grid.curvilinear:
        return grid.lon, grid.lat
    lon, lat = np.meshgrid(grid.lon, grid.lat)
    return lon, lat


def mark(grid: Grid) -> tuple[Any, ...]:
    """Return what tells the places of a grid from those of others, for caches."""
    return (*grid.shape[2:], crc32(grid.lon.tobytes()), crc32(grid.lat.tobytes()))
