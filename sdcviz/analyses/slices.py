"""The analysis of one time slice."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .background import at_places, mean_profile
from .border import sentences
from .margin import make_norm, without_margin
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
    suspicion : ndarray, shape (k,)
        Criterion of quality control; NaN where not asked for.
    told : dict
        What solved it, and the error variance.
    """

    anomaly: Array
    error: Array
    residual: Array
    used: NDArray[np.bool_]
    suspicion: Array
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
        suspicion=solved.suspicion,
        notes={
            "label": task.label,
            **_counts(task, value, solved.used, residuals),
            **solved.told,
            "horizontal": problem.horizontal.round(1).tolist(),
            "vertical": problem.vertical.round(2).tolist(),
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
        profile = mean_profile(problem, task.depth, value, task.epsilon2)
    if problem.mask.ndim == 2:
        return profile[:1].reshape(()), np.full(len(value), profile[0])
    return profile, at_places(profile, (problem.depth,), (task.depth,))


def _solve(task: SliceTask, anomaly: Array) -> _Solved:
    problem, norm = task.problem, _norm(task.problem)
    index = divand.fractional_indices(norm, task.places)
    valid = np.isfinite(anomaly)
    error2, told = _errors(task, norm, anomaly)
    observations = divand.Observations(norm, index, error2, valid)
    residual = np.full(len(anomaly), np.nan)
    suspicion = residual.copy()
    if not observations.count:
        nothing = np.zeros(problem.mask.shape)
        told |= {"solver": "none", "iterations": 0}
        return _Solved(nothing, nothing + 1, residual, observations.used, suspicion, told)
    system = divand.System(norm, observations, (), problem.solver)
    given = anomaly[observations.used]
    state = system.solve(given)
    residual[observations.used] = given - observations.operator @ state
    whole = norm.unpack(state)
    told |= {"solver": system.solver, "iterations": int(getattr(system, "iterations", 0))}
    error = None
    if problem.error == "exact":
        error = norm.unpack(system.error_variance())
    if problem.suspects != "none":
        seen = divand.Analysis(whole, None, residual, observations.used, system.solver, 0, system)
        suspicion = divand.criterion(seen, problem.suspects, seed=problem.seed)  # type: ignore[arg-type]
        del seen
    del system  # its factor makes room for the next one
    if problem.error == "cpme":
        error = divand.cpme(norm, task.places, None, error2, valid, None, problem.solver)
    if error is None:
        error = np.full(whole.shape, np.nan)
    return _Solved(
        without_margin(problem, whole),
        without_margin(problem, error),
        residual,
        observations.used,
        suspicion,
        told,
    )


def _errors(
    task: SliceTask, norm: divand.Background, anomaly: Array
) -> tuple[Array, dict[str, Any]]:
    """Give the error variances, scaled to the residuals where the recipe asks for that."""
    told = {"epsilon2": task.problem.epsilon2}
    if not task.problem.desroziers or not np.isfinite(anomaly).any():
        return task.epsilon2, told
    scaling = divand.rescale_errors(
        norm.mask,
        norm.given_pmn,
        norm.given_xi,
        task.places,
        anomaly,
        norm.given_lengths,
        task.epsilon2,
        iterations=task.problem.desroziers,
        moddim=norm.periods,
        solver=task.problem.solver,
    )
    factor = scaling.groups[None]
    return task.epsilon2 * factor, {"epsilon2": task.problem.epsilon2 * factor}


_KEPT: dict[str, divand.Background] = {}
"""The norm of the last problem: all slices of a run have the same."""


def _norm(problem: Problem) -> divand.Background:
    key = problem.digest()
    if key not in _KEPT:
        _KEPT.clear()
        _KEPT[key] = make_norm(problem)
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
