"""Weights behind a value: they rebuild it, and are what it changes by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
from analysis_runs import recipe, scatter
from in_process import made_of
from test_slopes_currents import LON, OCEAN, write

from sdcviz.analyses.gain import gain_at
from sdcviz.analyses.model import Points
from sdcviz.analyses.plan import make_plan
from sdcviz.analyses.record import Record, read_record
from sdcviz.analyses.remade import prepared_slice
from sdcviz.analyses.select import take
from sdcviz.analyses.slices import analyse_slice, prepare
from sdcviz.analyses.solving import with_errors
from sdcviz.errors import BadRequest

WALL = [[4.9, 37], [5.6, 37], [5.6, 44], [4.9, 44]]
"""Two basins, without a way from one to the other."""
COMMON: dict[str, Any] = {
    "domain": {"box": [2, 38, 8, 43], "resolution": 0.25, "without": [WALL]},
    "time": {"years": [1991, 2020], "months": [[1, 2, 3], [7, 8, 9]]},
    "weights": {"horizontal": "30 km", "vertical": "10 m", "days": 60},
    "error": "none",
}
FLAT = {"levels": {"depths": [0], "top": 0, "bottom": 30}, "lengths": {"horizontal": "90 km"}}
DEEP = {
    "levels": [0, 20, 50, 100],
    "lengths": {"horizontal": ["60 km", "80 km", "80 km", "120 km"],
                "vertical": ["25 m", "25 m", "40 m", "60 m"]},
    "desroziers": 1,
}  # fmt: skip
PLACES = ((4.6, 40.0), (5.9, 40.0), (3.13, 41.37), (2.0, 38.0))
"""On both sides of the wall, between grid points, and a corner of the grid."""


def no_land(lon: Any, lat: Any) -> Any:
    return np.zeros(np.shape(lon), bool)


def product(folder: Path, points: Points, **changes: Any) -> Record:
    # On land they would still share their weight with those beside it, and the file has them not.
    points = take(points, abs(points.lon - 5.25) > 0.4)
    plan = make_plan(recipe(**{**COMMON, **changes}), points, no_land)
    return read_record(made_of(plan, folder / "p.nc"))


def field(record: Record, number: int, level: int, lon: float, lat: float) -> float:
    """Interpolate the field of the file between the four points around a place."""
    with netCDF4.Dataset(record.path) as file:
        values = np.ma.filled(file[record.field][number].astype(float), np.nan)
    values = values if values.ndim == 2 else values[level]
    x, y = (lon - record.lon[0]) / 0.25, (lat - record.lat[0]) / 0.25
    share = np.maximum(1 - abs(np.arange(len(record.lat)) - y), 0)[:, None] * np.maximum(
        1 - abs(np.arange(len(record.lon)) - x), 0
    )
    share = np.where(np.isnan(values), 0, share)
    return float(np.nansum(share * values) / share.sum())


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return product(tmp_path_factory.mktemp("deep"), scatter(1200, months=(1, 2, 8)), **DEEP)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return product(tmp_path_factory.mktemp("flat"), scatter(900, months=(1, 2, 8)), **FLAT)


@pytest.mark.parametrize(("kind", "level"), [("flat", 0), ("deep", 0), ("deep", 2)])
def test_weights_rebuild_the_value(kind: str, level: int, request: pytest.FixtureRequest) -> None:
    record = request.getfixturevalue(kind)
    ready = prepared_slice(record, 1)
    for lon, lat in PLACES:
        found = gain_at(record, 1, lon, lat, level, ready=ready)
        assert found.value == pytest.approx(field(record, 1, level, lon, lat), abs=2e-4)
        assert found.value == pytest.approx(found.background + found.weight @ found.anomaly)
        # What lies behind the wall counts nothing, however near it is.
        beyond = (ready.task.lon[found.rows] < 5.2) != (lon < 5.2)
        assert beyond.any() and abs(found.weight[beyond]).max() < 1e-6 < abs(found.weight).max()
        # Of a part of the grid they are nearly the same.
        part = gain_at(record, 1, lon, lat, level, ready=ready, most=100)
        assert part.part == "3 lengths around" and not found.part
        assert part.value == pytest.approx(found.value, abs=0.05)


def test_weights_are_what_the_value_changes_by(deep: Record) -> None:
    """Where the background is not made of the observations."""
    given = {**COMMON, **DEEP, "desroziers": 0, "background": "none"}
    plan = make_plan(recipe(**given), scatter(300, months=(8,)), no_land)
    task = next(plan.tasks([1]))
    lon, lat = float(plan.problem.lon[4]), float(plan.problem.lat[10])
    before = analyse_slice(task).field[4, 10, 1]
    found = gain_at(deep, 1, lon, lat, 1, ready=prepare(with_errors(task)))
    for k in np.argsort(-abs(found.weight))[[0, 3, 20]]:
        value = task.value.copy()
        value[found.rows[k]] += 50
        after = analyse_slice(replace(task, value=value)).field[4, 10, 1]
        assert (after - before) / 50 == pytest.approx(found.weight[k], abs=2e-6)
    around = gain_at(deep, 1, lon - 360, lat, 1, ready=prepare(with_errors(task)))
    assert around.value == found.value


def test_currents_slopes_and_logarithms_count(tmp_path: Path) -> None:
    """The first time has no observation, and no error: the others are there all the same."""
    floor = np.interp(LON, [-38.25, -37.75], [100.0, 2000.0])
    ocean = {**OCEAN, "bathymetry": write(tmp_path / "floor.nc", bat=-floor)}
    names = {"u": "eastward_sea_water_velocity", "v": "northward_sea_water_velocity"}
    currents = write(tmp_path / "currents.nc", names=names, u=0.5, v=0.2)
    here = scatter(200, months=(8,))
    here = replace(here, lon=here.lon - 41)
    record = product(
        tmp_path, here, **FLAT | {
            "domain": ocean, "transformation": "log", "background": "mean",
            "lengths": {"horizontal": "90 km", "slopes": {"distance": "30 km", "least": 0.3}},
            "velocity": {"file": currents, "u": "u", "v": "v"},
        },
    )  # fmt: skip
    for lon, lat in ((-37.75, 40.0), (-36.0, 41.0)):
        found = gain_at(record, 1, lon, lat)
        assert found.transformed == "log" and len(found.rows) > 20
        assert found.value == pytest.approx(field(record, 1, 0, lon, lat), abs=2e-4)


def test_on_land_is_a_sentence(deep: Record) -> None:
    with pytest.raises(BadRequest, match="land, or below the bottom"):
        gain_at(deep, 0, 5.25, 40.0)
