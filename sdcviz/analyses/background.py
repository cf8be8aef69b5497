"""What an analysis takes for the field where no observation is near."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..divand import DivandWarning, analyse, rectangle, resolution

if TYPE_CHECKING:
    from .problem import Problem

__all__ = ["at_places", "mean_profile"]

Array = NDArray[np.float64]

_PROFILE_FACTOR = 4.0
_PROFILE_WEIGHT = 10.0


def mean_profile(problem: Problem, depth: Array, value: Array, epsilon2: Array) -> Array:
    """Average observations by depth.

    Their mean, plus the one-dimensional analysis of what is left over depth, with 4 times the
    vertical length unless the recipe gives another, and the error variance scaled so that
    all observations together count as 10 a level (as DIVAnd's climatologies do).

    Parameters
    ----------
    problem : Problem
    depth : ndarray, shape (n,)
        Metres.
    value : ndarray, shape (n,)
        Transformed values; NaN is left out.
    epsilon2 : ndarray, shape (n,)
        Error variances; only how they compare matters.

    Returns
    -------
    ndarray, shape (ndepth,)
        At the levels; one number for a product with one level or none, 0 without observations.
    """
    levels = problem.depth
    known = np.isfinite(value)
    if not known.any():
        return np.zeros(max(len(levels), 1))
    depth, value, weight = depth[known], value[known], 1 / epsilon2[known]
    mean = float(np.average(value, weights=weight))
    if problem.background == "mean" or len(levels) < 2:
        return np.full(max(len(levels), 1), mean)
    if problem.background_vertical is not None:
        reach = problem.background_vertical
    else:
        reach = _PROFILE_FACTOR * problem.vertical
        # Levels on their own have no length; twice their spacing keeps the profile smooth.
        reach = np.where(reach > 0, reach, 2 * resolution(levels))  # NaN: not yet fitted
    mask, pmn, xi = rectangle(levels)
    error = weight.sum() / (_PROFILE_WEIGHT * len(levels)) / weight
    with warnings.catch_warnings():
        # That the levels lie far apart is told of the analysis itself.
        warnings.simplefilter("ignore", DivandWarning)
        made = analyse(mask, pmn, xi, (depth,), value - mean, (reach,), error, alphabc=0)
    return mean + made.field


def at_places(field: Array, axes: tuple[Array, ...], places: tuple[Array, ...]) -> Array:
    """Interpolate linearly on a grid; places outside take what is nearest.

    Parameters
    ----------
    field : ndarray
        Without gaps, one dimension an axis.
    axes : tuple of ndarray
        Increasing.
    places : tuple of ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    if field.size == 1:
        return np.full(len(places[0]), float(field.ravel()[0]))
    from scipy.interpolate import RegularGridInterpolator

    kept = [k for k, axis in enumerate(axes) if len(axis) > 1]
    field = field.reshape([len(axes[k]) for k in kept])
    inside = np.stack([np.clip(places[k], axes[k][0], axes[k][-1]) for k in kept], axis=-1)
    return RegularGridInterpolator([axes[k] for k in kept], field)(inside)
