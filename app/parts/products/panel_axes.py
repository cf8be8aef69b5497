"""Axes and colours of the panels, as the browser takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.products.grid import edges_of
from sdcviz.products.times import Times, short_label

from .panel_asked import Asked, packed

__all__ = [
    "at_times",
    "centres",
    "colours",
    "depth_axis",
    "distance_axis",
    "time_axis",
    "value_axis",
]

_DAY_MS = 86_400_000


def depth_axis(asked: Asked, water: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the axis of depths, downwards, to the deepest level with water.

    Parameters
    ----------
    water : ndarray of bool, shape (..., depth)
    """
    z, edges = asked.grid.depth, asked.grid.level_edges
    wet = np.flatnonzero(water.reshape(-1, len(z)).any(axis=0))
    last = min(int(wet[-1]) + 1, len(z) - 1) if len(wet) else len(z) - 1
    unit = asked.grid.depth_unit
    return {
        "is": "depth", "label": f"{'Pressure' if unit == 'dbar' else 'Depth'} [{unit}]",
        "low": max(float(edges[0]), 0.0), "high": float(z[last] if len(z) > 1 else edges[-1]),
        "down": True, "at": packed(z), "edges": packed(edges),
    }  # fmt: skip


def value_axis(
    label: str, *arrays: Any, dots: Any = (), low: float | None = None
) -> dict[str, Any]:
    """Return the axis of values that holds all of some arrays.

    Of the observations `dots` single ones may lie beyond it, as ``beyond`` tells: a gross error
    would leave no room for all others.
    """
    known = [np.asarray(a, np.float64).ravel() for a in arrays]
    seen = np.asarray(dots, np.float64).ravel()
    seen = seen[np.isfinite(seen)]
    usual = seen
    if len(seen) > 20:
        first, last = np.quantile(seen, (0.01, 0.99))
        room = 0.5 * (last - first)
        usual = seen[(seen >= first - room) & (seen <= last + room)]
    values = np.concatenate([usual, *(a[np.isfinite(a)] for a in known)])
    least, most = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    margin = 0.04 * (most - least) or 0.5
    axis = {
        "is": "value", "label": label,
        "low": least - margin if low is None else low, "high": most + margin,
    }  # fmt: skip
    axis["beyond"] = int(((seen < axis["low"]) | (seen > axis["high"])).sum())
    return axis


def distance_axis(distance: NDArray, lon: NDArray, lat: NDArray) -> dict[str, Any]:
    """Return the axis of kilometres along a line."""
    return {
        "is": "distance", "label": "Distance [km]", "low": float(distance[0]),
        "high": float(distance[-1]), "at": packed(distance), "edges": packed(edges_of(distance)),
        "lon": packed(lon), "lat": packed(lat),
    }  # fmt: skip


def degrees_axis(kind: str, at: NDArray) -> dict[str, Any]:
    """Return an axis of longitudes or latitudes."""
    edges = edges_of(at)
    name = "Longitude [°E]" if kind == "lon" else "Latitude [°N]"
    return {
        "is": kind, "label": name, "low": float(edges[0]), "high": float(edges[-1]),
        "at": packed(at), "edges": packed(edges),
    }  # fmt: skip


# ---- time ------------------------------------------------------------------------------
def _dated(times: Times) -> bool:
    """Whether steps stand at their dates and not one after another."""
    return not times.climatology and times.known and len(times) > 1


def centres(times: Times) -> NDArray[np.float64]:
    """Return where the steps stand on an axis: days since 1970, or their numbers."""
    if _dated(times):
        return times.values.astype(np.int64) / _DAY_MS
    return np.arange(len(times), dtype=np.float64)


def time_axis(times: Times) -> dict[str, Any]:
    """Return the axis of the time steps."""
    at = centres(times)
    if _dated(times):
        edges = times.edges.astype("datetime64[ms]").astype(np.int64) / _DAY_MS
    else:
        edges = np.arange(len(times) + 1) - 0.5
    short = [short_label(label) for label in times.labels]
    return {
        "is": "time", "label": "", "low": float(edges[0]), "high": float(edges[-1]),
        "at": packed(at), "edges": packed(edges), "steps": short, "dated": _dated(times),
    }  # fmt: skip


def at_times(times: Times, when: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return where observations stand on the axis of the steps; NaN: nowhere."""
    moment = when.astype("datetime64[ms]")
    if _dated(times):
        days = moment.astype(np.int64) / _DAY_MS
        edges = times.edges.astype("datetime64[ms]")
        return np.where((moment >= edges[0]) & (moment <= edges[-1]), days, np.nan)
    if not times.climatology:
        return np.zeros(len(moment)) if len(times) <= 1 else np.full(len(moment), np.nan)
    step = times.steps(moment)
    month = moment.astype("datetime64[M]")
    number = month.astype(np.int64) % 12 + 1
    part = (moment - month.astype("datetime64[ms]")).astype(np.int64) / _DAY_MS / 30.5
    at = np.full(len(moment), np.nan)
    for k, months in enumerate(times.months):
        own = step == k
        first = next((m for m in sorted(months) if (m - 2) % 12 + 1 not in months), 1)
        at[own] = k - 0.5 + ((number[own] - first) % 12 + np.clip(part[own], 0, 1)) / len(months)
    return at


# ---- colours ----------------------------------------------------------------------------
def colours(asked: Asked, values: NDArray[np.floating]) -> dict[str, Any]:
    """Return colour map and range of a field."""
    from sdcviz.plots.colours import colormap

    known = values[np.isfinite(values)]
    own = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    low, high = asked.limits or own
    if not low < high:
        low, high = low - 0.5, low + 0.5
    return {
        "palette": list(colormap(asked.palette)), "low": low, "high": high,
        "below": bool(own[0] < low), "above": bool(own[1] > high), "title": asked.titled,
    }  # fmt: skip
