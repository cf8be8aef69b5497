"""What is exported can be imported again, and is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz.errors import BadRequest, StorageError
from sdcviz.formats.model import Coded, Parameter
from sdcviz.observations import build_collection, import_files, open_collection
from sdcviz.observations.batches import batches
from sdcviz.observations.kernels import restore
from sdcviz.qc.model import DEPTH, POSITION, TIME, Edits

from .synthetic import TEMP, batch, sha


@pytest.fixture(scope="module")
def cruise(tmp_path_factory, data):
    """Open a collection of one ODV file."""
    folder = tmp_path_factory.mktemp("cruise") / "c"
    import_files([data / "odv" / "ODV_vertical_profiles_ctd.txt"], folder)
    return open_collection(folder)


@pytest.fixture(scope="module")
def two(tmp_path_factory, data):
    """Open a collection of ODV and NetCDF files."""
    folder = tmp_path_factory.mktemp("two") / "c"
    import_files(
        [data / "odv" / "octopus_diap.txt", data / "wod" / "ocldb1570984477.6279_OSD.nc"], folder
    )
    return open_collection(folder)


def wide(values):
    return restore(values) if values.dtype == np.float32 else np.asarray(values, float)


def alike(before, after, ids: list[str]) -> None:
    """Compare the samples of two collections station by station."""
    assert after.n_stations == len(ids)
    for k, i in enumerate(ids):
        (a,) = before.find_station(i)
        (b,) = np.flatnonzero(after.station_index == k)
        assert after.lon[b] == pytest.approx(before.lon[a], abs=1e-6)
        assert after.lat[b] == pytest.approx(before.lat[a], abs=1e-6)
        assert after.time[b] == before.time[a]
        assert after.text("cruise").texts()[b] == before.text("cruise").texts()[a]
        one, other = slice(*before.offsets[a : a + 2]), slice(*after.offsets[b : b + 2])
        np.testing.assert_allclose(after.depth[other], before.depth[one], rtol=1e-6)
        for p in before.parameters:
            if p.kind == "text" or not before.has(p.key)[a]:
                continue
            np.testing.assert_allclose(
                wide(after.values(p.key)[other]), wide(before.values(p.key)[one]), rtol=1e-6
            )
            assert (after.flags(p.key)[other] == before.flags(p.key)[one]).all()


def test_parameters_that_share_a_name_keep_their_keys(tmp_path):
    """A file may have a column twice, and one name for several quantities."""
    pascal, code = Parameter("PRES", "Pa"), Parameter("PRES", "code")
    parameters = (TEMP, Parameter("PRES", "dbar"), pascal, code, TEMP)
    one = batch(8, 3, parameters=parameters)
    build_collection([("a", sha("a"), [one])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert len(c.keys) == 5
    for form in ("parquet", "netcdf"):
        path = c.where().export(tmp_path / f"out.{form}", form)
        import_files([path], tmp_path / form)
        again = open_collection(tmp_path / form)
        assert again.keys == c.keys
        assert [p.label for p in again.parameters] == [p.label for p in c.parameters]
        assert [p.name for p in again.parameters] == [p.name for p in c.parameters]
        import_files([path], tmp_path / "c")
        assert open_collection(tmp_path / "c").keys == c.keys


@pytest.mark.parametrize("form", ["odv", "netcdf", "parquet"])
def test_an_export_of_several_files_comes_back(two, form, tmp_path):
    chosen = two.where()
    assert (np.diff(two.offsets) == 0).any()
    path = chosen.export(tmp_path / f"out.{form}", form)
    import_files([path], tmp_path / "again")
    order = np.lexsort((two.station_index[chosen.rows], two.source[chosen.rows]))
    ids = [two.station_id(i) for i in chosen.rows[order]]
    alike(two, open_collection(tmp_path / "again"), ids)


def test_csv_holds_every_sample(two, tmp_path):
    path = two.where().export(tmp_path / "out.csv")
    rows = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    without_samples = (np.diff(two.offsets) == 0).sum()
    assert len(rows) == 1 + two.n_samples + without_samples


def test_a_whole_odv_file_is_returned_byte_for_byte(cruise, data, tmp_path):
    path = cruise.where().export(tmp_path / "out.txt", "odv")
    assert path.read_bytes() == (data / "odv" / "ODV_vertical_profiles_ctd.txt").read_bytes()


def test_a_part_of_an_odv_file_keeps_its_lines(cruise, data, tmp_path):
    chosen = cruise.where(depth=(100, 500))
    path = chosen.export(tmp_path / "out.txt")
    original = (data / "odv" / "ODV_vertical_profiles_ctd.txt").read_bytes().split(b"\n")
    kept = path.read_bytes().split(b"\n")
    columns = [line.rstrip(b"\r").split(b"\t")[9:] for line in original[:]]
    cells = [line.rstrip(b"\r").split(b"\t")[9:] for line in kept if line[:2] != b"//"][1:-1]
    lines = np.sort(chosen.take(cruise.row)).tolist()
    assert len(cells) == chosen.n_samples == len(lines)
    assert cells == [columns[n - 1] for n in lines]
    again = tmp_path / "again"
    import_files([path], again)
    after = open_collection(again)
    assert (after.n_stations, after.n_samples) == (chosen.n_stations, chosen.n_samples)


def test_batches_carry_the_filters(two):
    chosen = two.where(depth=(0, 50), months=(1, 2, 3, 4, 5, 6))
    made = list(batches(chosen))
    assert sum(len(b.stations) for b in made) == chosen.n_stations
    assert sum(b.n_samples for b in made) == chosen.n_samples
    assert all((b.depth >= 0).all() and (b.depth <= 50).all() for b in made)
    for b in made:
        assert b.offsets[-1] == len(b.depth) == len(b.row)
        for column in b.columns:
            n = len(column.values.codes if isinstance(column.values, Coded) else column.values)
            assert n == len(column.flags) == b.n_samples


def test_batches_are_cut_between_stations(two, monkeypatch):
    from sdcviz.observations import batches as cutting

    monkeypatch.setattr(cutting, "_PIECE", 50)
    whole = two.where()
    made = list(batches(whole))
    assert len(made) > 3
    assert sum(b.n_samples for b in made) == two.n_samples
    order = np.lexsort((two.station_index, two.source))
    lon = np.concatenate([b.stations.lon for b in made])
    assert np.array_equal(lon, two.lon[order], equal_nan=True)
    index = np.concatenate([b.stations.index for b in made])
    assert index.tolist() == list(range(two.n_stations))


def test_an_unknown_format_is_refused(two, tmp_path):
    with pytest.raises(BadRequest, match="expected one of the formats odv, netcdf, parquet, csv"):
        two.where().export(tmp_path / "out.xls")


def test_a_failed_export_leaves_the_old_file(two, tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(StorageError, match="full"):
            two.where().export(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_folder_that_is_missing_is_made(two, tmp_path):
    path: Path = two.where(rows=[0]).export(tmp_path / "new" / "out.csv")
    assert path.is_file()


@pytest.fixture
def flagged(data, tmp_path):
    """Open a collection of two files with changed flags of every kind."""
    files = ["odv/octopus_diap.txt", "odv/ODV_timeseries_tidegauge.txt"]
    import_files([data / name for name in files], tmp_path / "flagged")
    c = open_collection(tmp_path / "flagged")
    (series,) = np.flatnonzero(c.source == 1)[:1]
    first, second = (int(r) for r in np.flatnonzero(c.source == 0)[[2, 5]])
    for key, row, sample, new in (
        ("nitrate", [first, second], [3, 1], "4"),
        ("nitrate", [first], [3], "3"),
        (DEPTH, [second], [0], "4"),
        (POSITION, [first], [-1], "3"),
        (TIME, [second], [-1], "4"),
        (TIME, [series], [7], "3"),
    ):
        edits = Edits.of(key, row, sample, c.flag_at(key, row, sample), new)
        c.journal.write(c, edits, user="Ana Ünal", reason="=spike", session="one")
    return c


def the_same_flags(before, after) -> None:
    """Compare all flags station by station; the export numbered them anew."""
    order = np.lexsort((before.station_index, before.source))
    for k, a in enumerate(order):
        (b,) = np.flatnonzero(after.station_index == k)
        one, other = slice(*before.offsets[a : a + 2]), slice(*after.offsets[b : b + 2])
        assert after.position_flag[b] == before.position_flag[a]
        assert after.time_flag[b] == before.time_flag[a]
        assert (after.depth_flag[other] == before.depth_flag[one]).all()
        own = ~np.isnat(before.sample_time[one])
        there = before.sample_time_flag[one][own]
        assert (after.sample_time_flag[other][own] == there).all()
        for key in before.keys:
            if before.has(key)[a]:
                assert (after.flags(key)[other] == before.flags(key)[one]).all()


def test_a_file_of_several_sources_has_a_line_for_each_session(flagged, tmp_path):
    from netCDF4 import Dataset

    lines = flagged.where().export(tmp_path / "out.txt").read_text().splitlines()
    told = [line for line in lines if "EDITFLAGS" in line]
    assert len(told) == 1 and told[0].startswith("//<History>") and "Ana Ünal@sdcviz" in told[0]
    with Dataset(flagged.where().export(tmp_path / "out.nc")) as file:
        assert file.history.count("EDITFLAGS") == 1


@pytest.mark.parametrize("form", ["odv", "netcdf", "csv", "parquet"])
def test_changed_flags_go_into_every_format(flagged, form, tmp_path):
    path = flagged.where().export(tmp_path / f"out.{form}", form)
    import_files([path], tmp_path / form)
    the_same_flags(flagged, open_collection(tmp_path / form))


def test_netcdf_tells_who_changed_what(flagged, tmp_path):
    from netCDF4 import Dataset

    c = flagged
    for number, chosen in enumerate((c.where(), c.where(depth=(5, None)))):
        path = chosen.export(tmp_path / f"out{number}.nc")
        edits, batch = c.journal.edits(c)
        with Dataset(path) as file:
            file.set_auto_mask(False)
            assert {v.dimensions[0] for v in file.variables.values()} <= {"station", "sample"}
            group = file["flag_changes"]
            row_size = file["row_size"][:]
            # Chars become texts as their encoding says.
            texts = {name: v[:].tolist() for name, v in group.variables.items() if v.ndim == 2}
            assert set(texts["batch_user"]) == {"Ana Ünal"}
            assert set(texts["batch_reason"]) == {"=spike"}
            names = [texts["variable_name"][i] for i in group["variable_index"][:]]
            told = list(
                zip(
                    names,
                    *(group[name][:].tolist() for name in ("station", "sample")),
                    group["flag_old"][:].view("u1").tobytes().decode(),
                    group["flag_new"][:].view("u1").tobytes().decode(),
                    strict=True,
                )
            )
            assert group["batch_id"][:].tolist() == sorted(set(batch.tolist()))
            # The last change of each flag is what the file has.
            ends = np.cumsum(row_size)
            for name, station, sample, _, new in dict.fromkeys(told):
                again = [t for t in told if t[:3] == (name, station, sample)]
                flags = file[f"{name}_SEADATANET_QC"][:]
                at = station if sample < 0 else sample
                assert sample < 0 or ends[station] - row_size[station] <= sample < ends[station]
                if again[-1][4] == new:
                    assert chr(flags[at]) == new
            if number == 0:
                assert len(told) == len(edits)
                assert {t[0] for t in told} >= {"DEPTH", "POSITION", "TIME", "SAMPLE_TIME"}
        import xarray as xr

        with xr.open_dataset(path) as dataset:
            assert dataset.attrs["Conventions"].startswith("CF-1.8")
    with Dataset(c.where(rows=[0]).export(tmp_path / "none.nc")) as file:
        assert not file.groups
