"""Correlation lengths per depth level: fitted, limited, and smoothed over the levels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import expm

from .covariance import CovarianceFit, fit_length, fit_pairs
from .errors import DivandError, DivandWarning
from .grid import Array
from .pairs import Distance, Neighbours, checked, pairs_of

__all__ = ["LevelFits", "fit_horizontal", "fit_vertical", "smooth"]

Window = float | Callable[[float], float]
_LEAST = 1e-9  # weight of a level whose fit is not trusted


@dataclass(frozen=True)
class LevelFits:
    """Correlation lengths of depth levels.

    Attributes
    ----------
    levels : ndarray, shape (levels,)
    length : ndarray, shape (levels,)
        Limited and smoothed; NaN if no level has data and no guess was given.
    raw : ndarray, shape (levels,)
        As fitted, NaN for a level without data.
    fits : tuple of CovarianceFit
        Of each level, with quality and curves.
    """

    levels: Array
    length: Array
    raw: Array
    fits: tuple[CovarianceFit, ...]

    @property
    def quality(self) -> Array:
        """Quality of the fit of each level, 0 for a guess."""
        return np.array([fit.quality for fit in self.fits])


def fit_horizontal(
    x: Any,
    values: ArrayLike,
    levels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    distance: Distance = "sphere",
    window: Window = 50.0,
    smoothing: float = 100.0,
    limits: tuple[float, float] | None = None,
    samples: int | None = 1000,
    least_quality: float = 0.5,
    guess: float = np.nan,
    seed: int = 0,
) -> LevelFits:
    """Estimate the horizontal correlation length of each depth level.

    Parameters
    ----------
    x : sequence of array-like, shape (n,)
        Longitude, latitude (degrees, or any unit with "euclid") and depth (m).
    values : array-like, shape (n,)
        The mean of each level is taken off.
    levels : array-like, shape (levels,)
        Depths (m), increasing.
    weights, distance, samples, seed
        As `fit_length` takes them.
    window : float or callable
        Observations up to this far from a level belong to it (m), or a function of the level.
    smoothing : float
        Levels are averaged over this distance (m), better fits count more; 0 is off.
    limits : tuple of float, optional
        Shortest and longest length, applied before and after smoothing.
    least_quality : float
        Worse fits only count where there are no better ones near.
    guess : float
        Length if no level has enough data.

    Returns
    -------
    LevelFits

    Raises
    ------
    DivandError
        Levels don't increase, or the data don't fit together.

    Warns
    -----
    DivandWarning
        Levels have too few data; one sentence names them.
    """
    where, data, weight = _in_space(x, values, weights, distance)

    def fit(level: float, reach: float) -> CovarianceFit:
        near = np.abs(where[2] - level) < reach
        return fit_length(
            where[:2, near],
            data[near],
            weights=weight[near],
            distance=distance,
            samples=samples,
            seed=seed,
        )

    return _over_levels(fit, levels, window, smoothing, limits, least_quality, guess)


def fit_vertical(
    x: Any,
    values: ArrayLike,
    levels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    distance: Distance = "sphere",
    window: Window = 10.0,
    near: float = 1000.0,
    smoothing: float = 100.0,
    limits: tuple[float, float] | None = None,
    samples: int = 150,
    least_quality: float = 0.5,
    guess: float = np.nan,
    seed: int = 0,
    floor: float | None = None,
) -> LevelFits:
    """Estimate the vertical correlation length of each depth level.

    Pairs are an observation within the window of the level and another one, at any depth, of the
    same place. Give anomalies from a mean profile: the change of the mean with depth would
    count as covariance.

    Parameters
    ----------
    x, values, levels, weights, smoothing, limits, least_quality, guess, seed
        As `fit_horizontal` takes them.
    distance : {"sphere", "euclid"}
        How `near` is measured.
    window : float or callable
        As of `fit_horizontal` (m).
    near : float
        Observations up to this far from each other are of the same place (m on the sphere).
    samples : int
        ``samples · (samples - 1) / 2`` random pairs a level are looked at.
    floor : float, optional
        Depth of the water (m), which no length exceeds; that of the deepest observation if left
        out. Where values hardly change down to the floor, the fit would give any length.

    Returns
    -------
    LevelFits

    Raises
    ------
    DivandError
        Levels don't increase, `floor` is not positive, or the data don't fit together.

    Warns
    -----
    DivandWarning
        Levels have too few data, or a fitted length exceeds the depth of the water; one sentence
        names them.
    """
    where, data, weight = _in_space(x, values, weights, distance)
    if floor is not None and not floor > 0:
        raise DivandError(f"floor is {floor:g}; give the depth of the water in metres.")
    depth, count = where[2], pairs_of(samples)
    neighbours = Neighbours(where, near, distance)

    def fit(level: float, reach: float) -> CovarianceFit:
        first = neighbours.with_company(np.flatnonzero(np.abs(depth - level) < reach))
        pairs = neighbours.pairs(first, count, seed)
        some = data if first.size else data[:0]
        return fit_pairs(pairs, lambda i, j: np.abs(depth[i] - depth[j]), some, weight, samples)

    deepest = float(depth.max(initial=0.0)) if floor is None else float(floor)
    if not deepest > 0:
        deepest = np.inf  # heights, or all at the surface: they tell no depth
    return _over_levels(fit, levels, window, smoothing, limits, least_quality, guess, deepest)


def _in_space(
    x: Any, values: ArrayLike, weights: ArrayLike | None, distance: Distance
) -> tuple[Array, Array, Array]:
    """Check places with depth, values and weights."""
    where, data, weight = checked(x, values, weights, distance)
    if len(where) != 3:
        raise DivandError(f"x has {len(where)} entries; give longitude, latitude and depth.")
    return where, data, weight


def _over_levels(
    fit: Callable[[float, float], CovarianceFit],
    levels: ArrayLike,
    window: Window,
    smoothing: float,
    limits: tuple[float, float] | None,
    least_quality: float,
    guess: float,
    floor: float = np.inf,
) -> LevelFits:
    at = np.atleast_1d(np.asarray(levels, np.float64))
    if not (np.diff(at) > 0).all() or not np.isfinite(at).all():
        raise DivandError("The levels must increase and be finite.")
    low, high = limits or (0.0, np.inf)
    if not 0 <= low <= high:
        raise DivandError(f"limits are {low:g} and {high:g}; give the shortest length first.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DivandWarning)
        fits = tuple(fit(z, window(z) if callable(window) else window) for z in at)
    raw = np.array([f.length for f in fits])
    poor = [f"{z:g}" for z, f in zip(at, fits, strict=True) if f.guessed]
    if poor:
        warnings.warn(
            f"Too few data for a fit at {', '.join(poor)} m ({len(poor)} of {len(at)} levels): "
            "guesses and neighbouring levels are used there.",
            DivandWarning,
            stacklevel=3,
        )
    known = np.isfinite(raw)
    if not known.any():
        return LevelFits(at, np.full(at.shape, guess), raw, fits)
    _warn_of_floor(at, np.clip(raw, low, high), floor)
    high = max(low, min(high, floor))
    length = np.clip(np.interp(at, at[known], raw[known]), low, high)
    quality = np.array([f.quality for f in fits])
    trust = np.where(known & (quality >= least_quality), quality, _LEAST)
    if smoothing > 0 and len(at) > 1:
        length = smooth(at, length * trust, smoothing) / smooth(at, trust, smoothing)
    return LevelFits(at, np.clip(length, low, high), raw, fits)


def _warn_of_floor(levels: Array, length: Array, floor: float) -> None:
    deeper = [f"{z:g}" for z, fitted in zip(levels, length, strict=True) if fitted > floor]
    if deeper:
        warnings.warn(
            f"The vertical length fitted at {', '.join(deeper)} m ({len(deeper)} of {len(levels)} "
            f"levels) exceeds the depth of the water, {floor:g} m, and is taken as that: the "
            "values hardly change with depth.",
            DivandWarning,
            stacklevel=4,
        )


def smooth(z: Sequence[float] | Array, values: Array, scale: float) -> Array:
    """Smooth values on an uneven axis by diffusion.

    Parameters
    ----------
    z : ndarray, shape (n,)
        Axis, increasing.
    values : ndarray, shape (n,)
    scale : float
        Far from the ends the values are averaged with a Gaussian of this standard deviation.

    Returns
    -------
    ndarray, shape (n,)
        With the same integral over the axis; nothing leaves through the ends.
    """
    z = np.asarray(z, np.float64)
    step = np.diff(z)
    width = np.concatenate([step[:1], (step[:-1] + step[1:]) / 2, step[-1:]])
    flux = np.zeros((len(z) + 1, len(z)))
    inner = np.arange(1, len(z))
    flux[inner, inner] = 1 / step
    flux[inner, inner - 1] = -1 / step
    change = np.diff(flux, axis=0) / width[:, None]
    return np.asarray(expm(scale**2 / 2 * change) @ values)
