"""Which dimension is time, depth, latitude or longitude."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..errors import BadRequest
from .source import Source, Variable

__all__ = ["AXES", "PROJECTED", "find_axes", "find_curvilinear", "not_there"]

AXES = ("time", "depth", "lat", "lon")
"""Kinds of axes, in the order in which products are kept."""

_EAST = {"degreeseast", "degreeeast", "degreese", "degreee"}
_NORTH = {"degreesnorth", "degreenorth", "degreesn", "degreen"}
_METRES = {"m", "meter", "meters", "metre", "metres"}
_PRESSURE = {"dbar", "db", "decibar", "decibars"}
_NAMES = {
    "lon": r"lon|longitude|nav_lon|x|xax.*|.*[^a-z]lon",
    "lat": r"lat|latitude|nav_lat|y|yax.*|.*[^a-z]lat",
    "depth": r"depth\w*|deptht|lev|level|levels|altitude|z|zax.*|depth_\w*|pres|pressure",
    "time": r"time|t|tax.*|month|date",
}
_STANDARD = {
    "longitude": "lon",
    "latitude": "lat",
    "time": "time",
    **dict.fromkeys(("depth", "altitude", "height", "sea_water_pressure"), "depth"),
}
PROJECTED = {"projection_x_coordinate", "projection_y_coordinate"}


def find_axes(source: Source, given: Mapping[str, Any]) -> dict[str, str]:
    """Find the kind of each dimension that is an axis; `given` has the last word."""
    dims = sorted({d for v in source.variables.values() for d in v.dims})
    axes = {d: k for d in dims if (k := _kind(source, d))}
    if not {"lon", "lat"} <= set(axes.values()):
        axes = _suggested(source, dims) | axes
    for kind in AXES:
        name = given.get(kind)
        if name is None:
            continue
        if name and name not in dims and name not in source.variables:
            raise BadRequest(not_there(name, [*dims, *source.variables], source))
        axes = {d: k for d, k in axes.items() if k != kind and d != name}
        if name in dims:
            axes[name] = kind
    return axes


def not_there(name: str, known: Sequence[str], source: Source) -> str:
    """Say that a correction names what the file does not have."""
    near = get_close_matches(name, known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{source.name} has neither a dimension nor a variable {name!r}.{hint}"


def _kind(source: Source, dim: str) -> str:
    """Tell what a dimension is; "" if nothing says."""
    v = source.variables.get(dim)
    if v is None or v.dims != (dim,):
        beside = _auxiliary(source, dim)
        if beside:
            return _by_attributes(beside)
        return _by_name(dim) if v is None else ""
    projected = v.text("standard_name") in PROJECTED
    if dim.endswith("edges") or projected or not v.is_number:
        return ""
    return _by_attributes(v) or _by_name(dim)


def _auxiliary(source: Source, dim: str) -> Variable | None:
    """Find the one 1-D variable that tells what a dimension without one of its name is."""
    found = [v for v in source.variables.values() if v.dims == (dim,) and _by_attributes(v)]
    return found[0] if len(found) == 1 else None


def _by_attributes(v: Variable) -> str:
    unit = v.text("units").lower()
    plain = unit.replace("_", "").replace(" ", "")
    standard, axis = v.text("standard_name").lower(), v.text("axis").upper()
    if standard in PROJECTED:
        return ""
    if standard in _STANDARD:
        return _STANDARD[standard]
    if plain in _EAST:
        return "lon"
    if plain in _NORTH:
        return "lat"
    if " since " in unit or axis == "T":
        return "time"
    vertical = v.text("positive").lower() in ("up", "down") or axis == "Z"
    if vertical or (unit in _METRES | _PRESSURE and re.fullmatch(_NAMES["depth"], v.name, re.I)):
        return "depth"
    return ""


def _by_name(name: str) -> str:
    for kind, pattern in _NAMES.items():
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return kind
    return ""


def _suggested(source: Source, dims: Sequence[str]) -> dict[str, str]:
    """Ask cf_xarray, which knows more names than we do."""
    import cf_xarray  # noqa: F401
    import xarray as xr

    named = {d: source.variables[d] for d in dims if d in source.variables}
    skeleton = xr.Dataset(
        {d: ((d,), [0.0], dict(v.attrs)) for d, v in named.items() if v.dims == (d,)}
    )
    asked = skeleton.cf.guess_coord_axis().cf
    found: dict[str, str] = {}
    for kind, key in (("lon", "longitude"), ("lat", "latitude"), ("time", "time"), ("depth", "Z")):
        for name in [*asked.coordinates.get(key, []), *asked.axes.get(key, [])]:
            found.setdefault(str(name), kind)
    return found


def find_curvilinear(
    source: Source, axes: Mapping[str, str], given: Mapping[str, Any]
) -> tuple[str, ...]:
    """Find 2-D longitudes and latitudes."""
    found: dict[str, str] = {}
    for v in source.variables.values():
        kind = _by_attributes(v)
        named = [k for k in ("lon", "lat") if given.get(k) == v.name and len(v.dims) == 2]
        if len(v.dims) == 2 and v.is_number and (kind in ("lon", "lat") or named):
            found.setdefault(named[0] if named else kind, v.name)
    both = tuple(found.get(k, "") for k in ("lon", "lat"))
    if not all(both):
        return ()
    straight = {"lon", "lat"} <= {
        k for d, k in axes.items() if d in source.variables and not given.get(k)
    }
    same = source.variables[both[0]].dims == source.variables[both[1]].dims
    return both if same and not straight else ()
