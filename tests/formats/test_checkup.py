"""The file doctor of the NetCDF families."""

import numpy as np

from sdcviz.formats.checkup import Checkup
from sdcviz.formats.model import Batch, Coded, Doctor, Stations


def batch(offsets, times=None) -> Batch:
    n, m = len(offsets) - 1, offsets[-1]
    stations = Stations.blank(n)
    stations.lon, stations.lat = np.full(n, 5.0), np.full(n, 43.0)
    stations.time[:] = np.datetime64("2001-01-01")
    stations.edmo[:] = 486
    time = None if times is None else np.array(times, "datetime64[ms]")
    flags = np.full(m, ord("1"), np.uint8)
    return Batch(stations, np.array(offsets), [], np.zeros(m), flags, np.arange(m), time)


def look(*batches: Batch) -> dict[str, int]:
    doctor = Doctor("x")
    checkup = Checkup(doctor)
    for one in batches:
        checkup(one)
    return {o.what: o.count for o in doctor.oddities}


def test_nothing_odd():
    assert look(batch([0, 2, 3])) == {}


def test_time_may_go_back_between_stations_but_not_within():
    times = ["2001-01-02", "2001-01-03", "2001-01-01", "2000-12-31"]
    assert look(batch([0, 2, 2, 4, 4], times)) == {"times go back": 1, "no samples": 2}
    assert look(batch([0, 2, 3, 4], times)) == {}


def test_longitudes_are_turned_and_kept():
    one = batch([0, 1, 2, 3, 4])
    one.stations.lon = np.array([180.0, 350.1, 361.0, -190.0])
    assert set(look(one)) == {"longitude beyond 180", "the position 361 E, 43 N is not possible"}
    np.testing.assert_array_equal(one.stations.lon, [180, -9.9, np.nan, np.nan])
    assert one.stations.extra["Longitude in the file"].texts() == ["", "350.1", "361", "-190"]
    assert one.stations.position_flag.tobytes() == b"0044"


def test_one_cdi_id_in_several_batches():
    def with_id(edmo):
        one = batch([0, 1])
        one.stations.local_cdi_id = Coded.of(["A1"])
        one.stations.edmo[:] = edmo
        return one

    what = "several stations have one LOCAL_CDI_ID"
    assert look(with_id(486), with_id(486)) == {what: 1}
    # Another data centre may use the same id.
    assert look(with_id(486), with_id(43)) == {}


def test_years_that_are_hard_to_believe():
    one = batch([0, 1, 2])
    one.stations.time = np.array(["0190-05-01", "2999-01-01"], "datetime64[ms]")
    assert set(look(one)) == {
        "a year before 1700 is hard to believe",
        "the time is in the future",
    }
