"""The second map beside the first: the same view, another layer."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
from bokeh.events import RangesUpdate

from .field_map_chart import ProductChart

__all__ = ["Twin"]


class Twin:
    """A chart that shares the ranges of another one.

    Parameters
    ----------
    first : ProductChart
    dark : bool
    moved : callable
        Called with True when the visitor moves this map, and with it the first one; with False
        when it has its size.
    """

    def __init__(self, first: ProductChart, dark: bool, moved: Callable[[bool], None]) -> None:
        self.chart = ProductChart(dark)
        figure = self.chart.figure
        figure.name = "product-map-twin"
        figure.x_range, figure.y_range = first.figure.x_range, first.figure.y_range
        figure.on_event(RangesUpdate, lambda _: moved(True))
        figure.on_change("inner_width", lambda attr, old, new: moved(False))
        self.pane = pn.pane.Bokeh(figure, sizing_mode="stretch_both", margin=0, min_height=200)
