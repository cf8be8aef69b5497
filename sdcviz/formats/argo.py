"""Argo profile files (core, BGC, synthetic) and CORA files of the same layout.

Read by hand on netCDF4: argopy takes 9 s to import and chooses the data mode
a profile, where BGC files need it a parameter. The rule: modes D and A give
the adjusted values and flags, R the real-time ones, and so does a file
without adjusted variables. Every N_PROF is its own station, so the several
vertical axes of one cycle stay apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .checkup import Checkup
from .levels import Field, Matrix, batch_of, chunks, depths, settle
from .model import Batch, Coded, Doctor, Parameter, Stations
from .netcdf import attribute, codes, decimal, is_netcdf, numbers, opened, outline, texts
from .netcdf_time import decode_time

if TYPE_CHECKING:
    from netCDF4 import Dataset

    from .sources import Source

__all__ = ["FORMAT"]

_LAYOUT = ("N_PROF", "N_LEVELS")
_DERIVED = ("_QC", "_ADJUSTED", "_ADJUSTED_ERROR", "_dPRES", "_ERROR")
_EXTRA = {
    "CYCLE_NUMBER": "Cycle",
    "DIRECTION": "Direction",
    "DATA_MODE": "Data mode",
    "PROJECT_NAME": "Project",
    "PI_NAME": "Principal investigator",
    "DATA_CENTRE": "Argo data centre",
    "INST_REFERENCE": "Instrument",
    "PLATFORM_TYPE": "Platform type",
    "FLOAT_SERIAL_NO": "Serial number",
    "FIRMWARE_VERSION": "Firmware",
    "WMO_INST_TYPE": "WMO instrument type",
    "POSITIONING_SYSTEM": "Positioning system",
    "DC_REFERENCE": "Reference in data centre",
    "DATA_STATE_INDICATOR": "State of processing",
    "VERTICAL_SAMPLING_SCHEME": "Vertical sampling scheme",
}


def recognise(head: bytes, source: Source) -> bool:
    """Tell an Argo-like profile file by its dimensions and variables."""
    if not is_netcdf(head):
        return False
    found = outline(source)
    return set(_LAYOUT) <= set(found.dimensions) and found.has("JULD", "LATITUDE", "LONGITUDE")


class _File:
    """Where things are in an open Argo file."""

    def __init__(self, file: Dataset, doctor: Doctor) -> None:
        self.file, self.doctor = file, doctor
        self.n = len(file.dimensions["N_PROF"])
        self.width = len(file.dimensions["N_LEVELS"])
        self.names = self._parameters()
        self.modes = self._modes()
        self.depth = next((n for n in self.names if n.upper() in ("DEPH", "DEPTH")), None)

    def _parameters(self) -> list[str]:
        found = []
        for name, variable in self.file.variables.items():
            if "N_LEVELS" not in variable.dimensions or name.endswith(_DERIVED):
                continue
            if variable.dimensions == _LAYOUT and variable.dtype.kind in "iuf":
                found.append(name)
            else:
                self.doctor.note(
                    f"variable {name}",
                    f"has dimensions {', '.join(variable.dimensions)}",
                    "left out: one number a level is needed",
                )
        return found

    def _modes(self) -> dict[str, NDArray[np.bool_]]:
        """For each parameter, whether a profile gives adjusted values."""
        whole = np.zeros(self.n, bool)
        if "DATA_MODE" in self.file.variables:
            whole = np.isin(codes(self.file["DATA_MODE"]), [ord("A"), ord("D")])
        modes = {name: whole.copy() for name in self.names}
        if not {"PARAMETER_DATA_MODE", "STATION_PARAMETERS"} <= set(self.file.variables):
            return modes
        mode = codes(self.file["PARAMETER_DATA_MODE"])
        names = np.array(texts(self.file["STATION_PARAMETERS"]), object).reshape(mode.shape)
        for name in self.names:
            listed = names == name
            adjusted = (listed & np.isin(mode, [ord("A"), ord("D")])).any(axis=1)
            modes[name] = np.where(listed.any(axis=1), adjusted, modes[name])
        return modes

    def values(
        self, name: str, rows: slice, measured: NDArray[np.bool_]
    ) -> tuple[NDArray, NDArray[np.uint8] | None]:
        """Read numbers and flags as the data mode wants, shape (n, m).

        `measured` becomes true wherever the float has sent a value.
        """
        values, flags = self._read(name, rows)
        measured |= ~np.isnan(values)
        adjusted = self.modes[name][rows]
        if not adjusted.any() or f"{name}_ADJUSTED" not in self.file.variables:
            return values, flags
        better, better_flags = self._read(f"{name}_ADJUSTED", rows)
        values = np.where(adjusted[:, None], better, values)
        if flags is None or better_flags is None:
            return values, better_flags if flags is None else flags
        return values, np.where(adjusted[:, None], better_flags, flags)

    def _read(self, name: str, rows: slice) -> tuple[NDArray, NDArray[np.uint8] | None]:
        flags = f"{name}_QC"
        return numbers(self.file[name], rows), (
            codes(self.file[flags], rows) if flags in self.file.variables else None
        )

    def field(self, name: str, rows: slice, measured: NDArray[np.bool_]) -> Field:
        """Read one parameter of some profiles."""
        variable = self.file[name]
        parameter = Parameter(
            name,
            unit=attribute(variable, "units"),
            standard_name=attribute(variable, "standard_name"),
        )
        return Field(parameter, *self.values(name, rows, measured), scale="ARGO")

    def one_flag(self, name: str, rows: slice, missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Read the flags of position or time, one a profile."""
        found = name in self.file.variables
        flags = codes(self.file[name], rows) if found else None
        return settle(flags, missing, "ARGO", self.doctor, f"variable {name}")

    def stations(self, rows: slice) -> Stations:
        """Read what the file tells about some profiles."""
        n = rows.stop - rows.start
        variables = self.file.variables
        stations = Stations.blank(n, rows.start)
        stations.lon = decimal(numbers(variables["LONGITUDE"], rows))
        stations.lat = decimal(numbers(variables["LATITUDE"], rows))
        time = variables["JULD"]
        stations.time = decode_time(
            numbers(time, rows), attribute(time, "units") or "days since 1950-01-01"
        )
        nowhere = np.isnan(stations.lon) | np.isnan(stations.lat)
        stations.position_flag = self.one_flag("POSITION_QC", rows, nowhere)
        stations.time_flag = self.one_flag("JULD_QC", rows, np.isnat(stations.time))
        found = {
            name: texts(variables[name], rows)
            for name in ("PLATFORM_NUMBER", *_EXTRA)
            if name in variables and variables[name].dimensions[:1] == ("N_PROF",)
        }
        numbers_ = found.pop("PLATFORM_NUMBER", [""] * n)
        stations.platform = stations.cruise = Coded.of(numbers_)
        stations.station = Coded.of(
            cycle + ("D" if direction == "D" else "")
            for cycle, direction in zip(
                found.get("CYCLE_NUMBER", [""] * n), found.get("DIRECTION", [""] * n), strict=True
            )
        )
        stations.type = Coded.constant("C", n)
        labelled = {_EXTRA[name]: Coded.of(column) for name, column in found.items()}
        stations.extra = {label: t for label, t in labelled.items() if t.labels}
        return stations


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read an Argo-like profile file, some profiles at a time.

    Yields
    ------
    Batch
        Pressure (or depth) and parameters in the data mode of each.

    Raises
    ------
    UnreadableFile
        If the file is damaged or has neither pressure nor depth nor values.
    """
    # Argo names its data centres by codes of its own.
    checkup = Checkup(doctor, data_centres=False)
    with opened(source) as handle:
        file = _File(handle, doctor)
        if not file.names:
            raise UnreadableFile(
                f"{source.name}: the Argo file has no variable of shape (N_PROF, N_LEVELS); "
                "give a profile file, not metadata, technical or trajectory files."
            )
        for rows in chunks(file.n, file.width, options.batch_samples):
            yield checkup(_batch(file, rows))


def _batch(file: _File, rows: slice) -> Batch:
    stations = file.stations(rows)
    shape = (rows.stop - rows.start, file.width)
    present, measured = np.zeros(shape, bool), np.zeros(shape, bool)
    fields = [file.field(name, rows, measured) for name in file.names]
    depth = next((f for f in fields if f.parameter.name == file.depth), None)
    for field in fields:
        present |= field.filled(shape)
    # Delayed mode blanks what it can't save; a level with nothing left is accounted for.
    lost = int(np.count_nonzero(measured & ~present))
    if lost:
        file.doctor.rows += lost
        file.doctor.leave_out("no adjusted value is left (bad data of delayed mode)", lost)
    others = [field for field in fields if field is not depth]
    level_depths = depths(others, depth, stations.lat, shape, file.doctor)
    return batch_of(Matrix(stations, present, others, level_depths), file.doctor)


FORMAT = Format("argo", "Argo profiles, CORA", recognise, read)
