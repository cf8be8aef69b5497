"""Checks of the field by itself, where something was planted and where not."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from sdcviz.products import open_product
from sdcviz.reviews.fields import FieldView
from sdcviz.reviews.jumps import tiles
from sdcviz.reviews.months import months
from sdcviz.reviews.water import bathymetry, inversions

DEPTH = np.array([0, 50, 200, 600, 1000.0])


def sea(path: Path, change=None, names=("Temperature", "Salinity")) -> FieldView:
    """Write a smooth seasonal sea whose floor slopes; `change` gets its arrays by name."""
    lon, lat = np.arange(0, 20, 0.5), np.arange(34, 44, 0.5)
    t = np.arange(12)[:, None, None, None]
    z = DEPTH[None, :, None, None]
    y, x = lat[None, None, :, None], lon[None, None, None, :]
    warm = 13 + np.exp(-z / 80) * (6 - 5 * np.cos((t - 1) * np.pi / 6)) - 0.1 * (y - 34)
    warm = warm + 0.3 * np.sin(x / 3) * np.exp(-z / 300)
    salt = 38.0 + 0.7 * (1 - np.exp(-z / 300)) + 0 * x + 0 * y + 0 * t
    fields = {"Temperature": warm, "Salinity": salt}
    if change is not None:
        change(fields)
    units = {"Temperature": "degree_Celsius", "Salinity": "1e-3"}
    with netCDF4.Dataset(path, "w") as file:
        for name, values, unit in (
            ("lon", lon, "degrees_east"), ("lat", lat, "degrees_north"), ("depth", DEPTH, "m"),
            ("time", 15 + 30.4 * np.arange(12), "days since 2001-01-01"),
        ):  # fmt: skip
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = unit
        for name in names:
            v = file.createVariable(name, "f4", ("time", "depth", "lat", "lon"), fill_value=-99)
            v.units = units[name]
            v.standard_name = f"sea_water_{name.lower()}"
            v[:] = fields[name]
    return FieldView(open_product(path), "Temperature")


def test_a_smooth_sea_passes(tmp_path):
    view = sea(tmp_path / "sea.nc")
    checks = [tiles(view), *months(view), inversions(view, None), bathymetry(view)]
    assert [c["severity"] for c in checks] == ["none"] * 5
    assert checks[3]["of"] > 10_000 and checks[3]["count"] == 0


def test_a_month_that_does_not_fit(tmp_path):
    def warmer(fields):
        fields["Temperature"][6, 1:3, 4:14, 5:25] -= 4

    jump, _ = months(sea(tmp_path / "sea.nc", warmer))
    assert jump["severity"] == "minor" and jump["where"]["step"] == 6
    assert {w["step"] for w in jump["worst"]} == {6}
    assert {w["depth"] for w in jump["worst"]} <= {50, 200}


def test_a_jump_along_a_latitude(tmp_path):
    def step(fields):
        fields["Temperature"][2:6, 2:, 10:, 10:30] += 0.4

    found = tiles(sea(tmp_path / "sea.nc", step))
    one = found["worst"][0]
    assert one["axis"] == "lat" and one["at"] == pytest.approx(38.75)
    assert one["value"] == pytest.approx(0.4, abs=0.05) and one["layers"] == 12
    assert found["severity"] == "major"


def test_the_edges_of_a_patch_are_one(tmp_path):
    def patch(fields):
        fields["Temperature"][2:6, 2:, 6:16, 10:30] += 0.4
        fields["Temperature"][9, 1, :, 33:] -= 0.6

    found = tiles(sea(tmp_path / "sea.nc", patch))
    assert found["count"] == 5
    one, other = found["groups"]
    assert {(line["axis"], line["at"]) for line in one["lines"]} == {
        ("lon", 4.75), ("lon", 14.75), ("lat", 36.75), ("lat", 41.75),
    }  # fmt: skip
    assert one["layers"] == 12 and "straight lines (latitude" in one["sentence"]
    assert [line["at"] for line in other["lines"]] == [16.25]


def test_light_water_below(tmp_path):
    def light(fields):
        fields["Salinity"][3, 2, 5:10, 5:10] = 37.0

    view = sea(tmp_path / "sea.nc", light)
    found = inversions(view, None)
    assert (found["count"], found["severity"]) == (25, "note")
    assert all((w["step"], w["depth"]) == (3, 200) for w in found["worst"])
    alone = sea(tmp_path / "alone.nc", names=("Temperature",))
    assert inversions(alone, None)["sentence"].endswith("name its product.")
    assert inversions(alone, view.product)["count"] == 25


def test_the_field_follows_the_floor(tmp_path):
    def shelf(fields):
        for values in fields.values():
            values[:, 2:, :, :15] = np.nan
            values[:, :2, :, :15] += 2

    found = bathymetry(sea(tmp_path / "sea.nc", shelf))
    assert found["severity"] == "none" and "no steps" in found["sentence"]

    def islands(fields):
        for values in fields.values():
            values[:, 2:, :, ::8] = np.nan
            values[:, :2, :, ::8] += 2

    found = bathymetry(sea(tmp_path / "islands.nc", islands))
    assert found["severity"] == "minor" and found["value"] > 6
