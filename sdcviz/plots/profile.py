"""Profiles: depth downwards, one line a station."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .axes import DEPTH, Axis, axis, coloured_by, take
from .colours import colouring
from .layers import RASTER_ABOVE, lines
from .style import hint

__all__ = ["profiles"]


def profiles(
    data: Any,
    parameter: Axis | str,
    *,
    colour_by: str | Axis = "station",
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
    hooks: Sequence[Callable] = (),
) -> Any:
    """Plot a parameter against depth for all stations.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Samples; those of a station stand together, in order of depth.
    parameter : Axis or str
        What is on the horizontal axis.
    colour_by : {"station", "time", "flag"}, Axis or str
        Colour of lines and points; also the key of any parameter.
    brush : array of int, optional
        Station rows that stand out; the others turn grey.
    raster_above : int
        More samples than this are drawn as pixels: their number for colour by
        station, mean time or worst flag otherwise.
    dynamic : bool
        Rasterise anew at each zoom.
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
    columns = take(data, shown, DEPTH, *third)
    if not len(columns.get("value", ())):
        return hint(f"No value of {shown.label} with a depth in this selection.")
    return lines(
        columns,
        shown,
        DEPTH,
        colouring(columns, *(third or (colour_by,))),
        brush=brush,
        raster_above=raster_above,
        dynamic=dynamic,
        hooks=hooks,
        xaxis="top",
    )
