"""Collect the batches of all files in columns that grow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sdcviz.formats.model import MISSING, Batch, Coded
from sdcviz.observations.parameters import Merger
from sdcviz.observations.spool import PIECE, SampleColumn, Scratch, TextColumn, pieces

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["NO_TIME", "STATION_ARRAYS", "STATION_TEXTS", "Builder", "GrowingParameter"]

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

NO_TIME = np.iinfo(np.int64).min


@dataclass
class GrowingParameter:
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
    """Collects batches until `sdcviz.observations.snapshot` writes them.

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
        self.arrays: dict[str, list[NDArray]] = {name: [] for name in STATION_ARRAYS}
        self.arrays["source"] = []
        self.arrays["length"] = []
        self.texts: dict[str, TextColumn] = {name: TextColumn() for name in STATION_TEXTS}
        self.parameters: dict[str, GrowingParameter] = {}
        self.raw: list[tuple[int, str, str]] = []
        self.dropped: list[tuple[int, int]] = []
        self.depth = SampleColumn(self.scratch, np.float64)
        self.depth_flag = SampleColumn(self.scratch, np.uint8)
        self.row = SampleColumn(self.scratch, np.int64)
        self.time: SampleColumn | None = None
        self.time_flag: SampleColumn | None = None
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
        self.dropped.append((self._file.first_station, self.n_stations))
        self.sources[-1]["dropped"] = True

    def add(self, batch: Batch) -> None:
        """Add stations of the file begun last."""
        assert self._file is not None, "begin a file first"
        stations, n, m = batch.stations, len(batch.stations), batch.n_samples
        here, first = self.n_stations, self.n_samples
        for name, dtype in STATION_ARRAYS.items():
            self.arrays[name].append(np.asarray(getattr(stations, name), dtype))
        self.arrays["source"].append(np.full(n, len(self.sources) - 1, np.int32))
        self.arrays["length"].append(np.diff(batch.offsets).astype(np.int64))
        for name in STATION_TEXTS:
            self.texts[name].append(getattr(stations, name), here)
        for name, coded in stations.extra.items():
            self._text(name).append(coded, here)

        place = (here, n, first)
        self.depth.append(batch.depth, *place)
        self.depth_flag.append(batch.depth_flag, *place)
        self.row.append(batch.row, *place)
        if batch.time is not None:
            self._add_times(batch, place)
        keys = self._add_columns(batch, place)
        self.raw.extend((first + i, keys[j], text) for i, j, text in batch.raw_text)
        self.n_stations += n
        self.n_samples += m
        self.scratch.flush_if_full()

    def _text(self, name: str) -> TextColumn:
        return self.texts.setdefault(name, TextColumn())

    def _add_times(self, batch: Batch, place: tuple[int, int, int]) -> None:
        if self.time is None or self.time_flag is None:
            self.time = SampleColumn(self.scratch, np.int64)
            self.time_flag = SampleColumn(self.scratch, np.uint8)
        time = np.asarray(batch.time, "datetime64[ms]").view(np.int64)
        flag = batch.time_flag
        if flag is None:
            flag = np.where(time == NO_TIME, MISSING, ord("0")).astype(np.uint8)
        self.time.append(time, *place)
        self.time_flag.append(flag, *place)

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

    def _column(self, key: str) -> GrowingParameter:
        found = self.parameters.get(key)
        if found is None:
            text = self.merger.parameters[key]["kind"] == "text"
            found = self.parameters[key] = GrowingParameter(
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
            self.arrays[name].append(np.array(array))
        self.arrays["source"].append(np.array(old.source))
        self.arrays["length"].append(np.diff(old.offsets))
        for name in old.text_names:
            self._text(name).append(old.text(name), 0)
        n = old.n_stations
        for r0, r1 in pieces(np.diff(old.offsets)):
            a, b = int(old.offsets[r0]), int(old.offsets[r1])
            place = (r0, r1 - r0, a)
            self.depth.append(old.depth[a:b], *place)
            self.depth_flag.append(old.depth_flag[a:b], *place)
            self.row.append(old.row[a:b], *place)
            if old.sample_time is not None and old.sample_time_flag is not None:
                if self.time is None or self.time_flag is None:
                    self.time = SampleColumn(self.scratch, np.int64)
                    self.time_flag = SampleColumn(self.scratch, np.uint8)
                self.time.append(old.sample_time[a:b].view(np.int64), *place)
                self.time_flag.append(old.sample_time_flag[a:b], *place)
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
                for p in range(0, array.size, PIECE):
                    column.append_piece(array[p : p + PIECE])
                    self.scratch.flush_if_full()
                column.place(0, np.asarray(starts))
        for sample, key, text in old.raw_text():
            self.raw.append((sample, key, text))
        self.n_stations, self.n_samples = n, old.n_samples
