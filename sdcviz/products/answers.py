"""What to say where there is no value, and what every extraction carries with it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from .field import Field
from .source import text_of
from .view import METHOD_WORDS, Values, View

if TYPE_CHECKING:
    pass

__all__ = ["answer", "broken_sentence", "coordinates", "degrees", "provenance"]

_KEPT = {
    "title": "product_title",
    "product_id": "product_id",
    "product_version": "product_version",
    "doi": "product_doi",
    "institution": "institution",
    "license": "license",
    "acknowledgment": "acknowledgment",
    "acknowledgement": "acknowledgment",
}


def degrees(lon: float, lat: float) -> str:
    """Write a place for people: ``4.50° E, 42.00° N``."""
    lon = (lon + 180) % 360 - 180
    east, north = "E" if lon >= 0 else "W", "N" if lat >= 0 else "S"
    return f"{abs(lon):.2f}° {east}, {abs(lat):.2f}° {north}"


def answer(view: View, found: Values, place: str) -> tuple[str, str]:
    """Say what the values at one place are.

    Returns
    -------
    word : str
        "value", "land", "outside" or "masked".
    sentence : str
        For people; "" where there are values.
    """
    product = view.product.name
    if np.isfinite(found.value).any():
        return "value", ""
    if not found.inside.any():
        west, south, east, north = view.grid.box
        return "outside", (
            f"{place} lies outside {product}, which reaches from {degrees(west, south)} "
            f"to {degrees(east, north)}."
        )
    if not found.water.any():
        return "land", f"{place} is on land in {product}, or below the bottom: no value there."
    return "masked", f"{place} is masked: {view.mask_words}."


def outside_depth(view: View, depth: float) -> str:
    """Say that a depth is not covered."""
    z, unit = view.grid.depth, view.grid.depth_unit
    name = view.product.name
    return f"{depth:g} {unit} lies outside {name}, which has {z[0]:g} to {z[-1]:g} {unit}."


def outside_time(view: View, when: Any) -> str:
    """Say that a time is not covered."""
    return f"{when} lies outside {view.product.name}, which has {view.grid.times.some()}."


def broken_sentence(name: str, field: Field) -> str:
    """Name the layers of a field that can't be read."""
    times, depth = field.grid.times, field.grid.depth
    told = []
    for t, z in sorted(field.broken())[:5]:
        when = times.labels[t] if len(times) else ""
        at = f"{depth[z]:g} {field.grid.depth_unit}" if len(depth) else ""
        told.append(", ".join(part for part in (when, at) if part) or "the only layer")
    more = f" and {len(field.broken()) - 5} more" if len(field.broken()) > 5 else ""
    return f"{name} can't be read at {'; '.join(told)}{more}: that part of the file is damaged."


def coordinates(view: View) -> dict[str, dict[str, Any]]:
    """Return CF attributes of the coordinates of an extraction."""
    z = {"standard_name": "depth", "units": "m", "positive": "down", "axis": "Z"}
    if view.grid.depth_unit == "dbar":
        z = {
            "standard_name": "sea_water_pressure",
            "units": "dbar",
            "positive": "down",
            "axis": "Z",
        }
    return {
        "lon": {"standard_name": "longitude", "units": "degrees_east"},
        "lat": {"standard_name": "latitude", "units": "degrees_north"},
        "depth": z,
        "time": {"standard_name": "time"},
        "label": {"long_name": "time step of the product"},
        "distance": {"long_name": "distance along the line (great circles)", "units": "km"},
    }


def provenance(view: View, what: str) -> dict[str, str]:
    """Return global attributes that say where an extraction comes from."""
    product = view.product
    kept = {
        ours: text_of(product.attrs[theirs])
        for theirs, ours in _KEPT.items()
        if text_of(product.attrs.get(theirs))
    }
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {
        "Conventions": "CF-1.8",
        "title": f"{what} of {view.variable} out of {product.name}",
        "source": product.path,
        "variable": view.variable,
        "interpolation": METHOD_WORDS[view.method],
        "mask": view.mask_words,
        "history": f"{now} sdcviz {__version__}: {what}",
    }
    return told | kept
