"""The engine's part in the analysis of one time slice: anomalies in, anomalies out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .advection import constraint_of
from .chunks import chunk_task, chunks_of
from .margin import without_margin
from .problem import Problem, SliceTask
from .systems import norm_of, system_of, variance_of

__all__ = ["Solved", "nothing", "scaled_errors", "solve", "values_at_sea", "with_errors"]

Array = NDArray[np.float64]

_RADIUS = 6_371_009.0  # metres, as of the metric


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
    norm = norm_of(problem)
    index = divand.fractional_indices(norm, places)
    used = divand.Observations(norm, index, problem.epsilon2, np.isfinite(made)).used
    return np.where(used, made, np.nan)


def with_errors(task: SliceTask) -> SliceTask:
    """Give each observation its error variance.

    With weights, one that has others near it in space and time counts less
    (`sdcviz.divand.cluster_weights`): its variance is divided by its weight.

    Parameters
    ----------
    task : SliceTask

    Returns
    -------
    SliceTask
    """
    errors = np.full(len(task.value), task.problem.epsilon2)
    if task.problem.weights is not None and len(errors):
        across, down, days = task.problem.weights
        lon, lat = np.radians(task.lon), np.radians(task.lat)
        # In space, so that distances are right everywhere on the sphere.
        places = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
        where = [*(_RADIUS * p for p in places), task.depth, task.day]
        errors /= divand.cluster_weights(where, [across, across, across, down, days])
    return replace(task, errors=errors)


class Solved(NamedTuple):
    """An analysis before the background is added.

    Attributes
    ----------
    anomaly : ndarray of the mask's shape
        NaN on land.
    error : ndarray of the mask's shape
        Error variance relative to what it is without observations.
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


def solve(task: SliceTask, anomaly: Array) -> Solved:
    """Analyse the anomalies of one time slice, all levels at once or in chunks.

    Parameters
    ----------
    task : SliceTask
    anomaly : ndarray, shape (k,)
        Transformed values without the background; NaN has no influence.

    Returns
    -------
    Solved

    Raises
    ------
    DivandError
        The engine can't use the lengths, the metric or the errors.
    """
    return _in_chunks(task, anomaly) if task.problem.chunk else _at_once(task, anomaly)


def _at_once(task: SliceTask, anomaly: Array) -> Solved:
    problem, norm = task.problem, norm_of(task.problem)
    index = divand.fractional_indices(norm, task.places)
    valid = np.isfinite(anomaly)
    error2, told = scaled_errors(task, norm, anomaly)
    observations = divand.Observations(norm, index, error2, valid)
    residual = np.full(len(anomaly), np.nan)
    suspicion = residual.copy()
    if not observations.count:
        return nothing(task, told)
    # First, so that its factor is gone when the next one is made.
    variance = variance_of(problem, norm) if problem.error == "exact" else None
    system = system_of(problem, norm, observations)
    given = anomaly[observations.used]
    state = system.solve(given)
    residual[observations.used] = given - observations.operator @ state
    whole = norm.unpack(state)
    told |= {"solver": system.solver, "iterations": int(getattr(system, "iterations", 0))}
    error = None
    if variance is not None:
        error = norm.unpack(system.error_variance() / variance)
    if problem.suspects != "none":
        seen = divand.Analysis(whole, None, residual, observations.used, system.solver, 0, system)
        suspicion = divand.criterion(seen, problem.suspects, seed=problem.seed)  # type: ignore[arg-type]
        del seen
    del system  # its factor makes room for the next one
    if problem.error == "cpme":
        error = _cpme(task, norm, error2, valid)
    if error is None:
        error = np.full(whole.shape, np.nan)
    return Solved(
        without_margin(problem, whole),
        without_margin(problem, error),
        residual,
        observations.used,
        suspicion,
        told,
    )


def _cpme(
    task: SliceTask, norm: divand.Background, error2: Array, valid: NDArray[np.bool_]
) -> Array:
    problem = task.problem
    velocity = None
    if problem.velocity is not None:
        velocity = constraint_of(problem, norm.scaled(1 / divand.CPME_SCALE))
    return divand.cpme(
        norm, task.places, None, error2, valid, velocity, problem.solver, problem.memory
    )


def nothing(task: SliceTask, told: dict[str, Any]) -> Solved:
    """Give the analysis of a slice that no observation tells anything about.

    Parameters
    ----------
    task : SliceTask
    told : dict
        Error variance.

    Returns
    -------
    Solved
    """
    zero, unknown = np.zeros(task.problem.mask.shape), np.full(len(task.value), np.nan)
    told = {**told, "solver": "none", "iterations": 0}
    # A product has errors at all its times or at none.
    error = zero + (np.nan if task.problem.error == "none" else 1.0)
    return Solved(zero, error, unknown, np.zeros(len(unknown), bool), unknown.copy(), told)


def scaled_errors(
    task: SliceTask, norm: divand.Background, anomaly: Array
) -> tuple[Array, dict[str, Any]]:
    """Give the error variances, scaled to the residuals where the recipe asks for that.

    Parameters
    ----------
    task : SliceTask
        With its errors.
    norm : Background
    anomaly : ndarray, shape (k,)

    Returns
    -------
    errors : ndarray, shape (k,)
    told : dict
        The error variance of an observation without others near it.
    """
    assert task.errors is not None
    told = {"epsilon2": task.problem.epsilon2}
    if not task.problem.desroziers or not np.isfinite(anomaly).any():
        return task.errors, told
    scaling = divand.rescale_errors(
        norm.mask,
        norm.given_pmn,
        norm.given_xi,
        task.places,
        anomaly,
        norm.given_lengths,
        task.errors,
        iterations=task.problem.desroziers,
        moddim=norm.periods,
        velocity=constraint_of(task.problem, norm),
        solver=task.problem.solver,
    )
    factor = scaling.groups[None]
    return task.errors * factor, {"epsilon2": task.problem.epsilon2 * factor}


def _in_chunks(task: SliceTask, anomaly: Array) -> Solved:
    """Analyse some levels after the other."""
    count = len(task.value)
    whole = Solved(
        np.full(task.problem.mask.shape, np.nan),
        np.full(task.problem.mask.shape, np.nan),
        np.full(count, np.nan),
        np.zeros(count, bool),
        np.full(count, np.nan),
        {"epsilon2": task.problem.epsilon2, "solver": "none", "iterations": 0},
    )
    edges = [*(task.problem.depth[c.kept.start] for c in chunks_of(task.problem)), np.inf]
    for number, chunk in enumerate(chunks_of(task.problem)):
        if not task.problem.mask[:, :, chunk.levels].any():
            continue
        part, rows = chunk_task(task, chunk)
        found = _at_once(part, anomaly[rows])
        whole.anomaly[:, :, chunk.kept] = found.anomaly[:, :, chunk.inner]
        whole.error[:, :, chunk.kept] = found.error[:, :, chunk.inner]
        depth = task.depth[rows]
        mine = (depth >= edges[number]) & (depth < edges[number + 1])
        for name in ("residual", "used", "suspicion"):
            getattr(whole, name)[rows[mine]] = getattr(found, name)[mine]
        if found.told["solver"] != "none":
            whole.told.update(solver=found.told["solver"])
        whole.told["iterations"] = max(whole.told["iterations"], found.told["iterations"])
    return whole
