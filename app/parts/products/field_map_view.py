"""Which part of a product the map shows: all of it, what a link names, where one moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import RangesUpdate

from sdcviz.geo.coast import resolution_for
from sdcviz.geo.graticule import graticule, scale_bar, view_extent
from sdcviz.geo.projection import EARTH_RADIUS, MERCATOR_MAX_LAT, forward, inverse

from ...viewing import Viewing
from .field_map_chart import PROJECTION, ProductChart

if TYPE_CHECKING:
    from sdcviz.observations.aggregate import View

__all__ = ["PartInView"]

_EDGE = min(MERCATOR_MAX_LAT, 83.0)
"""Latitude to which a whole product is shown."""


class PartInView:
    """Keeps the part in view, and coast and graticule with it.

    Parameters
    ----------
    chart : ProductChart
    charts : callable
        Gives all charts in view, which share their ranges.
    viewing : Viewing
    """

    def __init__(
        self, chart: ProductChart, charts: Callable[[], list[ProductChart]], viewing: Viewing
    ) -> None:
        self.chart, self.charts, self.viewing = chart, charts, viewing
        self._seen: View | None = None
        self._whole = True
        self._linked = False  # whether it is what a link names, and nobody moved it since
        self._fitted: Any = None
        # The product that the extent of the session is about.
        self._placed = viewing.session.product
        figure = chart.figure
        figure.on_event(RangesUpdate, lambda _: self.moved(by_hand=True))
        for side in ("inner_width", "inner_height"):
            figure.on_change(side, lambda attr, old, new: self._resized())
        viewing.session.param.watch(lambda *_: self._extent_set(), "field_extent")

    def restart(self) -> None:
        """Show another product as a whole, or the part of it that a link names."""
        session = self.viewing.session
        if self.viewing.product is None or self._fitted == session.product:
            return
        self._fitted = session.product
        if session.field_extent and self._placed in ("", session.product):
            self._show_extent()
        else:
            self.fit()

    def fit(self) -> None:
        """Look at the whole product."""
        product = self.viewing.product
        if product is None:
            return
        west, south, east, north = product.grid(self.viewing.variable).box
        south, north = (min(max(lat, -_EDGE), _EDGE) for lat in (south, north))
        left, bottom, right, top = _box(west, south, east, north)
        room = max(0.03 * (right - left), 0.03 * (top - bottom), 10_000)
        self._whole, self._linked = True, False
        self._turn()
        self.chart.show((left - room, bottom - room, right + room, top + room))
        self.moved()
        self.viewing.session.field_extent = None

    def _turn(self) -> None:
        """Draw the Earth once more for a grid that runs over the date line."""
        west, _, east, _ = self.viewing.product.grid(self.viewing.variable).box
        turns = [0, *([1] if east > 180.5 else []), *([-1] if west < -180.5 else [])]
        for chart in self.charts():
            chart.turn(*turns)

    def _show_extent(self) -> None:
        """Look at the part of the product that the session names."""
        west, south, east, north = self.viewing.session.field_extent
        if not (0 < east - west < 3600 and -90 <= south < north <= 90):
            self.fit()  # no part of the Earth: of a link that was written by hand
            return
        self._whole, self._linked = False, True
        self._turn()
        self.chart.show(_box(west, south, east, north))
        self.moved()

    def _extent_set(self) -> None:
        """Follow an extent that a link or the back button has set."""
        session = self.viewing.session
        if session.field_extent == self._extent():
            return
        self._placed = session.product
        if self.viewing.product is None or self._fitted != session.product:
            return  # it is still being opened
        if session.field_extent:
            self._show_extent()
        else:
            self.fit()

    def _extent(self) -> tuple[float, ...] | None:
        return None if self._seen is None or self._whole else _degrees(self._seen)

    def _resized(self) -> None:
        """Look at the whole product until the visitor moves the map; then keep scale and middle."""
        if not self.chart.sized:
            return
        view = self._seen
        if self._whole:
            self.fit()
        elif view is None or self._linked:
            self._show_extent()
        else:
            self.chart.keep_scale(view.pixel, ((view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2))
            self.moved()

    def moved(self, by_hand: bool = False) -> None:
        """Draw coast and graticule of what is in view now."""
        if not self.chart.sized:
            return
        x, y = self.chart.figure.x_range, self.chart.figure.y_range
        if not (x.end - x.start > 0 and y.end - y.start > 0):
            self.fit()  # nothing, or no numbers: there is no way back by hand
            return
        self._whole = self._whole and not by_hand
        self._linked = self._linked and not by_hand
        self.chart.keep_shape()
        self._seen = view = self.chart.view()
        across, up = (view.x0, view.x1), (view.y0, view.y1)
        self.viewing.param.update(seen=_degrees(view), whole=self._whole)
        lines, bar = graticule(PROJECTION, across, up), scale_bar(across, up, PROJECTION)
        resolution = resolution_for(view.x1 - view.x0, view_extent(PROJECTION, across, up))
        for chart in (c for c in self.charts() if c.sized):
            chart.draw_frame(lines, bar)
            chart.draw_coast(PROJECTION, resolution)
        if by_hand:
            self._placed = self.viewing.session.product
            self.viewing.session.field_extent = self._extent()


def _box(west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    """Return a rectangle of degrees in metres of the map: x0, y0, x1, y1."""
    lat = np.clip((south, north), -MERCATOR_MAX_LAT, MERCATOR_MAX_LAT)
    y = forward(PROJECTION, np.zeros(2), np.asarray(lat, np.float64))[1]
    left, right = np.radians((west, east)) * EARTH_RADIUS
    return float(left), float(y[0]), float(right), float(y[1])


def _degrees(view: Any) -> tuple[float, ...]:
    """Return a part of the map: west, south, east, north in degrees."""
    _, lat = inverse(PROJECTION, np.zeros(2), np.array([view.y0, view.y1]))
    lon = np.degrees(np.array([view.x0, view.x1]) / EARTH_RADIUS)
    return tuple(round(float(d), 4) for d in (lon[0], lat[0], lon[1], lat[1]))
