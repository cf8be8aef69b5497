"""Parquet and tidy CSV: what is written is read back the same."""

import csv
from dataclasses import fields, replace

import numpy as np
import pytest
from whole import read_file

from sdcviz.errors import UnreadableFile
from sdcviz.formats import (
    Batch,
    Coded,
    Column,
    Parameter,
    Stations,
    WriteContext,
    csv_write,
    format_named,
    parquet,
)
from sdcviz.formats.csv_write import safe_text

REAL = [
    "odv/ODV_vertical_profiles_ctd.txt",
    "odv/BlackSea_2profiles.txt",
    "odv/ODV_timeseries_tidegauge.txt",
    "odv_bio/BioODV_Demfish_monoCDI.txt",
    "wod/wod_quota_subset.dat",
    "medatlas/octopus_diap.med",
    "tabular/turtles.dat",
    "ctd_raw/MI18MHDR.btl",
    "darwin_core",
]


def plain(values):
    return values.texts() if isinstance(values, Coded) else values


def same_batch(ours, theirs):
    for field in fields(Stations):
        if field.name != "extra":
            a, b = (plain(getattr(x.stations, field.name)) for x in (ours, theirs))
            np.testing.assert_array_equal(a, b, err_msg=field.name)
    for label, texts in ours.stations.extra.items():
        assert theirs.stations.extra[label].texts() == texts.texts()
    for name in ("offsets", "depth", "depth_flag", "row", "time", "time_flag"):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert (a is None) == (b is None), name
        if a is not None:
            np.testing.assert_array_equal(a, b, err_msg=name)
    assert [c.parameter for c in ours.columns] == [c.parameter for c in theirs.columns]
    for a, b in zip(ours.columns, theirs.columns, strict=True):
        np.testing.assert_array_equal(plain(a.values), plain(b.values))
        np.testing.assert_array_equal(a.flags, b.flags)
        assert a.scale == b.scale
        if a.source_flags is not None:
            np.testing.assert_array_equal(a.source_flags, b.source_flags)
    assert sorted(ours.raw_text) == sorted(theirs.raw_text)


@pytest.mark.parametrize("name", REAL)
def test_parquet_round_trip(data, tmp_path, name):
    whole = read_file(data / name)
    path = tmp_path / "a.parquet"
    parquet.write(path, whole.batches, WriteContext(title="t"))
    back = read_file(path)
    assert back.format.name == "parquet"
    for ours, theirs in zip(whole.batches, back.batches, strict=True):
        same_batch(ours, theirs)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", REAL)
def test_csv_round_trip(data, tmp_path, name):
    whole = read_file(data / name)
    path = tmp_path / "a.csv"
    csv_write.write(path, whole.batches, WriteContext())
    back = read_file(path)
    assert back.format.name == "delimited" and back.n_samples >= whole.n_samples
    if name in ("darwin_core", "odv_bio/BioODV_Demfish_monoCDI.txt"):
        return  # stations without samples are a row there, and taxa share their depth
    ours, theirs = whole.only, back.only
    assert back.n_stations == whole.n_stations and back.n_samples == whole.n_samples
    for part in ("lon", "lat", "time", "position_flag", "time_flag", "bottom_depth"):
        np.testing.assert_array_equal(
            getattr(ours.stations, part), getattr(theirs.stations, part), err_msg=part
        )
    np.testing.assert_array_equal(ours.depth, theirs.depth)
    np.testing.assert_array_equal(ours.depth_flag, theirs.depth_flag)
    found = {c.parameter.name: c for c in theirs.columns}
    for column in ours.columns:
        if column.parameter.name in found and column.parameter.kind == "number":
            twin = found[column.parameter.name]
            values = np.asarray(twin.values).astype(column.values.dtype)
            np.testing.assert_array_equal(values, column.values)
            np.testing.assert_array_equal(twin.flags, column.flags)
            assert twin.parameter.unit == column.parameter.unit


def one_station(station="1", parameters=("TEMP",), n=2):
    stations = replace(Stations.blank(1), station=Coded.of([station]))
    stations.lon[:], stations.lat[:] = 5.0, 43.0
    flags = np.full(n, ord("1"), np.uint8)
    columns = [
        Column(Parameter(p, "degC"), np.arange(n, dtype=np.float32) + 0.1, flags)
        for p in parameters
    ]
    return Batch(
        stations, np.array([0, n]), columns, np.arange(n, dtype=float), flags, np.arange(n)
    )


def test_batches_with_other_parameters_share_a_table(tmp_path):
    second = one_station("2", ("PSAL", "TEMP", "TEMP"))
    second.stations.index[:] = 1
    batches = [one_station(), second, one_station("3", n=0)]
    batches[2].stations.index[:] = 2
    path = tmp_path / "a.parquet"
    parquet.write(path, batches, WriteContext())
    back = read_file(path)
    assert [[c.parameter.name for c in b.columns] for b in back.batches[:2]] == [
        ["TEMP"],
        ["TEMP", "PSAL", "TEMP"],
    ]
    assert back.n_stations == 3 and back.n_samples == 4
    csv_write.write(tmp_path / "a.csv", batches, WriteContext(labels={"PSAL": "Salinity"}))
    header = (tmp_path / "a.csv").read_text().splitlines()[0]
    assert "Salinity [degC],Salinity flag" in header and "TEMP (2)" in header
    assert ",0.1," in (tmp_path / "a.csv").read_text()  # the shortest text of a float32


def test_no_text_becomes_a_formula(tmp_path):
    path = tmp_path / "a.csv"
    evil = '=HYPERLINK("http://x","y")'
    csv_write.write(path, [one_station(evil, ("=cmd", "+x"))], WriteContext())
    header, first, *_ = csv.reader(path.open(newline=""))
    assert first[1] == "'" + evil and "'=cmd [degC]" in header and "'+x flag" in header
    assert all(not cell.startswith(("=", "+", "@")) for cell in [*header, *first])
    assert [safe_text(t) for t in ("-5", "+1.5e3", "-x", "@a", "a-b", "")] == [
        "-5", "+1.5e3", "'-x", "'@a", "a-b", "",
    ]  # fmt: skip


def test_the_formats_that_export_uses_can_write():
    assert format_named("delimited").write is csv_write.write
    assert format_named("parquet").suffix == ".parquet"


def test_an_empty_selection_and_a_failed_one(tmp_path):
    parquet.write(tmp_path / "a.parquet", [], WriteContext())
    csv_write.write(tmp_path / "a.csv", [], WriteContext())
    assert read_file(tmp_path / "a.parquet").n_stations == 0
    assert (tmp_path / "a.csv").read_text().startswith("cruise,station,station_type,")

    def broken():
        yield one_station()
        raise RuntimeError("disk")

    for write in (parquet.write, csv_write.write):
        with pytest.raises(RuntimeError):
            write(tmp_path / "b", broken(), WriteContext())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.parquet"]


def test_parquet_that_cannot_be_read(data, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(UnreadableFile) as error:
        read_file(path)
    assert str(error.value) == (
        "a.parquet: this is a Parquet file that sdcviz did not write; export it as CSV."
    )
    parquet.write(path, [one_station()], WriteContext())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableFile, match=r"a\.parquet: a damaged or cut short Parquet file"):
        read_file(path)
    table = pa.table({"a": [1]}).replace_schema_metadata({"sdcviz": '{"version": 99}'})
    pq.write_table(table, path)
    with pytest.raises(UnreadableFile, match="written by a newer version of sdcviz"):
        read_file(path)
