"""Samples as points or lines: coloured, brushed, rasterised where they are many."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from .axes import Axis, Columns, numbers
from .colours import GREY, Colouring, colormap
from .style import BAR, colour_options, frame

__all__ = ["RASTER_ABOVE", "broken_line", "in_brush", "lines", "points"]

RASTER_ABOVE = 20_000
"""Samples from which a plot is drawn as pixels (all of them) by datashader."""

_DETAILS = ("station", "depth", "time", "flag")


def in_brush(columns: Columns, brush: Any) -> NDArray[np.bool_]:
    """Tell which samples belong to the brushed stations (all, if there is no brush)."""
    if brush is None:
        return np.ones(len(columns["station"]), bool)
    return np.isin(columns["station"], np.asarray(brush))


def broken_line(columns: Columns, *values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Join the samples of all stations to one line that breaks between stations.

    Parameters
    ----------
    columns : dict of str to ndarray
        With the ``station`` of each sample; samples of a station are together.
    *values : ndarray of float64, shape (m,)
        What runs along the line.

    Returns
    -------
    tuple of ndarray of float64
        Each of `values` with NaN after each station. A station of one sample
        is doubled, for a line needs two ends.
    """
    station = columns["station"]
    if not len(station):
        return values
    starts = np.flatnonzero(np.r_[True, station[1:] != station[:-1]])
    ends = np.r_[starts[1:], len(station)]
    alone = starts[ends - starts == 1]
    place = np.sort(np.r_[ends, alone + 1])
    fill = np.isin(place, alone + 1) & np.r_[True, place[1:] != place[:-1]]
    out = []
    for v in values:
        extra = np.full(len(place), np.nan)
        extra[fill] = v[place[fill] - 1]
        out.append(np.insert(v, place, extra))
    return tuple(out)


def points(
    columns: Columns,
    x: Axis,
    y: Axis,
    colour: Colouring,
    *,
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
    **options: Any,
) -> Any:
    """Draw samples as points.

    Parameters
    ----------
    columns : dict of str to ndarray
        Samples as `sdcviz.plots.axes.take` gives them.
    x, y : Axis
        What is on the axes.
    colour : Colouring
        Colour of each sample.
    brush : array of int, optional
        Station rows that stand out; the others turn grey.
    raster_above : int
        More samples than this are rasterised.
    dynamic : bool
        Rasterise anew at each zoom (needs a running kernel or server).
    **options
        HoloViews options of the frame.

    Returns
    -------
    holoviews.Points, Overlay or Image (DynamicMap where it is `dynamic`)
    """
    xs, ys = numbers(columns, x), numbers(columns, y)
    frame_options = frame(x, y, **options)
    chosen = in_brush(columns, brush)
    if len(xs) > raster_above:
        return _raster(hv.Points, (xs, ys), x, y, colour, chosen, dynamic, frame_options)
    front = _details(columns, x, y, xs, ys, colour, chosen).opts(
        color="colour",
        size=5,
        line_color=None,
        alpha=0.85,
        tools=["hover", "box_select", "lasso_select"],
        hover_tooltips=_tooltips(x, y),
        hover_mode="mouse",
        nonselection_alpha=0.25,
        **colour_options(colour),
        **frame_options,
    )
    if brush is None:
        return front
    back = hv.Points((xs[~chosen], ys[~chosen]), [x.dimension("x"), y.dimension("y")])
    return (back.opts(color=GREY, size=3, alpha=0.3, line_color=None) * front).opts(
        shared_axes=False
    )


def _details(
    columns: Columns,
    x: Axis,
    y: Axis,
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    colour: Colouring,
    chosen: NDArray[np.bool_],
) -> hv.Points:
    """Points with what the tooltip tells."""
    table: dict[str, Any] = {"x": xs[chosen], "y": ys[chosen], "colour": colour.values[chosen]}
    for name in _DETAILS:
        if name in columns:
            table[name] = numbers(columns, Axis(name, name))[chosen]
    if "flag" in columns:
        letters = np.array([chr(c) for c in range(256)], object)
        table["flag"] = letters[columns["flag"][chosen].astype(np.uint8)]
    vdims = [n for n in table if n not in "xy"]
    return hv.Points(table, [x.dimension("x"), y.dimension("y")], vdims)


def _tooltips(x: Axis, y: Axis) -> list[tuple[str, str]]:
    shown = [(a.label, f"@{n}{{0.[000]}} {a.unit}") for a, n in ((x, "x"), (y, "y"))]
    shown = [s for s, a in zip(shown, (x, y), strict=True) if a.key not in ("depth", "time")]
    return [
        *shown,
        ("Depth", "@depth{0.[00]} m"),
        ("Time", "@time{%F %H:%M}"),
        ("Flag", "@flag"),
        ("Station row", "@station{0}"),
    ]


def lines(
    columns: Columns,
    x: Axis,
    y: Axis,
    colour: Colouring,
    *,
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
    **options: Any,
) -> Any:
    """Draw samples as one line a station, with its points; arguments as `points`.

    Returns
    -------
    holoviews.Overlay, or Image (DynamicMap where it is `dynamic`) of the lines
    """
    xs, ys = numbers(columns, x), numbers(columns, y)
    chosen = in_brush(columns, brush)
    # The flag of a line between two samples would be neither's: those stay points.
    if len(xs) > raster_above and colour.by != "flag":
        drawn = broken_line(columns, xs, ys, colour.values, chosen.astype(float))
        joined = Colouring(
            colour.by, colour.title, drawn[2], colour.palette, colour.clim, colour.ticks, colour.bar
        )
        return _raster(
            hv.Curve, drawn[:2], x, y, joined, drawn[3] != 0, dynamic, frame(x, y, **options)
        )
    dots = points(
        columns, x, y, colour, brush=brush, raster_above=raster_above, dynamic=dynamic, **options
    )
    if len(xs) > raster_above:
        return dots
    return _segments(columns, xs, ys, x, y, colour, chosen) * dots


def _segments(
    columns: Columns,
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    x: Axis,
    y: Axis,
    colour: Colouring,
    chosen: NDArray[np.bool_],
) -> hv.Segments:
    """One glyph for all lines, each piece in its colour."""
    joined = (columns["station"][1:] == columns["station"][:-1]) & chosen[1:]
    table = {
        "x": xs[:-1][joined],
        "y": ys[:-1][joined],
        "x1": xs[1:][joined],
        "y1": ys[1:][joined],
        "colour": colour.values[1:][joined],
    }
    return hv.Segments(table, [x.dimension("x"), y.dimension("y"), "x1", "y1"], ["colour"]).opts(
        color="colour",
        cmap=list(colour.palette),
        clim=colour.clim,
        line_width=1.3,
        alpha=0.55,
        nonselection_alpha=0.55,
    )


def _raster(
    element: type,
    xy: tuple[NDArray[np.float64], ...],
    x: Axis,
    y: Axis,
    colour: Colouring,
    chosen: NDArray[np.bool_],
    dynamic: bool,
    options: dict[str, Any],
) -> Any:
    """Draw all samples as pixels; a pixel tells count, mean or worst flag."""
    import datashader as ds
    from holoviews.operation.datashader import rasterize

    xs, ys = xy

    def drawn(which: NDArray[np.bool_]) -> Any:
        table = {"x": xs, "y": np.where(which, ys, np.nan), "colour": colour.values}
        if element is hv.Curve:
            return hv.Curve(table, [x.dimension("x")], [y.dimension("y"), "colour"])
        return hv.Points(table, [x.dimension("x"), y.dimension("y")], ["colour"])

    # Points get pixels of two by two, or they would hardly be seen.
    ratio = 1.0 if element is hv.Curve else 0.5
    size: dict[str, Any] = {"dynamic": dynamic, "width": 700, "height": 450, "pixel_ratio": ratio}
    if not dynamic:
        size |= {"x_range": _span(xs), "y_range": _span(ys)}
    if colour.by == "station":
        how, look = ds.count(), _count_look()
    else:
        how = ds.max("colour") if colour.by == "flag" else ds.mean("colour")
        look = colour_options(colour)
    front = rasterize(drawn(chosen), aggregator=how, **size).opts(
        tools=["hover", "box_select", "lasso_select"], **look, **options
    )
    if chosen.all():
        return front
    back = rasterize(drawn(~chosen), aggregator=ds.count(), **size)
    return (back.opts(cmap=[GREY], alpha=0.3) * front).opts(shared_axes=False)


def _count_look() -> dict[str, Any]:
    return {
        "cmap": list(colormap("deep")),
        "cnorm": "log",
        "colorbar": True,
        "colorbar_opts": BAR,
        "clabel": "Samples",
    }


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    """Range with a margin of two per cent."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.02 * (high - low) or 0.5
    return low - margin, high + margin
