"""Histogram, and any quantity against any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from .axes import Axis, axis, coloured_by, numbers, take
from .colours import FLAGS, colouring
from .layers import RASTER_ABOVE, in_brush, points
from .style import frame, hint

__all__ = ["histogram", "scatter"]


def histogram(
    data: Any,
    parameter: Axis | str,
    *,
    bins: int | None = None,
    colour_by: str = "flag",
    brush: Any = None,
    hooks: Sequence[Callable] = (),
) -> Any:
    """Count the values of a parameter.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Samples.
    parameter : Axis or str
        What is on the horizontal axis.
    bins : int, optional
        Number of bins; chosen from the data by default (10 to 100).
    colour_by : {"flag", "none"}
        ``"flag"`` stacks the counts of each flag in its colour.
    brush : array of int, optional
        Only these station rows count.
    hooks : sequence of callable
        Called with plot and element when it is drawn, for example to listen
        to what a person selects.

    Returns
    -------
    holoviews.NdOverlay or Histogram
        A sentence where there is nothing to draw.
    """
    shown = axis(data, parameter)
    columns = take(data, shown)
    if columns and brush is not None:
        inside = in_brush(columns, brush)
        columns = {n: c[inside] for n, c in columns.items()}
    if not len(columns.get("value", ())):
        return hint(f"No value of {shown.label} in this selection.")
    values = numbers(columns, shown)
    edges = bin_edges(values, bins)
    flags = columns["flag"].astype(np.uint8) if colour_by == "flag" else np.zeros(len(values), "u1")
    count = Axis("count", "Samples")
    options = frame(shown, count, tools=["hover", "box_select"], line_color=None, hooks=hooks)
    if shown.key == "depth":
        options["invert_xaxis"] = False
    layers: dict[str, hv.Histogram] = {}
    below = np.zeros(len(edges) - 1)
    for flag in FLAGS:
        here = flags == ord(flag.code)
        if not here.any():
            continue
        counts = np.histogram(values[here], edges)[0]
        layers[flag.title] = _stacked(edges, below, counts, shown, flag.colour, options)
        below = below + counts
    if not layers:
        counts = np.histogram(values, edges)[0]
        dims = shown.dimension("x"), count.dimension("n")
        return hv.Histogram((edges, counts), kdims=dims[0], vdims=dims[1]).opts(
            color="#2a78c8", **options
        )
    return hv.NdOverlay(layers, "Flag").opts(legend_position="top_right", shared_axes=False)


def _stacked(
    edges: NDArray[np.float64],
    below: NDArray[np.float64],
    counts: NDArray[np.int64],
    shown: Axis,
    colour: str,
    options: dict[str, Any],
) -> hv.Rectangles:
    """Bars of one flag on top of the bars below."""
    table = (edges[:-1], below, edges[1:], below + counts, counts.astype(float))
    dims = [shown.dimension("x"), hv.Dimension(("y", "Samples")), "x1", "y1"]
    tips = [("Samples", "@n{0,0}"), (shown.label, f"@x{{0.000}} to @x1{{0.000}} {shown.unit}")]
    return hv.Rectangles(table, dims, ["n"]).opts(color=colour, hover_tooltips=tips, **options)


def bin_edges(values: NDArray[np.float64], bins: int | None = None) -> NDArray[np.float64]:
    """Give the edges of the bins; their number is chosen from the data by default."""
    return np.histogram_bin_edges(values, bins or _bins(values))


def _bins(values: NDArray[np.float64]) -> int:
    """Choose the number of bins by Freedman and Diaconis (1981), within reason."""
    q25, q75 = np.percentile(values, [25, 75])
    width = 2 * (q75 - q25) / len(values) ** (1 / 3)
    span = float(np.ptp(values))
    return int(np.clip(span / width if width else 10, 10, 100))


def scatter(
    data: Any,
    x: Axis | str,
    y: Axis | str,
    *,
    colour_by: str | Axis = "depth",
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
    hooks: Sequence[Callable] = (),
) -> Any:
    """Plot any quantity against any other.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Samples.
    x, y : Axis or str
        Parameters, or ``"depth"``, ``"time"``, ``"lon"``, ``"lat"``.
    colour_by, brush, raster_above, dynamic
        As for `profiles`; also ``"depth"``.
    hooks : sequence of callable
        Called with plot and element when it is drawn, for example to listen
        to what a person selects.

    Returns
    -------
    holoviews element
        A sentence where no sample has both.
    """
    across, up = axis(data, x), axis(data, y)
    third = coloured_by(data, colour_by)
    columns = take(data, across, up, *third)
    if not len(columns.get("station", ())):
        return hint(f"No sample with both {across.label} and {up.label} in this selection.")
    return points(
        columns,
        across,
        up,
        colouring(columns, *(third or (colour_by,))),
        brush=brush,
        raster_above=raster_above,
        dynamic=dynamic,
        hooks=hooks,
    )
