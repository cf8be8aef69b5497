"""Writing ODV spreadsheets: what is written reads back the same."""

from __future__ import annotations

import numpy as np
import pytest
from odv_files import FILES, META, assert_same, blank, load, table
from whole import read_file

from sdcviz.errors import BadRequest
from sdcviz.formats import Batch, Coded, Column, Parameter, Stations, WriteContext
from sdcviz.formats.odv import FORMAT
from sdcviz.formats.odv_rewrite import DEPTH, POSITION, STATION_TIME, editable, rewrite

DEPTH_LABELS = ["Depth [m]", "QV:SEADATANET", "Temp [degC]", "QV:SEADATANET"]


@pytest.mark.parametrize("name", FILES)
def test_written_files_read_back_the_same(data, tmp_path, name):
    before, _ = load(data / name)
    FORMAT.write(tmp_path / "out.txt", [before], WriteContext(title="A test", history=["one"]))
    after, doctor = load(tmp_path / "out.txt")
    assert_same(before, after)
    assert doctor.rows == before.n_samples


def test_the_dialect(data, tmp_path):
    batch, _ = load(data / "odv/octopus_diap.txt")
    context = WriteContext(
        title="Nutrients", history=["2024-01-01 spikes"], sources=["diap.txt"], software="sdcviz 1"
    )
    FORMAT.write(tmp_path / "out.txt", [batch], context)
    raw = (tmp_path / "out.txt").read_bytes()
    assert raw.endswith(b"\r\n") and raw.count(b"\r\n") == raw.count(b"\n")
    lines = raw.decode().split("\r\n")
    assert lines[:6] == [
        "//<Encoding>UTF-8</Encoding>",
        "//<Software>sdcviz 1</Software>",
        "//<DataType>Profiles</DataType>",
        "//<Description>Nutrients</Description>",
        "//<Source>diap.txt</Source>",
        "//<History>2024-01-01 spikes</History>",
    ]
    assert sum("SDN:L23::CDI" in line for line in lines) == 13
    at = lines.index("//SDN_parameter_mapping")
    assert lines[at + 1] == (
        "//<subject>SDN:LOCAL:Depth</subject><object>SDN:P01::ADEPZZ01</object>"
        "<units>SDN:P06::ULAA</units>"
    )
    label = next(i for i, line in enumerate(lines) if line.startswith("Cruise\t"))
    assert lines[label - 1] == "//"
    first, second = (line.split("\t") for line in lines[label + 1 : label + 3])
    assert first[:9] == [
        "DIAPALIS 2", "1", "B", "2001-12-10T17:29:00.000", "166.747", "-21.951667",
        "FI35200110014_00001_H09", "486", "",
    ]  # fmt: skip
    assert second[:9] == [""] * 9
    assert second[9:] == ["5.0", "0", "5.0", "0", "0.0", "0"]


def test_batches_with_other_columns_share_one_file(data, tmp_path):
    names = (
        "odv/octopus_diap.txt",
        "odv/ODV_timeseries_tidegauge.txt",
        "odv/BlackSea_2profiles.txt",
    )
    parts = [load(data / name)[0] for name in names]
    FORMAT.write(tmp_path / "out.txt", parts, WriteContext())
    merged, doctor = load(tmp_path / "out.txt")
    assert merged.n_samples == sum(p.n_samples for p in parts)
    assert len(merged.stations) == sum(len(p.stations) for p in parts)
    at = 0
    for part in parts:
        rows = slice(at, at + part.n_samples)
        at += part.n_samples
        np.testing.assert_array_equal(merged.depth[rows], part.depth)
        for column in part.columns:
            other = next(c for c in merged.columns if c.parameter == column.parameter)
            np.testing.assert_array_equal(other.values[rows], column.values)
            np.testing.assert_array_equal(other.flags[rows], column.flags)
        assert set(part.stations.extra) <= set(merged.stations.extra)
        for column in part.columns:
            other = next(c for c in merged.columns if c.parameter == column.parameter)
            assert (np.delete(other.flags, np.r_[rows]) == ord("9")).all()
    reports = merged.stations.extra["CSR link"].texts()
    assert reports == [t for p in parts for t in (
        p.stations.extra["CSR link"].texts()
        if "CSR link" in p.stations.extra else [""] * len(p.stations)
    )]  # fmt: skip
    assert "cells" not in " ".join(o.what for o in doctor.oddities)


# -------------------------------------------------------------------- rewrite
@pytest.mark.parametrize("name", FILES)
def test_rewriting_nothing_is_the_same_file(data, name):
    raw = (data / name).read_bytes()
    batch, _ = load(data / name)
    assert rewrite(raw) == raw
    assert rewrite(raw, keep_lines=batch.row.tolist()) == raw


@pytest.mark.parametrize("name", FILES)
def test_rewriting_a_flag_changes_one_byte(data, name, tmp_path):
    raw = (data / name).read_bytes()
    before, _ = load(data / name)
    at = before.n_samples // 2
    column = next(i for i, c in enumerate(before.columns) if chr(c.flags[at]) not in "9")
    changed = rewrite(raw, flag_edits={(int(before.row[at]), column): "4"})
    assert len(changed) == len(raw)
    assert sum(a != b for a, b in zip(raw, changed, strict=True)) == 1
    (tmp_path / "out.txt").write_bytes(changed)
    after, _ = load(tmp_path / "out.txt")
    # World Ocean Database flags know "bad" only as one of several codes.
    expected = "3" if before.columns[column].scale == "WOD" else "4"
    assert chr(after.columns[column].flags[at]) == expected


def test_rewriting_keeps_rows_with_their_station(data, tmp_path):
    raw = (data / "odv/ODV_vertical_profiles_ctd.txt").read_bytes()
    before, _ = load(data / "odv/ODV_vertical_profiles_ctd.txt")
    keep = np.ones(before.n_samples, bool)
    keep[:3] = False
    keep[before.offsets[1] : before.offsets[2]] = False
    out = rewrite(raw, set(before.row[keep].tolist()), {(25, DEPTH): "3"}, ["flags by A"])
    (tmp_path / "out.txt").write_bytes(out)
    after, _ = load(tmp_path / "out.txt")
    np.testing.assert_array_equal(after.depth, before.depth[keep])
    kept = np.delete(np.arange(10), 1)
    assert after.stations.time.tolist() == before.stations.time[kept].tolist()
    assert after.stations.local_cdi_id.texts() == before.stations.local_cdi_id.take(kept).texts()
    assert chr(after.depth_flag[0]) == "3"
    assert out.count(b"//<History>flags by A</History>\r\n") == 1
    assert out.index(b"History") < out.index(b"sdn_reference")
    lines = out.replace(b"//<History>flags by A</History>\r\n", b"").split(b"\r\n")
    assert lines[:21] == raw.split(b"\r\n")[:21]


def test_rewriting_leaves_out_the_history_of_a_station_that_goes(tmp_path):
    text = table(
        [*META, "1", "1", "2", "1"],
        ["//<History>of S1</History>"],
        ["C2", *META[1:], "1", "1", "2", "1"],
        ["//<History>of C2</History>"],
        values=DEPTH_LABELS,
    ).encode()
    out = rewrite(text, keep_lines={4})
    assert b"of S1" not in out and b"of C2" in out


def test_rewriting_what_cannot_be(data):
    raw = (data / "odv/octopus_diap.txt").read_bytes()
    with pytest.raises(BadRequest, match="Column 7 of the ODV file has no flags"):
        rewrite(raw, flag_edits={(110, 7): "4"})
    with pytest.raises(BadRequest, match="Line 5 of the ODV file is no row"):
        rewrite(raw, flag_edits={(5, 0): "4"})


def test_rewriting_the_depth_of_a_row_that_has_a_flag_itself(tmp_path):
    """The flag of the row must not hide the better one that was given to the depth."""
    labels = [*DEPTH_LABELS, "QV:SEADATANET:SAMPLE"]
    text = table(
        [*META, "1", "1", "5", "1", "4"], blank("2", "1", "6", "1", "1"), values=labels
    ).encode()
    assert [chr(f) for f in load_bytes(text, tmp_path).depth_flag] == ["4", "1"]
    out = rewrite(text, flag_edits={(2, DEPTH): "2", (3, DEPTH): "3"})
    assert [chr(f) for f in load_bytes(out, tmp_path).depth_flag] == ["2", "3"]
    assert b"\t1\t2\t5\t1\t2\r\n" in out and out.endswith(b"\t2\t3\t6\t1\t1\r\n")


def test_rewriting_depths_that_are_computed_from_pressure(tmp_path):
    """Where the depth is blank, its flag is that of the pressure; the worse of two is written."""
    labels = [
        *("Depth [m]", "QV:SEADATANET", "PRES [dbar]", "QV:SEADATANET"),
        *("Temp [degC]", "QV:SEADATANET"),
    ]
    text = table(
        [*META, "1", "1", "1", "1", "5", "1"], blank("", "9", "2", "1", "6", "1"), values=labels
    ).encode()
    out = rewrite(text, flag_edits={(2, DEPTH): "3", (3, DEPTH): "3", (3, 0): "2"})
    assert b"\t1\t3\t1\t1\t5\t1\r\n" in out
    assert out.endswith(b"\t\t9\t2\t3\t6\t1\r\n")
    assert [chr(f) for f in load_bytes(out, tmp_path).depth_flag] == ["3", "3"]


def test_rewriting_flags_of_positions_and_times(tmp_path):
    text = table([*META, "1", "1"], blank("2", "1"), values=DEPTH_LABELS[:2]).encode()
    assert not editable(text) & {POSITION, STATION_TIME}
    labelled = text.replace(b"Depth [m]", b"POSITION_SEADATANET_QC:METAVAR\tDepth [m]")
    lines = labelled.split(b"\r\n")
    lines[1] = lines[1].replace(b"\t1\t1", b"\t1\t1\t1")
    lines[2] = lines[2].replace(b"\t2\t1", b"\t\t2\t1")
    labelled = b"\r\n".join(lines)
    assert editable(labelled) & {POSITION, STATION_TIME} == {POSITION}
    out = rewrite(labelled, flag_edits={(2, POSITION): "4"})
    assert sum(a != b for a, b in zip(labelled, out, strict=True)) == 1
    assert chr(load_bytes(out, tmp_path).stations.position_flag[0]) == "4"


def load_bytes(content, tmp_path):
    (tmp_path / "bytes.txt").write_bytes(content)
    return load(tmp_path / "bytes.txt")[0]


def test_rewriting_quoted_and_short_rows(tmp_path):
    labels = ["Depth [m]", "QV:SEADATANET", "Note:INDEXED_TEXT", "QV:SEADATANET"]
    rows = [[*META, "1", "1", '"a;b"', '"1"'], blank("2", "1")]
    text = table(*rows, values=labels, sep=";").encode()
    out = rewrite(text, flag_edits={(2, 0): "3", (3, 0): "4"})
    assert b'"a;b";"3"\r\n' in out
    assert out.endswith(b";2;1;;4\r\n")


def test_what_looks_alike_is_kept_apart(tmp_path):
    """Neighbours that differ in nothing, also across batches, and stations without samples."""
    sizes = np.array([2, 2, 0, 0, 1, 3, 0])
    n, m = len(sizes), int(sizes.sum())
    stations = Stations.blank(n)
    stations.lon[:], stations.lat[:] = 5.5, 43.25
    stations.lon[4:], stations.lat[4:] = np.nan, np.nan
    stations.station = Coded.constant("S1", n)
    flags = np.full(m, ord("1"), np.uint8)
    values = np.arange(m) * 0.5
    time = np.datetime64("2001-01-01", "ms") + np.arange(m)
    batch = Batch(
        stations,
        np.append(0, np.cumsum(sizes)),
        [Column(Parameter("TEMP", "degC"), values, flags)],
        values,
        flags,
        np.arange(m),
        time,
        flags,
    )
    path = tmp_path / "a.txt"
    FORMAT.write(path, [batch, batch], WriteContext())
    back = read_file(path)
    assert np.concatenate([np.diff(b.offsets) for b in back.batches]).tolist() == [*sizes, *sizes]
    assert back.doctor.left_out == {"a station without samples": 6}
    assert back.doctor.rows == 2 * m + 6
    for part in ("lon", "lat"):
        read = np.concatenate([getattr(b.stations, part) for b in back.batches])
        np.testing.assert_array_equal(read, np.tile(getattr(stations, part), 2))
    names = [name for b in back.batches for name in b.stations.station.texts()]
    assert names == ["S1", "S1", "S1", "S1", "S1", "S1 (again)", "S1"] * 2
    np.testing.assert_array_equal(back.only.columns[0].values, np.tile(values, 2))
    np.testing.assert_array_equal(back.only.time, np.tile(time, 2))
    told = [line for line in path.read_text().splitlines() if line.startswith("//<History>")]
    assert len(told) == 1 and told[0].startswith("//<History>6 stations differ in nothing")


def test_stations_without_samples_among_files_with_other_columns(tmp_path):
    def one(name, parameter, m):
        stations = Stations.blank(1)
        stations.station = Coded.constant(name, 1)
        stations.lon[:], stations.lat[:] = 1e-5, 2.0
        flags = np.full(m, ord("2"), np.uint8)
        column = Column(Parameter(parameter), np.arange(m, dtype=float), flags)
        return Batch(stations, np.array([0, m]), [column], np.ones(m), flags, np.arange(m))

    written = [one("A", "TEMP", 2), one("B", "PSAL", 0), one("B", "TEMP", 0), one("C", "PSAL", 1)]
    FORMAT.write(tmp_path / "a.txt", written, WriteContext())
    back = read_file(tmp_path / "a.txt").only
    assert back.stations.station.texts() == ["A", "B", "B", "C"]
    assert np.diff(back.offsets).tolist() == [2, 0, 0, 1]
    assert back.stations.lon.tolist() == [1e-5] * 4
    assert [c.parameter.name for c in back.columns] == ["TEMP", "PSAL"]
    assert [chr(f) for f in back.columns[1].flags] == ["9", "9", "2"]


def test_a_row_that_breaks_off_is_no_station_without_samples(tmp_path):
    path = tmp_path / "a.txt"
    label = "Cruise\tStation\tType\tmon/day/yr\tLongitude\tLatitude\tDepth [m]\tTEMP"
    path.write_text(f"{label}\nC\t1\tB\t1/1/2001\t5\t43\t1\t2\nC\t2\tB\t1/2/2001\t5\t43\n")
    assert np.diff(read_file(path).only.offsets).tolist() == [1, 1]
    path.write_text(f"{label}\nC\t1\tB\t1/1/2001\t5\t43\t1\t2\nC\t2\tB\t1/2/2001\t5\t43\t\t\n")
    assert np.diff(read_file(path).only.offsets).tolist() == [1, 0]


def test_the_platform_is_not_taken_for_another_column(tmp_path):
    stations = Stations.blank(2)
    stations.station = Coded.of(["1", "2"])
    stations.platform = Coded.of(["Argo float 1900857", "RV Pelagia"])
    stations.extra["Platform code"] = Coded.of(["", "64PE"])
    ones = np.full(2, ord("1"), np.uint8)
    batch = Batch(stations, np.arange(3), [], np.ones(2), ones, np.arange(2))
    FORMAT.write(tmp_path / "a.txt", [batch], WriteContext())
    back = read_file(tmp_path / "a.txt").only.stations
    assert back.platform.texts() == stations.platform.texts()
    assert back.extra["Platform code"].texts() == ["", "64PE"]
