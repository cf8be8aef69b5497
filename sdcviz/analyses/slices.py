"""The analysis of one time slice."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .background import at_places, mean_profile
from .border import sentences
from .model import SliceResult
from .problem import Problem, SliceTask

__all__ = ["analyse_slice", "values_at_sea"]

Array = NDArray[np.float64]

EMPTY = "There is no observation: the field is the background and the error 1."


def values_at_sea(problem: Problem, places: tuple[Array, ...], value: Array) -> Array:
    """Transform values, and make those NaN that are not on the grid, or on land.

    Parameters
    ----------
    problem : Problem
    places : tuple of ndarray, shape (n,)
        Coordinates in the dimensions of the mask.
    value : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    made = problem.transform.forward(value)
    norm = _norm(problem)
    index = divand.fractional_indices(norm, places)
    used = divand.Observations(norm, index, problem.epsilon2, np.isfinite(made)).used
    return np.where(used, made, np.nan)


class _Solved(NamedTuple):
    """An analysis before the background is added.

    Attributes
    ----------
    anomaly : ndarray of the mask's shape
        NaN on land.
    error : ndarray of the mask's shape
        Relative error variance.
    residual : ndarray, shape (k,)
        Of transformed values; NaN where not used.
    used : ndarray of bool, shape (k,)
    told : dict
        What solved it.
    """

    anomaly: Array
    error: Array
    residual: Array
    used: NDArray[np.bool_]
    told: dict[str, Any]


def analyse_slice(task: SliceTask) -> SliceResult:
    """Analyse one time slice.

    Values are transformed, the background taken away, the anomalies analysed in longitude,
    latitude and depth, and all of it done back: field = transformed back (background + analysis),
    within the bounds of the recipe, NaN on land.

    Parameters
    ----------
    task : SliceTask

    Returns
    -------
    SliceResult
        The same numbers wherever and in whichever order slices are computed.

    Raises
    ------
    BadRequest
        The engine can't use the lengths, the metric or the errors.
    """
    problem = task.problem
    with warnings.catch_warnings(record=True) as heard, sentences():
        warnings.simplefilter("always", divand.DivandWarning)
        value = problem.transform.forward(task.value)
        field, expected = _background(task, values_at_sea(problem, task.places, task.value))
        solved = _solve(task, value - expected)
    analysed = _back(problem, value - solved.residual)
    residuals = task.value - analysed
    whole = _back(problem, field + solved.anomaly)
    return SliceResult(
        field=_grid(problem, whole),
        error=_grid(problem, np.clip(solved.error, 0, 1)),
        rows=task.rows,
        residuals=residuals,
        used=solved.used,
        suspicion=np.full(len(task.rows), np.nan),
        notes={
            "label": task.label,
            **_counts(task, value, solved.used, residuals),
            **solved.told,
            "epsilon2": problem.epsilon2,
            "warnings": _told(task, value, solved.used, heard),
        },
    )


def _grid(problem: Problem, array: Array) -> NDArray[np.float32]:
    sea = np.where(problem.mask, array, np.nan)
    return sea.reshape(problem.shape).astype(np.float32)


def _back(problem: Problem, made: Array) -> Array:
    return np.clip(problem.transform.backward(made), problem.low, problem.high)


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
        profile = mean_profile(problem, task.depth, value)
    if problem.mask.ndim == 2:
        return profile[:1].reshape(()), np.full(len(value), profile[0])
    return profile, at_places(profile, (problem.depth,), (task.depth,))


def _solve(task: SliceTask, anomaly: Array) -> _Solved:
    problem = task.problem
    background = _norm(problem)
    index = divand.fractional_indices(background, task.places)
    valid = np.isfinite(anomaly)
    observations = divand.Observations(background, index, problem.epsilon2, valid)
    residual = np.full(len(anomaly), np.nan)
    if not observations.count:
        nothing = np.zeros(problem.mask.shape)
        told = {"solver": "none", "iterations": 0}
        return _Solved(nothing, np.ones(problem.mask.shape), residual, observations.used, told)
    system = divand.System(background, observations, (), problem.solver)
    given = anomaly[observations.used]
    state = system.solve(given)
    residual[observations.used] = given - observations.operator @ state
    if problem.error == "exact":
        error = background.unpack(system.error_variance())
    elif problem.error == "cpme":
        error = divand.cpme(
            background, task.places, None, problem.epsilon2, valid, None, problem.solver
        )
    else:
        error = np.full(problem.mask.shape, np.nan)
    told = {"solver": system.solver, "iterations": int(getattr(system, "iterations", 0))}
    return _Solved(background.unpack(state), error, residual, observations.used, told)


_KEPT: dict[str, divand.Background] = {}
"""The norm of the last problem: all slices of a run have the same."""


def _norm(problem: Problem) -> divand.Background:
    key = problem.digest()
    if key not in _KEPT:
        _KEPT.clear()
        _KEPT[key] = divand.Background(
            problem.mask, problem.pmn, problem.xi, problem.lengths, moddim=problem.moddim
        )
    return _KEPT[key]


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
