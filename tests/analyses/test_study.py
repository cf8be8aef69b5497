"""Lengths and error variances side by side, scored by what the analysis has not seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from analysis_runs import recipe, scatter, write_recipe_file
from typer.testing import CliRunner

from sdcviz.analyses.study import EPSILONS, FACTORS, study
from sdcviz.errors import BadRequest

JANUARY = {"years": [1991, 2020], "months": [[1]]}


def noisy(n: int, noise: float, seed: int = 3):
    """Observe the made-up sea at one depth, by twelve ships, with noise."""
    points = scatter(n, seed, months=[1])
    random = np.random.default_rng(seed)
    return replace(
        points,
        value=points.value + random.normal(0, noise, n),
        depth=np.full(n, 20.0),
        cruise=np.array([f"cruise {k % 12}" for k in range(n)]),
    )


def test_each_length_meets_each_noise():
    cells = list(study(recipe(time=JANUARY), points=noisy(300, 0.1), level=20))
    assert [(c.length, c.epsilon2) for c in cells] == [
        (120_000 * f, e) for f in FACTORS for e in EPSILONS
    ]
    assert all(c.folds == 8 and c.observations == cells[0].observations for c in cells)
    assert all(c.field.shape == (len(c.lon), len(c.lat)) for c in cells)
    sea = np.isfinite(cells[0].field)
    assert sea.any() and all(np.array_equal(np.isfinite(c.field), sea) for c in cells)


def test_what_follows_the_noise_predicts_worse():
    points = noisy(400, 1.0)
    given = {"lengths": [60e3, 250e3], "epsilons": [0.01, 1.0], "level": 20, "points": points}
    score = {(c.length, c.epsilon2): c.score for c in study(recipe(time=JANUARY), **given)}
    assert min(score, key=lambda pair: score[pair]) == (250e3, 1.0)
    assert score[60e3, 0.01] > 1.15 * score[250e3, 1.0]


def test_the_score_is_of_observations_left_out():
    """By hand: each cruise is analysed from the others, one after the other."""
    from sdcviz.analyses.background import at_places
    from sdcviz.analyses.grid import coast
    from sdcviz.analyses.plan import make_plan
    from sdcviz.analyses.select import take
    from sdcviz.analyses.slices import analyse_slice

    points = noisy(240, 0.3)
    middle = (points.lon > 2.2) & (points.lon < 7.8) & (points.lat > 38.2) & (points.lat < 42.8)
    points = take(points, middle)
    eight = replace(points, cruise=np.array([f"c{k % 8}" for k in range(len(points))]))
    given = recipe(
        time=JANUARY, background="none", error="none", thresholds=None,
        levels={"depths": [20], "top": 0, "bottom": 100},
    )  # fmt: skip
    (cell,) = study(given, lengths=[120e3], epsilons=[0.5], points=eight)
    errors = []
    for name in np.unique(eight.cruise):
        inside = eight.cruise == name
        made = analyse_slice(next(make_plan(given, take(eight, ~inside), coast).tasks()))
        field = made.field[..., 0]
        there = np.isfinite(field)
        axes = (cell.lon, cell.lat)
        seen = at_places(np.where(there, field, 0.0), axes, (eight.lon[inside], eight.lat[inside]))
        share = at_places(there.astype(float), axes, (eight.lon[inside], eight.lat[inside]))
        whole = share > 0.999  # at the coast the engine interpolates from sea points only
        errors.append((eight.value[inside] - seen)[whole])
    by_hand = float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))
    assert cell.score == pytest.approx(by_hand, rel=0.15)


def test_a_length_that_the_grid_does_not_hold_is_marked():
    given = {"lengths": [60e3, 200e3], "epsilons": [1], "points": noisy(200, 0.1), "level": 20}
    cells = study(recipe(time=JANUARY), **given)
    assert [c.resolved for c in cells] == [False, True]


def test_too_few_observations_are_told():
    with pytest.raises(BadRequest, match=r"There are \d observations at this level and time"):
        list(study(recipe(time=JANUARY), points=noisy(10, 0.1), level=20))


def test_the_command_tells_the_best(made_demo: Path, tmp_path: Path):
    from sdcviz.cli import app

    path = write_recipe_file(
        tmp_path, made_demo, domain={"box": [-5, 31, 36, 46], "resolution": 1},
        levels=[0, 20, 50, 100, 200], time={"months": "annual"},
    )  # fmt: skip
    told = CliRunner().invoke(app, ["divand", str(path), "--study", "--level", "50", "--json"])
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert len(document["trials"]) == len(FACTORS) * len(EPSILONS)
    assert document["best"]["score"] == min(t["score"] for t in document["trials"])
