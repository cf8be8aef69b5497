"""The gridded climatology at the stations of a collection, kept for the plots."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from made_stations import Made, made_collection, row_of
from test_checks_climatology import thresholds, write_grid

from sdcviz.observations import Collection, open_collection
from sdcviz.qc.checks.runner import run_checks
from sdcviz.qc.climatology import climate_at, named_climatologies, write_climatologies
from sdcviz.qc.grids import Grid

DEPTH = [0.0, 50, 100, 500]


def collection(folder: Path) -> Collection:
    made = [
        Made(lon=2.5, lat=42.3, values={"TEMP": [20.0] * 5, "PSAL": [38.0] * 5}),
        Made(lon=3.0, lat=42.0, bottom=120, values={"TEMP": [20.0] * 5, "PSAL": [38.0] * 5}),
        Made(lon=50.0, lat=42.0, values={"TEMP": [20.0] * 5, "PSAL": [38.0] * 5}),
    ]
    return made_collection(folder, made)


def test_none_is_named(tmp_path):
    c = collection(tmp_path)
    assert named_climatologies(c) == {}
    assert write_climatologies(c) == []


def test_a_station_has_the_mean_and_what_is_allowed(tmp_path):
    c = collection(tmp_path)
    grid = write_grid(tmp_path / "g.nc", sd=0.5)
    rules = thresholds(tmp_path, "climatology", f"file: {grid}, limit: 3, shelf: 4")
    assert named_climatologies(c, rules)["temperature"].kept is None
    (report,) = write_climatologies(c, rules)
    assert (report["parameter"], report["variable"], report["sd"]) == (
        "temperature", "t_an", "t_an_sd",
    )  # fmt: skip
    assert (report["limit"], report["stations"], report["problem"]) == (3, 2, None)
    kept = named_climatologies(c, rules)["temperature"].kept
    assert kept is not None and kept.parent == c.path / "climatology"
    open_sea = climate_at(kept, row_of(c, 0))
    assert open_sea is not None
    np.testing.assert_array_equal(open_sea.depth, DEPTH)
    np.testing.assert_allclose(open_sea.middle, [20.25, 19.75, 19.25, 15.25], atol=1e-5)
    np.testing.assert_allclose(open_sea.reach, 1.5)
    assert open_sea.limit == 3
    shelf = climate_at(kept, row_of(c, 1))
    assert shelf is not None and shelf.limit == 4
    np.testing.assert_allclose(shelf.reach, 2.0)
    assert climate_at(kept, row_of(c, 2)) is None  # outside of the grid


def test_what_is_allowed_is_what_the_check_allows(tmp_path):
    """A sample just beyond the drawn band is found, one just within it is not."""
    grid = write_grid(tmp_path / "g.nc", sd=0.5)
    rule = f"file: {grid}, limit: 3, shelf: 4, least: 0.7"
    rules = thresholds(tmp_path, "climatology", rule)
    made = [
        Made(lon=3, bottom=bottom, depth=DEPTH, values={"TEMP": [0.0] * 4}) for bottom in (100, 900)
    ]
    first = made_collection(tmp_path / "first", made)
    write_climatologies(first, rules)
    kept = named_climatologies(first, rules)["temperature"].kept
    assert kept is not None
    for i, one in enumerate(made):
        climate = climate_at(kept, row_of(first, i))
        assert climate is not None
        edge = climate.middle + climate.reach
        one.values["TEMP"] = (edge + np.array([0.01, -0.01, 0.01, -0.01])).tolist()
    c = made_collection(tmp_path / "second", made)
    found = run_checks(c, ["climatology"], rules)
    assert found.sample.tolist() == [0, 2, 0, 2]


def test_without_a_spread_there_is_the_mean_alone(tmp_path, data):
    c = collection(tmp_path)
    levitus = data / "grid" / "levitus_climatology.cdf"
    rules = thresholds(tmp_path, "climatology", f"file: {levitus}, limit: 3, shelf: 3")
    (report,) = write_climatologies(c, rules)
    assert (report["variable"], report["sd"]) == ("TEMP", None)
    kept, grid = named_climatologies(c, rules)["temperature"].kept, Grid(levitus, "temperature")
    assert kept is not None
    for row in range(c.n_stations):
        expected = grid.profiles(c.lon[[row]], c.lat[[row]], c.time[[row]])[0]
        climate, there = climate_at(kept, row), np.isfinite(expected)
        if not there.any():
            assert climate is None
            continue
        assert climate is not None
        np.testing.assert_array_equal(climate.middle, expected[there].astype(np.float32))
        np.testing.assert_array_equal(climate.depth, grid.depth[there].astype(np.float32))
        assert np.isnan(climate.reach).all()


def test_what_is_kept_stays_until_the_file_or_the_thresholds_change(tmp_path):
    c = collection(tmp_path)
    grid = write_grid(tmp_path / "g.nc", sd=0.5)
    rules = thresholds(tmp_path, "climatology", f"file: {grid}, limit: 3, shelf: 4")
    write_climatologies(c, rules)
    first = named_climatologies(c, rules)["temperature"].kept
    assert first is not None
    made = first.stat().st_ino
    write_climatologies(open_collection(c.path), rules)
    assert first.stat().st_ino == made
    others = thresholds(tmp_path, "climatology", f"file: {grid}, limit: 5, shelf: 4")
    assert named_climatologies(c, others)["temperature"].kept is None
    write_climatologies(c, others)
    second = named_climatologies(c, others)["temperature"].kept
    assert second is not None
    assert sorted((c.path / "climatology").iterdir()) == [second]
    os.utime(grid, ns=(1, 1))
    assert named_climatologies(c, others)["temperature"].kept is None


def test_beside_the_collection_or_else_in_the_data_folder(tmp_path):
    c = collection(tmp_path)
    grid = write_grid(tmp_path / "g.nc", sd=0.5)
    rules = thresholds(tmp_path, "climatology", f"file: {grid}, limit: 3, shelf: 4")
    (c.path / "climatology").write_text("in the way")
    write_climatologies(c, rules)
    kept = named_climatologies(c, rules)["temperature"].kept
    assert kept is not None and c.id in kept.parts
    assert climate_at(kept, row_of(c, 0)) is not None


def test_a_file_that_can_not_be_used_is_one_sentence(tmp_path, data):
    c = collection(tmp_path)
    (tmp_path / "text.nc").write_text("no grid")
    for file, sentence in {
        tmp_path / "none.nc": "There is no gridded file",
        tmp_path / "text.nc": "text.nc: this is no NetCDF file",
        data / "grid" / "diva_bath.nc": "has no variable that is known as temperature",
    }.items():
        rules = thresholds(tmp_path, "climatology", f"file: {file}, limit: 3")
        (report,) = write_climatologies(c, rules)
        assert sentence in report["problem"]
        assert named_climatologies(c, rules)["temperature"].kept is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY nonsense"])
def test_a_damaged_file_shows_nothing(tmp_path, content):
    (tmp_path / "damaged.npy").write_bytes(content)
    assert climate_at(tmp_path / "damaged.npy", 0) is None
    assert climate_at(tmp_path / "gone.npy", 0) is None
