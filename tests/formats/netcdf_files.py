"""Helpers of the NetCDF tests: read whole files, and a small independent ODV parser."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdcviz.formats.base import Format, ReadOptions
from sdcviz.formats.model import Batch, Doctor
from sdcviz.formats.sources import Source


@dataclass
class Whole:
    """All batches of a file, with arrays put together."""

    batches: list[Batch]
    doctor: Doctor

    @property
    def n_stations(self) -> int:
        return sum(len(b.stations) for b in self.batches)

    @property
    def n_samples(self) -> int:
        return sum(b.n_samples for b in self.batches)

    def station(self, name: str) -> np.ndarray:
        return np.concatenate([getattr(b.stations, name) for b in self.batches])

    def text(self, name: str) -> list[str]:
        return [t for b in self.batches for t in getattr(b.stations, name).texts()]

    def extra(self, label: str) -> list[str]:
        assert any(label in b.stations.extra for b in self.batches)
        return [
            text
            for b in self.batches
            for text in (
                b.stations.extra[label].texts()
                if label in b.stations.extra
                else [""] * len(b.stations)
            )
        ]

    def sample(self, name: str) -> np.ndarray:
        return np.concatenate([getattr(b, name) for b in self.batches])

    def counts(self) -> np.ndarray:
        return np.concatenate([np.diff(b.offsets) for b in self.batches])

    def _column(self, batch: Batch, name: str):
        return next(c for c in batch.columns if c.parameter.name == name)

    def parameter(self, name: str):
        return self._column(self.batches[0], name).parameter

    def values(self, name: str) -> np.ndarray:
        return np.concatenate([self._column(b, name).values for b in self.batches])

    def flags(self, name: str) -> str:
        return b"".join(self._column(b, name).flags.tobytes() for b in self.batches).decode()

    def source_flags(self, name: str) -> str:
        parts = [self._column(b, name).source_flags.tobytes() for b in self.batches]
        return b"".join(parts).decode()

    def notes(self) -> list[str]:
        return [o.what for o in self.doctor.oddities]


def read_whole(form: Format, path: Path, **options) -> Whole:
    """Read a file; check that it is recognised and every row accounted for."""
    source = Source.of(path)
    assert form.recognise(source.head, source)
    doctor = Doctor(source.name)
    whole = Whole(list(form.read(source, doctor, ReadOptions(**options))), doctor)
    assert doctor.rows == whole.n_samples + sum(doctor.left_out.values())
    return whole


def manifest(data: Path, file: str) -> tuple[int, int]:
    """Station and sample counts that the manifest gives."""
    with (data / "MANIFEST.csv").open(encoding="utf-8") as lines:
        row = next(r for r in csv.DictReader(lines) if r["file"] == file)
    return int(row["n_profiles"]), int(row["n_samples"])


@dataclass
class Odv:
    """An ODV text file as columns, parsed without our reader."""

    labels: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, path: Path) -> Odv:
        lines = path.read_text(encoding="latin-1").splitlines()
        lines = [line for line in lines if line.strip() and not line.startswith("//")]
        return cls(lines[0].split("\t"), [line.split("\t") for line in lines[1:]])

    def starts(self) -> list[int]:
        return [i for i, row in enumerate(self.rows) if row[0].strip()]

    def texts(self, start: str) -> list[str]:
        place = next(
            i for i, label in enumerate(self.labels) if label.lower().startswith(start.lower())
        )
        return [row[place].strip() for row in self.rows]

    def numbers(self, start: str) -> np.ndarray:
        return np.array([float(t) if t else np.nan for t in self.texts(start)])

    def flags(self, start: str) -> str:
        place = next(
            i for i, label in enumerate(self.labels) if label.lower().startswith(start.lower())
        )
        return "".join(row[place + 1].strip() or "0" for row in self.rows)

    def times(self, start: str = "YYYY") -> np.ndarray:
        texts = self.texts(start)
        return np.array([t or "NaT" for t in texts], "datetime64[ms]")
