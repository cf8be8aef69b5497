"""Currents of a file, on the grid of an analysis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, UnreadableFile
from ..formats.netcdf_file import netcdf_file
from ..qc.grids import Grid
from .product_background import at_levels
from .recipe_parts import Velocity

__all__ = ["read_currents"]

Array = NDArray[np.float64]

_DIRECTIONS = {"u": "eastward", "v": "northward"}


def read_currents(wanted: Velocity, lon: Array, lat: Array, depth: Array) -> tuple[Array, Array]:
    """Read currents onto the grid of an analysis.

    Parameters
    ----------
    wanted : Velocity
    lon, lat, depth : ndarray
        Axes of the grid; `depth` is empty for a product without.

    Returns
    -------
    u, v : ndarray, shape (nlon, nlat, ndepth or 1)
        Eastward and northward, relative to the usual speed (the root mean square of all
        points with a current) and times the strength; 0 where the file has nothing.
        Between its points and depths linear, above and below its first and last depth as there.

    Raises
    ------
    BadRequest
        There is no such file or variable, several times are in it, or it has no current here.
    UnreadableFile
        It is no NetCDF file.
    """
    u, v = (_part(wanted, which, lon, lat, depth) for which in _DIRECTIONS)
    square = u**2 + v**2
    if not square.any():
        raise BadRequest(
            f"velocity.file: {wanted.file} has no current in the domain; look at its place, or "
            "leave velocity out."
        )
    scale = wanted.strength / np.sqrt(square[square > 0].mean())
    return u * scale, v * scale


def _part(wanted: Velocity, which: str, lon: Array, lat: Array, depth: Array) -> Array:
    """Read one part on the grid; where the file has nothing, as at the floor, the sea rests."""
    name = getattr(wanted, which) or _found(wanted.file, which)
    grid = Grid(wanted.file, "", name)
    if len(grid.days) > 1:
        raise BadRequest(
            f"velocity.file: {grid.path.name} has {len(grid.days)} times of {name}, and one "
            "current holds for all of an analysis; give the mean of them."
        )
    x, y = np.meshgrid(lon, lat, indexing="ij")
    # A single time is that of all slices: it is asked for itself.
    moment = np.array(grid.days[:1] * 86_400_000, np.int64).astype("datetime64[ms]")
    time = np.full(x.size, moment[0] if len(moment) else np.datetime64("2000-01-01", "ms"))
    profiles = grid.profiles(x.ravel(), y.ravel(), time).reshape(*x.shape, -1)
    profiles = np.nan_to_num(profiles)
    return at_levels(profiles, grid.depth, depth if len(depth) else grid.depth[:1])


def _found(path: str, which: str) -> str:
    """Find a part by its standard name."""
    if not Path(path).is_file():
        raise BadRequest(f"velocity.file: there is no file {path}; name one that is there.")
    try:
        with netcdf_file(path) as file:
            named = {
                name: str(getattr(variable, "standard_name", ""))
                for name, variable in file.variables.items()
            }
    except OSError as error:
        raise UnreadableFile(f"{path}: this is no NetCDF file, or damaged.") from error
    fitting = [
        name
        for name, told in named.items()
        if _DIRECTIONS[which] in told and told.endswith("velocity")
    ]
    if len(fitting) != 1:
        several = (
            f"several ({', '.join(fitting)})" if fitting else f"none; it has {', '.join(named)}"
        )
        raise BadRequest(
            f"velocity.{which}: name the variable with the {_DIRECTIONS[which]} current; by its "
            f"standard name {Path(path).name} has {several}."
        )
    return fitting[0]
