"""The map of a recipe: the frame of its domain, observations, and the preview inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import param
from bokeh.events import RangesUpdate, SelectionGeometry

from sdcviz.geo.coast import resolution_for
from sdcviz.geo.graticule import graticule, scale_bar, view_extent
from sdcviz.geo.projection import forward, inverse
from sdcviz.observations.aggregate import MapLayer, View
from sdcviz.observations.colour_index import count_index, fill_gaps, value_index
from sdcviz.plots.axes import colormap_of

from ...draft import Draft
from ...layers import rows_layer
from ...layouts import Colours, current_layout
from .field_chart import PROJECTION, FieldChart, on_pixels
from .insight import Insight

__all__ = ["DomainMap"]

REST = 140
"""Milliseconds after the last move of the frame when it is taken."""
EDGE = 85.0
"""Latitude to which this map reaches."""


class DomainMap(pn.viewable.Viewer):
    """The map of the tab; it reads draft and preview, and writes the domain of the draft."""

    draft = param.ClassSelector(class_=Draft, instantiate=False, doc="The recipe.")
    insight = param.ClassSelector(class_=Insight, instantiate=False, doc="Its preview.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.draft.session
        self.chart = FieldChart(session.dark)
        self._placed: tuple[float, ...] | None = None
        self._moving: Any = None
        self._fitted: Any = None
        self._seen: View | None = None
        self._pane = pn.pane.Bokeh(
            self.chart.figure, sizing_mode="stretch_both", margin=0, min_height=240
        )
        self._connect()
        self.chart.draw_coast(PROJECTION, "110m")
        self._follow()

    def __panel__(self) -> Any:
        return self._pane

    def _connect(self) -> None:
        figure, session = self.chart.figure, self.draft.session
        figure.on_event(RangesUpdate, lambda _: self._moved())
        figure.on_event(SelectionGeometry, self._drawn)
        for side in ("inner_width", "inner_height"):
            figure.on_change(side, lambda attr, old, new: self._resized())
        for side in ("left", "right", "top", "bottom"):
            self.chart.frame.on_change(side, lambda attr, old, new: self._dragged())
        self.draft.param.watch(lambda *_: self._follow(), "content")
        self.insight.param.watch(lambda *_: self._draw(), ["seen"])
        names = ["preview", "clim", "colormap", "collection_version"]
        session.param.watch(lambda *_: self._draw(), names)
        session.param.watch(lambda e: (self.chart.dress(e.new), self._draw()), "dark")

    # ---- the frame of the domain -----------------------------------------------
    def _box(self) -> tuple[float, float, float, float] | None:
        """Return the domain of the draft, east of west, or None while it is no box."""
        box = self.draft.get("domain.box")
        try:
            west, south, east, north = (float(v) for v in box)
        except (TypeError, ValueError):
            return None
        if not (-90 <= south < north <= 90) or west == east:
            return None
        return west, max(south, -EDGE), east if east > west else east + 360, min(north, EDGE)

    def _follow(self) -> None:
        """Put the frame where the draft says; look at a new recipe as a whole."""
        box = self._box()
        if box is None:
            return
        west, south, east, north = box
        x, y = forward(PROJECTION, np.array([west, west + (east - west)]), np.array([south, north]))
        width = (east - west) * np.pi / 180 * 6_378_137.0
        left, bottom, top = float(x[0]), float(y[0]), float(y[1])
        right = left + float(width)
        if self._placed != (left, right, bottom, top):
            self._placed = left, right, bottom, top
            self.chart.frame.update(left=left, right=right, bottom=bottom, top=top, visible=True)
        key = (self.draft.session.collection, self.draft.saved_as)
        if self._fitted != key:
            self._fitted = key
            self.fit()

    def fit(self) -> None:
        """Look at the whole domain."""
        if self._placed is None:
            return
        left, right, bottom, top = self._placed
        room = 0.08 * max(right - left, top - bottom)
        self.chart.show((left - room, bottom - room, right + room, top + room))
        self._moved()

    def _dragged(self) -> None:
        """Take the frame once it rests."""
        document = pn.state.curdoc
        if self._moving is not None or self._sides() == self._placed:
            return
        if document is None or document.session_context is None:
            self._take(self._sides())
            return

        def look(before: tuple[float, ...]) -> None:
            now = self._sides()
            if now != before:
                document.add_timeout_callback(lambda: look(now), REST)
                return
            self._moving = None
            self._take(now)

        self._moving = True
        begun = self._sides()
        document.add_timeout_callback(lambda: look(begun), REST)

    def _sides(self) -> tuple[float, ...]:
        frame = self.chart.frame
        return tuple(float(v) for v in (frame.left, frame.right, frame.bottom, frame.top))

    def _drawn(self, event: Any) -> None:
        """Take a new box, drawn with the tool."""
        geometry = event.geometry
        if not event.final or geometry["type"] != "rect":
            return
        (left, right), (bottom, top) = (
            sorted((geometry[f"{a}0"], geometry[f"{a}1"])) for a in "xy"
        )
        self._take((left, right, bottom, top))

    def _take(self, sides: tuple[float, ...]) -> None:
        """Write a frame into the draft, rounded to what the map resolves."""
        left, right, bottom, top = sides
        if sides == self._placed or right <= left or top <= bottom:
            return
        lon, lat = inverse(PROJECTION, np.array([left, right]), np.array([bottom, top]))
        digits = int(np.clip(2 - np.floor(np.log10(max(lat[1] - lat[0], 1e-6))), 1, 4))
        box = [round(float(v), digits) for v in (lon[0], lat[0], lon[1], lat[1])]
        if box[0] == box[2] or box[1] >= box[3]:
            self._placed = None
            self._follow()
            return
        self._placed = None  # rounded, the frame moves a little
        self.draft.put({"domain.box": box})
        self._follow()

    # ---- the view ----------------------------------------------------------------
    def _resized(self) -> None:
        """Look at the domain at first; then keep scale and middle."""
        if not self.chart.sized:
            return
        view = self._seen
        if view is None:
            self.fit()
            return
        middle = (view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2
        self.chart.keep_scale(view.pixel, middle)
        self._moved()

    def _moved(self) -> None:
        if not self.chart.sized:
            return
        self.chart.keep_shape()
        self._seen = view = self.chart.view()
        extent = view_extent(PROJECTION, (view.x0, view.x1), (view.y0, view.y1))
        self.chart.draw_frame(
            graticule(PROJECTION, (view.x0, view.x1), (view.y0, view.y1)),
            scale_bar((view.x0, view.x1), (view.y0, view.y1), PROJECTION),
        )
        self.chart.draw_coast(PROJECTION, resolution_for(view.x1 - view.x0, extent))
        self._draw()

    # ---- pictures ------------------------------------------------------------------
    def _layer(self) -> MapLayer | None:
        data = self.draft.data
        return None if data is None else rows_layer(data, PROJECTION, np.arange(data.n_stations))

    def _draw(self) -> None:
        """Draw what is asked for: the density of stations, the field or its error."""
        if not self.chart.sized:
            return
        kind, seen = self.draft.session.preview, self.insight.seen
        if kind == "observations" or not seen:
            self.chart.clear_field()
            self._draw_density()
        elif kind == "error":
            self.chart.clear()
            self._draw_error(seen)
        else:
            self.chart.clear()
            self._draw_field(seen)

    def _draw_density(self) -> None:
        layer, view = self._layer(), self.chart.view()
        if layer is None:
            return
        index, most = count_index(layer.count(view))
        few = layer.number(view) < 200_000
        self.chart.draw_pixels(view, fill_gaps(index, 1) if few else index)
        self.chart.key.counts(most, None)

    def _draw_field(self, seen: dict[str, Any]) -> None:
        low, high = self.limits(seen)
        view = self.chart.view()
        self.chart.draw_field(view, value_index(on_pixels(seen, "field", view), low, high))
        lon, lat, value = seen["dots"]
        x, y = forward(PROJECTION, lon.astype(float), lat.astype(float))
        order = np.random.default_rng(0).permutation(len(x))  # no cruise over all others
        self.chart.draw_used(x[order], y[order], value_index(value[order], low, high))
        info = self.draft.data.parameter(self.draft.get("parameter"))
        title = f"{info.label} [{info.unit}]" if info.unit else info.label
        own = current_layout().colours.get(info.key)
        usual = own.map if own is not None and own.map else colormap_of(info)
        self.chart.key.values(low, high, title, self.draft.session.colormap or usual)

    def _draw_error(self, seen: dict[str, Any]) -> None:
        view = self.chart.view()
        grid = on_pixels(seen, "error", view)
        self.chart.draw_field(view, value_index(grid, 0.0, 1.0))
        self.chart.draw_used(*(np.empty(0),) * 2, np.empty(0, np.uint8))
        self.chart.key.values(0.0, 1.0, "Relative error", "matter")

    def limits(self, seen: dict[str, Any]) -> tuple[float, float]:
        """Return the range of colours: field and observations, without the outermost."""
        session = self.draft.session
        if session.clim and session.parameter == self.draft.get("parameter"):
            return session.clim
        own = current_layout().colours.get(self.draft.get("parameter"), Colours())
        if own.range:
            return own.range
        sea = seen["field"][np.isfinite(seen["field"])]
        if not len(sea):
            return 0.0, 1.0
        low, high = (float(v) for v in np.percentile(sea, (1, 99)))
        if len(seen["dots"][2]):
            ends = np.percentile(seen["dots"][2], (2, 98))
            low, high = min(low, float(ends[0])), max(high, float(ends[1]))
        return (low, high) if high > low else (low - 0.5, high + 0.5)
