"""Extractions as JSON, tables and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from ..storage import written_whole

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["document", "header", "renamed", "table", "write"]

_AXES = ("label", "time", "distance", "lon", "lat", "depth", "class")
_TOLD = (
    "title", "source", "product_title", "product_version", "product_doi", "product_id",
    "institution", "license", "acknowledgment", "variable", "interpolation", "mask", "derived",
    "observations", "warnings", "history",
)  # fmt: skip


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
    """Return an extraction as one row a value: axes first, then value, error and the rest."""
    frame = found.to_dataframe().reset_index()
    first = [c for c in _AXES if c in frame]
    known = [n for n in found.data_vars if n in frame and n not in first]
    return frame[[*first, *(str(n) for n in known)]]


def renamed(found: xr.Dataset) -> xr.Dataset:
    """Name the values as in the product, for a file of its own."""
    names = {}
    if "value" in found and not found["value"].attrs.get("derived"):
        names["value"] = str(found["value"].attrs.get("variable") or "value")
    if "value" in found and "error" in found:
        names["error"] = str(found["error"].attrs.get("variable") or "error")
    if "salinity" in found:
        names["salinity"] = str(found["salinity"].attrs.get("variable") or "salinity")
    taken = {str(n) for n in found.variables}
    return found.rename({k: v for k, v in names.items() if v not in taken})


def header(found: xr.Dataset) -> list[str]:
    """Return where an extraction comes from, as lines of comment of a CSV file."""
    lines = [f"# {k}: {' '.join(str(v).split())}" for k, v in found.attrs.items() if k in _TOLD]
    for name, of in found.data_vars.items():
        unit = of.attrs.get("units")
        if unit:
            lines.append(f"# {name}: {of.attrs.get('long_name', name)} [{unit}]")
    return lines


def write(found: xr.Dataset, path: Path) -> Path:
    """Write an extraction as NetCDF, or as CSV where the name ends so.

    A CSV file begins with lines of comment (``#``) that say where the values come from.

    Raises
    ------
    BadRequest
        The name has another ending.
    StorageError
        It can't be written.
    """
    with written_whole(path) as beside:
        if path.suffix.lower() == ".csv":
            with open(beside, "w", encoding="utf-8", newline="") as file:
                file.writelines(f"{line}\n" for line in header(found))
                table(found).to_csv(
                    file, index=False, date_format="%Y-%m-%dT%H:%M:%S", lineterminator="\n"
                )
        elif path.suffix.lower() in (".nc", ".nc4"):
            from ..formats.netcdf_file import NETCDF

            with NETCDF:
                renamed(found).to_netcdf(beside, engine="netcdf4")
        else:
            raise BadRequest(f"{path.name}: name a file that ends in .nc or .csv.")
    return path
