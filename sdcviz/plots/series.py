"""Values in time: every sample, and the seasonal cycle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from .axes import TIME, Axis, axis, coloured_by, take
from .colours import GREY, colouring
from .layers import RASTER_ABOVE, points
from .style import frame, hint

__all__ = ["monthly_statistics", "seasonal_cycle", "time_series"]

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def time_series(
    data: Any,
    parameter: Axis | str,
    *,
    colour_by: str | Axis = "depth",
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
    hooks: Sequence[Callable] = (),
) -> Any:
    """Plot every sample of a parameter against time.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Samples.
    parameter : Axis or str
        What is on the vertical axis.
    colour_by, brush, raster_above, dynamic
        As for `profiles`; also ``"depth"``.
    hooks : sequence of callable
        Called with plot and element when it is drawn, for example to listen
        to what a person selects.

    Returns
    -------
    holoviews element
        A sentence where there is nothing to draw.
    """
    shown = axis(data, parameter)
    third = coloured_by(data, colour_by)
    columns = take(data, shown, TIME, *third)
    if not len(columns.get("value", ())):
        return hint(f"No value of {shown.label} with a time in this selection.")
    return points(
        columns,
        TIME,
        shown,
        colouring(columns, *(third or (colour_by,))),
        brush=brush,
        raster_above=raster_above,
        dynamic=dynamic,
        hooks=hooks,
    )


def monthly_statistics(
    times: NDArray[np.datetime64], values: NDArray[np.floating]
) -> dict[str, NDArray[Any]]:
    """Summarise values by month of the year.

    Parameters
    ----------
    times : ndarray of datetime64, shape (n,)
        NaT is left out.
    values : ndarray of float, shape (n,)
        NaN is left out.

    Returns
    -------
    dict of str to ndarray, shape (12,)
        ``month`` 1 to 12; ``n`` values and ``years`` with any; quantiles
        ``q05``, ``q25``, ``q50``, ``q75``, ``q95`` of all values; ``mean`` and
        ``sd`` (n - 1) over the years of each year's monthly mean, so that a
        year with many stations weighs no more than another. NaN where unknown.
    """
    good = ~np.isnat(times) & np.isfinite(values)
    index = times[good].astype("datetime64[M]").astype(np.int64)
    kept = np.asarray(values, float)[good]
    month = index % 12
    out: dict[str, NDArray[Any]] = {
        "month": np.arange(1, 13),
        "n": np.bincount(month, minlength=12),
    }
    levels = {"q05": 5, "q25": 25, "q50": 50, "q75": 75, "q95": 95}
    for name in [*levels, "mean", "sd"]:
        out[name] = np.full(12, np.nan)
    out["years"] = np.zeros(12, np.int64)
    for m in np.flatnonzero(out["n"]):
        here = month == m
        for name, q in zip(levels, np.percentile(kept[here], list(levels.values())), strict=True):
            out[name][m] = q
        _, year = np.unique(index[here], return_inverse=True)
        means = np.bincount(year, kept[here]) / np.bincount(year)
        out["years"][m], out["mean"][m] = len(means), means.mean()
        if len(means) > 1:
            out["sd"][m] = means.std(ddof=1)
    return out


def seasonal_cycle(
    data: Any, parameter: Axis | str, *, brush: Any = None, hooks: Sequence[Callable] = ()
) -> Any:
    """Plot the seasonal cycle: a box a month, and mean with its spread over the years.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Samples.
    parameter : Axis or str
        What is on the vertical axis.
    brush : array of int, optional
        Only these station rows count.
    hooks : sequence of callable
        Called with plot and element when it is drawn, for example to listen
        to what a person selects.

    Returns
    -------
    holoviews.Overlay
        Boxes from the 25th to the 75th percentile, whiskers from the 5th to
        the 95th, mean of the yearly means with one standard deviation. A
        sentence where there is nothing to draw.
    """
    shown = axis(data, parameter)
    columns = take(data, shown, TIME)
    if brush is not None and columns:
        inside = np.isin(columns["station"], np.asarray(brush))
        columns = {n: c[inside] for n, c in columns.items()}
    if not len(columns.get("value", ())):
        return hint(f"No value of {shown.label} with a time in this selection.")
    s = monthly_statistics(columns["time"], columns["value"])
    month = Axis("month", "Month")
    plot = _boxes(s, month, shown, hooks) * _means(s, month, shown)
    return plot.opts(legend_position="top_left", shared_axes=False)


def _boxes(
    s: dict[str, NDArray[Any]], month: Axis, shown: Axis, hooks: Sequence[Callable]
) -> hv.Overlay:
    filled = s["n"] > 0
    m = s["month"][filled].astype(float)
    q = {n: s[n][filled] for n in ("q05", "q25", "q50", "q75", "q95")}
    x, y = month.dimension("x"), shown.dimension("y")
    counts = s["n"][filled].astype(float)
    whiskers = hv.Segments((m, q["q05"], m, q["q95"]), [x, y, "x1", "y1"]).opts(
        color=GREY, line_width=1.2
    )
    boxes = hv.Rectangles(
        (m - 0.3, q["q25"], m + 0.3, q["q75"], q["q50"], counts),
        [x, y, "x1", "y1"],
        ["median", "n"],
    ).opts(
        color="#6fb7e9",
        alpha=0.55,
        line_color="#2a78c8",
        tools=["hover", "box_select"],
        hover_tooltips=[
            ("Samples", "@n{0,0}"),
            ("Median", f"@median{{0.000}} {shown.unit}"),
            ("25 to 75 %", "@y{0.000} to @y1{0.000}"),
        ],
        xticks=list(enumerate(MONTHS, 1)),
        xlim=(0.4, 12.6),
        **frame(month, shown, hooks=hooks),
    )
    medians = hv.Segments((m - 0.3, q["q50"], m + 0.3, q["q50"]), [x, y, "x1", "y1"])
    return whiskers * boxes * medians.opts(color="#2a78c8", line_width=2)


def _means(s: dict[str, NDArray[Any]], month: Axis, shown: Axis) -> hv.Overlay:
    filled = s["n"] > 0
    m, mean = s["month"][filled].astype(float), s["mean"][filled]
    sd = np.nan_to_num(s["sd"][filled])
    x, y = month.dimension("x"), shown.dimension("y")
    orange = "#e07b39"
    bars = hv.ErrorBars((m, mean, sd), x, [y, "sd"]).opts(color=orange, line_width=1.5)
    curve = hv.Curve((m, mean), x, y, label="mean ± sd over the years").opts(
        color=orange, line_width=2, show_legend=True
    )
    dots = hv.Scatter((m, mean), x, y).opts(color=orange, size=7)
    return curve * bars * dots
