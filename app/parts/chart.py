"""The Bokeh figure of the map: glyphs and their looks, nothing about stations' meaning."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.models import (
    BoxSelectTool,
    BoxZoomTool,
    ColumnDataSource,
    CustomJS,
    Glyph,
    Image,
    LassoSelectTool,
    Line,
    LinearColorMapper,
    PanTool,
    Patch,
    Plot,
    Range1d,
    Rect,
    Scatter,
    Text,
    TileRenderer,
    WheelZoomTool,
    WMTSTileSource,
)
from numpy.typing import NDArray

from sdcviz.geo.coast import coast, coast_lines
from sdcviz.geo.graticule import Graticule, ScaleBar
from sdcviz.observations.aggregate import MapLayer, View
from sdcviz.settings import get_settings

from .colour_key import CLEAR, ColourKey

__all__ = ["Chart"]

QUIET = 40
"""Milliseconds without a wheel turn after which the browser tells the new range."""
POINTER = 90
"""Milliseconds at rest after which the browser tells where the pointer is."""
PICK = "#ff3d7f"
"""Colour of what is selected: in no colour map, seen on light and dark."""
LOOKS = {
    False: {
        "sea": "#f3f7f9",
        "land": "#d9d5ca",
        "shore": "#8b8778",
        "ink": "#46555e",
        "page": "#ffffff",
        "edge": "#dde4e8",
    },
    True: {
        "sea": "#0d1b24",
        "land": "#333b40",
        "shore": "#66727a",
        "ink": "#a9b8c1",
        "page": "#12181d",
        "edge": "#2a343b",
    },
}
"""Colours of the ground, light and dark."""

_POINT_JS = """
clearTimeout(source._timer)
source._timer = setTimeout(() => { source.data = {x: [cb_obj.x], y: [cb_obj.y]} }, %d)
"""


# A selection event does not say which keys were held; the drag before it does.
_KEYS_JS = """
const shift = cb_obj.modifiers.shift
if (source.data.shift[0] !== shift) { source.data = {shift: [shift]} }
"""


def _drop(source: ColumnDataSource) -> None:
    source.data = {name: [] for name in source.data}


def _empty(*names: str) -> ColumnDataSource:
    return ColumnDataSource({name: [] for name in names})


class Chart:
    """A figure with coast, graticule, stations, selection and colour bar.

    Parameters
    ----------
    dark : bool
        Theme to begin with.
    """

    def __init__(self, dark: bool) -> None:
        # A bare plot: the graticule takes the place of axes and grids.
        self.figure = Plot(
            x_range=Range1d(-1, 1, min_interval=400, max_interval=6e7),
            y_range=Range1d(-1, 1, min_interval=400, max_interval=6e7),
            toolbar_location="right",
            sizing_mode="stretch_both",
            min_border=0,
            lod_timeout=QUIET,
            name="map",
            # The theme's letters of colour bar and legend are relative to this.
            styles={"font-size": "12.5px"},
        )
        self.pointer = _empty("x", "y")
        self.keys = ColumnDataSource({"shift": [False]})
        self._resolution: tuple[str, str] | None = None
        self._add_tools()
        self._add_ground()
        self._add_stations()
        self._add_frame()
        self.dress(dark)

    # ---- glyphs ------------------------------------------------------------

    def _add_tools(self) -> None:
        # Without the focus Bokeh would keep no limits: one could zoom into nothing.
        wheel = WheelZoomTool(zoom_on_axis=False, maintain_focus=True)
        pan = PanTool()
        # Without renderers: a selection is a list of rows of ours, never Bokeh's own.
        box = BoxSelectTool(description="Select a box (Shift adds)", renderers=[])
        lasso = LassoSelectTool(
            description="Select with a lasso (Shift adds)", continuous=False, renderers=[]
        )
        self.figure.add_tools(pan, wheel, BoxZoomTool(match_aspect=True), box, lasso)
        self.figure.toolbar.update(active_scroll=wheel, active_drag=pan, logo=None)
        self.figure.js_on_event(
            "mousemove", CustomJS(args={"source": self.pointer}, code=_POINT_JS % POINTER)
        )

        self.figure.js_on_event("panstart", CustomJS(args={"source": self.keys}, code=_KEYS_JS))

    def _add(self, glyph: Glyph, source: ColumnDataSource, level: str, name: str = "") -> Glyph:
        self.figure.add_glyph(source, glyph, level=level, name=name or None)
        return glyph

    def _add_ground(self) -> None:
        self._land = _empty("x", "y")
        self._shore = _empty("x", "y")
        self._lines = _empty("x", "y")
        # The page's theme owns the background of a plot, so the sea is a glyph of its own.
        far = ColumnDataSource({"x": [0], "y": [0]})
        self._sea = self._add(Rect(width=2e8, height=2e8, line_color=None), far, "image")
        self._lands = self._add(Patch(line_color=None), self._land, "image", "land")
        self._tiles = self._add_tiles()
        self._shores = self._add(Line(line_width=0.7), self._shore, "image")
        self._meridians = self._add(Line(line_width=0.6, line_alpha=0.35), self._lines, "image")

    def _add_tiles(self) -> TileRenderer | None:
        """Add the background of the settings: without one no request leaves the machine."""
        settings = get_settings()
        if not settings.tile_url:
            return None
        tiles = WMTSTileSource(url=settings.tile_url, attribution=settings.tile_attribution)
        return self.figure.add_tile(tiles, level="image")

    def _add_stations(self) -> None:
        self.key = ColourKey(self.figure)
        self._pixels = _empty("image", "x", "y", "dw", "dh")
        self._add(Image(color_mapper=self.key.mapper), self._pixels, "glyph", "stations")
        self._dots = _empty("x", "y", "c")
        colour = {"field": "c", "transform": self.key.mapper}
        self._spots = self._add(
            Scatter(size=7, line_width=0.6, fill_color=colour), self._dots, "glyph", "dots"
        )
        self._picked_pixels = _empty("image", "x", "y", "dw", "dh")
        self._picked = _empty("x", "y")
        self._outline = _empty("x", "y")
        self._at = _empty("x", "y")
        self._marking = False

    def _add_marks(self) -> None:
        """Add the glyphs of a selection, once there is one: each costs every new page."""
        if self._marking:
            return
        self._marking = True
        picked = LinearColorMapper(palette=[CLEAR, PICK], low=0, high=1)
        shape = Patch(
            fill_color=PICK, fill_alpha=0.06, line_color=PICK, line_width=1.2, line_dash="4 3"
        )
        self._add(Image(color_mapper=picked), self._picked_pixels, "overlay")
        self._add(_ring(9, 1.6), self._picked, "overlay", "picked")
        self._add(shape, self._outline, "overlay")
        self._add(_ring(18, 2.5), self._at, "overlay", "card")

    def _add_frame(self) -> None:
        self._labels = _empty("x", "y", "text", "dx", "dy", "align")
        degrees = Text(
            x_offset={"field": "dx"}, y_offset={"field": "dy"}, text_align={"field": "align"},
            text_baseline="middle", text_font_size="11px",
        )  # fmt: skip
        self._degrees = self._add(degrees, self._labels, "overlay")
        self._bar = _empty("x", "y")
        self._scale = self._add(Line(line_width=2), self._bar, "overlay")
        self._bar_label = _empty("x", "y", "text")
        length = Text(
            y_offset=-5, text_align="center", text_baseline="bottom", text_font_size="11px"
        )
        self._length = self._add(length, self._bar_label, "overlay")

    # ---- look --------------------------------------------------------------

    def dress(self, dark: bool) -> None:
        """Take the colours of the light or the dark theme."""
        look = LOOKS[dark]
        self.key.dark = dark
        self._sea.fill_color = look["sea"]
        self._lands.fill_color = look["land"]
        self._spots.line_color = look["sea"]
        self._scale.line_color = look["ink"]
        self.figure.update(
            border_fill_color=look["page"],
            background_fill_color=look["sea"],
            outline_line_color=look["edge"],
        )
        for line in (self._shores, self._meridians):
            line.line_color = look["shore"]
        for text in (self._degrees, self._length):
            text.text_color = look["ink"]

    # ---- view --------------------------------------------------------------

    @property
    def sized(self) -> bool:
        """Whether the browser has told the size of the figure."""
        try:
            return bool(self.figure.inner_width and self.figure.inner_height)
        except UnsetValueError:
            return False

    def view(self) -> View:
        """Return what the figure shows now."""
        x, y = self.figure.x_range, self.figure.y_range
        return View(
            float(x.start), float(x.end), float(y.start), float(y.end),
            int(self.figure.inner_width), int(self.figure.inner_height),
        )  # fmt: skip

    def show(self, box: tuple[float, float, float, float]) -> None:
        """Bring a projected rectangle (x0, y0, x1, y1) into view."""
        x0, y0, x1, y1 = box
        self.figure.x_range.update(start=x0, end=x1)
        self.figure.y_range.update(start=y0, end=y1)
        if self.sized:
            self.keep_shape(widen=True)

    def keep_scale(self, pixel: float, middle: tuple[float, float]) -> None:
        """Show what fits around a point at a given size of a pixel (projected metres)."""
        half_x = pixel * self.figure.inner_width / 2
        half_y = pixel * self.figure.inner_height / 2
        self.figure.x_range.update(start=middle[0] - half_x, end=middle[0] + half_x)
        self.figure.y_range.update(start=middle[1] - half_y, end=middle[1] + half_y)

    def keep_shape(self, widen: bool = False) -> bool:
        """Give a metre the same length both ways; return whether something changed.

        Parameters
        ----------
        widen : bool
            Show at least what is asked for, instead of keeping the width.
        """
        x, y = self.figure.x_range, self.figure.y_range
        width, height = self.figure.inner_width, self.figure.inner_height
        per_x, per_y = (x.end - x.start) / width, (y.end - y.start) / height
        if abs(per_y / per_x - 1) < 0.005:
            return False
        if widen and per_y > per_x:
            middle, half = (x.start + x.end) / 2, per_y * width / 2
            x.update(start=middle - half, end=middle + half)
        else:
            middle, half = (y.start + y.end) / 2, per_x * height / 2
            y.update(start=middle - half, end=middle + half)
        return True

    # ---- pictures ----------------------------------------------------------

    def draw_coast(self, projection: str, resolution: str) -> None:
        """Draw land and shore, if they are not there already."""
        if self._resolution == (projection, resolution):
            return
        self._resolution = projection, resolution
        if self._tiles is not None:
            self._tiles.visible = projection == "mercator"
        for source, make in ((self._land, coast), (self._shore, coast_lines)):
            x, y = make(projection, resolution)
            source.data = {"x": x, "y": y}

    def draw_frame(self, lines: Graticule, bar: ScaleBar) -> None:
        """Draw meridians and parallels with their degrees, and the scale bar."""
        view = self.view()
        self._lines.data = {"x": lines.x, "y": lines.y}
        edges = np.array(lines.label_edge)
        # Bottom labels leave the corner to the scale bar.
        x, y = lines.label_x, lines.label_y
        room = bar.length + 60 * view.pixel
        keep = (edges != "bottom") | (x < view.x1 - room)
        keep &= (edges != "left") | (y > view.y0 + 24 * view.pixel)
        left = edges == "left"
        self._labels.data = {
            "x": x[keep],
            "y": y[keep],
            "text": [t for t, k in zip(lines.label_text, keep, strict=True) if k],
            "dx": np.where(left, 5, 0)[keep],
            "dy": np.where(edges == "bottom", -9, 0)[keep],
            "align": np.where(left, "left", "center")[keep].tolist(),
        }
        x1, y0 = view.x1 - 14 * view.pixel, view.y0 + 10 * view.pixel
        tip = y0 + 4 * view.pixel
        self._bar.data = {
            "x": [x1 - bar.length, x1 - bar.length, x1, x1],
            "y": [tip, y0, y0, tip],
        }
        self._bar_label.data = {"x": [x1 - bar.length / 2], "y": [y0], "text": [bar.label]}

    def clear(self) -> None:
        """Draw no stations."""
        _drop(self._pixels)
        _drop(self._dots)
        self.unmark()
        self.key.hide()

    def draw_pixels(self, view: View, index: NDArray[np.uint8]) -> None:
        """Draw a picture of colour numbers, one byte a pixel."""
        self._pixels.data = _picture(view, index)
        if len(self._dots.data["x"]):
            self._dots.data = {"x": [], "y": [], "c": []}

    def draw_dots(self, layer: MapLayer, inside: NDArray, index: NDArray[np.uint8]) -> None:
        """Draw stations as dots; those without a colour (0) are left out."""
        shown = index > 0
        inside = inside[shown]
        self._dots.data = {"x": layer.x[inside], "y": layer.y[inside], "c": index[shown]}
        if len(self._pixels.data["image"]):
            _drop(self._pixels)

    def mark_dots(self, layer: MapLayer, inside: NDArray) -> None:
        """Mark selected stations, one ring each."""
        self._add_marks()
        self._picked.data = {"x": layer.x[inside], "y": layer.y[inside]}
        if len(self._picked_pixels.data["image"]):
            _drop(self._picked_pixels)

    def mark_pixels(self, view: View, index: NDArray[np.uint8]) -> None:
        """Mark the pixels of selected stations."""
        self._add_marks()
        self._picked_pixels.data = _picture(view, index)
        if len(self._picked.data["x"]):
            self._picked.data = {"x": [], "y": []}

    def unmark(self) -> None:
        """Mark nothing."""
        for source in (self._picked, self._picked_pixels, self._at):
            if len(source.data["x"]):
                _drop(source)

    def ring(self, at: tuple[float, float] | None) -> None:
        """Put the ring of the station card, or take it away."""
        if at:
            self._add_marks()
            self._at.data = {"x": [at[0]], "y": [at[1]]}
        elif len(self._at.data["x"]):
            _drop(self._at)

    def draw_shape(self, corners: NDArray | None) -> None:
        """Draw the outline of a selection, or none."""
        if corners is not None:
            self._add_marks()
            self._outline.data = {"x": corners[:, 0], "y": corners[:, 1]}
        elif len(self._outline.data["x"]):
            self._outline.data = {"x": [], "y": []}

    def shape(self) -> NDArray[np.float64] | None:
        """Return the corners of the outline, shape (n, 2), or None."""
        x, y = self._outline.data["x"], self._outline.data["y"]
        return np.column_stack([x, y]) if len(x) else None


def _ring(size: float, width: float) -> Scatter:
    return Scatter(size=size, fill_color=None, line_color=PICK, line_width=width)


def _picture(view: View, index: NDArray[np.uint8]) -> dict[str, list[Any]]:
    return {
        "image": [index],
        "x": [view.x0],
        "y": [view.y0],
        "dw": [view.x1 - view.x0],
        "dh": [view.y1 - view.y0],
    }
