"""From padded matrices (station, level) to batches, with every level accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .common import depth_from_pressure
from .flags import SCALES, missing_flags, to_l20
from .model import MISSING, NOT_CHECKED, Batch, Coded, Column, Doctor, Parameter, Stations
from .netcdf import decimal

__all__ = [
    "Depths",
    "Field",
    "Matrix",
    "Times",
    "batch_of",
    "chunks",
    "column_of",
    "depths",
    "is_pressure",
    "settle",
    "to_decibar",
]

BLANK = ord(" ")

_DECIBAR = {
    "UPDB": 1.0,
    "PASX": 1e-4,
    "UPBB": 10.0,
    "dbar": 1.0,
    "decibar": 1.0,
    "decibars": 1.0,
    "decibar=10000 pascals": 1.0,
    "pa": 1e-4,
    "pascal": 1e-4,
    "pascals": 1e-4,
    "hpa": 0.01,
    "mbar": 0.01,
    "millibar": 0.01,
    "kpa": 0.1,
    "bar": 10.0,
    "mpa": 100.0,
}
_PRESSURE_P01 = {"PRESPR01", "PRESPS01", "PRESPS02", "PREXPR01", "PREXMCAT", "PREXPS01"}


@dataclass
class Field:
    """One parameter of some stations before padding is dropped.

    Attributes
    ----------
    parameter : Parameter
        What was measured.
    values : ndarray of float, shape (n, m), or list of str of length n * m
        NaN (or the empty text) is missing.
    codes : ndarray of uint8, shape (n, m), optional
        ASCII flags of the file, blank where it has none; None without flags.
    scale : str
        Their scale.
    """

    parameter: Parameter
    values: NDArray[np.floating] | list[str]
    codes: NDArray[np.uint8] | None = None
    scale: str = "L20"

    def filled(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Tell where there is a value."""
        if isinstance(self.values, list):
            return np.array([bool(t) for t in self.values], bool).reshape(shape)
        return ~np.isnan(self.values)


@dataclass
class Depths:
    """Depth of some stations before padding is dropped; shape (n, m) each."""

    values: NDArray[np.float64]
    flags: NDArray[np.uint8]


@dataclass
class Times:
    """Sample times of some stations before padding is dropped; shape (n, m) each."""

    values: NDArray[np.datetime64]
    flags: NDArray[np.uint8]


@dataclass
class Matrix:
    """Everything of some stations before padding is dropped.

    Attributes
    ----------
    stations : Stations
        n stations.
    present : ndarray of bool, shape (n, m)
        Levels that become samples.
    fields : list of Field
        Parameters.
    depth : Depths
        Metres.
    times : Times, optional
        For time series.
    """

    stations: Stations
    present: NDArray[np.bool_]
    fields: list[Field]
    depth: Depths
    times: Times | None = field(default=None)


def chunks(n: int, width: int, target: int) -> Iterator[slice]:
    """Split `n` stations of `width` levels into slices of about `target` cells."""
    step = max(1, target // max(1, width))
    for first in range(0, n, step):
        yield slice(first, min(n, first + step))


def is_pressure(parameter: Parameter) -> bool:
    """Tell whether a parameter is the pressure of the water at the sample."""
    return (
        parameter.p01 in _PRESSURE_P01
        or parameter.standard_name in ("sea_water_pressure", "sea_water_pressure_due_to_sea_water")
        or (not parameter.p01 and not parameter.standard_name and parameter.name.upper() == "PRES")
    )


def to_decibar(
    pressure: NDArray[np.floating], parameter: Parameter, doctor: Doctor
) -> NDArray[np.float64]:
    """Pressure in decibar, with a note where the unit can't be what it says."""
    unit = parameter.unit.strip().lower()
    factor = _DECIBAR.get(parameter.p06, _DECIBAR.get(unit, 1.0))
    values = np.asarray(pressure, np.float64)
    if factor == 1e-4 and np.any(np.isfinite(values)) and np.nanmax(values) < 12_000:
        doctor.note(
            f"variable {parameter.name}",
            "pressure is said to be in pascals, but is below 12 000 everywhere (1.2 m of water)",
            "read as decibar",
        )
        factor = 1.0
    return values * factor


def settle(
    codes: NDArray[np.uint8] | None,
    missing: NDArray[np.bool_],
    scale: str,
    doctor: Doctor | None,
    where: str,
) -> NDArray[np.uint8]:
    """L20 flags of values: mapped, checked, 9 exactly where nothing is known better.

    Parameters
    ----------
    codes : ndarray of uint8 or None
        Flags as in the file; None where it has none.
    missing : ndarray of bool
        Where the value is missing; these get flag 9.
    scale : str
        A key of `SCALES`.
    doctor : Doctor, optional
        Told about unknown codes and about flags of missing values.
    where : str
        ``"variable TEMP"``.
    """
    if codes is None:
        return np.where(missing, MISSING, NOT_CHECKED).astype(np.uint8)
    codes = np.asarray(codes, np.uint8)
    unknown = ~SCALES[scale].knows(codes)
    if doctor and unknown.any():
        found = sorted({chr(c) for c in np.unique(codes[unknown])})
        doctor.note(
            where,
            f"flags that scale {scale} does not have: {', '.join(map(repr, found))}",
            "read as 0 (no quality control)",
            int(unknown.sum()),
        )
    flags = to_l20(codes, scale)
    flags = np.where((codes == BLANK) | (codes == 0), np.uint8(NOT_CHECKED), flags)
    flags, changed = missing_flags(flags, missing)
    if doctor and changed:
        doctor.note(where, "missing values with another flag than 9", "flag 9", changed)
    return flags


def column_of(
    parameter: Parameter,
    values: NDArray[np.floating] | Coded,
    codes: NDArray[np.uint8] | None,
    scale: str,
    doctor: Doctor,
) -> Column:
    """Make the column of a parameter; flags of another scale are kept beside."""
    missing = values.codes < 0 if isinstance(values, Coded) else np.isnan(values)
    where = f"variable {parameter.name}"
    if codes is None and not missing.all():
        doctor.note(where, "no flags", "all values are 0 (no quality control)")
    flags = settle(codes, missing, scale, doctor, where)
    source = None if codes is None or scale == "L20" else np.asarray(codes, np.uint8)
    return Column(parameter, values, flags, source, scale)


def batch_of(matrix: Matrix, doctor: Doctor) -> Batch:
    """Drop the padding of some stations.

    Levels where `Matrix.present` is false must be padding or accounted for by
    the caller; `doctor.rows` grows by the samples.
    """
    present = matrix.present
    counts = present.sum(axis=1)
    doctor.rows += int(counts.sum())
    columns = []
    for one in matrix.fields:
        values: NDArray[np.floating] | Coded
        if isinstance(one.values, list):
            chosen = np.flatnonzero(present.ravel())
            values = Coded.of([one.values[i] for i in chosen])
        else:
            values = one.values[present]
        flags = None if one.codes is None else one.codes[present]
        columns.append(column_of(one.parameter, values, flags, one.scale, doctor))
    depth = matrix.depth.values[present]
    return Batch(
        stations=matrix.stations,
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns=columns,
        depth=depth,
        depth_flag=np.where(np.isnan(depth), np.uint8(MISSING), matrix.depth.flags[present]),
        row=np.nonzero(present)[1].astype(np.int64),
        time=None if matrix.times is None else matrix.times.values[present],
        time_flag=None if matrix.times is None else matrix.times.flags[present],
    )


def depths(
    fields: Sequence[Field],
    depth: Field | None,
    latitude: NDArray[np.floating],
    shape: tuple[int, int],
    doctor: Doctor,
) -> Depths:
    """Depth of every level: as the file tells it, else from pressure, else unknown.

    Parameters
    ----------
    fields : sequence of Field
        The pressure is looked for among them.
    depth : Field or None
        Depth in metres, positive down, if the file has it.
    latitude : ndarray, shape (n,)
        Degrees north of the stations.
    shape : (int, int)
        Stations and levels.
    """
    values = np.full(shape, np.nan)
    flags = np.full(shape, MISSING, np.uint8)
    pressure = next((f for f in fields if is_pressure(f.parameter)), None)
    if pressure is not None and not isinstance(pressure.values, list):
        decibar = to_decibar(pressure.values, pressure.parameter, doctor)
        values = depth_from_pressure(decibar, latitude[:, None])
        missing = np.isnan(values)
        flags = settle(pressure.codes, missing, pressure.scale, None, "")
    if depth is not None and not isinstance(depth.values, list):
        own = decimal(depth.values)
        told = ~np.isnan(own)
        own_flags = settle(depth.codes, ~told, depth.scale, doctor, "depth")
        values, flags = np.where(told, own, values), np.where(told, own_flags, flags)
    return Depths(values, flags)
