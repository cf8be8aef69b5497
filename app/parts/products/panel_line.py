"""Panels of a line: section, distance against time."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdcviz.products.lines import line_of
from sdcviz.products.window import in_time

from .panel_asked import Asked, Panel, Seen, packed
from .panel_asked import seen as seen_of
from .panel_axes import depth_axis, distance_axis, value_axis
from .panel_fields import failed, field_panel, hovmoller_across, hovmoller_line, placed
from .panel_place import when_words

__all__ = ["line_panels"]


def line_panels(asked: Asked) -> list[Panel]:
    """Return the panels of a line."""
    made = []
    if asked.grid.has_depth:
        made.append(failed("line-section", "Section", _section, asked))
    else:
        made.append(failed("line-values", "Along the line", _values, asked))
    if asked.grid.has_time:
        made.append(failed("line-hovmoller", "Hovmöller", _hovmoller, asked))
    return made


def _section(asked: Asked) -> Panel:
    given: dict[str, Any] = {
        "line": asked.line, "time": asked.step if asked.grid.has_time else None,
        "variable": asked.variable, "mask": asked.mask, **asked.how,
    }  # fmt: skip
    arguments = {k: v for k, v in given.items() if v is not None}
    data = asked.product.section(**arguments)
    axis = distance_axis(*(data[n].to_numpy() for n in ("distance", "lon", "lat")))
    bottom = data["bottom"].to_numpy()
    water = asked.grid.depth[None, :] <= np.nan_to_num(bottom, nan=-1.0)[:, None]
    shown = field_panel(
        asked, "Section", axis, depth_axis(asked, water), data["value"].to_numpy(), water
    )
    seen = section_seen(asked)
    shown["layers"] = [seen.dots(seen.columns["along"], seen.columns["depth"], colour=True)]
    shown |= placed(asked, data)
    shown["note"] = seen.note or seen.told(
        f"within {asked.around:g} km of the line, {when_words(asked)}"
    )
    shown["about"] = "Distances on great circles. Bottom: the deepest level with a value."
    return Panel("line-section", shown, data, {"method": "section", "arguments": arguments})


def _values(asked: Asked) -> Panel:
    """Return the values of a field without depths along the line."""
    track = line_of(asked.line or (), 200)
    step = asked.step if asked.grid.has_time else None
    column = asked.product.hovmoller if asked.grid.has_time else None
    if column is not None and step is not None:
        data = column(line=asked.line, variable=asked.variable, mask=asked.mask, **asked.how)
        data = data.isel(time=step)
    else:
        data = asked.product.at(
            lon=track.lon, lat=track.lat, variable=asked.variable, mask=asked.mask, **asked.how
        )
    values = data["value"].to_numpy().astype(np.float64)
    seen = section_seen(asked)
    axis = distance_axis(track.distance, track.lon, track.lat)
    shown = {
        "kind": "xy", "title": "Along the line", "x": axis,
        "y": value_axis(asked.titled, values, dots=seen.columns["value"]),
        "layers": [
            seen.dots(seen.columns["along"], seen.columns["value"]),
            {"type": "line", "x": packed(track.distance), "y": packed(values)},
        ],
        "sentence": "" if np.isfinite(values).any() else (
            f"{asked.product.name} has no value along the line: it is land, or outside."
        ),
        "note": seen.note or seen.told(
            f"within {asked.around:g} km of the line, {when_words(asked)}"
        ),
    }  # fmt: skip
    return Panel("line-values", shown)


def section_seen(asked: Asked) -> Seen:
    """Find the observations along the line in the time window."""
    seen = seen_of(asked)
    if not len(seen) or not asked.grid.has_time:
        return seen
    return seen.where(in_time(asked.grid.times, seen.columns["time"], asked.step, asked.window[1]))


def _hovmoller(asked: Asked) -> Panel:
    across = str(asked.choice.get("across") or _natural(asked))
    if across in ("lon", "lat"):
        return hovmoller_across("line-hovmoller", asked, across)
    return hovmoller_line("line-hovmoller", asked)


def _natural(asked: Asked) -> str:
    """Take longitude or latitude where the line keeps the other one."""
    corners = np.asarray(asked.line, np.float64)
    if asked.grid.curvilinear:
        return "distance"
    if np.ptp(corners[:, 1]) < 1e-9:
        return "lon"
    return "lat" if np.ptp(corners[:, 0]) < 1e-9 else "distance"
