"""World Ocean Database and IQuOD NetCDF: ragged arrays, one observation dimension a variable.

xarray opens these files but nothing puts values and depths together: each
variable has its own row sizes, and values align with depths within a cast.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..words import number
from .base import Format, ReadOptions
from .checkup import Checkup
from .common import depth_from_pressure, offsets_of, runs_of
from .levels import column_of, settle
from .model import MISSING, Batch, Coded, Column, Doctor, Parameter, Stations
from .netcdf import attribute, codes, decimal, is_netcdf, numbers, opened, outline, texts
from .netcdf_time import decode_time

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

    from .sources import Source

__all__ = ["FORMAT"]

_SIZE = "_row_size"
_TEXTS = {
    "cruise": ("WOD_cruise_identifier",),
    "platform": ("Platform",),
    "station": ("wod_unique_cast",),
}
_NOT_EXTRA = {"lat", "lon", "time", "z", "crs", "Bottom_Depth"}
_TYPES = {"bottle": "B", "ctd": "C", "xbt": "C", "mbt": "C", "float": "C", "glider": "C"}


def recognise(head: bytes, source: Source) -> bool:
    """Tell a WOD file by its casts, depths and row sizes."""
    if not is_netcdf(head):
        return False
    found = outline(source)
    return (
        "casts" in found.dimensions
        and found.has("lat", "lon")
        and any(name.endswith(_SIZE) for name in found.variables)
    )


@dataclass
class _Ragged:
    """A variable with its own observation dimension.

    Attributes
    ----------
    name : str
        Of the variable.
    sizes : ndarray of int64, shape (casts,)
        Observations a cast.
    starts : ndarray of int64, shape (casts + 1,)
        Where they begin.
    """

    name: str
    sizes: NDArray[np.int64]
    starts: NDArray[np.int64]


class _File:
    """Where things are in an open file."""

    def __init__(self, file: Dataset, name: str, doctor: Doctor) -> None:
        self.file, self.name, self.doctor = file, name, doctor
        self.n = len(file.dimensions["casts"])
        self.ragged = [r for r in map(self._ragged, list(file.variables)) if r]
        self.depth = next((r for r in self.ragged if r.name == "z"), None)
        if not self.ragged:
            raise UnreadableFile(
                f"{name}: the WOD file has no measured variable with row sizes; "
                "select at least one variable when ordering it."
            )
        sizes = [r.sizes for r in self.ragged]
        self.sizes = np.max(sizes, axis=0)
        for ragged in self.ragged:
            odd = (ragged.sizes > 0) & (ragged.sizes != self.sizes)
            if odd.any():
                doctor.note(
                    f"variable {ragged.name}",
                    "casts with another number of values than depths",
                    "values go with the first depths of the cast",
                    int(odd.sum()),
                )

    def _ragged(self, name: str) -> _Ragged | None:
        sizes = self.file.variables.get(name + _SIZE)
        variable = self.file[name]
        if sizes is None or sizes.dimensions != ("casts",):
            return None
        try:
            kind = np.dtype(variable.dtype).kind
        except TypeError:
            kind = "V"
        counts = numbers(sizes)
        counts = np.where(np.isfinite(counts) & (counts > 0), counts, 0).astype(np.int64)
        if kind not in "iuf" or variable.ndim != 1:
            if kind == "V" or counts.any():
                self.doctor.note(
                    f"variable {name}", "is a table within a table", "left out", int(counts.sum())
                )
            return None
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        if starts[-1] > variable.size:
            raise UnreadableFile(
                f"{self.name}: {name}{_SIZE} promises {number(starts[-1])} values of {name}, "
                f"but there are {number(variable.size)}; fetch the file again."
            )
        return _Ragged(name, counts, starts)

    def batches(self, target: int) -> Iterator[slice]:
        """Split the casts into slices of about `target` samples."""
        yield from (slice(*run) for run in runs_of(offsets_of(self.sizes), target))

    def places(self, ragged: _Ragged, rows: slice) -> tuple[slice, NDArray[np.int64]]:
        """Where the values of some casts are in the file, and where they go in the batch."""
        sizes = ragged.sizes[rows]
        begins = np.concatenate([[0], np.cumsum(self.sizes[rows])[:-1]])
        own = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        target = np.arange(sizes.sum()) + np.repeat(begins - own, sizes)
        return slice(int(ragged.starts[rows.start]), int(ragged.starts[rows.stop])), target

    def values(self, ragged: _Ragged, rows: slice) -> tuple[NDArray, NDArray[np.uint8] | None]:
        """Read values and flags of some casts; NaN and blank where a cast has none."""
        source, target = self.places(ragged, rows)
        m = int(self.sizes[rows].sum())
        read = numbers(self.file[ragged.name], source)
        values = np.full(m, np.nan, read.dtype)
        values[target] = read
        flags = self._flags(ragged.name)
        if flags is None:
            return values, None
        told = np.full(m, ord(" "), np.uint8)
        told[target] = codes(flags, source)
        return values, told

    def _flags(self, name: str) -> Variable | None:
        for suffix in ("_WODflag", "_IQUODflag", "_origflag"):
            found = self.file.variables.get(name + suffix)
            if found is not None and found.dimensions == self.file[name].dimensions:
                return found
        return None

    def column(self, ragged: _Ragged, rows: slice) -> Column:
        """Read one parameter of some casts."""
        variable = self.file[ragged.name]
        parameter = Parameter(
            ragged.name,
            unit=attribute(variable, "units"),
            standard_name=attribute(variable, "standard_name"),
        )
        return column_of(parameter, *self.values(ragged, rows), "WOD", self.doctor)

    def stations(self, rows: slice) -> Stations:
        """Read the metadata of some casts."""
        variables = self.file.variables
        stations = Stations.blank(rows.stop - rows.start, rows.start)
        stations.lon = decimal(numbers(variables["lon"], rows))
        stations.lat = decimal(numbers(variables["lat"], rows))
        nowhere = np.isnan(stations.lon) | np.isnan(stations.lat)
        stations.position_flag = settle(None, nowhere, "L20", None, "")
        if "time" in variables:
            time = variables["time"]
            try:
                stations.time = decode_time(
                    numbers(time, rows), attribute(time, "units"), attribute(time, "calendar")
                )
            except ValueError as error:
                self.doctor.note("variable time", str(error), "times are unknown")
        stations.time_flag = settle(None, np.isnat(stations.time), "L20", None, "")
        if "Bottom_Depth" in variables:
            stations.bottom_depth = numbers(variables["Bottom_Depth"], rows).astype(np.float32)
        taken = set(_NOT_EXTRA)
        for role, names in _TEXTS.items():
            for name in names:
                if name in variables:
                    setattr(stations, role, Coded.of(texts(variables[name], rows)))
                    taken.add(name)
        stations.extra = self._extra(rows, taken)
        stations.type = self._types(stations)
        return stations

    def _extra(self, rows: slice, taken: set[str]) -> dict[str, Coded]:
        found = {}
        for name, variable in self.file.variables.items():
            if name in taken or variable.dimensions[:1] != ("casts",) or name.endswith("row_size"):
                continue
            if name.endswith("rowsize") or variable.ndim > 2:
                continue
            told = texts(variable, rows)
            if name.endswith("_WODprofileflag"):
                told = [t if t != "0" else "" for t in told]
                rejected = sum(map(bool, told))
                if rejected:
                    self.doctor.note(
                        f"variable {name}",
                        "casts that WOD rejects as a whole for this variable",
                        "flags of the values unchanged; the reason is shown with the station",
                        rejected,
                    )
            column = Coded.of(told)
            if column.labels:
                found[name] = column
        return found

    @staticmethod
    def _types(stations: Stations) -> Coded:
        datasets = stations.extra.get("dataset", Coded.constant("", len(stations))).texts()
        return Coded.of(
            next((kind for word, kind in _TYPES.items() if word in text.lower()), "*")
            for text in datasets
        )


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read a WOD or IQuOD file, some casts at a time.

    Yields
    ------
    Batch
        Whole casts as stations.

    Raises
    ------
    UnreadableFile
        If the file is damaged or has nothing measured.
    """
    # WOD names institutes by codes of its own.
    checkup = Checkup(doctor, data_centres=False)
    with opened(source) as handle:
        file = _File(handle, source.name, doctor)
        for rows in file.batches(options.batch_samples):
            yield checkup(_batch(file, rows))


def _batch(file: _File, rows: slice) -> Batch:
    stations = file.stations(rows)
    sizes = file.sizes[rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    m = int(offsets[-1])
    file.doctor.rows += m
    columns = [file.column(r, rows) for r in file.ragged if r is not file.depth]
    depth, depth_flag = np.full(m, np.nan), np.full(m, MISSING, np.uint8)
    if file.depth is not None:
        values, told = file.values(file.depth, rows)
        depth = decimal(values)
        depth_flag = settle(told, np.isnan(depth), "WOD", file.doctor, "variable z")
    pressure = next((c for c in columns if c.parameter.name == "Pressure"), None)
    if pressure is not None and not isinstance(pressure.values, Coded) and np.isnan(depth).any():
        missing = np.isnan(depth)
        told_depth = depth_from_pressure(pressure.values, np.repeat(stations.lat, sizes))
        depth = np.where(missing, told_depth, depth)
        depth_flag = np.where(missing, pressure.flags, depth_flag)
    return Batch(
        stations=stations,
        offsets=offsets,
        columns=columns,
        depth=depth,
        depth_flag=depth_flag,
        row=np.arange(m) - np.repeat(offsets[:-1], sizes),
    )


FORMAT = Format("wod_netcdf", "World Ocean Database NetCDF", recognise, read)
