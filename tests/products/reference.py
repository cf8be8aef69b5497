"""The fields of files by xarray alone, in one orientation, to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

GRIDS = {
    "levitus_climatology.cdf": ("TEMP", ("ZAXLEVITR", "YAXLEVITR", "XAXLEVITR")),
    "ocean_atlas_subset.nc": ("TEMP", ("TIME", "ZAXLEVIT19", "YAX_SUBSET", "XAX_SUBSET")),
    "coads_climatology.cdf": ("SST", ("TIME", "COADSY", "COADSX")),
    "etopo20.cdf": ("ROSE", ("ETOPO20Y", "ETOPO20X1_1081")),
    "etopo40.cdf": ("ROSE", ("ETOPO40Y", "ETOPO40X")),
    "diva_bath.nc": ("bat", ("lat", "lon")),
}
"""Real files: variable and its axes."""


def field(path: Path, variable: str, dims: tuple[str, ...]) -> xr.DataArray:
    """Read a field as (time, depth, lat, lon) with increasing axes, around -180 to 180."""
    with xr.open_dataset(path, decode_times=False) as file:
        array = file[variable].load()
    names = ("time", "depth", "lat", "lon")[-len(dims) :]
    if len(dims) == 3 and not _is_depth(array, dims[0]):
        names = ("time", "lat", "lon")
    array = array.rename(dict(zip(dims, names, strict=True))).reset_coords(drop=True)
    lon = array.lon.values
    turned = lon - 360 * np.round(lon / 360)
    # Columns that a global grid repeats: those that the file has first stay.
    apart = np.abs(turned[:, None] - turned[None, :])
    apart = np.minimum(apart, 360 - apart)
    again = [bool((apart[k, :k] < 1e-3).any()) for k in range(len(lon))]
    turned = np.where(turned > 180 - 1e-9, turned - 360, turned)
    array = array.assign_coords(lon=turned).isel(lon=~np.array(again)).sortby("lon").sortby("lat")
    if "depth" in array.dims:
        array = array.sortby("depth")
    return array.where(np.abs(array) < 1e30)


def _is_depth(array: xr.DataArray, dim: str) -> bool:
    return str(array[dim].attrs.get("units", "")).lower() in ("m", "meters", "metres")


def around(array: xr.DataArray) -> xr.DataArray:
    """Repeat the last column before the first and the first after the last."""
    first, last = array.isel(lon=[0]), array.isel(lon=[-1])
    pads = (last.assign_coords(lon=last.lon - 360), array, first.assign_coords(lon=first.lon + 360))
    return xr.concat(pads, "lon")


def window(array: xr.DataArray, lon: float, lat: float) -> xr.DataArray:
    """Take the four points around a place."""
    places = {}
    for axis, at in (("lon", lon), ("lat", lat)):
        x = array[axis].values
        first = int(np.clip(np.searchsorted(x, at, "right") - 1, 0, len(x) - 2))
        places[axis] = slice(first, first + 2)
    return array.isel(places)


def at_sea(array: xr.DataArray, lon: float, lat: float) -> np.ndarray:
    """Interpolate by hand: the four points around, those with values only, nearest one leads."""
    x, y = array.lon.values, array.lat.values
    i = int(np.clip(np.searchsorted(x, lon, "right") - 1, 0, len(x) - 2))
    j = int(np.clip(np.searchsorted(y, lat, "right") - 1, 0, len(y) - 2))
    fx = np.clip((lon - x[i]) / (x[i + 1] - x[i]), 0, 1)
    fy = np.clip((lat - y[j]) / (y[j + 1] - y[j]), 0, 1)
    corners = {
        (a, b): (np.asarray(array.isel(lat=j + a, lon=i + b), np.float64), wy * wx)
        for a, wy in ((0, 1 - fy), (1, fy))
        for b, wx in ((0, 1 - fx), (1, fx))
    }
    nearest = corners[int(fy > 0.5), int(fx > 0.5)][0]
    total, whole = np.zeros(nearest.shape), np.zeros(nearest.shape)
    for value, weight in corners.values():
        known = ~np.isnan(value)
        total += np.where(known, np.nan_to_num(value) * weight, 0)
        whole += np.where(known, weight, 0)
    with np.errstate(all="ignore"):
        return np.where(np.isnan(nearest), np.nan, total / whole)


def same(found: Any, expected: Any) -> None:
    """Assert that numbers are the same within the rounding of single precision."""
    np.testing.assert_allclose(
        np.asarray(found, np.float64), np.asarray(expected, np.float64), rtol=2e-6, atol=1e-5
    )
