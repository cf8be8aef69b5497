"""Panels of an area: mean profile, mean series, depth against time, volumes by value."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdcviz.products.areas import points_in
from sdcviz.products.window import in_depth, in_time
from sdcviz.words import counted, number

from .panel_asked import Asked, Panel, packed
from .panel_asked import seen as seen_of
from .panel_axes import at_times, centres, depth_axis, time_axis, value_axis
from .panel_fields import failed, field_panel, placed
from .panel_place import when_words

__all__ = ["area_panels"]

CLASSES = 24


def area_panels(asked: Asked) -> list[Panel]:
    """Return the panels of an area."""
    summary: list[Any] = []

    def data() -> Any:
        if not summary:
            summary.append(
                asked.product.area(asked.area or (), variable=asked.variable, mask=asked.mask)
            )
        return summary[0]

    made = []
    if asked.grid.has_depth:
        made.append(failed("area-profile", "Mean profile", lambda a: _profile(a, data()), asked))
    if asked.grid.has_time:
        title = "Mean seasonal cycle" if asked.grid.times.climatology else "Mean series"
        made.append(failed("area-series", title, lambda a: _series(a, data(), title), asked))
        if asked.grid.has_depth:
            hovmoller = "area-hovmoller", "Hovmöller", lambda a: _hovmoller(a, data())
            made.append(failed(*hovmoller, asked))
    if asked.grid.has_depth:
        made.append(failed("area-census", "Volume by value", lambda a: _census(a, data()), asked))
    return made or [failed("area-value", "Values in the area", lambda a: _values(a, data()), asked)]


def _values(asked: Asked, data: Any) -> Panel:
    """Sum up a field that has neither depths nor times."""
    told = {n: f"{float(data[n]):.5g}".replace("-", "−") for n in ("value", "least", "most")}
    unit = f" {asked.unit}" if asked.unit else ""
    points = counted(int(data["points"]), "grid point")
    said = str(data.attrs.get("sentence", "")) or (
        f"{asked.label}: {told['value']}{unit} on average, {told['least']} to "
        f"{told['most']}{unit}, standard deviation {float(data['spread']):.3g}{unit}; {points}, "
        "weighed by the area of their cells."
    )
    shown = {"kind": "none", "title": "Values in the area", "sentence": said}
    return Panel("area-value", shown, data, _call(asked))


def _call(asked: Asked, method: str = "area", **more: Any) -> dict[str, Any]:
    given = {"where": asked.area, **more, "variable": asked.variable, "mask": asked.mask}
    return {"method": method, "arguments": {k: v for k, v in given.items() if v is not None}}


def _band(mean: Any, spread: Any, along: Any, axis: str) -> dict[str, Any]:
    other = "y" if axis == "x" else "x"
    return {
        "type": "band", f"{axis}0": packed(mean - spread), f"{axis}1": packed(mean + spread),
        other: packed(along),
    }  # fmt: skip


def _profile(asked: Asked, data: Any) -> Panel:
    one = data.isel(time=asked.step) if "time" in data.dims else data
    mean, spread, depth = (one[n].to_numpy() for n in ("value", "spread", "depth"))
    seen = seen_of(asked)
    if len(seen) and asked.grid.has_time:
        seen = seen.where(
            in_time(asked.grid.times, seen.columns["time"], asked.step, asked.window[1])
        )
    points = int(one["points"].to_numpy().max())
    shown = {
        "kind": "xy", "title": "Mean profile",
        "x": value_axis(
            asked.titled, mean - spread, mean + spread, dots=seen.columns["value"]
        ),
        "y": depth_axis(asked, np.isfinite(mean)),
        "layers": [
            seen.dots(seen.columns["value"], seen.columns["depth"]),
            _band(mean, spread, depth, "x"),
            {"type": "line", "x": packed(mean), "y": packed(depth), "points": True},
        ],
        **placed(asked, data),
        "note": seen.note or seen.told(f"in the area, {when_words(asked)}"),
        "about": f"Mean of {counted(points, 'grid point')}, weighed by the area of their cells; "
        "band: ± their standard deviation.",
    }  # fmt: skip
    return Panel("area-profile", shown, data, _call(asked))


def _series(asked: Asked, data: Any, title: str) -> Panel:
    one = data
    if "depth" in data.dims:
        z = int(np.abs(asked.grid.depth - (asked.depth or 0.0)).argmin())
        one = data.isel(depth=z)
    mean, spread = one["value"].to_numpy(), one["spread"].to_numpy()
    times = asked.grid.times
    at = centres(times)
    seen, x = seen_of(asked), np.empty(0)
    if len(seen):
        x = at_times(times, seen.columns["time"])
        own = in_depth(asked.grid, seen.columns["depth"], asked.depth, asked.window[0])
        own &= np.isfinite(x)
        seen, x = seen.where(own), x[own]
    at_depth = (
        f" at {asked.depth:g} {asked.grid.depth_unit}"
        if asked.depth is not None
        else ", of all depths"
    )
    shown = {
        "kind": "xy", "title": title, "x": time_axis(times),
        "y": value_axis(
            asked.titled, mean - spread, mean + spread, dots=seen.columns["value"]
        ),
        "layers": [
            seen.dots(x, seen.columns["value"]),
            _band(mean, spread, at, "y"),
            {"type": "line", "x": packed(at), "y": packed(mean), "points": True},
        ],
        **placed(asked, data),
        "note": seen.note or seen.told(f"in the area{at_depth}"),
    }  # fmt: skip
    return Panel("area-series", shown, data, _call(asked))


def _hovmoller(asked: Asked, data: Any) -> Panel:
    values = data["value"].transpose("time", "depth").to_numpy()
    water = np.isfinite(values).any(axis=0)[None, :]
    if asked.mask is not None:
        whole = asked.product.area(asked.area or (), variable=asked.variable)
        water = np.isfinite(whole["value"].transpose("time", "depth").to_numpy()).any(axis=0)[None]
    shown = field_panel(
        asked, "Hovmöller", time_axis(asked.grid.times), depth_axis(asked, water), values, water
    )
    return Panel("area-hovmoller", shown | placed(asked, data), data, _call(asked))


def _census(asked: Asked, summary: Any) -> Panel:
    given: dict[str, Any] = {"time": asked.step if asked.grid.has_time else None}
    call = _call(asked, "census", classes=CLASSES, **given)
    data = asked.product.census(**call["arguments"])
    total = float(data.attrs["volume_km3"])
    points = int(points_in(asked.grid, asked.area or ()).sum())
    volume, name = data["volume"].to_numpy(), "km³"
    if volume.max(initial=0) >= 1e6:
        volume, name = volume / 1e6, "million km³"
    lower, upper = data["lower"].to_numpy(), data["upper"].to_numpy()
    shown = {
        "kind": "bars", "title": "Volume by value",
        "x": value_axis(asked.titled, lower, upper),
        "y": {**value_axis(f"Volume [{name}]", volume, low=0.0), "is": "volume"},
        "edges": packed(np.append(lower, upper[-1:])), "bars": packed(volume), "layers": [],
        "note": f"{number(round(total))} km³ of water, {counted(points, 'grid point')} in the area",
    }  # fmt: skip
    # Where there is no water all panels say the same.
    return Panel("area-census", shown | placed(asked, summary), data, call)
