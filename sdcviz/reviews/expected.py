"""How far an observation may lie from a product: the expected misfit."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated

if TYPE_CHECKING:
    from ..products.product import Product

__all__ = ["expect", "robust_sd"]

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
    samples.expected = np.full(len(samples), np.nan)
    if not np.isfinite(samples.error).any():
        return "The product has no relative error: what misfit to expect is unknown."
    epsilon2, variances = _notes(product)
    if epsilon2 is None:
        return (
            "The product does not tell the error variance of its observations (epsilon2): what "
            "misfit to expect is unknown."
        )
    own = epsilon2[np.clip(samples.step, 0, len(epsilon2) - 1)]
    if variances is not None:
        variance = variances[np.clip(samples.step, 0, len(variances) - 1)]
        how = "the variance of the background in the product's notes"
    else:
        against, how = _background(product, variable, samples)
        variance = _variance(samples, against) / (1 + own)
    samples.expected = np.sqrt((samples.error + own) * variance)
    told = ", ".join(f"{e:g}" for e in np.unique(epsilon2)[:4])
    return (
        "Expected misfit: the square root of (relative error + epsilon2) times the variance of "
        f"the background; epsilon2 {told} as in the product's notes, {how}."
    )


def _notes(product: Product) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Read epsilon2, and if it is there the variance of the background, of each step."""
    if "slice_notes" not in product.source.variables:
        return None, None
    raw = np.ascontiguousarray(product.source.read("slice_notes", (slice(None), slice(None))))
    texts = raw.astype("S1").view(f"S{raw.shape[1]}").ravel()
    found: list[dict[str, Any]] = []
    for text in texts:
        try:
            found.append(json.loads(text.decode("utf-8", "replace")))
        except ValueError:
            return None, None
    epsilon2 = [f.get("epsilon2") for f in found]
    if not all(isinstance(e, int | float) and e > 0 for e in epsilon2):
        return None, None
    order = product.grid().order["time"]
    variance = [f.get("variance") for f in found]
    told = all(isinstance(v, int | float) and v > 0 for v in variance)
    return (
        np.array(epsilon2, np.float64)[order],
        np.array(variance, np.float64)[order] if told else None,
    )


def _background(
    product: Product, variable: str, samples: Collocated
) -> tuple[NDArray[np.float64], str]:
    """Give each sample the background of the product, or the mean of its level and step."""
    name = f"{variable}_background"
    if name in product.source.variables:
        at = {"lon": samples.lon, "lat": samples.lat, "depth": samples.depth, "time": samples.time}
        found = product.at(at, variable=name)["value"].to_numpy()
        return found, "that variance estimated from the observations minus the background"
    codes, cell = np.unique(
        samples.step.astype(np.int64) * 10_000 + samples.level, return_inverse=True
    )
    n = np.bincount(cell, minlength=len(codes))
    mean = np.bincount(cell, samples.observed, len(codes)) / np.maximum(n, 1)
    return mean[cell], "that variance estimated from the spread of the observations in each level"


def _variance(samples: Collocated, against: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the variance around the background, by level and step; without gross errors."""
    off = samples.observed - against
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
