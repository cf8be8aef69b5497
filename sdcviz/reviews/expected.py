"""How far an observation may lie from a product: the expected misfit."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..words import number
from .collocated import Collocated

if TYPE_CHECKING:
    from ..products.product import Product

__all__ = ["consistency", "expect", "robust_sd", "spread"]

_FEWEST = 30
_FAR = 5.0
"""Robust standard deviations from the median; what is further is an error and no variance."""


def robust_sd(values: NDArray[np.float64]) -> float:
    """Return the standard deviation that the median absolute deviation stands for."""
    if not len(values):
        return float("nan")
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def expect(product: Product, variable: str, samples: Collocated) -> str:
    """Give samples the expected standard deviation of their residuals.

    Returns
    -------
    str
        A sentence that says how.
    """
    from ..products.deviation import deviation_of
    from ..products.notes import notes_of

    samples.expected = np.full(len(samples), np.nan)
    if not np.isfinite(samples.error).any():
        return "The product has no relative error: what misfit to expect is unknown."
    told = [notes.get("epsilon2") for notes in notes_of(product)]
    if not told or not all(isinstance(e, int | float) and e > 0 for e in told):
        return (
            "The product does not tell the error variance of its observations (epsilon2): what "
            "misfit to expect is unknown."
        )
    epsilon2 = np.array(told, np.float64)
    own = epsilon2[np.clip(samples.step, 0, len(epsilon2) - 1)]
    known = deviation_of(product, variable)
    if known is not None:
        nt, nz = known.values.shape
        at = np.clip(samples.step, 0, nt - 1), np.clip(samples.level, 0, nz - 1)
        variance, how = known.values[at] ** 2, known.how
    else:
        variance = _variance(samples, _off(samples)) / (1 + own)
        how = "estimated from the spread of the observations in each level"
    samples.expected = spread(samples.error, own, variance, samples.used)
    words = ", ".join(f"{e:g}" for e in np.unique(epsilon2)[:4])
    return (
        "Expected misfit: the square root of (relative error + epsilon2) times the variance of "
        f"the background{_of_used(samples)}; epsilon2 {words} as in the product's notes, the "
        f"deviation of the background {how}."
    )


def spread(
    error: NDArray[np.float64],
    epsilon2: NDArray[np.float64],
    variance: NDArray[np.float64],
    used: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the standard deviation of residuals that an optimal analysis has.

    An independent observation differs from it by its own error and that of the analysis:
    R + Pa. To one that it used it was drawn: R - Pa, on the diagonal of R (B + R)^-1 R
    (Desroziers et al. 2005, doi:10.1256/qj.05.108).

    Parameters
    ----------
    error : ndarray of float64
        Error variance of the analysis, relative to that of the background (Pa).
    epsilon2 : ndarray of float64
        Error variance of the observations, relative to it as well (R).
    variance : ndarray of float64
        Of the background.
    used : ndarray of bool
        Observations that the analysis used. It knows no less there than one observation alone
        tells: a greater error, as of maps between grid points, is cut.
    """
    alone = epsilon2 / (1 + epsilon2)
    both = np.where(used, epsilon2 - np.minimum(error, alone), epsilon2 + error)
    return np.sqrt(both * variance)


def _of_used(samples: Collocated) -> str:
    n = int(samples.used.sum())
    if not n:
        return ""
    whose = "all samples" if n == len(samples) else f"the {number(n)} samples"
    return (
        f", and of (epsilon2 − relative error) for {whose} that the product itself used "
        "(Desroziers et al. 2005)"
    )


def consistency(samples: Collocated) -> list[dict[str, Any]]:
    """Compare how far residuals spread with how far the errors of the product say.

    Returns
    -------
    list of dict
        ``used`` (whether the product used them), ``n``, ``ratio`` of both spreads.
    """
    found = []
    for used in (True, False):
        own = (samples.used == used) & (samples.expected > 0)
        n = int(own.sum())
        if n >= _FEWEST:
            ratio = float(np.sqrt(_trimmed(samples.residual[own] / samples.expected[own])))
            found.append({"used": used, "n": n, "ratio": ratio})
    return found


def _off(samples: Collocated) -> NDArray[np.float64]:
    """Return the observations minus the mean of their level and step."""
    key = samples.step.astype(np.int64) * 10_000 + samples.level
    codes, cell = np.unique(key, return_inverse=True)
    n = np.bincount(cell, minlength=len(codes))
    mean = np.bincount(cell, samples.observed, len(codes)) / np.maximum(n, 1)
    return samples.observed - mean[cell]


def _variance(samples: Collocated, off: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the variance around the background, by level and step; without gross errors."""
    by_level = np.full(int(samples.level.max()) + 1, np.nan)
    out = np.full(len(off), np.nan)
    order = np.lexsort((samples.step, samples.level))
    for level_run in _runs(samples.level[order]):
        own = order[level_run]
        k = int(samples.level[own[0]])
        by_level[k] = _trimmed(off[own])
        for run in _runs(samples.step[own]):
            some = own[run]
            enough = len(some) >= _FEWEST
            out[some] = _trimmed(off[some]) if enough else by_level[k]
    return out


def _runs(codes: NDArray) -> list[slice]:
    cuts = np.flatnonzero(np.diff(codes)) + 1
    ends = [0, *cuts.tolist(), len(codes)]
    return [slice(a, b) for a, b in pairwise(ends)]


def _trimmed(off: NDArray[np.float64]) -> float:
    known = off[np.isfinite(off)]
    if len(known) < 3:
        return float("nan")
    middle, sd = np.median(known), robust_sd(known)
    near = known[np.abs(known - middle) <= _FAR * sd] if sd > 0 else known
    return float(np.mean(near**2))
