"""Products with the oddities that files have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from netCDF4 import Dataset


def truth(time: Any, depth: Any, lat: Any, lon: Any) -> np.ndarray:
    """A field that tells where it is: (time, depth, lat, lon)."""
    t, z, y, x = np.meshgrid(time, depth, lat, lon, indexing="ij")
    return (10 + np.cos(np.radians(x)) + y / 10 - z / 100 + t / 5).astype(np.float32)


def write(
    path: Path,
    *,
    lon: Any = (3.0, 4.0, 5.0, 6.0),
    lat: Any = (40.0, 41.0, 42.0),
    depth: Any = (0.0, 10.0, 50.0),
    time: Any = (15.5, 45.0, 74.5),
    values: Any = None,
    name: str = "Temperature",
    dims: tuple[str, ...] = ("time", "depth", "lat", "lon"),
    attrs: Mapping[str, Mapping[str, Any]] | None = None,
    more: Any = None,
    **storage: Any,
) -> Path:
    """Write a CF file; axes that are None are left out.

    Parameters
    ----------
    attrs : mapping of str to mapping, optional
        Further attributes of variables.
    more : callable, optional
        Gets the open file.
    """
    axes = {
        "time": (time, {"units": "days since 2001-01-01", "standard_name": "time"}),
        "depth": (depth, {"units": "m", "standard_name": "depth", "positive": "down"}),
        "lat": (lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": (lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    there = [d for d in ("time", "depth", "lat", "lon") if axes[d][0] is not None]
    if values is None:
        plain = [np.zeros(1) if axes[d][0] is None else np.asarray(axes[d][0], float) for d in axes]
        values = truth(np.arange(len(plain[0])), *plain[1:])
        values = values.reshape([len(axes[d][0]) for d in there])
        order = [d for d in dims if d in there]
        values = values.transpose([there.index(d) for d in order])
    order = [d for d in dims if d in there]
    with Dataset(path, "w") as file:
        for d in there:
            file.createDimension(d, len(axes[d][0]))
            v = file.createVariable(d, "f8", (d,))
            v.setncatts({**axes[d][1], **(attrs or {}).get(d, {})})
            v[:] = axes[d][0]
        fill = storage.pop("fill_value", np.float32(9.96921e36))
        v = file.createVariable(name, storage.pop("kind", "f4"), order, fill_value=fill, **storage)
        v.setncatts({"units": "degrees_C", "long_name": name, **(attrs or {}).get(name, {})})
        v[:] = np.where(np.isnan(values), fill, values) if values.dtype.kind == "f" else values
        if more is not None:
            more(file)
    return path
