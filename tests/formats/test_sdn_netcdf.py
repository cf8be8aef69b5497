"""SeaDataNet NetCDF against the manifest and against its ODV twins."""

import shutil

import netCDF4
import numpy as np
import pytest
from netcdf_files import Odv, manifest, read_whole

from sdcviz.errors import UnreadableFile
from sdcviz.formats.base import ReadOptions
from sdcviz.formats.model import Doctor
from sdcviz.formats.sdn_netcdf import FORMAT
from sdcviz.formats.sources import Source

FILES = [
    "netCDF_timeseries_tidegauge.nc",
    "netCDF_timeseries_tidegauge_with_instrument.nc",
    "netCDF_vertical_profiles_ctd.nc",
    "netCDF_vertical_profiles_ctd_with_instruments.nc",
    "netCDF_vertical_profiles_xbt_with_fall_rate_and_instruments.nc",
    "octopus_diap_withNoRef.nc",
]


@pytest.mark.parametrize("name", FILES)
def test_counts_are_those_of_the_manifest(data, name):
    whole = read_whole(FORMAT, data / "sdn_netcdf" / name)
    assert (whole.n_stations, whole.n_samples) == manifest(data, f"sdn_netcdf/{name}")


def test_every_point_of_a_trajectory_is_a_station(data):
    name = "netCDF_trajectory_tsg_with_instrument.nc"
    whole = read_whole(FORMAT, data / "sdn_netcdf" / name)
    # The manifest counts the one instance of the file.
    assert manifest(data, f"sdn_netcdf/{name}") == (1, 264)
    assert (whole.n_stations, whole.n_samples) == (264, 264)


@pytest.mark.parametrize("batch_samples", [1, 9000, 1_000_000])
def test_batches_of_any_size_give_the_same(data, batch_samples):
    path = data / "sdn_netcdf" / "netCDF_vertical_profiles_ctd.nc"
    whole, parts = read_whole(FORMAT, path), read_whole(FORMAT, path, batch_samples=batch_samples)
    np.testing.assert_array_equal(parts.values("TEMPPR01"), whole.values("TEMPPR01"))
    np.testing.assert_array_equal(parts.station("index"), np.arange(10))
    assert len(parts.batches) == {1: 10, 9000: 10, 1_000_000: 1}[batch_samples]


def test_ctd_equals_its_odv_twin(data):
    whole = read_whole(FORMAT, data / "sdn_netcdf" / "netCDF_vertical_profiles_ctd.nc")
    twin = Odv.of(data / "odv" / "ODV_vertical_profiles_ctd.txt")
    starts = twin.starts()
    assert whole.text("station") == [twin.texts("Station")[i] for i in starts]
    assert whole.text("local_cdi_id") == [twin.texts("LOCAL_CDI_ID")[i] for i in starts]
    np.testing.assert_array_equal(whole.station("time"), twin.times()[starts])
    np.testing.assert_allclose(whole.station("lon"), twin.numbers("Longitude")[starts], atol=1e-6)
    np.testing.assert_allclose(whole.station("lat"), twin.numbers("Latitude")[starts], atol=1e-6)
    np.testing.assert_array_equal(whole.station("edmo"), 486)
    np.testing.assert_array_equal(whole.station("bottom_depth"), twin.numbers("Bot")[starts])
    np.testing.assert_array_equal(whole.counts(), np.diff([*starts, len(twin.rows)]))
    # The NetCDF has pressure alone; the ODV file gives the depth to 0.1 m.
    np.testing.assert_allclose(whole.sample("depth"), twin.numbers("DEPH"), atol=0.1, rtol=2e-4)
    for ours, theirs in (
        ("PRES", "PRES"), ("TEMPPR01", "TEMP"), ("PSLTZZ01", "PSAL"), ("DOXMSDXX", "DOX2"),
    ):  # fmt: skip
        np.testing.assert_array_equal(
            whole.values(ours).astype(np.float32), twin.numbers(theirs).astype(np.float32)
        )
        assert whole.flags(ours) == twin.flags(theirs)


def test_xbt_equals_its_odv_twin(data):
    name = "vertical_profiles_xbt_with_fall_rate_and_instruments"
    whole = read_whole(FORMAT, data / "sdn_netcdf" / f"netCDF_{name}.nc")
    twin = Odv.of(data / "odv" / f"ODV_{name}.txt")
    starts = twin.starts()
    np.testing.assert_array_equal(whole.station("time"), twin.times()[starts])
    np.testing.assert_array_equal(whole.sample("depth"), twin.numbers("ADEPZZ01"))
    assert whole.sample("depth_flag").tobytes().decode() == twin.flags("ADEPZZ01")
    for name in ("TEMPET01", "SVELXXXX"):
        np.testing.assert_array_equal(whole.values(name), twin.numbers(name))
        assert whole.flags(name) == twin.flags(name)
    assert whole.parameter("TEMPET01").instrument == "TOOL0263"


def test_time_series_equals_its_odv_twin(data):
    whole = read_whole(FORMAT, data / "sdn_netcdf" / "netCDF_timeseries_tidegauge.nc")
    twin = Odv.of(data / "odv" / "ODV_timeseries_tidegauge.txt")
    np.testing.assert_array_equal(whole.sample("time"), twin.times("time_ISO8601"))
    np.testing.assert_array_equal(whole.station("time"), twin.times()[:1])
    np.testing.assert_array_equal(whole.sample("depth"), twin.numbers("DEPH"))
    for ours, theirs in (("ASLVZZ01", "SLEV"), ("TEMPPR01", "TEMP"), ("PRESPR01", "PRES")):
        np.testing.assert_array_equal(whole.values(ours), twin.numbers(theirs))
        assert whole.flags(ours) == twin.flags(theirs)


def test_trajectory_equals_its_odv_twin(data):
    name = "trajectory_tsg_with_instrument"
    whole = read_whole(FORMAT, data / "sdn_netcdf" / f"netCDF_{name}.nc")
    twin = Odv.of(data / "odv" / f"ODV_{name}.txt")
    assert whole.text("station") == twin.texts("Station")
    np.testing.assert_array_equal(whole.station("time"), twin.times())
    np.testing.assert_array_equal(whole.station("lon"), twin.numbers("Longitude"))
    np.testing.assert_array_equal(whole.station("lat"), twin.numbers("Latitude"))
    for ours, theirs in (("TEMPPR01", "TEMP"), ("PSLTZZ01", "PSAL"), ("CNDCZZ01", "CNDC")):
        np.testing.assert_array_equal(whole.values(ours), twin.numbers(theirs))
        assert whole.flags(ours) == twin.flags(theirs)


def test_texts_of_the_file_come_along(data):
    whole = read_whole(FORMAT, data / "sdn_netcdf" / "netCDF_vertical_profiles_ctd.nc")
    assert whole.text("platform") == ["06MM"] * 10
    assert whole.extra("Ship name")[0] == "Maria S. Merian"
    assert whole.extra("CDI link")[3].endswith("identifier=FI35200653001_00004_H10")
    parameter = whole.parameter("TEMPPR01")
    assert (parameter.p01, parameter.p06, parameter.standard_name) == (
        "TEMPPR01", "UPAA", "sea_water_temperature",
    )  # fmt: skip


def test_pressure_in_false_pascals_is_told(data):
    whole = read_whole(FORMAT, data / "sdn_netcdf" / "octopus_diap_withNoRef.nc")
    assert any("pascals" in note for note in whole.notes())
    assert 140 < whole.sample("depth").max() < 150


@pytest.fixture
def ctd(data, tmp_path):
    """A copy of the CTD file to spoil."""
    path = tmp_path / "ctd.nc"
    shutil.copyfile(data / "sdn_netcdf" / "netCDF_vertical_profiles_ctd.nc", path)
    path.chmod(0o644)
    file = netCDF4.Dataset(path, "a")
    file.set_auto_mask(False)
    yield file, path
    if file.isopen():
        file.close()


def test_oddities_are_told(ctd):
    file, path = ctd
    file["SDN_EDMO_CODE"][4] = 0
    file["SDN_LOCAL_CDI_ID"][1] = file["SDN_LOCAL_CDI_ID"][0]
    file["LATITUDE"][2] = 200.0
    file["TIME"][3] = file["TIME"]._FillValue
    file["TEMPPR01_SEADATANET_QC"][0, 0] = ord("Z")
    file["TEMPPR01"][0, 1] = file["TEMPPR01"]._FillValue
    file["PSLTZZ01_SEADATANET_QC"][0, 2] = ord("9")
    file.close()
    whole = read_whole(FORMAT, path)
    assert (whole.n_stations, whole.n_samples) == (10, 21645)
    assert np.isnan(whole.station("lat")[2]) and whole.station("position_flag")[2] == ord("4")
    assert np.isnat(whole.station("time")[3]) and whole.station("time_flag")[3] == ord("9")
    assert whole.flags("TEMPPR01")[:3] == "091"
    # A value that is there keeps its flag 9.
    assert whole.flags("PSLTZZ01")[2] == "9" and whole.values("PSLTZZ01")[2] == 36.198
    told = " | ".join(whole.notes())
    for part in ("EDMO", "one LOCAL_CDI_ID", "200 N is not possible", "no time", "'Z'"):
        assert part in told


def test_level_with_value_but_no_pressure_is_kept(ctd):
    file, path = ctd
    file["PRES"][0, 5] = file["PRES"]._FillValue
    file.close()
    whole = read_whole(FORMAT, path)
    assert whole.n_samples == 21645
    assert np.isnan(whole.sample("depth")[5]) and whole.sample("depth_flag")[5] == ord("9")


def test_file_without_positions_says_so(ctd):
    file, path = ctd
    file.renameVariable("LATITUDE", "Y")
    file["Y"].delncattr("sdn_parameter_urn")
    file["Y"].delncattr("standard_name")
    file.close()
    source = Source.of(path)
    with pytest.raises(UnreadableFile, match="no latitude"):
        list(FORMAT.read(source, Doctor("x"), ReadOptions()))
