"""Frames of the second layer of a map, and of the difference of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import framing
from .framing import Framed

if TYPE_CHECKING:
    from sdcviz.products.difference import Difference
    from sdcviz.products.layers import Layer

__all__ = ["difference_frame", "second_frame"]


def second_frame(
    first: Layer, second: Layer, limits: tuple[float, float] | None, per: str
) -> Framed:
    """Make the map of the second layer in the range of the first."""
    from sdcviz.products.ranges import range_for

    if first.unit != second.unit:
        limits = None  # a range of its own
    elif limits is None:
        limits = range_for(first, per) or first.map().limits
    header, blocks = framing.map_frame(second, limits, per)
    return header | {"product": second.product.name.removesuffix(".nc")}, blocks


def difference_frame(
    found: Difference, per: str, same_time: bool, most: float | None = None
) -> Framed:
    """Make the map of a difference, and where it lies within the combined error.

    Parameters
    ----------
    found : Difference
    per, same_time
        See `range_of_differences`.
    most : float, optional
        End of the range of colours to both sides of 0; found if None.
    """
    from sdcviz.products.difference_range import range_of_differences
    from sdcviz.products.maps import ABOVE, BELOW, packed

    limits = (-most, most) if most else range_of_differences(found, per, same_time)
    made = found.map(limits)
    codes, within = made.codes(), found.mask_map().codes()
    # What is greyed has no colour that could be out of the range.
    counts = np.bincount(codes[within == 0], minlength=256)
    k = framing.thinning(found.first)
    header: dict[str, Any] = {
        "limits": list(made.limits), "depth": made.depth, "depth_unit": found.grid.depth_unit,
        "label": made.label, "unit": made.unit, "answer": made.answer, "sentence": made.sentence,
        "title": found.label, "colormap": found.colormap, "diverging": True, "thinned": k,
        "shape": list(codes[::k, ::k].shape), "cells": int((codes > 0).sum()),
        "below": int(counts[BELOW]), "above": int(counts[ABOVE]),
        "within": int((within > 0).sum()), "names": list(found.names),
        "errors": found.error_sentence if made.answer == "value" else "",
    }  # fmt: skip
    blocks = {"codes": ("rows", packed(codes[::k, ::k].copy()))}
    if header["within"]:
        blocks["within"] = ("rows", packed(within[::k, ::k].copy()))
    return header, blocks
