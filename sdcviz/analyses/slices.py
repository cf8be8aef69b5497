"""The analysis of one time slice."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import divand
from ..products.deviation import pooled, usual
from .background import at_places, mean_profile
from .border import sentences
from .boxes import cut_task
from .chunks import level_task
from .model import SliceResult
from .overshoot import overshoot
from .problem import Problem, SliceTask
from .solving import Solved, solve, values_at_sea, with_errors

__all__ = ["Prepared", "Solver", "analyse_level", "analyse_slice", "prepare"]

Array = NDArray[np.float64]
Solver = Callable[[SliceTask, Array], Solved]
"""Analyses anomalies: `solving.solve`, or what read the answer of another engine."""

EMPTY = "There is no observation: the field is the background and the error 1."


class Prepared(NamedTuple):
    """A time slice that is ready to be analysed.

    Attributes
    ----------
    task : SliceTask
        With the error variance of each observation.
    value : ndarray, shape (k,)
        Transformed; NaN where that is not possible.
    field : ndarray
        Transformed background on the grid, of a shape that broadcasts to the mask's.
    anomaly : ndarray, shape (k,)
        Transformed values without the background; NaN has no influence.
    """

    task: SliceTask
    value: Array
    field: Array
    anomaly: Array


def prepare(task: SliceTask) -> Prepared:
    """Transform the values of a time slice and take the background away.

    Parameters
    ----------
    task : SliceTask

    Returns
    -------
    Prepared
    """
    problem = task.problem
    value = problem.transform.forward(task.value)
    field, expected = _background(task, values_at_sea(problem, task.places, task.value))
    return Prepared(task, value, field, value - expected)


def analyse_slice(task: SliceTask, solver: Solver = solve) -> SliceResult:
    """Analyse one time slice.

    Values are transformed, the background taken away, the anomalies analysed in longitude,
    latitude and depth, and all of it done back: field = transformed back (background + analysis),
    within the bounds of the recipe, NaN on land.

    Parameters
    ----------
    task : SliceTask
    solver : callable, optional
        What analyses the anomalies.

    Returns
    -------
    SliceResult
        The same numbers wherever and in whichever order slices are computed. Of a task with a
        window, of this part of the grid.

    Raises
    ------
    BadRequest
        The engine can't use the lengths, the metric or the errors.
    """
    task = with_errors(task)
    with warnings.catch_warnings(record=True) as heard, sentences():
        warnings.simplefilter("always", divand.DivandWarning)
        ready = prepare(task)
        part, rows, field = cut_task(ready.task, ready.field)
        solved = solver(part, ready.anomaly[rows])
    return _result(part, ready.value[rows], ready.anomaly[rows], field, solved, heard)


def analyse_level(task: SliceTask, level: int) -> SliceResult:
    """Analyse one level of a time slice on its own, as a preview.

    Anomalies are those from the background at their depths, as of the whole slice; those that are
    nearer to this level than to the others are analysed in longitude and latitude.

    Parameters
    ----------
    task : SliceTask
        With all levels.
    level : int

    Returns
    -------
    SliceResult
        Of one level; rows are those of the observations that count.
    """
    # Weights of the observations that count; those of all others would take longer than the rest.
    task = replace(task, errors=np.full(len(task.value), task.problem.epsilon2))
    with warnings.catch_warnings(record=True) as heard, sentences():
        warnings.simplefilter("always", divand.DivandWarning)
        ready = prepare(task)
        part, rows = level_task(task, level)
        part = with_errors(part)
        solved = solve(part, ready.anomaly[rows])
    field = ready.field if ready.field.ndim == 0 else ready.field[..., level]
    return _result(part, ready.value[rows], ready.anomaly[rows], field, solved, heard)


def _result(
    task: SliceTask,
    value: Array,
    anomaly: Array,
    field: Array,
    solved: Solved,
    heard: list[warnings.WarningMessage],
) -> SliceResult:
    """Add the background, transform back, and tell what came of it."""
    problem = task.problem
    analysed = _back(problem, value - solved.residual)
    residuals = task.value - analysed
    whole = _grid(problem, _back(problem, field + solved.anomaly))
    beyond = overshoot(problem, whole, task.depth[solved.used], task.value[solved.used])
    return SliceResult(
        field=whole,
        error=_grid(problem, np.clip(solved.error, 0, 1)),
        rows=task.rows,
        residuals=residuals,
        used=solved.used,
        suspicion=solved.suspicion,
        notes={
            "label": task.label,
            **_counts(task, value, solved.used, residuals),
            **solved.told,
            "background_sd": _deviation(task, value, anomaly, solved),
            "horizontal": problem.horizontal.round(1).tolist(),
            "vertical": problem.vertical.round(2).tolist(),
            "warnings": [*_told(task, value, solved.used, heard), *filter(None, [beyond])],
        },
        background=None if problem.background == "none" else _grid(problem, _back(problem, field)),
    )


def _grid(problem: Problem, array: Array) -> NDArray[np.float32]:
    sea = np.where(problem.mask, array, np.nan)
    return sea.reshape(problem.shape).astype(np.float32)


def _back(problem: Problem, made: Array) -> Array:
    return np.clip(problem.transform.backward(made), problem.low, problem.high)


def _deviation(task: SliceTask, value: Array, anomaly: Array, solved: Solved) -> list[float | None]:
    """Estimate the standard deviation of the background at each level, in the values' unit.

    Anomalies of observations vary by that of the background times (1 + epsilon2); those that have
    others near them count less, as in the analysis.
    """
    problem, used, levels = task.problem, solved.used, task.problem.depth
    assert task.errors is not None
    # What was analysed may be a log: the anomaly counts as it is in the product.
    away = (task.value - problem.transform.backward(value - anomaly))[used]
    weight = problem.epsilon2 / task.errors[used]
    middle = (levels[1:] + levels[:-1]) / 2
    level = np.searchsorted(middle, task.depth[used]) if len(levels) else np.zeros(len(away), int)
    n = max(len(levels), 1)
    good = usual(level, away)
    level, away, weight = level[good], away[good], weight[good]
    variance = pooled(
        np.bincount(level, weight * away**2, n),
        np.bincount(level, weight, n),
        np.bincount(level, minlength=n),
    )
    sd = np.sqrt(variance / (1 + solved.told["epsilon2"]))
    return [float(f"{v:.4g}") if np.isfinite(v) else None for v in sd]


def _background(task: SliceTask, value: Array) -> tuple[Array, Array]:
    """Give the transformed background on the grid, and at the observations."""
    problem = task.problem
    if problem.background == "none":
        return np.zeros(()), np.zeros(len(value))
    if problem.background == "product":
        assert task.product is not None
        made = problem.transform.forward(task.product)
        return made, at_places(made, problem.xi, task.places)
    if not np.isfinite(value).any() and task.fallback is not None:
        profile = task.fallback
    else:
        assert task.errors is not None
        profile = mean_profile(problem, task.depth, value, task.errors)
    if problem.mask.ndim == 2:
        return profile[:1].reshape(()), np.full(len(value), profile[0])
    return profile, at_places(profile, (problem.depth,), (task.depth,))


# ---- telling ----------------------------------------------------------------
def _counts(
    task: SliceTask, value: Array, used: NDArray[np.bool_], residuals: Array
) -> dict[str, Any]:
    mine = residuals[used]
    return {
        "observations": len(task.rows),
        "used": int(used.sum()),
        "not_transformed": int((~np.isfinite(value)).sum()),
        "rmse": float(np.sqrt(np.mean(mine**2))) if len(mine) else None,
        "bias": float(np.mean(mine)) if len(mine) else None,
    }


def _told(
    task: SliceTask, value: Array, used: NDArray[np.bool_], heard: list[warnings.WarningMessage]
) -> list[str]:
    told = list(dict.fromkeys(str(w.message) for w in heard))
    if not len(task.rows):
        told.insert(0, EMPTY)
    elif not used.any():
        told.insert(
            0,
            f"None of the {len(task.rows)} observations is on the grid or has a transformed "
            "value: the field is the background and the error 1.",
        )
    lost = int((~np.isfinite(value)).sum())
    if lost and task.problem.transform.method != "none":
        told.append(f"{lost} values have no {task.problem.transform.method}; they are left out.")
    return told
