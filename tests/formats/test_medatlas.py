"""MEDATLAS, against an independent count and an ODV file of the same stations."""

import re

import numpy as np
import pytest
from whole import read_file

from sdcviz.errors import UnreadableFile


def promised_rows(path):
    """Rows as each station header promises them."""
    text = path.read_text("latin-1")
    return [int(n) for n in re.findall(r"RECORD LINES=(\d+)", text)]


@pytest.mark.parametrize(
    ("name", "stations"), [("octopus_diap.med", 13), ("octopus_suva_timeseries.med", 2)]
)
def test_counts(data, name, stations):
    path = data / "medatlas" / name
    whole = read_file(path)
    assert whole.n_stations == stations
    np.testing.assert_array_equal(np.diff(whole.only.offsets), promised_rows(path))


def test_every_point_of_a_trajectory_is_a_station(data):
    # The manifest counts the two tracks of 264 points each.
    path = data / "medatlas" / "octopus_trajectory_bath.med"
    whole = read_file(path)
    assert whole.n_stations == whole.n_samples == sum(promised_rows(path)) == 528
    stations = whole.only.stations
    assert (stations.lat[0], stations.lon[0]) == (42.346631, 7.74958)
    assert stations.time[0] == np.datetime64("2000-08-11T15:22:58")
    assert set(stations.feature) == {2}
    # "123456788": year, month, day, time; latitude, longitude; bathymetry, pressure, conductivity
    assert chr(stations.time_flag[0]) == "4" and chr(stations.position_flag[0]) == "6"
    assert bytes(c.flags[0] for c in whole.only.columns) == b"788"


def test_the_odv_twin_has_the_same_stations(data):
    medatlas = read_file(data / "medatlas" / "octopus_diap.med").only
    odv = read_file(data / "odv" / "octopus_diap.txt").only
    np.testing.assert_array_equal(medatlas.stations.time, odv.stations.time)
    np.testing.assert_allclose(medatlas.stations.lat, odv.stations.lat, atol=1e-4)
    np.testing.assert_allclose(medatlas.stations.lon, odv.stations.lon, atol=1e-4)
    assert medatlas.stations.local_cdi_id.texts() == odv.stations.local_cdi_id.texts()
    np.testing.assert_array_equal(medatlas.stations.edmo, odv.stations.edmo)
    np.testing.assert_array_equal(medatlas.offsets, odv.offsets)


def test_values_codes_and_the_default_of_each_parameter(data):
    whole = read_file(data / "medatlas" / "octopus_diap.med")
    stations = whole.only.stations
    assert stations.cruise.texts()[0] == "DIAPALIS 2" and stations.platform.texts()[0] == "Alis"
    assert stations.local_cdi_id.texts()[0] == "FI35200110014_00001_H09"
    assert stations.edmo[0] == 486 and stations.time[0] == np.datetime64("2001-12-10T17:29")
    assert stations.lat[0] == pytest.approx(-(21 + 57.10 / 60))
    column = whole.column("PHOS")
    assert column.values[:3].tolist() == [0.14, 0.12, 0.08]
    assert (column.parameter.p01, column.parameter.p06) == ("PHOSZZXX", "UPOX")
    dop = whole.column("DOPW")
    assert dop.values[0] == 0.0661 and np.isnan(dop.values[1])
    assert bytes(dop.flags[:2]) == b"09" and whole.only.row[0] == 145


def test_time_series_have_times_and_a_depth(data):
    batch = read_file(data / "medatlas" / "octopus_suva_timeseries.med").only
    assert batch.time[1] == np.datetime64("1998-07-21T09:40:00")
    assert set(batch.stations.feature) == {1}
    assert batch.depth[0] == pytest.approx(15.56, abs=0.01)
    assert [c.parameter.name for c in batch.columns] == ["SLEV", "TEMP", "PRES"]


def test_odd_rows_are_told(data, tmp_path):
    text = (data / "medatlas" / "octopus_suva_timeseries.med").read_text("latin-1")
    text = text.replace("0.644 22.87   15.654 0000000", "0.644 2x.87   15.654 0000000")
    text = text.replace("0.618 22.96   15.615 0000000", "0.618 22.96 0000000")
    path = tmp_path / "odd.med"
    path.write_text(text)
    whole = read_file(path)
    assert whole.doctor.left_out == {"rows that do not fit their header": 1}
    assert whole.n_samples == 2075 and whole.only.raw_text == [(0, 1, "2x.87")]
    assert "line 45: the row has not 7 values and 7 flags" in whole.notes()


def test_a_header_alone(data, tmp_path):
    path = tmp_path / "cut.med"
    path.write_bytes((data / "medatlas" / "octopus_diap.med").read_bytes()[:3000])
    with pytest.raises(UnreadableFile, match=r"cut\.med: a MEDATLAS header without any station"):
        read_file(path)
