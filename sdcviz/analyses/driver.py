"""One run: from a recipe to a product."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..settings import get_settings
from .budget import memory_budget, within_memory
from .crew import Tell, analyse_missing, in_workers, output, processors, progress
from .metadata import Meta
from .model import Points, SliceResult
from .outliers import outliers_of
from .parts import Parts, parts_of
from .plan import Plan, make_plan
from .pool import Done
from .recipe import Recipe
from .recipe_file import make_recipe, write_recipe
from .slices import analyse_slice
from .worst import Worst

__all__ = ["analyse_points", "make_meta", "plan_run", "run", "run_plan"]


def run(
    recipe: Recipe | Mapping[str, Any] | Path | str,
    out: Path | str,
    *,
    points: Points | None = None,
    tell: Tell | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    engine: Literal["built-in", "julia"] = "built-in",
) -> dict[str, Any]:
    """Analyse what a recipe says, and write the product.

    Slices are analysed in processes of their own and kept in ``OUT.parts`` as they are
    finished: a run that was broken off goes on with those that are missing. What is kept
    belongs to one recipe, one set of observations and one version; anything else starts anew.

    Parameters
    ----------
    recipe : Recipe, mapping, or path of a recipe file
    out : path-like
        Product to write (NetCDF); it is replaced at the end, in one step.
    points : Points, optional
        Observations instead of those of the recipe's collection (`make_points`).
    tell : callable, optional
        Hears of progress; see `Tell`.
    workers : int, optional
        Processes; by default as the recipe says, else as many as there are processors.
    scheduler : str, optional
        Address of a dask scheduler that gets the slices instead; by default that of the recipe
        or of the settings.

    Returns
    -------
    dict
        What came of it: ``out``, ``observations``, ``used``, ``rmse``, ``worst`` (residuals),
        ``grid``, ``slices``, ``warnings``, ``seconds``; can be written as JSON.

    Raises
    ------
    BadRequest
        The recipe does not fit the observations, the grid or the memory.
    NotFound
        There is no such recipe, collection or parameter.
    StorageError
        The disk is full or may not be written.

    Examples
    --------
    >>> from sdcviz import analyses
    >>> analyses.run("recipe.yaml", "product.nc")["rmse"]  # doctest: +SKIP
    0.31
    """
    begun = time.monotonic()
    recipe = make_recipe(recipe)
    out = output(out)
    say = tell or (lambda event: None)
    if engine == "julia":
        from .julia_runs import run_julia

        return run_julia(recipe, out, points=points, tell=say, scheduler=scheduler)
    plan = plan_run(recipe, points, say)
    wanted = workers or recipe.run.workers or processors()
    problem, workers = within_memory(plan.problem, wanted, memory_budget(recipe.run.memory))
    plan = replace(plan, problem=problem)
    address = scheduler or recipe.run.scheduler or get_settings().scheduler

    def results(missing: list[int]) -> Iterator[Done]:
        return in_workers(list(plan.tasks(missing)) if missing else [], workers, address)

    with parts_of(out, plan.key, plan.state) as parts:
        return run_plan(plan, parts, out, say, begun, results)


def plan_run(recipe: Recipe, points: Points | None, say: Tell) -> Plan:
    """Plan a run, and tell what is to be warned of.

    Parameters
    ----------
    recipe : Recipe
    points : Points or None
    say : callable
    """
    say(progress(0, 0, "Observations and grid"))
    plan = make_plan(recipe, points)
    far = outliers_of(plan).sentence(plan.points, plan.meaning["unit"])
    plan = replace(plan, warnings=(*plan.warnings, *filter(None, [far])))
    for sentence in plan.warnings:
        say({"event": "warning", "text": sentence})
    return plan


def run_plan(
    plan: Plan,
    parts: Parts,
    out: Path,
    say: Tell,
    begun: float,
    results: Callable[[list[int]], Iterator[Done]],
) -> dict[str, Any]:
    """Have the missing slices analysed, and write the product.

    Parameters
    ----------
    plan : Plan
    parts : Parts
        Where slices are kept until all are there.
    out : Path
    say : callable
    begun : float
        Of the monotonic clock.
    results : callable
        Analyses the slices with these numbers, and gives each as it comes.

    Returns
    -------
    dict
        As of `run`.
    """
    analyse_missing(plan, parts, say, results)
    say(progress(len(plan.slices), len(plan.slices), "Writing the product"))
    report = _write(plan, parts, out)
    parts.remove()
    report["seconds"] = round(time.monotonic() - begun, 1)
    say({"event": "result", **report})
    return report


def analyse_points(
    points: Points, recipe: Recipe | Mapping[str, Any] | Path | str
) -> Iterator[SliceResult]:
    """Analyse plain arrays in this process, without any file.

    Parameters
    ----------
    points : Points
        See `make_points`.
    recipe : Recipe, mapping, or path of a recipe file

    Yields
    ------
    SliceResult
        One a time slice, in their order; its rows count the observations that are of any slice.
    """
    yield from map(analyse_slice, make_plan(make_recipe(recipe), points).tasks())


def _write(plan: Plan, parts: Parts, out: Path) -> dict[str, Any]:
    from .product import write_product

    recipe = plan.recipe
    write_product(
        out,
        write_recipe(recipe),
        make_meta(plan, parts),
        plan.axes,
        plan.mask,
        plan.points,
        [partial(parts.load, n) for n in range(len(plan.slices))],
        recipe.thresholds if recipe.error != "none" else {},
    )
    return _report(plan, parts, out)


def make_meta(plan: Plan, parts: Parts) -> Meta:
    """Let the recipe speak first, then the collection."""
    told = plan.recipe.metadata.model_dump(exclude_defaults=True)
    found = {"p01": plan.meaning["p01"], "p06": plan.meaning["p06"]}
    label = plan.meaning["label"]
    name = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_0123456789") or "field"
    if not found["p06"]:
        found["units"] = plan.meaning["unit"]
    begun = {"created": parts.created, "state": tuple(sorted(parts.state.items()))}
    return Meta(**{"variable": name, "long_name": label, **found, **told, **begun})


def _report(plan: Plan, parts: Parts, out: Path) -> dict[str, Any]:
    slices, squares, used = [], 0.0, 0
    worst = Worst(plan.points)
    for number, one in enumerate(plan.slices):
        result = parts.load(number)
        slices.append({**result.notes, "centre": str(one.centre)})
        worst.add(one.label, result)
        squares += float(np.sum(result.residuals[result.used] ** 2))
        used += int(result.used.sum())
    return {
        "out": str(out),
        "observations": len(plan.points),
        "used": used,
        "rmse": float(np.sqrt(squares / used)) if used else None,
        "unit": plan.meaning["unit"],
        "worst": worst.report(),
        "grid": {
            "lon": len(plan.axes.lon),
            "lat": len(plan.axes.lat),
            "depth": len(plan.axes.depth),
            "times": len(plan.slices),
            "sea_points": int(plan.mask.sum()),
        },
        "slices": slices,
        "warnings": [
            *plan.warnings,
            *(f"{s['label']}: {text}" for s in slices for text in s["warnings"]),
        ],
    }
