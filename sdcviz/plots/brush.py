"""From an area drawn in a plot to the stations inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axes import DEPTH, TIME, Axis, axis, numbers, take

__all__ = ["stations_in"]


def stations_in(
    data: Any, kind: str, *quantities: Axis | str, area: Mapping[str, Any]
) -> NDArray[np.int64]:
    """Find the stations of which a sample lies in an area of a plot.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        What the plot shows.
    kind : str
        Kind of plot, as for `sdcviz.plots.figure`.
    *quantities : Axis or str
        Parameters of the plot, in the order of its function.
    area : mapping
        ``x0``, ``x1``, ``y0``, ``y1`` of a box, or ``x`` and ``y`` of the
        corners of a lasso, as Bokeh's event ``selectiongeometry`` has them.

    Returns
    -------
    ndarray of int64
        Station rows, ascending.
    """
    shown = [axis(data, q) for q in quantities]
    across, up = {
        "profiles": lambda: (shown[0], DEPTH),
        "ts": lambda: (shown[1], shown[0]),
        "time_series": lambda: (TIME, shown[0]),
        "seasonal_cycle": lambda: (TIME, shown[0]),
        "histogram": lambda: (shown[0], shown[0]),
        "scatter": lambda: (shown[0], shown[1]),
    }[kind]()
    columns = take(data, *shown, across, up)
    xs, ys = numbers(columns, across), numbers(columns, up)
    if kind == "seasonal_cycle":
        xs = (columns["time"].astype("datetime64[M]").astype(np.int64) % 12 + 1).astype(float)
    area = dict(area)
    if kind == "histogram":
        area |= {"y0": -np.inf, "y1": np.inf}
    if kind == "seasonal_cycle":
        # A month is a column as wide as one; its middle need not be hit.
        area |= {"x0": min(area["x0"], area["x1"]) - 0.3, "x1": max(area["x0"], area["x1"]) + 0.3}
    return np.unique(columns["station"][_inside(xs, ys, area)]).astype(np.int64)


def _inside(
    xs: NDArray[np.float64], ys: NDArray[np.float64], area: Mapping[str, Any]
) -> NDArray[np.bool_]:
    if "x0" in area:
        (x0, x1), (y0, y1) = sorted((area["x0"], area["x1"])), sorted((area["y0"], area["y1"]))
        return (xs >= x0) & (xs <= x1) & (ys >= y0) & (ys <= y1)
    import shapely

    corners = np.column_stack([_list(area["x"]), _list(area["y"])])
    if len(corners) < 3:
        return np.zeros(len(xs), bool)
    lasso = shapely.make_valid(shapely.Polygon(corners))
    shapely.prepare(lasso)
    west, south, east, north = lasso.bounds
    near = np.flatnonzero((xs >= west) & (xs <= east) & (ys >= south) & (ys <= north))
    inside = np.zeros(len(xs), bool)
    inside[near] = shapely.intersects_xy(lasso, xs[near], ys[near])
    return inside


def _list(values: Any) -> NDArray[np.float64]:
    """Take a list, or the mapping of index to number that a typed array becomes on the way."""
    return np.asarray(list(values.values()) if isinstance(values, Mapping) else values, float)
