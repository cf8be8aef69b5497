"""What the dimensions and variables of a product are: found, shown, and yours to correct."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import BadRequest, ProductError
from .axis_roles import AXES, PROJECTED, find_axes, find_curvilinear, not_there
from .source import Source, Variable

__all__ = ["AXES", "FieldRoles", "Roles", "find_roles"]

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
    axes = find_axes(source, given)
    curvilinear = find_curvilinear(source, axes, given)
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
    if any(v.text("standard_name") in PROJECTED for v in source.variables.values()):
        return (
            f"{source.name}: the grid is on a map projection and has no {name} of its points; "
            "write them into the file, or project it to degrees."
        )
    dims = ", ".join(sorted({d for v in source.variables.values() for d in v.dims})) or "none"
    return (
        f"{source.name}: no dimension is a {name}; say which one is (role {kind}). "
        f"There are: {dims}."
    )


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
                raise BadRequest(not_there(n, list(names), source))
        kind = _error_kind("", names[error]) if error else ""
        companions[name] = replace(companions[name], error=error, error_kind=kind)
        beside += [error] if error and error not in beside else []
    chosen = given.get("fields")
    if chosen is not None:
        for n in chosen:
            if n not in names:
                raise BadRequest(not_there(n, list(names), source))
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
