"""Write what was read as one snapshot: columns in Morton order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sdcviz.formats.model import MISSING
from sdcviz.observations.build import (
    NO_TIME,
    STATION_ARRAYS,
    STATION_TEXTS,
    Builder,
    GrowingParameter,
)
from sdcviz.observations.kernels import column_statistics, gather, morton, restore, station_extent
from sdcviz.observations.layout import BLOCK, write_bytes, write_labels, write_npy
from sdcviz.observations.spool import SampleColumn, pieces

__all__ = ["sync_files", "write_snapshot"]

_SAMPLED = 1_000_000
"""Quantiles are those of about so many values."""


def write_snapshot(built: Builder, folder: Path) -> dict[str, Any]:
    """Write all columns to an empty folder; return what the manifest tells of them.

    Parameters
    ----------
    built : Builder
        What was read; its temporary columns are gone afterwards.
    folder : Path
        Exists and is empty.

    Returns
    -------
    dict
        ``stations``, ``samples``, ``parameters``, ``texts``, ``time``,
        ``lon``, ``lat``, ``depth``.
    """
    return _Snapshot(built, folder).write()


class _Snapshot:
    """Puts stations in Morton order and their samples after them.

    Parameters
    ----------
    built : Builder
    folder : Path
    """

    def __init__(self, built: Builder, folder: Path) -> None:
        self.built, self.folder = built, folder
        self.order = self._morton_order()
        self.lengths = self._take("length")
        self.offsets = _cumulated(self.lengths)
        self.old_offsets = _cumulated(self._take("length", everything=True))

    def write(self) -> dict[str, Any]:
        """Write everything."""
        facts = self._write_stations()
        facts["depth"] = self._write_depth()
        self._write_places()
        facts["parameters"] = [
            entry
            for number, key in enumerate(self.built.parameters)
            if (entry := self._write_parameter(number, key)) is not None
        ]
        self._write_raw()
        facts["stations"], facts["samples"] = len(self.order), int(self.offsets[-1])
        return facts

    def _take(self, name: str, everything: bool = False) -> NDArray:
        """Join the parts of a station column, in the new self.order or as they came."""
        parts = self.built.arrays[name]
        dtype = STATION_ARRAYS.get(name, np.int32 if name == "source" else np.int64)
        whole = np.concatenate(parts) if parts else np.empty(0, dtype)
        return whole if everything else whole[self.order]

    def _morton_order(self) -> NDArray[np.int64]:
        """Sort by place, then by time; dropped stations are left out."""
        lon, lat, time = (self._take(name, everything=True) for name in ("lon", "lat", "time"))
        order = np.lexsort((time.view(np.int64), morton(lon, lat)))
        if self.built.dropped:
            keep = np.ones(self.built.n_stations, bool)
            for first, last in self.built.dropped:
                keep[first:last] = False
            order = order[keep[order]]
        return order

    def _write_stations(self) -> dict[str, Any]:
        """Write the columns of the stations; return names and bounds for the manifest."""
        columns = {name: self._take(name) for name in STATION_ARRAYS}
        for name, array in columns.items():
            write_npy(self.folder / f"{name}.npy", array)
        kept = np.array([not s.get("dropped") for s in self.built.sources], bool)
        number = np.cumsum(kept, dtype=np.int32) - np.int32(1)
        write_npy(self.folder / "source.npy", number[self._take("source")])
        self.built.sources = [s for s in self.built.sources if not s.get("dropped")]
        write_npy(self.folder / "offsets.npy", self.offsets)
        texts = {}
        for i, (name, text) in enumerate(self.built.texts.items()):
            codes = text.all(self.built.n_stations)[self.order]
            if name not in STATION_TEXTS and not (codes >= 0).any():
                continue
            texts[name] = f"text{i:03d}"
            write_npy(self.folder / f"{texts[name]}.npy", codes)
            write_labels(self.folder, texts[name], text.labels)
        lon, lat, time = columns["lon"], columns["lat"], columns["time"]
        _write_blocks(self.folder, lon, lat, time)
        return {
            "texts": texts,
            "lon": _extent(lon[np.isfinite(lon)]),
            "lat": _extent(lat[np.isfinite(lat)]),
            "time": [str(t) for t in _extent_of_time(time)],
        }

    def _write_depth(self) -> list[float]:
        """Write the depth of the samples and the extent of the stations; return all bounds."""
        starts = self.built.depth.starts(self.old_offsets)[self.order]
        single = np.float32 if self.built.depth.single else np.float64
        low = np.full(len(self.order), np.nan, np.float32)
        high = low.copy()
        source = self.built.depth.all()
        with _Writer(self.folder / "depth.npy", single, int(self.offsets[-1])) as out:
            for r0, r1 in pieces(self.lengths):
                piece = out.gather(source, starts[r0:r1], self.lengths[r0:r1], np.nan)
                offsets = self.offsets[r0 : r1 + 1] - self.offsets[r0]
                station_extent(piece, offsets, low[r0:r1], high[r0:r1])
        write_npy(self.folder / "depth_min.npy", low)
        write_npy(self.folder / "depth_max.npy", high)
        del source
        self.built.depth.discard()
        known = np.isfinite(low)
        if not known.any():
            return []
        return _readable([low[known].min(), high[known].max()], np.float32)

    def _write_places(self) -> None:
        """Write depth flag, row in the file and time of the samples."""
        row = self.built.row.all()
        narrow = np.int32 if row.size == 0 or row.max() < 2**31 else np.int64
        plain: list[tuple[str, SampleColumn | None, Any, int]] = [
            ("depth_flag", self.built.depth_flag, np.uint8, MISSING),
            ("row", self.built.row, narrow, -1),
            ("sample_time", self.built.time, np.int64, NO_TIME),
            ("sample_time_flag", self.built.time_flag, np.uint8, MISSING),
        ]
        del row
        for name, column, dtype, fill in plain:
            if column is None:
                continue
            starts = column.starts(self.old_offsets)[self.order]
            if name.startswith("sample_time") and not (starts >= 0).any():
                continue
            source = column.all()
            with _Writer(self.folder / f"{name}.npy", dtype, int(self.offsets[-1])) as out:
                for r0, r1 in pieces(self.lengths):
                    out.gather(source, starts[r0:r1], self.lengths[r0:r1], fill)
            del source
            column.discard()

    def _write_parameter(self, number: int, key: str) -> dict[str, Any] | None:
        """Write values, flags and source flags of one parameter; return its entry."""
        column = self.built.parameters[key]
        starts = column.values.starts(self.old_offsets)[self.order]
        there = starts >= 0
        if not there.any():
            return None
        stem = f"p{number:04d}"
        text = column.labels is not None
        dtype = np.int32 if text else np.float32 if column.values.single else np.float64
        used = np.zeros(len(self.order), bool)
        counts = np.zeros(256, np.int64)
        total, low, high = 0, np.inf, -np.inf
        sampled: list[NDArray] = []
        dense = int(self.lengths[there].sum()) * 2 >= int(self.lengths.sum())
        kept = np.arange(len(self.order)) if dense else np.flatnonzero(there)
        size = self.lengths[kept]
        stride = max(1, int(size.sum()) // _SAMPLED)
        values, flags = column.values.all(), column.flags.all()
        flag_starts = column.flags.starts(self.old_offsets)[self.order][kept]
        with (
            _Writer(self.folder / f"{stem}.npy", dtype, int(size.sum())) as out,
            _Writer(self.folder / f"{stem}.flag.npy", np.uint8, int(size.sum())) as out_flags,
        ):
            for r0, r1 in pieces(size):
                run = slice(r0, r1)
                piece = out.gather(values, starts[kept][run], size[run], -1 if text else np.nan)
                flag = out_flags.gather(flags, flag_starts[run], size[run], MISSING)
                numbers = np.where(piece < 0, np.nan, 1.0) if text else piece
                some = np.zeros(r1 - r0, bool)
                n, a, b = column_statistics(numbers, flag, size[run], some, counts)
                used[kept[run]] = some
                total, low, high = total + n, min(low, a), max(high, b)
                if not text:
                    sampled.append(_good(numbers[::stride], flag[::stride]))
        if dense:
            counts[MISSING] -= int(self.lengths[~there].sum())
        else:
            write_npy(self.folder / f"{stem}.starts.npy", _compact(starts, self.lengths))
        write_npy(self.folder / f"{stem}.used.npy", np.packbits(used))
        if text and column.labels is not None:
            write_labels(self.folder, stem, column.labels.labels)
        del values, flags
        column.values.discard()
        column.flags.discard()
        scaled = self._write_source_flags(stem, column)
        entry = dict(self.built.merger.parameters[key])
        entry.update(
            stem=stem,
            dense=dense,
            source_flags=scaled,
            n_values=int(total),
            n_stations=int(used.sum()),
            flags={chr(c): int(counts[c]) for c in np.flatnonzero(counts)},
            range=(extent := _readable([low, high], dtype) if total and not text else []),
            quantiles=_quantiles(sampled) or extent,
        )
        return entry

    def _write_source_flags(self, stem: str, column: GrowingParameter) -> bool:
        """Write the flags of other scales where a file has them."""
        if column.source_flags is None:
            return False
        starts = column.source_flags.starts(self.old_offsets)[self.order]
        kept = np.flatnonzero(starts >= 0)
        if not kept.size:
            return False
        size = self.lengths[kept]
        source = column.source_flags.all()
        with _Writer(self.folder / f"{stem}.source.npy", np.uint8, int(size.sum())) as out:
            for r0, r1 in pieces(size):
                out.gather(source, starts[kept][r0:r1], size[r0:r1], MISSING)
        write_npy(self.folder / f"{stem}.source.starts.npy", _compact(starts, self.lengths))
        del source
        column.source_flags.discard()
        return True

    def _write_raw(self) -> None:
        """Write the texts of values that are no numbers, at their samples' new places."""
        if not self.built.raw:
            return
        place = np.full(self.built.n_stations, -1, np.int64)
        place[self.order] = np.arange(len(self.order))
        sample = np.array([s for s, _, _ in self.built.raw], np.int64)
        station = np.searchsorted(self.old_offsets, sample, "right") - 1
        row = place[station]
        moved = self.offsets[np.maximum(row, 0)] + sample - self.old_offsets[station]
        kept = np.flatnonzero(row >= 0)
        kept = kept[np.argsort(moved[kept], kind="stable")]
        write_npy(self.folder / "raw.npy", moved[kept])
        write_labels(self.folder, "raw_key", [self.built.raw[i][1] for i in kept])
        write_labels(self.folder, "raw_text", [self.built.raw[i][2] for i in kept])


class _Writer:
    """Writes one .npy of known length piece by piece."""

    def __init__(self, path: Path, dtype: DTypeLike, n: int) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._file = open(path, "wb", buffering=0)
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": self.dtype.str, "fortran_order": False, "shape": (n,)}
        )

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def gather(
        self, source: NDArray, starts: NDArray[np.int64], lengths: NDArray[np.int64], fill: float
    ) -> NDArray:
        """Collect runs of `source`, write them, and return them for statistics."""
        out = np.empty(int(lengths.sum()), self.dtype)
        gather(source, starts, lengths, np.array(fill).astype(self.dtype)[()], out)
        write_bytes(self._file, out)
        return out


def _cumulated(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _compact(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each station's samples begin once the absent ones are left out."""
    there = starts >= 0
    size = np.where(there, lengths, 0)
    return np.where(there, np.cumsum(size) - size, -1)


def _good(values: NDArray, flags: NDArray[np.uint8]) -> NDArray:
    """Keep values that are not flagged bad."""
    return values[np.isfinite(values) & (flags != ord("4")) & (flags != ord("3"))]


def _quantiles(sampled: list[NDArray]) -> list[float]:
    """Return the 2nd and 98th percentile of the values that are not flagged bad."""
    values = np.concatenate(sampled) if sampled else np.empty(0)
    return [float(q) for q in np.quantile(values, [0.02, 0.98])] if values.size else []


def _readable(numbers: list[float], dtype: DTypeLike) -> list[float]:
    """Tell single-precision numbers as the decimals they stand for."""
    if dtype is not np.float32:
        return [float(x) for x in numbers]
    return [float(x) for x in restore(np.array(numbers, np.float32))]


def _extent(values: NDArray) -> list[float]:
    return [float(values.min()), float(values.max())] if values.size else []


def _extent_of_time(time: NDArray) -> list[Any]:
    known = time[~np.isnat(time)]
    return [known.min(), known.max()] if known.size else []


def _write_blocks(folder: Path, lon: NDArray, lat: NDArray, time: NDArray) -> None:
    """Write the bounds of every `BLOCK` stations: positions (NaN: none known) and times."""
    first = np.arange(0, len(lon), BLOCK)
    box = np.full((len(first), 4), np.nan)
    span = np.full((len(first), 2), NO_TIME, np.int64)
    for i, start in enumerate(first):
        run = slice(start, start + BLOCK)
        known = np.isfinite(lon[run]) & np.isfinite(lat[run])
        if known.any():
            x, y = lon[run][known], lat[run][known]
            box[i] = x.min(), y.min(), x.max(), y.max()
        extent = _extent_of_time(time[run])
        if extent:
            span[i] = [t.astype(np.int64) for t in extent]
    write_npy(folder / "block_box.npy", box)
    write_npy(folder / "block_time.npy", span)


def sync_files(folder: Path) -> dict[str, int]:
    """Force all files of a folder to disk and return their sizes."""
    sizes = {}
    for path in sorted(folder.iterdir()):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        sizes[path.name] = path.stat().st_size
    return sizes
