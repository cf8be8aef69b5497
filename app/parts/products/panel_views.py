"""What each view of the panels is made of, how it is coloured, and what stands over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError

from .panel_asked import Asked, Panel

if TYPE_CHECKING:
    from ...viewing import Viewing
    from .panel_shown import Shown

__all__ = ["head_of", "look_of", "made_of"]


def made_of(asked: Asked, view: str) -> list[Panel]:
    """Make the panels of a view; in a thread."""
    from sdcviz.products.layers import Layer
    from sdcviz.products.ranges import range_for

    if asked.limits is None and asked.shown is not None:
        asked = replace(asked, limits=asked.shown.limits(asked.per))
    elif asked.limits is None and view == "look":
        layer = Layer(asked.product, asked.variable, asked.depth, asked.step)
        asked = replace(asked, limits=range_for(layer, asked.per))
    if view == "water":
        from .panel_water import water_panels

        return water_panels(asked)
    if view == "made":
        from .panel_made import made_panels, question

        wanted = question(asked)
        return made_panels(asked) if wanted is None else [Panel("place-made", {}, ask=wanted)]
    made = _look(asked)
    for panel in made:
        panel.call["made"] = asked.shown is not None
    return made


def _look(asked: Asked) -> list[Panel]:
    if asked.subject == "place":
        from .panel_place import place_panels

        return place_panels(asked)
    if asked.subject == "line":
        from .panel_line import line_panels

        return line_panels(asked)
    from .panel_area import area_panels

    return area_panels(asked)


def look_of(viewing: Viewing, shown: Shown | None) -> tuple[tuple[float, float] | None, str, str]:
    """Return colour range, what it holds for, and colour map of the panels, as on the map."""
    session = viewing.session
    told = next((v for v in viewing.info["variables"] if v["name"] == viewing.variable), {})
    usual = told.get("colormap") or "viridis"
    if shown is None and (session.derived or session.error_shown):  # the map shows something else
        return None, "fixed", usual
    subtracted = session.compare == "difference" and viewing.second is not None
    if shown is None and subtracted:
        return None, session.range_by, usual
    palette = shown.palette if shown is not None else usual
    if subtracted:  # its range is its own
        return None, session.range_by, palette
    palette = session.field_map or palette
    if session.field_range is not None:
        low, high = session.field_range
        return (float(low), float(high)), "fixed", palette
    return None, session.range_by, palette


def head_of(asked: Asked) -> dict[str, Any]:
    """Return the head of the panels."""
    from sdcviz.products.answers import degrees
    from sdcviz.products.lines import line_of

    grid = asked.grid
    if asked.subject == "place" and asked.place is not None:
        title = degrees(*asked.place)
    elif asked.subject == "line":
        try:
            corners = asked.line or ()
            far = line_of(corners, 2 if len(corners) == 2 else 200).distance[-1]
            title = f"Line of {far:.0f} km"
        except SdcvizError:  # the panels say what is wrong with it
            title = "Line"
    else:
        title = "Area"
    label = grid.times.labels[asked.step] if len(grid.times) else ""
    depth = f"{asked.depth:g} {grid.depth_unit}" if asked.depth is not None else ""
    mask = "" if asked.mask is None else (
        asked.mask if isinstance(asked.mask, str) else f"error ≤ {asked.mask:g}"
    )  # fmt: skip
    across = [["lon", "longitude–time"], ["lat", "latitude–time"]]
    if grid.curvilinear:
        across = []
    first = ["depth", "depth–time"] if asked.subject == "place" else ["distance", "distance–time"]
    return {
        "title": title, "under": " · ".join(p for p in (label, depth, mask) if p),
        "unit": asked.unit, "across": [first, *across],
        "here": {"step": asked.step, "level": asked.depth},
    }  # fmt: skip
