"""Helpers of the ODV tests: read text or files, compare batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sdcviz.formats import Batch, Coded, Doctor, Source, read
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
"""Every shared ODV spreadsheet."""

LABELS = [
    "Cruise",
    "Station",
    "Type",
    "yyyy-mm-ddThh:mm:ss.sss",
    "Longitude [degrees_east]",
    "Latitude [degrees_north]",
    "LOCAL_CDI_ID",
    "EDMO_code",
    "Bot. Depth [m]",
]
"""Station columns of a SeaDataNet spreadsheet."""

META = ["C1", "S1", "C", "2001-02-03T04:05:06.000", "5.5", "42.25", "CDI_1", "486", "100.0"]
"""A station for `LABELS`."""


def load(path: Path) -> tuple[Batch, Doctor]:
    """Read a small file: one batch, and the doctor's notes."""
    source = Source.of(path)
    doctor = Doctor(source.name)
    (batch,) = read(source, doctor, ReadOptions())
    return batch, doctor


def table(*rows: list[str], values: list[str], head: str = "", sep: str = "\t") -> str:
    """Write a spreadsheet: comments, `LABELS` and value labels, rows."""
    lines = [sep.join([*LABELS, *values]), *(sep.join(row) for row in rows)]
    return head + "\r\n".join(lines) + "\r\n"


def blank(*cells: str) -> list[str]:
    """Make a further row of a station: no metadata."""
    return [""] * len(LABELS) + list(cells)


def notes(doctor: Doctor) -> str:
    """All notes as one text."""
    return "\n".join(f"{o.where}|{o.what}|{o.consequence}|{o.count}" for o in doctor.oddities)


def same_texts(a: Coded, b: Coded) -> bool:
    return a.texts() == b.texts()


def assert_same(a: Batch, b: Batch) -> None:
    """Compare stations, times, depths, values, flags and metadata."""
    for name in ("lon", "lat", "time", "edmo", "bottom_depth", "position_flag", "time_flag",
                 "feature", "index"):  # fmt: skip
        np.testing.assert_array_equal(getattr(a.stations, name), getattr(b.stations, name), name)
    for name in ("cruise", "station", "type", "platform", "local_cdi_id"):
        assert getattr(a.stations, name).texts() == getattr(b.stations, name).texts(), name
    for label, texts in a.stations.extra.items():
        assert texts.texts() == b.stations.extra[label].texts(), label
    np.testing.assert_array_equal(a.offsets, b.offsets)
    np.testing.assert_array_equal(a.depth, b.depth)
    np.testing.assert_array_equal(a.depth_flag, b.depth_flag)
    assert (a.time is None) == (b.time is None)
    if a.time is not None:
        np.testing.assert_array_equal(a.time, b.time)
        np.testing.assert_array_equal(a.time_flag, b.time_flag)
    assert [c.parameter for c in a.columns] == [c.parameter for c in b.columns]
    for one, other in zip(a.columns, b.columns, strict=True):
        if isinstance(one.values, Coded):
            assert one.values.texts() == other.values.texts()
        else:
            np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.flags, other.flags)
