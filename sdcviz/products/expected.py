"""From relative errors to errors in the unit of a field."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..errors import SdcvizError
from .used import Used, notes_of, used_of

if TYPE_CHECKING:
    from .product import Product

__all__ = ["background_spread"]

_FEWEST = 30
_FAR = 5.0
"""Robust standard deviations from the median; what is farther counts as an error."""

_kept: WeakKeyDictionary[Product, dict[tuple[str, int], NDArray | None]] = WeakKeyDictionary()
_lock = Lock()


def background_spread(product: Product, variable: str, step: int) -> NDArray[np.float64] | None:
    """Estimate the standard deviation of the field around its background, level by level.

    The variance of the observations minus the background of the product at their places, over
    ``1 + epsilon2``. Times the square root of the relative error variance it is the expected
    error in the unit of the field.

    Returns
    -------
    ndarray of float64 or None
        Of each level, NaN where fewer than 30 observations are; None where the product
        holds no observations, background or epsilon2.
    """
    key = (product.named(variable), step)
    with _lock:
        known = _kept.setdefault(product, {})
        if key in known:
            return known[key]
    found = _estimate(product, key[0], step)
    with _lock:
        known[key] = found
    return found


def _estimate(product: Product, variable: str, step: int) -> NDArray[np.float64] | None:
    epsilon2 = notes_of(product, step).get("epsilon2")
    background = f"{variable}_background"
    if not isinstance(epsilon2, int | float) or background not in product.source.variables:
        return None
    try:
        used = used_of(product, step)
    except SdcvizError:
        return None
    levels = product.grid(variable).depth
    off = used.value - _at(product, background, step, used)
    edges = product.grid(variable).level_edges if len(levels) else np.array([-np.inf, np.inf])
    of_level = np.searchsorted(edges, used.depth if len(levels) else np.zeros(len(off))) - 1
    out = np.full(max(len(levels), 1), np.nan)
    for z in range(len(out)):
        own = off[(of_level == z) & np.isfinite(off)]
        if len(own) >= _FEWEST:
            out[z] = np.sqrt(_trimmed(own) / (1 + epsilon2))
    return out if np.isfinite(out).any() else None


def _at(product: Product, variable: str, step: int, used: Used) -> NDArray[np.float64]:
    """Interpolate one step of a field to observations, whatever their own times are."""
    times = product.grid(variable).times
    when = used.time
    if times.known and len(times):
        when = np.full(len(used), times.values[step])
    at = {"lon": used.lon, "lat": used.lat, "depth": used.depth, "time": when}
    return product.at(at, variable=variable)["value"].to_numpy()


def _trimmed(off: NDArray[np.float64]) -> float:
    middle = np.median(off)
    spread = 1.4826 * np.median(np.abs(off - middle))
    near = off[np.abs(off - middle) <= _FAR * spread] if spread > 0 else off
    return float(np.mean(near**2))
