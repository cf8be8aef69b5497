"""Check the observations and residuals of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..words import counted
from .names import BOUNDS, OBSERVATIONS, RESIDUALS

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["check_observations"]


def check_observations(file: Dataset) -> list[str]:
    """Check observations against the grid and residuals against observations.

    Parameters
    ----------
    file : Dataset
        Open, without masking and scaling.

    Returns
    -------
    list of str
        One sentence a finding.
    """
    findings = []
    if "observations" not in file.dimensions:
        return ["There is no dimension observations: the file does not tell what it was made of."]
    for name in (*OBSERVATIONS, "obsvalue"):
        if name not in file.variables:
            findings.append(f"There is no variable {name}.")
        elif file[name].dimensions[0] != "observations":
            findings.append(f"Variable {name} has not the dimension observations.")
    if findings:
        return findings
    if file["obsid"].dimensions != ("observations", "idlen") or file["obsid"].dtype.kind != "S":
        return ["Variable obsid has not the form char(observations, idlen)."]
    try:
        return _places(file) + _identities(file) + _residuals(file)
    except (OSError, RuntimeError) as problem:
        return [f"The observations can't be read, the file is damaged ({problem})."]


def _column(file: Dataset, name: str) -> NDArray[np.float64]:
    values = np.asarray(file[name][...], np.float64)
    fill = getattr(file[name], "_FillValue", None)
    return values if fill is None else np.where(values == fill, np.nan, values)


def _places(file: Dataset) -> list[str]:
    findings = []
    for name, axis in (("obslon", "lon"), ("obslat", "lat"), ("obsdepth", "depth")):
        values = _column(file, name)
        unknown = int(np.isnan(values).sum())
        if unknown:
            findings.append(f"Variable {name} is missing for {counted(unknown, 'observation')}.")
        if axis not in file.variables or not len(values):
            continue
        low, high = _reach(np.asarray(file[axis][...], np.float64))
        outside = int(((values < low) | (values > high)).sum())
        if outside:
            findings.append(
                f"Outside the grid there are {counted(outside, 'observation')}: {name} beyond "
                f"{low:g} to {high:g}."
            )
    for name in ("obstime", "obsvalue"):
        unknown = int(np.isnan(_column(file, name)).sum())
        if unknown:
            findings.append(f"Variable {name} is missing for {counted(unknown, 'observation')}.")
    return findings


def _reach(axis: NDArray[np.float64]) -> tuple[float, float]:
    """Tell how far the outermost cells reach: one step, since they may be stretched."""
    if len(axis) < 2:
        return -np.inf, np.inf
    return 2 * axis[0] - axis[1], 2 * axis[-1] - axis[-2]


def _identities(file: Dataset) -> list[str]:
    letters = file["obsid"]
    letters.set_auto_chartostring(False)
    empty = 0
    for first in range(0, letters.shape[0], 1 << 16):
        some = np.asarray(letters[first : first + (1 << 16)])
        empty += int(np.isin(some, (b"", b" ")).all(axis=1).sum())
    return [f"Variable obsid is empty for {counted(empty, 'observation')}."] if empty else []


def _residuals(file: Dataset) -> list[str]:
    missing = [f"There is no variable {n}." for n in RESIDUALS if n not in file.variables]
    if missing:
        return missing
    which, of_slice = (np.asarray(file[n][...], np.int64) for n in RESIDUALS[:2])
    findings = []
    n, slices = len(file.dimensions["observations"]), len(file.dimensions["time"])
    if ((which < 0) | (which >= n)).any() or ((of_slice < 0) | (of_slice >= slices)).any():
        return ["Residuals name observations or slices that there are not."]
    alone = n - len(np.unique(which))
    if alone:
        findings.append(f"There is no residual of {counted(alone, 'observation')}.")
    unknown = int(np.isnan(_column(file, "residual")).sum())
    if unknown:
        findings.append(f"Variable residual is missing {counted(unknown, 'time')}.")
    if BOUNDS in file.variables and file[BOUNDS].shape == (slices, 2):
        time = _column(file, "obstime")[which]
        start, stop = _column(file, BOUNDS)[of_slice].T
        late = int(((time < start) | (time > stop)).sum())
        if late:
            told = counted(late, "residual")
            findings.append(f"The time of {told} is outside its slice's bounds.")
    return findings
