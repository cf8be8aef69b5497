"""Endpoints for the pages of this server: maps of products as few bytes, dots, lines.

Each answers ``length of the header (4 bytes, little-endian), header (JSON), blocks``; the header
says which array each block is and how long; blocks are compressed by zlib (what browsers call
"deflate"). An address with the version of its product stands for the same bytes for ever, so
that stepping back costs nothing. All work is done in the server's threads.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from numpy.typing import NDArray

from sdcviz.errors import BadRequest, SourceUnavailable, UnreadableFile

from .. import dots, shelf
from .who import Reader

if TYPE_CHECKING:
    from sdcviz.products import Product
    from sdcviz.products.layers import Layer
    from sdcviz.products.maps import MapBytes

__all__ = ["ERROR_STEP", "PREFIX", "routes", "version_of"]

PREFIX = "/api/frames"
MOST_POINTS = 3_000_000
"""Points of a map that are sent; of a finer grid every k-th."""
ERROR_STEP = 0.005
"""Steps of the relative error in a frame: masks of whole steps are exact."""
_AGE = 7 * 24 * 3600


@dataclass(frozen=True)
class Asked:
    """The layer that a query names."""

    product: str
    field: str = ""
    depth: float | None = None
    step: int = 0
    mask: str = ""
    error: bool = False
    derived: str = ""
    v: str = ""

    def layer(self) -> Layer:
        """Return the layer of the product of the shelf."""
        from sdcviz.products.layers import Layer

        mask: str | float | None = self.mask or None
        if mask:
            try:
                mask = float(self.mask)
            except ValueError:
                mask = self.mask
        product = shelf.open_shared(self.product)
        depth = self.depth
        if depth is not None and not product.grid(self.field).has_depth:
            depth = None
        return Layer(
            product, self.field, depth, self.step, mask, error=self.error, derived=self.derived
        )


Frame = Annotated[Asked, Depends(Asked)]


def version_of(product: Product) -> str:
    """Return a text that is another one when the values of a product may be."""
    state = product.source.fingerprint() + json.dumps(product.given, sort_keys=True, default=str)
    return f"{zlib.crc32(state.encode()):08x}"


def routes() -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)

    @router.get("/map")
    def get_map(
        who: Reader, asked: Frame, per: Literal["fixed", "depth", "time", "map"] = "fixed",
        low: float | None = None, high: float | None = None,
    ) -> Response:  # fmt: skip
        """Send one map, and the relative error of its field where there is one."""
        layer = asked.layer()
        limits = None if low is None or high is None else (low, high)
        header, blocks = _map(layer, limits, per)
        return _answer(layer.product, asked.v, header, blocks)

    @router.get("/grid")
    def get_grid(who: Reader, asked: Frame) -> Response:
        """Send where the points of the layer's grid lie."""
        layer = asked.layer()
        header, blocks = _grid(layer)
        return _answer(layer.product, asked.v, header, blocks)

    @router.get("/dots")
    def get_dots(
        who: Reader, asked: Frame, key: str, metres: Annotated[float, Query(ge=0)] = 0.0,
        days: Annotated[float, Query(ge=0)] = 0.0, residuals: bool = False,
    ) -> Response:  # fmt: skip
        """Send the observations of one map."""
        layer = asked.layer()
        found = dots.dots_of(key, layer, (metres, days), residuals)
        header, blocks = _dots(layer, found, (metres, days))
        return _answer(layer.product, asked.v, header, blocks)

    @router.get("/coverage")
    def get_coverage(
        who: Reader, asked: Frame, key: str, metres: Annotated[float, Query(ge=0)] = 0.0,
        days: Annotated[float, Query(ge=0)] = 0.0,
    ) -> Response:  # fmt: skip
        """Send the number of observations in each cell of one map."""
        layer = asked.layer()
        counts, found = dots.counts_per_cell(key, layer, (metres, days))
        k = _thinning(layer)
        header, _ = _dots(layer, found, (metres, days))
        header |= {"most": int(counts.max(initial=0)), "cells": int((counts > 0).sum())}
        some = np.minimum(counts[::k, ::k], 65535).astype(np.uint16)
        return _answer(layer.product, asked.v, header, {"counts": _squeezed(some)})

    @router.get("/contours")
    def get_contours(who: Reader, asked: Frame, low: float, high: float) -> Response:
        """Send lines of equal value at round values of a range."""
        from sdcviz.products.contours import contours

        from ..parts.colour_key import round_ticks

        if not low < high:
            raise BadRequest("The first value of a range has to be less than the second.")
        layer = asked.layer()
        header: dict[str, Any] = {"levels": [], "labels": [], "left_out": 0}
        blocks = {}
        try:
            found = contours(layer, round_ticks(low, high, 9))
            header = {
                "levels": found.levels, "labels": found.labels, "left_out": found.left_out,
            }  # fmt: skip
            blocks = {"x": _squeezed(found.x), "y": _squeezed(found.y)}
        except (UnreadableFile, BadRequest) as error:
            header["sentence"] = str(error)
        return _answer(layer.product, asked.v, header, blocks)

    return router


# ---- answers ---------------------------------------------------------------------
def _answer(
    product: Product, asked: str, header: dict[str, Any], blocks: dict[str, tuple[str, bytes]]
) -> Response:
    version = version_of(product)
    header["version"] = version
    header["blocks"] = [[name, kind, len(data)] for name, (kind, data) in blocks.items()]
    told = json.dumps(header, allow_nan=False).encode()
    told += b" " * (-len(told) % 4)
    body = b"".join([struct.pack("<I", len(told)), told, *(data for _, data in blocks.values())])
    keep = version == asked and header.get("answer") != "damaged"
    cache = f"private, max-age={_AGE}, immutable" if keep else "no-store"
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": cache})


def _squeezed(array: NDArray) -> tuple[str, bytes]:
    kinds = {"float32": "f4", "float64": "f8", "int32": "i4", "uint16": "u2", "uint8": "u1"}
    return kinds[array.dtype.name], zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


def _thinning(layer: Layer) -> int:
    from sdcviz.products.raster import thinned

    return thinned(layer.grid, MOST_POINTS)[1]


def _map(
    layer: Layer, limits: tuple[float, float] | None, per: str
) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    from sdcviz.products.maps import ABOVE, BELOW, packed
    from sdcviz.products.ranges import range_for

    if limits is None:
        limits = range_for(layer, per)
    made = layer.map(limits)
    codes = made.codes()
    counts = np.bincount(codes.ravel(), minlength=256)
    k = _thinning(layer)
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


def _grid(layer: Layer) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
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


def _dots(
    layer: Layer, found: dots.Dots, window: tuple[float, float]
) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
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
