"""What the browser's maps of products are made of: headers and compressed arrays."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest, SourceUnavailable, UnreadableFile

from . import dots

if TYPE_CHECKING:
    from sdcviz.products import Product
    from sdcviz.products.difference import Difference
    from sdcviz.products.layers import Layer
    from sdcviz.products.maps import MapBytes

__all__ = [
    "ERROR_STEP", "Framed", "contours_frame", "coverage_frame", "dots_frame", "grid_frame",
    "map_frame", "no_frame", "thinning", "version_of",
]  # fmt: skip

MOST_POINTS = 3_000_000
"""Points of a map that are sent; of a finer grid every k-th."""
ERROR_STEP = 0.005
"""Steps of the relative error in a frame: masks of whole steps are exact."""

_FORM = 2
"""Raised when frames hold something else: browsers keep those of before for a week."""

Framed = tuple[dict[str, Any], dict[str, tuple[str, bytes]]]
"""Header, and by name the kind of each array ("f4", ..., "rows": see `MapBytes`) and its bytes."""


def version_of(product: Product) -> str:
    """Return a text that is another one when the values of a product may be."""
    state = f"{_FORM} {product.source.fingerprint()}" + json.dumps(
        product.given, sort_keys=True, default=str
    )
    return f"{zlib.crc32(state.encode()):08x}"


def _squeezed(array: NDArray) -> tuple[str, bytes]:
    kinds = {"float32": "f4", "float64": "f8", "int32": "i4", "uint16": "u2", "uint8": "u1"}
    return kinds[array.dtype.name], zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


def thinning(layer: Layer) -> int:
    """Return k where every k-th point of a grid is sent."""
    from sdcviz.products.raster import thinned

    return thinned(layer.grid, MOST_POINTS)[1]


def map_frame(layer: Layer, limits: tuple[float, float] | None, per: str) -> Framed:
    """Make one map, with the relative error of its field where there is one."""
    from sdcviz.products.maps import ABOVE, BELOW, packed
    from sdcviz.products.ranges import range_for

    if limits is None:
        limits = range_for(layer, per)
    made = layer.map(limits)
    codes = made.codes()
    counts = np.bincount(codes.ravel(), minlength=256)
    k = thinning(layer)
    data = made.data if k == 1 else packed(codes[::k, ::k].copy())
    header = _told(layer, made) | {
        "shape": list(codes[::k, ::k].shape), "thinned": k,
        "cells": int(counts[1:].sum()), "below": int(counts[BELOW]), "above": int(counts[ABOVE]),
    }  # fmt: skip
    blocks = {"codes": ("rows", data)}
    error = _error_codes(layer) if made.answer == "value" else None
    if error is not None:
        blocks["error"] = ("rows", packed(error[::k, ::k].copy()))
        header["error_step"] = ERROR_STEP
    return header, blocks


def no_frame(sentence: str) -> Framed:
    """Say why there is no map at one depth or time; there may be one at the next."""
    empty = {"cells": 0, "below": 0, "above": 0, "depth": None, "label": "", "unit": ""}
    return empty | {"answer": "outside", "sentence": sentence, "limits": [0, 1]}, {}


def _told(layer: Layer, made: MapBytes) -> dict[str, Any]:
    return {
        "limits": list(made.limits), "depth": made.depth, "depth_unit": layer.grid.depth_unit,
        "label": made.label, "unit": made.unit, "answer": made.answer, "sentence": made.sentence,
        "title": layer.label, "colormap": layer.colormap, "diverging": layer.diverging,
    }  # fmt: skip


def _error_codes(layer: Layer) -> NDArray[np.uint8] | None:
    """Return the relative error in steps: 0 is unknown, n at most (n - 1) steps, 202 more than 1.

    As masks are: in single precision, what is equal to a limit passes.
    """
    view = layer.view
    if view.error is None or view.roles.error_kind != "relative variance":
        return None
    t, z, wrong = layer.found
    if wrong:
        return None
    try:
        if layer.kind == "formula":
            base = layer.computed.base
            source = base.product.field(base.product.roles_of(base.variable).error)
            error = source.layer(t, 0 if layer.flat else z)
        elif layer.flat and layer.grid.has_depth:
            return None  # a depth has no error of its own
        else:
            error = view.error.layer(t, z)
    except (UnreadableFile, SourceUnavailable, KeyError):
        return None
    n = round(1 / ERROR_STEP)
    limits = (np.arange(n + 1) * ERROR_STEP).astype(np.float32)
    limits = np.array([np.float32(round(v, 3)) for v in limits.tolist()], np.float32)
    known = np.isfinite(error)
    single = np.where(known, error, 0).astype(np.float32)
    first = np.clip(np.ceil(single / np.float32(ERROR_STEP)), 0, n + 1).astype(np.int64)
    # The division rounds: one step to either side decides.
    first = np.where((first > 0) & (single <= limits[np.clip(first - 1, 0, n)]), first - 1, first)
    first = np.where((first <= n) & (single > limits[np.clip(first, 0, n)]), first + 1, first)
    return np.where(known, first + 1, 0).astype(np.uint8)


def grid_frame(layer: Layer) -> Framed:
    """Tell where the points of the layer's grid lie."""
    from sdcviz.products.kept import kept
    from sdcviz.products.raster import Raster, raster, thinned

    grid, k = thinned(layer.grid, MOST_POINTS)
    lay_out: Raster = kept(layer.product, ("raster", layer.view.variable, k), lambda: raster(grid))
    header = {
        "box": list(lay_out.box), "shape": list(lay_out.shape), "thinned": k,
        "points": list(grid.shape[2:]), "curvilinear": grid.curvilinear,
    }  # fmt: skip
    blocks = {"lon": _squeezed(grid.lon.ravel()), "lat": _squeezed(grid.lat.ravel())}
    for name in ("rows", "columns", "lookup"):
        if len(array := getattr(lay_out, name)):
            blocks[name] = _squeezed(array)
    return header, blocks


def coverage_frame(layer: Layer, key: str, window: tuple[float, float]) -> Framed:
    """Count the observations in each cell of one map."""
    counts, found = dots.counts_per_cell(key, layer, window)
    k = thinning(layer)
    header, _ = _dots(layer, found, window)
    header |= {"most": int(counts.max(initial=0)), "cells": int((counts > 0).sum())}
    some = np.minimum(counts[::k, ::k], 65535).astype(np.uint16)
    return header, {"counts": _squeezed(some)}


def contours_frame(layer: Layer | Difference, low: float, high: float) -> Framed:
    """Draw lines of equal value at round values of a range."""
    from sdcviz.products.contours import contours

    from .parts.colour_key import round_ticks

    if not low < high:
        raise BadRequest("The first value of a range has to be less than the second.")
    try:
        found = contours(layer, round_ticks(low, high, 9))
    except (UnreadableFile, BadRequest) as error:
        return {"levels": [], "labels": [], "left_out": 0, "sentence": str(error)}, {}
    header = {"levels": found.levels, "labels": found.labels, "left_out": found.left_out}
    return header, {"x": _squeezed(found.x), "y": _squeezed(found.y)}


def dots_frame(layer: Layer, key: str, window: tuple[float, float], residuals: bool) -> Framed:
    """Find the observations of one map."""
    return _dots(layer, dots.dots_of(key, layer, window, residuals), window)


def _dots(layer: Layer, found: dots.Dots, window: tuple[float, float]) -> Framed:
    from sdcviz.geo.projection import EARTH_RADIUS, forward
    from sdcviz.products.window import window_words

    columns, box = found.columns, layer.grid.box
    header: dict[str, Any] = {
        "inside": found.inside, "total": found.total, "sentence": found.sentence,
        "drawn": len(columns.get("lon", ())),
        "words": window_words(
            layer.product, layer.view.variable, layer.depth, layer.time, window
        ),
        "unit": layer.view.unit,
    }  # fmt: skip
    if not columns:
        return header, {}
    middle = (box[0] + box[2]) / 2
    lon = (columns["lon"] - middle + 180) % 360 - 180 + middle
    y = forward("mercator", np.zeros(len(lon)), columns["lat"])[1]
    texts = sorted(set(found.stations))
    at = {text: n for n, text in enumerate(texts)}
    header["stations"] = texts
    blocks = {
        "x": (np.radians(lon) * EARTH_RADIUS).astype(np.float32),
        "y": np.asarray(y, np.float32),
        "value": columns["value"].astype(np.float32),
        "depth": columns["depth"].astype(np.float32),
        "time": columns["time"].astype("datetime64[ms]").astype(np.int64).astype(np.float64),
        "station": columns["station"].astype(np.int32),
        "name": np.array([at[t] for t in found.stations], np.int32),
    }
    blocks["time"][np.isnat(columns["time"].astype("datetime64[ms]"))] = np.nan
    if "residual" in columns:
        off = columns["residual"]
        blocks["residual"] = off.astype(np.float32)
        if len(off):
            header["mean"], header["rms"] = float(off.mean()), float(np.sqrt((off**2).mean()))
            header["most"] = float(np.percentile(np.abs(off), 95))
    return header, {name: _squeezed(np.ascontiguousarray(a)) for name, a in blocks.items()}
