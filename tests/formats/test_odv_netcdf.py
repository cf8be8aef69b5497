"""ODV NetCDF exports against the ODV text files they were made of."""

import tracemalloc

import netCDF4
import numpy as np
import pytest
from netcdf_files import Odv, read_whole

from sdcviz.errors import UnreadableFile
from sdcviz.formats.base import ReadOptions
from sdcviz.formats.model import Doctor
from sdcviz.formats.odv_netcdf import FORMAT
from sdcviz.formats.sources import Source


def test_ctd_equals_its_odv_text(data):
    whole = read_whole(FORMAT, data / "derived" / "odv_netcdf_layout_ctd.nc")
    twin = Odv.of(data / "odv" / "ODV_vertical_profiles_ctd.txt")
    starts = twin.starts()
    np.testing.assert_array_equal(whole.counts(), np.diff([*starts, len(twin.rows)]))
    for role, label in (
        ("cruise", "Cruise"), ("station", "Station"), ("type", "Type"),
        ("local_cdi_id", "LOCAL_CDI_ID"),
    ):  # fmt: skip
        assert whole.text(role) == [twin.texts(label)[i] for i in starts]
    np.testing.assert_array_equal(whole.station("time"), twin.times()[starts])
    np.testing.assert_array_equal(whole.station("edmo"), twin.numbers("EDMO")[starts])
    np.testing.assert_array_equal(whole.station("bottom_depth"), twin.numbers("Bot")[starts])
    # Positions are in single precision in the export.
    for role, label in (("lon", "Longitude"), ("lat", "Latitude")):
        np.testing.assert_array_equal(
            whole.station(role).astype(np.float32), twin.numbers(label)[starts].astype(np.float32)
        )
    for ours, theirs in (
        ("PRES", "PRES"), ("ITS-90 water temperature", "TEMP"), ("Water body salinity", "PSAL"),
    ):  # fmt: skip
        assert whole.values(ours).dtype == np.float32
        np.testing.assert_array_equal(whole.values(ours), twin.numbers(theirs).astype(np.float32))
        assert whole.flags(ours) == twin.flags(theirs)


def test_bottle_equals_its_odv_text(data):
    whole = read_whole(FORMAT, data / "derived" / "odv_netcdf_layout_diap.nc", batch_samples=30)
    twin = Odv.of(data / "odv" / "octopus_diap.txt")
    starts = twin.starts()
    assert len(whole.batches) == 7
    assert whole.text("local_cdi_id") == [twin.texts("LOCAL_CDI_ID")[i] for i in starts]
    np.testing.assert_array_equal(whole.counts(), np.diff([*starts, len(twin.rows)]))
    np.testing.assert_array_equal(whole.sample("depth"), twin.numbers("DEPHPR01"))
    assert whole.sample("depth_flag").tobytes().decode() == twin.flags("DEPHPR01")
    np.testing.assert_array_equal(whole.station("time"), twin.times()[starts])


@pytest.fixture
def series(tmp_path):
    """A V1 export of a time series: decimal years, ODV flags named _QC, metadata shuffled."""
    path = tmp_path / "series.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions = "ODV NetCDF Export File V1.0"
        for name, size in (("N_STATIONS", 2), ("N_SAMPLES", 3), ("STRING6", 6)):
            file.createDimension(name, size)
        for name, label, values in (
            ("metavar1", "EDMO_CODE", ["486", "43"]),
            ("metavar2", "LOCAL_CDI_ID", ["id-é", "id2"]),
            ("metavar4", "Station", ["A", "B"]),
        ):
            variable = file.createVariable(name, "S1", ("N_STATIONS", "STRING6"))
            variable.long_name = label
            texts = [v.encode().ljust(6, b"\0") for v in values]
            raw = np.frombuffer(b"".join(texts), "S1").reshape(2, 6)
            variable[:] = raw
        for name in ("longitude", "latitude"):
            variable = file.createVariable(name, "f4", ("N_STATIONS",))
            variable.standard_name = name
            variable[:] = [10.7, 350.25] if name == "longitude" else [40, 41]
        years = file.createVariable("var1", "f8", ("N_STATIONS", "N_SAMPLES"), fill_value=-1e10)
        years.long_name, years.units = "time_ISO8601", "years since 0000-01-01"
        years[:] = [[190.5, 2000.0, 2001.5], [2020.25, -1e10, -1e10]]
        level = file.createVariable("var2", "f4", ("N_STATIONS", "N_SAMPLES"), fill_value=-1e10)
        level.long_name, level.units = "Sea level [m]", "m"
        level[:] = [[0.5, -1e10, 0.7], [0.1, -1e10, -1e10]]
        flags = file.createVariable("var2_QC", "i1", ("N_STATIONS", "N_SAMPLES"))
        flags.flag_values = np.array([48, 49, 52, 56], np.int8)
        flags.flag_meanings = "good_quality unknown_quality questionable_quality bad_quality"
        flags[:] = [[48, 49, 52], [56, 49, 49]]
    return path


def test_time_series_with_decimal_years(series):
    whole = read_whole(FORMAT, series)
    assert (whole.n_stations, whole.n_samples) == (2, 4)
    expected = ["0190-07-02T12:00:00", "2000-01-01", "2001-07-02T12:00:00", "2020-04-01T12:00:00"]
    np.testing.assert_array_equal(whole.sample("time"), np.array(expected, "datetime64[ms]"))
    assert whole.text("local_cdi_id") == ["id-é", "id2"]
    assert whole.text("station") == ["A", "B"]
    np.testing.assert_array_equal(whole.station("edmo"), [486, 43])
    np.testing.assert_array_equal(whole.station("lon"), [10.7, -9.75])
    assert set(whole.station("feature")) == {1}
    assert whole.source_flags("Sea level") == "0148"
    assert whole.flags("Sea level") == "1934"
    assert any("before 1700" in note for note in whole.notes())


def test_memory_does_not_grow_with_the_padding(tmp_path):
    path = tmp_path / "wide.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("N_STATIONS", 800)
        file.createDimension("N_SAMPLES", 5000)
        for name in ("longitude", "latitude"):
            variable = file.createVariable(name, "f4", ("N_STATIONS",))
            variable.standard_name = name
            variable[:] = np.linspace(0, 40, 800)
        for i in range(1, 4):
            variable = file.createVariable(
                f"var{i}", "f4", ("N_STATIONS", "N_SAMPLES"), fill_value=-1e10,
                chunksizes=(50, 5000), zlib=True,
            )  # fmt: skip
            variable.long_name, variable.units = ("Depth", "m") if i == 1 else (f"V{i}", "1")
            variable[:, :3] = np.arange(3)
        variable[7, :] = np.arange(5000)
    source, doctor = Source.of(path), Doctor("wide.nc")
    assert FORMAT.recognise(source.head, source)
    tracemalloc.start()
    try:
        samples = sum(
            batch.n_samples for batch in FORMAT.read(source, doctor, ReadOptions(None, 100_000))
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert samples == doctor.rows == 800 * 3 + 4997
    # One padded variable alone is 16 MB.
    assert peak < 10e6


def test_export_without_longitude_says_so(series):
    with netCDF4.Dataset(series, "a") as file:
        file["longitude"].standard_name = "something"
    source = Source.of(series)
    with pytest.raises(UnreadableFile, match="no longitude"):
        list(FORMAT.read(source, Doctor("x"), ReadOptions()))
