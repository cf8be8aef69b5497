"""What a run will take, and whether it is worth starting: told before it begins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ..divand.memory import available_memory, in_words
from ..errors import BadRequest
from ..words import counted, number
from .budget import PROCESS, memory_budget, settle
from .grid import NO_FLOOR, coast
from .model import Points
from .plan import Plan, make_plan
from .recipe import Recipe

__all__ = ["Forecast", "forecast", "unfitted"]

FEW = 30
"""Observations of a time below which a field says little."""
FLOOR = (
    "Without a bathymetry the depth of the sea floor is not known: each level reaches as far as "
    "the sea at the surface, below the floor too."
)
_START = 6.0  # seconds of processor to start a process and load the libraries
_DRIVER = 400e6  # bytes of the process that hands out the times
_PER_VALUE = 2.5e-7  # seconds to write a value of the product
_ERROR = {"none": 1.0, "cpme": 2.0, "exact": 1.0}  # analyses for a field and its error


@dataclass(frozen=True)
class Forecast:
    """What is expected of a run.

    Attributes
    ----------
    grid : tuple of int
        Longitudes, latitudes, levels, times.
    sea : int
        Sea points of one time.
    observations : int
    times : tuple of (str, int)
        Label of each time, and its number of observations.
    cpu : float
        Processor seconds.
    wall : float
        Seconds from the start to the product.
    memory : float
        Bytes at the peak, of all processes.
    product : float
        Bytes of the product at most.
    workers : int
    solver : str
    problem : str
        Why it can't be run at all; empty where it can.
    sentences : tuple of str
        What to look at before it is started.
    """

    grid: tuple[int, int, int, int]
    sea: int
    observations: int
    times: tuple[tuple[str, int], ...]
    cpu: float
    wall: float
    memory: float
    product: float
    workers: int
    solver: str
    problem: str = ""
    sentences: tuple[str, ...] = ()


def forecast(recipe: Recipe, points: Points | None = None) -> Forecast:
    """Tell what a run of a recipe takes, within a factor of two or three.

    Parameters
    ----------
    recipe : Recipe
    points : Points, optional
        Instead of those of the recipe's collection.

    Returns
    -------
    Forecast

    Raises
    ------
    BadRequest
        The recipe does not fit its observations.
    """
    # Lengths that are to be fitted decide little of the cost, and the fit takes long.
    plan = make_plan(unfitted(recipe), points, coast)
    slices = len(plan.slices)
    wanted = min(recipe.run.workers or os.cpu_count() or 1, slices)
    sea, size = int(plan.mask.sum()), int(plan.mask.size)
    problem, cpu, memory, workers, solver = "", 0.0, 0.0, wanted, ""
    try:
        settled, workers, need = settle(plan.problem, wanted, memory_budget(recipe.run.memory))
    except BadRequest as error:
        problem = str(error)
    else:
        chunks = -(-len(recipe.levels.depths) // settled.chunk) if settled.chunk else 1
        each = chunks * need.seconds * _ERROR[recipe.error] * (1 + recipe.desroziers)
        cpu = slices * each + _START * (workers + 1) + slices * size * 4 * _PER_VALUE
        memory, solver = workers * (need.memory + PROCESS) + _DRIVER, settled.solver
    fields = 1 + (0 if recipe.error == "none" else 1 + len(recipe.thresholds))
    return Forecast(
        grid=(*plan.problem.shape[:2], len(recipe.levels.depths), slices),
        sea=sea,
        observations=len(plan.points),
        times=tuple(
            (one.label, len(rows)) for one, rows in zip(plan.slices, plan.rows, strict=True)
        ),
        cpu=cpu,
        wall=_START * 2 + (cpu - _START * (workers + 1)) / max(workers, 1),
        memory=memory,
        product=4.0 * fields * slices * size,
        workers=workers,
        solver=solver,
        problem=problem,
        sentences=(*_counts(plan), *_coverage(plan), *_memory(memory), *_warnings(plan)),
    )


def _warnings(plan: Plan) -> Iterator[str]:
    for sentence in plan.warnings:
        yield FLOOR if sentence == NO_FLOOR else sentence


def unfitted(recipe: Recipe) -> Recipe:
    """Put usual lengths into a recipe where they are to be fitted, which takes long."""
    step = max(recipe.domain.resolution) * 111_000 * 4
    given: dict[str, Any] = {}
    if recipe.lengths.horizontal == "fit":
        given["horizontal"] = (step,)
    if recipe.lengths.vertical == "fit":
        gaps = np.diff(recipe.levels.depths)
        given["vertical"] = (3 * float(gaps.max(initial=10.0)),)
    return recipe.model_copy(update={"lengths": recipe.lengths.model_copy(update=given)})


def _counts(plan: Plan) -> Iterator[str]:
    labelled = list(zip(plan.slices, plan.rows, strict=True))
    empty = [one.label for one, rows in labelled if not len(rows)]
    few = [one.label for one, rows in labelled if 0 < len(rows) < FEW]
    if empty:
        yield f"No observation in {_named(empty)}: the field will be the background there."
    if few:
        yield f"Fewer than {FEW} observations in {_named(few)}: the field will say little."


def _named(labels: list[str], most: int = 4) -> str:
    more = len(labels) - most
    told = ", ".join(labels[:most])
    return f"{told} and {more} more" if more > 0 else told


def _coverage(plan: Plan) -> Iterator[str]:
    """Tell which part of the sea has no observation within a length, at any level."""
    problem = plan.problem
    sea = plan.mask.any(axis=2)
    steps = [float(np.median(1 / pm)) for pm in problem.pmn[:2]]
    reach = float(np.median(problem.horizontal))
    size = [max(1, round(reach / step)) for step in steps]
    cells = [
        np.clip(np.searchsorted(axis, place), 0, len(axis) - 1) // n
        for axis, place, n in zip(
            (problem.lon, problem.lat), (plan.points.lon, plan.points.lat), size, strict=True
        )
    ]
    shape = tuple(
        -(-len(axis) // n) for axis, n in zip((problem.lon, problem.lat), size, strict=True)
    )
    there = np.zeros(shape, bool)
    there[cells[0], cells[1]] = True
    padded = np.pad(there, 1)
    # Seen from a cell, its neighbours are about one length away.
    near = np.zeros(shape, bool)
    for i, j in product((0, 1, 2), repeat=2):
        near |= padded[i : shape[0] + i, j : shape[1] + j]
    rows = np.arange(sea.shape[0])[:, None] // size[0], np.arange(sea.shape[1])[None] // size[1]
    bare = float((sea & ~near[rows]).sum() / max(sea.sum(), 1))
    if bare > 0.02:
        yield (
            f"{bare:.0%} of the sea has no observation of any time within a correlation length: "
            "the field there is the background. A smaller box leaves it out."
        )


def _memory(memory: float) -> Iterator[str]:
    free = available_memory()
    if memory > 0.5 * free:
        yield f"It may take {in_words(memory)} of the {in_words(free)} of memory that are free."


def told(one: Forecast) -> str:
    """Tell it in one sentence."""
    lon, lat, depth, times = one.grid
    return (
        f"{counted(times, 'time')}, {counted(depth, 'level')}, {lon} x {lat} points "
        f"({number(one.sea)} at sea): about {one.cpu:.0f} s of processor time, "
        f"{in_words(one.memory)} of memory, {one.wall:.0f} s with {one.workers} processes."
    )
