"""Reads the tidy CSV that sdcviz writes: its header says all, nothing is guessed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import ReadOptions
from .csv_write import FIRST, LABELS, SERIES, TEXT, text_of
from .flags import to_l20
from .model import FEATURES, MISSING, Batch, Coded, Doctor, Parameter
from .parquet import KEY, batch_of
from .sources import Source
from .times import parse_times

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["is_own", "read_own"]

_BLOCK = 32 * 1024 * 1024
_WHOLE = ("station_index", "edmo", "row")
_NUMBERS = ("lon", "lat", "bottom_depth", "depth")
_TIMES = ("time", "sample_time")
_BEGIN = [LABELS.get(name, name) for name in FIRST]


def is_own(head: bytes) -> bool:
    """Tell our own header from every other.

    Parameters
    ----------
    head : bytes
        Beginning of the file.
    """
    return _labels(head)[: len(_BEGIN)] == _BEGIN


def _labels(head: bytes) -> list[str]:
    line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r")
    try:
        return next(csv.reader([line.decode()]), [])
    except (UnicodeDecodeError, csv.Error):
        return []


@dataclass(frozen=True)
class _Header:
    """The columns by their names in `sdcviz.formats.tidy`."""

    names: list[str]
    parameters: dict[str, Parameter]


def _header(labels: list[str]) -> _Header:
    """Take pairs of a value and its flag for parameters, and what follows for texts."""
    names = list(FIRST)
    if labels[len(names) : len(names) + 2] == list(SERIES):
        names += SERIES
    parameters: dict[str, Parameter] = {}
    at = len(names)
    while at + 1 < len(labels):
        label = text_of(labels[at])
        name, _, flag = text_of(labels[at + 1]).rpartition(" ")
        if flag != "flag" or not label.startswith(name):
            break
        unit = label.removeprefix(name)
        text = unit == TEXT
        if unit and not re.fullmatch(r" \[.*\]", unit):
            break
        unit = "" if text else unit[2:-1]
        key = f"value {len(parameters)}"
        parameters[key] = Parameter(name, unit, kind="text" if text else "number")
        names += [key, f"{key}.flag"]
        at += 2
    extra = [f"extra: {text_of(label)}" for label in labels[at:]]
    return _Header(names + extra, parameters)


def read_own(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read a table that `sdcviz.formats.csv_write.write` made.

    Yields
    ------
    Batch
        Whole stations, about 32 MB of text at a time.

    Raises
    ------
    UnreadableFile
        The rows of a station are torn apart, or don't say whose they are.
    """
    import polars as pl

    header: _Header | None = None
    rest, kept = b"", None
    line, last, stations = 2, -1, 0
    with source.path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            raw, end = rest + block, len(block) < _BLOCK
            cut = len(raw) if end else raw.rfind(b"\n") + 1
            raw, rest = raw[:cut], raw[cut:]
            if header is None:
                header = _header(_labels(raw))
                raw = raw.partition(b"\n")[2]
            frame = _frame(raw, header, source, line)
            line += len(frame)
            frame = frame if kept is None else pl.concat([kept, frame])
            index = frame["station_index"].to_numpy()
            size = len(frame)
            if size and not end:  # the station that is open stays for the next block
                size = int(np.searchsorted(index, index[-1]))
            now, kept = frame[:size], frame[size:]
            if len(frame):
                _check_order(index, last, frame["line"].to_numpy(), source.name)
                last = int(index[size - 1]) if size else last
            if size:
                batch = _settled(batch_of(_table(now, header, doctor)), stations)
                stations += len(batch.stations)
                batch.row = now["line"].to_numpy()[~now["row"].is_null().to_numpy()]
                doctor.rows += size
                if size > batch.n_samples:
                    doctor.leave_out("a station without samples", size - batch.n_samples)
                yield batch
            if end:
                return


def _frame(raw: bytes, header: _Header, source: Source, line: int) -> pl.DataFrame:
    """Read rows as texts, their numbers of stations and lines as numbers."""
    import polars as pl

    schema = dict.fromkeys(header.names, pl.String)
    try:
        frame = pl.read_csv(
            io.BytesIO(raw), has_header=False, schema=schema, truncate_ragged_lines=True
        ) if raw.strip() else pl.DataFrame(schema=schema)  # fmt: skip
    except pl.exceptions.PolarsError as error:
        raise UnreadableFile(
            f"{source.name}: the table can't be read ({str(error).splitlines()[0]})."
        ) from error
    index = frame["station_index"].str.strip_chars().cast(pl.Int64, strict=False)
    if index.null_count():
        at = line + int(np.flatnonzero(index.is_null().to_numpy())[0])
        raise UnreadableFile(
            f"{source.name}: line {at} has no number in the column station_index; give it the "
            "number of its station."
        )
    lines = pl.Series("line", np.arange(line, line + len(frame)))
    return frame.with_columns(index.alias("station_index"), lines)


def _check_order(index: NDArray[np.int64], last: int, lines: NDArray, name: str) -> None:
    """Refuse a table that was sorted by something else."""
    back = np.flatnonzero(np.diff(index, prepend=last) < 0)
    if len(back):
        raise UnreadableFile(
            f"{name}: the station_index goes back in line {lines[back[0]]}; sort the table by "
            "station_index, so that the rows of each station are together."
        )


def _table(frame: pl.DataFrame, header: _Header, doctor: Doctor) -> pa.Table:
    """Give the texts their kinds: the table that `sdcviz.formats.tidy` made."""
    import pyarrow as pa

    lines = frame["line"].to_numpy()
    arrays, fields = [], []
    for name in header.names:
        parameter = header.parameters.get(name)
        series, told = frame[name], None
        if parameter is not None:
            told = {KEY: json.dumps(asdict(parameter) | {"scale": "L20"})}
        if name in _WHOLE:
            array = _whole(series)
        elif name in _NUMBERS or (parameter is not None and parameter.kind == "number"):
            array, lost = _numbers(series)
            if lost is not None:
                label = parameter.name if parameter else name
                _note_lost(label, lost, lines, doctor)
                arrays.append(lost.to_arrow())
                fields.append(pa.field(f"{name}.raw", arrays[-1].type))
        elif name in _TIMES:
            parsed = parse_times(series, True, name, lines, doctor)
            array = pa.array(parsed, pa.timestamp("ms"), mask=np.isnat(parsed))
        elif name == "feature":
            array = series.replace_strict(
                list(FEATURES), list(FEATURES), default=FEATURES[0]
            ).to_arrow()
        else:
            array = _texts(series)
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=told))
    return pa.table(arrays, schema=pa.schema(fields))


def _settled(batch: Batch, first: int) -> Batch:
    """Count the stations on; make flags that people changed agree with the values."""
    n = len(batch.stations)
    batch.stations.index = np.arange(first, first + n, dtype=np.int32)
    for column in batch.columns:
        values = column.values
        missing = values.codes < 0 if isinstance(values, Coded) else np.isnan(values)
        flags = to_l20(column.flags, "L20")
        column.flags = np.where(missing, np.uint8(MISSING), flags).astype(np.uint8)
    batch.depth_flag = to_l20(batch.depth_flag, "L20")
    return batch


def _whole(series: pl.Series) -> pa.Array:
    import polars as pl

    return series.cast(pl.Int64, strict=False).to_arrow()


def _numbers(series: pl.Series) -> tuple[pa.Array, pl.Series | None]:
    """Parse numbers; give the texts that are none."""
    import polars as pl

    values = series.str.strip_chars().cast(pl.Float64, strict=False)
    lost = values.is_null() & series.is_not_null() & (series != "")
    texts = pl.select(pl.when(lost).then(series)).to_series() if lost.any() else None
    return values.to_arrow(), texts


def _note_lost(label: str, lost: pl.Series, lines: NDArray, doctor: Doctor) -> None:
    at = int(np.flatnonzero(lost.is_not_null().to_numpy())[0])
    doctor.note(
        f"line {lines[at]}",
        f"{label}: {lost[at]!r} is no number",
        "the value is missing and its text is kept",
        len(lost) - lost.null_count(),
    )


def _texts(series: pl.Series) -> pa.Array:
    """Code texts; take off what keeps spreadsheets from reading formulas."""
    import pyarrow as pa

    coded = series.to_arrow().cast(pa.large_string()).dictionary_encode()
    labels = [text_of(text) for text in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(labels, pa.string()))
