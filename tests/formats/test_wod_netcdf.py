"""WOD and IQuOD NetCDF against offsets worked out by hand."""

import shutil

import netCDF4
import numpy as np
import pytest
from netcdf_files import manifest, read_whole

from sdcviz.errors import UnreadableFile
from sdcviz.formats.base import ReadOptions
from sdcviz.formats.model import Doctor
from sdcviz.formats.sources import Source
from sdcviz.formats.wod_netcdf import FORMAT

NAME = "ocldb1570984477.6279_OSD.nc"


def test_counts_are_those_of_the_manifest(data):
    whole = read_whole(FORMAT, data / "wod" / NAME)
    assert (whole.n_stations, whole.n_samples) == manifest(data, f"wod/{NAME}")


@pytest.mark.parametrize("batch_samples", [10, 100, 500_000])
def test_values_stand_at_their_depths(data, batch_samples):
    whole = read_whole(FORMAT, data / "wod" / NAME, batch_samples=batch_samples)
    with netCDF4.Dataset(data / "wod" / NAME) as file:
        file.set_auto_mask(False)
        sizes = file["z_row_size"][:]
        np.testing.assert_array_equal(whole.counts(), sizes)
        np.testing.assert_array_equal(whole.sample("depth").astype("f4"), file["z"][:])
        for name in ("Temperature", "Salinity", "Oxygen", "Alkalinity"):
            expected = np.full(sizes.sum(), np.nan, np.float32)
            letters = [" "] * sizes.sum()
            at = taken = 0
            for z_size, own in zip(sizes, np.maximum(file[f"{name}_row_size"][:], 0), strict=True):
                values = file[name][taken : taken + own]
                expected[at : at + own] = np.where(values == -1e10, np.nan, values)
                flags = file[f"{name}_IQUODflag"][taken : taken + own]
                letters[at : at + own] = [" " if f < 0 else str(f) for f in flags]
                at, taken = at + z_size, taken + own
            np.testing.assert_array_equal(whole.values(name), expected)
            assert whole.source_flags(name) == "".join(letters)


def test_wod_flags_are_turned_round(data):
    whole = read_whole(FORMAT, data / "wod" / NAME)
    source, flags = whole.source_flags("Temperature"), whole.flags("Temperature")
    assert {(s, f) for s, f in zip(source, flags, strict=True)} == {("0", "1"), ("3", "3")}


def test_metadata(data):
    whole = read_whole(FORMAT, data / "wod" / NAME)
    assert whole.text("station")[0] == "67017"
    assert whole.text("cruise")[0] == "JP000511"
    assert whole.text("type") == ["B"] * 105
    assert whole.station("time")[0] == np.datetime64("1934-08-07T00:06:00")
    assert whole.station("lon")[0] == 130.05
    assert whole.station("bottom_depth")[0] == 45 and np.isnan(whole.station("bottom_depth")[1])
    notes = " | ".join(whole.notes())
    assert "rejects as a whole" in notes and "table within a table" in notes


def test_row_sizes_that_promise_too_much(data, tmp_path):
    path = tmp_path / NAME
    shutil.copyfile(data / "wod" / NAME, path)
    path.chmod(0o644)
    with netCDF4.Dataset(path, "a") as file:
        file["Salinity_row_size"][0] = 1000
    source = Source.of(path)
    with pytest.raises(UnreadableFile, match=r"Salinity_row_size promises 1\u202f625 values"):
        list(FORMAT.read(source, Doctor("x"), ReadOptions()))


def test_row_sizes_that_differ_are_told(data, tmp_path):
    path = tmp_path / NAME
    shutil.copyfile(data / "wod" / NAME, path)
    path.chmod(0o644)
    with netCDF4.Dataset(path, "a") as file:
        file["Salinity_row_size"][:2] = [3, 9]
    whole = read_whole(FORMAT, path)
    assert whole.n_samples == 667
    assert np.isnan(whole.values("Salinity")[3]) and np.isnan(whole.sample("depth")[12])
    assert any("another number of values" in note for note in whole.notes())
