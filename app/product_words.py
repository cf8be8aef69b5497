"""What a product is, in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sdcviz.words import counted, number

__all__ = ["area", "levels", "parameter", "period", "provenance", "summary", "times"]

_PROVENANCE = (
    ("institution", "Institution"),
    ("creator_name", "Authors"),
    ("author", "Authors"),
    ("project", "Project"),
    ("source", "Source"),
    ("doi", "DOI"),
    ("doi_url", "DOI"),
    ("product_id", "Product"),
    ("license", "Licence"),
    ("acknowledgement", "Acknowledgement"),
    ("references", "References"),
    ("Conventions", "Conventions"),
    ("date_created", "Made"),
    ("comment", "Comment"),
    ("history", "History"),
)
_LONGEST = 2000


def area(box: Sequence[float]) -> str:
    """Return an area as ``6° W to 36.5° E, 30° to 46° N``."""
    if len(box) != 4:
        return ""
    west, south, east, north = box
    return f"{_span(west, east, 'EW')}, {_span(south, north, 'NS')}"


def _span(low: float, high: float, sides: str) -> str:
    def one(value: float, side: bool) -> str:
        return f"{abs(value):.4g}°" + (f" {sides[value < 0]}" if side and value else "")

    same = (low < 0) == (high < 0)
    return f"{one(low, not same)} to {one(high, True)}"


def period(info: Mapping[str, Any]) -> str:
    """Return the time that a product is about: years, or days where these are one year's."""
    both = info.get("period") or []
    if len(both) != 2:
        return ""
    first, last = both
    if last[4:] == "-01-01" and first < last:
        last = f"{int(last[:4]) - 1}-12-31"  # a bound is the first moment after it
    if first[:4] != last[:4]:
        return f"{first[:4]} to {last[:4]}"
    return first if first == last else f"{first} to {last}"


def levels(info: Mapping[str, Any]) -> str:
    """Return how many levels there are, and from where to where."""
    depths = info.get("depths") or []
    unit = info.get("depth_unit") or "m"
    if not depths:
        return "no depths"
    if len(depths) == 1:
        return f"1 level, {_plain(depths[0])} {unit}"
    return f"{counted(len(depths), 'level')}, {_plain(depths[0])} to {_plain(depths[-1])} {unit}"


def _plain(value: float) -> str:
    return number(int(value)) if float(value).is_integer() else f"{value:g}"


def times(info: Mapping[str, Any]) -> str:
    """Return how many times there are, and whether they are those of a climatology."""
    labels = info.get("times") or []
    if not labels:
        return "no times"
    what = " of a climatology" if info.get("climatology") else ""
    if len(labels) == 1:
        return f"1 time{what}: {labels[0]}"
    return f"{counted(len(labels), 'time')}{what}, {labels[0]} to {labels[-1]}"


def parameter(variable: Mapping[str, Any]) -> str:
    """Return a field with its unit: ``Temperature (°C)``."""
    unit = variable.get("unit", "")
    return f"{variable['label']} ({unit})" if unit and unit != "1" else str(variable["label"])


def provenance(attrs: Mapping[str, Any]) -> list[list[str]]:
    """Return what the file says of where it comes from, as names and texts."""
    from sdcviz.products.source import text_of

    found: dict[str, str] = {}
    for key, name in _PROVENANCE:
        text = text_of(attrs.get(key)).strip()
        if text and name not in found:
            found[name] = text[:_LONGEST] + (" …" if len(text) > _LONGEST else "")
    return [[name, text] for name, text in found.items()]


def summary(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of a catalogue."""
    shown = [parameter(v) for v in info["variables"]]
    more = f" and {len(shown) - 2} more" if len(shown) > 3 else ""
    return {
        "title": info.get("title") or "",
        "parameter": ", ".join(shown[: 2 if more else 3]) + more,
        "area": area(info["box"]),
        "period": period(info),
        "version": info.get("version") or "",
        "size": f"{levels(info)}; {times(info)}",
    }
