"""Check the fields of a product against each other, slice by slice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .names import CELL_METHODS, DEEPEST, FILL, RELERR, SD, THRESHOLD

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["check_fields"]

_USUAL = {"L1": 0.3, "L2": 0.5}


def check_fields(file: Dataset, name: str) -> list[str]:
    """Check one field with its masked copies, its error and its deepest layers.

    Parameters
    ----------
    file : Dataset
        Open, without masking and scaling.
    name : str
        Variable of the field.

    Returns
    -------
    list of str
        One sentence a finding.
    """
    full = ("time", "depth", "lat", "lon")
    has_depth = "depth" in file.dimensions
    dimensions = full if has_depth else ("time", "lat", "lon")
    findings, usable = _described(file, name, dimensions)
    if has_depth:
        more, deep = _described(file, name + DEEPEST, ("time", "lat", "lon"))
        depth = _deepest_depth(file, name)
        findings += more + depth
        usable_deep = deep and usable and not depth
    else:
        usable_deep = False
    findings += _deviation(file, name)
    if not usable:
        return findings
    told: dict[str, tuple[int, str]] = {}
    for k in range(len(file.dimensions["time"])):
        for text in _slice(file, name, k, usable_deep):
            count, example = told.get(text, (0, str(k)))
            told[text] = count + 1, example
    for text, (count, example) in told.items():
        where = f"slice {example}" + (f" and {count - 1} more" if count > 1 else "")
        findings.append(f"{text} in {where}.")
    return findings


def _deviation(file: Dataset, name: str) -> list[str]:
    """Check the standard deviation of the background, which older products do not have."""
    if name + SD not in file.variables:
        return []
    found, wanted = file[name + SD], ("time", "depth") if "depth" in file.dimensions else ("time",)
    if found.dimensions != wanted:
        return [f"Variable {name}{SD} has not the dimensions ({', '.join(wanted)})."]
    values = np.asarray(found[...])
    if (values[values != FILL] < 0).any() or not np.isfinite(values).all():
        return [f"Variable {name}{SD} has values that are no standard deviation."]
    return []


def _copies(file: Dataset, name: str) -> dict[str, float]:
    """Name the masked copies of a field with their thresholds; the usual ones are expected."""
    copies = {f"{name}_{label}": limit for label, limit in _USUAL.items()}
    for other, variable in file.variables.items():
        if re.fullmatch(rf"{re.escape(name)}_[A-Za-z0-9]+", other) and hasattr(variable, THRESHOLD):
            copies[other] = float(variable.getncattr(THRESHOLD))
    return copies


def _described(file: Dataset, name: str, dimensions: tuple[str, ...]) -> tuple[list[str], bool]:
    """Check that the variables are there, with dimensions, type and attributes."""
    findings = []
    usable = True
    for variable in (name, *_copies(file, name), name + RELERR):
        if variable not in file.variables:
            findings.append(f"There is no variable {variable}.")
            usable = False
            continue
        found = file[variable]
        if found.dimensions != dimensions:
            findings.append(
                f"Variable {variable} has the dimensions ({', '.join(found.dimensions)}); "
                f"expected ({', '.join(dimensions)})."
            )
            usable = False
        if found.dtype != np.float32:
            findings.append(f"Variable {variable} is of type {found.dtype}; expected float32.")
        findings += _attributes(variable, found, variable.endswith(RELERR))
    return findings, usable


def _attributes(name: str, variable: Any, is_error: bool) -> list[str]:
    told = {key: variable.getncattr(key) for key in variable.ncattrs()}
    findings = []
    if np.float32(told.get("_FillValue", 0)) != FILL:
        findings.append(f"Variable {name} has not the _FillValue {FILL:g}.")
    elif np.float32(told.get("missing_value", 0)) != FILL:
        findings.append(f"Variable {name} has a missing_value other than its _FillValue.")
    wanted = ["long_name", "units"] if is_error else ["long_name", "units", "cell_methods"]
    findings += [
        f"Variable {name} has no attribute {key}." for key in wanted if not str(told.get(key, ""))
    ]
    if is_error and told.get("units", "1") != "1":
        findings.append(f"Variable {name} has the units {told['units']!r}; expected '1'.")
    if not is_error and told.get("cell_methods", CELL_METHODS) != CELL_METHODS:
        findings.append(f"Variable {name} has not the cell_methods {CELL_METHODS!r}.")
    return findings


def _deepest_depth(file: Dataset, name: str) -> list[str]:
    depth = f"{name}{DEEPEST}_depth"
    if depth not in file.variables:
        return [f"There is no variable {depth}."]
    if file[depth].dimensions != ("lat", "lon"):
        return [f"Variable {depth} has not the dimensions (lat, lon)."]
    values = file[depth][...]
    levels = file["depth"][...].astype(np.float32)
    if not np.isin(values[values != FILL], levels).all():
        return [f"Variable {depth} has depths that are no levels of the product."]
    return []


def _slice(file: Dataset, name: str, k: int, has_deepest: bool) -> list[str]:
    """Check the values of one slice; each text says what, not where."""
    try:
        field, error = _read(file, name, k), _read(file, name + RELERR, k)
        findings = _values(file, name, k, field, error)
        if not np.isfinite(field).any():
            findings.append(f"Variable {name} has no value at all")
        if has_deepest:
            findings += _deepest(file, name, k, field, error)
    except (OSError, RuntimeError) as problem:
        return [f"Variable {name} or a copy of it can't be read, the file is damaged ({problem}),"]
    return findings


def _read(file: Dataset, name: str, k: int) -> NDArray[np.float32]:
    """Read a slice; fill values as NaN, what was NaN in the file as infinity."""
    values = np.asarray(file[name][k])
    return np.where(
        values == FILL, np.float32(np.nan), np.where(np.isnan(values), np.float32(np.inf), values)
    )


def _values(
    file: Dataset, name: str, k: int, field: NDArray[np.float32], error: NDArray[np.float32]
) -> list[str]:
    findings = []
    for variable, values in ((name, field), (name + RELERR, error)):
        if np.isinf(values).any():
            findings.append(f"Variable {variable} has NaN or infinity instead of the fill value")
    there = np.isfinite(error)
    if ((error[there] < 0) | (error[there] > 1)).any():
        findings.append(f"Variable {name}{RELERR} has values outside 0 to 1")
    if (np.isnan(field) != np.isnan(error)).any():
        findings.append(f"Variables {name} and {name}{RELERR} are missing at different points")
    for copy, limit in _copies(file, name).items():
        expected = np.where(error > np.float32(limit), np.float32(np.nan), field)
        if not np.array_equal(_read(file, copy, k), expected, equal_nan=True):
            findings.append(
                f"Variable {copy} is not {name} masked where {name}{RELERR} is above {limit:g}"
            )
    return findings


def _deepest(
    file: Dataset, name: str, k: int, field: NDArray[np.float32], error: NDArray[np.float32]
) -> list[str]:
    depth = file[f"{name}{DEEPEST}_depth"][...]
    levels = file["depth"][...].astype(np.float32)
    at = np.minimum(np.searchsorted(levels, np.where(depth == FILL, 0, depth)), len(levels) - 1)
    deep_field, deep_error = (
        _read(file, name + DEEPEST, k),
        _read(file, name + DEEPEST + RELERR, k),
    )
    findings = _values(file, name + DEEPEST, k, deep_field, deep_error)
    for end, whole, deep in (("", field, deep_field), (RELERR, error, deep_error)):
        expected = np.take_along_axis(whole, at[None], axis=0)[0]
        expected = np.where(depth == FILL, np.float32(np.nan), expected)
        if not np.array_equal(deep, expected, equal_nan=True):
            findings.append(
                f"Variable {name}{DEEPEST}{end} is not {name}{end} at {name}{DEEPEST}_depth"
            )
    below = np.arange(len(levels))[:, None, None] > at
    if np.isfinite(np.where(below, field, np.nan)).any():
        findings.append(f"Variable {name} has values below {name}{DEEPEST}_depth")
    return findings
