"""CMEMS in situ and OceanSITES layouts."""

import netCDF4
import numpy as np
import pytest
from netcdf_files import manifest, read_whole

from sdcviz.formats.insitu_tac import FORMAT

NAME = "insitu_tac/cmems_testfile1.nc"


def test_counts_are_those_of_the_manifest(data):
    whole = read_whole(FORMAT, data / NAME)
    assert (whole.n_stations, whole.n_samples) == manifest(data, NAME)
    # The file holds 123 everywhere, which is no latitude.
    assert np.isnan(whole.station("lat")).all()
    np.testing.assert_array_equal(whole.values("TEMP"), 123)
    assert whole.flags("TEMP") == "111" and whole.source_flags("TEMP") == "111"
    assert whole.station("time")[0] == np.datetime64("1950-05-04")


@pytest.fixture
def make(tmp_path):
    """Write a small file; mooring (one position) or profiles; DEPH or PRES."""

    def write(places, vertical, feature=""):
        path = tmp_path / "tac.nc"
        with netCDF4.Dataset(path, "w") as file:
            file.Conventions = "CF-1.6 Copernicus-InSituTAC-FormatManual-1.4"
            file.platform_code, file.institution_edmo_code = "6100196", "2751 4534"
            if feature:
                file.featureType = feature
            file.createDimension("TIME", 3)
            file.createDimension("DEPTH", 2)
            file.createDimension("LATITUDE", places)
            time = file.createVariable("TIME", "f8", ("TIME",))
            time.units = "days since 1950-01-01T00:00:00Z"
            time[:] = [18262.0, 18262.5, 18263.0]
            for name, value in (("LATITUDE", 40.5), ("LONGITUDE", 3.25)):
                variable = file.createVariable(name, "f4", ("LATITUDE",))
                variable[:] = value
            for name, values in (
                (vertical, [[1, 10], [1, 10], [1, 10]]),
                ("TEMP", [[15000, 14000], [15100, -32767], [-32767, -32767]]),
            ):
                variable = file.createVariable(
                    name, "f4" if name == vertical else "i2", ("TIME", "DEPTH"), fill_value=-32767
                )
                variable.set_auto_maskandscale(False)
                if name == "TEMP":
                    variable.scale_factor = np.float32(0.001)
                variable[:] = values
            flags = file.createVariable("TEMP_QC", "i1", ("TIME", "DEPTH"), fill_value=-127)
            flags[:] = [[1, 7], [4, 9], [-127, -127]]
        return path

    return write


def test_profiles(make):
    whole = read_whole(FORMAT, make(3, "PRES"))
    assert (whole.n_stations, whole.n_samples) == (3, 6)
    assert whole.text("platform") == ["6100196"] * 3
    np.testing.assert_array_equal(whole.station("edmo"), 2751)
    np.testing.assert_array_equal(whole.station("feature"), 0)
    np.testing.assert_allclose(whole.sample("depth")[:2], [0.993, 9.93], atol=0.01)


def test_mooring_is_one_station(make):
    whole = read_whole(FORMAT, make(1, "DEPH"))
    # The third time has depths alone: padding of the grid.
    assert (whole.n_stations, whole.n_samples) == (1, 3)
    np.testing.assert_array_equal(whole.station("feature"), 1)
    np.testing.assert_array_equal(
        whole.sample("time"),
        np.array(["2000-01-01", "2000-01-01", "2000-01-01T12:00"], "datetime64[ms]"),
    )
    np.testing.assert_array_equal(whole.sample("depth"), [1, 10, 1])
    np.testing.assert_array_equal(whole.sample("row"), [0, 1, 2])
    np.testing.assert_allclose(whole.values("TEMP"), [15, 14, 15.1], rtol=1e-6)
    # OceanSITES 7 is a nominal value, L20 B.
    assert whole.flags("TEMP") == "1B4" and whole.source_flags("TEMP") == "174"
