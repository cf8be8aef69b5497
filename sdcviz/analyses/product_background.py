"""A product that another analysis takes as background."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..qc.grids import Grid
from .model import TimeSlice
from .problem import Problem

__all__ = ["ProductBackground", "at_levels"]


class ProductBackground:
    """The field of a file on the grid of an analysis, without gaps.

    Linear between the points, depths and times of the file; where it has no value, the nearest one
    of the same level counts, and above and below it its first and last level.

    Parameters
    ----------
    path : path-like
        NetCDF file.
    variable : str
        Its variable; recognised by what it measures if empty.
    parameter : str
        What it has to measure.
    problem : Problem
        With the grid.

    Raises
    ------
    BadRequest
        There is no such file or variable.
    UnreadableFile
        It is no NetCDF file.
    """

    def __init__(self, path: Path | str, variable: str, parameter: str, problem: Problem) -> None:
        self._grid = Grid(path, parameter, variable)
        self._problem = problem

    def __call__(self, one: TimeSlice) -> NDArray[np.float64]:
        """Give the field of a time slice, of the mask's shape.

        Raises
        ------
        BadRequest
            The file has nothing there.
        """
        problem = self._problem
        lon, lat = np.meshgrid(problem.lon, problem.lat, indexing="ij")
        moment = np.full(lon.size, one.centre, "datetime64[ms]")
        profiles = self._grid.profiles(lon.ravel(), lat.ravel(), moment)
        profiles = profiles.reshape(*lon.shape, -1)
        if not np.isfinite(profiles).any():
            raise BadRequest(
                f"{self._grid.path.name} has no {self._grid.variable} in the domain at "
                f"{str(one.centre)[:10]} ({one.label}); choose another background."
            )
        filled = _filled(profiles)
        if problem.mask.ndim == 2:
            wanted = problem.depth if len(problem.depth) else self._grid.depth[:1]
            return at_levels(filled, self._grid.depth, wanted)[..., 0]
        return at_levels(filled, self._grid.depth, problem.depth)


def _filled(field: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill gaps of each level by the nearest value; empty levels by the one nearest in depth."""
    from scipy.ndimage import distance_transform_edt

    filled = field.copy()
    known = np.isfinite(field)
    full = [k for k in range(field.shape[2]) if known[..., k].any()]
    for k in full:
        nearest = distance_transform_edt(
            ~known[..., k], return_distances=False, return_indices=True
        )
        filled[..., k] = field[..., k][tuple(nearest)]
    for k in range(field.shape[2]):
        if k not in full:
            filled[..., k] = filled[..., min(full, key=lambda f: abs(f - k))]
    return filled


def at_levels(
    field: NDArray[np.float64], depth: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate linearly in depth; above and below the file's depths its first and last hold.

    Parameters
    ----------
    field : ndarray, shape (nlon, nlat, n)
    depth : ndarray, shape (n,)
        Metres, increasing.
    levels : ndarray, shape (k,)

    Returns
    -------
    ndarray, shape (nlon, nlat, k)
    """
    below = np.clip(np.searchsorted(depth, levels, "right") - 1, 0, max(len(depth) - 2, 0))
    after = np.minimum(below + 1, len(depth) - 1)
    step = np.where(after > below, depth[after] - depth[below], 1.0)
    share = np.clip((levels - depth[below]) / step, 0, 1)
    return field[..., below] * (1 - share) + field[..., after] * share
