"""What looks like an error before an analysis, and what an error does to the field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analysis_runs import recipe, scatter, write_recipe_file
from typer.testing import CliRunner

from sdcviz.analyses import run
from sdcviz.analyses.answering import answer
from sdcviz.analyses.driver import analyse_points
from sdcviz.analyses.model import Points
from sdcviz.analyses.outliers import find_outliers, outliers_of
from sdcviz.analyses.plan import make_plan
from sdcviz.analyses.select import identities_of
from sdcviz.cli import app
from sdcviz.observations import open_collection

SUMMER = {"years": [1991, 2020], "months": [[6, 7, 8]]}


def spoilt(points: Points, rows: Any, by: Any) -> Points:
    value = points.value.copy()
    value[rows] += by
    return replace(points, value=value)


def test_planted_spikes_are_found_and_nothing_else() -> None:
    asked, points = recipe(), scatter(6000)
    assert len(outliers_of(make_plan(asked, points))) == 0
    plan = make_plan(asked, points)
    inside = np.flatnonzero(np.isin(points.value, plan.points.value))
    rows = np.random.default_rng(3).choice(inside, 12, replace=False)
    plan = make_plan(asked, spoilt(points, rows, np.resize([15.0, -15.0], 12)))
    found = outliers_of(plan)
    off = plan.points.value - make_plan(asked, points).points.value
    planted = np.flatnonzero(off)
    at_sea = np.isin(planted, found.rows)
    assert set(found.rows.tolist()) <= set(planted.tolist()) and at_sea.sum() >= 8
    np.testing.assert_allclose(found.off, off[found.rows], atol=4)
    assert (np.diff(found.score) <= 0).all() and found.total <= len(plan.points)
    sentence = found.sentence(plan.points, "°C")
    assert sentence.startswith(f"{len(found)} of ") and f"{found.off[0]:+.3g} °C" in sentence


def test_an_observation_of_several_times_counts_once() -> None:
    points = spoilt(scatter(900), 5, 40.0)
    every = np.arange(900)
    found = find_outliers(points, [every, every], np.array([0.0, 50, 100]), 300_000)
    assert found.rows.tolist() == [5] and found.total == 900
    none = find_outliers(points, [], np.array([0.0]), 1e5)
    assert len(none) == 0 and none.sentence(points) == ""


@pytest.fixture(scope="module")
def spike() -> Points:
    points = scatter(300, months=(7,))
    near = np.argmin((points.lon - 5) ** 2 + (points.lat - 41) ** 2 + (points.depth / 40) ** 2)
    return spoilt(points, near, 60.0)


def test_the_product_tells_that_its_field_overshoots(spike: Points, tmp_path: Path) -> None:
    asked = recipe(time=SUMMER, epsilon2=0.05)
    (fine,) = analyse_points(scatter(300, months=(7,)), asked)
    assert not [text for text in fine.notes["warnings"] if "exceeds" in text]
    heard: list[dict[str, Any]] = []
    report = run(asked, tmp_path / "p.nc", points=spike, workers=1, tell=heard.append)
    (told,) = [text for text in report["warnings"] if "exceeds what was observed" in text]
    assert "clamp" in told and "--outliers" in told
    (before,) = [e["text"] for e in heard if e["event"] == "warning" and "error" in e["text"]]
    assert before.startswith("1 of ") and before in report["warnings"]


def test_the_command_lists_them_without_a_product(made_demo: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "domain": {"box": [-6, 30, 36.5, 46], "resolution": 1}, "time": {"months": "annual"},
        "lengths": {"horizontal": "250 km", "vertical": "60 m"},
    }  # fmt: skip
    path = write_recipe_file(tmp_path, made_demo, **given)
    done = CliRunner().invoke(app, ["divand", str(path), "--outliers", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    asked = recipe(collection=str(made_demo), **given)
    plan = make_plan(asked)
    found = outliers_of(plan)
    assert told["count"] == len(found) == len(told["observations"])
    assert [o["score"] for o in told["observations"]] == pytest.approx(found.score.tolist())
    assert not list(tmp_path.glob("*.nc"))
    demo = open_collection(made_demo)
    assert told["total"] == found.total <= demo.n_samples
    # The page asks for the stations, the farthest off first.
    (answered,) = answer("outliers", {"recipe": asked.model_dump(mode="json", exclude_unset=True)})
    names = identities_of(demo, np.array(answered["rows"], np.int64))
    assert len(found) > 0 and names[0] == plan.points.id[found.rows[0]]
    assert set(names) == set(plan.points.id[found.rows])
    assert answered["words"][0].startswith(f"{found.off[0]:+.3g} ")
    assert answered["sentence"] == found.sentence(plan.points, plan.meaning["unit"])
