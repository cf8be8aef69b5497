"""Small recipes and observations for the tests of analyses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sdcviz.analyses import make_points
from sdcviz.analyses.model import Points
from sdcviz.analyses.recipe import Recipe
from sdcviz.analyses.recipe_file import make_recipe

RECIPE: dict[str, Any] = {
    "parameter": "temperature",
    "domain": {"box": [2, 38, 8, 43], "resolution": 0.5},
    "levels": [0, 20, 50, 100],
    "time": {"years": [1991, 2020], "months": "monthly"},
    "lengths": {"horizontal": "120 km", "vertical": "60 m"},
    "epsilon2": 0.5,
}


def recipe(**changes: Any) -> Recipe:
    """Give the small recipe with some keys changed; None leaves one out."""
    given = {**RECIPE, **changes}
    return make_recipe({key: value for key, value in given.items() if value is not None})


def truth(lon: Any, lat: Any, depth: Any, month: Any) -> Any:
    """A made-up temperature: smooth, with a season that fades with depth."""
    season = 4 * np.cos(2 * np.pi * (np.asarray(month) - 8) / 12) * np.exp(-np.asarray(depth) / 40)
    return 14 + 1.5 * np.sin(lon) + 0.5 * (np.asarray(lat) - 40) + season


def scatter(n: int = 1500, seed: int = 1, months: Any = range(1, 13)) -> Points:
    """Observe `truth` at random places and times, with a little noise."""
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(1, 9, n), random.uniform(37.5, 43.5, n)
    depth = random.uniform(0, 120, n)
    month = random.choice(list(months), n)
    years = random.integers(1991, 2021, n)
    time = np.array(
        [f"{y}-{m:02d}-{random.integers(1, 29):02d}" for y, m in zip(years, month, strict=True)],
        "datetime64[ms]",
    )
    value = truth(lon, lat, depth, month) + random.normal(0, 0.05, n)
    return make_points(lon, lat, depth, time, value)


def write_recipe_file(folder: Path, collection: Path, **changes: Any) -> Path:
    """Write a recipe over a collection as a file."""
    import yaml

    path = folder / "recipe.yaml"
    given = {**RECIPE, "collection": str(collection), **changes}
    path.write_text(yaml.safe_dump({k: v for k, v in given.items() if v is not None}))
    return path
