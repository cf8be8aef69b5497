"""Analyse made-up observations by both engines, and fail if they differ.

The last step of docker/divand.Dockerfile; also ``python docker/divand/check.py`` wherever
SDCVIZ_JULIA names a driver.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from sdcviz import analyses

TOLERANCE = 1e-4
"""Of fields (standard deviation about 1) and relative errors; products have single precision."""
RECIPE: dict[str, Any] = {
    "parameter": "temperature",
    "domain": {"box": [2, 38, 8, 43], "resolution": 0.5},
    "levels": [0, 20, 50, 100],
    "time": {"years": [2000, 2001], "months": [[1], [2]]},
    "lengths": {"horizontal": "120 km", "vertical": "60 m"},
    "epsilon2": 0.5,
}
CASES: dict[str, dict[str, Any]] = {
    "approximate error": {},
    "exact error, no margin": {
        "error": "exact",
        "domain": {**RECIPE["domain"], "margin": False},
    },
    "levels on their own": {"lengths": {"horizontal": "120 km"}},
    "one level around the world": {
        "levels": {"depths": [20], "top": 0, "bottom": 100},
        "domain": {"box": [-180, -60, 180, 60], "resolution": 10},
        "lengths": {"horizontal": "1500 km"},
    },
}


def observations(count: int = 800) -> Any:
    """Make observations with a season, a front and noise."""
    random = np.random.default_rng(1)
    lon, lat = random.uniform(2, 8, count), random.uniform(38, 43, count)
    depth = random.uniform(0, 100, count)
    days = random.integers(0, 59, count)
    value = np.sin(lon) + (lat - 40) / 2 + days / 60 - depth / 100 + random.normal(0, 0.1, count)
    time = np.datetime64("2000-01-01", "ms") + days.astype("timedelta64[D]")
    return analyses.make_points(lon, lat, depth, time, value)


def fields(path: Path) -> dict[str, np.ndarray]:
    """Read the field and its relative error."""
    import netCDF4

    with netCDF4.Dataset(path) as file:
        return {
            name: file[name][:].filled(np.nan) for name in ("temperature", "temperature_relerr")
        }


def differences(recipe: dict[str, Any], folder: Path) -> dict[str, float]:
    """Analyse by both engines, and give the greatest difference of each variable."""
    points = observations()
    made = {}
    for engine in ("built-in", "julia"):
        out = folder / f"{engine}.nc"
        analyses.run(recipe, out, points=points, workers=1, engine=engine)  # type: ignore[arg-type]
        made[engine] = fields(out)
    found = {}
    for name, ours in made["built-in"].items():
        theirs = made["julia"][name]
        same = np.array_equal(np.isnan(ours), np.isnan(theirs))
        found[name] = float(np.nanmax(np.abs(ours - theirs))) if same else float("inf")
    return found


def main() -> int:
    """Compare all cases."""
    worst = 0.0
    for name, changes in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            found = differences({**RECIPE, **changes}, Path(folder))
        print(f"{name}: " + ", ".join(f"{key} {value:.1e}" for key, value in found.items()))
        worst = max(worst, *found.values())
    if worst > TOLERANCE:
        print(f"The engines differ by {worst:g}, more than {TOLERANCE:g}.", file=sys.stderr)
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
