"""What can be written of the product in view: the map, and what was taken out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError
from sdcviz.products.asked import Asked

if TYPE_CHECKING:
    from sdcviz.plots.product_comparison import Comparison

    from ...viewing import Viewing

__all__ = ["FORMATS", "Item", "items_of", "look_of", "range_wish", "same_as"]

FORMATS = {
    "nc": ("NetCDF", "Data"),
    "csv": ("CSV", "Data"),
    "png": ("PNG, 300 dpi", "Figure"),
    "svg": ("SVG", "Figure"),
    "pdf": ("PDF", "Figure"),
    "gif": ("GIF", "Animation"),
    "mp4": ("MP4", "Animation"),
    "obs": ("Observations (CSV)", "Data"),
}
"""Each format with its title and what it is."""
FIGURES = ("png", "svg", "pdf")


@dataclass(frozen=True)
class Item:
    """One thing that can be written.

    Attributes
    ----------
    key : str
        Of the panel, or "map".
    title : str
    asked : Asked
        What it is, for the library.
    formats : tuple of str
        Keys of `FORMATS`.
    comparison : Comparison or None
        What a map is compared with.
    data : Dataset or None
        What a panel has found, where no question to the library gives it.
    """

    key: str
    title: str
    asked: Asked
    formats: tuple[str, ...]
    comparison: Comparison | None = None
    data: Any = None

    @property
    def subtracts(self) -> bool:
        """Whether it is the difference of two maps."""
        return self.comparison is not None and self.comparison.way == "difference"

    def take(self, product: Any) -> Any:
        """Return the data, as a dataset."""
        if self.data is not None:
            return self.data
        if self.comparison is None or not self.subtracts:
            return self.asked.take(product)
        shown: Any = self.comparison.seen(self.asked.layer(product))[0]
        return shown.dataset()


def items_of(viewing: Viewing, panels: Any = None) -> list[Item]:
    """List what can be written now.

    Parameters
    ----------
    viewing : Viewing
    panels : PanelsPart, optional
        What is beside the map: its diagrams are taken as they are shown there.
    """
    session, product = viewing.session, viewing.product
    if product is None:
        return []
    grid, variable = product.grid(viewing.variable), viewing.variable
    common: dict[str, Any] = {"variable": variable, "mask": viewing.mask}
    step = viewing.step if grid.has_time else None
    found: list[Item] = []

    def add(key: str, title: str, kind: str, **given: Any) -> None:
        try:
            asked = Asked(kind, **{**common, **given})
        except SdcvizError:
            return
        found.append(Item(key, title, asked, _formats(viewing, asked)))

    add("map", "Map", "map", time=step, depth=viewing.depth, error=session.error_shown,
        derived=session.derived)  # fmt: skip
    if found and (comparison := comparison_of(viewing)) is not None:
        moving = tuple(k for k in found[0].formats if k not in ("nc", "csv", "obs"))
        key, title, formats = "both", "Both maps", moving
        if comparison.way == "difference":
            key, title, formats = "difference", "Difference of both maps", ("nc", "csv", *moving)
        found.append(Item(key, title, found[0].asked, formats, comparison))
    at: dict[str, Any] = {"depth": viewing.depth}
    if session.place is not None:
        place = {"place": tuple(session.place)}
        if grid.has_depth:
            add("place-profile", "Profile at the place", "profile", time=step, **place)
        if grid.has_time:
            add("place-series", "Time series at the place", "timeseries", **at, **place)
        if grid.has_depth and grid.has_time:
            add("place-hovmoller", "Hovmöller at the place", "hovmoller", **place)
        _water(viewing, panels, add, "place", time=step, **place)
        if found and "place-made" in getattr(panels, "keys", ()):
            data = panels.extraction("place-made")[0]
            words = "What made the value"
            found.append(Item("place-made", words, found[0].asked, ("csv", "nc"), data=data))
    if session.line is not None:
        line = {"line": tuple(map(tuple, session.line))}
        if grid.has_depth:
            add("line-section", "Section along the line", "section", time=step, **line)
        if grid.has_time:
            add("line-hovmoller", "Hovmöller along the line", "hovmoller", **at, **line)
        _water(viewing, panels, add, "line", time=step, **line)
    if session.area is not None:
        area = {"area": tuple(map(tuple, session.area))}
        if grid.has_depth or grid.has_time:
            add("area", "Means of the area", "area", **area)
        if grid.has_depth and grid.depth_unit == "m":
            add("area-census", "Volumes of the area", "census", time=step, **area)
        _water(viewing, panels, add, "area", time=step, **area)
    return [_as_shown(item, panels) for item in found]


def same_as(key: str, items: list[Item]) -> str:
    """Return the key of the item that holds what a panel, or the map, shows."""
    if key == "map":
        return next((i.key for i in items if i.comparison is not None), key)
    return _of_panel(key)


def _of_panel(key: str) -> str:
    return "area" if key in ("area-profile", "area-series", "area-hovmoller") else key


def comparison_of(viewing: Viewing) -> Comparison | None:
    """Return what the map in view is compared with; None where it shows one layer."""
    session, second = viewing.session, viewing.second
    if session.compare == "none" or second is None:
        return None
    from sdcviz.plots.product_comparison import Comparison

    try:
        layer = viewing.second_layer()
        if layer.key == viewing.layer().key:
            return None
    except SdcvizError:
        return None
    split = viewing.split if session.compare == "swipe" else None
    spread = (session.spread or None) if session.compare == "difference" else None
    return Comparison(
        second, layer.view.variable, session.other_step, session.other_derived, session.compare,
        split, spread,
    )  # fmt: skip


def _water(viewing: Viewing, panels: Any, add: Any, subject: str, **given: Any) -> None:
    """Offer a T-S diagram where the panel has one, or the product has both quantities."""
    from sdcviz.products.temperature_salinity import measures

    product, key = viewing.product, f"{subject}-water"
    measured = {measures(product, n) for n in product.variables}
    both = {"temperature", "salinity"} <= measured and product.grid(viewing.variable).has_depth
    if both or key in getattr(panels, "keys", ()):
        where = {"place": "at the place", "line": "along the line", "area": "of the area"}[subject]
        own = viewing.variable if measures(product, viewing.variable) else ""
        add(key, f"T–S diagram {where}", "ts", **{**given, "variable": own})


def _as_shown(item: Item, panels: Any) -> Item:
    """Take the arguments of the panel in view: it may be a row, a column or other points."""
    of_fields = [k for k in getattr(panels, "keys", ()) if _of_panel(k) == item.key]
    if of_fields and panels.extraction(of_fields[0])[1].get("made"):
        # What the map makes of fields has no file of its own: the data go out as they are shown.
        data = panels.extraction(of_fields[0])[0]
        return Item(item.key, item.title, item.asked, ("csv", "nc"), data=data)
    if panels is None or item.key not in getattr(panels, "keys", ()):
        return item
    method, given = _call_of(panels, item.key)
    if method != item.asked.kind:
        return item
    given = {("area" if k == "where" else k): v for k, v in given.items()}
    lon, lat = given.pop("lon", None), given.pop("lat", None)
    if lon is not None or lat is not None:
        given["place"] = (lon, lat)
    known = {f.name for f in fields(Asked)}
    try:
        asked = Asked(method, **{k: v for k, v in given.items() if k in known})
    except SdcvizError:
        return item
    return Item(item.key, item.title, asked, item.formats)


def _call_of(panels: Any, key: str) -> tuple[str, dict[str, Any]]:
    call = panels.extraction(key)[1]
    return str(call.get("method", "")), dict(call.get("arguments", {}))


def _formats(viewing: Viewing, asked: Asked) -> tuple[str, ...]:
    from sdcviz.plots.animation_files import can_write_mp4

    given = ["nc", "csv"]
    with_dots = asked.kind in ("map", "profile", "timeseries", "section", "area", "ts")
    if with_dots and viewing.session.collection:
        given.append("obs")
    given += FIGURES
    if asked.kind == "map":
        grid = viewing.product.grid(asked.variable)
        moves = (grid.has_time and len(grid.times) > 1) or len(grid.depth) > 1
        given += ["gif"] if moves else []
        given += ["mp4"] if moves and can_write_mp4() else []
    return tuple(given)


# ---- look -----------------------------------------------------------------------
Range = tuple[float, float] | None


def range_wish(viewing: Viewing) -> tuple[Any, Callable[[], tuple[Range, Range]]]:
    """Return what decides the ranges of colours, and what finds them: it may read many maps.

    The first is that of the map, the second that of the difference of both maps.
    """
    session, layer = viewing.session, viewing.layer()
    given: Range = None
    if session.field_range is not None:
        given = (float(session.field_range[0]), float(session.field_range[1]))
    per, same, spread = session.range_by, session.other_step < 0, session.spread or None
    comparison = comparison_of(viewing)
    subtracts = comparison is not None and comparison.way == "difference"
    minus = comparison.layer(layer) if comparison is not None and subtracts else None
    most = session.difference_range

    def find() -> tuple[Range, Range]:
        from sdcviz.products.difference import difference
        from sdcviz.products.difference_range import range_of_differences
        from sdcviz.products.ranges import range_for

        first = given or range_for(layer, per)
        if minus is None:
            return first, None
        if most:
            return first, (-most, most)
        return first, range_of_differences(difference(layer, minus, spread=spread), per, same)

    where = (layer.depth if per == "depth" else None, layer.time if per == "time" else None)
    made = (layer.variable, layer.error, layer.derived, per, where, given, minus, spread, most)
    return (id(viewing.product), viewing.changed, made), find


def look_of(
    viewing: Viewing, item: Item, chosen: dict[str, Any], limits: tuple[float, float] | None
) -> dict[str, Any]:
    """Return the options of a figure, for `sdcviz.plots.product_figure`.

    Parameters
    ----------
    viewing : Viewing
    item : Item
    chosen : dict
        Of the form: width, caption, title, contours, stretched, masked, overlay.
    limits : (float, float) or None
        Range of the colours on the map; see `range_wish`.
    """
    kind, session = item.asked.kind, viewing.session
    palette = session.field_map
    look: dict[str, Any] = {"width": chosen.get("width", "two")}
    if kind in ("map", "hovmoller", "section", "area"):
        of_field = kind == "map" or not (session.derived or session.error_shown)
        look |= {"limits": limits if of_field else None, "contours": bool(chosen.get("contours"))}
        look |= {"colormap": palette} if palette and of_field and not item.subtracts else {}
    if not chosen.get("titled", True):
        look["title"] = ""
    elif chosen.get("title"):
        look["title"] = str(chosen["title"])[:200]
    if not chosen.get("captioned", True):
        look["caption"] = ""
    if kind in ("profile", "section", "hovmoller", "area") and chosen.get("stretched"):
        look["stretched"] = True
    if kind == "map":
        if viewing.session.dots in ("residuals", "coverage") and chosen.get("dots", True):
            look["dots"] = viewing.session.dots
        if chosen.get("zoomed", True) and not viewing.whole and viewing.seen is not None:
            look["extent"] = viewing.seen
        if chosen.get("masked") == "blank":
            look["masked"] = "blank"
        if chosen.get("overlay", True):
            for name in ("place", "line", "area"):
                if getattr(session, name) is not None:
                    look[name] = getattr(session, name)
    if kind == "area":
        look |= {"step": viewing.step, "depth": viewing.depth}
    return {k: v for k, v in look.items() if v is not None}
