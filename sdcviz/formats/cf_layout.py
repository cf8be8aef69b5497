"""Find stations, samples and coordinates in a CF file of discrete samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..words import number
from .cf_names import LAYOUT, ROLE_NAMES
from .model import Coded, Doctor
from .netcdf import attribute, decimal, numbers, texts
from .netcdf_time import decode_time

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

__all__ = ["RaggedFile"]

_LON_UNITS = {"degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"}
_LAT_UNITS = {"degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"}
_HEIGHTS = {"altitude", "height", "height_above_mean_sea_level"}
_QC_ENDS = ("_qc", "_flag", "_flags", "_quality", "_qualityflag", "qc_flag")


class RaggedFile:
    """Where things are in an open file.

    Attributes
    ----------
    n : int
        Stations.
    starts : ndarray of int64, shape (n + 1,)
        Where the samples of each station begin.
    station, sample : str
        Dimension names; `station` is empty for a flat table.
    feature : str
        ``featureType`` in lower case; empty if the file has none.
    labels : list of Variable
        Station names and the like in the rows of a flat table.
    points : bool
        Every sample has its own position: a trajectory.
    ours : bool
        Written by sdcviz.
    """

    def __init__(self, file: Dataset, name: str, doctor: Doctor) -> None:
        self.file, self.name, self.doctor = file, name, doctor
        self.ours = LAYOUT in file.ncattrs()
        told = attribute(file, "featureType", "cdm_data_type", "CF:featureType")
        self.feature = told.lower().replace(" ", "").replace("_", "")
        self.lon = self._coordinate({"longitude"}, _LON_UNITS)
        self.lat = self._coordinate({"latitude"}, _LAT_UNITS)
        self._explain_what_it_is_not()
        self.station, self.sample = self._dimensions()
        self.points = self.sample in self.lon.dimensions and bool(self.station)
        self.parent: dict[str, NDArray[np.int64]] = {}
        sizes = self._sizes()
        self.labels = self._labels()
        self.sample_time = self._time((self.sample,))
        self.station_time = self._station_level_time()
        self.depth = self._depth()
        if sizes is None:
            sizes = self._runs()
        if self.points or (not self.station and self.feature in ("trajectory", "point")):
            self.points = self.points or self.feature == "trajectory"
            sizes = np.ones(int(sizes.sum()), np.int64) if self.points else sizes
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.n = len(sizes)
        self._check_sizes()

    def _coordinate(self, names: set[str], units: set[str]) -> Variable:
        """Find longitude or latitude: by name of the quantity, then by units."""
        candidates = list(self.file.variables.values())
        by_name = [v for v in candidates if attribute(v, "standard_name").lower() in names]
        by_unit = [v for v in candidates if attribute(v, "units").lower() in units]
        for variable in by_name + by_unit:
            if variable.dtype != str and np.dtype(variable.dtype).kind in "iuf":
                return variable
        quantity = next(iter(names))
        raise UnreadableFile(
            f"{self.name}: the NetCDF file has no {quantity} (no variable with standard_name "
            f"'{quantity}' or units of it), so there are no stations to place; add the attribute "
            "or convert the file to ODV or CSV."
        )

    def _explain_what_it_is_not(self) -> None:
        """Refuse gridded products in a sentence that says where they belong."""
        lon, lat = self.lon, self.lat
        ragged = any("sample_dimension" in v.ncattrs() for v in self.file.variables.values())
        if ragged or lon.ndim == 0 or lat.ndim == 0:
            return
        both = {lon.dimensions[0], lat.dimensions[0]}
        gridded = [
            n
            for n, v in self.file.variables.items()
            if both <= set(v.dimensions) and v.name not in (lon.name, lat.name)
        ]
        if (len(both) == 2 and gridded) or lon.ndim == 2:
            what = gridded[0] if gridded else lon.name
            raise UnreadableFile(
                f"{self.name}: this is a gridded product ({what} on "
                f"{' x '.join(self.file[what].dimensions)}), not observations; "
                "sdcviz imports stations and samples."
            )

    def _dimensions(self) -> tuple[str, str]:
        for variable in self.file.variables.values():
            dimension = attribute(variable, "sample_dimension")
            if dimension in self.file.dimensions and variable.ndim == 1:
                self.row_size = variable
                return variable.dimensions[0], dimension
        if self.lon.ndim == 1 and self.lon.dimensions == self.lat.dimensions:
            return "", self.lon.dimensions[0]
        raise UnreadableFile(
            f"{self.name}: the NetCDF file is neither a ragged array (no variable with "
            "'sample_dimension') nor a table with longitude, latitude and values on one "
            "dimension; convert it to ODV, CSV or a CF contiguous ragged array."
        )

    def _labels(self) -> list[Variable]:
        """Find texts of a flat table that name the station of each row."""
        names = set().union(*ROLE_NAMES.values())
        return [
            v
            for n, v in self.file.variables.items()
            if not self.station and v.dimensions[:1] == (self.sample,) and n.lower() in names
        ]

    def _sizes(self) -> NDArray[np.int64] | None:
        if not self.station:
            return None
        counts = numbers(self.row_size)
        sizes = np.where(np.isfinite(counts) & (counts > 0), counts, 0).astype(np.int64)
        for variable in self.file.variables.values():
            parent = attribute(variable, "instance_dimension")
            if parent in self.file.dimensions and variable.dimensions == (self.station,):
                index = np.nan_to_num(numbers(variable), nan=0).astype(np.int64)
                last = len(self.file.dimensions[parent]) - 1
                self.parent[parent] = np.clip(index, 0, max(last, 0))
        return sizes

    def _check_sizes(self) -> None:
        there, promised = len(self.file.dimensions[self.sample]), int(self.starts[-1])
        if promised > there:
            raise UnreadableFile(
                f"{self.name}: {self.row_size.name} promises {number(promised)} samples, but "
                f"there are {number(there)}; fetch the file again."
            )
        if promised < there:
            self.doctor.rows += there - promised
            self.doctor.leave_out("samples that belong to no station", there - promised)

    def _time(self, dimensions: tuple[str, ...]) -> Variable | None:
        for variable in self.file.variables.values():
            if variable.dimensions != dimensions or variable.dtype == str:
                continue
            named = attribute(variable, "standard_name").lower() == "time"
            if " since " in attribute(variable, "units") and (
                named or attribute(variable, "axis") == "T" or variable.name.lower() == "time"
            ):
                return variable
        return None

    def _station_level_time(self) -> Variable | None:
        for dimension in [self.station, *self.parent]:
            found = self._time((dimension,)) if dimension else None
            if found is not None:
                return found
        return self._time(())

    def _depth(self) -> Variable | None:
        levels = [(self.sample,), (self.station,), *((d,) for d in self.parent), ()]
        for dimensions in levels:
            for variable in self.file.variables.values():
                if variable.dimensions != dimensions or variable.dtype == str:
                    continue
                quantity = attribute(variable, "standard_name").lower()
                vertical = attribute(variable, "axis") == "Z" and "pressure" not in quantity
                length = attribute(variable, "units").lower() in ("m", "meter", "metre", "meters")
                if quantity in {"depth", *_HEIGHTS} or (vertical and length):
                    return variable
        return None

    @property
    def upwards(self) -> bool:
        """Whether the depth is a height."""
        if self.depth is None:
            return False
        told = attribute(self.depth, "positive").lower()
        return told == "up" or (
            not told and attribute(self.depth, "standard_name").lower() in _HEIGHTS
        )

    def _runs(self) -> NDArray[np.int64]:
        """Lengths of runs of rows with one position and time: the stations of a flat table."""
        m = len(self.file.dimensions[self.sample])
        if not m:
            return np.zeros(0, np.int64)
        columns = [numbers(self.lon), numbers(self.lat)]
        if self.sample_time is not None and not self.feature.startswith("timeseries"):
            columns.append(numbers(self.sample_time))
        columns += [Coded.of(texts(v)).codes.astype(np.float64) for v in self.labels]
        changes = np.zeros(m - 1, bool)
        for values in columns:
            both = np.isnan(values[1:]) & np.isnan(values[:-1])
            changes |= (values[1:] != values[:-1]) & ~both
        edges = np.concatenate([[0], np.flatnonzero(changes) + 1, [m]])
        return np.diff(edges).astype(np.int64)

    def samples(self, rows: slice) -> slice:
        """Tell where the samples of some stations are."""
        return slice(int(self.starts[rows.start]), int(self.starts[rows.stop]))

    def index(self, variable: Variable, rows: slice) -> Any:
        """Tell what to read of a station-level variable, one value a station."""
        if not variable.ndim:
            return slice(None)
        dimension = variable.dimensions[0]
        if dimension in self.parent:
            return self.parent[dimension][rows]
        if dimension == self.sample:
            return self.starts[rows.start : rows.stop]
        return rows

    def per_station(self, variable: Variable, rows: slice) -> NDArray[np.float64]:
        """Read one number a station, wherever the file keeps it."""
        index = self.index(variable, rows)
        if isinstance(index, np.ndarray):
            values = self._picked(numbers, variable, index)
        else:
            values = numbers(variable, index)
        return np.broadcast_to(decimal(np.asarray(values)), (rows.stop - rows.start,)).copy()

    def texts(self, variable: Variable, rows: slice) -> list[str]:
        """Read one text a station, wherever the file keeps it."""
        index = self.index(variable, rows)
        if isinstance(index, np.ndarray):
            found = self._picked(texts, variable, index)
        else:
            found = texts(variable, index)
        return found if len(found) == rows.stop - rows.start else found * (rows.stop - rows.start)

    @staticmethod
    def _picked(read: Any, variable: Variable, index: NDArray[np.int64]) -> Any:
        """Read some places: all between the first and the last, then pick."""
        if not len(index):
            return read(variable, slice(0, 0))
        first = int(index.min())
        span = read(variable, slice(first, int(index.max()) + 1))
        if isinstance(span, list):
            return [span[i - first] for i in index]
        return span[index - first]

    def decoded(self, variable: Variable | None, values: NDArray) -> NDArray[np.datetime64]:
        """Turn numbers of a time variable into times; unknown where its units are none."""
        if variable is not None:
            try:
                units, calendar = attribute(variable, "units"), attribute(variable, "calendar")
                return decode_time(values, units, calendar)
            except ValueError as error:
                self.doctor.note(f"variable {variable.name}", str(error), "times are unknown")
        return np.full(values.shape, np.datetime64("NaT", "ms"))

    def flags_of(self, variable: Variable | None) -> Variable | None:
        """Find the flag variable of a variable: as it says, else by name."""
        if variable is None:
            return None
        told = attribute(variable, "ancillary_variables").split()
        guesses = [variable.name + end for end in ("_SEADATANET_QC", "_QC", "_qc", "_flag")]
        for name in [*told, *guesses]:
            found = self.file.variables.get(name)
            if (
                found is not None
                and found.dimensions == variable.dimensions
                and self.is_flag(found)
                and not name.endswith("_SOURCE_QC")
            ):
                return found
        return None

    @staticmethod
    def is_flag(variable: Variable) -> bool:
        """Tell a flag variable by its quantity, its table or its name."""
        quantity = attribute(variable, "standard_name").lower()
        return (
            quantity.endswith(("status_flag", "quality_flag"))
            or "flag_meanings" in variable.ncattrs()
            or variable.name.lower().endswith(_QC_ENDS)
        )
