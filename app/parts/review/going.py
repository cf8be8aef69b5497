"""From a review to the map of the product, and to the Quality tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...handing import open_in_quality, send_to_quality
from ...viewing import Viewing
from .picking import view_of

__all__ = ["reviewed", "times", "to_map", "to_quality"]


_SMALL = 0.6
"""Degrees; what is larger is drawn as an area and not only as a place."""


def times(viewing: Viewing) -> list[int]:
    """Return the month (from 0) of each step of the product in view."""
    if viewing.product is None:
        return []
    values = viewing.product.grid(viewing.variable).times.values
    return (np.asarray(values).astype("datetime64[M]").astype(np.int64) % 12).tolist()


def to_map(viewing: Viewing, said: Mapping[str, Any]) -> None:
    """Show step, level, place and residuals on the map of the product."""
    session, view = viewing.session, said.get("view") or {}
    update: dict[str, Any] = {"dots": "residuals", "products_view": "map"}
    if isinstance(view.get("step"), int) and view["step"] >= 0:
        update["step"] = view["step"]
    depth = view.get("depth", view.get("level"))
    if isinstance(depth, int | float):
        update["level"] = float(depth)
    if viewing.product is not None and view.get("field") in viewing.product.variables:
        update["field"] = view["field"]
    box = view_of(view.get("box"))
    if box is not None:
        west, south, east, north = box
        update["place"] = ((west + east) / 2, (south + north) / 2)
        if east - west > _SMALL or north - south > _SMALL:
            corners = ((west, south), (east, south), (east, north), (west, north))
            update["area"] = tuple(((x + 180) % 360 - 180, y) for x, y in corners)
    elif isinstance(view.get("lon"), int | float) and isinstance(view.get("lat"), int | float):
        update["place"] = (float(view["lon"]), float(view["lat"]))
    session.param.update(**update)


def reviewed(viewing: Viewing, document: Mapping[str, Any]) -> Any:
    """Return the open collection if it is the one that was reviewed; None otherwise."""
    data = viewing.session.data
    known = str((document.get("collection") or {}).get("id", ""))
    return data if data is not None and str(data.id) == known else None


def to_quality(
    viewing: Viewing, document: Mapping[str, Any], said: Mapping[str, Any], queue: bool
) -> str:
    """Go to a station in the Quality tab, or send stations to its queue.

    Returns
    -------
    str
        Why that can't be; empty where it was done.
    """
    session = viewing.session
    data = reviewed(viewing, document)
    if data is None:
        name = (document.get("collection") or {}).get("name") or "of the review"
        return (
            f"The casts are stations of the collection {name}; open it above, then they can be "
            "shown in the Quality tab."
        )
    rows = [int(r) for r in said.get("rows") or () if 0 <= int(r) < data.n_stations]
    if not rows:
        return "None of these casts is in the open collection any more; make the review anew."
    key = str(document.get("parameter", ""))
    if queue:
        scores = [f"{float(s):.1f} ×" for s in said.get("scores") or ()]
        told = scores if len(scores) == len(rows) else None
        send_to_quality(session, rows, f"Worst casts of {_name(document)}", told, key)
        return ""
    open_in_quality(session, rows[0], key)
    return ""


def _name(document: Mapping[str, Any]) -> str:
    product = document.get("product") or {}
    return str(product.get("title") or product.get("name") or "the product")
