"""How residuals are distributed, and against depth, time and value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated
from .expected import robust_sd
from .strata import Strata

__all__ = ["against", "diagrams", "distributions"]

_BINS = 61
_REACH, _WITHIN = 5.0, 98
"""Robust standard deviations, and percentage of the residuals, that the histogram reaches at
least; the rest is in its outer bins."""
_SHARES = (10, 90)


def distributions(samples: Collocated, depth_edges: NDArray[np.float64] | None) -> dict[str, Any]:
    """Give the histogram, and mean and 10th to 90th percentile by depth, year and value."""
    r = samples.residual
    sd = robust_sd(r) or float(np.std(r)) or 1.0
    middle = float(np.median(r))
    reach = max(_REACH * sd, float(np.percentile(np.abs(r - middle), _WITHIN)))
    edges = middle + np.linspace(-reach, reach, _BINS + 1)
    counts, _ = np.histogram(np.clip(r, edges[0], edges[-1]), edges)
    told: dict[str, Any] = {
        "histogram": {
            "edges": edges, "counts": counts, "mean": float(r.mean()), "sd": float(r.std()),
            "median": middle, "robust_sd": sd,
            "beyond": int(((r < edges[0]) | (r > edges[-1])).sum()),
        }
    }  # fmt: skip
    if depth_edges is not None:
        told["against_depth"] = against(samples.depth, r, depth_edges)
    dated = ~np.isnat(samples.time)
    if dated.any():
        year = samples.time.astype("datetime64[M]").astype(np.float64) / 12 + 1970
        first, last = np.floor(year[dated].min()), np.floor(year[dated].max())
        step = max(1, round((last - first + 1) / 40))
        years = np.arange(first, last + step + 1, step)
        told["against_time"] = against(year[dated], r[dated], years)
    low, high = np.percentile(samples.observed, [0.1, 99.9])
    if high > low:
        values = np.linspace(low, high, 25)
        told["against_value"] = against(np.clip(samples.observed, low, high), r, values)
    return told


def against(
    x: NDArray[np.float64], r: NDArray[np.float64], edges: NDArray[np.float64]
) -> dict[str, Any]:
    """Summarise residuals in classes of `x`: mean, percentiles, number."""
    code = np.clip(np.searchsorted(edges, x, "right") - 1, -1, len(edges) - 1)
    code = np.where(x == edges[-1], len(edges) - 2, code)
    inside = (code >= 0) & (code < len(edges) - 1)
    code, r = code[inside], r[inside]
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(len(edges)))
    mean, low, high, n = (np.full(len(edges) - 1, np.nan) for _ in range(4))
    for k in range(len(edges) - 1):
        own = r[order[ends[k] : ends[k + 1]]]
        n[k] = len(own)
        if len(own):
            mean[k] = own.mean()
            low[k], high[k] = np.percentile(own, _SHARES)
    return {"edges": edges, "mean": mean, "low": low, "high": high, "n": n.astype(int)}


def diagrams(rows: list[dict[str, Any]], strata: Strata) -> dict[str, list[dict[str, Any]]]:
    """Give the points of Taylor and target diagrams: all, layers, months, areas.

    The target diagram has bias and unbiased RMSE divided by the standard deviation of the
    observations; the latter is negative where the product varies less than they do.
    """
    names = (
        ("layer", strata.layers), ("month", strata.month_names),
        ("area", [a.title for a in strata.areas]),
    )  # fmt: skip
    taylor, target = [], []
    for row in rows:
        given = [k for k in ("layer", "month", "area", "decade") if row[k] is not None]
        if len(given) > 1 or given == ["decade"]:
            continue
        kind = given[0] if given else "all"
        label = "All" if not given else dict(names)[kind][row[kind]]
        about = {"label": label, "kind": kind, "index": row.get(kind), "n": row["n"]}
        r, ratio = row["correlation"], row["sd_ratio"]
        taylor.append(about | {"sd_ratio": ratio, "correlation": r})
        # urmse² = sd_o² (1 + ratio² - 2 ratio r)
        with np.errstate(invalid="ignore", divide="ignore"):
            shape = np.sqrt(np.maximum(1 + ratio**2 - 2 * ratio * r, 0))
            sd = row["urmse"] / shape if shape > 0 else np.nan
            signed = shape * (1 if ratio >= 1 else -1)
        target.append(about | {"bias": row["bias"] / sd, "urmse": signed, "sd": sd})
    return {"taylor": taylor, "target": target}
