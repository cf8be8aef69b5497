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
    assert back.format.name == "delimited"
    assert back.n_stations == whole.n_stations and back.n_samples == whole.n_samples
    ours, theirs = whole.only, back.only
    for part in ("lon", "lat", "time", "position_flag", "time_flag", "bottom_depth", "feature"):
        np.testing.assert_array_equal(
            getattr(ours.stations, part), getattr(theirs.stations, part), err_msg=part
        )
    np.testing.assert_array_equal(ours.offsets, theirs.offsets)
    np.testing.assert_array_equal(ours.depth, theirs.depth)
    np.testing.assert_array_equal(ours.depth_flag, theirs.depth_flag)
    if ours.time is not None:
        np.testing.assert_array_equal(ours.time, theirs.time)
    for column, twin in zip(ours.columns, theirs.columns, strict=True):
        np.testing.assert_array_equal(twin.flags, column.flags)
        assert twin.parameter.kind == column.parameter.kind
        if isinstance(column.values, Coded):
            assert twin.values.texts() == [" ".join(t.splitlines()) for t in column.values.texts()]
        else:
            values = np.asarray(twin.values).astype(column.values.dtype)
            np.testing.assert_array_equal(values, column.values)
            assert twin.parameter.unit == column.parameter.unit


def test_csv_keeps_apart_what_looks_alike(tmp_path):
    """Neighbours that differ in nothing, stations without samples, texts that begin empty."""
    first, empty, again = one_station(), one_station(n=0), one_station()
    for i, batch in enumerate((first, empty, again)):
        batch.stations.index[:] = i
        flags = np.full(batch.n_samples, ord("1"), np.uint8)
        texts = ["", "'=x", "7"][: batch.n_samples][::-1]
        batch.columns.append(Column(Parameter("Taxon", kind="text"), Coded.of(texts), flags))
    csv_write.write(tmp_path / "a.csv", [first, empty, again], WriteContext())
    back = read_file(tmp_path / "a.csv")
    assert np.diff(back.only.offsets).tolist() == [2, 0, 2]
    assert back.doctor.left_out == {"a station without samples": 1}
    assert back.doctor.rows == 5
    taxon = back.only.columns[-1]
    assert (taxon.parameter.name, taxon.parameter.kind) == ("Taxon", "text")
    assert taxon.values.texts() == ["'=x", "", "'=x", ""]


def test_own_csv_that_people_changed(tmp_path):
    path = tmp_path / "a.csv"
    second = one_station()
    second.stations.index[:] = 1
    csv_write.write(path, [one_station(), second], WriteContext())
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    with pytest.raises(UnreadableFile, match="the station_index goes back in line 4; sort"):
        read_file(path)
    path.write_text("\n".join([*lines, lines[-1].removeprefix("1")]))
    with pytest.raises(UnreadableFile, match="line 6 has no number in the column station_index"):
        read_file(path)
    path.write_text("\n".join(lines).replace("1.1", "bad"))
    back = read_file(path)
    assert [text for _, _, text in back.only.raw_text] == ["bad", "bad"]
    assert np.isnan(back.only.columns[0].values[1])


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
    assert first[2] == "'" + evil and "'=cmd [degC]" in header and "'+x flag" in header
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
    assert (tmp_path / "a.csv").read_text().startswith("station_index,cruise,station,station_type,")

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
