"""Runs of the engine "julia": export of a problem, import of its answer, or both at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import BadRequest
from .crew import Tell, output
from .driver import plan_run, run_plan
from .julia import by_julia, export, key_of, refuse
from .julia_process import in_julia
from .model import Points
from .parts import parts_of
from .plan import make_plan
from .recipe import Recipe
from .recipe_file import make_recipe

__all__ = ["export_julia", "import_julia", "run_julia"]


def export_julia(
    recipe: Recipe | Mapping[str, Any] | Path | str,
    folder: Path | str,
    *,
    points: Points | None = None,
) -> dict[str, Any]:
    """Write the problem of a recipe as plain arrays, for the driver of DIVAnd.jl.

    Parameters
    ----------
    recipe : Recipe, mapping, or path of a recipe file
    folder : path-like
        See `sdcviz.analyses.exchange`.
    points : Points, optional
        Observations instead of those of the recipe's collection.

    Returns
    -------
    dict
        ``folder``, ``slices`` (to be analysed), ``times`` (of the product), ``warnings``.

    Raises
    ------
    BadRequest
        The recipe has no counterpart in DIVAnd.jl, or does not fit the observations.
    StorageError
        The disk is full or may not be written.
    """
    plan = make_plan(make_recipe(recipe), points)
    folder = Path(folder).expanduser().absolute()
    asked = export(plan, folder)
    return {
        "folder": str(folder),
        "slices": len(asked),
        "times": len(plan.slices),
        "warnings": list(plan.warnings),
    }


def import_julia(
    recipe: Recipe | Mapping[str, Any] | Path | str,
    folder: Path | str,
    out: Path | str,
    *,
    points: Points | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Make the product of what the driver of DIVAnd.jl answered.

    Parameters
    ----------
    recipe : Recipe, mapping, or path of a recipe file
        The one that was exported.
    folder : path-like
        With problem and answers.
    out : path-like
    points : Points, optional
    tell : callable, optional

    Returns
    -------
    dict
        As of `run`.

    Raises
    ------
    BadRequest
        The answers are not complete, or belong to another recipe or other observations.
    UnreadableFile
        One is damaged.
    StorageError
        The disk is full or may not be written.
    """
    begun = time.monotonic()
    folder, out = Path(folder).expanduser().absolute(), output(out)
    say = tell or (lambda event: None)
    plan = plan_run(make_recipe(recipe), points, say)
    with parts_of(out, key_of(plan), plan.state) as parts:
        return run_plan(plan, parts, out, say, begun, lambda some: by_julia(plan, some, folder))


def run_julia(
    recipe: Recipe,
    out: Path,
    *,
    points: Points | None,
    tell: Tell,
    scheduler: str | None = None,
) -> dict[str, Any]:
    """Analyse a recipe by the driver of DIVAnd.jl, and write the product.

    Parameters
    ----------
    recipe : Recipe
    out : Path
    points : Points or None
    tell : callable
    scheduler : str, optional
        Refused.

    Returns
    -------
    dict
        As of `run`.

    Raises
    ------
    BadRequest
        See `run`; or there is no driver, it failed, or the recipe has no counterpart.
    """
    begun = time.monotonic()
    refuse(recipe)
    if scheduler:
        raise BadRequest("Julia does not run on a dask cluster; leave the scheduler out.")
    plan = plan_run(recipe, points, tell)
    with parts_of(out, key_of(plan), plan.state) as parts:
        folder = parts.folder / "julia"
        return run_plan(plan, parts, out, tell, begun, lambda some: in_julia(plan, some, folder))
