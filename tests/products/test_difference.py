"""Differences of layers: by xarray, by hand, and where both may be wrong by as much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_files
import numpy as np
import pytest
import xarray as xr
from netCDF4 import Dataset
from reference import same

from sdcviz.errors import BadRequest
from sdcviz.products import Layer, Product, difference, open_product
from sdcviz.products.deviation import deviation_of, pooled
from sdcviz.products.pairs import matching_step

LON, LAT, DEPTH = np.arange(3.0, 7), np.arange(40.0, 43), np.array([0.0, 10, 50])


def with_error(path: Path, error: float, shift: float, sd: Any = None, **axes: Any) -> Product:
    """Write a product with the same relative error everywhere, and one column of land."""
    values = made_files.truth(range(3), DEPTH, LAT, LON) + np.float32(shift)
    values[:, :, 0, 0] = np.nan

    def more(file: Any) -> None:
        v = file.createVariable("Temperature_relerr", "f4", ("time", "depth", "lat", "lon"))
        v.units, v.long_name = "1", "Relative error variance of Temperature"
        v[:] = error
        if sd is not None:
            v = file.createVariable("Temperature_background_sd", "f4", ("time", "depth"))
            v.units, v[:] = "degrees_C", sd

    return open_product(made_files.write(path, values=values, more=more, **axes))


@pytest.fixture
def two(tmp_path: Path) -> tuple[Product, Product]:
    sd = np.array([2.0, 1.0, 0.5]) * np.ones((3, 1))
    a = with_error(tmp_path / "a.nc", 0.25, 0, sd)
    return a, with_error(tmp_path / "b.nc", 0.16, 0.9, sd)


def test_it_is_masked_within_the_combined_error(two: tuple[Product, Product]) -> None:
    """By hand: sqrt((0.25 + 0.16) * sd²) is 1.28 at the surface and 0.64 at 10 m."""
    a, b = two
    found = difference(Layer(a, depth=0, time=1), Layer(b, depth=0, time=1))
    told, whole = found.statistics(), found.dataset()
    assert (told["cells"], told["masked"], told["beyond"]) == (11, 11, 0)
    assert told["mean"] == pytest.approx(-0.9, abs=1e-5) and told["sd"] < 1e-5
    assert whole.difference.isnull().all() and whole.within_error.sum() == 11
    known = np.isfinite(whole["first"])
    np.testing.assert_allclose(whole.error.values[known], np.sqrt(0.41) * 2, rtol=1e-6)
    deep = difference(Layer(a, depth=10, time=1), Layer(b, depth=10, time=1))
    assert deep.statistics()["beyond"] == 1
    same(deep.array().values[known], np.full(11, -0.9))
    assert not deep.mask_map().codes().any() and (deep.map().codes() > 0).sum() == 11
    assert "11 of 11 cells are masked" in found.sentence
    assert "Temperature_background_sd of the file" in found.sentence
    assert "a minus b" in found.sentence
    everything = difference(found.first, found.second, within=False)
    assert everything.array().notnull().sum() == 11
    given = difference(deep.first, deep.second, spread=(2.0, 2.0))
    assert given.statistics()["masked"] == 11 and "given as 2 °C" in given.sentence
    assert len({found.key, everything.key, deep.key, given.key}) == 4


def test_an_error_that_is_not_known_counts_as_nothing(tmp_path: Path) -> None:
    a = with_error(tmp_path / "a.nc", 0.25, 0, np.ones((3, 3)))
    b = with_error(tmp_path / "b.nc", 0.25, 0.45)
    one = difference(Layer(a, depth=10), Layer(b, depth=10))
    assert one.statistics()["masked"] == 11
    assert "error of the second is not known" in one.sentence and "counts as 0" in one.sentence
    none = difference(Layer(b, depth=10), Layer(b, depth=10, time=1))
    assert none.statistics()["beyond"] is None and none.planes[2] is None
    assert "Nothing is masked" in none.sentence
    made = difference(Layer(a, derived="sqrt(a)"), Layer(a, time=1, derived="sqrt(a)"))
    assert "Nothing is masked" in made.sentence and made.statistics()["masked"] == 0
    assert "sums of fields with factors only" in made.sentence
    mixed = difference(Layer(a, derived="mld"), Layer(b, derived="mld"))
    assert "of a mixed layer depth none is known" in mixed.sentence


def test_errors_are_carried_on(two: tuple[Product, Product]) -> None:
    """By hand: factors squared; of a depth the error over the change with depth."""
    a, _ = two
    text = "2 * (a - mean(a)) + 1"
    found = difference(*(Layer(p, depth=0, time=1, derived=text) for p in two))
    # Of the mean a third belongs to this time, and a third each to the two others.
    factor = 4 * ((2 / 3) ** 2 + 2 / 9)
    known = np.isfinite(found.whole)
    sd = found.planes[2]
    assert sd is not None and "root of summed squares" in found.sentence
    np.testing.assert_allclose(sd[known], np.sqrt(factor * 0.41) * 2, rtol=1e-5)

    value = 10 + np.cos(np.radians(5.0)) + 4.15 + 0.2 - 0.05
    deep = difference(*(Layer(a, time=t, derived=f"iso:{value}") for t in (1, 2)))
    depth, other, sd = deep.planes
    there = np.isfinite(deep.whole)
    assert sd is not None and there.any() and "divided by the change" in deep.sentence

    error = 0.25 * np.array([4.0, 1, 0.25]) / 0.01**2
    by_hand = np.sqrt(sum(np.interp(d[there], DEPTH, error) for d in (depth, other)))
    np.testing.assert_allclose(sd[there], by_hand, rtol=1e-3)
    # What rests on the same observations is said, and what changes nothing else.
    same_time = difference(Layer(a, time=1), Layer(a, time=1, derived="a + 0"))
    assert "made of the same observations" in same_time.sentence
    assert "made of the same observations" not in found.sentence


def test_another_grid_by_xarray(two: tuple[Product, Product], tmp_path: Path) -> None:
    """A reference of another grid, 0 to 360 degrees, other levels, the year as a whole."""
    a, _ = two
    lon, lat, depth = np.arange(0.25, 360, 2.5), np.arange(30.0, 51, 2.5), np.array([0.0, 30, 60])
    values = made_files.truth([0], depth, lat, lon)[0]
    path = made_files.write(
        tmp_path / "year.nc", time=None, lon=lon, lat=lat, depth=depth, values=values
    )
    year = open_product(path)
    first = Layer(a, depth=10, time=2)
    assert matching_step(first, year) == 0
    found = difference(first, Layer(year, depth=10, time=0))
    with xr.open_dataset(path) as file, xr.open_dataset(a.path) as own:
        other = file.Temperature.load().interp(depth=10, lon=LON, lat=LAT)
        mine = own.Temperature.isel(time=2).sel(depth=10).load()
    same(found.whole, mine.values - other.values)
    weight = np.cos(np.radians(LAT))[:, None] * np.ones(4)
    there = np.isfinite(found.whole)
    mean = np.average(found.whole[there], weights=weight[there])
    rms = np.sqrt(np.average(found.whole[there] ** 2, weights=weight[there]))
    told = found.statistics()
    assert told["mean"] == pytest.approx(mean, rel=1e-4)
    assert told["rms"] == pytest.approx(rms, rel=1e-4)
    assert told["sd"] == pytest.approx(np.sqrt(rms**2 - mean**2), abs=5e-5)
    assert "bilinear over sea points, linear between levels" in found.sentence
    # The other way around the grid of the reference counts: two of its points are near enough.
    back = difference(Layer(year, depth=0, time=0), Layer(a, depth=0, time=0))
    assert back.whole.shape == values.shape[1:] and 0 < np.isfinite(back.whole).sum() < 12


def test_what_can_not_be_subtracted(two: tuple[Product, Product], tmp_path: Path) -> None:
    a, _ = two
    salt = made_files.write(
        tmp_path / "s.nc", name="Salinity", attrs={"Salinity": {"units": "1e-3"}}
    )
    with pytest.raises(BadRequest, match=r"is in °C and Salinity of s.nc in .*: they can't be"):
        difference(Layer(a), Layer(open_product(salt)))
    deep = open_product(made_files.write(tmp_path / "d.nc", depth=(500.0, 900.0, 1500.0)))
    with pytest.raises(BadRequest, match="lies outside"):
        difference(Layer(a, depth=0), Layer(deep, depth=0))
    far = open_product(made_files.write(tmp_path / "f.nc", lon=(103.0, 104.0, 105.0, 106.0)))
    with pytest.raises(BadRequest, match="share no place"):
        _ = difference(Layer(a, depth=0), Layer(far, depth=0)).planes


def test_which_time_goes_with_which(ours: Path, analysed: Path, tmp_path: Path) -> None:
    months, year = open_product(ours), open_product(analysed)
    dates = open_product(made_files.write(tmp_path / "m.nc"))  # January to March 2001
    for step, label in enumerate(months.grid().times.labels):
        found = matching_step(Layer(months, time=step), year)
        assert year.grid().times.months[found] == months.grid().times.months[step], label
    assert matching_step(Layer(dates, time=1), year) == 1
    assert [matching_step(Layer(year, time=k), dates) for k in (0, 2, 7)] == [0, 2, -1]


def test_the_deviation_of_a_background(analysed: Path, tmp_path: Path) -> None:
    """New analyses write it; without the variable it is estimated from the observations."""
    product = open_product(analysed)
    written = deviation_of(product)
    assert written is not None and "of the file" in written.how
    assert written.values.shape == product.grid().shape[:2]
    with xr.open_dataset(analysed) as file:
        name = f"{product.variables[0]}_background_sd"
        same(written.values, file[name].values)
        assert file[name].attrs.get("units") == file[product.variables[0]].attrs.get("units")
        file.drop_vars(name).to_netcdf(tmp_path / "old.nc")
    estimated = deviation_of(open_product(tmp_path / "old.nc"))
    assert estimated is not None and "estimated from" in estimated.how
    np.testing.assert_allclose(estimated.values, written.values, rtol=0.35)
    # Of plain files nothing is known.
    assert deviation_of(open_product(made_files.write(tmp_path / "p.nc"))) is None


def test_few_observations_lean_on_the_levels_around() -> None:
    counts = np.array([100, 2, 40, 0])
    squares = np.array([400.0, 90.0, 40.0, 0.0])
    found = pooled(squares, counts, counts)
    np.testing.assert_allclose(found, [4, 530 / 142, 1, 1])
    assert np.isnan(pooled(np.zeros(2), np.zeros(2), np.zeros(2, int))).all()


def test_damage_is_told(tmp_path: Path, two: tuple[Product, Product]) -> None:
    """A part of the file that can't be read is an answer, no broken page."""
    path = made_files.write(tmp_path / "p.nc", zlib=True, chunksizes=(1, 1, 3, 4))
    with Dataset(path) as file:
        assert file["Temperature"].chunking() == [1, 1, 3, 4]
    raw = bytearray(path.read_bytes())
    at = raw.find(b"\x78\x5e")  # the first compressed chunk
    at = raw.find(b"\x78", 4000) if at < 0 else at
    raw[at + 2 : at + 30] = b"\xff" * 28
    path.write_bytes(raw)
    hurt = open_product(path)
    layer = next(
        layer
        for k in range(9)
        if (layer := Layer(hurt, depth=DEPTH[k % 3], time=k // 3)).map().answer == "damaged"
    )
    found = difference(layer, Layer(two[0], depth=layer.depth, time=layer.time)).map()
    assert found.answer == "damaged" and "damaged" in found.sentence
