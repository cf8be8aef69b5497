"""Map of stations for notebooks, over the coast that ships with sdcviz."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np

from .axes import Axis, Columns, present
from .colours import GREY, colouring
from .layers import RASTER_ABOVE, points
from .style import hint

__all__ = ["station_map"]

_X = Axis("x", "Longitude")
_Y = Axis("y", "Latitude")


def station_map(
    data: Any,
    *,
    colour_by: str = "none",
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
) -> Any:
    """Plot the positions of stations in Mercator's projection.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        A selection, or columns ``lon``, ``lat``, ``time`` and ``station`` with
        one row a station.
    colour_by : {"none", "time"}
        Colour of the stations.
    brush, raster_above, dynamic
        As for `profiles`.

    Returns
    -------
    holoviews element
        A sentence where no station has a position.
    """
    columns = positions(data)
    if not len(columns["station"]):
        return hint("No station with a position in this selection.")
    if colour_by == "time":
        known = present(columns["time"])
        columns = {n: c[known] for n, c in columns.items()}
    colour = colouring(columns, "time" if colour_by == "time" else "station")
    if colour_by == "none":
        colour.values[:] = 0
    view = mercator_view(columns["x"], columns["y"])
    return points(
        columns,
        _X,
        _Y,
        colour,
        brush=brush,
        raster_above=raster_above,
        dynamic=dynamic,
        hooks=[_geography],
        xlim=view[0],
        ylim=view[1],
        data_aspect=1,
    )


def positions(data: Any) -> Columns:
    """Give one row a station with a position: lon, lat, time, station and Mercator x, y."""
    from ..geo.projection import mercator

    if hasattr(data, "stations"):
        c, rows = data.collection, data.rows
        columns = {"lon": c.lon[rows], "lat": c.lat[rows], "time": c.time[rows], "station": rows}
    else:
        columns = {n: np.asarray(data[n]) for n in ("lon", "lat", "time", "station")}
    known = np.isfinite(columns["lon"]) & np.isfinite(columns["lat"])
    columns = {n: c[known] for n, c in columns.items()}
    columns["x"], columns["y"] = mercator(columns["lon"], columns["lat"])
    return columns


def mercator_view(xs: Any, ys: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ranges with a margin, at least 200 km wide."""
    out = []
    for v in (xs, ys):
        low, high = float(v.min()), float(v.max())
        margin = max(0.08 * (high - low), 1e5 - (high - low) / 2)
        out.append((low - margin, high + margin))
    return out[0], out[1]


def _geography(plot: Any, element: hv.Element) -> None:
    """Draw sea and land under the stations, and degrees on the axes.

    Static geography is a Bokeh glyph over cached arrays: as HoloViews paths
    it would cost seconds a plot.
    """
    from bokeh.models import MercatorTicker, MercatorTickFormatter

    from ..geo.coast import coast, coast_lines

    figure = plot.state
    if figure.select_one({"name": "land"}) is not None:
        return
    land_x, land_y = coast("mercator", "50m")
    shore_x, shore_y = coast_lines("mercator", "50m")
    figure.patch(
        land_x, land_y, name="land", level="underlay", fill_color="#b9b4a6", line_color=None
    )
    figure.line(shore_x, shore_y, level="underlay", line_color=GREY, line_width=0.7)
    figure.xaxis.ticker = MercatorTicker(dimension="lon")
    figure.xaxis.formatter = MercatorTickFormatter(dimension="lon")
    figure.yaxis.ticker = MercatorTicker(dimension="lat")
    figure.yaxis.formatter = MercatorTickFormatter(dimension="lat")
