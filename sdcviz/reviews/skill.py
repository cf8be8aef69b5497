"""Scores by layer, month, area and decade with all margins, and how sure they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated
from .strata import Strata

__all__ = ["REPLICATES", "intervals", "rows_of", "score"]

REPLICATES = 200
_SEED = 2026
_ENDS = [2.5, 97.5]
"""Percentiles of the draws between which 95 % lie."""
_FEWEST_CLUSTERS = 5
_SUMS = ("n", "r", "a", "rr", "o", "p", "oo", "pp", "op", "known", "one", "two")


def rows_of(
    samples: Collocated, strata: Strata, cluster: NDArray[np.int64], replicates: int = REPLICATES
) -> list[dict[str, Any]]:
    """Score every part and every margin that has samples.

    Parameters
    ----------
    samples : Collocated
    strata : Strata
    cluster : ndarray of int64
        Cruise (or station where unknown) of each sample, from 0; whole ones are resampled.
    replicates : int
        Of the bootstrap.

    Returns
    -------
    list of dict
        ``layer``, ``month``, ``area``, ``decade`` (None: all) and the scores.
    """
    shape = strata.shape
    codes = (strata.layer, strata.month, strata.area, strata.decade)
    inside = np.all([c >= 0 for c in codes], axis=0)
    cell = np.zeros(len(samples), np.int64)
    for code, size in zip(codes, shape, strict=True):
        cell = cell * max(size, 1) + np.maximum(code, 0)
    shape = tuple(max(s, 1) for s in shape)  # type: ignore[assignment]
    sums = _with_margins(_sums(samples, cell, inside, int(np.prod(shape))).reshape(-1, *shape))
    table = score(sums)
    low, high = _bootstrap(samples, cell, inside, cluster, shape, replicates)
    found = np.argwhere(sums[0] > 0)
    rows = []
    for place in map(tuple, found.tolist()):
        row: dict[str, Any] = {
            name: None if k == size else k
            for name, k, size in zip(
                ("layer", "month", "area", "decade"), place, shape, strict=True
            )
        }
        row["n"] = int(sums[0][place])
        row |= {name: float(values[place]) for name, values in table.items()}
        for k, name in enumerate(("bias", "rmse")):
            row[f"{name}_low"], row[f"{name}_high"] = float(low[k][place]), float(high[k][place])
        rows.append(row)
    return rows


def _sums(
    samples: Collocated, cell: NDArray[np.int64], inside: NDArray[np.bool_], cells: int
) -> NDArray[np.float64]:
    r = samples.residual
    # Around their middle: squares of 20 degrees would hide those of a hundredth.
    middle = float(np.mean(samples.observed))
    o, p = samples.observed - middle, samples.value - middle
    known = np.isfinite(samples.expected) & (samples.expected > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.abs(r) / samples.expected
    parts = (
        np.ones(len(r)), r, np.abs(r), r * r, o, p, o * o, p * p, o * p,
        known, known & (off <= 1), known & (off <= 2),
    )  # fmt: skip
    own = cell[inside]
    return np.stack([np.bincount(own, np.asarray(x, float)[inside], cells) for x in parts])


def _with_margins(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add to every axis but the first one place with the sum of all."""
    for axis in range(1, 5):
        sums = np.concatenate([sums, sums.sum(axis, keepdims=True)], axis)
    return sums


def score(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Make scores of the sums of parts (names in their order: see the module)."""
    s = dict(zip(_SUMS, sums, strict=True))
    n = s["n"]
    with np.errstate(invalid="ignore", divide="ignore"):
        bias, mse = s["r"] / n, s["rr"] / n
        var_o = np.maximum(s["oo"] / n - (s["o"] / n) ** 2, 0)
        var_p = np.maximum(s["pp"] / n - (s["p"] / n) ** 2, 0)
        joint = s["op"] / n - s["o"] * s["p"] / n**2
        spread = np.where((n >= 3) & (var_o > 0) & (var_p > 0), np.sqrt(var_o * var_p), np.nan)
        return {
            "bias": bias,
            "mae": s["a"] / n,
            "rmse": np.sqrt(mse),
            "urmse": np.sqrt(np.maximum(mse - bias**2, 0)),
            "correlation": np.clip(joint / spread, -1, 1),
            "sd_ratio": np.where(np.isnan(spread), np.nan, np.sqrt(var_p / var_o)),
            "within1": s["one"] / s["known"],
            "within2": s["two"] / s["known"],
        }


def _bootstrap(
    samples: Collocated,
    cell: NDArray[np.int64],
    inside: NDArray[np.bool_],
    cluster: NDArray[np.int64],
    shape: tuple[int, ...],
    replicates: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the bounds of bias and RMSE: whole clusters are drawn with replacement.

    The sums of each cluster in each part are made once; a replicate weighs them by how often
    the cluster was drawn.
    """
    from scipy import sparse

    clusters, cells = int(cluster.max()) + 1, int(np.prod(shape))
    r = samples.residual[inside]
    pair = cell[inside] * clusters + cluster[inside]
    pairs, at = np.unique(pair, return_inverse=True)
    where = (pairs // clusters, pairs % clusters)
    drawn = np.random.default_rng(_SEED).multinomial(
        clusters, np.full(clusters, 1 / clusters), replicates
    )
    drawn = drawn.T.astype(np.float64)
    sums = []
    for x in (np.ones(len(r)), r, r * r):
        weights = np.bincount(at, x, len(pairs))
        by_cluster = sparse.csr_matrix((weights, where), (cells, clusters))
        made = np.asarray(by_cluster @ drawn, np.float64)
        sums.append(_with_margins(made.T.reshape(-1, *shape)).astype(np.float32))
    there = sparse.csr_matrix((np.ones(len(pairs)), where), (cells, clusters))
    number = _clusters(there, shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (sums[1] / sums[0], np.sqrt(sums[2] / sums[0]))
    low, high = [], []
    for values in spread:
        a, b = _percentiles(values, _ENDS)
        # A part of few cruises does not tell how much others would have differed.
        few = number < _FEWEST_CLUSTERS
        low.append(np.where(few, np.nan, a))
        high.append(np.where(few, np.nan, b))
    return np.stack(low), np.stack(high)


def intervals(
    group: NDArray[np.int64],
    cluster: NDArray[np.int64],
    residual: NDArray[np.float64],
    groups: int,
    replicates: int = REPLICATES,
) -> dict[str, NDArray[np.float64]]:
    """Give the bounds of bias and RMSE of some groups of samples, as those of the parts.

    Parameters
    ----------
    group : ndarray of int64
        Number of the group of each sample.
    cluster : ndarray of int64
        What is drawn as a whole.
    residual : ndarray of float64
    groups : int
    replicates : int

    Returns
    -------
    dict of str to ndarray
        ``bias_low``, ``bias_high``, ``rmse_low``, ``rmse_high``; NaN of too few clusters.
    """
    from scipy import sparse

    present, c = np.unique(cluster, return_inverse=True)
    k = max(len(present), 1)
    drawn = np.random.default_rng(_SEED).multinomial(k, np.full(k, 1 / k), replicates)
    pairs, at = np.unique(group * k + c, return_inverse=True)
    where = (pairs // k, pairs % k)
    sums = []
    for x in (None, residual, residual * residual):
        weights = np.bincount(at, x, len(pairs)).astype(np.float64)
        by_cluster = sparse.csr_matrix((weights, where), (groups, k))
        sums.append(np.asarray(by_cluster @ drawn.T.astype(np.float64)).T)
    few = np.bincount(where[0], minlength=groups) < _FEWEST_CLUSTERS
    told = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = {"bias": sums[1] / sums[0], "rmse": np.sqrt(sums[2] / sums[0])}
    for name, values in spread.items():
        for end, bound in zip(("low", "high"), _percentiles(values, _ENDS), strict=True):
            told[f"{name}_{end}"] = np.where(few, np.nan, bound)
    return told


def _percentiles(made: NDArray, ends: list[float]) -> tuple[NDArray, NDArray]:
    """Percentiles over the first axis; replicates without a sample do not count."""
    ordered = np.sort(made, axis=0)  # NaN last
    n = np.isfinite(ordered).sum(0)
    out = []
    for end in ends:
        at = np.clip(end / 100 * (n - 1), 0, None)
        k = np.floor(at).astype(int)
        a = np.take_along_axis(ordered, k[None], 0)[0]
        b = np.take_along_axis(ordered, np.minimum(k + 1, np.maximum(n - 1, 0))[None], 0)[0]
        out.append(a + (b - a) * (at - k))
    return out[0], out[1]


def _clusters(there: Any, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Count the clusters of every part and margin."""
    from itertools import product

    from scipy import sparse

    cells = np.arange(int(np.prod(shape))).reshape(shape)
    out = np.zeros([s + 1 for s in shape], np.int64)
    for summed in product((False, True), repeat=len(shape)):
        kept = [s for s, gone in zip(shape, summed, strict=True) if not gone]
        index = np.indices(shape)
        target = np.zeros(shape, np.int64)
        for axis, gone in enumerate(summed):
            if not gone:
                target = target * shape[axis] + index[axis]
        total = int(np.prod(kept)) if kept else 1
        gather = sparse.csr_matrix(
            (np.ones(cells.size), (target.ravel(), cells.ravel())), (total, cells.size)
        )
        counts = np.diff((gather @ there).tocsr().indptr).reshape(kept or [1])
        place = tuple(slice(-1, None) if gone else slice(0, -1) for gone in summed)
        out[place] = counts.reshape(
            [1 if gone else s for s, gone in zip(shape, summed, strict=True)]
        )
    return out
