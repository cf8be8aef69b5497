"""Exported problems that the authors' Octave toolbox has solved, an independent judge.

``python tests/analyses/judged.py`` (with octave, octave-divand and octave-netcdf) solves them again
and writes `ANSWERS`: it reads the exported NetCDF files as Julia does, first dimension last.
"""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from analysis_runs import recipe, scatter

from sdcviz import divand
from sdcviz.analyses import export_julia
from sdcviz.analyses.model import Points
from sdcviz.analyses.plan import make_plan
from sdcviz.analyses.recipe import Recipe
from sdcviz.analyses.select import take
from sdcviz.analyses.systems import norm_of

HERE = Path(__file__).parent
ANSWERS = HERE / "octave_answers.npz"
_JANUARY = {"years": [1991, 2020], "months": [[1]]}
_FLAT = {"depths": [20], "top": 0, "bottom": 50}
CASES: dict[str, dict[str, Any]] = {
    "levels that are bound together, with a margin": {},
    "one level, exact error, no margin": {
        "levels": _FLAT,
        "error": "exact",
        "domain": {"box": [2, 38, 8, 43], "resolution": 0.5, "margin": False},
    },
    "levels on their own": {"lengths": {"horizontal": "120 km"}, "error": "none"},
    "around the world": {
        "levels": _FLAT,
        "domain": {"box": [-180, -60, 180, 60], "resolution": [10, 8]},
        "lengths": {"horizontal": "1500 km"},
        "weights": {"horizontal": "500 km"},
    },
}


def case(name: str) -> tuple[Recipe, Points]:
    """Give the recipe and the observations of a case."""
    asked, points = recipe(time=_JANUARY, **CASES[name]), scatter(3000)
    if name == "around the world":
        random = np.random.default_rng(3)
        lon, lat = random.uniform(-180, 180, 3000), random.uniform(-60, 60, 3000)
        points = replace(points, lon=lon, lat=lat)
    return asked, _at_sea(points, asked)


def _at_sea(points: Points, asked: Recipe) -> Points:
    """Leave out observations with land beside them, whose corners the toolbox weighs otherwise."""
    plan = make_plan(asked, points)
    norm, n = norm_of(plan.problem), plan.problem.mask.ndim
    index = divand.fractional_indices(
        norm, (plan.points.lon, plan.points.lat, plan.points.depth)[:n]
    )
    low = np.floor(np.nan_to_num(index)).astype(int)
    kept = np.isfinite(index).all(axis=0)
    for corner in itertools.product((0, 1), repeat=n):
        at = (low + np.array(corner)[:, None]).tolist()
        sizes = zip(at, norm.mask.shape, norm.periods, strict=True)
        kept &= norm.mask[tuple(np.mod(i, s) if p else np.minimum(i, s - 1) for i, s, p in sizes)]
    return take(plan.points, kept)


def _judge(folder: Path) -> dict[str, np.ndarray]:
    from scipy.io import loadmat

    call = f"addpath('{HERE}'); octave_judge('{folder}')"
    subprocess.run(["octave", "--no-gui", "-qf", "--eval", call], capture_output=True)
    found = loadmat(folder / "judged_0000.mat")
    return {name: found[name] for name in ("field", "error") if found[name].size}


def main() -> None:
    """Have all cases solved."""
    answers = {}
    for name in CASES:
        with tempfile.TemporaryDirectory() as folder:
            asked, points = case(name)
            export_julia(asked, folder, points=points)
            for kind, array in _judge(Path(folder)).items():
                answers[f"{name}: {kind}"] = array
    np.savez_compressed(ANSWERS, **answers)


if __name__ == "__main__":
    main()
