"""A recipe to begin with: what suits the observations of a collection."""

from __future__ import annotations

from itertools import pairwise
from math import cos, radians
from typing import TYPE_CHECKING, Any

import numpy as np

from .levels import LEVEL_SETS

if TYPE_CHECKING:
    from ..observations.collection import Collection

__all__ = ["first_recipe", "spacing_lengths"]

_ACROSS = 120  # grid points that a first grid has along its longer side
_STEPS = (0.01, 0.02, 0.025, 0.05, 0.1, 0.125, 0.2, 0.25, 0.5, 1.0, 2.0)
_LENGTH = 6  # grid steps that a first correlation length spans
_MOST_LEVELS = 25
_OUTER = 0.005  # of the positions on each side that don't decide the box


def first_recipe(
    collection: Collection,
    parameter: str,
    *,
    box: tuple[float, float, float, float] | None = None,
    rows: Any = None,
) -> dict[str, Any]:
    """Give the content of a recipe that suits the observations, to begin with.

    Parameters
    ----------
    collection : Collection
    parameter : str
    box : tuple of float, optional
        West, south, east, north; around the stations if left out.
    rows : array-like of int, optional
        Only these stations.

    Returns
    -------
    dict
        As a recipe file holds it: all months, standard depths down to the deepest observations,
        a correlation length of some grid steps.
    """
    lon, lat = collection.lon, collection.lat
    if rows is not None and len(rows):
        lon, lat = lon[rows], lat[rows]
    west, south, east, north = box or _around(lon, lat)
    step = _step(max((east - west) % 360 or 360, north - south))
    middle = radians((south + north) / 2)
    length = _round(_LENGTH * step * 111 * (1 + cos(middle)) / 2)
    depths = _depths(collection, parameter)
    return {
        "recipe": 1,
        "collection": str(collection.path),
        "parameter": parameter,
        "flags": ["1", "2"],
        "domain": {"box": [west, south, east, north], "resolution": step},
        "levels": depths,
        "time": {"months": "monthly"},
        "lengths": {
            "horizontal": f"{length:g} km",
            "vertical": spacing_lengths(depths) if isinstance(depths, list) else "0 m",
        },
        "epsilon2": 1.0,
    }


def spacing_lengths(depths: list[float]) -> list[str]:
    """Give twice the distance between levels for each of them: the least that the levels hold."""
    gaps = [b - a for a, b in pairwise(depths)]
    wide = [max(pair) for pair in zip([gaps[0], *gaps], [*gaps, gaps[-1]], strict=True)]
    return [f"{2 * gap:g} m" for gap in wide]


def _around(lon: Any, lat: Any) -> tuple[float, float, float, float]:
    known = np.isfinite(lon) & np.isfinite(lat)
    if not known.any():
        return -180.0, -80.0, 180.0, 80.0
    ends = (_OUTER, 1 - _OUTER)
    (west, east), (south, north) = np.quantile(lon[known], ends), np.quantile(lat[known], ends)
    wide = max(east - west, north - south, 0.5)
    grain = next(g for g in (0.1, 0.5, 1.0, 5.0, 10.0) if wide / g <= 60 or g == 10)
    west, south = (float(np.floor(v / grain) * grain) for v in (west, south))
    east, north = (float(np.ceil(v / grain) * grain) for v in (east, north))
    box = (max(west, -180), max(south, -90), min(max(east, west + grain), 180.0), min(north, 90))
    return tuple(round(float(v), 4) for v in box)  # type: ignore[return-value]


def _step(width: float) -> float:
    return next((step for step in _STEPS if width / step <= _ACROSS * 1.5), _STEPS[-1])


def _round(length: float) -> float:
    power = 10 ** np.floor(np.log10(length))
    return float(
        power * min((1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10), key=lambda m: abs(m - length / power))
    )


def _depths(collection: Collection, parameter: str) -> Any:
    """Choose standard depths down to where nearly all observations are."""
    samples = collection.where().samples(parameter, present=True)
    depth = np.asarray(samples["depth"], np.float64)
    depth = depth[np.isfinite(depth)]
    if not len(depth):
        return list(LEVEL_SETS["woa33"][:_MOST_LEVELS])
    deep = float(np.quantile(depth, 0.98))
    kept = [d for d in LEVEL_SETS["woa33"] if d <= deep][:_MOST_LEVELS]
    if len(kept) < 2:
        return {"depths": [0.0], "top": 0.0, "bottom": max(float(depth.max()), 1.0)}
    return kept
