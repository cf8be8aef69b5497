"""What the dimensions and variables of a product are: found, shown, and yours to correct."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from ..errors import BadRequest, ProductError
from .source import Source, Variable

__all__ = ["AXES", "FieldRoles", "Roles", "find_roles"]

AXES = ("time", "depth", "lat", "lon")
"""Kinds of axes, in the order in which products are kept."""

_EAST = {"degreeseast", "degreeeast", "degreese", "degreee"}
_NORTH = {"degreesnorth", "degreenorth", "degreesn", "degreen"}
_METRES = {"m", "meter", "meters", "metre", "metres"}
_PRESSURE = {"dbar", "db", "decibar", "decibars"}
_NAMES = {
    "lon": r"lon|longitude|nav_lon|x|xax.*|.*[^a-z]lon",
    "lat": r"lat|latitude|nav_lat|y|yax.*|.*[^a-z]lat",
    "depth": r"depth\w*|deptht|lev|level|levels|altitude|z|zax.*|depth_\w*",
    "time": r"time|t|tax.*|month|date",
}
_STANDARD = {
    "longitude": "lon",
    "latitude": "lat",
    "time": "time",
    **dict.fromkeys(("depth", "altitude", "height", "sea_water_pressure"), "depth"),
}
_PROJECTED = {"projection_x_coordinate", "projection_y_coordinate"}

_ERRORS = {
    "_relerr": "relative variance",
    "_relative_error": "relative variance",
    "_err": "standard deviation",
    "_error": "standard deviation",
    "_sd": "standard deviation",
    "_std": "standard deviation",
}
_MASKED = re.compile(r"_(L\d)$")
_BESIDE = re.compile(r"_(deepest_depth|databins|outlbins|CLfield|CORRLEN|SNR|VARBACK|background)$")


@dataclass(frozen=True)
class FieldRoles:
    """What stands beside one field.

    Attributes
    ----------
    error : str
        Variable with its error; "" if it has none.
    error_kind : str
        "relative variance" (of DIVAnd, 0 to 1) or "standard deviation" (in the field's unit).
    masked : mapping of str to str
        Copies masked by the error, by the end of their names ("L1", "L2").
    """

    error: str = ""
    error_kind: str = ""
    masked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """What the dimensions and variables of a product are.

    Attributes
    ----------
    axes : mapping of str to str
        Kind ("time", "depth", "lat", "lon") of each dimension that is an axis.
    fields : mapping of str to FieldRoles
        The gridded fields, the likeliest first.
    curvilinear : tuple of (str, str), or ()
        Variables with longitude and latitude of every point where these are no axes.
    beside : tuple of str
        Gridded variables that are no fields of their own: background, data bins, ...
    """

    axes: Mapping[str, str]
    fields: Mapping[str, FieldRoles]
    curvilinear: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the roles as plain values, for JSON and for people."""
        fields = {
            n: {"error": f.error, "error_kind": f.error_kind, "masked": dict(f.masked)}
            for n, f in self.fields.items()
        }
        return {
            "axes": dict(self.axes),
            "fields": fields,
            "curvilinear": list(self.curvilinear),
            "beside": list(self.beside),
        }

    def __str__(self) -> str:
        lines = [f"{dim}: {kind}" for dim, kind in self.axes.items()]
        for name, roles in self.fields.items():
            parts = [f"error {roles.error} ({roles.error_kind})"] if roles.error else []
            parts += [f"{label}: {copy}" for label, copy in roles.masked.items()]
            lines.append(f"{name}: field" + (f"; {', '.join(parts)}" if parts else ""))
        return "\n".join(lines)


def find_roles(source: Source, given: Mapping[str, Any] | None = None) -> Roles:
    """Find what dimensions and variables are, by CF attributes, names and own rules.

    Parameters
    ----------
    source : Source
    given : mapping, optional
        Corrections: ``lon``, ``lat``, ``depth``, ``time`` name a dimension (for curvilinear
        grids ``lon`` and ``lat`` a variable with both), ``fields`` lists the fields, ``errors``
        gives the error's variable of a field ("" for none).

    Raises
    ------
    BadRequest
        A correction names what is not there.
    ProductError
        Nothing in the file lies on longitude and latitude.
    """
    given = dict(given or {})
    if not any(v.is_number and len(v.dims) > 1 for v in source.variables.values()):
        raise ProductError(_no_grid(source))
    unknown = set(given) - {*AXES, "fields", "errors"}
    if unknown:
        raise BadRequest(
            f"Roles: {min(unknown)!r} is none; give lon, lat, depth, time, fields or errors."
        )
    axes = _axes(source, given)
    curvilinear = _curvilinear(source, axes, given)
    for kind in ("lon", "lat"):
        if curvilinear:
            axes = {d: k for d, k in axes.items() if k not in ("lon", "lat")}
            dims = source.variables[curvilinear[0]].dims
            axes |= {dims[0]: "lat", dims[1]: "lon"}
            break
        if kind not in axes.values():
            raise ProductError(_no_axis(source, kind))
    gridded = [v for v in source.variables.values() if _gridded(v, axes, source, curvilinear)]
    if not gridded:
        raise ProductError(_no_grid(source))
    return _sorted_out(source, axes, curvilinear, gridded, given)


def _no_grid(source: Source) -> str:
    return (
        f"{source.name}: no variable lies on longitude and latitude, this is no gridded "
        "product. Observations are opened with 'sdcviz import'."
    )


def _no_axis(source: Source, kind: str) -> str:
    name = "longitude" if kind == "lon" else "latitude"
    if any(v.text("standard_name") in _PROJECTED for v in source.variables.values()):
        return (
            f"{source.name}: the grid is on a map projection and has no {name} of its points; "
            "write them into the file, or project it to degrees."
        )
    dims = ", ".join(sorted({d for v in source.variables.values() for d in v.dims})) or "none"
    return (
        f"{source.name}: no dimension is a {name}; say which one is, "
        f"for example roles={{'{kind}': 'x'}}. There are: {dims}."
    )


# ---- axes ---------------------------------------------------------------------
def _axes(source: Source, given: Mapping[str, Any]) -> dict[str, str]:
    dims = sorted({d for v in source.variables.values() for d in v.dims})
    axes = {d: k for d in dims if (k := _kind(source, d))}
    if not {"lon", "lat"} <= set(axes.values()):
        axes = _suggested(source, dims) | axes
    for kind in AXES:
        name = given.get(kind)
        if name is None:
            continue
        if name and name not in dims and name not in source.variables:
            raise BadRequest(_not_there(name, [*dims, *source.variables], source))
        axes = {d: k for d, k in axes.items() if k != kind and d != name}
        if name in dims:
            axes[name] = kind
    return axes


def _not_there(name: str, known: Sequence[str], source: Source) -> str:
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
    projected = v.text("standard_name") in _PROJECTED
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
    if standard in _PROJECTED:
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


def _curvilinear(
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


# ---- fields --------------------------------------------------------------------
def _gridded(
    v: Variable, axes: Mapping[str, str], source: Source, curvilinear: tuple[str, ...]
) -> bool:
    kinds = [axes.get(d, "") for d in v.dims]
    if not v.is_number or v.name in curvilinear or not {"lon", "lat"} <= set(kinds):
        return False
    # Further dimensions only where they have one element.
    free = [n for d, n in zip(v.dims, v.shape, strict=True) if d not in axes]
    return len(set(filter(None, kinds))) == len([k for k in kinds if k]) and all(
        n == 1 for n in free
    )


def _sorted_out(
    source: Source,
    axes: Mapping[str, str],
    curvilinear: tuple[str, ...],
    gridded: Sequence[Variable],
    given: Mapping[str, Any],
) -> Roles:
    names = {v.name: v for v in gridded}
    companions: dict[str, FieldRoles] = {n: FieldRoles() for n in names}
    beside: list[str] = []
    for name, v in names.items():
        base, what = _companion(name, names)
        if not base:
            if _BESIDE.search(name) and len(names) > 1:
                beside.append(name)
            continue
        beside.append(name)
        of = companions[base]
        if what.startswith("L"):
            companions[base] = replace(of, masked={**of.masked, what: name})
        elif not of.error or what == "relative variance":
            companions[base] = replace(of, error=name, error_kind=_error_kind(what, v))
    errors = given.get("errors") or {}
    for name, error in errors.items():
        for n in (name, error):
            if n and n not in names:
                raise BadRequest(_not_there(n, list(names), source))
        kind = _error_kind("", names[error]) if error else ""
        companions[name] = replace(companions[name], error=error, error_kind=kind)
        beside += [error] if error and error not in beside else []
    chosen = given.get("fields")
    if chosen is not None:
        for n in chosen:
            if n not in names:
                raise BadRequest(_not_there(n, list(names), source))
    else:
        chosen = sorted(
            (n for n in names if n not in beside),
            key=lambda n: ("_deepest" in n, -len(names[n].dims)),
        )
    if not chosen:
        chosen, beside = list(names), []
    kept = tuple(n for n in beside if n not in chosen)
    return Roles(dict(axes), {n: companions[n] for n in chosen}, curvilinear, kept)


def _companion(name: str, names: Mapping[str, Variable]) -> tuple[str, str]:
    """Find the field to which an error or a masked copy belongs."""
    masked = _MASKED.search(name)
    if masked and name[: masked.start()] in names:
        return name[: masked.start()], masked[1]
    for end, what in _ERRORS.items():
        if name.lower().endswith(end) and name[: -len(end)] in names:
            return name[: -len(end)], what
    return "", ""


def _error_kind(what: str, v: Variable) -> str:
    if what == "relative variance" or "relative" in v.text("long_name").lower():
        return "relative variance"
    return "standard deviation"
