"""Correlation length and noise of observations, by fit of their covariance.

Pairs of observations are binned by distance ``r``; up to the first distance without covariance
the variational kernel of two dimensions is fitted to the binned covariance,

    C(r) = σ² · (r / L) · K₁(r / L),

with ``K₁`` the modified Bessel function: ``L`` is the correlation length that the analysis takes
and ``σ²`` the variance of the signal. What the variance of the observations exceeds it is noise,
so that ``ε² = noise / σ²``. This is the fit of Diva (Troupin et al. 2012, Ocean Modelling 52-53,
90-101).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import k1

from .errors import DivandWarning
from .grid import Array
from .pairs import Distance, Measure, Pairs, all_pairs, checked, measure_of, pairs_of, random_pairs

__all__ = ["CovarianceFit", "fit_length", "fit_pairs"]

_MOST_BINS = 80  # up to the mean distance
_FEWEST = 10  # bins that a fit needs
_TRIALS = 1000  # lengths, from 0.1 to 2.1 times the distance without covariance


@dataclass(frozen=True)
class CovarianceFit:
    """Covariance of observations over distance, and the kernel fitted to it.

    Attributes
    ----------
    length : float
        Correlation length in the unit of the distance; NaN where nothing could be said.
    background_variance : float
        Variance of the signal, in the square of the unit of the values.
    signal_to_noise : float
        Variance of the signal over that of the noise; at most 10 000.
    quality : float
        1 minus the misfit relative to the variance of the signal: 1 is perfect, below 0.5
        is doubtful; 0 for a guess.
    variance : float
        Variance of the observations.
    distance, covariance, fitted, weight, pairs : ndarray, shape (bins,)
        For a plot: lower bound of each bin, smoothed covariance, fitted kernel, weight in
        the fit and (weighted) number of pairs.
    fitted_bins : tuple of int
        First bin that was fitted and the one behind the last; both 0 for a guess.
    message : str
        Why the result is a guess; empty where the kernel was fitted.
    """

    length: float
    background_variance: float
    signal_to_noise: float
    quality: float
    variance: float
    distance: Array
    covariance: Array
    fitted: Array
    weight: Array
    pairs: Array
    fitted_bins: tuple[int, int] = (0, 0)
    message: str = ""

    @property
    def epsilon2(self) -> float:
        """Error variance of the observations relative to the variance of the signal."""
        return 1 / self.signal_to_noise

    @property
    def guessed(self) -> bool:
        """Whether there were too few data for a fit."""
        return bool(self.message)


def fit_length(
    x: Any,
    values: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    distance: Distance = "sphere",
    samples: int | None = 1000,
    guess: float = np.nan,
    seed: int = 0,
) -> CovarianceFit:
    """Estimate the correlation length of observations from their covariance.

    Parameters
    ----------
    x : sequence of array-like, shape (n,)
        Coordinates; longitude and latitude (degrees) for "sphere".
    values : array-like, shape (n,)
        Their mean is taken off; NaN is left out.
    weights : array-like, shape (n,), optional
        How much each observation counts relative to the others.
    distance : {"sphere", "euclid", "vertical"}
        Great circle (m), in the unit of `x`, or along the last coordinate only.
    samples : int, optional
        ``samples · (samples - 1) / 2`` random pairs are looked at; None takes all pairs.
    guess : float
        Length for observations that don't even allow a guess of their own.
    seed : int
        Of the random pairs; the same seed gives the same result.

    Returns
    -------
    CovarianceFit

    Raises
    ------
    DivandError
        Coordinates, values or weights don't fit together; a weight is negative; `samples`
        make no pair.

    Warns
    -----
    DivandWarning
        There are too few data for a fit; the sentence names the guess.
    """
    where, data, weight = checked(x, values, weights, distance)
    measure = measure_of(where, distance)
    if samples is None or pairs_of(samples) >= len(data) * (len(data) - 1) // 2:
        pairs, count = all_pairs(len(data)), len(data)
    else:
        pairs, count = random_pairs(len(data), pairs_of(samples), seed), samples
    fit = fit_pairs(pairs, measure, data, weight, count, guess)
    if fit.guessed:
        warnings.warn(fit.message, DivandWarning, stacklevel=2)
    return fit


def fit_pairs(
    pairs: Pairs,
    measure: Measure,
    data: Array,
    weight: Array,
    count: int,
    guess: float = np.nan,
) -> CovarianceFit:
    """Bin pairs of observations by distance and fit the kernel.

    Parameters
    ----------
    pairs : callable
        Gives chunks of numbers of both observations, the same each time.
    measure : callable
        Distances of pairs.
    data, weight : ndarray, shape (n,)
    count : int
        Observations that would have as many pairs.
    guess : float
        Length where nothing can be said.

    Returns
    -------
    CovarianceFit
    """
    if len(data) < 2:
        return _nothing(guess, np.nan, f"There are {len(data)} observations with a value")
    mean = np.average(data, weights=weight)
    variance = float(np.average(data**2, weights=weight) - mean**2)
    if np.ptp(data) == 0:
        return _nothing(guess, 0.0, f"All {len(data)} values are {data[0]:g}")
    total = farthest = 0.0
    for i, j in pairs():
        r = measure(i, j)
        total += float(r.sum())
        farthest = max(farthest, float(r.max(initial=0)))
    if farthest == 0:
        return _nothing(guess, variance, f"All {len(data)} observations lie at one place")
    typical = total / (count * (count - 1) / 2)
    step = typical / min(_MOST_BINS, count**2 / farthest * typical / 20)
    bins = int(farthest / step + 1)
    sums = np.zeros((3, bins))
    anomaly = data - mean
    for i, j in pairs():
        at = np.minimum((measure(i, j) / step).astype(np.int64), bins - 1)
        both, product = weight[i] * weight[j], anomaly[i] * anomaly[j]
        for k, of in enumerate((both, both * product, both * product**2)):
            sums[k] += np.bincount(at, of, bins)
    return _fit(step, variance, *sums)


def _nothing(guess: float, variance: float, why: str) -> CovarianceFit:
    none = np.empty(0)
    message = (
        f"{why}: no correlation length can be estimated; {guess:g} is used instead."
        if np.isfinite(guess)
        else f"{why}: no correlation length can be estimated; give one as a guess."
    )
    return CovarianceFit(
        guess, np.nan, np.nan, 0.0, variance, none, none, none, none, none, message=message
    )


def _fit(
    step: float, variance: float, pairs: Array, products: Array, squares: Array
) -> CovarianceFit:
    bins = len(pairs)
    many = pairs > 1
    divisor = np.where(many, pairs, 1)
    covariance = products / divisor
    spread = squares / divisor - covariance**2
    sure = many & (spread > 1e-8 * covariance**2)
    weight = np.where(sure, (pairs - 1) / np.where(sure, spread, 1) ** 2, 0)
    # A mean weight for all keeps single bins from deciding alone.
    weight = np.where(pairs < 1, 0, weight + weight.sum() / bins)
    # Bins without pairs, between depths on a regular grid for instance, are no covariance of 0.
    there = np.flatnonzero(pairs)
    covariance = np.interp(np.arange(bins), there, covariance[there])
    for _ in range(3):
        padded = np.pad(covariance, 1, mode="edge")
        covariance = covariance + (padded[2:] + padded[:-2] - 2 * covariance) / 4
    r = np.arange(bins, dtype=np.float64) * step
    below = (pairs != 0) & (covariance < 0) & (np.arange(bins) > 3)
    crossing = int(np.argmax(below) if below.any() else np.argmin(covariance)) + 1
    reach = step * crossing
    first = max(int(reach / 20 / step), 1)
    last = min(first + int(crossing * 0.95), bins)
    message = ""
    if last - first < _FEWEST:
        message = (
            f"Only {last - first} bins of distance have covariance, {_FEWEST} are needed for a "
            f"fit: there are too few data; the length {reach:.4g} is a guess."
        )
    else:
        length, signal, misfit = _scan(r, covariance, weight, reach, slice(first, last))
        if not signal > 0:
            message = f"The covariance is not positive; the length {reach:.4g} is a guess."
    if message:
        first, last, length, signal = 0, 0, reach, 0.01 * variance
        background, quality = 0.99 * variance, 0.0
        ratio = signal / (variance - signal + 1e-10)
    else:
        capped = signal > 0.9999 * variance
        signal = variance if capped else signal
        background, quality = signal, 1 - np.sqrt(misfit) / signal
        ratio = 1e4 if capped else signal / (variance - signal + 1e-10)
    return CovarianceFit(
        length=length,
        background_variance=background,
        signal_to_noise=ratio,
        quality=float(quality),
        variance=variance,
        distance=r,
        covariance=covariance,
        fitted=signal * _bessel(r / length),
        weight=weight,
        pairs=pairs,
        fitted_bins=(first, last),
        message=message,
    )


def _scan(
    r: Array, covariance: Array, weight: Array, reach: float, part: slice
) -> tuple[float, float, float]:
    """Try many lengths; give the best with its variance and weighted mean square misfit."""
    trials = reach / 10 + np.arange(_TRIALS) * reach / 500
    kernel = _bessel(r[part] / trials[:, None])
    share = weight[part] / weight[part].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = (covariance[part] @ share) / (kernel @ share)
        misfit = (covariance[part] - signal[:, None] * kernel) ** 2 @ share
    best = int(np.nanargmin(np.where(np.isfinite(misfit), misfit, np.inf)))
    return float(trials[best]), float(signal[best]), float(misfit[best])


def _bessel(r: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.where(r > 0, r * k1(r), 1.0)
