"""Observations that lie over a field as dots: those of a visitor, in the window of one map.

A page's endpoint knows no session: the visitor's map leaves its collection and filters here
under a key that nobody can guess, and asks with it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import NotFound

from . import library
from .library import Shared

if TYPE_CHECKING:
    from sdcviz.observations import Collection, Filters
    from sdcviz.products import Product
    from sdcviz.products.layers import Layer

__all__ = ["MOST_DOTS", "Dots", "counts_per_cell", "dots_of", "leave"]

MOST_DOTS = 20_000
"""Dots that are drawn of one map."""
MOST_KEPT = 512

_kept: OrderedDict[str, tuple[Collection, Filters]] = OrderedDict()
_keys: dict[tuple[int, Any, Any], str] = {}
_lock = Lock()
_samples = Shared(6)


@dataclass
class Dots:
    """Observations of one map.

    Attributes
    ----------
    columns : dict of str to ndarray
        ``lon``, ``lat``, ``value``, ``depth``, ``time`` (milliseconds), ``station`` and, if asked
        for, ``residual``; in an order that draws no cruise over all others.
    inside, total : int
        In the window, and of the quantity at all; `columns` may have fewer.
    """

    columns: dict[str, NDArray]
    inside: int
    total: int
    stations: list[str] = field(default_factory=list)
    sentence: str = ""


def leave(data: Collection, filters: Filters) -> str:
    """Leave collection and filters of a visitor; return the key, another one when flags change."""
    state = (id(data), filters, data.flags_state(*filters.flag_keys))
    with _lock:
        key = _keys.get(state, "")
        if key in _kept:
            _kept.move_to_end(key)
            return key
        key = secrets.token_urlsafe(16)
        _keys[state] = key
        _kept[key] = data, filters
        while len(_kept) > MOST_KEPT:
            gone, _ = _kept.popitem(last=False)
            for other in [s for s, k in _keys.items() if k == gone]:
                del _keys[other]
        return key


def _columns(key: str, product: Product, variable: str) -> dict[str, NDArray] | None:
    """Return the observations of what a field measures; None where the collection has none."""
    from sdcviz.products.collocation import samples_of

    with _lock:
        left = _kept.get(key)
    if left is None:
        raise NotFound("The observations of this page are no longer at hand; reload the page.")
    data, filters = left

    def make() -> dict[str, NDArray] | None:
        samples = samples_of(product, library.select_shared(data, filters), variable, "")
        if "value" not in samples:
            return None
        value = np.asarray(samples["value"])
        if value.dtype.kind not in "fiu":
            return None
        return {n: np.asarray(samples[n]) for n in ("lon", "lat", "depth", "time", "station")} | {
            "value": value
        }

    return _samples.get((key, product.quantity_of(variable)), make)


def _inside(
    key: str, layer: Layer, window: tuple[float, float]
) -> tuple[dict[str, NDArray] | None, NDArray[np.int64]]:
    from sdcviz.products.window import in_window

    product, variable = layer.product, layer.view.variable
    found = _columns(key, product, variable)
    if found is None:
        return None, np.empty(0, np.int64)
    rows = np.flatnonzero(in_window(product, variable, found, layer.depth, layer.time, window))
    return found, rows


def dots_of(key: str, layer: Layer, window: tuple[float, float], residuals: bool) -> Dots:
    """Find the observations of a map.

    Parameters
    ----------
    key : str
        See `leave`.
    layer : Layer
        The map.
    window : (float, float)
        See `sdcviz.products.window`.
    residuals : bool
        Observation minus product at its place, depth and time; what has none is left out.
    """
    found, rows = _inside(key, layer, window)
    product, variable = layer.product, layer.view.variable
    if found is None:
        what = layer.view.value_attrs()["long_name"]
        return Dots({}, 0, 0, sentence=f"The collection has no observations of {what}.")
    taken = {n: a[rows] for n, a in found.items()}
    if residuals and len(rows):
        places = {n: taken[n] for n in ("lon", "lat", "depth", "time", "value")}
        at = product.at(places, variable=variable, mask=layer.mask)
        taken["residual"] = at.residual.values
        known = np.isfinite(taken["residual"])
        taken = {n: a[known] for n, a in taken.items()}
    order = np.random.default_rng(0).permutation(len(taken["lon"]))[:MOST_DOTS]
    drawn = {n: a[order] for n, a in taken.items()}
    return Dots(
        drawn, len(taken["lon"]), len(found["lon"]), _names(key, drawn["station"]),
    )  # fmt: skip


def _names(key: str, stations: NDArray) -> list[str]:
    """Name cruise and station of each dot."""
    with _lock:
        data = _kept[key][0] if key in _kept else None
    if data is None or not len(stations):
        return []
    texts = [data.text(name).take(stations).texts() for name in ("cruise", "station")]
    return [" / ".join(t for t in both if t) for both in zip(*texts, strict=True)]


def counts_per_cell(
    key: str, layer: Layer, window: tuple[float, float]
) -> tuple[NDArray[np.int64], Dots]:
    """Count the observations of a map by cell of its grid."""
    from sdcviz.products.places import find_cells

    found, rows = _inside(key, layer, window)
    ny, nx = layer.grid.shape[2:]
    counts = np.zeros(ny * nx, np.int64)
    if found is None:
        return counts.reshape(ny, nx), dots_of(key, layer, window, False)
    lon, lat = found["lon"][rows], found["lat"][rows]
    known = np.isfinite(lon) & np.isfinite(lat)
    cells = find_cells(layer.grid, lon[known], lat[known], "nearest")
    at = (cells.row * nx + cells.column)[cells.inside]
    counts = np.bincount(at, minlength=ny * nx)[: ny * nx]
    return counts.reshape(ny, nx), Dots({}, len(at), len(found["lon"]))
