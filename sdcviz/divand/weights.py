"""Observations in clusters: smaller weights, or fewer super-observations.

A cruise that samples every minute says little more than one station, since its errors of
representativeness are not independent; with full weight it would drown its neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError
from .grid import Array, cyclic_lengths

__all__ = ["SuperObservations", "cluster_weights", "superobservations"]

_REACH = 4.0  # lengths; farther observations would add less than 2e-7
_PAIRS = 2_000_000  # at a time


def cluster_weights(x: Any, lengths: Any, *, moddim: ArrayLike | None = None) -> Array:
    """Give small weights to observations that have many others near.

    ``w_i = 1 / Σ_j exp(-d_ij²)``, with distances in units of `lengths`: 1 for a single
    observation, 1/n for n at the same place. Divide `epsilon2` by it.
    The reference implementation calls it `weight_RtimesOne`.

    Parameters
    ----------
    x : sequence of array-like, shape (n,)
        Coordinates.
    lengths : sequence of float or array
        Distance in each dimension within which observations are not independent, in the
        unit of `x`; of an array (correlation lengths on the grid) the geometric mean.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.

    Returns
    -------
    ndarray, shape (n,)
        Greater than 0, at most 1; 1 where a coordinate is not finite.

    Raises
    ------
    DivandError
        Coordinates and lengths don't fit, or a length is not positive.
    """
    where = _places(x)
    scale = np.array([_geometric_mean(length, k) for k, length in enumerate(lengths)])
    if len(scale) != len(where):
        raise DivandError(f"There are {len(where)} coordinates and {len(scale)} lengths.")
    weights = np.ones(where.shape[1])
    finite = np.isfinite(where).all(axis=0)
    periods = np.array(cyclic_lengths(moddim, len(where))) / scale
    points = (where[:, finite] / scale[:, None]).T
    points = np.where(periods > 0, np.mod(points, np.where(periods > 0, periods, 1)), points)
    points, which, many = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    if len(points):
        weights[finite] = (1 / _crowd(points, many, periods))[which.ravel()]
    return weights


def _geometric_mean(length: ArrayLike, k: int) -> float:
    array = np.asarray(length, np.float64)
    if not (array > 0).all():
        raise DivandError(f"lengths[{k}] is {array.min():g}; give a positive one.")
    return float(np.exp(np.log(array).mean()))


def _crowd(points: Array, many: NDArray[np.int64], periods: Array) -> Array:
    """Sum Gaussians over all points, each as often as it occurs."""
    from scipy.spatial import KDTree

    low = points.min(axis=0)
    box = np.where(periods > 0, periods, 0)
    points = np.where(periods > 0, points, points - low)
    tree = KDTree(points, boxsize=box)
    counts = np.cumsum(tree.query_ball_point(points, _REACH, return_length=True))
    total = np.empty(len(points))
    start = 0
    while start < len(points):
        before = counts[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(counts, before + _PAIRS, side="right")))
        part = KDTree(points[start:stop], boxsize=box)
        near = part.sparse_distance_matrix(tree, _REACH, output_type="ndarray")
        gauss = np.exp(-(near["v"] ** 2)) * many[near["j"]]
        total[start:stop] = np.bincount(near["i"], gauss, stop - start)
        start = stop
    return total


@dataclass(frozen=True)
class SuperObservations:
    """Means of observations in boxes.

    Attributes
    ----------
    x : tuple of ndarray, shape (m,)
        Weighted mean places.
    values : ndarray, shape (m,)
        Weighted mean values.
    weight : ndarray, shape (m,)
        Sum of weights; with weights ``1 / epsilon2`` the error variance of the mean of
        independent observations is 1 over it.
    variance : ndarray, shape (m,)
        Variance of the values around their mean.
    count : ndarray of int, shape (m,)
        Observations in the box.
    member : ndarray of int, shape (n,)
        Box of each observation, -1 for one without value or place.
    """

    x: tuple[Array, ...]
    values: Array
    weight: Array
    variance: Array
    count: NDArray[np.int64]
    member: NDArray[np.int64]


def superobservations(
    x: Any, values: ArrayLike, size: ArrayLike, *, weights: ArrayLike | None = None
) -> SuperObservations:
    """Replace the observations of each box by their mean.

    Parameters
    ----------
    x : sequence of array-like, shape (n,)
        Coordinates.
    values : array-like, shape (n,)
        NaN is left out.
    size : float or sequence of float
        Width of the boxes in each dimension, in the unit of `x`; they begin at the least
        coordinates. A fraction of the correlation length loses little.
    weights : array-like, shape (n,), optional
        Of the means, 1 if left out.

    Returns
    -------
    SuperObservations

    Raises
    ------
    DivandError
        A width or a weight is not positive, or numbers don't fit.
    """
    where, data = _places(x), np.asarray(values, np.float64)
    weight = np.ones(len(data)) if weights is None else np.asarray(weights, np.float64)
    if where.shape[1] != len(data) or weight.shape != data.shape:
        raise DivandError(
            f"There are {where.shape[1]} places, {len(data)} values and {weight.size} weights; "
            "give as many of each."
        )
    width = np.broadcast_to(np.asarray(size, np.float64), len(where))
    if not (width > 0).all() or not (weight > 0).all():
        raise DivandError("Widths of boxes and weights of observations must be positive.")
    valid = np.isfinite(where).all(axis=0) & np.isfinite(data)
    where, data, weight = where[:, valid], data[valid], weight[valid]
    member = np.full(len(valid), -1)
    low = where.min(axis=1, initial=np.inf, keepdims=True)
    box = np.floor((where - low) / width[:, None])
    _, inverse, count = np.unique(box, axis=1, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    member[valid] = inverse

    def sums(of: Array) -> Array:
        return np.bincount(inverse, of, len(count)).astype(np.float64)

    total = sums(weight)
    mean = sums(weight * data) / total
    variance = sums(weight * (data - mean[inverse]) ** 2) / total
    places = tuple(sums(weight * w) / total for w in where)
    return SuperObservations(places, mean, total, variance, count, member)


def _places(x: Any) -> Array:
    try:
        return np.atleast_2d(np.asarray(x, np.float64))
    except ValueError:
        raise DivandError("The coordinates x have different numbers of values.") from None
