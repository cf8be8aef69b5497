"""Sea-Bird casts and bottles, against the package ctd and by hand."""

import warnings

import ctd
import numpy as np
import pytest
from whole import read_file

from sdcviz.errors import UnreadableFile

HEADER = """* Sea-Bird SBE 9 Data File:
* System UpLoad Time = Jan 02 2003 04:05:06
# nquan = 3
# nvalues = 3
# name 0 = prdM: Pressure, Strain Gauge [db]
# name 1 = t090C: Temperature [ITS-90, deg C]
# name 2 = flag:  0.000e+00
# bad_flag = -9.990e-29
*END*
"""


@pytest.mark.parametrize(
    ("name", "rows"), [("PIRA001.cnv", 282), ("CTD-spiked-unfiltered.cnv.bz2", 71_325)]
)
def test_casts_agree_with_ctd(data, name, rows):
    whole = read_file(data / "ctd_raw" / name)
    assert (whole.n_stations, whole.n_samples) == (1, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ctd.from_cnv(data / "ctd_raw" / name)
    for parameter in ("t090C", "t190C", "c0S/m", "scan"):
        np.testing.assert_array_equal(whole.values(parameter), theirs[parameter].to_numpy())
    assert set(bytes(whole.column("t090C").flags)) == {ord("0")}


def test_header_of_a_cast(data):
    batch = read_file(data / "ctd_raw" / "PIRA001.cnv").only
    assert batch.stations.lat[0] == pytest.approx(-(2 + 0.07 / 60))
    assert batch.stations.lon[0] == pytest.approx(-(38 + 0.39 / 60))
    assert batch.stations.time[0] == np.datetime64("2011-08-24T07:55:20")
    assert batch.stations.station.texts() == ["PIRA001"]
    assert batch.depth[0] == 2.114 and batch.row[0] == 217
    column = next(c for c in batch.columns if c.parameter.name == "t090C")
    assert (column.parameter.unit, column.parameter.p01) == ("degC", "TEMPS901")


def test_a_cast_that_was_cut_is_told(data):
    assert (
        "nvalues is 101895, but there are 282 rows"
        in read_file(data / "ctd_raw" / "PIRA001.cnv").notes()
    )


def test_bottles_are_the_means(data):
    # The manifest counts 24 lines: a mean and a standard deviation for each of 12 bottles.
    whole = read_file(data / "ctd_raw" / "MI18MHDR.btl")
    assert (whole.n_samples, whole.doctor.rows) == (12, 24)
    assert whole.doctor.left_out == {"standard deviation, minimum and maximum of a bottle": 12}
    batch = whole.only
    assert whole.values("Bottle").tolist() == list(range(1, 13))
    assert batch.depth[0] == 140.223 and whole.values("T090C")[0] == 4.0936
    assert batch.time[0] == np.datetime64("2016-06-23T19:04:57")
    assert batch.stations.lat[0] == pytest.approx(42 + 43.96 / 60)
    assert batch.stations.lon[0] == pytest.approx(-(86 + 59.93 / 60))


def test_bad_values_run_together_and_no_position(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(
        HEADER
        + "      1.000    27.0505  0.000e+00\n"
        + "      2.000-9.990e-29  0.000e+00\n"  # no blank between the fields
        + "      3.000    27.0000-9.990e-29\n"
        + "      4.000\n"
    )
    whole = read_file(path)
    assert whole.values("t090C").tolist()[::2] == [27.0505, 27.0]
    assert np.isnan(whole.values("t090C")[1])
    assert bytes(whole.column("t090C").flags) == b"094"
    assert whole.doctor.left_out == {"rows with too few or too many values": 1}
    stations = whole.only.stations
    assert np.isnan(stations.lat[0]) and stations.position_flag[0] == ord("9")
    assert stations.time[0] == np.datetime64("2003-01-02T04:05:06")
    assert stations.time_flag[0] == ord("3")
    assert "no position -> the station is kept but is on no map" in whole.notes()
    assert whole.only.depth[2] == pytest.approx(2.98, abs=0.01)


@pytest.mark.parametrize(
    ("lines", "lat", "lon"),
    [
        ("* NMEA Latitude = 42 43.96 N\n* NMEA Longitude = 086 59.93 W\n", 42.73267, -86.99883),
        ("** Latitude: N 58 30.5\n** Longitude: E 010 15.0\n", 58.50833, 10.25),
        ("** Latitude: -17.97\n** Longitude: 185.5\n", -17.97, -174.5),
    ],
)
def test_spellings_of_the_position(tmp_path, lines, lat, lon):
    path = tmp_path / "a.cnv"
    path.write_text(HEADER.replace("# nquan", lines + "# nquan") + "  1.0  2.0  0.0\n")
    stations = read_file(path).only.stations
    assert (stations.lat[0], stations.lon[0]) == pytest.approx((lat, lon), abs=1e-5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEADER, "a.cnv: a Sea-Bird header without any data after it."),
        (
            HEADER.replace("# nquan", "# file_type = binary\n# nquan") + "abc",
            "a.cnv: a binary Sea-Bird file; convert it to ASCII with SBE Data Processing.",
        ),
        (
            "* Sea-Bird SBE 9 Data File:\n*END*\n0A0B0C\n",
            "a.cnv: a Sea-Bird file without column names; raw .hex and .dat files must be "
            "converted with SBE Data Processing first.",
        ),
    ],
)
def test_files_without_a_table(tmp_path, text, sentence):
    path = tmp_path / "a.cnv"
    path.write_text(text)
    with pytest.raises(UnreadableFile) as error:
        read_file(path)
    assert str(error.value) == sentence
