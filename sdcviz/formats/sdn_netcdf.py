"""SeaDataNet CF NetCDF (CFPOINT): profiles, time series and trajectories.

Read by hand on netCDF4: xarray gives times that are 13 days early (Julian
calendar) and turns the flag ``9`` into NaN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .checkup import Checkup
from .levels import Field, Matrix, Times, batch_of, chunks, depths, settle
from .model import FEATURES, MISSING, Batch, Coded, Doctor, Parameter, Stations
from .netcdf import (
    attribute,
    codes,
    decode_time,
    is_netcdf,
    numbers,
    opened,
    outline,
    p_code,
    texts,
)

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

    from .sources import Source

__all__ = ["FORMAT", "parameter_of"]

DEPTH_P01 = {"ADEPZZ01", "DEPHPR01", "DEPHPRST"}
_QC = "_SEADATANET_QC"
_HREF = re.compile(r'xlink:href="([^"]+)"')
_LINK_TYPE = re.compile(r'xlink:type="SDN:L23::(\w+)"')
_KNOWN = {"SDN_EDMO_CODE", "SDN_CRUISE", "SDN_STATION", "SDN_LOCAL_CDI_ID", "SDN_XLINK"}
_CRUISE_LABELS = {
    "long_name": "Cruise name",
    "shipName": "Ship name",
    "shipCode": "Ship code",
    "startDate": "Cruise start",
    "endDate": "Cruise end",
    "regionName": "Region",
    "country": "Country",
    "laboratories": "Laboratories",
    "chiefScientist": "Chief scientist",
    "projectName": "Project",
    "dataCentre": "Data centre",
    "availability": "Availability",
    "comment": "Cruise comment",
}


def parameter_of(name: str, variable: Variable) -> Parameter:
    """Describe a variable that carries SeaDataNet or CF attributes."""
    return Parameter(
        name=name,
        unit=attribute(variable, "units", "sdn_uom_name"),
        p01=p_code(attribute(variable, "sdn_parameter_urn")),
        p06=p_code(attribute(variable, "sdn_uom_urn")),
        standard_name=attribute(variable, "standard_name"),
        instrument=p_code(attribute(variable, "sdn_instrument_urn"))
        or attribute(variable, "sdn_instrument_name"),
        kind="text" if variable.dtype == str or variable.dtype.kind == "S" else "number",
    )


def recognise(head: bytes, source: Source) -> bool:
    """Tell a SeaDataNet NetCDF file by its conventions, dimension and flags."""
    if not is_netcdf(head):
        return False
    found = outline(source)
    if "INSTANCE" not in found.dimensions:
        return False
    named = "seadatanet" in found.attributes.get("conventions", "").lower()
    return named or any(v.endswith(_QC) for v in found.variables)


class _File:
    """Where things are in an open SeaDataNet file."""

    def __init__(self, file: Dataset, source: Source, doctor: Doctor) -> None:
        self.file, self.doctor, self.name = file, doctor, source.name
        self.feature = _feature(file)
        self.roles = {
            role: self._find(role, p01)
            for role, p01 in (
                ("longitude", {"ALONZZ01"}),
                ("latitude", {"ALATZZ01"}),
                ("time", {"CJDY1101", "DTUT8601"}),
                ("sea_floor_depth_below_sea_surface", {"MBANZZZZ"}),
                ("depth", DEPTH_P01),
            )
        }
        for role in ("longitude", "latitude"):
            if self.roles[role] is None:
                raise UnreadableFile(
                    f"{source.name}: the file has no {role}, so its stations have no place; "
                    "ask the data centre for a complete file."
                )
        self.n = len(file.dimensions["INSTANCE"])
        self.level_dimension = self._levels()
        self.width = len(file.dimensions[self.level_dimension]) if self.level_dimension else 1
        self.parameters = self._parameters()

    def _find(self, standard_name: str, p01: set[str]) -> str | None:
        by_code, by_name = [], []
        for name, variable in self.file.variables.items():
            if "INSTANCE" not in variable.dimensions or name.endswith(_QC):
                continue
            if p_code(attribute(variable, "sdn_parameter_urn")) in p01:
                by_code.append(name)
            elif attribute(variable, "standard_name") == standard_name:
                by_name.append(name)
        found = by_code or by_name
        # A sensor may measure a second depth or time; the coordinate has an axis.
        return min(found, key=lambda n: not attribute(self.file[n], "axis"), default=None)

    def _levels(self) -> str | None:
        candidates = [
            v.dimensions[1]
            for n, v in self.file.variables.items()
            if v.ndim == 2 and v.dimensions[0] == "INSTANCE" and v.dtype.kind in "iuf"
        ]
        return max(set(candidates), key=candidates.count, default=None)

    def _parameters(self) -> list[str]:
        taken = set(self.roles.values()) | _KNOWN
        found = []
        for name, variable in self.file.variables.items():
            if name in taken or name.endswith(_QC) or "INSTANCE" not in variable.dimensions:
                continue
            if self.level_dimension not in variable.dimensions:
                continue
            text = variable.dtype == str or variable.dtype.kind == "S"
            if variable.ndim != (3 if text and variable.dtype != str else 2):
                self.doctor.note(
                    f"variable {name}",
                    f"has dimensions {', '.join(variable.dimensions)}",
                    "left out: one value a level is needed",
                )
                continue
            found.append(name)
        return found

    def flags_of(self, name: str) -> Variable | None:
        """Flag variable of a variable: as it says, else by its name."""
        variable = self.file[name]
        for candidate in [*attribute(variable, "ancillary_variables").split(), name + _QC]:
            if candidate in self.file.variables and candidate.endswith(_QC):
                return self.file[candidate]
        return None

    def spread(self, variable: Variable, rows: slice, levels: slice) -> NDArray[np.floating]:
        """Numbers of some stations as (n, m), repeated where the file has one a station."""
        data = numbers(variable, (rows, levels) if variable.ndim > 1 else rows)
        shape = (rows.stop - rows.start, levels.stop - levels.start)
        return np.broadcast_to(data if data.ndim > 1 else data[:, None], shape)

    def spread_flags(
        self, variable: Variable | None, rows: slice, levels: slice
    ) -> NDArray[np.uint8] | None:
        """Read flags of some stations as (n, m); None where the file has none."""
        if variable is None:
            return None
        data = codes(variable, (rows, levels) if variable.ndim > 1 else rows)
        shape = (rows.stop - rows.start, levels.stop - levels.start)
        return np.broadcast_to(data if data.ndim > 1 else data[:, None], shape)

    def field(self, name: str, rows: slice, levels: slice) -> Field:
        """Read one parameter of some stations."""
        variable = self.file[name]
        parameter = parameter_of(name, variable)
        values: NDArray[np.floating] | list[str]
        if parameter.kind == "text":
            values = texts(variable, (rows, levels))
        else:
            values = self.spread(variable, rows, levels)
        return Field(parameter, values, self.spread_flags(self.flags_of(name), rows, levels))

    def times(self, rows: slice, levels: slice) -> Times:
        """Read times and their flags as (n, m)."""
        shape = (rows.stop - rows.start, levels.stop - levels.start)
        name = self.roles["time"]
        if name is None:
            return Times(np.full(shape, np.datetime64("NaT", "ms")), np.full(shape, MISSING))
        variable = self.file[name]
        urn = p_code(attribute(variable, "sdn_parameter_urn"))
        units = attribute(variable, "units")
        # The reference -4713-01-01 is the chronological Julian date, code or not.
        julian = urn == "CJDY1101" or "-4713-01-01" in units or "-4712-01-01" in units
        data = self.spread(variable, rows, levels)
        try:
            values = decode_time(data, units, attribute(variable, "calendar"), julian_date=julian)
        except ValueError as error:
            self.doctor.note(f"variable {name}", str(error), "times are unknown")
            values = np.full(shape, np.datetime64("NaT", "ms"))
        flags = self.spread_flags(self.flags_of(name), rows, levels)
        where = f"variable {name}"
        return Times(values, settle(flags, np.isnat(values), "L20", self.doctor, where))

    def depth(self, rows: slice, levels: slice) -> Field | None:
        """Read the depth; metres, positive down."""
        name = self.roles["depth"]
        if name is None:
            return None
        field = self.field(name, rows, levels)
        if attribute(self.file[name], "positive").lower() == "up" and not isinstance(
            field.values, list
        ):
            field = replace(field, values=-field.values)
        return field

    def stations(self, rows: slice) -> Stations:
        """Read what the file tells about some instances, but for place and time."""
        n = rows.stop - rows.start
        stations = Stations.blank(n, rows.start)
        stations.feature[:] = FEATURES.index(self.feature)
        stations.type = Coded.constant("*", n)
        variables = self.file.variables
        if "SDN_EDMO_CODE" in variables:
            edmo = numbers(variables["SDN_EDMO_CODE"], rows)
            stations.edmo = np.where(edmo > 0, edmo, 0).astype(np.int32)
        for label, role in (
            ("SDN_CRUISE", "cruise"),
            ("SDN_STATION", "station"),
            ("SDN_LOCAL_CDI_ID", "local_cdi_id"),
        ):
            if label in variables:
                setattr(stations, role, Coded.of(texts(variables[label], rows)))
        stations.extra.update(self._cruise_notes(n))
        stations.extra.update(self._links(rows))
        ship = stations.extra.get("Platform (C17)") or stations.extra.get("Ship code")
        stations.platform = ship or stations.platform
        for name, variable in variables.items():
            if variable.dimensions[:1] != ("INSTANCE",) or name.endswith(_QC):
                continue
            text = variable.dtype == str or variable.dtype.kind == "S"
            if variable.ndim > (2 if text and variable.dtype != str else 1):
                continue
            if name not in _KNOWN and name not in self.roles.values():
                stations.extra[name] = Coded.of(texts(variable, rows))
        return stations

    def _cruise_notes(self, n: int) -> dict[str, Coded]:
        """Attributes of SDN_CRUISE: they hold for every instance of the file."""
        if "SDN_CRUISE" not in self.file.variables:
            return {}
        cruise = self.file["SDN_CRUISE"]
        found = {label: attribute(cruise, name) for name, label in _CRUISE_LABELS.items()}
        return {label: Coded.constant(text, n) for label, text in found.items() if text}

    def _links(self, rows: slice) -> dict[str, Coded]:
        """Links of SDN_XLINK by what they lead to: CDI, CSR, platform."""
        if "SDN_XLINK" not in self.file.variables:
            return {}
        variable = self.file["SDN_XLINK"]
        flat = texts(variable, rows)
        per_station = max(1, len(flat) // max(1, rows.stop - rows.start))
        found: dict[str, list[str]] = {}
        for i, text in enumerate(flat):
            href, kind = _HREF.search(text), _LINK_TYPE.search(text)
            if not href:
                continue
            label = f"{kind[1]} link" if kind else "Link"
            address = href[1]
            if "/collection/C17/" in address:
                label, address = "Platform (C17)", address.rstrip("/").rsplit("/", 1)[-1]
            column = found.setdefault(label, [""] * (rows.stop - rows.start))
            column[i // per_station] = address
        return {label: Coded.of(column) for label, column in found.items()}


def _feature(file: Dataset) -> str:
    told = attribute(file, "featureType").lower()
    roles = {attribute(v, "cf_role").lower() for v in file.variables.values()}
    for feature in FEATURES:
        word = feature.replace(" ", "")
        if told == word or (not told and f"{word}_id" in roles):
            return feature
    return "profile"


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read a SeaDataNet NetCDF file, some stations at a time.

    Yields
    ------
    Batch
        A trajectory gives one station a point.

    Raises
    ------
    UnreadableFile
        If the file is damaged or has no positions.
    """
    checkup = Checkup(doctor)
    with opened(source) as handle:
        file = _File(handle, source, doctor)
        if file.feature == "trajectory":
            yield from map(checkup, _points(file, options.batch_samples))
            return
        for rows in chunks(file.n, file.width, options.batch_samples):
            yield checkup(_stations(file, rows))


def _stations(file: _File, rows: slice) -> Batch:
    """Read some instances that are profiles or time series."""
    levels = slice(0, file.width)
    shape = (rows.stop - rows.start, file.width)
    stations = file.stations(rows)
    first = slice(0, 1)
    for name, role in (("lon", "longitude"), ("lat", "latitude")):
        variable = file.file[str(file.roles[role])]
        setattr(stations, name, _first_known(file.spread(variable, rows, _known(variable, file))))
    position_flags = file.spread_flags(file.flags_of(str(file.roles["longitude"])), rows, first)
    unknown = np.isnan(stations.lon) | np.isnan(stations.lat)
    stations.position_flag = settle(
        None if position_flags is None else position_flags[:, 0],
        unknown,
        "L20",
        file.doctor,
        "position",
    )
    bottom = file.roles["sea_floor_depth_below_sea_surface"]
    if bottom:
        variable = file.file[bottom]
        values = _first_known(file.spread(variable, rows, _known(variable, file)))
        stations.bottom_depth = values.astype(np.float32)
    series = file.feature == "time series"
    times = file.times(rows, levels if series else first)
    stations.time, stations.time_flag = _first_time(times)
    fields = [file.field(name, rows, levels) for name in file.parameters]
    depth = file.depth(rows, levels)
    present = np.zeros(shape, bool)
    for field in fields:
        present |= field.filled(shape)
    if series:
        present |= ~np.isnat(times.values)
    elif depth is not None:
        present |= depth.filled(shape)
    matrix = Matrix(
        stations,
        present,
        fields,
        depths(fields, depth, stations.lat, shape, file.doctor),
        times if series else None,
    )
    return batch_of(matrix, file.doctor)


def _known(variable: Variable, file: _File) -> slice:
    return slice(0, file.width) if variable.ndim > 1 else slice(0, 1)


def _first_known(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """First number of each row that is no NaN."""
    place = np.argmax(~np.isnan(values), axis=1)
    return np.asarray(values[np.arange(len(values)), place], np.float64)


def _first_time(times: Times) -> tuple[NDArray[np.datetime64], NDArray[np.uint8]]:
    rows = np.arange(len(times.values))
    place = np.argmax(~np.isnat(times.values), axis=1)
    return times.values[rows, place], times.flags[rows, place]


def _points(file: _File, target: int) -> Iterator[Batch]:
    """Points of all trajectories, each one its own station with one sample."""
    index = 0
    for instance in range(file.n):
        for levels in chunks(file.width, 1, target):
            batch = _some_points(file, instance, levels, index)
            index += len(batch.stations)
            yield batch


def _some_points(file: _File, instance: int, levels: slice, index: int) -> Batch:
    rows = slice(instance, instance + 1)
    m = levels.stop - levels.start
    times = file.times(rows, levels)
    depth = file.depth(rows, levels)
    fields = [file.field(name, rows, levels) for name in file.parameters]
    lon, lat = (
        np.asarray(file.spread(file.file[str(file.roles[r])], rows, levels)[0], np.float64)
        for r in ("longitude", "latitude")
    )
    filled = ~np.isnat(times.values)
    for field in fields:
        filled = filled | field.filled((1, m))
    chosen = np.flatnonzero(filled[0])
    stations = _repeat(file.stations(rows), len(chosen), index)
    stations.lon, stations.lat = lon[chosen], lat[chosen]
    flags = file.spread_flags(file.flags_of(str(file.roles["longitude"])), rows, levels)
    stations.position_flag = settle(
        None if flags is None else flags[0, chosen],
        np.isnan(stations.lon) | np.isnan(stations.lat),
        "L20",
        file.doctor,
        "position",
    )
    stations.time, stations.time_flag = times.values[0, chosen], times.flags[0, chosen]
    bottom = file.roles["sea_floor_depth_below_sea_surface"]
    if bottom:
        values = file.spread(file.file[bottom], rows, levels)[0, chosen]
        stations.bottom_depth = values.astype(np.float32)
    # The ODV form of the same data numbers the points of a trajectory as its stations.
    stations.station = Coded.of(str(levels.start + i + 1) for i in chosen)
    matrix = Matrix(
        stations,
        np.ones((len(chosen), 1), bool),
        [_column(field, chosen) for field in fields],
        depths(
            [_column(field, chosen) for field in fields],
            None if depth is None else _column(depth, chosen),
            stations.lat,
            (len(chosen), 1),
            file.doctor,
        ),
    )
    batch = batch_of(matrix, file.doctor)
    batch.row = (levels.start + chosen).astype(np.int64)
    return batch


def _column(field: Field, chosen: NDArray[np.int64]) -> Field:
    """Turn one row of levels into a column of stations."""
    if isinstance(field.values, list):
        values: NDArray[np.floating] | list[str] = [field.values[i] for i in chosen]
    else:
        values = field.values[0, chosen][:, None]
    flags = None if field.codes is None else field.codes[0, chosen][:, None]
    return replace(field, values=values, codes=flags)


def _repeat(stations: Stations, n: int, index: int) -> Stations:
    """Give the texts of one instance to all its points."""
    rows = np.zeros(n, np.int64)
    points = Stations.blank(n, index)
    points.feature[:] = stations.feature[0]
    points.edmo = stations.edmo[rows]
    for name in ("cruise", "type", "platform", "local_cdi_id"):
        setattr(points, name, getattr(stations, name).take(rows))
    points.extra = {label: texts.take(rows) for label, texts in stations.extra.items()}
    if stations.station.codes[0] >= 0:
        points.extra["Trajectory"] = stations.station.take(rows)
    return points


FORMAT = Format("sdn_netcdf", "SeaDataNet NetCDF", recognise, read)
