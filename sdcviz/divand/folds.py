"""Observations left out: what the others predict at their places.

With the error covariance R, the gain K and the residuals ``r = f - H K f`` of all observations,
the residuals of a fold F that the analysis has not seen are

    e_F = (I - (H K)_FF)⁻¹ r_F,     variance = σ² · diag((I - (H K)_FF)⁻¹ R_F),

without a new analysis (σ² is the background variance; Wahba 1990, Spline models for observational
data, chapter 4, for a fold of one). Large folds are cheaper by an analysis without them. Correlated
errors need ``S⁻¹ = R⁻¹ (I - H K)``, the inverse covariance of the values: with the others O,

    e_F = d + R_FO q,     d = ((S⁻¹)_FF)⁻¹ (S⁻¹ f)_F,     q = (S⁻¹ f)_O - (S⁻¹)_OF d.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError
from .grid import Array
from .system import System

__all__ = ["left_out", "make_folds", "mean_gain"]

_COLUMNS = 64  # right-hand sides that cost about as much as a factorisation
_MANY = 640  # those that cost as much as the selected inverse
_NOTHING = 1e12  # times its error variance, an observation has no influence


def make_folds(
    count: int, *, groups: ArrayLike | None = None, folds: int | None = None, seed: int = 0
) -> NDArray[np.int64]:
    """Divide observations into folds.

    Parameters
    ----------
    count : int
        Observations.
    groups : array-like, shape (count,), optional
        Cruise (or whatever shall stay together) of each.
    folds : int, optional
        How many; left out, each group is a fold, or each observation.
    seed : int
        Of the random division without groups.

    Returns
    -------
    ndarray of int, shape (count,)
        Number of the fold of each observation; each fold has some.

    Raises
    ------
    DivandError
        There are not two folds to make.
    """
    if groups is None:
        whole, name = np.arange(count), "observation"
        sizes = np.ones(count, np.int64)
    else:
        _, whole, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
        whole, name = whole.ravel(), "group (cruise)"
    if len(sizes) < 2:
        raise DivandError(
            f"There is only one {name}: without it nothing is left to predict from; "
            "at least two are needed."
        )
    if folds is None:
        return whole
    if not 2 <= folds <= len(sizes):
        raise DivandError(
            f"folds is {folds}; there are {len(sizes)} of a {name} to divide: "
            f"give 2 to {len(sizes)}."
        )
    random = np.random.default_rng(seed)
    # The largest first, each into the fold with the fewest; equal ones in random order.
    order = np.lexsort((random.permutation(len(sizes)), -sizes))
    filled = np.zeros(folds, np.int64)
    fold_of = np.empty(len(sizes), np.int64)
    for number in order:
        fold_of[number] = np.argmin(filled)
        filled[fold_of[number]] += sizes[number]
    return fold_of[whole]


def left_out(
    system: System, f: Array, fold: NDArray[np.int64], *, variance: bool = False
) -> tuple[Array, Array | None]:
    """Compare observations with the analysis of those of other folds.

    Parameters
    ----------
    system : System
    f : ndarray, shape (used,)
        Values at the observations with influence.
    fold : ndarray of int, shape (used,)
        Fold of each of them.
    variance : bool
        Whether the expected variance is wanted too.

    Returns
    -------
    residuals : ndarray, shape (used,)
        Observation minus what the other folds predict.
    variance : ndarray, shape (used,), or None
        Expected variance of the residuals relative to the background variance.
    """
    residual = f - system.observations.operator @ system.solve(f)
    if not system.observations.is_independent:
        return _correlated(system, residual, fold)
    error = system.observations.variance
    result, expected = np.empty_like(residual), np.empty_like(residual)
    _, fold, sizes = np.unique(fold, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(fold, kind="stable"), np.cumsum(sizes)[:-1])
    rest = list(range(len(sizes)))
    if np.count_nonzero(sizes == 1) > _COLUMNS:
        alone = sizes[fold] == 1
        share = 1 - system.gain_diagonal()[alone]
        result[alone], expected[alone] = residual[alone] / share, error[alone] / share
        rest = np.flatnonzero(sizes > 1).tolist()
    if not variance:
        for number in [k for k in rest if sizes[k] > _COLUMNS]:
            inside = members[number]
            result[inside] = _without(system, f, inside)
        rest = [k for k in rest if sizes[k] <= _COLUMNS]
    for number in rest:
        inside = members[number]
        if len(inside) > _MANY:
            result[inside], expected[inside] = _weightless(system, f, inside)
            continue
        free = np.eye(len(inside)) - _gain(system, inside)[inside]
        result[inside] = np.linalg.solve(free, residual[inside])
        if variance:
            expected[inside] = np.diagonal(np.linalg.inv(free)) * error[inside]
    return result, expected if variance else None


def _without(system: System, f: Array, inside: NDArray[np.int64]) -> Array:
    """Analyse again without a fold; give the residuals of its observations."""
    keep = np.ones(len(f), bool)
    keep[inside] = False
    observations = system.observations
    state = system.observing(observations.part(keep)).solve(f[keep])
    return np.asarray(f[inside] - observations.operator[inside] @ state)


def _weightless(system: System, f: Array, inside: NDArray[np.int64]) -> tuple[Array, Array]:
    """Analyse without a fold; give residuals of its observations and their expected variance."""
    observations = system.observations
    factor = np.ones(len(f))
    # They stay in the system, so that its inverse is known between the corners of their cells.
    factor[inside] = _NOTHING
    other = system.observing(observations.scaled(factor))
    residual = f[inside] - observations.operator[inside] @ other.solve(f)
    return residual, observations.variance[inside] + other.error_at_observations()[inside]


def _gain(system: System, columns: NDArray[np.int64]) -> Array:
    """Give columns of H K: what the analysis makes of single observations."""
    operator = system.observations.operator
    gain = np.empty((operator.shape[0], len(columns)))
    for start in range(0, len(columns), _COLUMNS):
        part = columns[start : start + _COLUMNS]
        unit = np.zeros((operator.shape[0], len(part)))
        unit[part, np.arange(len(part))] = 1
        gain[:, start : start + len(part)] = operator @ _response(system, unit)
    return gain


def _response(system: System, f: Array) -> Array:
    """Give K f for several columns: what they add to the analysis of zeros."""
    state = system.solve(f)
    if any(constraint.forcing is not None for constraint in system.constraints):
        state = state - system.solve(np.zeros(len(f)))[:, None]
    return state


def _correlated(
    system: System, residual: Array, fold: NDArray[np.int64]
) -> tuple[Array, Array | None]:
    error = system.observations.error
    inverse = np.linalg.inv(error)
    precision = inverse @ (np.eye(len(residual)) - _gain(system, np.arange(len(residual))))
    whitened = inverse @ residual
    result, expected = np.empty_like(residual), np.empty_like(residual)
    for number in np.unique(fold):
        inside, others = fold == number, fold != number
        joint = precision[np.ix_(others, inside)]
        covariance = np.linalg.inv(precision[np.ix_(inside, inside)])
        surprise = covariance @ whitened[inside]
        cross = error[np.ix_(inside, others)]
        result[inside] = surprise + cross @ (whitened[others] - joint @ surprise)
        without = precision[np.ix_(others, others)] - joint @ covariance @ joint.T
        expected[inside] = np.diagonal(covariance) + np.diagonal(cross @ without @ cross.T)
    return result, expected


def mean_gain(system: System, probes: int | None = 30, seed: int = 0) -> float:
    """Give the mean influence of the observations on the analysis at their own places.

    Parameters
    ----------
    system : System
    probes : int, optional
        Random vectors of an estimate of the trace of H K; None computes it exactly.
    seed : int
        Of the random vectors.

    Returns
    -------
    float
        From 0 to 1: the degrees of freedom of the analysis, per observation; 0 if there is none.

    References
    ----------
    Hutchinson (1990), Communications in Statistics 19, 433-450; Girard (1989), Numerische
    Mathematik 56, 1-23.
    """
    observations = system.observations
    if not observations.count:
        return 0.0
    if probes is None and observations.is_independent:
        return float(system.gain_diagonal().mean())
    if probes is None:
        return float(np.diagonal(_gain(system, np.arange(observations.count))).mean())
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (observations.count, probes))
    return float((signs * (observations.operator @ _response(system, signs))).mean())
