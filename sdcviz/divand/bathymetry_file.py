"""Bathymetry out of NetCDF files of any layout."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .bathymetry import Bathymetry, half_step
from .bathymetry_variable import Meaning, Positive, attribute, choose
from .errors import DivandError, DivandWarning, TooLarge
from .grid import Array, numbers
from .sphere import axis_of

__all__ = ["read_bathymetry"]

_MOST = 400_000_000  # points of a region: 1.6 GB


def read_bathymetry(
    path: str | Path,
    lon: ArrayLike | None = None,
    lat: ArrayLike | None = None,
    *,
    variable: str | None = None,
    positive: Positive | None = None,
    missing: Literal["land"] | None = None,
) -> Bathymetry:
    """Read the depth of the sea floor around a grid.

    Longitudes and latitudes may run in any direction and turn, the variable may be (lat, lon) or
    (lon, lat), depth or elevation, and have any name: it is recognised by standard name, units,
    names and size.

    Parameters
    ----------
    path : str or Path
        NetCDF, classic or 4.
    lon, lat : array-like, optional
        Degrees; only the region of this grid is read, at the resolution of the file. A file that
        goes round the Earth is unrolled for it.
    variable : str, optional
        Its name, if the file has several that could be meant.
    positive : {"up", "down"}, optional
        The direction in which the file counts, if it was recognised wrongly.
    missing : {"land"}, optional
        What missing values mean. Without it they are an error.

    Returns
    -------
    Bathymetry
        `about` tells what was recognised.

    Raises
    ------
    DivandError
        The file can't be read, has no recognisable variable, doesn't cover the grid, or misses
        values.

    Warns
    -----
    DivandWarning
        The sign is a guess from the values.
    """
    if positive not in (None, "up", "down") or missing not in (None, "land"):
        raise DivandError(
            f"positive is {positive!r} and missing {missing!r}; choose 'up', 'down' or None, "
            "and 'land' or None."
        )
    import netCDF4

    try:
        source = netCDF4.Dataset(path)
    except (OSError, RuntimeError) as wrong:
        raise DivandError(f"{path} can't be read as NetCDF: {wrong}.") from None
    name = Path(path).name
    with source:
        chosen, east, north, meaning = choose(source, name, variable)
        x, where_x = _columns(numbers(source.variables[east][:], east), lon, name)
        y, where_y = _rows(numbers(source.variables[north][:], north), lat, name)
        if x.size * y.size > _MOST:
            raise TooLarge(
                f"{name} has {x.size} x {y.size} points over the grid; take a coarser "
                "bathymetry or a smaller grid."
            )
        across = source.variables[east].dimensions[0]
        values = _values(source.variables[chosen], across, where_x, where_y)
    if not np.isfinite(values).all():
        if missing is None:
            i, j = np.unravel_index(int(np.argmax(~np.isfinite(values))), values.shape)
            raise DivandError(
                f"{name} has no value at {np.count_nonzero(~np.isfinite(values))} of "
                f"{values.size} points of '{chosen}', the first at {x[i]:g} E, {y[j]:g} N; "
                "give missing='land' if that is what they mean, or another file."
            )
        values[~np.isfinite(values)] = 0
    up, why = _direction(values, positive, meaning, f"'{chosen}' of {name}")
    depth = np.negative(values, out=values) if up == "up" else values
    return Bathymetry(x, y, depth, f"{name}, variable '{chosen}', positive {up} ({why})")


def _direction(
    values: NDArray[np.floating], asked: Positive | None, meaning: Meaning, what: str
) -> tuple[Positive, str]:
    """Decide which way the values count."""
    if asked is not None:
        return asked, "as asked for"
    if meaning.positive is not None:
        return meaning.positive, meaning.why
    low, high = float(values.min()), float(values.max())
    # Oceans are deeper than mountains are high.
    guess: Positive = "down" if high > -low else "up"
    warnings.warn(
        f"{what} does not tell whether it counts upwards or downwards; its values from {low:g} to "
        f"{high:g} were taken as positive {guess}: give positive if that is wrong.",
        DivandWarning,
        stacklevel=3,
    )
    return guess, "guessed from the values"


def _columns(axis: Array, lon: ArrayLike | None, name: str) -> tuple[Array, NDArray[np.int64]]:
    """Choose the longitudes around a grid, unrolled into its turn."""
    axis, at = _increasing(axis, "longitude", name)
    step = (axis[-1] - axis[0]) / (axis.size - 1)
    once = axis < axis[0] + 360 - step / 100
    axis, at = axis[once], at[once]
    if lon is None:
        return axis, at
    grid = axis_of(lon, "longitude of the grid")
    low, high = grid.min(), grid.max()
    if axis[-1] + 1.01 * step >= axis[0] + 360:
        turns = np.arange(np.floor((low - axis[0]) / 360) - 1, np.floor((high - axis[0]) / 360) + 2)
        axis, at = (axis + 360 * turns[:, None]).ravel(), np.tile(at, turns.size)
    else:
        axis = axis + 360 * np.round((low + high - axis[0] - axis[-1]) / 720)
    return _around(axis, at, grid, f"longitudes of {name}")


def _rows(axis: Array, lat: ArrayLike | None, name: str) -> tuple[Array, NDArray[np.int64]]:
    """Choose the latitudes around a grid."""
    axis, at = _increasing(axis, "latitude", name)
    if lat is None:
        return axis, at
    return _around(axis, at, axis_of(lat, "latitude of the grid"), f"latitudes of {name}")


def _increasing(axis: Array, which: str, name: str) -> tuple[Array, NDArray[np.int64]]:
    axis = axis_of(axis, f"{which} in {name}, the bathymetry")
    at = np.arange(axis.size)
    return (axis[::-1], at[::-1]) if axis[0] > axis[-1] else (axis, at)


def _around(
    axis: Array, at: NDArray[np.int64], grid: Array, what: str
) -> tuple[Array, NDArray[np.int64]]:
    """Keep the points between the ends of a grid and one more on both sides, at least two."""
    low, high = grid.min(), grid.max()
    spare = half_step(axis)
    if low < axis[0] - spare or high > axis[-1] + spare:
        raise DivandError(
            f"The grid reaches out of the bathymetry: the {what} go from {axis[0]:g} to "
            f"{axis[-1]:g}, those of the grid from {low:g} to {high:g}; take a smaller grid or "
            "another bathymetry."
        )
    start = int(np.clip(np.searchsorted(axis, low, side="right") - 1, 0, axis.size - 2))
    stop = int(np.clip(np.searchsorted(axis, high, side="left") + 1, start + 2, axis.size))
    return axis[start:stop], at[start:stop]


def _values(
    variable: Any, across: str, columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Read a region as (longitude, latitude) in metres, NaN where values are missing."""
    cut, order = [], []
    for dimension, size in zip(variable.dimensions, variable.shape, strict=True):
        index = columns if dimension == across else rows
        if size > 1:
            order.append(dimension == across)
        cut.append(slice(index.min(), index.max() + 1) if size > 1 else 0)
    block = np.ma.filled(np.ma.asarray(variable[tuple(cut)], np.float32), np.nan)
    block = block if order[0] else block.T
    region = block[np.ix_(columns - columns.min(), rows - rows.min())]
    return region * np.float32(1000 if attribute(variable, "units") == "km" else 1)
