"""Every real file of the manifest becomes a collection with the counts that it should have."""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from sdcviz.errors import UnreadableFile
from sdcviz.observations import import_files, open_collection
from sdcviz.observations.collection import Collection

DATA = Path(os.environ.get("SDCVIZ_TEST_DATA", ROOT.parent / "shared" / "data"))
OTHER_THINGS = ("grid/", "vocab/", "nvs/", "divand_reference/", "derived/dtm")
"""What the manifest lists besides observations."""


def _manifest() -> dict[str, tuple[int | None, int | None]]:
    if not (DATA / "MANIFEST.csv").exists():
        return {}
    with (DATA / "MANIFEST.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        row["file"]: (
            int(row["n_profiles"]) if row["n_profiles"] else None,
            int(row["n_samples"]) if row["n_samples"] else None,
        )
        for row in rows
    }


MANIFEST = _manifest()
OBSERVATIONS = [name for name in MANIFEST if not name.startswith(OTHER_THINGS)]
GRIDS = [name for name in MANIFEST if name.startswith(("grid/", "derived/dtm"))]

EXCEPTIONS: dict[str, tuple[int, int, str]] = {
    "sdn_netcdf/netCDF_trajectory_tsg_with_instrument.nc": (
        *(264, 264),
        "the manifest counts the ship's track; every point of a track is a station, as in its twin",
    ),
    "medatlas/octopus_trajectory_bath.med": (
        *(528, 528),
        "the manifest counts two tracks; every point of a track is a station",
    ),
    "ctd_raw/MI18MHDR.btl": (
        *(1, 12),
        "the manifest counts 24 lines; every other one is the standard deviation of a bottle",
    ),
    "tabular/diva_data.txt": (1, 744, "the manifest counts the line of labels"),
    "tabular/glider_20363_1000427.csv.gz": (1, 89717, "no stations in the manifest; one series"),
    "tabular/turtles.dat": (2494, 2494, "no stations in the manifest; every row is a position"),
    "tabular/water_level_example.csv": (1, 7241, "no stations in the manifest; one series"),
    "derived/odv_netcdf_layout_ctd.nc": (10, 21645, "no samples in the manifest; as its text"),
    "derived/odv_netcdf_layout_diap.nc": (13, 110, "no samples in the manifest; as its text"),
    "medatlas/octopus_diap.med": (13, 110, "no samples in the manifest; as in octopus_diap.txt"),
    "medatlas/octopus_suva_timeseries.med": (2, 2076, "no samples in the manifest"),
    "darwin_core/event.txt": (
        *(223, 0),
        "the manifest counts rows: 725 events make 223 stations, samples are in the other files",
    ),
    "darwin_core/measurementorfact.txt": (
        *(166, 237),
        "the manifest counts rows: 500 measurements of 237 samples",
    ),
    "darwin_core/occurrence.txt": (21, 500, "no stations in the manifest; 500 occurrences"),
}
"""Stations and samples where the manifest counts something else or nothing, and why."""


@cache
def expected(name: str) -> tuple[int | None, int | None]:
    return EXCEPTIONS[name][:2] if name in EXCEPTIONS else MANIFEST[name]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Any:
    """Import one file into a collection of its own, once."""

    @cache
    def make(name: str) -> Collection:
        folder = tmp_path_factory.mktemp("one") / "c"
        import_files([data / name], folder)
        return open_collection(folder)

    return make


def test_the_manifest_is_there(data: Path) -> None:
    assert len(OBSERVATIONS) == 48
    assert len(GRIDS) == 10
    for name in EXCEPTIONS:
        assert EXCEPTIONS[name][:2] != MANIFEST[name], f"{name} needs no exception"


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_a_file_has_its_stations_and_samples(one: Any, name: str) -> None:
    about = one(name).info()
    (source,) = about["files"]
    assert (about["stations"], about["samples"]) == expected(name)
    assert (source["stations"], source["samples"]) == expected(name)
    assert source["rows"] == source["samples"] + sum(source["left_out"].values())
    assert not [o for o in about["warnings"] if "miscounts" in o["consequence"]]


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_is_refused_in_a_sentence(data: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        import_files([data / name], tmp_path / "c")
    file = name.rpartition("/")[2]
    if "binned" in name:  # polygons of coasts and borders, by bins
        told = f"{file}: the NetCDF file has no longitude"
    else:
        told = f"{file}: this is a gridded product ("
    assert str(error.value).startswith(f"Nothing was imported. {told}")
    assert not (tmp_path / "c").exists()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Any:
    folder = tmp_path_factory.mktemp("all") / "c"
    folders = sorted({name.split("/")[0] for name in OBSERVATIONS})
    report = import_files([data / name for name in folders], folder)
    return report, open_collection(folder)


def test_one_import_of_all_adds_up(everything: Any) -> None:
    report, collection = everything
    about = collection.info()
    assert [name for name, _ in report.skipped] == ["derived/dtm_layout_etopo5_med_blacksea.nc"]
    tables = {f"darwin_core/{n}.txt" for n in ("event", "measurementorfact", "occurrence")}
    files = {file["name"]: file for file in about["files"]}
    # Side by side, the three tables of Darwin Core are one data set: events carry the samples.
    archive = files.pop("darwin_core/event.txt")
    assert (archive["stations"], archive["samples"]) == (223, 660)
    assert archive["rows"] == sum(MANIFEST[name][1] or 0 for name in tables) == 1725
    assert archive["rows"] == 660 + sum(archive["left_out"].values())
    assert set(files) == set(OBSERVATIONS) - tables
    for name, file in files.items():
        assert (file["stations"], file["samples"]) == expected(name), name
        assert file["rows"] == file["samples"] + sum(file["left_out"].values()), name
    assert not any("miscounts" in o.consequence for o in report.warnings)
    for what, more, told in (
        ("stations", 223, report.stations),
        ("samples", 660, report.samples),
    ):
        assert about[what] == told == sum(file[what] for file in files.values()) + more


# ---- twins: the same casts as ODV text and as NetCDF ------------------------
SDN_CTD = {"PRES": "PRES", "TEMPPR01": "TEMP", "PSLTZZ01": "PSAL", "DOXMSDXX": "DOX2"}
TIDE = {"ASLVZZ01": "SLEV", "TEMPPR01": "TEMP", "PRESPR01": "PRES"}
TWINS: dict[str, tuple[str, dict[str, str]]] = {
    "sdn_netcdf/netCDF_vertical_profiles_ctd.nc": ("odv/ODV_vertical_profiles_ctd.txt", SDN_CTD),
    "sdn_netcdf/netCDF_vertical_profiles_ctd_with_instruments.nc": (
        "odv/ODV_vertical_profiles_ctd.txt",
        SDN_CTD,
    ),
    "sdn_netcdf/netCDF_vertical_profiles_xbt_with_fall_rate_and_instruments.nc": (
        "odv/ODV_vertical_profiles_xbt_with_fall_rate_and_instruments.txt",
        {"TEMPET01": "TEMPET01", "SVELXXXX": "SVELXXXX"},
    ),
    "sdn_netcdf/netCDF_timeseries_tidegauge.nc": ("odv/ODV_timeseries_tidegauge.txt", TIDE),
    "sdn_netcdf/netCDF_timeseries_tidegauge_with_instrument.nc": (
        "odv/ODV_timeseries_tidegauge.txt",
        TIDE,
    ),
    "sdn_netcdf/netCDF_trajectory_tsg_with_instrument.nc": (
        "odv/ODV_trajectory_tsg_with_instrument.txt",
        {"TEMPPR01": "TEMP", "PSLTZZ01": "PSAL", "CNDCZZ01": "CNDC", "SVELXXXX": "SVEL"},
    ),
    "sdn_netcdf/octopus_diap_withNoRef.nc": (
        "odv/octopus_diap.txt",
        {"PRES": "PRESPR01", "NTRAYYDZ": "NTRAYYDZ"},
    ),
    "derived/odv_netcdf_layout_ctd.nc": (
        "odv/ODV_vertical_profiles_ctd.txt",
        {"PRES": "PRES", "ITS-90 water temperature": "TEMP", "Water body salinity": "PSAL"},
    ),
    "derived/odv_netcdf_layout_diap.nc": ("odv/octopus_diap.txt", {}),
}
"""NetCDF file: its text, and the names of the columns in both."""


def in_order(collection: Collection) -> tuple[np.ndarray, np.ndarray]:
    """Stations, and samples, in the order of the file."""
    stations = np.argsort(collection.station_index, kind="stable")
    pieces = [np.arange(*collection.offsets[i : i + 2]) for i in stations]
    return stations, np.concatenate(pieces)


@pytest.mark.parametrize("file", TWINS)
def test_twins_are_the_same_collection(one: Any, file: str) -> None:
    text, names = TWINS[file]
    ours, twin = one(file), one(text)
    a, n = in_order(ours)
    b, m = in_order(twin)
    np.testing.assert_array_equal(ours.station_index[a], twin.station_index[b])
    np.testing.assert_array_equal(np.diff(ours.offsets)[a], np.diff(twin.offsets)[b])
    assert ours.text("station").take(a).texts() == twin.text("station").take(b).texts()
    # The file "without references" has been given another identifier of the data centre's country.
    identifiers = [
        [t.replace("FI29", "FI35") for t in c.text("local_cdi_id").take(rows).texts()]
        for c, rows in ((ours, a), (twin, b))
    ]
    assert identifiers[0] == identifiers[1]
    # Only the NetCDF files have flags of position and time; the text has no columns for them.
    for name in ("edmo", "feature"):
        x, y = getattr(ours, name)[a], getattr(twin, name)[b]
        np.testing.assert_array_equal(x, y, err_msg=name)
    np.testing.assert_array_equal(
        ours.time[a].astype("datetime64[s]"), twin.time[b].astype("datetime64[s]")
    )
    for name in ("lon", "lat"):
        # The exports of ODV have single precision.
        x, y = getattr(ours, name)[a], getattr(twin, name)[b]
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-5 if "derived" in file else 1e-6)
    assert (ours.sample_time is None) == (twin.sample_time is None)
    if ours.sample_time is not None:
        x, y = (c.sample_time[i].astype("datetime64[s]") for c, i in ((ours, n), (twin, m)))
        np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(ours.depth_flag[n], twin.depth_flag[m])
    for name, in_text in names.items():
        key, its = key_of(ours, name), key_of(twin, in_text)
        x, y = ours.values(key)[n].astype("f4"), twin.values(its)[m].astype("f4")
        np.testing.assert_array_equal(x, y, err_msg=name)
        np.testing.assert_array_equal(ours.flags(key)[n], twin.flags(its)[m], err_msg=name)


def key_of(collection: Collection, name: str) -> str:
    """Key of the parameter that the file calls `name`."""
    (source,) = collection.manifest["sources"]
    return next(p["key"] for p in source["parameters"] if p["name"] == name)
