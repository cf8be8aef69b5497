"""The rows of an ODV spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .model import MISSING, NOT_CHECKED, Batch, Coded, Column, Stations
from .odv_write_header import clean
from .odv_write_layout import Layout, extras

if TYPE_CHECKING:
    import polars as pl

__all__ = ["cell", "rows_of"]


def cell(text: str) -> str:
    """Make a text fit a cell; quotes in it are doubled within quotes."""
    text = text.replace("\t", " ").replace("\r", " ").replace("\n", " ")
    return '"' + text.replace('"', '""') + '"' if '"' in text else text


def rows_of(batch: Batch, layout: Layout) -> str:
    """Format all rows of a batch; a station without samples has one, blank but for metadata."""
    import polars as pl

    batch, offsets = _with_blanks(batch)
    n, first = batch.n_samples, offsets[:-1]
    frame: list[pl.Series] = []
    for texts in _metadata(batch.stations, layout):
        codes = np.full(n, len(texts.labels), np.int64)
        codes[first] = np.where(texts.codes >= 0, texts.codes, len(texts.labels))
        frame.append(_pick(texts.labels, codes))
    if batch.time is not None:
        times = _times(batch.time)
        flags = batch.time_flag
        if flags is None:
            flags = np.where(np.isnat(batch.time), MISSING, NOT_CHECKED).astype(np.uint8)
        frame += [pl.Series(times), _flags(flags)]
    frame += [_numbers(batch.depth), _flags(batch.depth_flag)]
    for column in batch.columns:
        frame += _values(column)
    table = pl.DataFrame([s.alias(str(i)) for i, s in enumerate(frame)])
    text = table.write_csv(
        separator="\t", include_header=False, line_terminator="\r\n", quote_style="never"
    )
    history = batch.stations.extra.get("History")
    return _with_history(text, history.texts(), offsets) if history else text


def _with_blanks(batch: Batch) -> tuple[Batch, NDArray[np.int64]]:
    """Give stations without samples one sample that has neither values nor flags."""
    sizes = np.diff(batch.offsets)
    if (sizes > 0).all():
        return batch, batch.offsets
    counts = np.maximum(sizes, 1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    sample = np.full(int(offsets[-1]), -1, np.int64)  # the one that is appended
    sample[np.repeat(sizes > 0, counts)] = np.arange(batch.n_samples)
    time, time_flag = batch.time, batch.time_flag
    if time is not None:
        if time_flag is None:
            time_flag = np.where(np.isnat(time), MISSING, NOT_CHECKED).astype(np.uint8)
        time = np.append(time, np.datetime64("NaT"))[sample]
        time_flag = np.append(time_flag, np.uint8(0))[sample]
    columns = []
    for column in batch.columns:
        values = column.values
        if isinstance(values, Coded):
            values = Coded(np.append(values.codes, np.int32(-1))[sample], values.labels)
        else:
            values = np.append(values, values.dtype.type(np.nan))[sample]
        flags = np.append(column.flags, np.uint8(0))[sample]
        columns.append(Column(column.parameter, values, flags))
    filled = replace(
        batch,
        offsets=offsets,
        columns=columns,
        depth=np.append(batch.depth, np.nan)[sample],
        depth_flag=np.append(batch.depth_flag, np.uint8(0))[sample],
        row=np.append(batch.row, 0)[sample],
        time=time,
        time_flag=time_flag,
    )
    return filled, offsets


def _with_history(text: str, history: Sequence[str], offsets: NDArray[np.int64]) -> str:
    """Put the history lines of a station below its last row."""
    lines = text.split("\r\n")[:-1]
    out = []
    for i, steps in enumerate(history):
        out += lines[offsets[i] : offsets[i + 1]]
        out += [f"//<History>{clean(step)}</History>" for step in steps.split("\n") if step]
    return "".join(f"{line}\r\n" for line in out)


def _apart(layout: Layout, names: list[str], others: list[list[str]]) -> None:
    """Make the texts of stations differ from those of the station above, in place.

    Rows with the same metadata would be one station. A zero more changes no
    number; a station without position gets another name.

    Parameters
    ----------
    layout : Layout
        Remembers the station above, and counts.
    names : list of str
        Names of the stations.
    others : list of list of str
        Longitudes, latitudes, then all else that tells stations apart.
    """
    lon, lat = others[:2]
    for i, name in enumerate(names):
        key = (name.strip(), *(texts[i].strip() for texts in others))
        again = layout.above is not None and layout.above == (key, False)
        layout.above = key, again
        if not again:
            continue
        layout.repeated += 1
        if lon[i] and lat[i]:
            lon[i] = _zero_more(lon[i])
        else:
            names[i] = f"{name} (again)".strip()


def _zero_more(number: str) -> str:
    mantissa, e, power = number.partition("e")
    return mantissa + ("0" if "." in mantissa else ".0") + e + power


def _metadata(stations: Stations, layout: Layout) -> list[Coded]:
    """Give the texts of all station columns, in the order of the labels."""
    n = len(stations)
    edmo = ["" if e == 0 else str(e) for e in stations.edmo.tolist()]
    times = _times(stations.time)
    position = [_shortest(stations.lon), _shortest(stations.lat)]
    kinds = stations.type.texts()
    cruises, names = stations.cruise.texts(), stations.station.texts()
    cdis = stations.local_cdi_id.texts()
    known = zip(cruises, names, kinds, times, *position, cdis, strict=True)
    # A row without any metadata would belong to the station above.
    kinds = [kind if any(row) else "*" for kind, row in zip(kinds, known, strict=True)]
    names = [cell(name) for name in names]
    _apart(layout, names, [*position, cruises, kinds, times, cdis])
    out = [
        _tidy(stations.cruise),
        Coded.of(names),
        Coded.of(cell(k) for k in kinds),
        Coded.of(times),
        Coded.of(position[0]),
        Coded.of(position[1]),
        _tidy(stations.local_cdi_id),
        Coded.of(edmo),
        Coded.of(_shortest(stations.bottom_depth)),
    ]
    for label in extras(stations):
        if label == "Platform":
            out.append(_tidy(stations.platform))
        elif label == "POSITION_SEADATANET_QC":
            out.append(Coded.of(map(chr, stations.position_flag.tolist())))
        elif label == "TIME_SEADATANET_QC":
            out.append(Coded.of(map(chr, stations.time_flag.tolist())))
        else:
            out.append(_tidy(stations.extra[label]))
    assert all(len(c) == n for c in out)
    return out


def _tidy(texts: Coded) -> Coded:
    return Coded(texts.codes, [cell(label) for label in texts.labels])


def _times(times: NDArray[np.datetime64]) -> list[str]:
    """Format times to the millisecond; blank where unknown."""
    texts = np.datetime_as_string(times.astype("datetime64[ms]"), unit="ms").tolist()
    return ["" if text == "NaT" else text for text in texts]


def _shortest(values: NDArray[np.floating]) -> list[str]:
    """Format numbers so that they read back the same; blank where unknown."""
    if values.dtype == np.float32:
        return ["" if np.isnan(v) else str(v) for v in values]
    return ["" if v != v else repr(v) for v in values.tolist()]


def _pick(labels: list[str], codes: NDArray[np.int64]) -> Any:
    """Make a series of texts from codes; the code after the last is blank."""
    import polars as pl

    return pl.Series([*labels, ""], dtype=pl.String).gather(codes)


def _numbers(values: NDArray[np.floating]) -> Any:
    import polars as pl

    return pl.Series(np.ascontiguousarray(values)).fill_nan(None)


def _flags(flags: NDArray[np.uint8]) -> Any:
    import polars as pl

    return pl.Series(["", *map(chr, range(1, 128))], dtype=pl.String).gather(flags)


def _values(column: Column) -> list[Any]:
    """Give the cells of one parameter and its flags."""
    if isinstance(column.values, Coded):
        labels = [cell(label) for label in column.values.labels]
        codes = column.values.codes.astype(np.int64)
        texts = _pick(labels, np.where(codes < 0, len(labels), codes))
        return [texts, _flags(column.flags)]
    return [_numbers(column.values), _flags(column.flags)]
