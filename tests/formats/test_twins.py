"""The same data as ODV text and as NetCDF: both readers give the same."""

from pathlib import Path

import numpy as np
import pytest
from netcdf_files import Whole

from sdcviz.formats.base import ReadOptions
from sdcviz.formats.model import Doctor
from sdcviz.formats.sources import Source
from sdcviz.formats.table import recognise

PAIRS = {
    "sdn_netcdf/netCDF_vertical_profiles_ctd.nc": (
        "odv/ODV_vertical_profiles_ctd.txt",
        {"PRES": "PRES", "TEMP": "TEMPPR01", "PSAL": "PSLTZZ01", "DOX2": "DOXMSDXX"},
    ),
    "sdn_netcdf/netCDF_vertical_profiles_xbt_with_fall_rate_and_instruments.nc": (
        "odv/ODV_vertical_profiles_xbt_with_fall_rate_and_instruments.txt",
        {"TEMPET01": "TEMPET01", "SVELXXXX": "SVELXXXX"},
    ),
    "sdn_netcdf/netCDF_timeseries_tidegauge.nc": (
        "odv/ODV_timeseries_tidegauge.txt",
        {"SLEV": "ASLVZZ01", "TEMP": "TEMPPR01", "PRES": "PRESPR01"},
    ),
    "sdn_netcdf/netCDF_trajectory_tsg_with_instrument.nc": (
        "odv/ODV_trajectory_tsg_with_instrument.txt",
        {"TEMP": "TEMPPR01", "PSAL": "PSLTZZ01", "CNDC": "CNDCZZ01", "SVEL": "SVELXXXX"},
    ),
    "derived/odv_netcdf_layout_ctd.nc": (
        "odv/ODV_vertical_profiles_ctd.txt",
        {"PRES": "PRES", "TEMP": "ITS-90 water temperature", "PSAL": "Water body salinity"},
    ),
    "derived/odv_netcdf_layout_diap.nc": ("odv/octopus_diap.txt", {}),
}


def read_any(path: Path) -> Whole:
    source, doctor = Source.of(path), Doctor(path.name)
    return Whole(list(recognise(source).read(source, doctor, ReadOptions())), doctor)


@pytest.mark.parametrize("file", PAIRS)
def test_text_and_netcdf_give_the_same(data, file):
    text, names = PAIRS[file]
    ours, twin = read_any(data / file), read_any(data / text)
    np.testing.assert_array_equal(ours.counts(), twin.counts())
    for role in ("station", "local_cdi_id"):
        assert ours.text(role) == twin.text(role)
    for role in ("time", "edmo", "bottom_depth", "feature"):
        np.testing.assert_array_equal(ours.station(role), twin.station(role), err_msg=role)
    # The export has single precision, the SeaDataNet file all the digits of the text.
    tolerance = 1e-5 if "derived" in file else 1e-6
    for role in ("lon", "lat"):
        np.testing.assert_allclose(ours.station(role), twin.station(role), rtol=0, atol=tolerance)
    if twin.batches[0].time is not None:
        np.testing.assert_array_equal(ours.sample("time"), twin.sample("time"))
    if "ctd" in file:
        # The NetCDF files have pressure alone, the text depths to 0.1 m.
        np.testing.assert_allclose(ours.sample("depth"), twin.sample("depth"), atol=0.1, rtol=2e-4)
    else:
        np.testing.assert_array_equal(ours.sample("depth"), twin.sample("depth"))
    np.testing.assert_array_equal(ours.sample("depth_flag"), twin.sample("depth_flag"))
    for theirs, name in names.items():
        np.testing.assert_array_equal(
            ours.values(name).astype(np.float32), twin.values(theirs).astype(np.float32)
        )
        assert ours.flags(name) == twin.flags(theirs)
