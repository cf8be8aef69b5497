"""Which observations an analysis takes, against a plain loop over the stations."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analysis_runs import recipe, scatter
from journalled import flag

from sdcviz.analyses.model import Points
from sdcviz.analyses.select import make_points, of_box, select
from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest, NotFound
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.model import DEPTH, POSITION, TIME

BOX = [-6, 30, 20, 46]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("select") / "demo", stations=150)


@pytest.fixture
def demo(made: Path, tmp_path: Path) -> Collection:
    return open_collection(shutil.copytree(made, tmp_path / "demo"))


def by_hand(c: Collection, box: list[float], low: float, high: float, flags: str) -> list[Any]:
    """Go through all samples one by one."""
    found = []
    local = c.text("local_cdi_id").texts()
    cruise = c.text("cruise").texts()
    values, value_flags = c.values("temperature"), c.flags("temperature")
    for i in range(c.n_stations):
        if not (box[0] <= c.lon[i] <= box[2] and box[1] <= c.lat[i] <= box[3]):
            continue
        for s in range(c.offsets[i], c.offsets[i + 1]):
            z, v = float(c.depth[s]), float(values[s])
            if not (low <= z <= high) or np.isnan(v) or np.isnat(c.time[i]):
                continue
            others = {chr(f) for f in (c.depth_flag[s], c.time_flag[i], c.position_flag[i])}
            # bad or probably bad elsewhere makes the sample so, if its own flag is better
            if chr(value_flags[s]) not in flags or others & {"3", "4"}:
                continue
            found.append(
                (f"{c.edmo[i]}-{local[i]}", cruise[i], c.lon[i], c.lat[i], z, v, c.time[i])
            )
    return found


def same(points: Points, found: list[Any]) -> None:
    assert len(points) == len(found) > 0
    for name, k in (("id", 0), ("cruise", 1)):
        assert getattr(points, name).tolist() == [f[k] for f in found]
    for name, k in (("lon", 2), ("lat", 3), ("depth", 4), ("value", 5)):
        assert getattr(points, name) == pytest.approx(np.array([f[k] for f in found]), rel=1e-6)
    assert np.array_equal(points.time, np.array([f[6] for f in found]))


@pytest.mark.parametrize("flags", ["12", "1", "02"])
def test_the_same_as_a_loop_over_all_samples(made: Path, flags: str) -> None:
    c = open_collection(made)
    asked = recipe(domain={"box": BOX, "resolution": 1}, levels=[0, 30, 75], flags=list(flags))
    same(select(c, asked), by_hand(c, [float(b) for b in BOX], 0, 75, flags))


def test_flags_of_the_journal_count(demo: Collection) -> None:
    asked = recipe(domain={"box": BOX, "resolution": 1}, levels=[0, 30, 75])
    before = select(demo, asked)
    rows = np.unique([int(demo.find_station(one.split("-", 1)[1])[0]) for one in before.id[:400]])
    flag(demo, rows[0], 0, "4")
    flag(demo, rows[1], 0, "4", key=DEPTH)
    flag(demo, rows[2], -1, "4", key=POSITION)
    flag(demo, rows[3], -1, "3", key=TIME)
    again = open_collection(demo.path)
    after = select(again, asked)
    same(after, by_hand(again, [float(b) for b in BOX], 0, 75, "12"))
    assert len(after) < len(before) - 10
    assert not set(after.id) & {f"{demo.edmo[r]}-{demo.text('local_cdi_id').texts()[r]}"
                                for r in rows[2:4]}  # fmt: skip


def test_decimals_are_those_that_were_written(made: Path) -> None:
    c = open_collection(made)
    points = select(c, recipe(domain={"box": BOX, "resolution": 1}, levels=[0, 75]))
    assert np.array_equal(points.value, np.round(points.value, 4))


def test_nothing_to_analyse_says_why(made: Path) -> None:
    c = open_collection(made)
    with pytest.raises(BadRequest, match="There is no value of temperature in the box 100, 0"):
        select(c, recipe(domain={"box": [100, 0, 110, 5], "resolution": 1}))
    with pytest.raises(BadRequest, match=r"None of the .* values of temperature .* flags 5 and"):
        select(c, recipe(domain={"box": BOX, "resolution": 1}, flags=["5"]))
    with pytest.raises(BadRequest, match="'x' is no flag"):
        select(c, recipe(domain={"box": BOX, "resolution": 1}, flags=["x"]))
    with pytest.raises(NotFound, match="oxygn"):
        select(c, recipe(parameter="oxygn"))


def test_plain_arrays_are_cut_to_box_and_levels() -> None:
    asked = recipe()
    points = scatter(400)
    kept = of_box(points, asked)
    expected = [
        k for k in range(400)
        if 2 <= points.lon[k] <= 8 and 38 <= points.lat[k] <= 43 and 0 <= points.depth[k] <= 100
    ]  # fmt: skip
    assert kept.id.tolist() == points.id[expected].tolist()
    assert 0 < len(expected) < 400


def test_a_box_over_the_date_line() -> None:
    asked = recipe(domain={"box": [170, -10, -170, 10], "resolution": 1}, levels=[0, 100])
    time = np.full(4, "2000-01-01", "datetime64[ms]")
    points = make_points([175, -175, 0, 185], np.zeros(4), np.zeros(4), time, np.ones(4))
    assert of_box(points, asked).lon.tolist() == [175, 185, 185]


def test_plain_arrays_that_do_not_fit() -> None:
    time = np.full(2, "2000-01-01", "datetime64[ms]")
    with pytest.raises(BadRequest, match="lat has 3 entries and value 2"):
        make_points([1, 2], [1, 2, 3], [0, 0], time, [1, 1])
    with pytest.raises(BadRequest, match="observation 1 is infinite"):
        make_points([1, 2], [1, 2], [0, 0], time, [1, np.inf])
    assert len(make_points([1, 2], [1, 2], [0, np.nan], time, [1, 1])) == 1
