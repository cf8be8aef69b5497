"""All real files in one collection: what the readers give is what is there."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz.formats import find_sources, read
from sdcviz.formats.model import Doctor
from sdcviz.formats.sources import Source
from sdcviz.observations import find_duplicates, import_files, open_collection

FOLDERS = (
    *("odv", "odv_bio", "argo", "sdn_netcdf", "wod", "insitu_tac", "medatlas"),
    *("ctd_raw", "tabular", "darwin_core", "derived"),
)


@pytest.fixture(scope="module")
def everything(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("real") / "everything"
    import_files([data / name for name in FOLDERS], folder)
    return open_collection(folder)


@pytest.mark.parametrize(
    "name",
    [
        "odv/ODV_vertical_profiles_ctd.txt",
        "odv/octopus_ts_dateFormat.txt",
        "odv_bio/BioODV_MacroB.txt",
        "argo/1900857_prof.nc",
        "wod/ocldb1570984477.6279_OSD.nc",
    ],
)
def test_the_collection_holds_what_the_reader_gives(everything, data, name):
    c = everything
    number = next(i for i, s in enumerate(c.manifest["sources"]) if s["name"] == name)
    told = c.manifest["sources"][number]["parameters"]
    source = Source.of(data / name, name)
    for batch in read(source, Doctor(name)):
        for k, index in enumerate(batch.stations.index):
            i = int(np.flatnonzero((c.source == number) & (c.station_index == index))[0])
            mine, its = slice(*batch.offsets[k : k + 2]), slice(*c.offsets[i : i + 2])
            np.testing.assert_array_equal(c.row[its], batch.row[mine])
            np.testing.assert_allclose(c.depth[its], batch.depth[mine], rtol=1e-7)
            assert c.time[i] == batch.stations.time[k] or np.isnat(c.time[i])
            for column, entry in zip(batch.columns, told, strict=True):
                values, flags = c.values(entry["key"]), c.flags(entry["key"])
                if entry["kind"] == "text":
                    n = np.arange(mine.start, mine.stop)
                    assert values.take(np.arange(its.start, its.stop)).texts() == (
                        column.values.take(n).texts()
                    )
                else:
                    np.testing.assert_allclose(values[its], column.values[mine], rtol=1e-7)
                np.testing.assert_array_equal(flags[its], column.flags[mine])


def test_the_same_cast_in_two_formats_is_found(tmp_path, data):
    files = ["odv/ODV_vertical_profiles_ctd.txt", "sdn_netcdf/netCDF_vertical_profiles_ctd.nc"]
    import_files([data / f for f in files], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    pairs = find_duplicates(c)
    assert len(pairs) == 10
    assert {(p.id_a.split(":")[1], p.id_b.split(":")[1]) for p in pairs} == {
        (str(i), str(i)) for i in range(10)
    }
    assert all({p.file_a, p.file_b} == {f.split("/")[1] for f in files} for p in pairs)
    assert all(p.same == p.compared > 0 for p in pairs)


def test_a_track_in_two_formats_is_paired_point_by_point(tmp_path, data):
    name = "trajectory_tsg_with_instrument"
    import_files([data / f"odv/ODV_{name}.txt", data / f"sdn_netcdf/netCDF_{name}.nc"], tmp_path)
    c = open_collection(tmp_path)
    assert c.n_stations == 2 * 264
    pairs = find_duplicates(c)
    assert len(pairs) == 264
    assert all(p.id_a.split(":")[1] == p.id_b.split(":")[1] for p in pairs)
    assert all(p.file_a != p.file_b and p.same == p.compared for p in pairs)


def test_progress_reaches_the_end(tmp_path, data):
    told = []
    import_files([data / "odv"], tmp_path / "c", progress=lambda *now: told.append(now))
    done, total, text = told[-1]
    assert (done, text) == (total, "Done")
    assert [d for d, _, _ in told] == sorted(d for d, _, _ in told)
    with find_sources([data / "odv"]) as sources:
        assert total == sources.total_bytes
