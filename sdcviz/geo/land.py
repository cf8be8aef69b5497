"""Is a point on land? Asked of the 1 km mask of the package global_land_mask."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .coast import coast_shape

__all__ = ["on_land"]

CASPIAN = (46.0, 36.0, 55.5, 48.0)
"""West, south, east, north of the sea that the mask takes for land."""


class _Mask(NamedTuple):
    sea: NDArray[np.uint8]  # one bit a cell, rows north to south
    rows: int
    columns: int


def on_land(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which points are on land.

    The mask comes from the GLOBE elevation model (30 arc seconds). Lakes count
    as land; the Caspian Sea, which the mask takes for land, counts as sea.

    Parameters
    ----------
    lon, lat : array_like
        Degrees east (any turn) and north; shapes broadcast.

    Returns
    -------
    ndarray of bool
        False where a coordinate is NaN or the latitude is beyond ±90°.
    """
    lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    known = np.isfinite(lon) & (np.abs(lat) <= 90)
    lon = (np.where(known, lon, 0.0) + 180) % 360 - 180
    lat = np.where(known, lat, 0.0)
    mask = _mask()
    row = np.minimum(((90 - lat) * (mask.rows / 180)).astype(np.int64), mask.rows - 1)
    column = np.minimum(((lon + 180) * (mask.columns / 360)).astype(np.int64), mask.columns - 1)
    land = known & ((mask.sea[row, column >> 3] >> (7 - (column & 7))) & 1 == 0)
    near = land & (lon > CASPIAN[0]) & (lon < CASPIAN[2]) & (lat > CASPIAN[1]) & (lat < CASPIAN[3])
    if near.any():
        import shapely

        shape = coast_shape("50m")
        shapely.prepare(shape)
        land[near] = shapely.contains_xy(shape, lon[near], lat[near])
    return land


@lru_cache(maxsize=1)
def _mask() -> _Mask:
    # The package's own module holds 930 MB once imported; its file is read here
    # by blocks and kept with one bit a cell (117 MB).
    spec = find_spec("global_land_mask")
    assert spec is not None and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "globe_combined_mask_compressed.npz"
    with zipfile.ZipFile(path) as archive, archive.open("mask.npy") as file:
        np.lib.format.read_magic(file)
        (rows, columns), fortran, dtype = np.lib.format.read_array_header_1_0(file)
        assert dtype.kind == "b" and not fortran
        sea = np.empty((rows, -(-columns // 8)), np.uint8)
        for first in range(0, rows, 512):
            count = min(512, rows - first)
            block = np.frombuffer(file.read(count * columns), bool).reshape(count, columns)
            sea[first : first + count] = np.packbits(block, axis=1)
    return _Mask(sea, rows, columns)
