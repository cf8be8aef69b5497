"""CMEMS in situ and OceanSITES files: TIME x DEPTH with numeric flags.

One file holds one platform. Its positions decide what it is: one position
for all times is a time series, else every time is a profile, or a point of a
trajectory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .checkup import Checkup
from .levels import Depths, Field, Matrix, Times, batch_of, chunks, depths, settle
from .model import FEATURES, Batch, Coded, Doctor, Parameter, Stations
from .netcdf import attribute, codes, decimal, is_netcdf, numbers, opened, outline, texts
from .netcdf_time import decode_time

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

    from .sources import Source

__all__ = ["FORMAT"]

_CONVENTIONS = ("oceansites", "insitutac", "insitu-tac", "copernicus-insitu", "copernicus in situ")
_DEPTHS = ("DEPH", "DEPTH")
_ATTRIBUTES = {
    "platform_name": "Platform name",
    "institution": "Institution",
    "pi_name": "Principal investigator",
    "data_mode": "Data mode",
    "wmo_inst_type": "WMO instrument type",
    "doi": "DOI",
}


def recognise(head: bytes, source: Source) -> bool:
    """Tell by conventions, in any case, or by TIME, positions and numeric flags."""
    if not is_netcdf(head):
        return False
    found = outline(source)
    if "TIME" not in found.dimensions or not found.has("TIME", "LATITUDE", "LONGITUDE"):
        return False
    told = " ".join(found.attributes.get(k, "") for k in ("conventions", "data_type", "references"))
    named = any(word in told.lower() for word in _CONVENTIONS)
    return named or found.has("TIME_QC", "POSITION_QC")


class _File:
    """Where things are in an open file."""

    def __init__(self, file: Dataset, name: str, doctor: Doctor) -> None:
        self.file, self.name, self.doctor = file, name, doctor
        self.about = {a.lower(): attribute(file, a) for a in file.ncattrs()}
        self.n = len(file.dimensions["TIME"])
        self.names = self._parameters()
        if not self.names:
            raise UnreadableFile(
                f"{name}: no variable depends on TIME with one number a level; "
                "give an in situ data file, not an index or a gridded product."
            )
        levels = {d for n in self.names for d in file[n].dimensions[1:]}
        self.level = next(iter(levels), None)
        self.width = len(file.dimensions[self.level]) if self.level else 1
        self.depth = next((n for n in _DEPTHS if n in file.variables), None)
        self.feature = self._feature()

    def _parameters(self) -> list[str]:
        found, lengths = [], Counter[tuple[str, ...]]()
        for name, variable in self.file.variables.items():
            if variable.dimensions[:1] != ("TIME",) or variable.dtype == str:
                continue
            if variable.dtype.kind not in "iuf" or name.endswith(("_QC", "_DM", "_ERROR")):
                continue
            if name in ("TIME", "LATITUDE", "LONGITUDE", *_DEPTHS) or variable.ndim > 2:
                if variable.ndim > 2:
                    self._left_out(name, variable)
                continue
            lengths[variable.dimensions[1:]] += 1
            found.append(name)
        # One number a time fits every layout.
        del lengths[()]
        common = max(lengths, key=lambda k: lengths[k], default=())
        for name in [n for n in found if self.file[n].dimensions[1:] not in ((), common)]:
            self._left_out(name, self.file[name])
            found.remove(name)
        return found

    def _left_out(self, name: str, variable: Variable) -> None:
        self.doctor.note(
            f"variable {name}",
            f"has dimensions {', '.join(variable.dimensions)}",
            "left out: one number a level is needed",
        )

    def _feature(self) -> str:
        told = (self.about.get("featuretype") or self.about.get("cdm_data_type", "")).lower()
        told = told.replace(" ", "").replace("-", "")
        one_place = self.file["LATITUDE"].size == 1 and self.n > 1
        if one_place or told in ("timeseries", "timeseriesprofile", "station", "mooring"):
            return "time series" if self.file["LATITUDE"].size == 1 else "profile"
        if told == "trajectory" and self.width == 1:
            return "trajectory"
        return "profile"

    def matrix(self, variable: Variable, rows: slice) -> NDArray:
        """Read numbers as (times, levels), repeated where the file has one a time or a level."""
        return self._shaped(numbers(variable, self._index(variable, rows)), variable, rows)

    def flag_matrix(self, name: str, rows: slice) -> NDArray[np.uint8] | None:
        """Read flags of a variable as (times, levels); None where the file has none."""
        flags = self.file.variables.get(f"{name}_QC")
        if flags is None:
            return None
        return self._shaped(codes(flags, self._index(flags, rows)), flags, rows)

    @staticmethod
    def _index(variable: Variable, rows: slice) -> slice:
        return rows if variable.dimensions[:1] == ("TIME",) else slice(None)

    def _shaped(self, data: NDArray, variable: Variable, rows: slice) -> NDArray:
        shape = (rows.stop - rows.start, self.width)
        if data.ndim == 1 and variable.dimensions == ("TIME",):
            data = data[:, None]
        return np.broadcast_to(data, shape)

    def field(self, name: str, rows: slice) -> Field:
        """Read one parameter."""
        variable = self.file[name]
        parameter = Parameter(
            name,
            unit=attribute(variable, "units"),
            standard_name=attribute(variable, "standard_name"),
        )
        flags = self.flag_matrix(name, rows)
        return Field(parameter, self.matrix(variable, rows), flags, "OCEANSITES")

    def depths(self, fields: list[Field], lat: NDArray, rows: slice) -> Depths:
        """Depth in metres, positive down."""
        own = None
        if self.depth:
            own = self.field(self.depth, rows)
            if attribute(self.file[self.depth], "positive").lower() == "up":
                own = replace(own, values=-np.asarray(own.values))
        return depths(fields, own, lat, (rows.stop - rows.start, self.width), self.doctor)

    def times(self, rows: slice) -> tuple[NDArray[np.datetime64], NDArray[np.uint8]]:
        """Read times and their flags."""
        variable = self.file["TIME"]
        try:
            values = decode_time(
                numbers(variable, rows),
                attribute(variable, "units"),
                attribute(variable, "calendar"),
            )
        except ValueError as error:
            raise UnreadableFile(
                f"{self.name}: the times can't be read ({error}); "
                "TIME needs units like 'days since 1950-01-01T00:00:00Z'."
            ) from error
        flags = self.file.variables.get("TIME_QC")
        told = codes(flags, self._index(flags, rows)) if flags is not None else None
        told = None if told is None else np.broadcast_to(told, values.shape)
        return values, settle(told, np.isnat(values), "OCEANSITES", self.doctor, "variable TIME")

    def place(self, name: str, rows: slice) -> NDArray[np.float64]:
        """Read longitudes or latitudes of some times; one for all is repeated."""
        variable = self.file[name]
        values = decimal(np.atleast_1d(numbers(variable)))
        if values.size == 1:
            return np.full(rows.stop - rows.start, values[0])
        return values[rows]

    def stations(self, rows: slice, n: int) -> Stations:
        """Read what the file tells about its platform, for `n` stations."""
        stations = Stations.blank(n, rows.start)
        stations.feature[:] = FEATURES.index(self.feature)
        code = self.about.get("platform_code") or self.about.get("wmo_platform_code", "")
        stations.platform = Coded.constant(code, n)
        stations.cruise = Coded.constant(self.about.get("cruise", "") or code, n)
        edmo = self.about.get("institution_edmo_code", "").split(" ")[0].strip(",;")
        stations.edmo[:] = int(edmo) if edmo.isdigit() and len(edmo) < 9 else 0
        stations.type = Coded.constant("*", n)
        for attribute_name, label in _ATTRIBUTES.items():
            if self.about.get(attribute_name):
                stations.extra[label] = Coded.constant(self.about[attribute_name], n)
        return stations

    def position_flags(self, stations: Stations, rows: slice) -> NDArray[np.uint8]:
        """Read the flags of the positions."""
        missing = np.isnan(stations.lon) | np.isnan(stations.lat)
        flags = self.file.variables.get("POSITION_QC")
        told = None
        if flags is not None:
            told = np.atleast_1d(codes(flags)).ravel()
            told = told[rows] if told.size > 1 and len(missing) > 1 else told[:1]
            told = np.broadcast_to(told, missing.shape)
        return settle(told, missing, "OCEANSITES", self.doctor, "position")


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read a CMEMS in situ or OceanSITES file.

    Yields
    ------
    Batch
        One station for a mooring, else one a time.

    Raises
    ------
    UnreadableFile
        If the file is damaged or is no such file after all.
    """
    checkup = Checkup(doctor)
    with opened(source) as handle:
        file = _File(handle, source.name, doctor)
        if file.feature == "time series":
            yield checkup(_series(file))
            return
        for rows in chunks(file.n, file.width, options.batch_samples):
            yield checkup(_each_time(file, rows))


def _present(fields: list[Field], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which levels hold a value; a depth alone is the grid of the file."""
    present = np.zeros(shape, bool)
    for field in fields:
        present |= field.filled(shape)
    return present


def _each_time(file: _File, rows: slice) -> Batch:
    """Read some times, each one a profile or a point."""
    n = rows.stop - rows.start
    stations = file.stations(rows, n)
    stations.lon, stations.lat = file.place("LONGITUDE", rows), file.place("LATITUDE", rows)
    stations.position_flag = file.position_flags(stations, rows)
    stations.time, stations.time_flag = file.times(rows)
    reference = file.file.variables.get("DC_REFERENCE")
    names = [str(i + 1) for i in range(rows.start, rows.stop)]
    if reference is not None and reference.dimensions[:1] == ("TIME",):
        told = texts(reference, rows)
        stations.extra["Reference in data centre"] = Coded.of(told)
        names = [t or name for t, name in zip(told, names, strict=True)]
    stations.station = Coded.of(names)
    fields = [file.field(name, rows) for name in file.names]
    matrix = Matrix(
        stations,
        _present(fields, (n, file.width)),
        fields,
        file.depths(fields, stations.lat, rows),
    )
    return batch_of(matrix, file.doctor)


def _series(file: _File) -> Batch:
    """Read a file with one position as one station with a time for each sample."""
    rows = slice(0, file.n)
    stations = file.stations(rows, 1)
    stations.lon = file.place("LONGITUDE", rows)[:1]
    stations.lat = file.place("LATITUDE", rows)[:1]
    stations.position_flag = file.position_flags(stations, rows)
    code = file.about.get("site_code") or file.about.get("id", "")
    stations.station = Coded.constant(code, 1)
    times, flags = file.times(rows)
    first = int(np.argmax(~np.isnat(times)))
    stations.time, stations.time_flag = times[first : first + 1], flags[first : first + 1]
    fields = [file.field(name, rows) for name in file.names]
    level_depths = file.depths(fields, np.repeat(stations.lat, file.n), rows)
    flat = (1, file.n * file.width)
    fields = [
        replace(
            f,
            values=np.reshape(np.asarray(f.values), flat),
            codes=None if f.codes is None else f.codes.reshape(flat),
        )
        for f in fields
    ]
    matrix = Matrix(
        stations,
        _present(fields, flat),
        fields,
        Depths(level_depths.values.reshape(flat), level_depths.flags.reshape(flat)),
        Times(np.repeat(times, file.width)[None], np.repeat(flags, file.width)[None]),
    )
    return batch_of(matrix, file.doctor)


FORMAT = Format("insitu_tac", "CMEMS in situ, OceanSITES", recognise, read)
