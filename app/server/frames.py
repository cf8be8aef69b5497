"""Endpoints for the pages of this server: maps of products as few bytes, dots, lines.

Each answers ``length of the header (4 bytes, little-endian), header (JSON), blocks``; the header
says which array each block is and how long; blocks are compressed by zlib (what browsers call
"deflate"). An address with the version of its product stands for the same bytes for ever, so
that stepping back costs nothing. All work is done in the server's threads.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from sdcviz.errors import BadRequest

from .. import comparing, framing, shelf
from .who import Reader

if TYPE_CHECKING:
    from sdcviz.products.layers import Layer

__all__ = ["PREFIX", "routes"]

PREFIX = "/api/frames"
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
        from sdcviz.products.view import mask_of

        product = shelf.open_shared(self.product)
        depth = self.depth
        if depth is not None and not product.grid(self.field).has_depth:
            depth = None
        return Layer(
            product, self.field, depth, self.step, mask_of(self.mask),
            error=self.error, derived=self.derived,
        )  # fmt: skip


@dataclass(frozen=True)
class Beside:
    """The second layer that a query names."""

    other: str
    other_field: str = ""
    other_step: int = -1
    other_derived: str = ""
    other_v: str = ""

    def layer(self, first: Layer) -> Layer:
        """Return the layer that goes with the first one."""
        from sdcviz.products.pairs import beside

        product = shelf.open_shared(self.other)
        return beside(first, product, self.other_field, self.other_step, self.other_derived)


Frame = Annotated[Asked, Depends(Asked)]
Second = Annotated[Beside, Depends(Beside)]


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
        return _answer(layer, asked.v, framing.map_frame(layer, limits, per))

    @router.get("/second")
    def get_second(
        who: Reader, asked: Frame, beside: Second,
        per: Literal["fixed", "depth", "time", "map"] = "fixed",
        low: float | None = None, high: float | None = None,
    ) -> Response:  # fmt: skip
        """Send the map of the second layer, in the range of the first."""
        first = asked.layer()
        limits = None if low is None or high is None else (low, high)
        try:
            found = comparing.second_frame(first, beside.layer(first), limits, per)
        except BadRequest as error:
            found = framing.no_frame(str(error))
        return _answer(first, asked.v, found, beside)

    @router.get("/difference")
    def get_difference(
        who: Reader, asked: Frame, beside: Second,
        per: Literal["fixed", "depth", "time", "map"] = "fixed", spread: float | None = None,
        most: Annotated[float | None, Query(gt=0)] = None,
    ) -> Response:  # fmt: skip
        """Send first minus second, and where both agree within their combined error."""
        from sdcviz.products.difference import difference

        first = asked.layer()
        try:
            found = difference(first, beside.layer(first), spread=spread)
            framed = comparing.difference_frame(found, per, beside.other_step < 0, most)
        except BadRequest as error:
            framed = framing.no_frame(str(error))
        return _answer(first, asked.v, framed, beside)

    @router.get("/lines_of_difference")
    def get_lines_of_difference(
        who: Reader, asked: Frame, beside: Second, low: float, high: float
    ) -> Response:
        """Send lines of equal difference at round values of a range."""
        from sdcviz.products.difference import difference

        first = asked.layer()
        found = difference(first, beside.layer(first), within=False)
        return _answer(first, asked.v, framing.contours_frame(found, low, high), beside)

    @router.get("/lines_of_second")
    def get_lines_of_second(
        who: Reader, asked: Frame, beside: Second, low: float, high: float
    ) -> Response:
        """Send lines of equal value of the second layer."""
        first = asked.layer()
        framed = framing.contours_frame(beside.layer(first), low, high)
        return _answer(first, asked.v, framed, beside)

    @router.get("/grid")
    def get_grid(who: Reader, asked: Frame) -> Response:
        """Send where the points of the layer's grid lie."""
        layer = asked.layer()
        return _answer(layer, asked.v, framing.grid_frame(layer))

    @router.get("/dots")
    def get_dots(
        who: Reader, asked: Frame, key: str, metres: Annotated[float, Query(ge=0)] = 0.0,
        days: Annotated[float, Query(ge=0)] = 0.0, residuals: bool = False,
    ) -> Response:  # fmt: skip
        """Send the observations of one map."""
        layer = asked.layer()
        found = framing.dots_frame(layer, key, (metres, days), residuals)
        return _answer(layer, asked.v, found)

    @router.get("/coverage")
    def get_coverage(
        who: Reader, asked: Frame, key: str, metres: Annotated[float, Query(ge=0)] = 0.0,
        days: Annotated[float, Query(ge=0)] = 0.0,
    ) -> Response:  # fmt: skip
        """Send the number of observations in each cell of one map."""
        layer = asked.layer()
        return _answer(layer, asked.v, framing.coverage_frame(layer, key, (metres, days)))

    @router.get("/contours")
    def get_contours(who: Reader, asked: Frame, low: float, high: float) -> Response:
        """Send lines of equal value at round values of a range."""
        layer = asked.layer()
        return _answer(layer, asked.v, framing.contours_frame(layer, low, high))

    return router


def _answer(
    layer: Layer, asked: str, framed: framing.Framed, beside: Beside | None = None
) -> Response:
    header, blocks = framed
    header["version"] = version = framing.version_of(layer.product)
    header["blocks"] = [[name, kind, len(data)] for name, (kind, data) in blocks.items()]
    told = json.dumps(header, allow_nan=False).encode()
    told += b" " * (-len(told) % 4)
    body = b"".join([struct.pack("<I", len(told)), told, *(data for _, data in blocks.values())])
    keep = version == asked and header.get("answer") != "damaged"
    if beside is not None:
        keep &= framing.version_of(shelf.open_shared(beside.other)) == beside.other_v
    cache = f"private, max-age={_AGE}, immutable" if keep else "no-store"
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": cache})
