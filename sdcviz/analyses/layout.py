"""Check that a product has the layout that DIVAnd's users and programs expect."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..formats.netcdf_file import NETCDF, open_netcdf
from .layout_points import check_observations
from .layout_values import check_fields
from .names import DEEPEST, RELERR

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["check_layout"]

_UNITS = {
    "lon": ("degrees_east", "degree_east"),
    "lat": ("degrees_north", "degree_north"),
    "depth": ("m", "meter", "metre", "meters", "metres"),
}
_QUANTITY = {"lon": "longitude", "lat": "latitude", "depth": "depth", "time": "time"}
_LIMITS = {"lon": (-360.0, 720.0), "lat": (-90.0, 90.0)}
_WANTED = (
    "title", "project", "institution_urn", "source", "Author_e-mail", "abstract",
    "parameter_keyword", "parameter_keyword_urn", "area_keywords_urn", "product_version",
    "product_id", "recipe", "software_versions",
)  # fmt: skip
_NAMING = ("ancillary_variables", "coordinates", "climatology", "bounds")


def check_layout(path: Path | str) -> list[str]:
    """Compare a product with the reference layout.

    Dimensions, names, attributes and units; monotonic axes; climatology bounds around their
    times; masked copies that agree with the relative error; fill values; the deepest layers;
    observations inside the grid, with identities, at the times of their slice.

    Parameters
    ----------
    path : Path or str
        NetCDF file. Read slice by slice.

    Returns
    -------
    list of str
        One sentence a finding; empty if all is as it should be.

    Raises
    ------
    UnreadableFile
        The file is no NetCDF file.
    """
    with NETCDF:
        try:
            file = open_netcdf(path)
        except (OSError, RuntimeError) as error:
            raise UnreadableFile(
                f"{path}: can't be opened as NetCDF ({error}); name a product."
            ) from error
        with file:
            file.set_auto_mask(False)
            file.set_auto_scale(False)
            findings = _axes(file)
            findings += _names(file)
            findings += _attributes(file)
            fields = [n.removesuffix(RELERR) for n in file.variables if n.endswith(RELERR)]
            fields = [n for n in fields if not n.endswith(DEEPEST)]
            if not fields:
                findings.append(
                    f"There is no variable VAR{RELERR}, so no field with a relative error to check."
                )
            for name in fields:
                findings += check_fields(file, name)
            return findings + check_observations(file)


def _axes(file: Dataset) -> list[str]:
    findings = []
    for name in ("lon", "lat", "depth", "time"):
        if name not in file.dimensions:
            if name != "depth":  # a product may be of the surface alone
                findings.append(f"There is no dimension {name}.")
        elif name not in file.variables or file[name].dimensions != (name,):
            findings.append(f"There is no coordinate variable {name}({name}).")
        else:
            findings += _axis(file, name)
    if len(file.dimensions.get("nv", ())) != 2:
        findings.append("There is no dimension nv of length 2 for the climatology bounds.")
    if "time" in file.variables and file["time"].dimensions == ("time",):
        findings += _climatology(file)
    return findings


def _axis(file: Dataset, name: str) -> list[str]:
    variable, findings = file[name], []
    told = _told(variable)
    values = _numbers(variable)
    units = str(told.get("units", ""))
    if name == "time":
        if not re.match(r"\w+ since \d", units):
            findings.append(
                f"Variable time has the units {units!r}; expected 'days since 1900-01-01'."
            )
        elif "calendar" not in told:
            findings.append("Variable time has no attribute calendar.")
    elif units not in _UNITS[name]:
        findings.append(f"Variable {name} has the units {units!r}; expected {_UNITS[name][0]!r}.")
    if told.get("standard_name") != _QUANTITY[name]:
        findings.append(f"Variable {name} has not the standard_name {_QUANTITY[name]!r}.")
    if name == "depth" and told.get("positive") != "down":
        findings.append("Variable depth has not the attribute positive = 'down'.")
    if not np.isfinite(values).all():
        findings.append(f"Variable {name} has missing or infinite values.")
    elif (np.diff(values) <= 0).any():
        at = int(np.argmax(np.diff(values) <= 0)) + 1
        findings.append(f"Variable {name} does not increase at its element {at}.")
    low, high = _LIMITS.get(name, (-np.inf, np.inf))
    if ((values < low) | (values > high)).any():
        findings.append(f"Variable {name} has values outside {low:g} to {high:g} degrees.")
    return findings


def _climatology(file: Dataset) -> list[str]:
    name = str(_told(file["time"]).get("climatology", ""))
    if not name:
        return ["Variable time has no attribute climatology that names its bounds."]
    if name not in file.variables:
        return [f"Variable time names the bounds {name}, and there are none."]
    bounds = file[name]
    if bounds.dimensions != ("time", "nv"):
        return [f"Variable {name} has the dimensions {bounds.dimensions}; expected (time, nv)."]
    time, (start, stop) = _numbers(file["time"]), _numbers(bounds).T
    findings = []
    if not (start < stop).all():
        at = _first(~(start < stop))
        findings.append(f"The bounds of slice {at} in {name} end before they start.")
    elif not ((start <= time) & (time <= stop)).all():
        at = _first((time < start) | (time > stop))
        findings.append(f"The time of slice {at} lies outside its bounds in {name}.")
    return findings


def _names(file: Dataset) -> list[str]:
    """Check names, and that attributes name only what there is."""
    findings = []
    for name, variable in file.variables.items():
        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
            findings.append(
                f"Variable {name!r} has a name that CF does not allow; "
                "use letters, digits and underscores."
            )
        told = _told(variable)
        for attribute in _NAMING:
            for other in str(told.get(attribute, "")).split():
                if other not in file.variables:
                    findings.append(
                        f"Variable {name} names {other} in {attribute}, and there is none."
                    )
        for key, value in told.items():
            if key.endswith("_urn"):
                findings += _urn(f"Variable {name}", key, value)
    return findings


def _attributes(file: Dataset) -> list[str]:
    told = _told(file)
    findings = [
        f"The file has no attribute {name}."
        for name in _WANTED
        if not str(told.get(name, "")).strip()
    ]
    if not re.search(r"\bCF-1\.\d", str(told.get("Conventions", ""))):
        findings.append("The attribute Conventions names no version of CF.")
    for key, value in told.items():
        if key.endswith("_urn"):
            findings += _urn("The file", key, value)
    for axis, name in (("lon", "lon"), ("lat", "lat"), ("depth", "vertical")):
        if axis not in file.variables or not file[axis].size:
            continue
        values = _numbers(file[axis])
        for end, edge in (("min", values.min()), ("max", values.max())):
            key = f"geospatial_{name}_{end}"
            if key not in told:
                findings.append(f"The file has no attribute {key}.")
            elif not np.isclose(float(told[key]), edge, atol=1e-6):
                findings.append(f"The attribute {key} is {told[key]:g}, and {axis} has {edge:g}.")
    findings += [
        f"The file has no attribute {key}."
        for key in ("time_coverage_start", "time_coverage_end")
        if key not in told
    ]
    return findings


def _urn(where: str, key: str, value: Any) -> list[str]:
    codes = re.split(r"[,|]\s*", str(value).strip())
    return [
        f"{where} has {code!r} in {key}; expected the form SDN:LIST::CODE."
        for code in codes
        if not re.fullmatch(r"SDN:[A-Z0-9]+:[^:\s]*:\S+", code)
    ]


def _told(thing: Any) -> dict[str, Any]:
    return {name: thing.getncattr(name) for name in thing.ncattrs()}


def _numbers(variable: Any) -> NDArray[np.float64]:
    """Read a variable whole; its fill value as NaN."""
    values = np.asarray(variable[...], np.float64)
    fill = _told(variable).get("_FillValue", np.float64(9.969209968386869e36))
    return np.where(values == np.float64(fill), np.nan, values)


def _first(bad: NDArray[np.bool_]) -> int:
    return int(np.argmax(bad))
