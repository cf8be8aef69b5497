"""The map: stations over the coast, one byte a pixel, and the tools to pick them."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import panel as pn
import param
from bokeh.events import MouseLeave, RangesUpdate, SelectionGeometry, Tap
from numpy.typing import NDArray

from sdcviz.geo.coast import resolution_for
from sdcviz.geo.graticule import graticule, scale_bar, view_extent
from sdcviz.geo.projection import forward, inverse, projection
from sdcviz.observations.aggregate import MapLayer, View
from sdcviz.observations.colour_index import count_index, fill_gaps, value_index
from sdcviz.plots.axes import colormap_of

from ..layers import Colouring, colouring, layer_of, rows_layer
from ..layouts import current_layout
from ..session import Session
from .chart import Chart

__all__ = ["MapPart"]

DOTS = 4000
"""Up to so many stations in view are drawn as dots of a fixed size, more as pixels."""
MARKS = 400
"""Up to so many selected stations in view have rings; of more the colours must show through."""
MANY, OUTER = 1000, 0.002
"""Of at least so many stations, this part on each side does not decide what is shown at first."""
REACH = 6
"""A tap or a hover finds stations within so many pixels."""


class MapPart(pn.viewable.Viewer):
    """The map of the open collection.

    It reads the filters, the colouring and the extent of the session, and
    writes the extent, the selection and the station that was tapped.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    hint = param.String(doc="What lies under the pointer: position, stations, the nearest one.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._chart = Chart(self.session.dark)
        self._drawn: View | None = None
        self._connect()
        self._pane = pn.pane.Bokeh(
            self._chart.figure, sizing_mode="stretch_both", margin=0, min_height=240
        )
        self._restart()

    def __panel__(self) -> Any:
        return self._pane

    def _connect(self) -> None:
        figure = self._chart.figure
        figure.on_event(RangesUpdate, lambda _: self._moved())
        figure.on_event(SelectionGeometry, self._select)
        figure.on_event(Tap, self._tap)
        figure.on_event(MouseLeave, lambda _: self.param.update(hint=""))
        for side in ("inner_width", "inner_height"):
            figure.on_change(side, lambda attr, old, new: self._resized())
        self._chart.pointer.on_change("data", lambda attr, old, new: self._hover())
        watch = self.session.param.watch
        watch(self._restart, ["collection", "collection_version", "projection"])
        watch(
            self._redraw, [*self.session.filter_names, "colour_by", "parameter", "clim", "colormap"]
        )
        watch(self._follow_flags, "explored_flags")
        watch(lambda *_: self._draw_picked(), ["selection", "brush", "station"])
        watch(self._dress, "dark")
        watch(self._extent_set, "extent")

    def _follow_flags(self, _: Any) -> None:
        """Draw again where flags decide what is shown, or in which colour."""
        if self.session.colour_by in ("mean", "flag") or self.session.filters.flag_keys:
            self._redraw()

    def _dress(self, event: Any) -> None:
        """Take the theme; many stations stand out in dark colours on light, light on dark."""
        self._chart.dress(event.new)
        self._redraw()

    # ---- what is in view --------------------------------------------------

    def _restart(self, *_: Any) -> None:
        """Show another collection or projection from its whole extent, or that of the link."""
        self._chart.draw_coast(self.session.projection, "110m")
        self._chart.draw_shape(None)
        if self.session.extent:
            self._show(self._projected_box(self.session.extent))
        else:
            self.fit(most=True)

    def fit(self, most: bool = False) -> None:
        """Show all stations that pass the filters.

        Parameters
        ----------
        most : bool
            Leave out the outermost ones of many: a few wrong positions must not
            make a sea small at first sight.
        """
        layer = layer_of(self.session)
        bounds = layer.bounds if layer is not None else None
        if most and layer is not None and len(layer) >= MANY:
            (x0, x1), (y0, y1) = (np.quantile(a, (OUTER, 1 - OUTER)) for a in (layer.x, layer.y))
            bounds = float(x0), float(y0), float(x1), float(y1)
        whole = projection(self.session.projection)
        if bounds is None:
            limit = 0.72 if self.session.projection == "mercator" else 1.0
            (x0, x1), (y0, y1) = whole.x_range, whole.y_range
            bounds = x0, y0 * limit, x1, y1 * limit
        x0, y0, x1, y1 = bounds
        # Room around, and never closer than some 20 km: a lone station needs surroundings.
        room = max(0.06 * (x1 - x0), 0.06 * (y1 - y0), 10_000)
        self._show((x0 - room, y0 - room, x1 + room, y1 + room))

    def _show(self, box: tuple[float, float, float, float]) -> None:
        """Bring a projected rectangle into view, at the shape of the figure."""
        self._chart.show(box)
        self._moved()

    def _extent_set(self, event: Any) -> None:
        """Follow an extent that something else than the map has written (a link, a button)."""
        if event.new and self._drawn is not None and event.new != self._extent(self._drawn):
            self._show(self._projected_box(event.new))

    def _projected_box(self, extent: tuple[float, ...]) -> tuple[float, float, float, float]:
        west, south, east, north = extent
        lon, lat = np.meshgrid(np.linspace(west, east, 33), np.linspace(south, north, 9))
        x, y = forward(self.session.projection, lon.ravel(), lat.ravel())
        return tuple(
            float(f(a)) for f, a in ((np.nanmin, x), (np.nanmin, y), (np.nanmax, x), (np.nanmax, y))
        )  # type: ignore[return-value]

    def _extent(self, view: View) -> tuple[float, ...]:
        extent = view_extent(self.session.projection, (view.x0, view.x1), (view.y0, view.y1))
        return tuple(round(d, 4) for d in extent)

    def _resized(self) -> None:
        """Keep scale and middle when the figure changes its size, and the selection in view."""
        if not self._chart.sized:
            return
        view = self._drawn
        if view is not None:
            self._chart.keep_scale(view.pixel, self._middle(view))
        else:
            self._chart.keep_shape(widen=True)
        self._moved()

    def _middle(self, view: View) -> tuple[float, float]:
        middle = (view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2
        corners = self._chart.shape()
        if corners is None:
            return middle
        x, y = (corners.min(axis=0) + corners.max(axis=0)) / 2
        seen = view.pixel * np.array([self._chart.view().width, self._chart.view().height]) * 0.4
        inside = abs(x - middle[0]) < seen[0] and abs(y - middle[1]) < seen[1]
        return middle if inside else (float(x), float(y))

    def _moved(self) -> None:
        """Draw what came into view, and tell the others where that is."""
        if not self._chart.sized:
            return  # the browser tells the size as soon as the page stands
        self._chart.keep_shape()
        self._redraw()
        view = self._drawn
        if view is None:
            return
        extent = self._extent(view)
        name = self.session.projection
        self._chart.draw_frame(
            graticule(name, (view.x0, view.x1), (view.y0, view.y1)),
            scale_bar((view.x0, view.x1), (view.y0, view.y1), name),
        )
        self._chart.draw_coast(name, resolution_for(view.x1 - view.x0, extent))
        if self.session.extent != extent:
            self.session.extent = extent

    # ---- pictures ----------------------------------------------------------

    def _redraw(self, *_: Any) -> None:
        if not self._chart.sized:
            return
        self._drawn = view = self._chart.view()
        layer = layer_of(self.session)
        if layer is None:
            self._chart.clear()
            return
        colours = colouring(self.session)
        number = layer.number(view)
        few = layer.within(*view.box) if number <= DOTS else None
        if colours.kind == "count":
            self._draw_counts(layer, view, few, number)
        elif colours.kind == "value":
            self._draw_values(layer, view, few, number, colours)
        else:
            self._draw_categories(layer, view, few, number, colours)
        self._draw_picked()

    def _draw_counts(self, layer: MapLayer, view: View, few: NDArray | None, number: int) -> None:
        index, most = count_index(layer.count(view))
        if few is not None:
            self._chart.draw_dots(layer, few, index[layer.pixels(view, few)])
        else:
            self._chart.draw_pixels(view, _visible(index, number))
        self._chart.key.counts(most, self.session.colormap)

    def _draw_values(
        self, layer: MapLayer, view: View, few: NDArray | None, number: int, colours: Colouring
    ) -> None:
        low, high = self.session.clim or colours.limits or (0.0, 1.0)
        assert colours.values is not None
        if few is not None:
            values = colours.values[layer.rows[few]]
            self._chart.draw_dots(layer, few, value_index(values, low, high))
        else:
            grid = layer.mean(view, colours.values)
            self._chart.draw_pixels(view, _visible(value_index(grid, low, high), number))
        name = self.session.colormap or self._usual_colours()
        self._chart.key.values(low, high, colours.title, name)

    def _draw_categories(
        self, layer: MapLayer, view: View, few: NDArray | None, number: int, colours: Colouring
    ) -> None:
        assert colours.values is not None
        if few is not None:
            index = colours.values[layer.rows[few]] + np.uint8(1)
        else:
            index = layer.dominant(view, colours.values, len(colours.categories))
        # What no colour on the map stands for is not explained either.
        present = np.flatnonzero(np.bincount(index.ravel(), minlength=256)[1:])
        self._chart.key.categories(colours, present)
        if few is not None:
            self._chart.draw_dots(layer, few, index)
        else:
            self._chart.draw_pixels(view, _visible(index, number))

    def _usual_colours(self) -> str:
        if self.session.colour_by == "year" or self.session.data is None:
            return "viridis"
        own = current_layout().colours.get(self.session.parameter)
        if own is not None and own.map:
            return own.map
        return colormap_of(self.session.data.parameter(self.session.parameter))

    def _draw_picked(self) -> None:
        """Draw the selected stations and the one on the card over the rest."""
        data, view = self.session.data, self._drawn
        if data is None or view is None:
            return
        brush = self.session.brush
        rows = self.session.selection if brush is None else brush
        if len(rows):
            layer = rows_layer(data, self.session.projection, rows)
            if layer.number(view) <= MARKS:
                self._chart.mark_dots(layer, layer.within(*view.box))
            else:
                self._chart.mark_pixels(view, (layer.count(view) > 0).astype(np.uint8))
        else:
            self._chart.unmark()
            if not len(self.session.selection):
                self._chart.draw_shape(None)
        at = None
        if self.session.station is not None:
            x, y = forward(
                self.session.projection,
                data.lon[[self.session.station]],
                data.lat[[self.session.station]],
            )
            at = float(x[0]), float(y[0])
        self._chart.ring(at)

    # ---- picking -----------------------------------------------------------

    def _select(self, event: Any) -> None:
        """Select the stations inside a box or a lasso: all of them, drawn or not."""
        geometry = event.geometry
        layer = layer_of(self.session)
        if layer is None or not event.final:
            return
        if geometry["type"] == "rect":
            x0, x1 = sorted((geometry["x0"], geometry["x1"]))
            y0, y1 = sorted((geometry["y0"], geometry["y1"]))
            corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
            found = layer.within(x0, x1, y0, y1)
        elif geometry["type"] == "poly" and len(geometry["x"]) > 2:
            corners = np.column_stack([geometry["x"], geometry["y"]]).astype(float)
            found = _in_polygon(layer, corners)
        else:
            return
        rows = layer.rows[found]
        if self._chart.keys.data["shift"][0]:
            rows = np.union1d(self.session.selection, rows)
        # The outline first: who hears of the selection may ask for its area.
        self._chart.draw_shape(corners if len(rows) else None)
        self.session.select(rows)

    def area(self) -> tuple[tuple[float, float], ...] | None:
        """Return the outline of the last selection as (longitude, latitude), or None."""
        corners = self._chart.shape()
        if corners is None:
            return None
        lon, lat = inverse(self.session.projection, corners[:, 0], corners[:, 1])
        return tuple(
            (round(float(a), 4), round(float(b), 4)) for a, b in zip(lon, lat, strict=True)
        )

    def _nearest(self, x: float, y: float) -> tuple[int | None, int]:
        layer, view = layer_of(self.session), self._drawn
        if layer is None or view is None:
            return None, 0
        return layer.nearest(x, y, REACH * view.pixel)

    def _tap(self, event: Any) -> None:
        row, _ = self._nearest(event.x, event.y)
        if row is None:
            return
        if event.modifiers.get("shift"):
            self.session.select(np.append(self.session.selection, row))
            return
        # The card last: what is asked for last is what the panel beside the map shows.
        self.session.select([row])
        self.session.param.update(station=row)

    def _hover(self) -> None:
        at = self._chart.pointer.data
        if not len(at["x"]):
            self.hint = ""
            return
        x, y = float(at["x"][0]), float(at["y"][0])
        lon, lat = (float(a[0]) for a in inverse(self.session.projection, [x], [y]))
        text = (
            f"{abs(lat):.3f}°{'N' if lat >= 0 else 'S'} {abs(lon):.3f}°{'E' if lon >= 0 else 'W'}"
        )
        row, count = self._nearest(x, y)
        data = self.session.data
        if row is not None and data is not None:
            near = _named(data, row)
            text += f"  ·  {count} stations, nearest {near}" if count > 1 else f"  ·  {near}"
        self.hint = text


def _named(data: Any, row: int) -> str:
    """Name a station in few words: cruise, station, day."""
    words = []
    for what in ("cruise", "station"):
        coded = data.text(what)
        if coded.codes[row] >= 0:
            words.append(coded.labels[coded.codes[row]])
    if not np.isnat(data.time[row]):
        words.append(str(data.time[row].astype("M8[D]")))
    return escape(" · ".join(words)) or "a station without a name"


def _name(data: Any, row: int) -> str:
    """Name a station in a few words, as the card does."""
    parts = [data.text(what).take([row]).texts()[0] for what in ("cruise", "station")]
    time = data.time[row]
    parts.append("" if np.isnat(time) else str(time)[:16].replace("T", " "))
    return ", ".join(part for part in parts if part) or f"station {row}"


def _visible(index: NDArray[np.uint8], stations: int) -> NDArray[np.uint8]:
    """Widen pixels where they are few and would be lost on the screen."""
    if stations > 200_000:
        return index
    return fill_gaps(index, 2 if stations < 40_000 else 1)


def _in_polygon(layer: MapLayer, corners: NDArray[np.float64]) -> NDArray[np.int64]:
    import shapely

    x0, y0 = corners.min(axis=0)
    x1, y1 = corners.max(axis=0)
    near = layer.within(x0, x1, y0, y1)
    area = shapely.make_valid(shapely.Polygon(corners))
    return near[shapely.contains_xy(area, layer.x[near], layer.y[near])]
