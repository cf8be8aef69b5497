"""The ODV reader on every shared file."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from odv_files import FILES, load, notes

from sdcviz.errors import UnreadableFile
from sdcviz.formats import Doctor, Source, format_named
from sdcviz.formats.base import ReadOptions
from sdcviz.formats.odv import read, recognise


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


# ------------------------------------------------------------ values by hand
def test_a_ctd_cast(data):
    batch, doctor = load(data / "odv/ODV_vertical_profiles_ctd.txt")
    stations = batch.stations
    assert stations.cruise.texts()[0] == "OVIDE 3"
    assert str(stations.time[0]) == "2006-05-24T14:28:00.000"
    assert (stations.lon[0], stations.lat[0], stations.bottom_depth[0]) == (-10.7, 38.433333, 4915)
    assert stations.local_cdi_id.texts()[0] == "FI35200653001_00001_H10"
    assert stations.edmo.tolist() == [486] * 10
    assert stations.extra["CDI link"].texts()[0].endswith("identifier=FI35200653001_00001_H10")
    assert [c.parameter.p01 for c in batch.columns] == [
        "PRESPR01", "TEMPPR01", "PSLTZZ01", "DOXMZZXX",
    ]  # fmt: skip
    assert [c.values[0] for c in batch.columns] == [1, 16.512, 36.198, 233.5]
    assert [c.values[-1] for c in batch.columns] == [3953, 2.461, 34.908, 242.5]
    assert batch.row[0] == 22
    assert batch.stations.feature.tolist() == [0] * 10
    assert not doctor.oddities


def test_a_tide_gauge(data):
    batch, _ = load(data / "odv/ODV_timeseries_tidegauge.txt")
    assert str(batch.time[1]) == "1998-07-21T09:40:00.000"
    assert str(batch.time[-1]) == "1998-09-19T11:10:00.000"
    assert batch.depth[0] == 16.5 and batch.stations.feature[0] == 1
    level = batch.columns[0]
    assert (level.parameter.p01, level.values[1], level.values[-1]) == ("ASLVZZ01", 0.618, 0.662)


def test_a_trajectory(data):
    batch, _ = load(data / "odv/ODV_trajectory_tsg_with_instrument.txt")
    assert (batch.stations.feature == 2).all()
    assert batch.columns[0].parameter.instrument == "TOOL0667"
    assert batch.stations.lon[-1] == 7.753460
    assert str(batch.stations.time[-1]) == "2000-08-11T16:06:48.000"


def test_an_aggregated_time_series(data):
    batch, _ = load(data / "odv/time_series_small.txt")
    oxygen = batch.columns[0]
    assert oxygen.parameter.name == "Water body dissolved oxygen concentration"
    assert (oxygen.parameter.unit, oxygen.parameter.p06) == ("umol/l", "UPOX")
    assert oxygen.values[0] == 193.39062 and oxygen.values[-1] == 211.79608
    assert str(batch.time[0]) == "2009-10-23T15:56:00.000"
    assert batch.depth[[0, -1]].tolist() == [856, 718]
    assert batch.stations.bottom_depth.tolist() == [891, 753]


def test_biology(data):
    batch, _ = load(data / "odv_bio/BioODV_MacroB.txt")
    by_name = {c.parameter.name: c for c in batch.columns}
    assert by_name["ScientificName"].values.texts()[0] == "Modiolus modiolus"
    assert by_name["ScientificName"].parameter.kind == "text"
    assert by_name["ObservedIndividualCount"].values.tolist()[:3] == [5, 9, 3]
    assert by_name["AFDWBiomass"].parameter.instrument == "TOOL0653"
    assert batch.depth[0] == 21.5


def test_the_ship_of_a_reference(data):
    batch, _ = load(data / "odv_bio/BioODV_Zoop.txt")
    assert batch.stations.platform.texts() == ["11SS", "11SS"]
    assert "Midas_cruiseID1302" in batch.stations.extra["CSR link"].texts()[0]


# ---------------------------------------------------------------- recognition
@pytest.mark.parametrize("name", FILES)
def test_recognised_by_content(data, name):
    source = Source.of(data / name, name="renamed.csv")
    assert recognise(source.head, source)


def refused(tmp_path, content: bytes) -> str:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as error:
        list(read(Source.of(path), Doctor("bad.txt"), ReadOptions()))
    return str(error.value)


def test_a_web_page(tmp_path):
    page = b"<!DOCTYPE html>\n<html><body>Sign in</body></html>"
    assert refused(tmp_path, page) == (
        "bad.txt: this is a web page, not data; download the file itself."
    )
    assert not recognise(page, None)


def test_a_file_without_labels(tmp_path, data):
    lines = (data / "odv/octopus_diap.txt").read_bytes().splitlines()
    text = refused(tmp_path, b"\r\n".join(lines[-5:]))
    assert "should hold the column labels (Cruise, Station, Type, time, Longitude" in text
    assert "line 1 " in text
    text = refused(tmp_path, b"//SDN_parameter_mapping\r\n//\r\n" + b"\r\n".join(lines[-5:]))
    assert "line 3 should hold the column labels" in text


def test_binary_empty_cut_off(tmp_path):
    assert "binary file" in refused(tmp_path, bytes(range(256)) * 10)
    assert "the file is empty" in refused(tmp_path, b" \r\n \r\n")
    assert "only comments" in refused(tmp_path, b"//SDN_parameter_mapping\r\n//\r\n")


@pytest.mark.parametrize("piece", [b"x", b"\t", b'"', b"1\t", b"//", b'"a";'])
def test_a_line_of_ten_million_characters(tmp_path, data, piece):
    long = piece * (10_000_000 // len(piece))
    assert "bad.txt: " in refused(tmp_path, long.replace(b"//", b"/x"))
    path = tmp_path / "long.txt"
    path.write_bytes((data / "odv/octopus_diap.txt").read_bytes() + b"\r\n" + long)
    doctor = Doctor("long.txt")
    found = sum(b.n_samples for b in read(Source.of(path), doctor, ReadOptions()))
    assert found in (110, 111)
    assert doctor.rows == found
    assert all(len(o.what) < 300 for o in doctor.oddities)


def test_rows_that_are_far_too_short(tmp_path, monkeypatch):
    from sdcviz.formats import odv

    monkeypatch.setattr(odv, "BLOCK", 20_000)
    labels = ["Cruise", "Station", "Type", "Longitude [degrees_east]", "Latitude [degrees_north]"]
    labels += [f"P{i}" for i in range(1000)]
    path = tmp_path / "short.txt"
    path.write_text("\t".join(labels) + "\n" + "a\n" * 100_000)
    with pytest.raises(UnreadableFile, match="far fewer cells than there are labels"):
        list(read(Source.of(path), Doctor("short.txt"), ReadOptions()))


def test_the_table_of_formats_has_it():
    assert format_named("odv").title == "ODV spreadsheet"


def test_notes_are_few_where_all_is_wrong(tmp_path, data):
    lines = (data / "odv/ODV_vertical_profiles_ctd.txt").read_bytes().split(b"\r\n")
    spoilt = [
        line.replace(b"\t1\t", f"\tx{i}\t".encode(), 1) if i > 21 else line
        for i, line in enumerate(lines)
    ]
    path = tmp_path / "spoilt.txt"
    path.write_bytes(b"\r\n".join(spoilt))
    _, doctor = load(path)
    assert len(doctor.oddities) < 40, notes(doctor)
