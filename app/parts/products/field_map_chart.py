"""The Bokeh figure of a field: coast, pictures, lines, dots; the browser fills most of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import (
    BoxSelectTool,
    ColumnDataSource,
    ImageRGBA,
    LassoSelectTool,
    Line,
    Patch,
    Scatter,
    Text,
)

from sdcviz.geo.coast import coast, coast_lines
from sdcviz.geo.projection import EARTH_RADIUS

from ..chart import LOOKS, PICK, Chart

__all__ = ["PICTURES", "PROJECTION", "ProductChart"]

PROJECTION = "mercator"
PICTURES = 2
"""Layers that the map can show."""
_TURN = 2 * np.pi * EARTH_RADIUS


class ProductChart(Chart):
    """The chart with pictures of fields under the land, and what lies over them.

    What the browser fills is found by its name: ``field-0``, ``field-1``, ``lines``, ``labels``,
    ``spread``, ``place``, ``line``, ``area``, ``draft``, ``cursor``.
    """

    def __init__(self, dark: bool) -> None:
        self._turns: tuple[int, ...] = (0,)
        super().__init__(dark)
        for tool in list(self.figure.toolbar.tools):
            if isinstance(tool, BoxSelectTool | LassoSelectTool):
                self.figure.toolbar.tools.remove(tool)
        # The browser follows the pointer by itself.
        self.figure.js_event_callbacks = {}
        self.figure.name = "product-map"

    def _add_stations(self) -> None:
        """Add the glyphs of this map instead of those of stations."""
        super()._add_stations()
        for renderer in self.figure.renderers:
            # Pictures lie under the land, so that a coarse grid ends at the coast.
            if getattr(renderer, "glyph", None) in (self._lands, self._shores, self._meridians):
                renderer.level = "underlay"
        for n in range(PICTURES):
            empty = {"x": [0.0], "y": [0.0], "dw": [1.0], "dh": [1.0]}
            picture = ColumnDataSource({"image": [np.zeros((1, 1), np.uint32)], **empty})
            self._add(ImageRGBA(), picture, "image", f"field-{n}")
        self._contours = self._named(Line(line_width=0.9, line_alpha=0.75), "glyph", "lines")
        self._heights = self._named(
            Text(angle={"field": "angle"}, text_align="center", text_baseline="middle",
                 text_font_size="11px"),
            "glyph", "labels", "text", "angle",
        )  # fmt: skip
        self._spread = self._named(
            Scatter(size=6, line_width=0.6, line_color="#00000088", fill_color={"field": "c"}),
            "glyph", "spread", "c",
        )  # fmt: skip
        area = Patch(
            fill_color=PICK, fill_alpha=0.07, line_color=PICK, line_width=1.6, line_dash="4 3"
        )
        self._named(area, "overlay", "area")
        self._named(Line(line_color=PICK, line_width=2.2), "overlay", "line")
        self._named(Line(line_color=PICK, line_width=1.8, line_dash="5 4"), "overlay", "draft")
        self._named(
            Scatter(size=14, fill_color=None, line_color=PICK, line_width=2.4), "overlay", "place"
        )
        self._named(
            Scatter(marker="cross", size=16, line_color=PICK, line_width=1.4), "overlay", "cursor"
        )

    def _named(self, glyph: Any, level: str, name: str, *more: str) -> Any:
        source = ColumnDataSource({n: [] for n in ("x", "y", *more)})
        return self._add(glyph, source, level, name)

    def dress(self, dark: bool) -> None:
        """Take the colours of the light or the dark theme."""
        super().dress(dark)
        # Fields have all colours: what is written on them needs a ground of its own.
        for text in (self._degrees, self._length):
            text.update(
                background_fill_color=LOOKS[dark]["page"], background_fill_alpha=0.6, padding=2,
                border_radius=3,
            )  # fmt: skip

    def turn(self, *turns: int) -> None:
        """Draw the Earth again at these turns, for grids that run over the date line."""
        if turns != self._turns:
            self._turns = turns
            self._resolution = None

    def draw_coast(self, projection: str, resolution: str) -> None:
        """Draw land and shore, if they are not there already."""
        before = self._resolution
        if before == (projection, resolution):
            return
        if self._turns == (0,):
            super().draw_coast(projection, resolution)
            return
        self._resolution = projection, resolution
        for source, make in ((self._land, coast), (self._shore, coast_lines)):
            x, y = make(projection, resolution)
            gap = np.array([np.nan], np.float32)
            some_x = [part for t in self._turns for part in (x + np.float32(t * _TURN), gap)]
            some_y = [part for _ in self._turns for part in (y, gap)]
            source.data = {"x": np.concatenate(some_x), "y": np.concatenate(some_y)}
