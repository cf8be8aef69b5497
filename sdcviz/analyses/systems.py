"""The engine's norm and system of a problem, kept from slice to slice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .advection import constraint_of
from .margin import make_norm
from .problem import Problem

__all__ = ["needs", "norm_of", "system_of", "variance_of"]

Array = NDArray[np.float64]

_KEPT: dict[str, divand.Background] = {}
"""The norm of the last problem: all slices of a run have the same."""
_VARIANCES: dict[str, Array] = {}
"""Variance of the fields of the last problems: of all chunks of a run, if there are not many."""
_MOST_VARIANCES = 32


def norm_of(problem: Problem) -> divand.Background:
    """Give the norm of a problem, on the grid with its margin.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Background
        That of the last problem is kept.
    """
    key = problem.digest()
    if key not in _KEPT:
        _KEPT.clear()
        _KEPT[key] = make_norm(problem)
    return _KEPT[key]


def variance_of(problem: Problem, norm: divand.Background) -> Array:
    """Give the variance of the field without observations at the sea points, diag(B).

    With currents it is that of the field that follows them, so that the error is 1 where no
    observation is near.

    It is 1 only where lengths are the same everywhere and no boundary is near: of two levels the
    one with shorter lengths than the mean has more, and coasts raise it.

    Parameters
    ----------
    problem : Problem
    norm : Background
        That of the problem.

    Returns
    -------
    ndarray, shape (sea points,)
    """
    key = problem.digest()
    if key not in _VARIANCES:
        if len(_VARIANCES) >= _MOST_VARIANCES:
            _VARIANCES.clear()
        nothing = divand.Observations(norm, np.empty((norm.mask.ndim, 0)), np.empty(0))
        _VARIANCES[key] = system_of(problem, norm, nothing).error_variance()
    return _VARIANCES[key]


def needs(problem: Problem) -> dict[str, Any]:
    """Tell what a system is asked for, as `divand.System` takes it, so that memory is planned."""
    inverse = problem.error == "exact" or problem.suspects == "gain"
    because = "entries of the inverse are needed" if inverse else None
    if problem.velocity is not None:
        because = "the field follows currents"
    return {"inverse": inverse, "because": because}


def system_of(
    problem: Problem, norm: divand.Background, observations: divand.Observations
) -> divand.System:
    """Give the system of equations of a problem and its observations."""
    velocity = constraint_of(problem, norm)
    along = [] if velocity is None else [divand.Constraint(norm.advection(velocity))]
    return divand.System(
        norm, observations, along, problem.solver, memory=problem.memory, **needs(problem)
    )
