"""A whole file at once, for the tests of the readers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdcviz.formats import (
    Batch,
    Coded,
    Doctor,
    Format,
    Problem,
    ReadOptions,
    Source,
    find_sources,
    recognise,
)
from sdcviz.formats.model import MISSING


@dataclass
class Whole:
    format: Format
    batches: list[Batch]
    doctor: Doctor

    @property
    def n_stations(self) -> int:
        return sum(len(b.stations) for b in self.batches)

    @property
    def n_samples(self) -> int:
        return sum(b.n_samples for b in self.batches)

    @property
    def only(self) -> Batch:
        (batch,) = self.batches
        return batch

    def values(self, name: str):
        (column,) = [c for c in self.only.columns if c.parameter.name == name]
        return column.values

    def column(self, name: str):
        (column,) = [c for c in self.only.columns if c.parameter.name == name]
        return column

    def notes(self) -> str:
        return "\n".join(f"{o.where}: {o.what} -> {o.consequence}" for o in self.doctor.oddities)


def read_source(source: Source, options: ReadOptions | None = None) -> Whole:
    """Read one source and check what every reader owes."""
    doctor = Doctor(source.name)
    form = recognise(source)
    batches = list(form.read(source, doctor, options or ReadOptions()))
    whole = Whole(form, batches, doctor)
    assert doctor.rows == whole.n_samples + sum(doctor.left_out.values())
    first = 0
    for batch in batches:
        m = batch.n_samples
        assert len(batch.depth) == len(batch.depth_flag) == len(batch.row) == m
        np.testing.assert_array_equal(
            batch.stations.index, np.arange(first, first + len(batch.stations))
        )
        first += len(batch.stations)
        assert len(batch.offsets) == len(batch.stations) + 1
        for column in batch.columns:
            assert len(column.values) == len(column.flags) == m
            missing = (
                column.values.codes < 0
                if isinstance(column.values, Coded)
                else np.isnan(column.values)
            )
            assert (column.flags[missing] == MISSING).all(), column.parameter
        for sample, column, text in batch.raw_text:
            assert text and np.isnan(batch.columns[column].values[sample])
    return whole


def read_file(path: Path, options: ReadOptions | None = None) -> Whole:
    """Read the one source that a path leads to."""
    with find_sources([path]) as sources:
        (source,) = list(sources)
        assert isinstance(source, Source), source
        return read_source(source, options)


def problems(*paths: Path) -> list[str]:
    """Give the sentences that paths lead to."""
    with find_sources(paths) as sources:
        return [item.reason for item in sources if isinstance(item, Problem)]
