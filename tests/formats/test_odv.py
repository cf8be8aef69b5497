"""The ODV reader on every shared file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sdcviz.formats import Doctor, Source, read
from sdcviz.formats.base import ReadOptions

FILES = [
    "odv/BlackSea_2profiles.txt",
    "odv/ODV_timeseries_chemical_data.txt",
    "odv/ODV_timeseries_contaminant_in_biota.txt",
    "odv/ODV_timeseries_contaminant_in_sediment.txt",
    "odv/ODV_timeseries_tidegauge.txt",
    "odv/ODV_trajectory_tsg_with_instrument.txt",
    "odv/ODV_vertical_profiles_ctd.txt",
    "odv/ODV_vertical_profiles_xbt_with_fall_rate_and_instruments.txt",
    "odv/octopus_diap.txt",
    "odv/octopus_ts_dateFormat.txt",
    "odv/sample_ODV.txt",
    "odv/sample_ODV2.txt",
    "odv/sample_ODV_aggregated.txt",
    "odv/time_series_small.txt",
    "odv_bio/BioODV_Demfish_monoCDI.txt",
    "odv_bio/BioODV_MacroB.txt",
    "odv_bio/BioODV_Zoop.txt",
]


def load(path: Path):
    """Read a file as one batch (the shared files are small) and its doctor."""
    source = Source.of(path)
    doctor = Doctor(source.name)
    (batch,) = read(source, doctor, ReadOptions())
    return batch, doctor


def test_the_list_of_files_is_complete(data):
    with (data / "MANIFEST.csv").open() as file:
        listed = {r["file"] for r in csv.DictReader(file) if r["format"].startswith("ODV ASCII")}
    assert listed == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_counts_are_those_of_the_manifest(data, name):
    with (data / "MANIFEST.csv").open() as file:
        row = next(r for r in csv.DictReader(file) if r["file"] == name)
    batch, doctor = load(data / name)
    assert (len(batch.stations), batch.n_samples) == (int(row["n_profiles"]), int(row["n_samples"]))
    assert doctor.rows == batch.n_samples + sum(doctor.left_out.values())


@pytest.mark.parametrize("name", FILES)
def test_missing_values_have_flag_9(data, name):
    batch, _ = load(data / name)
    for column in batch.columns:
        if column.parameter.kind == "number":
            assert (column.flags[np.isnan(column.values)] == ord("9")).all()
