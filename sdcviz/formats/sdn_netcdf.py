"""SeaDataNet CF NetCDF (CFPOINT): profiles, time series and trajectories.

Read by hand on netCDF4: xarray gives times that are 13 days early (Julian
calendar) and turns the flag ``9`` into NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .base import Format, ReadOptions
from .checkup import Checkup
from .levels import Field, Matrix, Times, batch_of, chunks, depths, settle
from .model import Batch, Coded, Doctor, Stations
from .netcdf import is_netcdf, opened, outline
from .sdn_layout import QC, SdnFile

if TYPE_CHECKING:
    from netCDF4 import Variable

    from .sources import Source

__all__ = ["FORMAT"]


def recognise(head: bytes, source: Source) -> bool:
    """Tell a SeaDataNet NetCDF file by its conventions, dimension and flags."""
    if not is_netcdf(head):
        return False
    found = outline(source)
    if "INSTANCE" not in found.dimensions:
        return False
    named = "seadatanet" in found.attributes.get("conventions", "").lower()
    return named or any(v.endswith(QC) for v in found.variables)


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
        file = SdnFile(handle, source, doctor)
        if file.feature == "trajectory":
            yield from map(checkup, _points(file, options.batch_samples))
            return
        for rows in chunks(file.n, file.width, options.batch_samples):
            yield checkup(_stations(file, rows))


def _stations(file: SdnFile, rows: slice) -> Batch:
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


def _known(variable: Variable, file: SdnFile) -> slice:
    return slice(0, file.width) if variable.ndim > 1 else slice(0, 1)


def _first_known(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """First number of each row that is no NaN."""
    place = np.argmax(~np.isnan(values), axis=1)
    return np.asarray(values[np.arange(len(values)), place], np.float64)


def _first_time(times: Times) -> tuple[NDArray[np.datetime64], NDArray[np.uint8]]:
    rows = np.arange(len(times.values))
    place = np.argmax(~np.isnat(times.values), axis=1)
    return times.values[rows, place], times.flags[rows, place]


def _points(file: SdnFile, target: int) -> Iterator[Batch]:
    """Points of all trajectories, each one its own station with one sample."""
    index = 0
    for instance in range(file.n):
        for levels in chunks(file.width, 1, target):
            batch = _some_points(file, instance, levels, index)
            index += len(batch.stations)
            yield batch


def _some_points(file: SdnFile, instance: int, levels: slice, index: int) -> Batch:
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
