"""One time slice: the engine's analysis with transformation, background and bounds around it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analysis_runs import recipe, scatter, truth

from sdcviz import divand
from sdcviz.analyses import analyse_points, make_points
from sdcviz.analyses.background import mean_profile
from sdcviz.analyses.model import Points, SliceResult
from sdcviz.analyses.plan import Plan, make_plan
from sdcviz.analyses.slices import EMPTY, analyse_slice
from sdcviz.errors import BadRequest

DOMAIN = {"box": [2, 38, 8, 43], "resolution": 0.5}
JANUARY = {"years": [1991, 2020], "months": [[1]]}


def one(points: Points, **changes: Any) -> tuple[Plan, SliceResult]:
    plan = make_plan(recipe(**{"time": JANUARY, **changes}), points)
    return plan, analyse_slice(next(plan.tasks()))


def in_january(n: int = 400, seed: int = 1) -> Points:
    return scatter(n, seed, months=[1])


def test_it_is_the_analysis_of_the_engine() -> None:
    points = in_january()
    plan, made = one(points, background="mean", domain={**DOMAIN, "margin": False})
    p, o = plan.problem, plan.points
    domain = divand.make_domain(p.lon, p.lat, p.depth, mask=p.mask)
    at = (o.lon, o.lat, o.depth)
    seen = divand.analyse(p.mask, domain.pmn, domain.xi, at, o.value, (120e3, 120e3, 60.0), 0.5)
    mean = o.value[seen.used].mean()
    direct = divand.analyse(
        p.mask, domain.pmn, domain.xi, at, o.value - mean, (120e3, 120e3, 60.0), 0.5, error="cpme"
    )
    assert made.field == pytest.approx(mean + direct.field, abs=1e-5, nan_ok=True)
    assert made.error == pytest.approx(np.clip(direct.error, 0, 1), abs=1e-6, nan_ok=True)
    assert made.residuals == pytest.approx(direct.residuals, abs=1e-9, nan_ok=True)
    assert np.array_equal(made.used, direct.used)
    assert np.array_equal(np.isnan(made.field), ~p.mask)
    assert made.notes["used"] == direct.used.sum()
    assert made.notes["rmse"] == pytest.approx(np.sqrt(np.nanmean(direct.residuals**2)))


def test_the_truth_is_recovered() -> None:
    plan, made = one(scatter(3000, months=[1]), epsilon2=0.05)
    lon, lat, depth = np.meshgrid(*plan.problem.xi, indexing="ij")
    off = made.field - truth(lon, lat, depth, 1)
    assert np.sqrt(np.nanmean(off**2)) < 0.15


def test_a_margin_keeps_the_edge_of_the_grid_out_of_the_product() -> None:
    points = scatter(3000, months=[1])
    off = {}
    for margin in (True, False):
        plan, made = one(points, epsilon2=0.05, domain={**DOMAIN, "margin": margin})
        lon, lat, depth = np.meshgrid(*plan.problem.xi, indexing="ij")
        off[margin] = np.sqrt(np.nanmean((made.field - truth(lon, lat, depth, 1))[..., 0] ** 2))
    # without it, the level at the surface is that of a place far above
    assert off[True] < 0.25 * off[False]


def test_without_background_the_field_is_zero_far_away() -> None:
    time = np.array(["2000-01-05"], "datetime64[ms]")
    points = make_points([7.5], [42.5], [0], time, [10.0])
    changes = {"lengths": {"horizontal": "70 km", "vertical": "60 m"}}
    _, made = one(points, background="none", **changes)
    _, mean = one(points, background="mean", **changes)
    assert abs(made.field[0, 0, 0]) < 0.05
    assert mean.field[0, 0, 0] == pytest.approx(10, abs=0.05)
    assert made.error[0, 0, 0] == pytest.approx(1, abs=0.01)


def test_a_profile_follows_the_means_of_the_levels() -> None:
    random = np.random.default_rng(5)
    depth = random.choice([0.0, 20, 50, 100], 2000)
    value = 20 - depth / 10 + random.normal(0, 1, 2000)
    plan = make_plan(recipe(time=JANUARY, lengths={"horizontal": "100 km", "vertical": "10 m"}),
                     in_january())  # fmt: skip
    profile = mean_profile(plan.problem, depth, value, np.ones(2000))
    means = [value[depth == z].mean() for z in (0, 20, 50, 100)]
    assert profile == pytest.approx(means, abs=0.6)
    # The formula written out: dense, with the kernel of the engine's one-dimensional norm.
    mask, pmn, xi = divand.rectangle([0.0, 20, 50, 100])
    norm = divand.Background(mask, pmn, xi, (40.0,), alphabc=0)
    h = np.eye(4)[np.searchsorted([0, 20, 50, 100], depth)]
    weight = 10 * 4 / 2000
    a = norm.precision.toarray() + weight * h.T @ h
    expected = value.mean() + np.linalg.solve(a, weight * h.T @ (value - value.mean()))
    assert profile == pytest.approx(expected, abs=1e-9)


def test_observations_on_land_or_outside_leave_the_mean_alone() -> None:
    sea = in_january(200)
    n = 50
    time = np.full(n, "2000-01-05", "datetime64[ms]")
    # Madrid has no temperature of the sea
    wrong = make_points(np.full(n, 2.0), np.full(n, 42.0), np.full(n, 10), time, np.full(n, 99.0))
    both = Points(*(np.concatenate([getattr(sea, f), getattr(wrong, f)])
                    for f in Points.__dataclass_fields__))  # fmt: skip
    land = [[1, 41.2], [2.8, 41.2], [2.8, 42.8], [1, 42.8]]
    changes = {"domain": {**DOMAIN, "without": [land]}}
    _, alone = one(sea, **changes)
    _, with_wrong = one(both, **changes)
    assert with_wrong.notes["observations"] > alone.notes["observations"]
    assert np.array_equal(with_wrong.field, alone.field, equal_nan=True)


def test_a_product_is_the_background(tmp_path: Path) -> None:
    import xarray as xr

    lon, lat, depth = (
        np.arange(0.0, 10.5, 0.5),
        np.arange(37.0, 44.5, 0.5),
        np.array([0.0, 60, 120]),
    )
    grid = np.meshgrid(depth, lat, lon, indexing="ij")
    field = (truth(grid[2], grid[1], grid[0], 1)).astype(np.float32)
    field[:, :3, :3] = np.nan  # a gap, such as land of another grid
    xr.Dataset(
        {"Temperature": (("depth", "lat", "lon"), field, {"units": "degC", "standard_name": "sea_water_temperature"})},  # noqa: E501
        {"lon": ("lon", lon, {"units": "degrees_east"}), "lat": ("lat", lat, {"units": "degrees_north"}),  # noqa: E501
         "depth": ("depth", depth, {"units": "m", "positive": "down"})},
    ).to_netcdf(tmp_path / "b.nc")  # fmt: skip
    points = in_january(30)
    plan, made = one(points, background={"method": "product", "file": str(tmp_path / "b.nc")},
                     lengths={"horizontal": "60 km", "vertical": "20 m"})  # fmt: skip
    x, y, _ = np.meshgrid(*plan.problem.xi, indexing="ij")
    top = truth(x, y, 0, 1)[..., 0]
    # far from the few observations it is the product, and near them close to both
    far = made.error[..., 0] > 0.97
    inside = far & (x[..., 0] > 1.5) & (y[..., 0] > 38.5)
    assert inside.sum() > 20
    assert made.field[..., 0][inside] == pytest.approx(top[inside], abs=0.12)
    assert made.background is not None
    inner = (x[..., 0] > 1.5) & (y[..., 0] > 38.5) & np.isfinite(made.field[..., 0])
    assert made.background[..., 0][inner] == pytest.approx(top[inner], abs=0.12)
    with pytest.raises(BadRequest, match="has no variable 'x'"):
        one(
            points,
            background={"method": "product", "file": str(tmp_path / "b.nc"), "variable": "x"},
        )


@pytest.mark.parametrize(
    "transformation",
    [
        {"method": "log"},
        {"method": "log", "threshold": 15},
        {"method": "logit", "min": 0, "max": 30},
    ],
    ids=["log", "bent", "logit"],
)
def test_transformed_values_stay_positive_and_residuals_are_in_their_unit(
    transformation: dict[str, Any],
) -> None:
    points = in_january()
    points = replace(points, value=np.exp(points.value - 14) + 0.01)
    _, made = one(points, transformation=transformation)
    sea = np.isfinite(made.field)
    assert made.field[sea].min() > 0
    at = np.flatnonzero(made.used)
    assert np.sqrt(np.mean(made.residuals[at] ** 2)) < 0.5 * points.value.std()


def test_values_without_logarithm_are_left_out_and_told() -> None:
    points = in_january()
    points.value[:5] = -1
    plan, made = one(points, transformation="log")
    lost = int((plan.points.value < 0).sum())
    assert lost > 0
    assert f"{lost} values have no log; they are left out." in made.notes["warnings"]
    assert not made.used[plan.points.value < 0].any()


def test_the_field_keeps_its_bounds() -> None:
    _, free = one(in_january())
    _, made = one(in_january(), clamp={"min": 13.0, "max": 15.0})
    assert np.nanmin(free.field) < 13 and np.nanmax(free.field) > 15
    assert np.nanmin(made.field) == 13 and np.nanmax(made.field) == 15
    inside = (free.field > 13) & (free.field < 15)
    assert np.array_equal(made.field[inside], free.field[inside])


@pytest.mark.parametrize("background", ["none", "mean", "profile"])
def test_a_slice_without_observations(background: str) -> None:
    points = in_january()
    plan = make_plan(recipe(time={"years": [1991, 2020], "months": [[1], [2]]},
                            background=background), points)  # fmt: skip
    full, empty = [analyse_slice(task) for task in plan.tasks()]
    assert empty.notes["warnings"] == [EMPTY]
    assert empty.notes["solver"] == "none"
    sea = plan.mask
    assert np.all(empty.error[sea] == 1)
    if background == "none":
        assert np.all(empty.field[sea] == 0)
    else:  # of all observations of the run
        value = plan.points.value[full.used]
        profile = mean_profile(
            plan.problem, plan.points.depth[full.used], value, np.ones(len(value))
        )
        expected = np.broadcast_to(profile, sea.shape)[sea]
        assert empty.field[sea] == pytest.approx(expected, abs=1e-5)


def test_errors_are_exact_approximate_or_missing() -> None:
    points = in_january(60)
    _, exact = one(points, error="exact")
    _, cpme = one(points, error="cpme")
    _, none = one(points, error="none")
    sea = np.isfinite(exact.field)
    assert np.isnan(none.error).all()
    assert np.corrcoef(exact.error[sea], cpme.error[sea])[0, 1] > 0.75
    assert np.array_equal(none.field, exact.field, equal_nan=True)
    assert exact.error[sea].min() >= 0 and exact.error[sea].max() <= 1


@pytest.mark.parametrize("chunk", [None, 2])
def test_the_exact_error_is_relative_to_the_variance_without_observations(
    chunk: int | None,
) -> None:
    lengths = {
        "horizontal": ["60 km", "90 km", "120 km", "150 km"],
        "vertical": ["15 m", "30 m", "45 m", "60 m"],
    }
    plan, made = one(in_january(60), error="exact", domain={**DOMAIN, "margin": False},
                     background="mean", lengths=lengths, run={"chunk": chunk})  # fmt: skip
    p, o = plan.problem, plan.points
    norm = divand.Background(p.mask, p.pmn, p.xi, p.lengths)
    seen = divand.Observations(norm, divand.fractional_indices(norm, (o.lon, o.lat, o.depth)), 0.5)
    before = np.diag(np.linalg.inv(norm.precision.toarray()))
    h = seen.operator.toarray()
    after = np.diag(np.linalg.inv(norm.precision.toarray() + h.T @ h / 0.5))
    relative = norm.unpack(after / before)
    # the norm alone gives levels another variance than 1, so that the error itself would not do
    level = np.nanmean(norm.unpack(before), axis=(0, 1))
    assert level.max() > 2 * level.min()
    if chunk is None:
        assert made.error == pytest.approx(relative, abs=1e-6, nan_ok=True)
    else:
        off = (made.error - relative)[p.mask]
        assert np.sqrt(np.mean(off**2)) < 0.01
    engine = divand.analyse(p.mask, p.pmn, p.xi, (o.lon, o.lat, o.depth), o.value, p.lengths, 0.5,
                            error="exact")  # fmt: skip
    assert engine.error == pytest.approx(norm.unpack(after), rel=1e-8, nan_ok=True)


@pytest.mark.parametrize(
    ("background", "backward"),
    [("none", None), ("mean", None), ("profile", None), ("profile", "log")],
)
def test_a_slice_holds_its_background(background: str, backward: str | None) -> None:
    changes: dict[str, Any] = {
        "background": background,
        "transformation": backward or "none",
        "lengths": {"horizontal": "60 km", "vertical": "20 m"},
        "error": "exact",
    }
    plan, made = one(in_january(6), **changes)
    if background == "none":
        assert made.background is None
        return
    assert made.background is not None and made.background.shape == made.field.shape
    assert made.background.dtype == np.float32
    assert np.array_equal(np.isnan(made.background), ~plan.mask)
    # far from all observations the field is the background, and nowhere else
    far = made.error > 0.999
    assert far.sum() > 5
    assert made.field[far] == pytest.approx(made.background[far], abs=0.1)
    assert np.nanmax(np.abs(made.field - made.background)) > 0.5
    _, low = one(in_january(6), **changes, clamp={"max": 11})
    assert low.background is not None and np.nanmax(low.background) == 11
    _, level = one(in_january(6), **changes, levels={"depths": [20], "top": 10, "bottom": 30})
    assert level.background is not None and level.background.shape == level.field.shape


def test_one_level_or_none() -> None:
    points = scatter(3000, months=[1])
    plan, level = one(points, levels={"depths": [20], "top": 10, "bottom": 30})
    assert level.field.shape == plan.axes.shape == (13, 11, 1)
    assert plan.points.depth.min() >= 10 and plan.points.depth.max() <= 30
    lon, lat = np.meshgrid(plan.axes.lon, plan.axes.lat, indexing="ij")
    off = level.field[..., 0] - truth(lon, lat, 20, 1)
    assert np.sqrt(np.nanmean(off**2)) < 0.35
    plan, flat = one(points, levels={"top": 10, "bottom": 30})
    assert len(plan.axes.depth) == 0
    assert np.array_equal(flat.field, level.field, equal_nan=True)


def test_points_of_the_run_are_told_by_rows() -> None:
    points = scatter(800)
    results = list(analyse_points(points, recipe()))
    assert len(results) == 12
    rows = np.concatenate([r.rows for r in results])
    plan = make_plan(recipe(), points)
    assert np.array_equal(np.sort(rows), np.arange(len(plan.points)))
    months = plan.points.time.astype("datetime64[M]").astype(int) % 12
    for k, result in enumerate(results):
        assert np.all(months[result.rows] == k)


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(BadRequest, match="None of the 400 observations is in the recipe's box"):
        make_plan(recipe(domain={"box": [20, 30, 22, 32], "resolution": 0.5}), in_january())
    with pytest.raises(BadRequest, match=r"of the recipe's time; .* 1991 to 2020"):
        make_plan(recipe(time={"years": [1900, 1910]}), in_january())
    with pytest.raises(BadRequest, match="names no collection"):
        make_plan(recipe())
    time = np.array(["2000-01-05"], "datetime64[ms]")
    with pytest.raises(BadRequest, match="land"):
        make_plan(recipe(domain={"box": [-5, 39, -3, 41], "resolution": 0.5}, time=JANUARY),
                  make_points([-4], [40], [0], time, [1.0]))  # fmt: skip


def test_lengths_below_two_grid_steps_are_told() -> None:
    plan = make_plan(recipe(lengths={"horizontal": "60 km", "vertical": "30 m"}), in_january())
    told = [w for w in plan.warnings if "grid steps" in w]
    assert any("from south to north, 60 km, spans only 1.1 grid steps" in w for w in told)
    assert any("downwards, 30 m" in w for w in told)
    assert any("Without a bathymetry" in w for w in plan.warnings)


def test_a_real_bathymetry_cuts_the_levels(data: Path) -> None:
    floor = data / "grid" / "diva_bath.nc"
    plan, made = one(in_january(), domain={"box": [2, 38, 8, 43], "resolution": 0.5,
                     "bathymetry": str(floor)}, levels=[0, 50, 1000, 2500],
                     lengths={"horizontal": "120 km", "vertical": "500 m"})  # fmt: skip
    sea = np.isfinite(made.field).sum(axis=(0, 1))
    assert np.all(np.diff(sea) <= 0) and sea[0] > 2 * sea[-1] > 0
    assert not any("Without a bathymetry" in w for w in plan.warnings)


@pytest.mark.parametrize(
    "vertical", ["30 m", "0 m", ["10 m", "15 m", "20 m", "30 m", "40 m", "60 m"]]
)
@pytest.mark.parametrize("error", ["cpme", "exact"])
def test_depth_chunks_are_nearly_the_whole(vertical: Any, error: str) -> None:
    points = scatter(2000, months=[1])
    changes = {
        "levels": [0, 10, 20, 40, 60, 100],
        "lengths": {"horizontal": ["90 km", "95 km", "100 km", "110 km", "120 km", "120 km"],
                    "vertical": vertical},
        "error": error,
    }  # fmt: skip
    _, whole = one(points, **changes)
    plan, parts = one(points, **changes, run={"chunk": 2})
    assert plan.problem.chunk == 2
    sea = plan.mask
    assert np.sqrt(np.mean((parts.field - whole.field)[sea] ** 2)) < 0.02
    assert np.sqrt(np.mean((parts.error - whole.error)[sea] ** 2)) < 0.02
    assert np.array_equal(parts.used, whole.used)
    assert parts.residuals[parts.used] == pytest.approx(whole.residuals[parts.used], abs=0.15)


def test_observations_in_a_cluster_count_as_one() -> None:
    time = np.full(41, "2000-01-05", "datetime64[ms]")
    # forty casts at one place and day against one a length away
    lon, lat = np.r_[np.full(40, 5.0), 6.0], np.full(41, 41.0)
    value = np.r_[np.full(40, 10.0), 16.0]
    points = make_points(lon, lat, np.zeros(41), time, value)
    level = {"depths": [0], "top": 0, "bottom": 1}
    changes = {"background": "mean", "epsilon2": 1, "levels": level}
    _, plain = one(points, **changes)
    _, fair = one(points, **changes, weights={"horizontal": "5 km", "vertical": "5 m", "days": 5})
    middle = 7, 6  # 5.5 E, 41 N
    # alike from both sides, the field between them is near the mean of both
    assert fair.field[*middle, 0] == pytest.approx(13, abs=0.3)
    assert plain.field[*middle, 0] < 11.5


def test_errors_are_scaled_to_the_residuals() -> None:
    points = scatter(3000, months=[1])  # noise of 0.05
    _, first = one(points, epsilon2=5)
    _, scaled = one(points, epsilon2=5, desroziers=5)
    assert first.notes["epsilon2"] == 5
    assert scaled.notes["epsilon2"] < 0.5
    assert scaled.notes["rmse"] < 0.7 * first.notes["rmse"]


def test_suspects_are_those_that_were_planted() -> None:
    points = scatter(1500, months=[1])
    inside = np.flatnonzero((points.depth < 90) & (points.lat < 41) & (points.lat > 39)
                            & (points.lon > 4) & (points.lon < 7))[:3]  # fmt: skip
    points.value[inside] += 8
    wrong = set(points.id[inside].tolist())
    plan, made = one(points, suspects=True, epsilon2=0.1)
    worst = np.argsort(np.nan_to_num(made.suspicion))[::-1][:3]
    assert set(plan.points.id[worst].tolist()) == wrong
    assert np.all(made.suspicion[worst] > 9)
    assert np.isnan(made.suspicion[~made.used]).all()
    assert np.isnan(one(points)[1].suspicion).all()


def test_lengths_are_found_from_the_observations() -> None:
    points = scatter(6000)
    plan = make_plan(recipe(lengths={"horizontal": "fit", "vertical": "fit"}), points)
    again = make_plan(recipe(lengths={"horizontal": "fit", "vertical": "fit"}), points)
    # the truth is a sine of 2 pi degrees of longitude: about 85 km a radian at 40 N
    assert np.all((plan.problem.horizontal > 50e3) & (plan.problem.horizontal < 250e3))
    assert np.all((plan.problem.vertical >= 40) & (plan.problem.vertical <= 100))
    assert plan.key == again.key
    assert not any("lengths.vertical" in told for told in plan.warnings)
    result = analyse_slice(next(plan.tasks()))
    assert result.notes["horizontal"] == plan.problem.horizontal.round(1).tolist()
    few = make_points([5, 5.5], [40, 40], [0, 0], ["2000-01-05", "2000-02-05"], [1.0, 2.0])
    with pytest.raises(BadRequest, match=r"lengths\.horizontal: there are too few observations"):
        make_plan(recipe(lengths={"horizontal": "fit"}), few)


def test_a_fitted_length_is_not_longer_than_the_water_is_deep() -> None:
    points = scatter(3000, months=[1])
    random = np.random.default_rng(2)
    # whole casts with one value each: nothing tells how it changes with depth
    casts = [np.repeat(getattr(points, name)[:300], 7) for name in ("lon", "lat", "time")]
    value = np.repeat(random.normal(0, 1, 300), 7) + random.normal(0, 0.2, 2100)
    even = make_points(casts[0], casts[1], np.tile([0.0, 10, 20, 40, 60, 80, 100], 300), casts[2],
                       value)  # fmt: skip
    lengths = {"horizontal": "120 km", "vertical": "fit"}
    plan = make_plan(recipe(time=JANUARY, lengths=lengths), even)
    assert plan.problem.vertical == pytest.approx(100)
    (told,) = [w for w in plan.warnings if "lengths.vertical" in w]
    assert "beyond 100 m, the deepest level with sea, at 4 levels" in told
