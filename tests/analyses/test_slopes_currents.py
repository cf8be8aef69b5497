"""Lengths that are short at steep slopes, and fields that follow currents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analysis_runs import recipe, scatter

from sdcviz import divand
from sdcviz.analyses import analyse_points, check_layout, make_points, run
from sdcviz.analyses.advection import constraint_of
from sdcviz.analyses.margin import make_norm
from sdcviz.analyses.model import Points, SliceResult
from sdcviz.analyses.plan import Plan, make_plan
from sdcviz.analyses.slices import analyse_level, analyse_slice
from sdcviz.errors import BadRequest, UnreadableFile

LEVEL = {"depths": [0], "top": 0, "bottom": 1}
JANUARY = {"years": [1991, 2020], "months": [[1]]}
LON, LAT = np.arange(-42.0, -29.9, 0.25), np.arange(35.0, 46.1, 0.25)
OCEAN = {"box": [-40, 38, -34, 43], "resolution": 0.25}
KM = 111.19


def one_cast(lon: float = -37.0, lat: float = 40.5, depth: Any = (0.0,)) -> Points:
    n = len(depth)
    time = np.full(n, "2000-01-05", "datetime64[ms]")
    return make_points(np.full(n, lon), np.full(n, lat), depth, time, np.ones(n))


def one(points: Points, **changes: Any) -> tuple[Plan, SliceResult]:
    given = {
        "time": JANUARY,
        "levels": LEVEL,
        "domain": OCEAN,
        "background": "none",
        "lengths": {"horizontal": "90 km"},
        **changes,
    }
    plan = make_plan(recipe(**given), points)
    return plan, analyse_slice(next(plan.tasks()))


def write(path: Path, depth: Any = None, time: Any = None, names: Any = None, **fields: Any) -> str:
    """Write fields of longitude and latitude, and depth or time where they are given."""
    import xarray as xr

    axes = {
        "lon": ("lon", LON, {"units": "degrees_east"}),
        "lat": ("lat", LAT, {"units": "degrees_north"}),
    }
    dims: tuple[str, ...] = ("lat", "lon")
    if depth is not None:
        axes["depth"] = ("depth", np.asarray(depth, float), {"units": "m", "positive": "down"})
        dims = ("depth", *dims)
    if time is not None:
        axes["time"] = ("time", np.asarray(time, float), {"units": "days since 2000-01-01"})
        dims = ("time", *dims)
    shape = tuple(len(axes[name][1]) for name in dims)
    variables = {
        name: (dims, np.array(np.broadcast_to(np.asarray(values, float), shape)),
               {"standard_name": (names or {}).get(name, "x")})
        for name, values in fields.items()
    }  # fmt: skip
    xr.Dataset(variables, axes).to_netcdf(path)
    return str(path)


def widths(plan: Plan, made: SliceResult, level: int = 0) -> tuple[float, float]:
    """Give how far the field of one cast falls to 0.6 of its top, eastwards and northwards (km)."""
    field = made.field[..., level]
    i, j = np.unravel_index(np.nanargmax(field), field.shape)
    east, north = field[i:, j] / field[i, j], field[i, j:] / field[i, j]
    step = plan.problem.lon[1] - plan.problem.lon[0]
    scale = step * KM
    return (
        float(np.interp(-0.6, -east, np.arange(len(east)))) * scale * np.cos(np.radians(40.5)),
        float(np.interp(-0.6, -north, np.arange(len(north)))) * scale,
    )


# ---- slopes -----------------------------------------------------------------
@pytest.fixture
def shelf(tmp_path: Path) -> dict[str, Any]:
    """An ocean with a shelf in the west: 100 m, 2000 m, and half a degree of slope at 38 W."""
    floor = np.interp(LON, [-38.25, -37.75], [100.0, 2000.0])
    return {**OCEAN, "bathymetry": write(tmp_path / "floor.nc", bat=floor)}


def test_a_front_stays_at_the_slope(shelf: dict[str, Any]) -> None:
    deep = one_cast(lon=-37.5)
    changes = {"domain": shelf, "epsilon2": 0.1}
    plan, plain = one(deep, **changes)
    lengths = {"horizontal": "90 km", "slopes": "30 km"}
    _, steep = one(deep, **changes, lengths=lengths)
    at = np.searchsorted(plan.problem.lon, [-38.5, -36.5])
    row = int(np.searchsorted(plan.problem.lat, 40.5))
    west, east = plain.field[at, row, 0]
    assert west == pytest.approx(east, rel=0.1)  # alike on both sides
    shelf_side, deep_side = steep.field[at, row, 0]
    assert shelf_side < 0.55 * west and deep_side > 0.9 * east
    # along the slope it reaches as far as before, and the shelf is less known
    north = int(np.searchsorted(plan.problem.lat, 41.5))
    here = int(np.searchsorted(plan.problem.lon, -37.25))
    assert steep.field[here, north, 0] > 0.8 * plain.field[here, north, 0]
    assert steep.error[at[0], row, 0] > plain.error[at[0], row, 0] + 0.1


def test_the_factor_is_that_of_the_engine_and_not_below_the_least(shelf: dict[str, Any]) -> None:
    lengths = {"horizontal": "90 km", "slopes": {"distance": "30 km", "least": 0.2}}
    plan, _ = one(one_cast(), domain=shelf, lengths=lengths)
    problem = plan.problem
    floor = np.interp(problem.lon, [-38.25, -37.75], [100.0, 2000.0])[:, None]
    floor = np.broadcast_to(floor, problem.mask.shape)
    made = divand.slope_factor(problem.pmn, floor, 30e3)
    assert made.min() < 0.2 < 0.99 < made.max()
    assert problem.slopes == pytest.approx(np.maximum(made, 0.2), rel=1e-6)
    assert problem.lengths[0] == pytest.approx(90e3 * problem.slopes)
    assert problem.lengths[1] == pytest.approx(90e3 * problem.slopes)
    assert any("18 km, spans only" in told for told in plan.warnings)


def test_slopes_go_with_levels_chunks_and_previews(shelf: dict[str, Any]) -> None:
    points = one_cast(lon=-37.5, depth=[0.0, 20, 50, 100])
    changes = {
        "domain": shelf,
        "levels": [0, 20, 50, 100],
        "lengths": {"horizontal": ["90 km", "100 km", "110 km", "120 km"], "slopes": "30 km"},
    }
    plan, whole = one(points, **changes)
    assert plan.problem.lengths[0].shape == plan.problem.mask.shape
    _, parts = one(points, **changes, run={"chunk": 2})
    sea = plan.mask
    assert parts.field[sea] == pytest.approx(whole.field[sea], abs=1e-4)
    # a level by itself has the norm of the whole where its lengths are those of the others
    plan, whole = one(points, **changes | {"lengths": {"horizontal": "90 km", "slopes": "30 km"}})
    level = analyse_level(next(plan.tasks()), 1)
    assert level.field[..., 0] == pytest.approx(whole.field[..., 1], abs=1e-4, nan_ok=True)


def test_slopes_need_a_bathymetry() -> None:
    with pytest.raises(BadRequest, match=r"lengths\.slopes needs .* under domain\.bathymetry"):
        recipe(lengths={"horizontal": "90 km", "slopes": "30 km"})


# ---- currents ---------------------------------------------------------------
def along(path: Path, u: Any, v: Any, **more: Any) -> str:
    return write(path, u=u, v=v, names={"u": "eastward_sea_water_velocity",
                                        "v": "northward_sea_water_velocity"}, **more)  # fmt: skip


def test_a_field_is_stretched_along_the_flow(tmp_path: Path) -> None:
    # a box that is wide enough for what is stretched
    wide = {
        "lengths": {"horizontal": "60 km"},
        "domain": {"box": [-41.5, 36, -30.5, 45], "resolution": 0.25},
    }
    plain = widths(*one(one_cast(), **wide))
    assert plain[0] == pytest.approx(plain[1], rel=0.05)
    eastward = along(tmp_path / "e.nc", 0.2, 0.0)
    # the unit of the currents does not matter, only how they compare
    northward = along(tmp_path / "n.nc", 0.0, -20.0)
    expected = {0.2: 1.04, 1: 1.59, 2: 2.58}  # by the spectrum of the norm
    for strength, ratio in expected.items():
        east = widths(*one(one_cast(), **wide, velocity={"file": eastward, "strength": strength}))
        north = widths(*one(one_cast(), **wide, velocity={"file": northward, "strength": strength}))
        assert east[0] / east[1] == pytest.approx(ratio * plain[0] / plain[1], rel=0.15)
        assert north[1] / north[0] == pytest.approx(ratio * plain[1] / plain[0], rel=0.15)


def test_a_finer_grid_changes_little(tmp_path: Path) -> None:
    current = along(tmp_path / "e.nc", 0.2, 0.0)
    found = [
        widths(*one(one_cast(), velocity=current, domain={**OCEAN, "resolution": step}))
        for step in (0.25, 0.125)
    ]
    assert found[0][0] == pytest.approx(found[1][0], rel=0.08)
    assert found[0][1] == pytest.approx(found[1][1], rel=0.08)


def test_each_level_has_its_current(tmp_path: Path) -> None:
    speed = np.array([0.3, 0.3, np.nan])[:, None, None]
    current = along(tmp_path / "c.nc", speed, 0.0, depth=[0, 20, 100])
    points = one_cast(depth=[0.0, 20, 50, 100])
    changes = {
        "levels": [0, 20, 50, 100],
        "lengths": {"horizontal": "90 km", "vertical": "0 m"},
        "velocity": {"file": current, "strength": 1},
    }
    plan, made = one(points, **changes)
    ratio = [np.divide(*widths(plan, made, level)) for level in range(4)]
    assert ratio[0] == pytest.approx(ratio[1]) and ratio[0] > 1.5
    assert 1.1 < ratio[2] < 0.95 * ratio[1]  # between a current and none it is weaker
    assert ratio[3] == pytest.approx(1, abs=0.05)
    _, parts = one(points, **changes, run={"chunk": 1})
    sea = plan.mask
    assert parts.field[sea] == pytest.approx(made.field[sea], abs=1e-4)
    level = analyse_level(next(plan.tasks()), 0)
    assert np.divide(*widths(plan, level)) == pytest.approx(ratio[0], rel=0.05)


@pytest.mark.parametrize("error", ["exact", "cpme"])
def test_the_error_follows_the_flow_and_is_1_far_away(tmp_path: Path, error: str) -> None:
    current = along(tmp_path / "e.nc", 0.2, 0.0)
    plan, made = one(one_cast(), velocity={"file": current, "strength": 3}, error=error,
                     lengths={"horizontal": "40 km"})  # fmt: skip
    i, j = (int(np.searchsorted(axis, at)) for axis, at in zip(plan.problem.xi, (-37, 40.5),
                                                               strict=True))  # fmt: skip
    known = 1 - made.error[..., 0]
    east, north = known[i + 3, j], known[i, j + 2]  # 63 and 56 km from the cast
    assert east > 1.5 * north > 0
    assert made.error[0, 0, 0] > 0.99


def test_the_constraint_is_the_formula(tmp_path: Path) -> None:
    u, v = 0.1 * np.sin(LON), 0.2 * np.cos(LAT)[:, None]
    current = along(tmp_path / "c.nc", u, v)
    domain = {**OCEAN, "resolution": 0.5}
    plan, made = one(scatter_in_ocean(), velocity=current, domain=domain, error="exact")
    problem, points = plan.problem, plan.points
    norm = make_norm(problem)
    x, y = np.meshgrid(problem.lon, problem.lat, indexing="ij")
    east, north = 0.1 * np.sin(x), 0.2 * np.cos(y)
    usual = np.sqrt(np.mean(east**2 + north**2))
    weight = np.sqrt(norm.unpack(norm.volume) / norm.coeff) * 4 * 90e3 / norm.kernel.len_scale
    velocity = [np.pad(part / usual, 1, mode="edge") * weight for part in (east, north)]
    assert constraint_of(problem, norm)[0] == pytest.approx(velocity[0], rel=1e-6)
    assert constraint_of(problem, norm)[1] == pytest.approx(velocity[1], rel=1e-6)
    drift = norm.advection(velocity).toarray()
    before = norm.precision.toarray() + drift.T @ drift
    at = (points.lon, points.lat)
    h = divand.Observations(norm, divand.fractional_indices(norm, at), 0.5).operator.toarray()
    after = before + h.T @ h / 0.5
    field = norm.unpack(np.linalg.solve(after, h.T @ points.value / 0.5))
    assert made.field[..., 0] == pytest.approx(field[1:-1, 1:-1], abs=1e-5)
    error = norm.unpack(np.diag(np.linalg.inv(after)) / np.diag(np.linalg.inv(before)))
    assert made.error[..., 0] == pytest.approx(error[1:-1, 1:-1], abs=1e-6)


def scatter_in_ocean() -> Points:
    random = np.random.default_rng(3)
    time = np.full(40, "2000-01-05", "datetime64[ms]")
    lon, lat = random.uniform(-40, -34, 40), random.uniform(38, 43, 40)
    return make_points(lon, lat, np.zeros(40), time, random.normal(0, 1, 40))


def test_other_parts_of_a_recipe_go_with_currents(tmp_path: Path) -> None:
    current = along(tmp_path / "c.nc", 0.1, 0.05)
    plan, made = one(scatter_in_ocean(), velocity={"file": current, "u": "u", "v": "v"},
                     desroziers=2, suspects="auto", solver="iterative")  # fmt: skip
    assert made.notes["solver"] not in ("none", "iterative")
    _, plain = one(scatter_in_ocean(), desroziers=2)
    assert made.notes["epsilon2"] != pytest.approx(plain.notes["epsilon2"], rel=1e-3)
    assert np.isfinite(made.suspicion[made.used]).all()
    other, _ = one(scatter_in_ocean())
    assert plan.key != other.key


def test_the_direction_of_one_time_is_that_of_all(tmp_path: Path) -> None:
    current = along(tmp_path / "c.nc", 0.1, 0.0, time=[400])
    assert np.divide(*widths(*one(one_cast(), velocity={"file": current, "strength": 3}))) > 2


@pytest.mark.parametrize(
    ("velocity", "told"),
    [
        ("none.nc", "there is no file .*none.nc"),
        ({"file": "none.nc", "u": "u", "v": "v"}, "no gridded file .*none.nc"),
        ({"file": "good.nc", "u": "uo"}, "no variable 'uo'; there are u, v"),
        ("nameless.nc", "velocity.u: name the variable with the eastward current"),
        ("calm.nc", "has no current in the domain"),
        ("months.nc", "has 3 times of u, .* give the mean of them"),
        ("text.nc", "no NetCDF file"),
    ],
)
def test_currents_that_can_not_be_used(tmp_path: Path, velocity: Any, told: str) -> None:
    along(tmp_path / "good.nc", 0.1, 0.0)
    write(tmp_path / "nameless.nc", u=0.1, v=0.0)
    along(tmp_path / "calm.nc", np.nan, 0.0)
    along(tmp_path / "months.nc", 0.1, 0.0, time=[0, 30, 60])
    (tmp_path / "text.nc").write_text("hello")
    given = {"file": velocity} if isinstance(velocity, str) else dict(velocity)
    given["file"] = str(tmp_path / given["file"])
    with pytest.raises((BadRequest, UnreadableFile), match=told):
        one(one_cast(), velocity=given)


def test_both_go_into_a_product(shelf: dict[str, Any], tmp_path: Path) -> None:
    import xarray as xr

    lengths = {"horizontal": "90 km", "slopes": "30 km"}
    velocity = {"file": along(tmp_path / "n.nc", 0.0, 0.1), "strength": 2}
    changes = {"time": JANUARY, "levels": LEVEL, "domain": shelf, "background": "mean",
               "lengths": lengths, "velocity": velocity}  # fmt: skip
    whole = recipe(**changes)
    run(whole, tmp_path / "p.nc", points=scatter_in_ocean(), workers=1)
    (alone,) = analyse_points(scatter_in_ocean(), whole)
    findings = check_layout(tmp_path / "p.nc")
    assert not [told for told in findings if "no attribute" not in told]
    with xr.open_dataset(tmp_path / "p.nc") as product:
        made = product["temperature"].isel(time=0).transpose("lon", "lat", ...).values
        assert made.reshape(alone.field.shape) == pytest.approx(alone.field, nan_ok=True)
        text = product.attrs["recipe"]
    assert "strength: 2" in text and "distance: 30 km" in text


def test_a_field_turns_with_an_eddy(tmp_path: Path) -> None:
    """On the ground of the other tests, with land in the grid."""
    lon, lat = np.arange(0.0, 10.1, 0.5), np.arange(36.0, 45.1, 0.5)
    import xarray as xr

    round_5_41 = {"u": -(lat[:, None] - 41) + 0 * lon, "v": (lon - 5) + 0 * lat[:, None]}
    xr.Dataset(
        {name: (("lat", "lon"), part) for name, part in round_5_41.items()},
        {"lon": ("lon", lon, {"units": "degrees_east"}),
         "lat": ("lat", lat, {"units": "degrees_north"})},
    ).to_netcdf(tmp_path / "eddy.nc")  # fmt: skip
    velocity = {"file": str(tmp_path / "eddy.nc"), "u": "u", "v": "v", "strength": 3}
    points = scatter(400, months=[1])
    plain = next(analyse_points(points, recipe(time=JANUARY)))
    plan = make_plan(recipe(time=JANUARY, velocity=velocity), points)
    made = analyse_slice(next(plan.tasks()))
    sea = plan.mask
    assert not sea.all()
    x, y, _ = np.meshgrid(*plan.problem.xi, indexing="ij")

    def around(field: Any) -> float:
        """Give the mean square of the change along the eddy, in the unit of the field."""
        east, north = (np.gradient(field, axis=k) for k in (0, 1))
        change = -(y - 41) * east + (x - 5) * north
        return float(np.nanmean(change**2))

    assert around(made.field) < 0.5 * around(plain.field)
