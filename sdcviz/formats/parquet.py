"""Parquet: a tidy table, a row a sample, one row group a batch of whole stations.

Any program reads it; what sdcviz needs to read it back (units, codes, flag
scales) stands in the metadata of the columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions, WriteContext
from .common import offsets_of
from .model import FEATURES, MISSING, Batch, Coded, Column, Doctor, Parameter, Stations
from .sources import Source
from .tidy import STATION_TEXTS, spooled

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT", "KEY", "batch_of", "write"]

KEY = b"sdcviz"
VERSION = 1


def write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    """Write batches as a Parquet file.

    Parameters
    ----------
    path : Path
        File to make; it appears only when it is whole.
    batches : iterable of Batch
        Whole stations; their parameters may differ.
    context : WriteContext
        Title and origin, kept in the metadata.
    """
    import pyarrow.parquet as pq

    building = path.with_name(f".{path.name}.part")
    try:
        with spooled(batches, path.parent) as (tidy, schema, tables):
            fields = []
            for field in schema:
                if field.name in tidy.parameters:
                    parameter, scale = tidy.parameters[field.name]
                    told = json.dumps(asdict(parameter) | {"scale": scale})
                    field = field.with_metadata({KEY: told})
                fields.append(field)
            whole = {"version": VERSION, **asdict(context)}
            schema = _schema(fields, whole)
            with pq.ParquetWriter(building, schema, compression="zstd") as writer:
                for table in tables:
                    if len(table):
                        writer.write_table(table.cast(schema), row_group_size=len(table))
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _schema(fields: list[Any], whole: dict[str, Any]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(fields, {KEY: json.dumps(whole)})


def recognise(head: bytes, source: Source) -> bool:
    """Recognise a Parquet file that sdcviz wrote."""
    return _metadata(source) is not None


def _metadata(source: Source) -> dict[str, Any] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = (pq.read_schema(source.path).metadata or {}).get(KEY)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            f"{source.name}: a damaged or cut short Parquet file ({str(error).splitlines()[0]})."
        ) from error
    return json.loads(found) if found else None


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read a file that `write` made; see `sdcviz.formats.base.Format`."""
    import pyarrow.parquet as pq

    told = _metadata(source) or {}
    if told.get("version", 0) > VERSION:
        raise UnreadableFile(
            f"{source.name}: written by a newer version of sdcviz; update sdcviz to read it."
        )
    with pq.ParquetFile(source.path) as file:
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            batch = batch_of(table)
            doctor.rows += batch.n_samples
            yield batch


def batch_of(table: pa.Table) -> Batch:
    """Make a batch of a tidy table of whole stations, with what its columns are in `KEY`."""
    index = table["station_index"].to_numpy()
    starts = np.flatnonzero(np.diff(index, prepend=index[0] - 1)) if len(index) else index
    there = ~_nulls(table["row"])
    counts = np.add.reduceat(there.astype(np.int64), starts) if len(starts) else starts
    samples = np.flatnonzero(there)
    kept = table.take(samples) if not there.all() else table
    columns, raw = _columns(kept)
    time = "sample_time" in table.column_names and not _nulls(kept["sample_time"]).all()
    timed = time and "sample_time_flag" in table.column_names
    return Batch(
        stations=_stations(table.take(starts)),
        offsets=offsets_of(counts),
        columns=columns,
        depth=_floats(kept["depth"]).astype(np.float64),
        depth_flag=_bytes(kept["depth_flag"]),
        row=kept["row"].to_numpy().astype(np.int64),
        time=_times(kept["sample_time"]) if time else None,
        time_flag=_bytes(kept["sample_time_flag"]) if timed else None,
        raw_text=raw,
    )


def _columns(table: pa.Table) -> tuple[list[Column], list[tuple[int, int, str]]]:
    columns: list[Column] = []
    raw: list[tuple[int, int, str]] = []
    for field in table.schema:
        told = (field.metadata or {}).get(KEY)
        flags = table[f"{field.name}.flag"] if told else None
        if not told or flags is None or flags.null_count == len(table) > 0:
            continue  # no parameter, or one of other stations only
        parts = json.loads(told)
        scale = parts.pop("scale")
        parameter = Parameter(**parts)
        chunk = table[field.name]
        values = _coded(chunk) if parameter.kind == "text" else _floats(chunk)
        source = f"{field.name}.source_flag"
        has_source = source in table.column_names and table[source].null_count < len(table)
        if f"{field.name}.raw" in table.column_names:
            texts = table[f"{field.name}.raw"].to_pylist()
            raw += [(i, len(columns), text) for i, text in enumerate(texts) if text]
        columns.append(
            Column(
                parameter,
                values,
                _bytes(flags),
                _bytes(table[source]) if has_source else None,
                scale,
            )
        )
    return columns, raw


def _stations(table: pa.Table) -> Stations:
    stations = Stations.blank(len(table))
    stations.index = table["station_index"].to_numpy().astype(np.int32)
    for name in STATION_TEXTS:
        setattr(stations, name, _coded(table[name]))
    stations.edmo = table["edmo"].fill_null(0).to_numpy().astype(np.int32)
    stations.lon = _floats(table["lon"]).astype(np.float64)
    stations.lat = _floats(table["lat"]).astype(np.float64)
    stations.time = _times(table["time"])
    stations.bottom_depth = _floats(table["bottom_depth"]).astype(np.float32)
    stations.position_flag = _bytes(table["position_flag"])
    stations.time_flag = _bytes(table["time_flag"])
    features = table["feature"].to_pylist()
    stations.feature = np.array([FEATURES.index(f) for f in features], np.uint8)
    for name in table.column_names:
        if name.startswith("extra: "):
            stations.extra[name.removeprefix("extra: ")] = _coded(table[name])
    return stations


def _nulls(chunk: pa.ChunkedArray) -> NDArray[np.bool_]:
    return chunk.is_null().to_numpy()


def _floats(chunk: pa.ChunkedArray) -> NDArray[np.floating]:
    import pyarrow as pa

    dtype = np.float32 if pa.types.is_float32(chunk.type) else np.float64
    return chunk.to_numpy().astype(dtype)


def _times(chunk: pa.ChunkedArray) -> NDArray[np.datetime64]:
    import pyarrow as pa

    return (
        chunk.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy().view("datetime64[ms]")
    )


def _dictionary(chunk: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    array = chunk.combine_chunks()
    array = array if hasattr(array, "dictionary") else array.dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), array.dictionary.to_pylist()


def _coded(chunk: pa.ChunkedArray) -> Coded:
    codes, labels = _dictionary(chunk)
    return Coded(codes.astype(np.int32), labels)


def _bytes(chunk: pa.ChunkedArray) -> NDArray[np.uint8]:
    codes, labels = _dictionary(chunk)
    table = np.array([*(ord(x[:1] or " ") for x in labels), MISSING], np.uint8)
    return table[codes]


FORMAT = Format("parquet", "Parquet of sdcviz", recognise, read, write, ".parquet")
