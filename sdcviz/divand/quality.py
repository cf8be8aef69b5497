"""Quality control by the analysis: observations that it does not explain.

With the error covariance R, relative to the background variance σ², and the gain K, residuals of
an analysis have the covariance ``σ² (R - H A⁻¹ H')``, which for independent errors has the
diagonal ``σ² R_ii (1 - (H K)_ii)``. Squares of residuals over it are 1 on average; large ones are
suspect. An observation that stands alone pulls the analysis towards itself: its ``1 - (H K)_ii`` is
small, and so is the misfit that is expected of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .analysis import Analysis
from .errors import DivandError
from .folds import left_out, mean_gain
from .grid import Array
from .system import System

__all__ = [
    "Criterion",
    "Suspects",
    "absolute_error",
    "background_variance",
    "criterion",
    "expected_misfit",
    "suspects",
]

Criterion = Literal["auto", "gain", "mean gain", "cross-validation"]
_FEW = 130  # observations up to which the authors take the gain of each


def solved(analysis: Analysis) -> tuple[System, Array, Array]:
    """Give the system, the values and the residuals of the observations with influence."""
    system = analysis.system
    if system is None or analysis.residuals.ndim != 1:
        raise DivandError(
            "Quality control needs an analysis of one set of values (nobs,) that still has its "
            "system: analyse them alone."
        )
    if not system.observations.count:
        raise DivandError("No observation has an influence: there is nothing to control.")
    residual = analysis.residuals[analysis.used]
    state = analysis.field[system.background.mask]
    return system, residual + system.observations.operator @ state, residual


def spread(analysis: Analysis, values: Array) -> Array:
    """Give values of the observations with influence to all, NaN to the others."""
    whole = np.full(analysis.used.shape, np.nan)
    whole[analysis.used] = values
    return whole


def absolute_error(relative: ArrayLike, variance: float) -> Array:
    """Give the standard deviation of the error in the unit of the field.

    Parameters
    ----------
    relative : array-like
        Error variance relative to the background variance, as `Analysis.error`.
    variance : float
        Variance of the background, e.g. of `fit_length` or `background_variance`.

    Returns
    -------
    ndarray, shape of `relative`

    Raises
    ------
    DivandError
        The variance is negative or not finite.
    """
    if not (np.isfinite(variance) and variance >= 0):
        raise DivandError(f"The background variance is {variance:g}; give 0 or more.")
    return np.sqrt(np.maximum(np.asarray(relative, np.float64), 0) * variance)


def background_variance(analysis: Analysis) -> float:
    """Estimate the variance of the background from values and their epsilon2.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    float
        ``mean(f²) / (1 + mean(epsilon2))``, in the square of the unit of the values.
    """
    system, f, _ = solved(analysis)
    return float(np.mean(f**2) / (1 + system.observations.variance.mean()))


def expected_misfit(analysis: Analysis, variance: float | None = None) -> Array:
    """Give the standard deviation that the residuals should have.

    Parameters
    ----------
    analysis : Analysis
    variance : float, optional
        Of the background; estimated if left out.

    Returns
    -------
    ndarray, shape (nobs,)
        In the unit of the values; NaN for observations without influence.
    """
    system, _, _ = solved(analysis)
    scale = background_variance(analysis) if variance is None else variance
    left = system.observations.variance - system.error_at_observations()
    return spread(analysis, np.sqrt(scale * np.maximum(left, 0)))


def criterion(
    analysis: Analysis,
    method: Criterion = "auto",
    *,
    variance: float | None = None,
    score: float | None = None,
    probes: int | None = 30,
    seed: int = 0,
) -> Array:
    """Give the authors' quality criterion: the higher, the more suspect.

    Parameters
    ----------
    analysis : Analysis
        Also one with advection: only observations count, not constraints.
    method : {"auto", "gain", "mean gain", "cross-validation"}
        Squares of residuals over what is expected of each observation (method 1 of the
        reference implementation), with the mean gain for all (3), or over the score of
        generalised cross-validation (4). "auto" (0) takes the first up to 129
        observations, the second for more, as the authors do.
    variance : float, optional
        Of the background; estimated if left out.
    score : float, optional
        Of a cross-validation, for the method of this name; generalised if left out.
    probes, seed
        Of the mean gain, as `mean_gain` takes them.

    Returns
    -------
    ndarray, shape (nobs,)
        About 1 on average; more than 9 is a misfit of three standard deviations. NaN for
        observations without influence.

    Raises
    ------
    DivandError
        An unknown method, or an analysis without system or observations.
    """
    system, f, residual = solved(analysis)
    error = system.observations.variance
    if method == "auto":
        method = "gain" if len(f) < _FEW else "mean gain"
    if method == "gain":
        return (analysis.residuals / expected_misfit(analysis, variance)) ** 2
    if method not in ("mean gain", "cross-validation"):
        raise DivandError(
            f"method is {method!r}; choose 'auto', 'gain', 'mean gain' or 'cross-validation'."
        )
    free = 1 - mean_gain(system, probes, seed)
    if method == "mean gain":
        scale = background_variance(analysis) if variance is None else variance
        return spread(analysis, residual**2 / (scale * error * free))
    if score is None:
        score = float(np.average((residual / free) ** 2, weights=1 / error))
    return spread(analysis, residual**2 / (score * error / error.mean() * free**2))


@dataclass(frozen=True)
class Suspects:
    """Observations that the analysis does not explain, the most suspect first.

    Attributes
    ----------
    number : ndarray of int, shape (k,)
        Which observations, from 0.
    criterion : ndarray, shape (k,)
    value, residual, expected : ndarray, shape (k,)
        Anomaly, observation minus analysis, and standard deviation expected of that.
    left_out : ndarray, shape (k,)
        Observation minus what all others predict.
    """

    number: NDArray[np.int64]
    criterion: Array
    value: Array
    residual: Array
    expected: Array
    left_out: Array


def suspects(
    analysis: Analysis,
    *,
    threshold: float = 9.0,
    limit: int | None = None,
    method: Criterion = "gain",
    variance: float | None = None,
) -> Suspects:
    """Rank observations by how little the analysis explains them.

    Parameters
    ----------
    analysis : Analysis
    threshold : float
        Least criterion of a suspect.
    limit : int, optional
        At most this many.
    method, variance
        As `criterion` takes them.

    Returns
    -------
    Suspects
    """
    system, f, residual = solved(analysis)
    expected = expected_misfit(analysis, variance)
    if method == "gain":
        found = (analysis.residuals / expected) ** 2
    else:
        found = criterion(analysis, method, variance=variance)
    found = np.nan_to_num(found, nan=-np.inf)
    order = np.argsort(-found, kind="stable")
    order = order[found[order] > threshold][:limit]
    if system.observations.is_independent:
        scale = background_variance(analysis) if variance is None else variance
        error = system.observations.variance
        alone = residual * error * scale / expected[analysis.used] ** 2
    else:
        alone, _ = left_out(system, f, np.arange(len(f)))
    value, others = spread(analysis, f), spread(analysis, alone)
    return Suspects(
        order, found[order], value[order], analysis.residuals[order], expected[order], others[order]
    )
