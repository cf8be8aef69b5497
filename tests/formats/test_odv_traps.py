"""Every trap of the ODV format that is known, one test each (numbers as in the format notes)."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from odv_files import FILES, LABELS, META, blank, load, notes, table

from sdcviz.formats import Doctor, Sources, read
from sdcviz.formats.base import ReadOptions

DEPTH = ["Depth [m]", "QV:SEADATANET"]
T = ["Temp [degC]", "QV:SEADATANET"]


def make(tmp_path, text: str | bytes):
    path = tmp_path / "file.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


def values(batch, name):
    return next(c.values for c in batch.columns if c.parameter.name == name)


def flags(batch, name):
    found = next(c for c in batch.columns if c.parameter.name == name)
    return found.flags.tobytes().decode()


def test_1_byte_order_mark(tmp_path):
    text = table([*META, "1", "1", "2", "1"], values=DEPTH + T)
    batch, _ = make(tmp_path, b"\xef\xbb\xbf//a comment\r\n" + text.encode())
    assert batch.n_samples == 1
    batch, _ = make(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert batch.stations.cruise.texts() == ["C1"]


def test_2_latin_1_and_utf_8(tmp_path):
    text = table(["Médoc", *META[1:], "1", "1", "2", "1"], values=[*DEPTH, "µ [°C]", T[1]])
    batch, doctor = make(tmp_path, text)
    assert batch.stations.cruise.texts() == ["Médoc"] and "UTF-8" not in notes(doctor)
    batch, doctor = make(tmp_path, text.encode("latin-1"))
    assert batch.stations.cruise.texts() == ["Médoc"]
    assert (batch.columns[0].parameter.name, batch.columns[0].parameter.unit) == ("µ", "°C")
    assert "not UTF-8|read as Windows-1252" in notes(doctor)


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_3_line_ends_blank_lines_no_end(tmp_path, newline):
    rows = [[*META, "1", "1", "2", "1"], blank("2", "1", "3", "1")]
    text = "//x\r\n\r\n" + table(*rows, values=DEPTH + T)
    text += "\r\n\t\t\t\r\n" + "\t".join(blank("3", "1", "4", "1"))
    batch, doctor = make(tmp_path, text.replace("\r\n", newline))
    assert values(batch, "Temp").tolist() == [2, 3, 4]
    assert batch.row.tolist() == [4, 5, 8]
    assert doctor.rows == 3


def test_4_comments_padded_with_tabs(data):
    batch, _ = load(data / "odv/octopus_ts_dateFormat.txt")
    assert [c.parameter.p01 for c in batch.columns] == ["GSSPWR01", "GTAMZZ01"]


def test_5_repeated_flag_labels(data):
    batch, _ = load(data / "odv/BlackSea_2profiles.txt")
    assert [c.parameter.name for c in batch.columns] == ["Temperature", "Salinity"]
    assert values(batch, "Temperature")[0] == 22.208
    assert values(batch, "Salinity")[0] == 15.7020


@pytest.mark.parametrize(
    "text, number",
    [
        (" +0.082", 0.082),
        ("-010.700000", -10.7),
        ("+38.433333 ", 38.433333),
        (".54", 0.54),
        ("5.", 5.0),
        ("3.74666666666666666666666666666666666667E01", 37.46666666666667),
        ("1e-5", 1e-5),
        ("1D2", 100.0),
        ("- 1.5", -1.5),
        ("36.12345678901234567", 36.12345678901234567),
        ("0.1000000000000000055511151231257827", 0.1),
        ("9007199254740993", 9007199254740992.0),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("-0.0000000000000000000000001234", -1.234e-25),
    ],
)
def test_6_numbers(tmp_path, text, number):
    batch, doctor = make(tmp_path, table([*META, "1", "1", text, "1"], values=DEPTH + T))
    assert values(batch, "Temp").tolist() == [number]
    assert "not a number" not in notes(doctor)


@pytest.mark.parametrize("text", "1.2.3 --1 1e abc <0.5 1_000 1e999 inf 2,5".split())
def test_6_what_is_no_number_keeps_its_text(tmp_path, text):
    batch, doctor = make(tmp_path, table([*META, "1", "1", text, "1"], values=DEPTH + T))
    assert np.isnan(values(batch, "Temp")).all() and flags(batch, "Temp") == "9"
    assert batch.raw_text == [(0, 0, text)]
    assert f"line 2|{text!r} in column 'Temp' is not a number" in notes(doctor)


def test_6_numbers_of_the_shared_files(data):
    batch, _ = load(data / "odv/sample_ODV.txt")
    assert values(batch, "Suspended solids").tolist() == [37.46666666666667]
    assert values(batch, "Nitrite NO2-N").tolist() == [0.54]
    batch, _ = load(data / "odv/ODV_vertical_profiles_ctd.txt")
    assert (batch.stations.lon[0], batch.stations.lat[0]) == (-10.7, 38.433333)


def test_7_a_cell_of_blanks_is_missing(data):
    for name in ("ODV_timeseries_tidegauge", "ODV_trajectory_tsg_with_instrument", "octopus_diap"):
        batch, doctor = load(data / f"odv/{name}.txt")
        assert np.isnan(batch.stations.bottom_depth).all()
        assert "bottom depth" not in notes(doctor)


def test_8_placeholders(data, tmp_path):
    batch, doctor = load(data / "odv/sample_ODV.txt")
    assert np.isnan(batch.stations.bottom_depth[0])
    assert "bottom depth 9999 stands for none" in notes(doctor)
    head = "//<MissingValueIndicators>-99 -1e10</MissingValueIndicators>\r\n"
    rows = [[*META[:-1], "-99", "1", "1", "-99.0", "1"], blank("2", "1", "-1e10", "1")]
    batch, doctor = make(tmp_path, table(*rows, values=DEPTH + T, head=head))
    assert np.isnan(values(batch, "Temp")).all() and flags(batch, "Temp") == "99"
    assert np.isnan(batch.stations.bottom_depth[0])


def test_9_flags_and_values_that_disagree(tmp_path):
    rows = [
        [*META, "1", "1", "2", ""],
        blank("2", "1", "3", "9"),
        blank("3", "1", "", "1"),
        blank("4", "1", "", ""),
        *(blank("5", "1", "6", f) for f in "ABQ6q"),
        blank("6", "1", "7", "Z"),
        blank("7", "1", "7", "1.0"),
        blank("8", "1", "7", "12"),
    ]
    batch, doctor = make(tmp_path, table(*rows, values=DEPTH + T))
    assert flags(batch, "Temp") == "0999ABQ6Q010"
    assert values(batch, "Temp")[1] == 3
    assert "line 3|flag 9 (missing) but a value in 'Temp'|the flag is kept|1" in notes(doctor)
    assert "line 4|no value in 'Temp' but a flag other than 9" in notes(doctor)
    assert "line 11|unknown flag in column 'Temp'|the value counts as not checked (0)|2" in notes(
        doctor
    )


def test_9_flag_6_in_the_shared_files(data):
    batch, _ = load(data / "odv/ODV_timeseries_contaminant_in_sediment.txt")
    column = batch.columns[1]
    assert column.parameter.p01 == "ACNLESXD"
    assert column.flags.tobytes() == b"6992"
    assert column.values[[0, 3]].tolist() == [10, 2.3]


def test_10_the_flag_scale_of_each_file(data, tmp_path):
    batch, _ = load(data / "odv/BlackSea_2profiles.txt")
    column = batch.columns[0]
    assert column.scale == "WOD"
    assert set(column.source_flags.tobytes()) == {ord("0")} and set(column.flags) == {ord("1")}
    labels = ["Depth [m]", "QV:ODV", "Temp [degC]", "QV:GTSPP", "O2", "QF", "X", "QV:JODC"]
    batch, doctor = make(
        tmp_path, table([*META, "1", "8", "2", "3", "5", "4", "6", "2"], values=labels)
    )
    assert batch.depth_flag.tobytes() == b"4"
    assert [flags(batch, n) for n in ("Temp", "O2", "X")] == ["3", "3", "0"]
    assert batch.columns[2].source_flags.tobytes() == b"2"
    assert "unknown flag scale 'QV:JODC'" in notes(doctor)


def test_11_text_variables_and_quotes(data, tmp_path):
    batch, _ = load(data / "odv_bio/BioODV_Demfish_monoCDI.txt")
    assert values(batch, "SamplingProtocol").texts()[0] == (
        "Beam Trawl; 5m width; 20cm high; mesh size 15mm"
    )
    assert values(batch, "ScientificName").texts()[0] == "Scophthalmus maximus"
    values_ = ["Depth [m]", "Gear:INDEXED_TEXT", "SampleID", "Temp [degC]"]
    rows = [
        [*META, "1", '"a; ""b"", c"', "S-1", "2"],
        blank("2", '"plain"', "S-2", "3"),
        blank("3", '6" pipe', "S-2", "4"),
    ]
    for sep in ";,":
        rows[0][9 + 1] = f'"a{sep} ""b"""'
        batch, doctor = make(tmp_path, table(*rows, values=values_, sep=sep))
        assert values(batch, "Gear").texts() == [f'a{sep} "b"', "plain", '6" pipe']
        assert values(batch, "SampleID").texts() == ["S-1", "S-2", "S-2"]
        assert values(batch, "Temp").tolist() == [2, 3, 4]
        assert not batch.raw_text and "cells" not in notes(doctor)


MAPPING = (
    "//SDN_parameter_mapping\r\n"
    "//<subject>SDN:LOCAL:Depth</subject><object>SDN:P01::ADEPZZ01</object>"
    "<units>SDN:P06::ULAA</units>\r\n"
)


def entry(name, p01, p06="UPAA"):
    return (
        f"//<subject>SDN:LOCAL:{name}</subject><object>SDN:P01::{p01}</object>"
        f"<units>SDN:P06::{p06}</units>\r\n"
    )


def test_12_one_code_or_one_name_twice(tmp_path):
    head = MAPPING + entry("A", "TEMPPR01") + entry("B", "TEMPPR01")
    head += entry("N", "NTRAZZXX") + entry("N", "NTRIZZXX") + "//\r\n"
    row = [*META, "1", "1", *(x for i in range(4) for x in (str(i), "1"))]
    labels = [*DEPTH, *(x for n in "ABNN" for x in (n, T[1]))]
    batch, _ = make(tmp_path, table(row, values=labels, head=head))
    assert [c.parameter.p01 for c in batch.columns] == [
        "TEMPPR01", "TEMPPR01", "NTRAZZXX", "NTRIZZXX",
    ]  # fmt: skip
    assert [c.values[0] for c in batch.columns] == [0, 1, 2, 3]


def test_13_mapping_missing_incomplete_renamed_without_slashes(tmp_path):
    row = [*META, "1", "1", "2", "1", "3", "1"]
    labels = [*DEPTH, *T, "Sal [psu]", T[1]]
    _, doctor = make(tmp_path, table(row, values=labels))
    assert "no SeaDataNet parameter mapping" in notes(doctor)
    head = MAPPING + entry("temp", "TEMPPR01") + entry("Nowhere", "XX") + "//\r\n"
    batch, doctor = make(tmp_path, table(row, values=labels, head=head))
    assert [c.parameter.p01 for c in batch.columns] == ["TEMPPR01", ""]
    text = notes(doctor)
    assert "columns that are not in the mapping: 'Sal'|" in text
    assert "'temp' for 'Temp'" in text
    assert "names 'Nowhere', which is no column" in text
    batch, _ = make(tmp_path, table(row, values=labels, head=head.replace("//", "")))
    assert batch.columns[0].parameter.p01 == "TEMPPR01"


def test_13_comments_that_went_through_a_spreadsheet(tmp_path):
    link = (
        '"//<sdn_reference xlink:href=""http://x/y"" xlink:role=""isDescribedBy"" '
        'xlink:type=""SDN:L23::CDI"" sdn:scope=""486:CDI_1""/>"\t\t\r\n'
    )
    head = link + MAPPING.replace("\r\n", "\t\t\r\n") + entry("Temp", "TEMPPR01") + "//\t\r\n"
    batch, _ = make(tmp_path, table([*META, "1", "1", "2", "1"], values=DEPTH + T, head=head))
    assert batch.stations.extra["CDI link"].texts() == ["http://x/y"]
    assert batch.columns[0].parameter.p01 == "TEMPPR01"


def test_14_no_references_no_cdi_no_edmo(data):
    batch, doctor = load(data / "odv/BlackSea_2profiles.txt")
    assert batch.stations.local_cdi_id.texts() == ["", ""]
    assert batch.stations.edmo.tolist() == [0, 0]
    assert "no EDMO code column" in notes(doctor)
    batch, doctor = load(data / "odv/octopus_ts_dateFormat.txt")
    assert batch.stations.local_cdi_id.texts() == ["62023"]
    assert "CDI link" not in batch.stations.extra
    assert "no link to the CDI record" in notes(doctor)


def test_15_many_cdi_and_metadata_columns(data):
    batch, _ = load(data / "odv/sample_ODV_aggregated.txt")
    stations = batch.stations
    assert stations.local_cdi_id.texts()[0] == "FI35199602003_00480_H09"
    assert len(set(stations.local_cdi_id.texts())) == 2
    assert (
        stations.extra["CDI link"]
        .texts()[0]
        .endswith("edmo=486&identifier=" + "FI35199602003_00480_H09")
    )
    assert stations.extra["Water depth [m]"].texts()[0] == "3935"
    assert len(batch.columns) == 30
    assert batch.depth[0] == 198.39999


def test_16_wide_rows(data):
    batch, _ = load(data / "odv/ODV_timeseries_contaminant_in_biota.txt")
    assert len(batch.columns) == 33
    cadmium = next(c for c in batch.columns if c.parameter.p01 == "CDDWCF14")
    assert (cadmium.values[0], chr(cadmium.flags[0])) == (1.44, "1")


def test_17_rows_with_fewer_or_more_cells(tmp_path):
    rows = [
        [*META, "1", "1", "2", "1"],
        blank("2", "1", "3"),
        blank("3", "1"),
        [*blank("4", "1", "5", "1"), "", "what"],
        [*blank("5", "1", "6", "1"), "", ""],
    ]
    batch, doctor = make(tmp_path, table(*rows, values=DEPTH + T))
    assert batch.depth.tolist() == [1, 2, 3, 4, 5]
    assert flags(batch, "Temp") == "10911"
    text = notes(doctor)
    assert "line 3|rows with fewer cells than labels|the missing cells are blank|2" in text
    assert "line 5|rows with more cells than labels" in text and "'what'" in text
    assert doctor.rows == 5


def test_18_longitudes_above_180(tmp_path):
    row = [*META[:4], "359.25", *META[5:], "1", "1", "2", "1"]
    batch, doctor = make(tmp_path, table(row, values=DEPTH + T))
    assert batch.stations.lon.tolist() == [-0.75]
    assert batch.stations.extra["Longitude [degrees_east]"].texts() == ["359.25"]
    assert "longitude above 180" in notes(doctor)


def test_19_what_is_the_depth(data, tmp_path):
    batch, _ = load(data / "odv/ODV_vertical_profiles_ctd.txt")
    assert batch.depth[-1] == 3886.4
    assert batch.columns[0].parameter.unit == "decibar=10000 pascals"
    batch, doctor = load(data / "odv/ODV_timeseries_contaminant_in_sediment.txt")
    assert np.isnan(batch.depth).all() and "only one limit of the depth" in notes(doctor)
    row = [*META, "1000", "1", "2", "1"]
    batch, _ = make(tmp_path, table(row, values=["Depth [decibars]", DEPTH[1], *T]))
    assert batch.depth[0] == pytest.approx(989.75, abs=0.01)
    assert values(batch, "Depth").tolist() == [1000]
    batch, _ = make(tmp_path, table(row, values=["COREDIST [cm]", DEPTH[1], *T]))
    assert np.isnan(batch.depth[0]) and values(batch, "COREDIST").tolist() == [1000]


def test_19_a_depth_range(data):
    batch, _ = load(data / "odv_bio/BioODV_Zoop.txt")
    assert batch.depth[0] == 2
    assert values(batch, "MinimumObservationDepth")[0] == 1
    assert values(batch, "MaximumObservationDepth")[0] == 3


def test_20_types(data):
    kinds = {load(data / name)[0].stations.type.texts()[0] for name in FILES[:10]}
    assert kinds == {"B", "C", "*"}


def test_21_markup(tmp_path):
    labels = ["Depth [m]", "NO~_3~# [~$m~#mol/l]", "Temp [~^o~#C]"]
    batch, _ = make(tmp_path, table([*META, "1", "2", "3"], values=labels))
    found = [(c.parameter.name, c.parameter.unit) for c in batch.columns]
    assert found == [("NO₃", "µmol/l"), ("Temp", "°C")]


def test_22_history_between_the_rows(tmp_path):
    text = table(
        [*META, "1", "1", "2", "1"],
        ["//<History>checked by A</History>"],
        blank("2", "1", "3", "1"),
        ["//<History>checked by B</History>"],
        ["C2", *META[1:], "1", "1", "2", "1"],
        values=DEPTH + T,
    )
    batch, doctor = make(tmp_path, text)
    assert batch.stations.extra["History"].texts() == ["checked by A\nchecked by B", ""]
    assert np.diff(batch.offsets).tolist() == [2, 1] and doctor.rows == 3


def test_23_one_station_in_two_files_keeps_its_identity_parts(tmp_path):
    text = table([*META, "1", "1", "2", "1"], values=DEPTH + T)
    one, _ = make(tmp_path, text)
    other, _ = make(tmp_path, text.replace("486", "600"))
    assert one.stations.edmo.tolist() == [486] and other.stations.edmo.tolist() == [600]
    assert one.stations.time == other.stations.time and one.stations.lon == other.stations.lon


def test_24_inside_a_zip(tmp_path, data):
    raw = (data / "odv/octopus_diap.txt").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for i in range(3):
            archive.writestr(f"basket/{i}.txt", raw)
    (tmp_path / "basket.zip").write_bytes(packed.getvalue())
    with Sources([tmp_path / "basket.zip"]) as sources:
        counts = [sum(b.n_samples for b in read(s, Doctor(s.name), ReadOptions())) for s in sources]
    assert counts == [110, 110, 110]


def test_25_big_files_come_in_blocks_of_whole_stations(tmp_path, monkeypatch):
    from sdcviz.formats import Source, odv

    rows = []
    for s in range(60):
        n = 400 if s == 30 else 1 + s % 7
        for i in range(n):
            meta = ["C", str(s), *META[2:]] if i == 0 else [""] * 9
            rows.append([*meta, str(i), "1", f"{s}.{i:03d}", "1"])
        if s % 10 == 0:
            rows.append([f"//<History>after {s}</History>"])
    path = tmp_path / "big.txt"
    path.write_text(table(*rows, values=DEPTH + T))
    whole, _ = load(path)
    monkeypatch.setattr(odv, "BLOCK", 1000)
    doctor = Doctor("big.txt")
    batches = list(read(Source.of(path), doctor, ReadOptions()))
    assert len(batches) > 5
    assert doctor.rows == whole.n_samples
    for attribute in ("row", "depth"):
        parts = np.concatenate([getattr(b, attribute) for b in batches])
        np.testing.assert_array_equal(parts, getattr(whole, attribute))
    np.testing.assert_array_equal(
        np.concatenate([values(b, "Temp") for b in batches]), values(whole, "Temp")
    )
    sizes = np.concatenate([np.diff(b.offsets) for b in batches])
    np.testing.assert_array_equal(sizes, np.diff(whole.offsets))
    assert np.concatenate([b.stations.index for b in batches]).tolist() == list(range(60))
    assert [t for b in batches for t in b.stations.station.texts()] == [str(s) for s in range(60)]
    history = [
        t for b in batches
        for t in (b.stations.extra["History"].texts() if "History" in b.stations.extra
                  else [""] * len(b.stations))
    ]  # fmt: skip
    assert history == whole.stations.extra["History"].texts()


# ------------------------------------------------------------------ stations
def test_metadata_in_every_row(tmp_path):
    rows = [[*META, str(z), "1", "2", "1"] for z in range(3)]
    rows += [["C2", *META[1:], str(z), "1", "2", "1"] for z in range(2)]
    batch, _ = make(tmp_path, table(*rows, values=DEPTH + T))
    assert batch.offsets.tolist() == [0, 3, 5]


def test_blank_metadata_are_not_those_of_the_station_before(tmp_path):
    rows = [[*META, "1", "1", "2", "1"], [*META[:1], "S2", *META[2:-1], "", "1", "1", "2", "1"]]
    batch, _ = make(tmp_path, table(*rows, values=DEPTH + T))
    assert np.isnan(batch.stations.bottom_depth).tolist() == [False, True]


def test_erddap_without_cruise_and_station(tmp_path):
    text = (
        "//<Creator>x</Creator>\n//<Software>ERDDAP - Version 2.0</Software>\n"
        "Cruise:METAVAR:TEXT:7\tStation:METAVAR:TEXT:7\tType:METAVAR:TEXT:2\t"
        "yyyy-mm-ddThh:mm:ss.sss\tLongitude [degrees_east]\tLatitude [degrees_north]\t"
        "Bot. Depth [m]:METAVAR:FLOAT:6\tDepth [m]:PRIMARYVAR:FLOAT\tTemp [degree_C]:FLOAT\n"
        "\t\t*\t2010-01-01T00:00:00.000\t1\t2\t\t5\t10.5\n"
        "\t\t*\t2010-01-01T00:00:00.000\t1\t2\t\t6\tNaN\n"
        "\t\t*\t2010-01-02T00:00:00.000\t1\t2\t\t5\t11\n"
    )
    batch, doctor = make(tmp_path, text)
    assert batch.offsets.tolist() == [0, 2, 3]
    assert batch.depth.tolist() == [5, 6, 5]
    assert flags(batch, "Temp") == "090" and not batch.raw_text
    assert "no flag columns" in notes(doctor)


def test_geotraces_commas_errors_and_flags(tmp_path):
    text = (
        "Cruise,Station,Type,yyyy-mm-ddThh:mm:ss.sss,Longitude [degrees_east],"
        "Latitude [degrees_north],Bot. Depth [m],Operator's Cruise Name:METAVAR:INDEXED_TEXT,"
        "DEPTH [m],QV:SEADATANET,Fe_D [nmol/kg],STANDARD_DEV,QV:SEADATANET\n"
        'GA02,1,B,2010-05-04T08:00:00,319.5,-20,4000,"PE 319, leg 1",10,1,0.25,0.01,1\n'
        ",,,,,,,,20,1,0.5,0.02,4\n"
    )
    batch, _ = make(tmp_path, text)
    assert batch.stations.lon.tolist() == [-40.5]
    assert batch.stations.extra["Operator's Cruise Name"].texts() == ["PE 319, leg 1"]
    assert [c.parameter.name for c in batch.columns] == ["Fe_D", "Fe_D STANDARD_DEV"]
    assert batch.columns[1].values.tolist() == [0.01, 0.02]
    assert flags(batch, "Fe_D") == flags(batch, "Fe_D STANDARD_DEV") == "14"


def test_ecotaxa_semicolons_and_primaryvar(tmp_path):
    text = (
        "Cruise:METAVAR:TEXT:40;Station:METAVAR:TEXT:20;Type:METAVAR:TEXT:2;"
        "yyyy-mm-dd hh:mm:METAVAR:TEXT:40;Longitude [degrees_east]:METAVAR:DOUBLE;"
        "Latitude [degrees_north]:METAVAR:DOUBLE;Bot. Depth [m]:METAVAR:DOUBLE;"
        "Depth [m]:PRIMARYVAR:DOUBLE;LPM [#/l]\n"
        "tara;1;C;2009-09-14 23:45;-4.5;36.5;1000;5,5;12,25\n"
    )
    batch, _ = make(tmp_path, text)
    assert str(batch.stations.time[0]) == "2009-09-14T23:45:00.000"
    assert batch.depth.tolist() == [5.5] and values(batch, "LPM").tolist() == [12.25]


def test_old_odv_dates_in_two_columns(tmp_path):
    text = (
        "Cruise\tStation\tType\tmon/day/yr\thh:mm\tLon (°E)\tLongitude [degrees_east]\t"
        "Latitude [degrees_north]\tBot. Depth [m]\tDepth [m]\tT [degC]\n"
        "J1\t7\tB\t12/31/1988\t23:30\t\t140.5\t35\t500\t0\t15\n"
    )
    batch, _ = make(tmp_path, text)
    assert str(batch.stations.time[0]) == "1988-12-31T23:30:00.000"


def test_chronological_julian_dates_with_decimal_comma(tmp_path):
    head = "//SDN_parameter_mapping\r\n" + entry("CJD", "CJDY1101", "UTAA")
    head += entry("Depth", "ADEPZZ01", "ULAA") + entry("Temp", "TEMPPR01") + "//\r\n"
    labels = ["CJD [days]", T[1], *DEPTH, *T]
    rows = [[*META, "2454142,0", "1", "1", "1", "2", "1"], blank("2450516,459062", "1", "1", "1")]
    batch, doctor = make(tmp_path, table(*rows, values=labels, head=head))
    assert batch.time.astype(str).tolist() == ["2007-02-10T00:00:00.000", "1997-03-08T11:01:03.000"]
    assert batch.stations.feature.tolist() == [1]
    assert "goes back" in notes(doctor)


def test_sample_flags_are_laid_over_the_depth(tmp_path):
    rows = [[*META, "1", "1", "2", "1", "1"], blank("2", "1", "3", "1", "4")]
    batch, _ = make(tmp_path, table(*rows, values=[*DEPTH, *T, "QV:SEADATANET:SAMPLE"]))
    assert batch.depth_flag.tobytes() == b"14"
    assert flags(batch, "Temp") == "11"


# ----------------------------------------------------------- strange metadata
@pytest.mark.parametrize("lat", ["200", "-91", "north", "1e9"])
def test_impossible_latitude(tmp_path, lat):
    row = [*META[:5], lat, *META[6:], "1", "1", "2", "1"]
    batch, doctor = make(tmp_path, table(row, values=DEPTH + T))
    assert np.isnan([batch.stations.lat[0], batch.stations.lon[0]]).all()
    assert chr(batch.stations.position_flag[0]) == "4"
    assert batch.stations.extra["Latitude [degrees_north]"].texts() == [lat]
    assert f"latitude {lat!r} is not possible|the position is unknown" in notes(doctor)


@pytest.mark.parametrize(
    "text, time",
    [
        ("1988-01-01", "1988-01-01T00:00:00.000"),
        ("1991-09-03T16:25", "1991-09-03T16:25:00.000"),
        ("1991-09-03 16:25:10Z", "1991-09-03T16:25:10.000"),
        ("2010-02-28T24:00", "2010-03-01T00:00:00.000"),
        ("2010-1-5T6:07:08.25", "2010-01-05T06:07:08.250"),
        ("20100105T060708", "2010-01-05T06:07:08.000"),
        ("2010-01-05T06:07:08+02:00", "2010-01-05T04:07:08.000"),
        ("1872-12-30T00:00:00.000", "1872-12-30T00:00:00.000"),
        ("0190-06-01T00:00:00.000", "0190-06-01T00:00:00.000"),
        ("1900-02-29", "NaT"),
        ("2010-13-01", "NaT"),
        ("yesterday", "NaT"),
        ("", "NaT"),
    ],
)
def test_dates(tmp_path, text, time):
    row = [*META[:3], text, *META[4:], "1", "1", "2", "1"]
    batch, doctor = make(tmp_path, table(row, values=DEPTH + T))
    assert str(batch.stations.time[0]) == time
    assert ("is not a date" in notes(doctor)) == (time == "NaT" and text != "")
    assert ("hard to believe" in notes(doctor)) == text.startswith("0190")
    if time == "NaT" and text:
        assert batch.stations.extra["yyyy-mm-ddThh:mm:ss.sss"].texts() == [text]


def test_edmo_codes(tmp_path):
    rows = [
        [f"C{i}", *META[1:7], edmo, META[8], "1", "1", "2", "1"]
        for i, edmo in enumerate(["486", "SDN:EDMO::681", "486.0", "IFREMER", ""])
    ]
    batch, doctor = make(tmp_path, table(*rows, values=DEPTH + T))
    assert batch.stations.edmo.tolist() == [486, 681, 486, 0, 0]
    assert batch.stations.extra["EDMO_code"].texts()[3] == "IFREMER"
    assert "'IFREMER' is no EDMO code" in notes(doctor) and "no EDMO code|" in notes(doctor)


def test_repeated_cdi(tmp_path):
    rows = [[f"C{i}", *META[1:], str(z), "1", "2", "1"] for i in range(2) for z in range(2)]
    _, doctor = make(tmp_path, table(*rows, values=DEPTH + T))
    assert "line 4 (CDI_1)|one LOCAL_CDI_ID for several stations" in notes(doctor)


def test_repeated_label_line_is_no_sample(tmp_path):
    rows = [[*META, "1", "1", "2", "1"], [*LABELS, *DEPTH, *T], blank("2", "1", "3", "1")]
    batch, doctor = make(tmp_path, table(*rows, values=DEPTH + T))
    assert batch.n_samples == 2
    assert doctor.rows == 3 and doctor.left_out == {"the label line once more": 1}


def test_only_labels_no_rows(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text(table(values=DEPTH + T))
    from sdcviz.formats import Source

    doctor = Doctor("file.txt")
    assert list(read(Source.of(path), doctor, ReadOptions())) == []
    assert "no rows after the column labels" in notes(doctor)
