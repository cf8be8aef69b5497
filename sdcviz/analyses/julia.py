"""The engine "julia": time slices by the authors' own program, DIVAnd.jl.

Everything but the analysis itself is done here and by the same code as for the built-in engine:
observations, grid, background, transformation before; background, bounds, residuals and product
after. The driver in ``docker/divand`` gets plain arrays (`exchange`).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from ..errors import BadRequest
from .exchange import Answer, Slice, read_answer, read_problem, write_problem
from .margin import without_margin
from .model import SliceResult
from .plan import Plan
from .pool import Done
from .problem import SliceTask
from .recipe import Recipe
from .slices import analyse_slice, prepare
from .solving import Solved, nothing, scaled_errors, with_errors
from .systems import norm_of, variance_of

__all__ = ["by_julia", "export", "key_of", "refuse", "result_of"]

Array = NDArray[np.float64]


def refuse(recipe: Recipe) -> None:
    """Refuse what the built-in engine alone can do.

    Parameters
    ----------
    recipe : Recipe

    Raises
    ------
    BadRequest
        One sentence on the first key that has no counterpart.
    """
    if recipe.solver == "iterative":
        raise BadRequest("solver: iterative is the built-in engine's; Julia solves directly.")
    if recipe.suspects != "none":
        raise BadRequest(
            f"suspects: {recipe.suspects} is the built-in engine's; leave it out for Julia."
        )
    if recipe.velocity is not None:
        raise BadRequest("velocity: currents are the built-in engine's; leave them out for Julia.")
    if recipe.run.chunk is not None:
        raise BadRequest("run.chunk: Julia analyses all levels at once; leave it out.")
    if recipe.run.scheduler is not None:
        raise BadRequest("run.scheduler: Julia does not run on a dask cluster; leave it out.")


def key_of(plan: Plan) -> str:
    """Give the hash of a run by Julia: its slices are none of the built-in engine's.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
    """
    return hashlib.sha256(f"julia {plan.key}".encode()).hexdigest()


def export(plan: Plan, folder: Path, numbers: Sequence[int] | None = None) -> list[int]:
    """Write the problem that Julia is to solve.

    Parameters
    ----------
    plan : Plan
    folder : Path
    numbers : sequence of int, optional
        Only these time slices.

    Returns
    -------
    list of int
        The slices that are in it: those with an observation at sea.

    Raises
    ------
    BadRequest
        The recipe or the grid has no counterpart.
    StorageError
        The disk is full or can't be written.
    """
    refuse(plan.recipe)
    problem = plan.problem
    if min(problem.mask.shape) < 2:
        raise BadRequest(
            "domain: Julia needs two grid points or more in each direction, and the grid has "
            f"{' x '.join(map(str, problem.mask.shape))}."
        )
    norm = norm_of(problem)
    asked = []
    for task in plan.tasks(None if numbers is None else list(numbers)):
        one = _slice(task, norm)
        if one is not None:
            asked.append(one)
    write_problem(folder, key_of(plan), norm, problem.error, asked)
    return [one.number for one in asked]


def _slice(task: SliceTask, norm: divand.Background) -> Slice | None:
    """Prepare the observations of a slice; None where none has any influence."""
    task = with_errors(task)
    with warnings.catch_warnings():
        # They are told when the answer comes.
        warnings.simplefilter("ignore", divand.DivandWarning)
        anomaly = prepare(task).anomaly
        valid = np.isfinite(anomaly)
        if not _influence(task, norm, valid):
            return None
        errors, _ = scaled_errors(task, norm, anomaly)
    places = tuple(
        _wrapped(axis, period, x)[valid]
        for axis, period, x in zip(task.problem.xi, norm.periods, task.places, strict=True)
    )
    return Slice(task.number, task.label, places, anomaly[valid], errors[valid])


def _influence(task: SliceTask, norm: divand.Background, valid: NDArray[np.bool_]) -> bool:
    index = divand.fractional_indices(norm, task.places)
    return bool(divand.Observations(norm, index, task.problem.epsilon2, valid).count)


def _wrapped(axis: Array, period: float, x: Array) -> Array:
    """Count cyclic coordinates from the first grid point."""
    return axis[0] + np.mod(x - axis[0], period) if period else x


def result_of(task: SliceTask, answer: Answer | None) -> SliceResult:
    """Make the result of a time slice of Julia's answer.

    Parameters
    ----------
    task : SliceTask
    answer : Answer or None
        None where no observation has any influence.

    Returns
    -------
    SliceResult
        Made as that of the built-in engine.

    Raises
    ------
    UnreadableFile
        The field has gaps at sea.
    """

    def solver(task: SliceTask, anomaly: Array) -> Solved:
        norm = norm_of(task.problem)
        _, told = scaled_errors(task, norm, anomaly)
        if answer is not None:
            return _solved(task, anomaly, answer, told)
        if _influence(task, norm, np.isfinite(anomaly)):
            raise BadRequest(f"{task.label} is not among the time slices that were exported.")
        return nothing(task, told)

    return analyse_slice(task, solver)


def _solved(task: SliceTask, anomaly: Array, answer: Answer, told: dict[str, Any]) -> Solved:
    problem, norm = task.problem, norm_of(task.problem)
    error = np.full(norm.mask.shape, np.nan) if answer.error is None else answer.error
    gaps = ~np.isfinite(answer.field[norm.mask])
    if answer.error is not None:
        gaps |= ~np.isfinite(error[norm.mask])
    if gaps.any():
        raise BadRequest(
            f"{task.label}: {answer.engine} left {int(gaps.sum())} sea points without a value."
        )
    for text in answer.warnings:
        warnings.warn(text, divand.DivandWarning, stacklevel=2)
    valid = np.isfinite(anomaly)
    residual, used = np.full(len(anomaly), np.nan), np.zeros(len(anomaly), bool)
    used[valid] = answer.used
    residual[valid] = np.where(answer.used, answer.residual, np.nan)
    if not np.isfinite(residual[used]).all():
        raise BadRequest(f"{task.label}: {answer.engine} gave no residual of some observations.")
    sea = norm.mask
    if problem.error == "exact":  # Julia gives diag(P), products tell diag(P) / diag(B)
        error[sea] = error[sea] / variance_of(problem, norm)
    return Solved(
        without_margin(problem, np.where(sea, answer.field, np.nan)),
        without_margin(problem, np.where(sea, error, np.nan)),
        residual,
        used,
        np.full(len(anomaly), np.nan),
        {**told, "solver": answer.engine, "iterations": 0},
    )


def by_julia(plan: Plan, numbers: Sequence[int], folder: Path) -> Iterator[Done]:
    """Take the answers that are in a folder.

    Parameters
    ----------
    plan : Plan
    numbers : sequence of int
        Time slices that are wanted.
    folder : Path
        With the problem and the answers.

    Yields
    ------
    Done
        In the order of `numbers`.

    Raises
    ------
    BadRequest
        The folder belongs to something else, or answers are missing.
    UnreadableFile
        One is damaged.
    """
    problem = read_problem(folder)
    if problem["key"] != key_of(plan):
        raise BadRequest(
            f"{folder}: a problem of another recipe, of other observations or of another version "
            "of sdcviz; export it again."
        )
    known = {one["number"] for one in problem["slices"]}
    for task in plan.tasks(list(numbers)):
        answer = read_answer(folder, problem, task.number) if task.number in known else None
        seconds = 0.0 if answer is None else answer.seconds
        yield Done(task.number, result_of(task, answer), seconds)
