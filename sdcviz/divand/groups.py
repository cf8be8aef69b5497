"""Groups of observations (cruises) compared with what the others say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .analysis import Analysis
from .folds import left_out, make_folds
from .given import numbered_groups
from .grid import Array
from .quality import background_variance, solved, spread

__all__ = ["GroupResiduals", "leave_group_out"]


@dataclass(frozen=True)
class GroupResiduals:
    """Residuals of groups (cruises) that the analysis has not seen.

    Attributes
    ----------
    residuals, expected : ndarray, shape (nobs,)
        Observation minus what the other groups predict, and the standard deviation expected
        of it; NaN for observations without influence.
    groups : tuple
        Groups with influence; the following are in their order.
    count : ndarray of int
        Observations with influence.
    bias, rms : ndarray
        Mean and root mean square of the residuals, in the unit of the values.
    ratio : ndarray
        Root mean square of residuals over their expected deviation: 1 on average, more
        where a group does not fit the others.
    """

    residuals: Array
    expected: Array
    groups: tuple[Any, ...]
    count: NDArray[np.int64]
    bias: Array
    rms: Array
    ratio: Array


def leave_group_out(
    analysis: Analysis, groups: ArrayLike, *, variance: float | None = None
) -> GroupResiduals:
    """Compare each group (cruise) with what the others say.

    Parameters
    ----------
    analysis : Analysis
    groups : array-like, shape (nobs,)
        Cruise of each observation.
    variance : float, optional
        Of the background; estimated if left out.

    Returns
    -------
    GroupResiduals

    Raises
    ------
    DivandError
        There is only one group, or not one entry an observation.
    """
    system, f, _ = solved(analysis)
    names, number = numbered_groups(groups, analysis.used)
    fold = make_folds(len(f), groups=number)
    residual, relative = left_out(system, f, fold, variance=True)
    assert relative is not None
    scale = background_variance(analysis) if variance is None else variance
    expected = np.sqrt(scale * relative)
    count = np.bincount(fold)

    def mean(of: Array) -> Array:
        return np.asarray(np.bincount(fold, of) / count)

    return GroupResiduals(
        spread(analysis, residual),
        spread(analysis, expected),
        tuple(names),
        count,
        mean(residual),
        np.sqrt(mean(residual**2)),
        np.sqrt(mean((residual / expected) ** 2)),
    )
