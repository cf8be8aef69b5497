"""CF discrete sampling geometries: ragged arrays, such as ours and ERDDAP's .ncCF.

Reads contiguous ragged arrays (also of profiles within time series or
trajectories) and flat tables with one row dimension. The last NetCDF format
to be asked: a file that is none of these is told why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .base import Format, ReadOptions, WriteContext
from .cf_layout import RaggedFile
from .cf_names import QC, ROLE_NAMES, SOURCE_QC, TEXT_ROLES
from .checkup import Checkup
from .common import depth_from_pressure
from .flags import SCALES
from .levels import column_of, is_pressure, settle, to_decibar
from .model import FEATURES, MISSING, Batch, Coded, Column, Doctor, Parameter, Stations
from .netcdf import attribute, codes, decimal, is_netcdf, numbers, opened, p_code, texts

if TYPE_CHECKING:
    from netCDF4 import Variable

    from .sources import Source

__all__ = ["FORMAT"]

_OURS = {"row_size", "station_id", "feature", "source_station", "source_row"}
_FEATURE = {"timeseries": "time series", "trajectory": "trajectory"}


def recognise(head: bytes, source: Source) -> bool:
    """Take every NetCDF file that no other format wants; `read` says why it can't be read."""
    return is_netcdf(head)


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read a CF file of discrete samples, some stations at a time.

    Yields
    ------
    Batch
        Whole stations; a trajectory gives one station a point.

    Raises
    ------
    UnreadableFile
        If the file is damaged, gridded, or has no positions.
    """
    checkup = Checkup(doctor)
    with opened(source) as handle:
        file = _File(handle, source.name, doctor)
        first = 0
        while first < file.n:
            limit = file.starts[first] + options.batch_samples
            last = int(np.searchsorted(file.starts, limit, "right")) - 1
            rows = slice(first, min(max(last, first + 1), file.n))
            yield checkup(file.batch(rows))
            first = rows.stop


def _scale(flags: Variable) -> str:
    """Scale of a flag variable."""
    told = " ".join(
        attribute(flags, a) for a in ("conventions", "Conventions", "long_name", "references")
    ).lower()
    name = flags.name.lower()
    if name.endswith(QC.lower()) or "seadatanet" in told or "sdn:l20" in told:
        return "L20"
    if "qartod" in told or "qartod" in name:
        return "QARTOD"
    if "oceansites" in told:
        return "OCEANSITES"
    return "ARGO" if "argo" in told else "GTSPP"


def _stored(flags: Variable, index: slice) -> NDArray[np.uint8]:
    """Read flags of our own files: bytes as they are."""
    return np.asarray(flags[index]).astype(np.uint8)


class _File(RaggedFile):
    """Reads what `RaggedFile` has found."""

    def batch(self, rows: slice) -> Batch:
        """Read some stations with their samples."""
        samples = self.samples(rows)
        m = samples.stop - samples.start
        self.doctor.rows += m
        stations = self._stations(rows)
        offsets = self.starts[rows.start : rows.stop + 1] - samples.start
        variables = self._parameters()
        columns = [self._column(v, samples) for v in variables]
        owner = np.repeat(np.arange(len(stations)), np.diff(offsets))
        depth, depth_flag = self._depths(rows, samples, owner, stations, columns)
        times, time_flags = self._times(rows, samples, owner, stations)
        return Batch(
            stations=stations,
            offsets=offsets,
            columns=columns,
            depth=depth,
            depth_flag=depth_flag,
            row=np.arange(m) - offsets[:-1][owner],
            time=times,
            time_flag=time_flags,
            raw_text=self._raw_text(samples, [str(v.name) for v in variables]),
        )

    def _raw_text(self, samples: slice, names: list[str]) -> list[tuple[int, int, str]]:
        """Read the texts of values that are no numbers, in our own files."""
        if not self.ours or "raw_text" not in self.file.variables:
            return []
        place = np.asarray(self.file["raw_text_sample"][:])
        told = zip(
            place.tolist(),
            texts(self.file["raw_text_variable"]),
            texts(self.file["raw_text"]),
            strict=True,
        )
        return [
            (sample - samples.start, names.index(name), text)
            for sample, name, text in told
            if samples.start <= sample < samples.stop and name in names
        ]

    def _coordinates(self) -> set[str]:
        found = (self.lon, self.lat, self.depth, self.sample_time, self.station_time)
        return {v.name for v in found if v is not None}

    def _parameters(self) -> list[Variable]:
        """Variables of the samples that are neither coordinates nor flags."""
        taken = self._coordinates() | (_OURS if self.ours else set())
        taken |= {v.name for v in self.labels}
        found = []
        for name, variable in self.file.variables.items():
            if variable.dimensions[:1] != (self.sample,) or name in taken:
                continue
            text = variable.dtype == str or np.dtype(variable.dtype).kind == "S"
            if self.is_flag(variable) or variable.ndim > (2 if text else 1):
                continue
            if not text and np.dtype(variable.dtype).kind not in "iuf":
                continue
            found.append(variable)
        return found

    def _parameter(self, variable: Variable) -> Parameter:
        text = variable.dtype == str or np.dtype(variable.dtype).kind == "S"
        unit = attribute(variable, "sdn_uom_name" if self.ours else "units")
        return Parameter(
            name=(self.ours and attribute(variable, "sdn_parameter_name")) or variable.name,
            unit=unit,
            p01=p_code(attribute(variable, "sdn_parameter_urn")),
            p06=p_code(attribute(variable, "sdn_uom_urn")),
            standard_name=attribute(variable, "standard_name"),
            instrument=p_code(attribute(variable, "sdn_instrument_urn"))
            or attribute(variable, "sdn_instrument_name"),
            kind="text" if text else "number",
        )

    def _column(self, variable: Variable, samples: slice) -> Column:
        parameter = self._parameter(variable)
        values: NDArray | Coded
        if parameter.kind == "text":
            values = Coded.of(texts(variable, samples))
        else:
            values = numbers(variable, samples)
        flags = self.file.variables.get(variable.name + QC) or self.flags_of(variable)
        beside = self.file.variables.get(variable.name + SOURCE_QC)
        if self.ours and flags is not None:
            column = column_of(parameter, values, _stored(flags, samples), "L20", self.doctor)
            if beside is not None and attribute(beside, "flag_scale") in SCALES:
                column.source_flags = _stored(beside, samples)
                column.scale = attribute(beside, "flag_scale")
            return column
        scale = "L20" if flags is None else _scale(flags)
        told = None if flags is None else codes(flags, samples)
        return column_of(parameter, values, told, scale, self.doctor)

    def _stations(self, rows: slice) -> Stations:
        n = rows.stop - rows.start
        stations = Stations.blank(n, rows.start)
        stations.lon = self.per_station(self.lon, rows)
        stations.lat = self.per_station(self.lat, rows)
        nowhere = np.isnan(stations.lon) | np.isnan(stations.lat)
        stations.position_flag = self._flags(self.lon, rows, nowhere)
        stations.feature[:] = FEATURES.index(self._kind())
        dimensions = {self.station, *self.parent} - {""}
        taken = self._coordinates() | (_OURS if self.ours else set())
        taken |= {self.row_size.name} if self.station else set()
        for name, variable in self.file.variables.items():
            if (
                variable.dimensions[:1]
                and variable.dimensions[0] in dimensions
                and (name not in taken and not name.endswith(QC) and variable.dtype != "O")
            ):
                self._metadata(stations, variable, rows)
        for variable in self.labels:
            self._metadata(stations, variable, rows)
        if not self.ours and not stations.type.labels:
            stations.type = Coded.constant("*", n)
        if self.ours and "feature" in self.file.variables:
            told = numbers(self.file["feature"], rows)
            stations.feature = np.clip(np.nan_to_num(told), 0, len(FEATURES) - 1).astype(np.uint8)
        return stations

    def _kind(self) -> str:
        if self.points:
            return "trajectory"
        return _FEATURE.get(self.feature, "profile")

    def _metadata(self, stations: Stations, variable: Variable, rows: slice) -> None:
        name = str(variable.name).lower()
        text = variable.dtype == str or np.dtype(variable.dtype).kind == "S"
        if variable.ndim > (2 if text else 1) or "instance_dimension" in variable.ncattrs():
            return
        if name in ("sdn_edmo_code", "edmo_code") and not text:
            edmo = np.nan_to_num(self.per_station(variable, rows))
            stations.edmo = np.where((edmo > 0) & (edmo < 1e9), edmo, 0).astype(np.int32)
            return
        floor = attribute(variable, "standard_name") == "sea_floor_depth_below_sea_surface"
        if (floor or name == "sdn_bot_depth") and not text:
            stations.bottom_depth = self.per_station(variable, rows).astype(np.float32)
            return
        told = Coded.of(self.texts(variable, rows))
        ours = {short.lower(): role for role, (short, _) in TEXT_ROLES.items()}
        generic = next((role for role, names in ROLE_NAMES.items() if name in names), None)
        role = ours.get(name) if self.ours else generic
        if role and not getattr(stations, role).labels:
            setattr(stations, role, told)
        elif told.labels:
            extra = attribute(variable, "sdcviz_role") == "extra"
            label = attribute(variable, "long_name") if extra else str(variable.name)
            stations.extra[label] = told

    def _flags(
        self, variable: Variable | None, rows: slice, missing: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        """Read one flag a station, as the coordinate has them."""
        flags = self.flags_of(variable)
        if flags is None and variable is self.lon:
            flags = self.file.variables.get("POSITION" + QC)
        if flags is None or flags.dimensions != (self.station,):
            return settle(None, missing, "L20", None, "")
        if self.ours:
            return _stored(flags, rows)
        where = f"variable {flags.name}"
        return settle(codes(flags, rows), missing, _scale(flags), self.doctor, where)

    def _depths(
        self,
        rows: slice,
        samples: slice,
        owner: NDArray[np.intp],
        stations: Stations,
        columns: list[Column],
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        depth = np.full(len(owner), np.nan)
        flags = np.full(len(owner), MISSING, np.uint8)
        if self.depth is not None:
            if self.depth.dimensions == (self.sample,):
                depth = decimal(numbers(self.depth, samples))
                beside = self.flags_of(self.depth)
                told = None if beside is None else codes(beside, samples)
                scale = "L20" if beside is None else _scale(beside)
                flags = settle(told, np.isnan(depth), scale, self.doctor, "depth")
            else:
                depth = self.per_station(self.depth, rows)[owner]
                flags = settle(None, np.isnan(depth), "L20", None, "")
            depth = -depth if self.upwards else depth
        pressure = next((c for c in columns if is_pressure(c.parameter)), None)
        unknown = np.isnan(depth)
        # Our own files hold the depths as they were; nothing is to be computed again.
        if pressure is not None and not self.ours and unknown.any():
            decibar = to_decibar(np.asarray(pressure.values), pressure.parameter, self.doctor)
            computed = depth_from_pressure(decibar, stations.lat[owner])
            depth = np.where(unknown, computed, depth)
            flags = np.where(unknown, pressure.flags, flags)
        return depth, flags

    def _times(
        self, rows: slice, samples: slice, owner: NDArray[np.intp], stations: Stations
    ) -> tuple[NDArray[np.datetime64] | None, NDArray[np.uint8] | None]:
        """Fill in the station times; give the sample times where they differ."""
        if self.station_time is not None:
            values = self.per_station(self.station_time, rows)
            stations.time = self.decoded(self.station_time, values)
        stations.time_flag = self._flags(self.station_time, rows, np.isnat(stations.time))
        if self.sample_time is None:
            return None, None
        times = self.decoded(self.sample_time, numbers(self.sample_time, samples))
        beside = self.flags_of(self.sample_time)
        told = None if beside is None else codes(beside, samples)
        scale = "L20" if beside is None else _scale(beside)
        flags = settle(told, np.isnat(times), scale, self.doctor, "sample time")
        if self.station_time is None and len(times):
            first = np.minimum(self.starts[rows] - samples.start, len(times) - 1)
            filled = np.diff(self.starts[rows.start : rows.stop + 1]) > 0
            stations.time = np.where(filled, times[first], np.datetime64("NaT", "ms"))
            stations.time_flag = np.where(filled, flags[first], np.uint8(MISSING))
        if self.ours:
            return (
                (None, None) if np.isnat(times).all() else self._own(times, flags, owner, stations)
            )
        same = (times == stations.time[owner]) | np.isnat(times)
        return (None, None) if same.all() else (times, flags)

    @staticmethod
    def _own(
        times: NDArray[np.datetime64],
        flags: NDArray[np.uint8],
        owner: NDArray[np.intp],
        stations: Stations,
    ) -> tuple[NDArray[np.datetime64], NDArray[np.uint8]]:
        """Give samples beside time series the time of their station."""
        no_series = stations.feature[owner] != FEATURES.index("time series")
        replaced = no_series & np.isnat(times)
        times = np.where(replaced, stations.time[owner], times)
        return times, np.where(replaced, stations.time_flag[owner], flags)


def write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    """Write CF NetCDF; see `sdcviz.formats.cf_write.write`."""
    from .cf_write import write as write_file

    write_file(path, batches, context)


FORMAT = Format("cf_netcdf", "CF NetCDF", recognise, read, write, ".nc")
