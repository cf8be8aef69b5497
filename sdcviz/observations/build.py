"""Turn batches of all files into one snapshot: columns in Morton order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sdcviz.formats.model import MISSING, Batch, Coded
from sdcviz.observations.kernels import column_statistics, gather, morton, restore, station_extent
from sdcviz.observations.layout import BLOCK, write_bytes, write_labels, write_npy
from sdcviz.observations.parameters import Merger
from sdcviz.observations.spool import SampleColumn, Scratch, TextColumn

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["STATION_ARRAYS", "STATION_TEXTS", "Builder"]

STATION_ARRAYS: dict[str, DTypeLike] = {
    "lon": np.float64,
    "lat": np.float64,
    "time": "datetime64[ms]",
    "edmo": np.int32,
    "bottom_depth": np.float32,
    "position_flag": np.uint8,
    "time_flag": np.uint8,
    "feature": np.uint8,
    "index": np.int32,
}
STATION_TEXTS = ("cruise", "station", "type", "platform", "local_cdi_id")

_PIECE = 2_000_000
_SAMPLED = 1_000_000
_NO_TIME = np.iinfo(np.int64).min


@dataclass
class _Parameter:
    """The growing columns of one parameter of the collection."""

    values: SampleColumn
    flags: SampleColumn
    source_flags: SampleColumn | None = None
    labels: TextColumn | None = None


@dataclass
class _Open:
    """What the builder knows about the file that is being read."""

    first_station: int
    keys: dict[tuple[Any, int], str] = field(default_factory=dict)


class Builder:
    """Collects batches and writes the columns of a snapshot.

    Parameters
    ----------
    scratch : Path
        Existing folder for temporary columns, on the collection's disk.
    limit : int
        Bytes of samples kept in memory.
    """

    def __init__(self, scratch: Path, limit: int = 96_000_000) -> None:
        self.scratch = Scratch(scratch, limit)
        self.sources: list[dict[str, Any]] = []
        self.merger = Merger()
        self.n_stations = 0
        self.n_samples = 0
        self._arrays: dict[str, list[NDArray]] = {name: [] for name in STATION_ARRAYS}
        self._arrays["source"] = []
        self._arrays["length"] = []
        self._texts: dict[str, TextColumn] = {name: TextColumn() for name in STATION_TEXTS}
        self._parameters: dict[str, _Parameter] = {}
        self._raw: list[tuple[int, str, str]] = []
        self._dropped: list[tuple[int, int]] = []
        self._depth = SampleColumn(self.scratch, np.float64)
        self._depth_flag = SampleColumn(self.scratch, np.uint8)
        self._row = SampleColumn(self.scratch, np.int64)
        self._time: SampleColumn | None = None
        self._time_flag: SampleColumn | None = None
        self._file: _Open | None = None

    # ---- reading -------------------------------------------------------
    def begin(self, **about: Any) -> dict[str, Any]:
        """Start a file; `about` becomes its entry in the manifest."""
        self._file = _Open(self.n_stations)
        entry = {**about, "parameters": []}
        self.sources.append(entry)
        return entry

    def drop(self) -> None:
        """Forget the stations of the file begun last: it turned out unreadable."""
        assert self._file is not None, "no file was begun"
        self._dropped.append((self._file.first_station, self.n_stations))
        self.sources[-1]["dropped"] = True

    def add(self, batch: Batch) -> None:
        """Add stations of the file begun last."""
        assert self._file is not None, "begin a file first"
        stations, n, m = batch.stations, len(batch.stations), batch.n_samples
        here, first = self.n_stations, self.n_samples
        for name, dtype in STATION_ARRAYS.items():
            self._arrays[name].append(np.asarray(getattr(stations, name), dtype))
        self._arrays["source"].append(np.full(n, len(self.sources) - 1, np.int32))
        self._arrays["length"].append(np.diff(batch.offsets).astype(np.int64))
        for name in STATION_TEXTS:
            self._texts[name].append(getattr(stations, name), here)
        for name, coded in stations.extra.items():
            self._text(name).append(coded, here)

        place = (here, n, first)
        self._depth.append(batch.depth, *place)
        self._depth_flag.append(batch.depth_flag, *place)
        self._row.append(batch.row, *place)
        if batch.time is not None:
            self._add_times(batch, place)
        keys = self._add_columns(batch, place)
        self._raw.extend((first + i, keys[j], text) for i, j, text in batch.raw_text)
        self.n_stations += n
        self.n_samples += m
        self.scratch.flush_if_full()

    def _text(self, name: str) -> TextColumn:
        return self._texts.setdefault(name, TextColumn())

    def _add_times(self, batch: Batch, place: tuple[int, int, int]) -> None:
        if self._time is None or self._time_flag is None:
            self._time = SampleColumn(self.scratch, np.int64)
            self._time_flag = SampleColumn(self.scratch, np.uint8)
        time = np.asarray(batch.time, "datetime64[ms]").view(np.int64)
        flag = batch.time_flag
        if flag is None:
            flag = np.where(time == _NO_TIME, MISSING, ord("0")).astype(np.uint8)
        self._time.append(time, *place)
        self._time_flag.append(flag, *place)

    def _add_columns(self, batch: Batch, place: tuple[int, int, int]) -> list[str]:
        """Append the columns of a batch; return the key of each."""
        assert self._file is not None
        known, keys = self._file.keys, []
        times: Counter[Any] = Counter()
        for column in batch.columns:
            p = column.parameter
            times[p] += 1
            key = known.get((p, times[p]))
            if key is None:
                key = self.merger.key(p, set(known.values()))
                known[p, times[p]] = key
                self.sources[-1]["parameters"].append(
                    {
                        "key": key,
                        "name": p.name,
                        "unit": p.unit,
                        "p01": p.p01,
                        "p06": p.p06,
                        "standard_name": p.standard_name,
                        "instrument": p.instrument,
                        "kind": p.kind,
                        "scale": column.scale,
                    }
                )
            keys.append(key)
            target = self._column(key)
            if isinstance(column.values, Coded):
                assert target.labels is not None, "a text parameter has labels"
                target.values.append(target.labels.codes_of(column.values), *place)
            else:
                target.values.append(column.values, *place)
            target.flags.append(column.flags, *place)
            if column.source_flags is not None:
                if target.source_flags is None:
                    target.source_flags = SampleColumn(self.scratch, np.uint8)
                target.source_flags.append(column.source_flags, *place)
        return keys

    def _column(self, key: str) -> _Parameter:
        found = self._parameters.get(key)
        if found is None:
            text = self.merger.parameters[key]["kind"] == "text"
            found = self._parameters[key] = _Parameter(
                values=SampleColumn(self.scratch, np.int32 if text else np.float64),
                flags=SampleColumn(self.scratch, np.uint8),
                labels=TextColumn() if text else None,
            )
        return found

    # ---- an older snapshot ---------------------------------------------
    def add_collection(self, old: Collection) -> None:
        """Take over everything of an older snapshot, identities included."""
        self.sources.extend(old.manifest["sources"])
        self.merger = Merger(old.manifest["parameters"])
        for name in STATION_ARRAYS:
            array = old.station_index if name == "index" else getattr(old, name)
            self._arrays[name].append(np.array(array))
        self._arrays["source"].append(np.array(old.source))
        self._arrays["length"].append(np.diff(old.offsets))
        for name in old.text_names:
            self._text(name).append(old.text(name), 0)
        n = old.n_stations
        for r0, r1 in _pieces(np.diff(old.offsets)):
            a, b = int(old.offsets[r0]), int(old.offsets[r1])
            place = (r0, r1 - r0, a)
            self._depth.append(old.depth[a:b], *place)
            self._depth_flag.append(old.depth_flag[a:b], *place)
            self._row.append(old.row[a:b], *place)
            if old.sample_time is not None and old.sample_time_flag is not None:
                if self._time is None or self._time_flag is None:
                    self._time = SampleColumn(self.scratch, np.int64)
                    self._time_flag = SampleColumn(self.scratch, np.uint8)
                self._time.append(old.sample_time[a:b].view(np.int64), *place)
                self._time_flag.append(old.sample_time_flag[a:b], *place)
            self.scratch.flush_if_full()
        for key in old.keys:
            target = self._column(key)
            if target.labels is not None:
                target.labels.codes_of(Coded(np.empty(0, np.int32), list(old.labels(key))))
            for what in ("values", "flags", "source_flags"):
                stored = old.stored(key, what)
                if stored is None:
                    continue
                if what == "source_flags":
                    target.source_flags = SampleColumn(self.scratch, np.uint8)
                column: SampleColumn = getattr(target, what)
                array, starts = stored
                if column.dtype == np.float64 and array.dtype == np.float64:
                    column.single = False  # as it was found before
                for p in range(0, array.size, _PIECE):
                    column.append_piece(array[p : p + _PIECE])
                    self.scratch.flush_if_full()
                column.place(0, np.asarray(starts))
        for sample, key, text in old.raw_text():
            self._raw.append((sample, key, text))
        self.n_stations, self.n_samples = n, old.n_samples

    # ---- writing -------------------------------------------------------
    def write(self, folder: Path) -> dict[str, Any]:
        """Write all columns to an empty folder; return what the manifest tells of them.

        Parameters
        ----------
        folder : Path
            Exists and is empty.

        Returns
        -------
        dict
            ``stations``, ``samples``, ``parameters``, ``texts``, ``time``,
            ``lon``, ``lat``, ``depth``.
        """
        order = self._order()
        lengths = self._take("length", order)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        facts = self._write_stations(folder, order, offsets)
        self._old_offsets = np.concatenate(
            [[0], np.cumsum(np.concatenate([*self._arrays["length"], np.empty(0, np.int64)]))]
        ).astype(np.int64)
        self._write_depth(folder, order, lengths, offsets, facts)
        facts["parameters"] = [
            entry
            for number, key in enumerate(self._parameters)
            if (entry := self._write_parameter(folder, number, key, order, lengths)) is not None
        ]
        self._write_raw(folder, order, offsets)
        facts["stations"], facts["samples"] = len(order), int(offsets[-1])
        return facts

    def _take(self, name: str, order: NDArray[np.int64]) -> NDArray:
        parts = self._arrays[name]
        dtype = STATION_ARRAYS.get(name, np.int32 if name == "source" else np.int64)
        return (np.concatenate(parts) if parts else np.empty(0, dtype))[order]

    def _order(self) -> NDArray[np.int64]:
        """Morton order of the position, then time; dropped stations are left out."""
        everything = np.arange(self.n_stations)
        lon, lat = self._take("lon", everything), self._take("lat", everything)
        time = self._take("time", everything).view(np.int64)
        order = np.lexsort((time, morton(lon, lat)))
        if self._dropped:
            keep = np.ones(self.n_stations, bool)
            for first, last in self._dropped:
                keep[first:last] = False
            order = order[keep[order]]
        return order

    def _write_stations(
        self, folder: Path, order: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> dict[str, Any]:
        columns = {name: self._take(name, order) for name in STATION_ARRAYS}
        for name, array in columns.items():
            write_npy(folder / f"{name}.npy", array)
        kept = np.array([not s.get("dropped") for s in self.sources], bool)
        number = np.cumsum(kept, dtype=np.int32) - np.int32(1)
        write_npy(folder / "source.npy", number[self._take("source", order)])
        self.sources = [s for s in self.sources if not s.get("dropped")]
        write_npy(folder / "offsets.npy", offsets)
        texts = {}
        for i, (name, text) in enumerate(self._texts.items()):
            codes = text.all(self.n_stations)[order]
            if name not in STATION_TEXTS and not (codes >= 0).any():
                continue
            texts[name] = f"text{i:03d}"
            write_npy(folder / f"{texts[name]}.npy", codes)
            write_labels(folder, texts[name], text.labels)
        lon, lat, time = columns["lon"], columns["lat"], columns["time"]
        _write_blocks(folder, lon, lat, time)
        return {
            "texts": texts,
            "lon": _extent(lon[np.isfinite(lon)]),
            "lat": _extent(lat[np.isfinite(lat)]),
            "time": [str(t) for t in _extent_of_time(time)],
        }

    def _write_depth(
        self,
        folder: Path,
        order: NDArray[np.int64],
        lengths: NDArray[np.int64],
        offsets: NDArray[np.int64],
        facts: dict[str, Any],
    ) -> None:
        """Write depth, depth flag, row and time of the samples, and each station's extent."""
        starts = self._depth.starts(self._old_offsets)[order]
        single = np.float32 if self._depth.single else np.float64
        low = np.full(len(order), np.nan, np.float32)
        high = low.copy()
        source = self._depth.all()
        with _Writer(folder / "depth.npy", single, int(offsets[-1])) as out:
            for r0, r1 in _pieces(lengths):
                piece = out.gather(source, starts[r0:r1], lengths[r0:r1], np.nan)
                station_extent(piece, offsets[r0 : r1 + 1] - offsets[r0], low[r0:r1], high[r0:r1])
        write_npy(folder / "depth_min.npy", low)
        write_npy(folder / "depth_max.npy", high)
        known = np.isfinite(low)
        facts["depth"] = (
            _readable([low[known].min(), high[known].max()], np.float32) if known.any() else []
        )
        del source
        self._depth.discard()
        row = self._row.all()
        narrow = np.int32 if row.size == 0 or row.max() < 2**31 else np.int64
        plain: list[tuple[str, SampleColumn | None, Any, int]] = [
            ("depth_flag", self._depth_flag, np.uint8, MISSING),
            ("row", self._row, narrow, -1),
            ("sample_time", self._time, np.int64, _NO_TIME),
            ("sample_time_flag", self._time_flag, np.uint8, MISSING),
        ]
        del row
        for name, column, dtype, fill in plain:
            if column is None:
                continue
            starts = column.starts(self._old_offsets)[order]
            if name.startswith("sample_time") and not (starts >= 0).any():
                continue
            source = column.all()
            with _Writer(folder / f"{name}.npy", dtype, int(offsets[-1])) as out:
                for r0, r1 in _pieces(lengths):
                    out.gather(source, starts[r0:r1], lengths[r0:r1], fill)
            del source
            column.discard()

    def _write_parameter(
        self,
        folder: Path,
        number: int,
        key: str,
        order: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ) -> dict[str, Any] | None:
        """Write values, flags and source flags of one parameter; return its entry."""
        column = self._parameters[key]
        starts = column.values.starts(self._old_offsets)[order]
        there = starts >= 0
        if not there.any():
            return None
        stem = f"p{number:04d}"
        text = column.labels is not None
        dtype = np.int32 if text else np.float32 if column.values.single else np.float64
        used = np.zeros(len(order), bool)
        counts = np.zeros(256, np.int64)
        total, low, high = 0, np.inf, -np.inf
        sampled: list[NDArray] = []
        dense = int(lengths[there].sum()) * 2 >= int(lengths.sum())
        kept = np.arange(len(order)) if dense else np.flatnonzero(there)
        size = lengths[kept]
        stride = max(1, int(size.sum()) // _SAMPLED)
        values, flags = column.values.all(), column.flags.all()
        flag_starts = column.flags.starts(self._old_offsets)[order][kept]
        with (
            _Writer(folder / f"{stem}.npy", dtype, int(size.sum())) as out,
            _Writer(folder / f"{stem}.flag.npy", np.uint8, int(size.sum())) as out_flags,
        ):
            for r0, r1 in _pieces(size):
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
            counts[MISSING] -= int(lengths[~there].sum())
        else:
            write_npy(folder / f"{stem}.starts.npy", _compact(starts, lengths))
        write_npy(folder / f"{stem}.used.npy", np.packbits(used))
        if text and column.labels is not None:
            write_labels(folder, stem, column.labels.labels)
        del values, flags
        column.values.discard()
        column.flags.discard()
        scaled = self._write_source_flags(folder, stem, column, order, lengths)
        entry = dict(self.merger.parameters[key])
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

    def _write_source_flags(
        self,
        folder: Path,
        stem: str,
        column: _Parameter,
        order: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ) -> bool:
        """Write the flags of other scales where a file has them."""
        if column.source_flags is None:
            return False
        starts = column.source_flags.starts(self._old_offsets)[order]
        kept = np.flatnonzero(starts >= 0)
        if not kept.size:
            return False
        size = lengths[kept]
        source = column.source_flags.all()
        with _Writer(folder / f"{stem}.source.npy", np.uint8, int(size.sum())) as out:
            for r0, r1 in _pieces(size):
                out.gather(source, starts[kept][r0:r1], size[r0:r1], MISSING)
        write_npy(folder / f"{stem}.source.starts.npy", _compact(starts, lengths))
        del source
        column.source_flags.discard()
        return True

    def _write_raw(
        self, folder: Path, order: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> None:
        """Write the texts of values that are no numbers, at their samples' new places."""
        if not self._raw:
            return
        place = np.full(self.n_stations, -1, np.int64)
        place[order] = np.arange(len(order))
        sample = np.array([s for s, _, _ in self._raw], np.int64)
        station = np.searchsorted(self._old_offsets, sample, "right") - 1
        row = place[station]
        moved = offsets[np.maximum(row, 0)] + sample - self._old_offsets[station]
        kept = np.flatnonzero(row >= 0)
        kept = kept[np.argsort(moved[kept], kind="stable")]
        write_npy(folder / "raw.npy", moved[kept])
        write_labels(folder, "raw_key", [self._raw[i][1] for i in kept])
        write_labels(folder, "raw_text", [self._raw[i][2] for i in kept])


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


def _pieces(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut stations into runs of about `_PIECE` samples."""
    ends = np.cumsum(lengths)
    r0 = 0
    while r0 < len(lengths):
        done = int(ends[r0 - 1]) if r0 else 0
        r1 = max(r0 + 1, int(np.searchsorted(ends, done + _PIECE, "right")))
        yield r0, r1
        r0 = r1


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
    span = np.full((len(first), 2), _NO_TIME, np.int64)
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
