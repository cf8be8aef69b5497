"""Panels of a place: profile, series at a depth, depth against time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.products.window import in_depth, in_time, window_words

from .panel_asked import Asked, Panel, packed
from .panel_asked import seen as seen_of
from .panel_axes import at_times, centres, depth_axis, time_axis, value_axis
from .panel_fields import failed, field_panel, hovmoller_across, placed

__all__ = ["place_panels", "when_words"]


def place_panels(asked: Asked) -> list[Panel]:
    """Return the panels of a place."""
    made = []
    if asked.grid.has_depth:
        made.append(failed("place-profile", "Profile", _profile, asked))
    if asked.grid.has_time:
        made.append(failed("place-series", _series_title(asked), _series, asked))
        if asked.grid.has_depth or asked.choice.get("across"):
            made.append(failed("place-hovmoller", "Hovmöller", _hovmoller, asked))
    return made or [failed("place-value", "Value", _value, asked)]


def _value(asked: Asked) -> Panel:
    """Tell the one value of a field that has neither depths nor times."""
    lon, lat = asked.place or (np.nan, np.nan)
    found = asked.product.at(lon=[lon], lat=[lat], variable=asked.variable, **asked.how)
    value = float(found["value"][0])
    unit = f" {asked.unit}" if asked.unit else ""
    said = f"{asked.label}: {value:.5g}{unit}".replace("-", "−")
    if not np.isfinite(value):
        said = f"{asked.product.name} has no value there: it is land, or outside."
    return Panel("place-value", {"kind": "none", "title": "Value", "sentence": said})


def _series_title(asked: Asked) -> str:
    return "Seasonal cycle" if asked.grid.times.climatology else "Time series"


def _call(asked: Asked, method: str, **more: Any) -> dict[str, Any]:
    lon, lat = asked.place or (0.0, 0.0)
    given = {
        "lon": lon,
        "lat": lat,
        **more,
        "variable": asked.variable,
        "mask": asked.mask,
        **asked.how,
    }
    return {"method": method, "arguments": {k: v for k, v in given.items() if v is not None}}


# ---- profile ----------------------------------------------------------------------------
def _profile(asked: Asked) -> Panel:
    call = _call(asked, "profile", time=asked.step if asked.grid.has_time else None)
    data = asked.product.profile(**call["arguments"])
    value, depth = data["value"].to_numpy().astype(np.float64), data["depth"].to_numpy()
    seen = seen_of(asked)
    if len(seen):
        own = np.ones(len(seen), bool)
        if asked.grid.has_time:
            own = in_time(asked.grid.times, seen.columns["time"], asked.step, asked.window[1])
        seen = seen.where(own)
    layers: list[dict[str, Any]] = []
    about, bounds, second, limits = _band(asked, data, value, depth)
    layers += bounds
    layers.append(seen.dots(seen.columns["value"], seen.columns["depth"]))
    layers.append({"type": "line", "x": packed(value), "y": packed(depth), "points": True})
    shown: dict[str, Any] = {
        "kind": "xy", "title": "Profile",
        "x": value_axis(asked.titled, value, *limits, dots=seen.columns["value"]),
        "y": depth_axis(asked, np.isfinite(value)), "layers": layers, "second": second,
        **placed(asked, data),
        "note": seen.note or seen.told(f"within {asked.around:g} km, {when_words(asked)}"),
        "about": about,
    }  # fmt: skip
    return Panel("place-profile", shown, data, call)


def when_words(asked: Asked) -> str:
    """Say which times the observations of a step are of."""
    if not asked.grid.has_time:
        return "of all times"
    words = window_words(asked.product, asked.variable, asked.depth, asked.step, asked.window)
    return words.rpartition(" m, ")[2] if asked.grid.has_depth else words


def _spread_of(asked: Asked, data: Any) -> NDArray[np.float64]:
    """Return the expected error of a profile in the unit of the field; NaN: unknown."""
    from sdcviz.products.deviation import deviation_of

    error = data["error"].to_numpy().astype(np.float64)
    if data["error"].attrs.get("kind") != "relative variance":
        return error
    found = deviation_of(asked.product, asked.variable)
    if found is None:
        return np.full(error.shape, np.nan)
    return np.asarray(found.values[asked.step] * np.sqrt(np.maximum(error, 0)))


def _band(
    asked: Asked, data: Any, value: NDArray, depth: NDArray
) -> tuple[str, list[dict[str, Any]], dict[str, Any] | None, list[NDArray]]:
    """Return what the band is, the band, the axis of a relative error, and how far it reaches."""
    if asked.shown is not None:
        return "", [], None, []
    if "error" not in data:
        return "The product has no error of this field.", [], None, []
    off = _spread_of(asked, data)
    if np.isfinite(off).any():
        reach = [value - off, value + off]
        band = {
            "type": "band", "x0": packed(value - off), "x1": packed(value + off), "y": packed(depth)
        }  # fmt: skip
        if data["error"].attrs.get("kind") != "relative variance":
            return "Band: ± the error of the product.", [band], None, reach
        return (
            "Band: ± √(relative error variance × variance of the field around its background) at "
            "each level; that variance comes from the observations minus the background, over "
            "1 + epsilon².",
            [band],
            None,
            reach,
        )
    error = data["error"].to_numpy().astype(np.float64)
    if not np.isfinite(error).any():
        return "", [], None, []
    layer = {"type": "line", "x": packed(error), "y": packed(depth), "second": True}
    axis = {"is": "error", "label": "Relative error variance", "low": 0.0, "high": 1.0}
    return (
        "Dashed: relative error variance (upper axis). The variance of the field is not in the "
        "product, so there is no error in its unit.",
        [layer],
        axis,
        [],
    )


# ---- series and Hovmöller -----------------------------------------------------------------
def _series(asked: Asked) -> Panel:
    call = _call(asked, "timeseries", depth=asked.depth)
    data = asked.product.timeseries(**call["arguments"])
    times = asked.grid.times
    value, at = data["value"].to_numpy().astype(np.float64), centres(times)
    seen = seen_of(asked)
    x = np.empty(0)
    if len(seen):
        x = at_times(times, seen.columns["time"])
        own = in_depth(asked.grid, seen.columns["depth"], asked.depth, asked.window[0])
        own &= np.isfinite(x)
        seen, x = seen.where(own), x[own]
    words = window_words(asked.product, asked.variable, asked.depth, asked.step, asked.window)
    at_depth = f", {words.partition(', ')[0]}" if asked.grid.has_depth else ", of all depths"
    shown = {
        "kind": "xy", "title": _series_title(asked), "x": time_axis(times),
        "y": value_axis(asked.titled, value, dots=seen.columns["value"]),
        "layers": [
            seen.dots(x, seen.columns["value"]),
            {"type": "line", "x": packed(at), "y": packed(value), "points": True},
        ],
        **placed(asked, data),
        "note": seen.note or seen.told(f"within {asked.around:g} km{at_depth}"),
    }  # fmt: skip
    return Panel("place-series", shown, data, call)


def _hovmoller(asked: Asked) -> Panel:
    across = str(asked.choice.get("across") or "depth")
    if across in ("lon", "lat") or not asked.grid.has_depth:
        return hovmoller_across("place-hovmoller", asked, "lat" if across == "lat" else "lon")
    call = _call(asked, "hovmoller")
    data = asked.product.hovmoller(**call["arguments"])
    values = data["value"].to_numpy()
    water = values
    if asked.mask is not None:
        rest = {k: v for k, v in call["arguments"].items() if k != "mask"}
        water = asked.product.hovmoller(**rest)["value"].to_numpy()
    wet = np.isfinite(water).any(axis=0)[None, :]
    axes = time_axis(asked.grid.times), depth_axis(asked, wet)
    shown = field_panel(asked, "Hovmöller", *axes, values, wet)
    shown |= placed(asked, data) | {"across": "depth"}
    return Panel("place-hovmoller", shown, data, call)
