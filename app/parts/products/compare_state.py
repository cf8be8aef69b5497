"""What the map in the browser has to know of the second layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError
from sdcviz.plots.colours import colormap

from ... import framing
from ...viewing import Viewing

if TYPE_CHECKING:
    from sdcviz.products.layers import Layer

__all__ = ["CODES", "WATCHED", "compared"]

CODES = 253
"""Colours of a range."""

WATCHED = ("compare", "other", "other_field", "other_step", "other_derived", "spread")
"""Parameters of the session that decide it."""


def compared(viewing: Viewing) -> dict[str, Any]:
    """Return mode, queries and names of the second layer; mode "none" where there is none."""
    session, second = viewing.session, viewing.second
    told: dict[str, Any] = {"compare": "none", "second": None}
    if session.compare != "none" and second is None and viewing.second_error:
        return told | {"compare_sentence": viewing.second_error}
    if session.compare == "none" or second is None or viewing.product is None:
        return told
    try:
        layer = viewing.second_layer()
        if layer.key == viewing.layer().key:
            return told  # the form says so
    except SdcvizError as error:
        return told | {"compare_sentence": str(error)}
    own = {
        "product": session.other or session.product, "v": framing.version_of(second),
        "field": layer.view.variable, "derived": session.other_derived,
    }  # fmt: skip
    return {
        "compare": session.compare,
        "second": {
            "query": {
                "other": own["product"], "other_v": own["v"], "other_field": own["field"],
                "other_step": session.other_step, "other_derived": own["derived"],
            },
            "grid": own,
            "spread": session.spread or None,
            "title": layer.label,
            # What is measured in another unit has colours of its own.
            "palette": list(colormap(layer.colormap, CODES))
            if layer.unit != viewing.layer().unit else None,
            "names": _names(viewing.layer(), layer, session.other_step < 0),
        },
    }  # fmt: skip


def _names(first: Layer, second: Layer, same_time: bool) -> list[str]:
    """Name the layers by what tells them apart."""
    pairs = [
        tuple(x.product.name.removesuffix(".nc") for x in (first, second)),
        tuple(x.label for x in (first, second)),
    ]
    told = [(a, b) for a, b in pairs if a.casefold() != b.casefold()]
    if not told and same_time:
        return list(pairs[0])
    # Times are told by the frames, as sliders move.
    return [", ".join(parts) for parts in zip(*told, strict=True)] if told else ["", ""]
