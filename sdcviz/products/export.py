"""Extractions as JSON, tables and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest, StorageError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["document", "renamed", "table", "write"]


_COLUMNS = ("value", "difference", "first", "second", "error", "within_error", "bottom")


def document(found: xr.Dataset) -> dict[str, Any]:
    """Return an extraction as plain values; what is missing is NaN or None.

    A profile has ``depth``, ``value``, ``error``, ``unit``, ``lon``, ``lat``, ``time``; the
    others the same with their own axes. `error` is None where the product has none.
    """
    told: dict[str, Any] = {}
    for name in ("depth", "distance", "lon", "lat", "time", "label"):
        if name in found.coords:
            told[name] = _plain(found[name].values)
    told.setdefault("time", None)
    told["value"] = _plain(found["value"].values)
    told["error"] = _plain(found["error"].values) if "error" in found else None
    told["dims"] = list(found["value"].dims)
    told["unit"] = found["value"].attrs["units"]
    told["error_kind"] = found["error"].attrs["kind"] if "error" in found else None
    if "bottom" in found:
        told["bottom"] = _plain(found["bottom"].values)
    return told | {k: v for k, v in found.attrs.items() if k != "Conventions"}


def _plain(values: np.ndarray) -> Any:
    if values.dtype.kind == "M":
        texts = np.asarray(np.datetime_as_string(values.astype("datetime64[s]")), object)
        texts[np.isnat(values)] = None
        return texts.tolist()
    if values.dtype == np.float32:
        # The shortest decimals that mean the same number in single precision.
        values = np.array([float(str(v)) for v in values.ravel()]).reshape(values.shape)
    return values.tolist()


def table(found: xr.Dataset) -> pd.DataFrame:
    """Return an extraction as one row a value, without those that are missing everywhere."""
    frame = found.to_dataframe().reset_index()
    first = [c for c in ("label", "time", "distance", "lon", "lat", "depth") if c in frame]
    return frame[[*first, *(c for c in _COLUMNS if c in frame)]]


def renamed(found: xr.Dataset) -> xr.Dataset:
    """Name the values as in the product, for a file of its own."""
    names = {"value": found.attrs.get("variable") or "value"} if "value" in found else {}
    if "value" in found and "error" in found:
        names["error"] = found["error"].attrs.get("variable") or "error"
    return found.rename({k: v for k, v in names.items() if v not in found.variables})


def write(found: xr.Dataset, path: Path) -> Path:
    """Write an extraction as NetCDF, or as CSV where the name ends so.

    Raises
    ------
    BadRequest
        The name has another ending.
    StorageError
        It can't be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        if path.suffix.lower() == ".csv":
            table(found).to_csv(beside, index=False, date_format="%Y-%m-%dT%H:%M:%S")
        elif path.suffix.lower() in (".nc", ".nc4"):
            from .source import NETCDF

            with NETCDF:
                renamed(found).to_netcdf(beside, engine="netcdf4")
        else:
            raise BadRequest(f"{path.name}: name a file that ends in .nc or .csv.")
        beside.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: can't be written ({error.strerror or error}).") from error
    finally:
        beside.unlink(missing_ok=True)
    return path
