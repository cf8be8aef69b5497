"""NetCDF exports of Ocean Data View (V1.0 and V2.0).

Everything is found by `long_name` and `standard_name`; the numbers in
``metavar4`` or ``var2`` mean nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .checkup import Checkup
from .flags import scale_of
from .levels import Field, Matrix, Times, batch_of, chunks, depths, settle
from .model import FEATURES, NOT_CHECKED, Batch, Coded, Doctor, Parameter, Stations
from .netcdf import attribute, codes, decimal, is_netcdf, numbers, opened, outline, texts
from .netcdf_time import decode_time

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

    from .sources import Source

__all__ = ["FORMAT"]

_CODE = re.compile(r"SDN:(P01|P06|L22)::(\w+)")
_UNIT = re.compile(r"\s*\[[^\]]*\]\s*$")
_DEPTH_P01 = {"ADEPZZ01", "DEPHPR01", "DEPHPRST"}
_TEXTS = {
    "cruise": "cruise",
    "station": "station",
    "type": "type",
    "platform": "platform",
    "local_cdi_id": "local_cdi_id",
}
_FEATURE_OF = {
    "timeseries": "time series",
    "trajectories": "trajectory",
    "trajectory": "trajectory",
}


def recognise(head: bytes, source: Source) -> bool:
    """Tell an ODV export by its two dimensions."""
    return is_netcdf(head) and {"N_STATIONS", "N_SAMPLES"} <= set(outline(source).dimensions)


def _label(variable: Variable) -> str:
    return _UNIT.sub("", attribute(variable, "long_name") or str(variable.name)).strip()


def _is_text(variable: Variable) -> bool:
    return variable.dtype == str or variable.dtype.kind == "S"


def _is_flag(name: str, variable: Variable) -> bool:
    return (
        attribute(variable, "standard_name").endswith("status_flag")
        or name.lower().endswith("_qc")
        or "flag_meanings" in variable.ncattrs()
    )


class _File:
    """Where things are in an open export."""

    def __init__(self, file: Dataset, name: str, doctor: Doctor) -> None:
        self.file, self.name, self.doctor = file, name, doctor
        self.n = len(file.dimensions["N_STATIONS"])
        self.width = len(file.dimensions["N_SAMPLES"])
        self.lon, self.lat = self._place("longitude"), self._place("latitude")
        self.time = self._by_standard_name("time") or self._station_time()
        self.measured = self._measured()
        self.sample_time = next((v for v in self.measured if self._is_time(v)), None)
        self.depth = next((v for v in self.measured if self._is_depth(v)), None)
        words = (attribute(file, "featureType"), attribute(file, "DataType"))
        told = [_FEATURE_OF.get(w.lower().replace(" ", "")) for w in words]
        self.feature = next((f for f in told if f), "profile")
        if self.sample_time is not None:
            self.feature = "time series"

    def _place(self, role: str) -> Variable:
        found = self._by_standard_name(role)
        if found is None:
            raise UnreadableFile(
                f"{self.name}: the ODV export has no {role}, so its stations have no place; "
                "export it again with all metadata."
            )
        return found

    def _by_standard_name(self, standard_name: str) -> Variable | None:
        for variable in self.file.variables.values():
            told = attribute(variable, "standard_name").lower()
            if variable.dimensions == ("N_STATIONS",) and (
                told == standard_name or (not told and _label(variable).lower() == standard_name)
            ):
                return variable
        return None

    def _station_time(self) -> Variable | None:
        for variable in self.file.variables.values():
            if variable.dimensions == ("N_STATIONS",) and " since " in attribute(variable, "units"):
                return variable
        return None

    def _measured(self) -> list[Variable]:
        found = [
            variable
            for name, variable in self.file.variables.items()
            if variable.dimensions[:2] == ("N_STATIONS", "N_SAMPLES")
            and not _is_flag(name, variable)
            and variable.ndim == (3 if _is_text(variable) and variable.dtype != str else 2)
        ]
        for label, times in Counter(map(_label, found)).items():
            if times > 1:
                self.doctor.note(
                    f"variable {label}",
                    f"{times} variables have this name",
                    "each one is its own parameter",
                )
        return found

    @staticmethod
    def _codes(variable: Variable) -> dict[str, str]:
        return dict(_CODE.findall(attribute(variable, "comment")))

    def _is_depth(self, variable: Variable) -> bool:
        if _is_text(variable):
            return False
        code = self._codes(variable).get("P01", "")
        if code:
            return code in _DEPTH_P01
        metres = attribute(variable, "units").lower() in ("m", "meter", "metre", "meters", "metres")
        named = _label(variable).lower().startswith(("depth", "deph"))
        return metres and (named or attribute(variable, "positive").lower() == "down")

    @staticmethod
    def _is_time(variable: Variable) -> bool:
        named = _label(variable).lower().startswith("time_iso8601")
        return not _is_text(variable) and (named or " since " in attribute(variable, "units"))

    def parameter(self, variable: Variable) -> Parameter:
        """Describe a measured variable."""
        code = self._codes(variable)
        label = _label(variable)
        # The pressure of a file without codes is known by its name.
        pressure = not code.get("P01") and label.upper().startswith("PRES")
        return Parameter(
            name=label,
            unit=attribute(variable, "units"),
            p01=code.get("P01", ""),
            p06=code.get("P06", ""),
            standard_name=attribute(variable, "standard_name")
            or ("sea_water_pressure" if pressure else ""),
            instrument=code.get("L22", ""),
            kind="text" if _is_text(variable) else "number",
        )

    def flags(self, variable: Variable, rows: slice) -> tuple[NDArray[np.uint8] | None, str]:
        """Read the flags of a variable and find their scale."""
        named = attribute(variable, "ancillary_variables").split()
        for name in [*named, f"{variable.name}_qc", f"{variable.name}_QC"]:
            found = self.file.variables.get(name)
            if found is not None and _is_flag(name, found):
                return codes(found, rows), _scale(found)
        return None, "L20"

    def field(self, variable: Variable, rows: slice) -> Field:
        """Read one parameter of some stations."""
        parameter = self.parameter(variable)
        read = texts if parameter.kind == "text" else numbers
        return Field(parameter, read(variable, rows), *self.flags(variable, rows))

    def decoded(self, variable: Variable, rows: slice) -> NDArray[np.datetime64]:
        """Read times; unknown where the units are none."""
        values = numbers(variable, rows)
        try:
            return decode_time(
                values, attribute(variable, "units"), attribute(variable, "calendar")
            )
        except ValueError as error:
            self.doctor.note(f"variable {variable.name}", str(error), "times are unknown")
            return np.full(values.shape, np.datetime64("NaT", "ms"))

    def stations(self, rows: slice) -> Stations:
        """Read the metadata of some stations."""
        stations = Stations.blank(rows.stop - rows.start, rows.start)
        stations.feature[:] = FEATURES.index(self.feature)
        stations.lon = decimal(numbers(self.lon, rows))
        stations.lat = decimal(numbers(self.lat, rows))
        if self.time is not None:
            stations.time = self.decoded(self.time, rows)
        stations.time_flag = settle(None, np.isnat(stations.time), "L20", None, "")
        nowhere = np.isnan(stations.lon) | np.isnan(stations.lat)
        stations.position_flag = settle(None, nowhere, "L20", None, "")
        taken = {id(v) for v in (self.lon, self.lat, self.time)}
        for name, variable in self.file.variables.items():
            if variable.dimensions[:1] != ("N_STATIONS",) or "N_SAMPLES" in variable.dimensions:
                continue
            if id(variable) not in taken and not _is_flag(name, variable):
                self._metadata(stations, variable, rows)
        return stations

    def _metadata(self, stations: Stations, variable: Variable, rows: slice) -> None:
        label = _label(variable)
        key = label.lower().replace(" ", "_")
        if key in _TEXTS:
            setattr(stations, _TEXTS[key], Coded.of(texts(variable, rows)))
        elif key == "edmo_code":
            told = [re.sub(r"\.0*$", "", t) for t in texts(variable, rows)]
            codes_ = [int(t) if t.isdigit() and len(t) < 9 else 0 for t in told]
            stations.edmo = np.array(codes_, np.int32)
        elif key.startswith(("bot._depth", "bottom_depth")) and not _is_text(variable):
            stations.bottom_depth = numbers(variable, rows).astype(np.float32)
        else:
            found = Coded.of(texts(variable, rows))
            if found.labels:
                stations.extra[label] = found


def _scale(flags: Variable) -> str:
    """Scale of a flag variable: by its comment, else by the codes that it has."""
    named = scale_of(attribute(flags, "comment").replace(" - ", ":").replace(" ", ":"))
    if named:
        return named
    values = np.atleast_1d(getattr(flags, "flag_values", ()))
    known = {int(v) % 48 for v in values} if values.dtype.kind in "iu" else set()
    return "ODV" if known == {0, 1, 4, 8} else "L20"


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read an ODV export, some stations at a time: most of the matrix is padding.

    Yields
    ------
    Batch
        Whole stations.

    Raises
    ------
    UnreadableFile
        If the file is damaged or has no positions.
    """
    checkup = Checkup(doctor)
    with opened(source) as handle:
        file = _File(handle, source.name, doctor)
        for rows in chunks(file.n, file.width, options.batch_samples):
            yield checkup(_batch(file, rows))


def _batch(file: _File, rows: slice) -> Batch:
    shape = (rows.stop - rows.start, file.width)
    stations = file.stations(rows)
    fields, depth, times = [], None, None
    present = np.zeros(shape, bool)
    for variable in file.measured:
        if variable is file.sample_time:
            times = _times(file, variable, rows)
            present |= ~np.isnat(times.values)
            continue
        field = file.field(variable, rows)
        present |= field.filled(shape)
        if variable is file.depth:
            depth = field
        else:
            fields.append(field)
    if times is not None:
        first = np.argmax(~np.isnat(times.values), axis=1)
        fallback = times.values[np.arange(shape[0]), first]
        unknown = np.isnat(stations.time)
        stations.time = np.where(unknown, fallback, stations.time)
        stations.time_flag = settle(None, np.isnat(stations.time), "L20", None, "")
    level_depths = depths(fields, depth, stations.lat, shape, file.doctor)
    return batch_of(Matrix(stations, present, fields, level_depths, times), file.doctor)


def _times(file: _File, variable: Variable, rows: slice) -> Times:
    values = file.decoded(variable, rows)
    if values.size and variable.dtype == np.float32:
        file.doctor.note(
            f"variable {_label(variable)}",
            "times are decimal years in single precision",
            "times are right to about an hour",
        )
    flags, scale = file.flags(variable, rows)
    if flags is None:
        flags = np.full(values.shape, NOT_CHECKED, np.uint8)
    return Times(values, settle(flags, np.isnat(values), scale, file.doctor, "sample time"))


FORMAT = Format("odv_netcdf", "ODV NetCDF export", recognise, read)
