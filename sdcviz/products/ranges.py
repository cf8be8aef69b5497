"""One range of colours for many maps: of a product, of a depth at all times, of a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .catalogue import preview_range
from .kept import kept
from .layers import Layer
from .maps import range_of

__all__ = ["range_for"]

MAPS = 48
"""Maps that are looked at, evenly spread over the others."""
MAPS_FAR = 6
"""The same where each is fetched over the network."""
VALUES = 20_000
"""Values of a map that are looked at."""
OUTER = 0.5
"""Per cent of the values at each end that a range leaves out, if they lie far out."""
NEAR = 0.1
"""Part of the greatest depth above which a range of depths begins at the surface."""
FAR = 0.2
"""How far, as a part of the range of the others."""


def range_for(layer: Layer, per: str) -> tuple[float, float] | None:
    """Return the range of values that holds for a layer and others like it.

    Parameters
    ----------
    layer : Layer
    per : {"fixed", "depth", "time", "map"}
        All maps of the product (what its file proposes comes first), those of the depth, those of
        the time, or this map alone (None: `Layer.map` finds it).
    """
    product, grid = layer.product, layer.grid
    if layer.kind == "error" and layer.view.roles.error_kind == "relative variance":
        return 0.0, 1.0
    if per == "map":
        return None
    if per == "fixed" and layer.kind == "value":
        proposed = preview_range(product, layer.view.variable)
        if proposed is not None and proposed[0] < proposed[1]:
            return float(proposed[0]), float(proposed[1])
    depths: list[float | None] = [None] if layer.flat else list(grid.depth)
    steps = list(range(max(1, len(grid.times))))
    if per == "depth":
        depths = [layer.depth]
    elif per == "time":
        steps = [layer.found[0]]
    most = MAPS_FAR if product.source.remote else MAPS
    few = _spread(len(depths), most if len(steps) == 1 else int(np.sqrt(most)))
    some = _spread(len(steps), most // len(few))

    def seen() -> tuple[float, float]:
        parts = [_values(replace(layer, depth=depths[z], time=steps[t])) for z in few for t in some]
        values = np.concatenate(parts)
        if not len(values):
            return 0.0, 1.0
        low, high = (float(v) for v in np.percentile(values, (OUTER, 100 - OUTER)))
        # Only what lies far from the rest is left out.
        least, greatest, room = float(values.min()), float(values.max()), FAR * (high - low)
        low = least if least >= low - room else low
        high = greatest if greatest <= high + room else high
        if layer.diverging:
            low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
        if layer.kind in ("isosurface", "mixed layer") and 0 < low < NEAR * high:
            low = 0.0  # depths begin at the surface
        return range_of(np.array([low, high]))

    where = depths[0] if per == "depth" else steps[0] if per == "time" else None
    key = ("range", layer.view.variable, layer.error, layer.derived, per, where)
    return kept(product, key, seen)


def _spread(n: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, max(most, 1))).round().astype(np.int64))


def _values(layer: Layer) -> NDArray[np.floating]:
    try:
        values = np.ravel(replace(layer, mask=None).plane())
    except UnreadableFile:
        return np.empty(0)
    values = values[np.isfinite(values)]
    return values[:: max(1, len(values) // VALUES)]
