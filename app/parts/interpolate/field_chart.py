"""The chart of a recipe: a frame that can be dragged, a field under dots of its colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import (
    BoxAnnotation,
    BoxSelectTool,
    ColumnDataSource,
    Image,
    LassoSelectTool,
    Scatter,
)
from numpy.typing import NDArray

from sdcviz.geo.projection import inverse
from sdcviz.observations.aggregate import View

from ..chart import PICK, Chart

__all__ = ["PROJECTION", "FieldChart", "on_pixels"]

PROJECTION = "mercator"


class FieldChart(Chart):
    """The chart with a frame that can be dragged, and a field under dots of the same colours."""

    def __init__(self, dark: bool) -> None:
        super().__init__(dark)
        self.key.prepare("value", "count")
        for tool in list(self.figure.toolbar.tools):
            if isinstance(tool, LassoSelectTool):
                self.figure.toolbar.tools.remove(tool)
            elif isinstance(tool, BoxSelectTool):
                tool.description = "Draw the domain"
        self.figure.name = "domain"
        self._field = ColumnDataSource({n: [] for n in ("image", "x", "y", "dw", "dh")})
        # Under the land, so that a coarse grid ends at the coast.
        self._add(Image(color_mapper=self.key.mapper), self._field, "image", "field")
        for line in self.figure.renderers:
            if getattr(line, "glyph", None) in (self._lands, self._shores, self._meridians):
                line.level = "underlay"
        self._used = ColumnDataSource({n: [] for n in ("x", "y", "c")})
        colour = {"field": "c", "transform": self.key.mapper}
        self._marks = self._add(
            Scatter(size=5, line_width=0.7, line_color="#00000066", fill_color=colour),
            self._used, "glyph", "used",
        )  # fmt: skip
        self.frame = BoxAnnotation(
            left=0, right=0, bottom=0, top=0, editable=True, resizable="all", movable="both",
            fill_color=None, fill_alpha=0, line_color=PICK, line_alpha=1.0, line_width=1.5,
            hover_fill_color=None, hover_fill_alpha=0, hover_line_color=PICK,
            hover_line_alpha=1.0, visible=False, level="overlay",
        )  # fmt: skip
        handles = self.frame.handles.all
        handles.update(
            fill_color=PICK, line_color=PICK, fill_alpha=0.0, line_alpha=0.0,
            hover_fill_color=PICK, hover_fill_alpha=0.25, hover_line_color=PICK,
            hover_line_alpha=0.6,
        )  # fmt: skip
        self.figure.add_layout(self.frame)

    def draw_field(self, view: View, index: NDArray[np.uint8]) -> None:
        """Draw a field as colour numbers."""
        self._field.data = {
            "image": [index], "x": [view.x0], "y": [view.y0],
            "dw": [view.x1 - view.x0], "dh": [view.y1 - view.y0],
        }  # fmt: skip

    def draw_used(self, x: NDArray, y: NDArray, index: NDArray[np.uint8]) -> None:
        """Draw observations in the colours of the field."""
        self._used.data = {"x": x, "y": y, "c": index}

    def clear_field(self) -> None:
        """Draw no field."""
        for source in (self._field, self._used):
            if any(len(column) for column in source.data.values()):
                source.data = {name: [] for name in source.data}


def on_pixels(seen: dict[str, Any], name: str, view: View) -> NDArray[np.float32]:
    """Interpolate a field on longitude and latitude to the pixels of a view.

    Parameters
    ----------
    seen : dict
        With ``lon``, ``lat`` and the field, shape (nlon, nlat), NaN on land.
    name : str
        Which field.
    view : View
        In Mercator.

    Returns
    -------
    ndarray of float32, shape (height, width)
        NaN outside and on land, from below upwards.
    """
    x = np.linspace(view.x0, view.x1, view.width, endpoint=False) + view.pixel / 2
    y = np.linspace(view.y0, view.y1, view.height, endpoint=False) + view.pixel / 2
    lat = inverse(PROJECTION, np.zeros(len(y)), y)[1]
    lon = x / 6_378_137.0 * 180 / np.pi
    axis = seen["lon"]
    lon = np.where(lon < axis[0] - 1e-9, lon + 360, lon) if axis[-1] > 180 else lon
    field = np.asarray(seen[name], np.float64)
    known = np.isfinite(field).astype(float)
    across, down = _weights(axis, lon), _weights(seen["lat"], lat)
    share = down @ known.T @ across.T
    with np.errstate(invalid="ignore", divide="ignore"):
        made = (down @ np.nan_to_num(field).T @ across.T) / share
    return np.where(share >= 0.5, made, np.nan).astype(np.float32)


def _weights(axis: NDArray[np.float64], at: NDArray[np.float64]) -> Any:
    """Return the weights of linear interpolation; nothing half a step outside."""
    from scipy.sparse import csr_array

    n = len(axis)
    if n == 1:
        return csr_array(np.ones((len(at), 1)))
    step = (axis[-1] - axis[0]) / (n - 1)
    place = (at - axis[0]) / step
    inside = (place >= -0.5) & (place <= n - 0.5)
    place = np.clip(place, 0, n - 1)
    left = np.minimum(place.astype(int), n - 2)
    part = place - left
    rows = np.arange(len(at))[inside]
    columns = np.concatenate([left[inside], left[inside] + 1])
    weights = np.concatenate([1 - part[inside], part[inside]])
    return csr_array((weights, (np.tile(rows, 2), columns)), shape=(len(at), n))
