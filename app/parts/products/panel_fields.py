"""What panels of fields share: the picture of a field, its Hovmöller diagram, and failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError

from .panel_asked import Asked, Panel, packed
from .panel_axes import colours, degrees_axis, distance_axis, time_axis

__all__ = ["failed", "field_panel", "hovmoller_across", "hovmoller_line", "placed"]


def failed(key: str, title: str, make: Callable[[Asked], Panel], asked: Asked) -> Panel:
    """Make a panel; where that can't be, one with the sentence that says why."""
    try:
        return make(asked)
    except SdcvizError as error:
        return Panel(key, {"kind": "none", "title": title, "sentence": str(error)})


def placed(asked: Asked, data: Any) -> dict[str, Any]:
    """Return what an extraction says of itself, and the cursor that stands for here and now."""
    told: dict[str, Any] = {"sentence": str(data.attrs.get("sentence", ""))}
    if data.attrs.get("warnings"):
        told["warning"] = str(data.attrs["warnings"])
    if asked.subject == "place" and asked.place is not None:
        told["place"] = list(asked.place)
    return told


def field_panel(
    asked: Asked,
    title: str,
    x: dict[str, Any],
    y: dict[str, Any],
    values: NDArray[np.floating],
    water: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the picture of a field.

    Parameters
    ----------
    values : ndarray, shape (len(x), len(y))
    water : ndarray of bool
        What is no land; broadcast to the shape of the values.
    """
    land = np.broadcast_to(~water, values.shape)
    return {
        "kind": "map", "title": title, "x": x, "y": y, "values": packed(values),
        "land": packed(land) if land.any() else "",
        "masked": bool((~np.isfinite(values) & ~land).any()),
        "colour": colours(asked, values), "layers": [],
    }  # fmt: skip


def hovmoller_line(key: str, asked: Asked) -> Panel:
    """Return distance along the line against time."""
    arguments: dict[str, Any] = {
        "line": asked.line, "depth": asked.depth, "variable": asked.variable,
        "mask": asked.mask, **asked.how,
    }  # fmt: skip
    call = _call(arguments)
    data = asked.product.hovmoller(**call["arguments"])
    axis = distance_axis(*(data[n].to_numpy() for n in ("distance", "lon", "lat")))
    return _of_time(key, asked, axis, data, call, "distance")


def hovmoller_across(key: str, asked: Asked, across: str) -> Panel:
    """Return longitude against time at the place's latitude, or latitude at its longitude."""
    lon, lat = _middle(asked)
    where: dict[str, Any] = {"lat": lat} if across == "lon" else {"lon": lon}
    call = _call(
        {**where, "depth": asked.depth, "variable": asked.variable, "mask": asked.mask, **asked.how}
    )  # fmt: skip
    data = asked.product.hovmoller(**call["arguments"])
    axis = degrees_axis(across, data[across].to_numpy())
    panel = _of_time(key, asked, axis, data, call, across)
    panel.shown["where"] = (
        f"at {abs(lat):.2f}° {'N' if lat >= 0 else 'S'}"
        if across == "lon"
        else f"at {abs(lon):.2f}° {'E' if lon >= 0 else 'W'}"
    )
    panel.shown["fixed"] = {"lat": lat} if across == "lon" else {"lon": lon}
    panel.shown.pop("place", None)
    return panel


def _middle(asked: Asked) -> tuple[float, float]:
    """Return the place, or the middle of the line; what the whole line keeps is kept."""
    if asked.subject == "place" and asked.place is not None:
        return asked.place
    from sdcviz.products.lines import line_of

    corners = np.asarray(asked.line, np.float64)
    track = line_of(asked.line or (), 3)
    lon, lat = (
        float(own[0]) if np.ptp(own) < 1e-9 else round(float(middle[1]), 4)
        for own, middle in zip(corners.T, (track.lon, track.lat), strict=True)
    )
    return lon, lat


def _call(arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": "hovmoller",
        "arguments": {k: v for k, v in arguments.items() if v is not None},
    }


def _of_time(
    key: str, asked: Asked, axis: dict[str, Any], data: Any, call: dict[str, Any], across: str
) -> Panel:
    values = data["value"].to_numpy()  # (time, along)
    water = values
    if asked.mask is not None:
        rest = {k: v for k, v in call["arguments"].items() if k != "mask"}
        water = asked.product.hovmoller(**rest)["value"].to_numpy()
    # Read like a calendar: the first step on top.
    y = time_axis(asked.grid.times) | {"down": True}
    shown = field_panel(
        asked, "Hovmöller", axis, y, values.T, np.isfinite(water).any(axis=0)[:, None]
    )
    shown |= placed(asked, data) | {"across": across}
    return Panel(key, shown, data, call)
