"""Batches as one tidy table, a row a sample: what Parquet and CSV are written from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .model import FEATURES, Batch, Coded, Column, Parameter

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["STATION_TEXTS", "Tidy", "spooled"]

STATION_TEXTS = ("cruise", "station", "type", "platform", "local_cdi_id")


class Tidy:
    """Turns batches into Arrow tables whose column names fit together.

    Attributes
    ----------
    parameters : dict of str to (Parameter, str)
        Parameter and flag scale by column name.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, tuple[Parameter, str]] = {}
        self._keys: dict[tuple[Parameter, int], str] = {}

    def key(self, parameter: Parameter, again: int, scale: str) -> str:
        """Name the column of a parameter: its own name, numbered where it repeats."""
        if (parameter, again) not in self._keys:
            name, number = parameter.name, 1
            while name in self.parameters:
                number += 1
                name = f"{parameter.name} ({number})"
            self._keys[parameter, again] = name
            self.parameters[name] = parameter, scale
        return self._keys[parameter, again]

    def table(self, batch: Batch) -> pa.Table:
        """Make the table of one batch.

        A station without samples has one row, whose ``row`` is null.

        Parameters
        ----------
        batch : Batch
            Whole stations.

        Returns
        -------
        pyarrow.Table
        """
        import pyarrow as pa

        counts = np.diff(batch.offsets)
        owner = np.repeat(np.arange(len(counts)), np.maximum(counts, 1))
        sample = np.full(len(owner), -1, np.int64)
        filled = np.repeat(counts > 0, np.maximum(counts, 1))
        sample[filled] = np.arange(batch.n_samples)
        columns = self._stations(batch, owner)
        columns |= self._samples(batch, sample)
        for i, (column, again) in enumerate(_numbered(batch.columns)):
            columns |= self._values(column, again, sample, _raw_of(batch, i))
        return pa.table(columns)

    def _stations(self, batch: Batch, owner: NDArray[np.int64]) -> dict[str, Any]:
        s = batch.stations
        out: dict[str, Any] = {"station_index": s.index[owner]}
        for name in STATION_TEXTS:
            out[name] = _text(getattr(s, name), owner)
        out["edmo"] = _numbers(s.edmo[owner], s.edmo[owner] == 0)
        out["lon"], out["lat"] = _numbers(s.lon[owner]), _numbers(s.lat[owner])
        out["position_flag"] = _flags(s.position_flag, owner)
        out["time"] = _times(s.time[owner])
        out["time_flag"] = _flags(s.time_flag, owner)
        out["bottom_depth"] = _numbers(s.bottom_depth[owner])
        out["feature"] = _text(Coded(s.feature.astype(np.int32), list(FEATURES)), owner)
        for label, texts in s.extra.items():
            out[f"extra: {label}"] = _text(texts, owner)
        return out

    def _samples(self, batch: Batch, sample: NDArray[np.int64]) -> dict[str, Any]:
        none = sample < 0
        out = {
            "row": _numbers(_pick(batch.row, sample), none),
            "depth": _numbers(_pick(batch.depth, sample), none),
            "depth_flag": _flags(batch.depth_flag, sample),
        }
        if batch.time is not None:
            out["sample_time"] = _times(_pick(batch.time, sample), none)
            if batch.time_flag is not None:
                out["sample_time_flag"] = _flags(batch.time_flag, sample)
        return out

    def _values(
        self, column: Column, again: int, sample: NDArray[np.int64], raw: dict[int, str]
    ) -> dict[str, Any]:
        key = self.key(column.parameter, again, column.scale)
        if isinstance(column.values, Coded):
            values = _text(column.values, sample)
        else:
            values = _numbers(_pick(column.values, sample), sample < 0)
        out = {key: values, f"{key}.flag": _flags(column.flags, sample)}
        if column.source_flags is not None:
            out[f"{key}.source_flag"] = _flags(column.source_flags, sample)
        if raw:
            texts = [raw.get(int(i), "") for i in sample]
            out[f"{key}.raw"] = _text(Coded.of(texts), np.arange(len(texts)))
        return out


@contextmanager
def spooled(
    batches: Iterable[Batch], folder: Path
) -> Iterator[tuple[Tidy, pa.Schema, Iterator[pa.Table]]]:
    """Turn batches into tables with one schema, within bounded memory.

    Parameters
    ----------
    batches : iterable of Batch
        Their parameters may differ.
    folder : Path
        Where the temporary file lives.

    Yields
    ------
    tidy : Tidy
        Knows the parameters.
    schema : pyarrow.Schema
        Union of all columns.
    tables : iterator of pyarrow.Table
        One a batch, all with `schema`.
    """
    import pyarrow as pa

    tidy = Tidy()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".sdcviz-") as temporary:
        schemas, files = [], []
        for number, batch in enumerate(batches):
            table = tidy.table(batch)
            schemas.append(table.schema)
            files.append(Path(temporary) / f"{number}.arrow")
            with pa.OSFile(str(files[-1]), "wb") as sink:
                with pa.ipc.new_file(sink, table.schema) as writer:
                    writer.write_table(table)
        # The same number may be float32 in one file and float64 in another.
        schemas = schemas or [tidy.table(_nothing()).schema]
        schema = pa.unify_schemas(schemas, promote_options="permissive")

        def tables() -> Iterator[pa.Table]:
            for file in files:
                with pa.memory_map(str(file)) as source:
                    table = pa.ipc.open_file(source).read_all()
                    columns = [
                        table[field.name].cast(field.type)
                        if field.name in table.column_names
                        else pa.nulls(len(table), field.type)
                        for field in schema
                    ]
                    yield pa.table(columns, schema=schema)

        yield tidy, schema, tables()


def _nothing() -> Batch:
    from .model import Stations

    none = np.empty(0)
    return Batch(
        Stations.blank(0),
        np.zeros(1, np.int64),
        [],
        none,
        none.astype(np.uint8),
        none.astype(np.int64),
    )


def _numbered(columns: list[Column]) -> Iterator[tuple[Column, int]]:
    seen: dict[Parameter, int] = {}
    for column in columns:
        yield column, seen.setdefault(column.parameter, 0)
        seen[column.parameter] += 1


def _raw_of(batch: Batch, index: int) -> dict[int, str]:
    return {sample: text for sample, column, text in batch.raw_text if column == index}


def _pick(values: NDArray, sample: NDArray[np.int64]) -> NDArray:
    """Take by sample; anything where there is none."""
    if not len(values):
        return np.zeros(len(sample), values.dtype)
    return values[sample]


def _numbers(values: NDArray, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    import pyarrow as pa

    if values.dtype.kind == "f":
        missing = np.isnan(values) if missing is None else missing | np.isnan(values)
    return pa.array(values, mask=missing)


def _times(values: NDArray[np.datetime64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    import pyarrow as pa

    lost = np.isnat(values) if missing is None else missing | np.isnat(values)
    return pa.array(values.astype("datetime64[ms]"), pa.timestamp("ms"), mask=lost)


def _text(texts: Coded, rows: NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    codes = _pick(texts.codes, rows).astype(np.int32)
    missing = (codes < 0) | (rows < 0)
    labels = pa.array(texts.labels or [""], pa.string())
    indices = pa.array(np.where(missing, 0, codes).astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, labels)


def _flags(flags: NDArray[np.uint8], rows: NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    codes, indices = np.unique(_pick(flags, rows), return_inverse=True)
    labels = pa.array([chr(c) for c in codes] or [""], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(indices.astype(np.int32), mask=rows < 0), labels)
