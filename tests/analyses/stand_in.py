"""A driver that reads the exchange folder as that of Julia does, with our engine inside.

``python stand_in.py FOLDER`` knows nothing of `sdcviz.analyses`: only names of files and variables.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from sdcviz import divand

NAME = "stand-in 1 (Python)"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tell(event: str, **told: Any) -> None:
    if path := os.environ.get("SDCVIZ_EVENTS"):
        with open(path, "a") as file:
            file.write(json.dumps({"event": event, "time": "2026-01-01T00:00:00Z", **told}) + "\n")


def columns(path: Path) -> dict[str, np.ndarray]:
    """Read all variables, first dimension last as Julia and Octave see them."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        return {name: np.transpose(v[:]) for name, v in file.variables.items()}


def analyse(folder: Path, problem: dict[str, Any], number: int) -> dict[str, Any]:
    asked = next(one for one in problem["slices"] if one["number"] == number)
    grid, seen = columns(folder / problem["grid"]), columns(folder / asked["input"])
    assert digest(folder / asked["input"]) == asked["sha256"]
    assert digest(folder / problem["grid"]) == problem["grid_sha256"]
    axes = range(1, len(problem["shape"]) + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = divand.analyse(
            grid["mask"] == 1,
            [grid[f"pmn{k}"] for k in axes],
            [grid[f"xi{k}"] for k in axes],
            [seen[f"x{k}"] for k in axes],
            seen["f"],
            [grid[f"len{k}"] for k in axes],
            seen["epsilon2"],
            moddim=problem["moddim"],
            alphabc=problem["alphabc"],
            scale_len=problem["scale_len"],
            error=None if problem["error"] == "none" else problem["error"],
            solver="direct",
        )
    return {
        "field": found.field,
        "error": found.error,
        "residual": found.residuals,
        "used": found.used.astype(np.int8),
        "key": problem["key"],
        "input_sha256": asked["sha256"],
        "grid_sha256": problem["grid_sha256"],
        "engine": NAME,
        "seconds": 0.5,
        "warnings": "",
    }


def write(path: Path, answer: dict[str, Any]) -> None:
    with netCDF4.Dataset(path, "w") as file:
        for name in ("field", "error", "residual", "used"):
            if answer[name] is None:
                continue
            made = np.transpose(answer[name])
            dims = [f"{name}{k}" for k in range(made.ndim)]
            for dim, size in zip(dims, made.shape, strict=True):
                file.createDimension(dim, size)
            file.createVariable(name, made.dtype, dims)[:] = made
        for name in ("key", "input_sha256", "grid_sha256", "engine", "seconds", "warnings"):
            file.setncattr(name, answer[name])


def solve(folder: Path, most: int | None = None) -> int:
    """Answer all slices that have no answer, or only so many."""
    problem = json.loads((folder / "problem.json").read_text())
    done = 0
    for asked in problem["slices"]:
        path = folder / asked["output"]
        if path.exists():
            continue
        if done == most:
            break
        write(path, analyse(folder, problem, asked["number"]))
        tell("slice", number=asked["number"], label=asked["label"], seconds=0.5)
        done += 1
    return done


if __name__ == "__main__":
    given = os.environ.get("STAND_IN_MOST")
    solve(Path(sys.argv[1]), int(given) if given else None)
    if given:
        sys.exit("out of memory.")
