"""The grid of an analysis, made as a recipe asks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from ..errors import BadRequest
from ..geo.land import on_land
from ..words import counted, number
from .border import sentences
from .recipe import Recipe

__all__ = ["axes_of", "coast", "make_grid"]

NO_FLOOR = (
    "Without a bathymetry the depth of the sea floor is not known: each level reaches as far as "
    "the sea at the surface, below the floor too; name a file under domain.bathymetry."
)

MOST = 5e8
"""Points of a grid: some hundred bytes of memory each."""


def axes_of(
    recipe: Recipe,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give longitudes, latitudes and depths of the grid.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    lon, lat, depth : ndarray of float64
        Degrees and metres, increasing; a box over the date line goes beyond 180.

    Raises
    ------
    BadRequest
        There are too many of them.
    """
    west, south, east, north = recipe.domain.box
    width = np.mod(east - west, 360) or 360.0
    across, along = recipe.domain.resolution
    _refuse_giants(width / across + 1, (north - south) / along + 1, len(recipe.levels.depths))
    lon = _axis(west, width, across)
    lon = lon[lon < west + 360 - across / 2]
    return lon, _axis(south, north - south, along), np.array(recipe.levels.depths, np.float64)


def _refuse_giants(across: float, along: float, levels: int) -> None:
    """Refuse a grid that fits nowhere before the first array of its size is made."""
    if across * along * max(levels, 1) > MOST:
        counts = (number(int(n)) if n < 1e9 else "a billion or more" for n in (across, along))
        shape = f"{' x '.join(counts)} points"
        where = f"{shape} at {counted(levels, 'level')}" if levels > 1 else shape
        raise BadRequest(
            f"The grid has {where}, more than can be analysed; "
            "take a greater grid step, a smaller box or fewer levels."
        )


def _axis(first: float, length: float, step: float) -> NDArray[np.float64]:
    count = int(np.floor(length / step + 1e-9)) + 1
    return np.round(first + step * np.arange(count), 9)


def make_grid(recipe: Recipe, land: Any = on_land) -> divand.Domain:
    """Make grid, sea points and metric.

    Parameters
    ----------
    recipe : Recipe
        Without a bathymetry, all that is not land is sea at all depths.
    land : callable
        ``land(lon, lat)`` for recipes without bathymetry.

    Returns
    -------
    Domain
        Two-dimensional if there is one level or none.

    Raises
    ------
    BadRequest
        The bathymetry can't be used, or all is land.

    Warns
    -----
    DivandWarning
        There is no bathymetry, but depth.
    """
    domain = recipe.domain
    lon, lat, depth = axes_of(recipe)
    edits = [divand.MaskEdit(polygon, "land") for polygon in domain.without]
    if domain.bathymetry is None:
        sea: dict[str, Any] = {"land": land}
        if len(depth) > 1:
            warnings.warn(NO_FLOOR, divand.DivandWarning, stacklevel=2)
    else:
        sea = {"bathymetry": domain.bathymetry, "variable": domain.bathymetry_variable}
        if domain.bathymetry_variable is None:
            del sea["variable"]
    with sentences():
        made = divand.make_domain(lon, lat, depth if len(depth) > 1 else None, edits=edits, **sea)
        if len(depth) == 1 and domain.bathymetry is not None:
            made = made.with_mask(made.mask & (_floor(made) > depth[0]))
        if domain.within is not None:
            made = made.with_mask(made.mask & _inside(made, domain.within))
        if domain.basin is not None and made.mask.any():
            made = made.keep_basin(*domain.basin)
    if not made.mask.any():
        raise BadRequest(
            "There is no sea point: all of the grid is land; look at domain.box, its polygons "
            "and levels."
        )
    return made


def _floor(made: divand.Domain) -> NDArray[np.float64]:
    assert made.floor is not None
    return made.floor


def _inside(made: divand.Domain, polygon: Any) -> NDArray[np.bool_]:
    flat = made.shape[:2]
    axes = [made.axes["lon"], made.axes["lat"]]
    edit = divand.MaskEdit(polygon, "sea")
    kept = divand.edit_mask(np.zeros(flat, bool), axes, [edit])
    return kept[(...,) + (None,) * (len(made.shape) - 2)]


def coast(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell what is land by the coastline that is drawn: coarser than `on_land`, and at once.

    Parameters
    ----------
    lon, lat : ndarray
        Degrees.
    """
    import shapely

    from ..geo.coast import coast_shape

    shape = coast_shape("50m")
    shapely.prepare(shape)
    turned = np.mod(lon + 180, 360) - 180
    return shapely.contains_xy(shape, turned, lat)
