"""Error variances from the residuals of the analysis itself.

If lengths and errors are right, values ``f`` and residuals ``r`` of the analysis obey

    mean(f · r) = variance of the errors,     mean(f · (f - r)) = variance of the background.

The ratio of both is a better epsilon2, with which one analyses again (Desroziers, Berre,
Chapnik and Poli 2005, Q. J. R. Meteorol. Soc. 131, 3385-3396). It finds errors whose length
differs from that of the signal; where both have the same, it can't tell them apart.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError, DivandWarning
from .given import numbered_groups
from .grid import Array
from .problem import Problem

__all__ = ["ErrorScaling", "error_factors", "rescale_errors"]


@dataclass(frozen=True)
class ErrorScaling:
    """Error variances scaled to fit the residuals.

    Attributes
    ----------
    factor : ndarray, shape (nobs,)
        What `epsilon2` is to be multiplied with; 1 for observations without influence.
    groups : dict
        Factor of each group; the only key is None where no groups were given.
    background_variance : float
        In the square of the unit of the values.
    history : tuple of tuple of float
        Factors of the groups, in their order, after each iteration.
    converged : bool
        Whether the last iteration changed no factor by more than the tolerance.
    message : str
        Why the iteration was stopped early; empty if it was not.
    """

    factor: Array
    groups: dict[Any, float]
    background_variance: float
    history: tuple[tuple[float, ...], ...]
    converged: bool
    message: str = ""


def error_factors(
    f: Array, residual: Array, variance: Array, group: NDArray[np.int64] | None = None
) -> tuple[Array, float]:
    """Compare error variances with the residuals of an analysis.

    Parameters
    ----------
    f, residual, variance : ndarray, shape (used,)
        Values, residuals, and error variances relative to the background variance.
    group : ndarray of int, shape (used,), optional
        Group of each observation, from 0.

    Returns
    -------
    factors : ndarray, shape (groups,)
        What the error variances of each group are to be multiplied with; NaN or not positive
        where the residuals don't tell.
    background_variance : float
    """
    group = np.zeros(len(f), np.int64) if group is None else group
    background = float(np.mean(f * (f - residual)))
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.bincount(group, f * residual) / background
        return seen / np.bincount(group, variance), background


def rescale_errors(
    mask: ArrayLike,
    pmn: Any,
    xi: Any,
    x: Any,
    f: ArrayLike,
    corr_len: Any,
    epsilon2: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    iterations: int = 5,
    tolerance: float = 0.01,
    limits: tuple[float, float] = (1e-3, 1e3),
    **options: Any,
) -> ErrorScaling:
    """Scale epsilon2 until it fits the residuals of the analysis.

    Parameters
    ----------
    mask, pmn, xi, x, f, corr_len, epsilon2, **options
        As `analyse` takes them (`moddim`, `alpha`, `alphabc`, `scale_len`, `velocity`,
        `fracindex`, `solver`).
    groups : array-like, shape (nobs,), optional
        Group (platform, data centre, ...) of each observation; each gets a factor of its own.
    iterations : int
        At most this many analyses.
    tolerance : float
        Relative change at which the iteration ends.
    limits : tuple of float
        Least and greatest factor.

    Returns
    -------
    ErrorScaling

    Raises
    ------
    DivandError
        There is nothing to analyse, or `iterations` or `limits` make no sense.

    Warns
    -----
    DivandWarning
        The residuals don't tell the error of a group: its factor stays as it was.
    """
    if iterations < 1 or not 0 < limits[0] <= 1 <= limits[1]:
        raise DivandError("iterations must be 1 or more, and limits lie on both sides of 1.")
    problem = Problem(mask, pmn, xi, x, f, corr_len, epsilon2, **options)
    first = problem.system()
    names: list[Any] = [None]
    group = np.zeros(first.observations.count, np.int64)
    if groups is not None:
        names, group = numbered_groups(groups, first.observations.used)
    total, history, message, converged, background = np.ones(len(names)), [], "", False, np.nan
    for _ in range(iterations):
        system = problem.system(1.0, total[group])
        values = problem.values(system)
        residual = values - system.observations.operator @ system.solve(values)
        step, variance = error_factors(values, residual, system.observations.variance, group)
        if not variance > 0:
            message = "The analysis has nothing in common with the values"
            break
        background = variance
        known = np.isfinite(step) & (step > 0)
        if not known.all():
            poor = [str(n) for n, k in zip(names, known, strict=True) if not k]
            of = "" if groups is None else f" of {', '.join(poor)}"
            message = f"The residuals{of} have nothing in common with the values"
        new = np.clip(total * np.where(known, step, 1), *limits)
        change = np.abs(np.log(new / total)).max()
        total = new
        history.append(tuple(total.tolist()))
        if change <= tolerance:
            converged = not message
            break
    if message:
        message += ": their errors can't be told from them, and epsilon2 stays as it was there."
        warnings.warn(message, DivandWarning, stacklevel=2)
    factor = np.ones(problem.count)
    factor[first.observations.used] = total[group]
    scaled = dict(zip(names, total.tolist(), strict=True))
    return ErrorScaling(factor, scaled, background, tuple(history), converged, message)
