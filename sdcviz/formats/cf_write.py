"""Write CF NetCDF: contiguous ragged array with SeaDataNet attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..storage import written_whole
from .base import FlagChanges, WriteContext
from .cf_changes import write_changes
from .cf_names import (
    CONVENTIONS,
    LAYOUT,
    LAYOUT_VERSION,
    QC,
    SAMPLE,
    SOURCE_QC,
    STATION,
    TEXT_ROLES,
    UDUNITS,
    variable_name,
)
from .cf_variables import EPOCH, Fixed, Variables
from .model import FEATURES, Batch, Coded, Column, Parameter
from .netcdf_file import netcdf_file

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

__all__ = ["write"]

_Key = tuple[Parameter, int, str]


def write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    """Write stations and samples as one CF NetCDF file.

    Parameters
    ----------
    path : Path
        File to make; it appears complete or not at all.
    batches : iterable of Batch
        Streamed: samples are written as they come, station texts at the end.
    context : WriteContext
        Title, labels, history and sources.

    Raises
    ------
    StorageError
        If the disk is full or can't be written.

    Notes
    -----
    CF conventions 1.8, section 9.3.3 (contiguous ragged array), with the
    variable attributes of SeaDataNet's CFPOINT profile of CF. Points of a
    trajectory are profiles of one level.
    """
    with written_whole(path) as part:
        # The batches come out of memory: nothing else waits for long.
        with netcdf_file(part, "w", format="NETCDF4") as file:
            file.set_auto_mask(False)
            writer = _Writer(file, context)
            for batch in batches:
                writer.add(batch)
            writer.finish()


class _Writer:
    """Appends batches to an open file."""

    def __init__(self, file: Dataset, context: WriteContext) -> None:
        self.file, self.context = file, context
        self.n = self.m = 0
        self.columns: dict[_Key, str] = {}
        self.sample_texts: dict[_Key, list[tuple[int, Coded]]] = {}
        self.station_texts: dict[str, list[tuple[int, Coded]]] = {}
        self.raw: list[tuple[int, str, str]] = []
        self.features: Counter[int] = Counter()
        self.series: Variable | None = None
        file.createDimension(STATION, None)
        file.createDimension(SAMPLE, None)
        self.variables = Variables(file)
        self.fixed = Fixed(self.variables)

    def add(self, batch: Batch) -> None:
        """Append the stations and samples of a batch."""
        stations, fixed = batch.stations, self.fixed
        rows, samples = (
            slice(self.n, self.n + len(stations)),
            slice(self.m, self.m + batch.n_samples),
        )
        for variable, values in (
            (fixed.row_size, np.diff(batch.offsets)),
            (fixed.id, np.arange(rows.start, rows.stop)),
            (fixed.feature, stations.feature),
            (fixed.lon, stations.lon),
            (fixed.lat, stations.lat),
            (fixed.position_flag, stations.position_flag.view(np.int8)),
            (fixed.time, _seconds(stations.time)),
            (fixed.time_flag, stations.time_flag.view(np.int8)),
            (fixed.edmo, stations.edmo),
            (fixed.bottom, stations.bottom_depth),
            (fixed.source_station, stations.index),
        ):
            variable[rows] = values
        for role in TEXT_ROLES:
            self.station_texts.setdefault(role, []).append((self.n, getattr(stations, role)))
        for label, texts in stations.extra.items():
            self.station_texts.setdefault("extra:" + label, []).append((self.n, texts))
        self.features.update(stations.feature.tolist())
        if samples.stop > samples.start:
            self._samples(batch, samples)
        self.n, self.m = rows.stop, samples.stop

    def _samples(self, batch: Batch, samples: slice) -> None:
        self.fixed.depth[samples] = batch.depth
        self.fixed.depth_flag[samples] = batch.depth_flag.view(np.int8)
        self.fixed.source_row[samples] = batch.row
        if batch.time is not None:
            if self.series is None:
                self.series = self.variables.number(
                    "SAMPLE_TIME", "f8", SAMPLE, standard_name="time", units=EPOCH,
                    long_name="Time of the sample", calendar="proleptic_gregorian",
                    ancillary_variables="SAMPLE_TIME" + QC,
                )  # fmt: skip
                self.series_flag = self.variables.flags("SAMPLE_TIME" + QC, SAMPLE)
            self.series[samples] = _seconds(batch.time)
            if batch.time_flag is not None:
                self.series_flag[samples] = batch.time_flag.view(np.int8)
        seen: Counter[Parameter] = Counter()
        for column in batch.columns:
            key = (column.parameter, seen[column.parameter], _kind(column))
            seen[column.parameter] += 1
            self._column(key, column, samples)
        for sample, i, text in batch.raw_text:
            parameter = batch.columns[i].parameter
            same = sum(c.parameter == parameter for c in batch.columns[:i])
            name = self.columns[parameter, same, _kind(batch.columns[i])]
            self.raw.append((samples.start + sample, name, text))

    def _column(self, key: _Key, column: Column, samples: slice) -> None:
        if key not in self.columns:
            self.columns[key] = self._new_column(key)
        name = self.columns[key]
        if isinstance(column.values, Coded):
            self.sample_texts.setdefault(key, []).append((samples.start, column.values))
        else:
            self.file[name][samples] = column.values
        self.file[name + QC][samples] = column.flags.view(np.int8)
        if column.source_flags is not None:
            beside = name + SOURCE_QC
            if beside not in self.file.variables:
                self.variables.flags(
                    beside, SAMPLE, ord(" "), long_name=f"Flag of the source, scale {column.scale}",
                    flag_scale=column.scale, flag_values=None, flag_meanings=None,
                    sdn_conventions_urn=None, Conventions=None,
                )  # fmt: skip
                if name in self.file.variables:
                    self.file[name].ancillary_variables = f"{name}{QC} {beside}"
            self.file[beside][samples] = column.source_flags.view(np.int8)

    def _new_column(self, key: _Key) -> str:
        parameter, _, kind = key
        name = variable_name(parameter.name, self.variables.taken)
        if kind != "text":
            self.variables.number(name, kind, SAMPLE, **self._attributes(parameter, name))
        self.variables.flags(name + QC, SAMPLE)
        return name

    def _attributes(self, parameter: Parameter, name: str) -> dict[str, str]:
        code = parameter.instrument.startswith("TOOL")
        return {
            "long_name": self.context.labels.get(parameter.name, parameter.name),
            "standard_name": parameter.standard_name,
            "units": UDUNITS.get(parameter.p06, parameter.unit),
            "sdn_parameter_urn": parameter.p01 and f"SDN:P01::{parameter.p01}",
            "sdn_parameter_name": parameter.name,
            "sdn_uom_urn": parameter.p06 and f"SDN:P06::{parameter.p06}",
            "sdn_uom_name": parameter.unit,
            "sdn_instrument_urn": f"SDN:L22::{parameter.instrument}" if code else "",
            "sdn_instrument_name": "" if code else parameter.instrument,
            "coordinates": "TIME LATITUDE LONGITUDE DEPTH",
            "ancillary_variables": name + QC,
        }

    def finish(self) -> None:
        """Write texts and the attributes of the whole file."""
        for role, pieces in self.station_texts.items():
            if role in TEXT_ROLES:
                name, long_name = TEXT_ROLES[role]
                self.variables.taken.add(name.lower())
                self.variables.texts(name, STATION, self.n, pieces, {"long_name": long_name})
        for role, pieces in self.station_texts.items():
            if role not in TEXT_ROLES:
                label = role.removeprefix("extra:")
                name = variable_name(label, self.variables.taken)
                told = {"long_name": label, "sdcviz_role": "extra"}
                self.variables.texts(name, STATION, self.n, pieces, told)
        for key, texts in self.sample_texts.items():
            name = self.columns[key]
            self.variables.texts(name, SAMPLE, self.m, texts, self._attributes(key[0], name))
        if self.raw:
            self._raw_texts()
        if self.context.changes is not None:
            self._changes(self.context.changes)
        self._about()

    def _raw_texts(self) -> None:
        """Write the texts of values that are no numbers."""
        n = len(self.raw)
        self.file.createDimension("raw_text", None)
        place = self.variables.number(
            "raw_text_sample", "i8", "raw_text", long_name="Sample of the text"
        )
        place[:] = [sample for sample, _, _ in self.raw]
        for name, told, texts in (
            ("raw_text_variable", "Variable of the text", [v for _, v, _ in self.raw]),
            ("raw_text", "Text that is no number, as in the source", [t for _, _, t in self.raw]),
        ):
            self.variables.texts(name, "raw_text", n, [(0, Coded.of(texts))], {"long_name": told})

    def _changes(self, changes: FlagChanges) -> None:
        """Write who changed flags."""
        places = ("DEPTH", "POSITION", "TIME", "SAMPLE_TIME")
        names = {f"@{name.lower()}": name for name in places}
        names |= {parameter.name: name for (parameter, _, _), name in self.columns.items()}
        write_changes(self.file, changes, names)

    def _about(self) -> None:
        series = self.features and set(self.features) == {FEATURES.index("time series")}
        feature = "timeSeries" if series else "profile"
        self.fixed.id.cf_role = "timeseries_id" if series else "profile_id"
        context = self.context
        about = {
            "Conventions": CONVENTIONS,
            "featureType": feature,
            "title": context.title,
            "source": "; ".join(context.sources),
            "history": "\n".join(context.history),
            "software": context.software,
            "standard_name_vocabulary": "CF Standard Name Table",
            "comment": "Flags are SeaDataNet L20 codes as ASCII bytes in *_SEADATANET_QC; flags of "
            "another scale are kept in *_SOURCE_QC.",
        }
        self.file.setncatts({k: v for k, v in about.items() if v})
        self.file.setncattr(LAYOUT, np.int32(LAYOUT_VERSION))


def _kind(column: Column) -> str:
    if isinstance(column.values, Coded):
        return "text"
    return "f4" if column.values.dtype == np.float32 else "f8"


def _seconds(times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Seconds since 1970, exact to the millisecond; NaN is unknown."""
    ms = times.astype("datetime64[ms]").astype(np.int64)
    return np.where(np.isnat(times), np.nan, ms / 1000)
