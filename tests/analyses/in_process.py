"""Runs without worker processes, which other tests are about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sdcviz.analyses.driver import run_plan
from sdcviz.analyses.parts import parts_of
from sdcviz.analyses.plan import Plan, make_plan
from sdcviz.analyses.pool import Done
from sdcviz.analyses.problem import SliceTask
from sdcviz.analyses.recipe_file import make_recipe
from sdcviz.analyses.slices import analyse_slice

SEA: dict[str, Any] = {
    "parameter": "temperature",
    "domain": {
        "box": [-6, 30, 36, 46],
        "resolution": 1.0,
        "without": [[[18, 33], [26, 33], [26, 38], [18, 38]]],
    },
    "levels": [0, 50],
    "time": {"years": [1991, 2020], "months": [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]},
    "lengths": {"horizontal": "130 km", "vertical": "60 m"},
    "epsilon2": 0.5,
    "weights": {"horizontal": "10 km", "days": 15},
    "metadata": {"version": "1.0"},
}


def in_this_process(tasks: list[SliceTask], workers: int, scheduler: str) -> Iterator[Done]:
    for task in tasks:
        yield Done(task.number, analyse_slice(task), 0.0)


def analysed(collection: Path, out: Path, **changes: Any) -> Path:
    """Make a product of a collection."""
    return made_of(make_plan(make_recipe({**SEA, "collection": str(collection), **changes})), out)


def made_of(plan: Plan, out: Path) -> Path:
    """Make the product of a plan."""
    with parts_of(out, plan.key, plan.state) as parts:
        run_plan(
            plan, parts, out, lambda event: None, time.monotonic(),
            lambda missing: in_this_process(list(plan.tasks(missing)), 1, ""),
        )  # fmt: skip
    return out
