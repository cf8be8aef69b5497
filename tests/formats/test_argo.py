"""Argo and CORA files against the manifest, argopy's own engine and xarray."""

import numpy as np
import pytest
import xarray
from netcdf_files import manifest, read_whole

from sdcviz.formats.argo import FORMAT

ARGO = ["1900857_prof.nc", "3902131_Sprof.nc", "4901079_prof.nc"]
CORA = ["CO_DMQCGL01_19511210_PR_SH.nc", "CO_DMQCGL01_19720119_PR_ME.nc"]
FILES = [f"argo/{name}" for name in ARGO] + [f"insitu_tac/{name}" for name in CORA]


def chosen(path, name):
    """Values and flags as the data mode wants, worked out profile by profile."""
    with xarray.open_dataset(path, decode_cf=False) as file:
        file = file.load()
    rows = []
    for i in range(file.sizes["N_PROF"]):
        if "PARAMETER_DATA_MODE" in file:
            names = [b"".join(t).decode().strip() for t in file.STATION_PARAMETERS[i].values]
            mode = file.PARAMETER_DATA_MODE[i].values[names.index(name)]
        else:
            mode = file.DATA_MODE[i].values
        used = f"{name}_ADJUSTED" if mode in (b"A", b"D") else name
        values, flags = file[used][i].values, file[f"{used}_QC"][i].values
        values = np.where(values == file[used].attrs["_FillValue"], np.nan, values)
        rows.append((values, b"".join(flags.tolist()).decode()))
    return np.array([v for v, _ in rows]), [f for _, f in rows]


@pytest.mark.parametrize("file", FILES)
def test_counts_are_those_of_the_manifest(data, file):
    whole = read_whole(FORMAT, data / file)
    assert (whole.n_stations, whole.n_samples) == manifest(data, file)


@pytest.mark.parametrize("file", FILES)
def test_values_and_flags_are_those_of_the_data_mode(data, file):
    whole = read_whole(FORMAT, data / file)
    expected = {c.parameter.name: chosen(data / file, c.parameter.name)
                for c in whole.batches[0].columns}  # fmt: skip
    if "PR_SH" in file:
        expected["DEPH"] = chosen(data / file, "DEPH")
    present = np.any([~np.isnan(v) for v, _ in expected.values()], axis=0)
    for name, (values, flags) in expected.items():
        if name == "DEPH":
            np.testing.assert_array_equal(whole.sample("depth"), values[present])
            continue
        assert whole.values(name).dtype == np.float32
        np.testing.assert_array_equal(whole.values(name), values[present])
        letters = np.array([list(f) for f in flags])[present]
        assert whole.source_flags(name) == "".join(letters)
        missing = np.isnan(values[present])
        assert whole.flags(name) == "".join(np.where(missing, "9", letters))


def test_delayed_mode_equals_argopy(data):
    path = data / "argo" / "1900857_prof.nc"
    whole = read_whole(FORMAT, path)
    points = xarray.open_dataset(path, engine="argo").argo.profile2point()
    np.testing.assert_array_equal(whole.values("PRES"), points.PRES_ADJUSTED.values)
    np.testing.assert_array_equal(whole.values("TEMP"), points.TEMP_ADJUSTED.values)
    times = np.repeat(whole.station("time"), whole.counts())
    assert np.abs(times - points.JULD.values).max() <= np.timedelta64(100, "ms")


def test_synthetic_profile_mixes_modes_by_parameter(data):
    whole = read_whole(FORMAT, data / "argo" / "3902131_Sprof.nc")
    with xarray.open_dataset(data / "argo" / "3902131_Sprof.nc") as file:
        # Oxygen is in real-time mode (raw), temperature in delayed mode (adjusted).
        assert np.nansum(whole.values("DOXY")) == pytest.approx(float(file.DOXY.sum()), rel=1e-5)
        assert np.count_nonzero(~np.isnan(whole.values("PSAL"))) == int(file.PSAL_ADJUSTED.count())


def test_level_that_delayed_mode_gave_up_is_accounted_for(data):
    whole = read_whole(FORMAT, data / "argo" / "4901079_prof.nc")
    assert whole.doctor.rows == 12787
    assert sum(whole.doctor.left_out.values()) == 1


def test_station_names_and_metadata(data):
    whole = read_whole(FORMAT, data / "argo" / "1900857_prof.nc")
    assert whole.text("station")[:4] == ["0D", "0", "1", "2"]
    assert set(whole.text("platform")) == {"1900857"}
    assert set(whole.extra("Project")) == {"GOODHOPE"}
    assert whole.station("time")[0] == np.datetime64("2008-02-25T04:03:00")


def test_batches_of_any_size_give_the_same(data):
    path = data / "argo" / "3902131_Sprof.nc"
    whole, parts = read_whole(FORMAT, path), read_whole(FORMAT, path, batch_samples=10_000)
    assert len(parts.batches) > 10
    for name in ("TEMP", "DOXY"):
        np.testing.assert_array_equal(parts.values(name), whole.values(name))
        assert parts.flags(name) == whole.flags(name)
    np.testing.assert_array_equal(parts.station("index"), whole.station("index"))
