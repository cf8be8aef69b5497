"""Write a product: one CF NetCDF file in the layout of DIVAnd's climatologies."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..formats.netcdf_file import netcdf_file
from ..storage import written_whole
from .metadata import Meta, global_attributes
from .model import Axes, Points, SliceResult
from .product_grid import GridWriter
from .product_points import PointsWriter

__all__ = ["THRESHOLDS", "write_product"]

THRESHOLDS: Mapping[str, float] = {"L1": 0.3, "L2": 0.5}
"""Masked copies: end of the name, and the greatest relative error variance in them."""
_ELSEWHERE = {"seconds", "background_sd"}
"""Notes that differ from run to run, or have a variable of their own."""


def write_product(
    path: Path,
    recipe: str,
    meta: Meta,
    axes: Axes,
    mask: NDArray[np.bool_],
    points: Points,
    results: Sequence[Callable[[], SliceResult]],
    thresholds: Mapping[str, float] = THRESHOLDS,
) -> Path:
    """Write the analysed slices as one CF NetCDF-4 file.

    Variables have the dimensions (time, depth, lat, lon), in C order. Beside the field
    ``VAR`` there are copies masked by the error (``VAR_L1``, ``VAR_L2``), the relative error
    variance ``VAR_relerr``, the same at the deepest sea level of each column
    (``VAR_deepest``, ...; its depth in ``VAR_deepest_depth``), the background where there is
    one, its standard deviation at each time and level (``VAR_background_sd``), and the
    observations used, with their identities and residuals. Chunks hold some
    levels of a tile, so that neither a map nor a column reads much that it does not need.

    Parameters
    ----------
    path : Path
        File to make; it appears complete or not at all.
    recipe : str
        Text of the recipe, kept in the file.
    meta : Meta
        Parameter, people and codes.
    axes : Axes
        The grid.
    mask : ndarray of bool, shape (nlon, nlat, ndepth or 1)
        Sea points.
    points : Points
        Observations of the run.
    results : sequence of callable
        Each loads one slice, in the order of `axes.slices`; one is in memory at a time. If the
        first one has no error at all, the product has no relative error and no masked copies.
    thresholds : mapping of str to float
        Masked copies.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    BadRequest
        The variable's name can't be used.
    ValueError
        A slice or the mask does not fit the grid.
    StorageError
        If the disk is full or can't be written.

    Notes
    -----
    The same input gives the same bytes. Relative errors outside 0 to 1 are brought into it.

    References
    ----------
    CF conventions 1.8, section 7.4 (climatological statistics); layout of DIVAnd's diva3d.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", meta.variable):
        raise BadRequest(
            f"{meta.variable!r} is no name for a variable of the product; "
            "use letters, digits and underscores, with a letter first."
        )
    if len(results) != len(axes.slices):
        raise ValueError(f"There are {len(results)} results for {len(axes.slices)} time slices.")
    if mask.shape != axes.shape:
        raise ValueError(f"The mask has the shape {mask.shape} and the grid {axes.shape}.")
    with written_whole(path, "there is no new product") as part:
        with netcdf_file(part, "w", format="NETCDF4") as file:
            file.set_auto_mask(False)
            file.set_fill_off()
            with_error = any(np.isfinite(load().error).any() for load in results[:1])
            writer = GridWriter(file, meta, axes, mask, thresholds, with_error)
            residuals = PointsWriter(points)
            notes = []
            for k, load in enumerate(results):
                result = load()
                writer.add(k, result)
                residuals.add(k, result)
                notes.append(_notes(result))
            writer.finish(notes)
            residuals.write(file, meta)
            file.setncatts(global_attributes(meta, axes, recipe))
        with part.open("rb+") as whole:
            os.fsync(whole.fileno())
    return path


def _notes(result: SliceResult) -> str:
    kept = {k: v for k, v in result.notes.items() if k not in _ELSEWHERE}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)
