"""A histogram that is itself the slider: drag over it to choose a range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import panel as pn
import param
from bokeh.models import BoxAnnotation, ColumnDataSource, FixedTicker, Range1d, RangeTool
from bokeh.plotting import figure
from numpy.typing import NDArray

__all__ = ["HistogramSlider"]

REST = 180
"""Milliseconds without a change after which a dragged range is taken."""
COLOURS = {
    False: {"bar": "#7fa9bd", "box": "#0b5a78", "ink": "#52646f"},
    True: {"bar": "#4d7688", "box": "#7cc4da", "ink": "#9fb1bb"},
}


def _same(value: Any) -> Any:
    return value


class HistogramSlider(pn.viewable.Viewer):
    """Choose a range on top of the distribution of what is chosen from.

    Parameters
    ----------
    stretch, shrink : callable
        From value to place on the axis and back, for axes that are not
        linear (depth).
    """

    value = param.ClassSelector(
        class_=tuple, default=None, instantiate=False, doc="Chosen range, or None for all."
    )

    def __init__(
        self,
        stretch: Callable[[Any], Any] = _same,
        shrink: Callable[[Any], Any] = _same,
        dark: bool = False,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._stretch, self._shrink = stretch, shrink
        self._span = (0.0, 1.0)
        self._timer: Any = None
        self._ours = False
        self._bars = ColumnDataSource({"left": [], "right": [], "top": []})
        self._chosen = Range1d(0, 1)
        self._figure = self._draw()
        self.dress(dark)
        for side in ("start", "end"):
            self._chosen.on_change(side, lambda attr, old, new: self._dragged())
        self.param.watch(lambda e: self._place(), "value")
        self._pane = pn.pane.Bokeh(self._figure, sizing_mode="stretch_width", margin=0, height=64)

    def __panel__(self) -> Any:
        return self._pane

    def _draw(self) -> Any:
        fig = figure(
            height=64, sizing_mode="stretch_width", tools=[], toolbar_location=None,
            x_range=Range1d(0, 1), y_range=Range1d(0, 1), min_border=0, outline_line_color=None,
        )  # fmt: skip
        fig.yaxis.visible = False
        fig.grid.visible = False
        fig.xaxis.update(
            axis_line_color=None, major_tick_line_color=None, minor_tick_line_color=None,
            major_label_text_font_size="10px", major_label_standoff=2,
        )  # fmt: skip
        self._glyph = fig.quad("left", "right", "top", 0, source=self._bars, line_color=None).glyph
        self._box = BoxAnnotation(fill_alpha=0.14, line_alpha=0.7, line_width=1.5)
        fig.add_tools(RangeTool(x_range=self._chosen, overlay=self._box, start_gesture="pan"))
        return fig

    def dress(self, dark: bool) -> None:
        """Take the colours of the light or the dark theme."""
        look = COLOURS[dark]
        self._glyph.fill_color = look["bar"]
        self._box.update(fill_color=look["box"], line_color=look["box"])
        self._figure.xaxis.major_label_text_color = look["ink"]

    def show(
        self, edges: NDArray, counts: NDArray, ticks: Sequence[float], labels: Sequence[str]
    ) -> None:
        """Draw a distribution.

        Parameters
        ----------
        edges : ndarray, shape (n + 1,)
            Limits of the bins, in values.
        counts : ndarray, shape (n,)
            Height of the bars; drawn by square root, so that few are seen beside many.
        ticks : sequence of float
            Values with a label on the axis.
        labels : sequence of str
            Their labels.
        """
        places = np.asarray(self._stretch(np.asarray(edges, float)))
        self._span = float(edges[0]), float(edges[-1])
        self._figure.x_range.update(start=float(places[0]), end=float(places[-1]))
        at = [float(self._stretch(t)) for t in ticks]
        self._figure.xaxis.ticker = FixedTicker(ticks=at)
        self._figure.xaxis.major_label_overrides = dict(zip(at, labels, strict=True))
        self.refresh(edges, counts)
        self._place()

    def refresh(self, edges: NDArray, counts: NDArray) -> None:
        """Draw other heights on the same axis."""
        places = np.asarray(self._stretch(np.asarray(edges, float)))
        height = np.sqrt(np.asarray(counts, float))
        top = height / max(height.max(initial=0), 1) * 0.95
        self._bars.data = {"left": places[:-1], "right": places[1:], "top": top}

    def _place(self) -> None:
        """Put the box where the value is."""
        low, high = self.value or self._span
        low = self._span[0] if low is None else low
        high = self._span[1] if high is None else high
        self._ours = True
        try:
            self._chosen.update(start=float(self._stretch(low)), end=float(self._stretch(high)))
        finally:
            self._ours = False

    def _dragged(self) -> None:
        """Take the range once the hand rests: each step of a drag is told by the browser."""
        document = self._figure.document
        if self._ours or document is None:
            return
        if self._timer is not None:
            document.remove_timeout_callback(self._timer)
        self._timer = document.add_timeout_callback(self._take, REST)

    def _take(self) -> None:
        self._timer = None
        start, end = sorted((self._chosen.start, self._chosen.end))
        low, high = float(self._shrink(start)), float(self._shrink(end))
        slack = 0.004 * (self._figure.x_range.end - self._figure.x_range.start)
        whole = start <= self._figure.x_range.start + slack
        whole &= end >= self._figure.x_range.end - slack
        if whole or end - start < slack / 4:
            self.value = None
            self._place()
        else:
            self.value = max(low, self._span[0]), min(high, self._span[1])
