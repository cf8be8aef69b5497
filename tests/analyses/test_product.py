"""A product is read back value by value, by xarray and by netCDF4 alone."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import hand_made as products
import numpy as np
import pytest
from conftest import ROOT, need

from sdcviz.analyses.layout import check_layout
from sdcviz.analyses.model import SliceResult
from sdcviz.analyses.names import FILL
from sdcviz.analyses.product import write_product
from sdcviz.errors import BadRequest, StorageError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return products.product(tmp_path_factory.mktemp("product") / "t.nc", background=True)


def _expected() -> tuple[np.ndarray, list[SliceResult]]:
    grid = products.axes()
    mask = products.sea(grid)
    return mask, products.results(grid, mask, len(products.points()), True)


def _turned(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 1, 0)


def test_fields_in_xarray(path: Path) -> None:
    import xarray as xr

    mask, made = _expected()
    with xr.open_dataset(path) as ds:
        assert ds["Temperature"].dims == ("time", "depth", "lat", "lon")
        assert ds["Temperature_deepest"].dims == ("time", "lat", "lon")
        np.testing.assert_array_equal(ds["lon"], np.arange(3.0, 10.0, 0.5))
        np.testing.assert_array_equal(ds["depth"], [0, 10, 50])
        assert list(ds["time"].values.astype("datetime64[D]").astype(str)) == [
            "2000-01-16",
            "2000-02-16",
            "2000-03-16",
        ]
        deepest = np.where(mask.any(axis=2), mask.shape[2] - 1 - mask[..., ::-1].argmax(2), -1)
        depth = np.where(deepest < 0, np.nan, np.array([0, 10, 50.0])[deepest])
        np.testing.assert_array_equal(ds["Temperature_deepest_depth"], depth.T)
        for k, result in enumerate(made):
            np.testing.assert_array_equal(ds["Temperature"][k], _turned(result.field))
            np.testing.assert_array_equal(ds["Temperature_relerr"][k], _turned(result.error))
            for label, limit in (("L1", 0.3), ("L2", 0.5)):
                kept = np.where(result.error <= limit, result.field, np.nan)
                np.testing.assert_array_equal(ds[f"Temperature_{label}"][k], _turned(kept))
            got, error, masked = (
                ds[f"Temperature_deepest{end}"].values[k].T for end in ("", "_relerr", "_L1")
            )
            for i, j in np.ndindex(deepest.shape):
                if deepest[i, j] < 0:
                    assert np.isnan(got[i, j]) and np.isnan(error[i, j])
                    continue
                assert got[i, j] == result.field[i, j, deepest[i, j]]
                assert error[i, j] == result.error[i, j, deepest[i, j]]
                kept = got[i, j] if error[i, j] <= 0.3 else np.nan
                np.testing.assert_equal(masked[i, j], kept)
        background = ds["Temperature_background"].values
        assert np.isnan(background[[0, 2]]).all()
        np.testing.assert_array_equal(background[1], _turned(made[1].background))


def test_values_in_netcdf4_alone(path: Path) -> None:
    from netCDF4 import Dataset

    mask, made = _expected()
    with Dataset(path) as file:
        file.set_auto_maskandscale(False)
        field = file["Temperature"]
        assert field.dtype == np.float32 and field._FillValue == field.missing_value == FILL
        raw = field[0]
        assert (raw[~_turned(mask)] == FILL).all() and np.isfinite(raw).all()
        np.testing.assert_array_equal(raw[_turned(mask)], _turned(made[0].field)[_turned(mask)])
        assert field.chunking() == [1, 3, 8, 14]
        assert field.cell_methods == "time: mean within years time: mean over years"
        assert field.units == "degree_Celsius"
        assert field.sdn_parameter_urn == "SDN:P01::TEMPPR01"
        assert field.sdn_uom_urn == "SDN:P06::UPAA"
        assert file["time"].units == "days since 1900-01-01 00:00:00"
        assert file["time"].climatology == "climatology_bounds"
        assert file["climatology_bounds"].dimensions == ("time", "nv")
        assert file["depth"].positive == "down"
        error = file["Temperature_relerr"]
        assert error.long_name.startswith("Relative error variance of Sea water temperature")
        assert (error.units, error.valid_min, error.valid_max) == ("1", 0, 1)
        # 1900-01-01 plus so many days: 1991-01-01 and 2010-02-01.
        np.testing.assert_array_equal(file["climatology_bounds"][0], [33237, 40208])


def test_observations_and_residuals(path: Path) -> None:
    import xarray as xr

    points, (_, made) = products.points(), _expected()
    used = np.unique(np.concatenate([r.rows[r.used] for r in made]))
    assert 0 < len(used) < len(points)
    with xr.open_dataset(path) as ds:
        for name in ("lon", "lat", "depth", "value", "edmo"):
            np.testing.assert_array_equal(ds[f"obs{name}"], getattr(points, name)[used])
        late = np.abs(ds["obstime"].values - points.time[used])
        assert late.max() < np.timedelta64(1, "ms")
        decoded = [t.decode() if isinstance(t, bytes) else t for t in ds["obsid"].values]
        assert decoded == points.id[used].tolist()
        assert "é" in decoded[0]
        cruises = [t.decode() if isinstance(t, bytes) else t for t in ds["obscruise"].values]
        assert cruises == points.cruise[used].tolist()
        for k, result in enumerate(made):
            here = ds["residual_slice"].values == k
            rows = used[ds["residual_observation"].values[here]]
            np.testing.assert_array_equal(rows, result.rows[result.used])
            for name in ("residual", "residual_suspicion"):
                attribute = "residuals" if name == "residual" else "suspicion"
                given = getattr(result, attribute)[result.used].astype(np.float32)
                np.testing.assert_array_equal(ds[name].values[here], given)
    from netCDF4 import Dataset

    with Dataset(path) as file:
        assert file["obsid"].dimensions == ("observations", "idlen")
        assert file["obsid"][0] == points.id[used[0]]


def test_what_the_file_says_of_itself(path: Path) -> None:
    import xarray as xr

    with xr.open_dataset(path) as ds:
        told = ds.attrs
        notes = [json.loads(n) for n in ds["slice_notes"].values.astype(str)]
        deviation = ds["Temperature_background_sd"].values
        assert [str(t) for t in ds["slice_label"].values.astype(str)][:2] == ["January", "February"]
        low, high = ds["Temperature"].attrs["preview_range"]
    assert all(n["solver"] == "cvxopt" and "seconds" not in n for n in notes)
    assert not any("background_sd" in n for n in notes)  # it has a variable of its own
    np.testing.assert_array_equal(deviation[:, 0], [2, 1.75, 1.5])
    assert np.isnan(deviation[:, 1:]).all()
    assert 8 < low < 15 < high < 22
    assert told["institution"] == "Ifremer / IDM / SISMER, France"
    assert told["institution_urn"] == "SDN:EDMO::486"
    assert told["parameter_keyword"] == "ITS-90 water temperature"
    assert told["parameter_keyword_urn"] == "SDN:P35::WATERTEMP"
    assert told["area_keywords"] == "Mediterranean Sea"
    assert told["Author_e-mail"].endswith("Grace Hopper <grace@example.org>")
    assert told["product_code"].endswith("-Mediterranean Sea-ITS-90 water temperature-1.0-ANA")
    assert told["recipe"] == products.RECIPE
    assert "numpy " in told["software_versions"]
    assert (told["geospatial_lat_min"], told["geospatial_lat_max"]) == (40, 43.5)
    assert (told["time_coverage_start"], told["time_coverage_end"]) == (
        "1991-01-01T00:00:00Z",
        "2010-04-01T00:00:00Z",
    )


def test_nothing_is_invented(tmp_path: Path) -> None:
    from netCDF4 import Dataset

    bare = products.product(tmp_path / "t.nc", products.Meta("Matter", edmo=(987654,)))
    with Dataset(bare) as file:
        told = set(file.ncattrs())
        assert not told & {"institution", "project", "doi", "title", "product_code", "abstract"}
        assert file.institution_urn == "SDN:EDMO::987654"
        assert not {"units", "standard_name", "sdn_parameter_urn"} & set(file["Matter"].ncattrs())


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, path: Path) -> None:
    again = products.product(tmp_path / "other_name.nc", background=True)
    assert again.read_bytes() == path.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other_name.nc"]


def test_without_depth(tmp_path: Path) -> None:
    import xarray as xr

    grid = products.axes(depth=())
    flat = products.product(tmp_path / "t.nc", grid=grid)
    mask = products.sea(grid)
    made = products.results(grid, mask, 40)
    with xr.open_dataset(flat) as ds:
        assert ds["Temperature"].dims == ("time", "lat", "lon")
        assert not [n for n in ds.variables if "deepest" in str(n) or n == "depth"]
        np.testing.assert_array_equal(ds["Temperature"][2], made[2].field[:, :, 0].T)
    assert check_layout(flat) == []


def test_errors_beyond_the_range_are_brought_into_it(tmp_path: Path) -> None:
    import xarray as xr

    grid = products.axes(1)
    mask, seen = products.sea(grid), products.points()
    (made,) = products.results(grid, mask, len(seen))
    made.error[4, 4, :2] = 1.25, -1e-7
    out = tmp_path / "t.nc"
    write_product(out, "", products.META, grid, mask, seen, [lambda: made])
    with xr.open_dataset(out) as ds:
        np.testing.assert_array_equal(ds["Temperature_relerr"].values[0, :2, 4, 4], [1, 0])
        assert ds["Temperature"].values[0, 0, 4, 4] == made.field[4, 4, 0]


def test_without_errors_there_are_no_masked_copies(tmp_path: Path) -> None:
    import xarray as xr

    grid = products.axes(1)
    mask, seen = products.sea(grid), products.points()
    (made,) = products.results(grid, mask, len(seen))
    made.error[:] = np.nan
    out = tmp_path / "t.nc"
    write_product(out, "", products.META, grid, mask, seen, [lambda: made])
    with xr.open_dataset(out) as ds:
        assert [str(n) for n in ds.data_vars if str(n).startswith("Temperature")] == [
            "Temperature",
            "Temperature_deepest",
        ]
        np.testing.assert_array_equal(ds["Temperature"][0], _turned(made.field))
    assert any("no variable VAR_relerr" in text for text in check_layout(out))


def test_other_thresholds(tmp_path: Path) -> None:
    import xarray as xr

    grid = products.axes(1)
    mask, seen = products.sea(grid), products.points()
    (made,) = products.results(grid, mask, len(seen))
    out, limits = tmp_path / "t.nc", {"L1": 0.25, "L2": 0.5, "strict": 0.1}
    write_product(out, "r", products.META, grid, mask, seen, [lambda: made], limits)
    assert check_layout(out) == []
    with xr.open_dataset(out) as ds:
        kept = np.where(made.error <= np.float32(0.1), made.field, np.nan)
        np.testing.assert_array_equal(ds["Temperature_strict"][0], _turned(kept))


def test_a_slice_without_observations(tmp_path: Path) -> None:
    grid = products.axes(1)
    mask, seen = products.sea(grid), products.points(0)
    field = np.where(mask, 0, np.nan).astype(np.float32)
    none = np.empty(0)
    made = SliceResult(field, field + 1, none.astype(int), none, none.astype(bool), none)
    out = write_product(tmp_path / "t.nc", "r", products.META, grid, mask, seen, [lambda: made])
    assert check_layout(out) == []


def test_one_slice_is_in_memory_at_a_time(tmp_path: Path) -> None:
    import tracemalloc

    from sdcviz.analyses.model import Axes, TimeSlice

    months = [products.month(2000, m) for m in range(1, 14)]
    slices = tuple(
        TimeSlice(str(m), a, a, b, ((2000, 2000),), (m,))
        for m, (a, b) in enumerate(pairwise(months), 1)
    )
    grid = Axes(np.arange(120.0) / 4, np.arange(100.0) / 4, np.arange(12.0) * 10, slices)
    mask, seen = np.ones(grid.shape, bool), products.points(0)
    none = np.empty(0)
    one_field = np.prod(grid.shape) * 4

    def load() -> SliceResult:
        field = np.random.default_rng(0).random(grid.shape, np.float32)
        return SliceResult(field, field, none.astype(int), none, none.astype(bool), none)

    tracemalloc.start()
    write_product(tmp_path / "t.nc", "r", products.META, grid, mask, seen, [load] * 12)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 12 slices of field and error would be 24.
    assert peak < 14 * one_field


@pytest.mark.parametrize("name", ["Water body salinity", "", "2temp", "a/b", "Température"])
def test_a_name_that_cant_be_a_variable(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="letters, digits and underscores"):
        products.product(tmp_path / "t.nc", variable=name)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    grid = products.axes()
    mask, seen = products.sea(grid), products.points()
    made = products.results(grid, mask, len(seen))
    out, told = tmp_path / "t.nc", ("r", products.META, grid)
    with pytest.raises(ValueError, match="2 results for 3 time slices"):
        write_product(out, *told, mask, seen, products.loaders(made[:2]))
    with pytest.raises(ValueError, match="mask has the shape"):
        write_product(out, *told, mask[1:], seen, products.loaders(made))
    with pytest.raises(ValueError, match="Slice 0 has residuals"):
        write_product(out, *told, mask, products.points(20), products.loaders(made))
    cut = SliceResult(made[0].field[1:], *list(vars(made[0]).values())[1:6])
    with pytest.raises(ValueError, match=r"field of slice 0 \(January\) has the shape"):
        write_product(out, *told, mask, seen, products.loaders([cut, *made[1:]]))
    assert list(tmp_path.iterdir()) == []


def test_a_slice_that_is_damaged_leaves_the_old_product(tmp_path: Path) -> None:
    out = products.product(tmp_path / "t.nc")
    before = out.read_bytes()
    grid = products.axes()
    mask, seen = products.sea(grid), products.points()
    made = products.loaders(products.results(grid, mask, len(seen)))

    def damaged() -> SliceResult:
        return SliceResult.load(tmp_path / "gone.npz")

    from sdcviz.errors import UnreadableFile

    with pytest.raises(UnreadableFile):
        write_product(out, "r", products.META, grid, mask, seen, [*made[:2], damaged])
    assert out.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.nc"]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    # A limit on the size of files stands in for the disk's end; in a process of its own.
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "import hand_made as products\n"
        "from sdcviz.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))\n"
        "try:\n"
        f"    products.product(Path({str(tmp_path / 't.nc')!r}))\n"
        "except StorageError as error:\n"
        "    print(error)\n"
    )
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'analyses'}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert "there is no new product" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="there is no folder"):
        products.product(tmp_path / "missing" / "t.nc")


def test_a_program_of_unidata_reads_it(path: Path) -> None:
    ncdump = shutil.which("ncdump")
    need(ncdump, "ncdump is missing: apt-get install netcdf-bin")
    done = subprocess.run([ncdump, "-h", path], capture_output=True, text=True, check=True)
    assert "float Temperature_L1(time, depth, lat, lon) ;" in done.stdout


@pytest.mark.filterwarnings("ignore:The ioos_sos checker is deprecated")
def test_an_independent_checker_finds_only_the_name_of_seadatanet(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IOOS's compliance checker, without the network: its table of names comes along."""
    need(importlib.util.find_spec("compliance_checker"), "pip install compliance-checker")

    def offline(*_: object) -> None:
        raise OSError("the test has no network")

    monkeypatch.setattr(socket.socket, "connect", offline)
    from compliance_checker.runner import CheckSuite, ComplianceChecker

    CheckSuite.load_all_available_checkers()
    out = tmp_path / "report.json"
    ComplianceChecker.run_checker(
        str(path), ["cf:1.8"], 0, "normal", output_filename=str(out), output_format="json"
    )
    report = json.loads(out.read_text())["cf:1.8"]
    found = [
        message
        for priority in ("high_priorities", "medium_priorities", "low_priorities")
        for check in report[priority]
        for message in check["msgs"]
    ]
    assert len(found) == 1 and "Author_e-mail should begin with a letter" in found[0], found
