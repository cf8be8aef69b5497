"""Products made by recipes find the truth: of the synthetic stations, and of a real grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import demo_truth
import numpy as np
import pytest
from demo_truth import EAST, LEVELS, NORTH, SOUTH, VERTICAL, WEST, Score

from sdcviz import analyses
from sdcviz.analyses.layout import check_layout
from sdcviz.demo.sea import in_black_sea, sea_floor
from sdcviz.demo.truth import true_mean
from sdcviz.geo.land import on_land

METADATA = {
    "variable": "Temperature",
    "title": "Test",
    "abstract": "Nothing was measured.",
    "project": "Tests",
    "source": "Synthetic stations",
    "edmo": [9001],
    "authors": ["Ada Lovelace <ada@example.org>"],
    "p01": "TEMPPR01",
    "p06": "UPAA",
    "areas": ["3_1"],
    "version": "1.0",
}


def _bathymetry(path: Path) -> Path:
    """Write the sea floor that the synthetic stations lie over; land where there is none."""
    from netCDF4 import Dataset

    lon, lat = np.arange(-6, 37.01, 0.25), np.arange(30, 46.01, 0.25)
    east, north = np.meshgrid(lon, lat)
    sea = ~on_land(east, north) & ~in_black_sea(east, north)
    height = np.full(east.shape, 50.0)
    height[sea] = -sea_floor(east[sea], north[sea])
    with Dataset(path, "w") as file:
        for name, axis, units in (("lon", lon, "degrees_east"), ("lat", lat, "degrees_north")):
            file.createDimension(name, len(axis))
            variable = file.createVariable(name, "f8", (name,))
            variable[:], variable.units = axis, units
        bat = file.createVariable("bat", "f4", ("lat", "lon"))
        bat[:], bat.units, bat.positive = height, "m", "up"
    return path


@pytest.fixture(scope="module")
def climatology(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Make twelve months on a grid of one degree from the demo's half million temperatures.

    Samples of one cruise share their error, so the recipe lets them count as one.
    """
    folder = tmp_path_factory.mktemp("truth")
    recipe = {
        "parameter": "temperature",
        "domain": {
            "box": [WEST, SOUTH, EAST, NORTH],
            "resolution": 1,
            "bathymetry": str(_bathymetry(folder / "floor.nc")),
        },
        "levels": LEVELS.tolist(),
        "time": {"years": [1991, 2020], "months": "monthly"},
        "lengths": {"horizontal": "300 km", "vertical": [f"{v:g} m" for v in VERTICAL]},
        "epsilon2": 1,
        "weights": {"horizontal": "300 km", "vertical": "50 m", "days": 60},
        "metadata": METADATA,
    }
    out = folder / "product.nc"
    return out, analyses.run(recipe, out, points=demo_truth.stations(), workers=2)


@pytest.mark.slow
def test_a_monthly_climatology_finds_the_truth(climatology: tuple[Path, dict[str, Any]]) -> None:
    import xarray as xr

    path, _ = climatology
    scores = []
    with xr.open_dataset(path) as ds:
        assert dict(ds["Temperature"].sizes) == {"time": 12, "depth": 12, "lat": 16, "lon": 43}
        np.testing.assert_array_equal(ds["depth"], LEVELS)
        east, north = np.meshgrid(ds["lon"], ds["lat"], indexing="ij")
        for k in range(12):
            field = ds["Temperature"].values[k].T
            error = ds["Temperature_relerr"].values[k].T
            sea = np.isfinite(field)
            truth = np.full(field.shape, np.nan)
            top = sea[..., 0]
            truth[top] = true_mean(east[top], north[top], LEVELS, [k + 1])
            scores.append(Score.of(field, error, np.where(sea, truth, np.nan)))
    sampled = [score for score in scores if score.share_l2 > 0.7]
    assert len(sampled) >= 11  # fewer ships sail in February
    for score in sampled:
        assert score.rmse < 0.6 and abs(score.bias) < 0.12, score
    for score in scores:
        assert score.spread > 0.9  # there is something to find
        assert score.rmse_l2 < 0.57, score
        # A normal error would give 0.68 and 0.95; the clever poor man's error is too small.
        assert 0.5 < score.within1 < 0.8 and 0.72 < score.within2 < 0.95, score
    assert np.mean([s.rmse for s in scores]) < 0.5
    assert abs(np.mean([s.bias for s in scores])) < 0.06
    assert np.mean([s.within1 for s in scores]) > 0.58
    assert np.mean([s.within2 for s in scores]) > 0.79


@pytest.mark.slow
def test_the_climatology_has_the_layout_and_its_observations(
    climatology: tuple[Path, dict[str, Any]],
) -> None:
    import xarray as xr

    path, report = climatology
    points = demo_truth.stations()
    assert check_layout(path) == []
    with xr.open_dataset(path) as ds:
        assert ds.sizes["observations"] == report["used"] > 0.97 * len(points)
        assert set(ds["obsid"].values.astype(str)) <= set(points.id.tolist())
        months = ds["obstime"].dt.month.values[ds["residual_observation"].values]
        np.testing.assert_array_equal(months, ds["residual_slice"].values + 1)
        rmse = float(np.sqrt(np.mean(ds["residual"].values.astype(float) ** 2)))
        assert rmse == pytest.approx(report["rmse"], rel=1e-5)
        assert list(ds["slice_label"].values.astype(str))[::11] == ["January", "December"]
    with xr.open_dataset(path, decode_times=False) as ds:
        # Days from 1900-01-01 to 1991-01-01 and to 2020-02-01.
        np.testing.assert_array_equal(ds["climatology_bounds"].values[0], [33237, 43860])


def test_levitus_is_gridded_again_from_random_places(data: Path, tmp_path: Path) -> None:
    """Temperatures read off a real climatology between its points come back on its points."""
    import xarray as xr
    from scipy.interpolate import RegularGridInterpolator

    with xr.open_dataset(data / "grid" / "levitus_climatology.cdf", decode_times=False) as ds:
        values = np.asarray(ds["TEMP"].transpose("XAXLEVITR", "YAXLEVITR", ...), np.float64)
        lon, lat = ds["XAXLEVITR"].values - 360, ds["YAXLEVITR"].values
        depth = ds[ds["TEMP"].dims[0]].values
    i, j, k = ((lon > -45) & (lon < -15)), ((lat > 20) & (lat < 50)), depth <= 200
    lon, lat, depth, source = lon[i], lat[j], depth[k], values[i][:, j][:, :, k]
    random = np.random.default_rng(11)
    n = 3000
    x = random.uniform(lon[0], lon[-1], n), random.uniform(lat[0], lat[-1], n)
    z = random.choice(depth, n)
    sampled = RegularGridInterpolator((lon, lat, depth), source)(np.column_stack([*x, z]))
    assert np.isfinite(sampled).sum() > 0.95 * n
    times = np.datetime64("2000-01-01", "s") + random.integers(0, 360 * 86400, n)
    out = tmp_path / "levitus.nc"
    step = np.maximum(np.gradient(depth), 10)
    analyses.run(
        {
            "parameter": "temperature",
            "domain": {"box": [lon[0], lat[0], lon[-1], lat[-1]], "resolution": 1},
            "levels": depth.tolist(),
            "time": {"years": 2000, "months": "annual"},
            "lengths": {"horizontal": "500 km", "vertical": [f"{3 * s:g} m" for s in step]},
            "epsilon2": 0.003,
            "metadata": METADATA,
        },
        out,
        points=analyses.make_points(*x, z, times, sampled),
        workers=1,
    )
    assert check_layout(out) == []
    with xr.open_dataset(out) as ds:
        np.testing.assert_allclose(ds["lon"], lon)
        np.testing.assert_allclose(ds["lat"], lat)
        field = ds["Temperature"].values[0].T
        error = ds["Temperature_relerr"].values[0].T
        assert ds.sizes["observations"] == np.isfinite(sampled).sum()
        # Residuals can be computed again from the field between its points.
        places = np.column_stack([ds[f"obs{name}"].values for name in ("lon", "lat", "depth")])
        between = RegularGridInterpolator((lon, lat, depth), field.astype(float))(places)
        again = ds["obsvalue"].values - between
        residual = ds["residual"].values[np.argsort(ds["residual_observation"].values)]
    whole = np.isfinite(again)  # away from land
    assert whole.sum() > 0.95 * len(again)
    np.testing.assert_allclose(residual[whole], again[whole], atol=1e-5)
    off = field - source
    there = np.isfinite(off)
    assert there.sum() > 0.98 * np.isfinite(source).sum()
    assert np.nanstd(source - np.nanmean(source, axis=(0, 1))) > 3  # there is something to find
    assert np.sqrt(np.mean(off[there] ** 2)) < 0.055
    assert abs(off[there].mean()) < 0.01
    by_level = np.sqrt(np.nanmean(off**2, axis=(0, 1)))
    assert by_level.max() < 0.08, by_level  # first and last level are no worse
    assert error[there].max() <= 1 and np.median(error[there]) < 0.05
