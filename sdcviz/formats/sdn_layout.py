"""Find instances, levels and coordinates in a SeaDataNet NetCDF file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .levels import Field, Times, settle
from .model import FEATURES, MISSING, Coded, Doctor, Parameter, Stations
from .netcdf import attribute, codes, numbers, p_code, texts
from .netcdf_time import decode_time

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

    from .sources import Source

__all__ = ["QC", "SdnFile", "parameter_of"]

DEPTH_P01 = {"ADEPZZ01", "DEPHPR01", "DEPHPRST"}
QC = "_SEADATANET_QC"
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


class SdnFile:
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
            if "INSTANCE" not in variable.dimensions or name.endswith(QC):
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
            if name in taken or name.endswith(QC) or "INSTANCE" not in variable.dimensions:
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
        for candidate in [*attribute(variable, "ancillary_variables").split(), name + QC]:
            if candidate in self.file.variables and candidate.endswith(QC):
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
            return Times(
                np.full(shape, np.datetime64("NaT", "ms")), np.full(shape, MISSING, np.uint8)
            )
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
            if variable.dimensions[:1] != ("INSTANCE",) or name.endswith(QC):
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
