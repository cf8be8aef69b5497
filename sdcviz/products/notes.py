"""What a product of sdcviz notes on the analysis of each time step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from .kept import kept

if TYPE_CHECKING:
    from .product import Product

__all__ = ["notes_of"]


def notes_of(product: Product) -> list[dict[str, Any]]:
    """Return the notes on each time step, in the order of the steps.

    Returns
    -------
    list of dict
        With ``epsilon2``, ``horizontal``, ``used``, ``rmse``, ...; empty where there are none.
    """
    return kept(product, ("notes",), lambda: _read(product))


def _read(product: Product) -> list[dict[str, Any]]:
    grid = product.grid()
    nothing: list[dict[str, Any]] = [{} for _ in range(grid.shape[0])]
    declared = product.source.variables.get("slice_notes")
    if declared is None or len(declared.dims) != 2 or declared.shape[0] != grid.shape[0]:
        return nothing
    raw = np.ascontiguousarray(product.source.read("slice_notes", (slice(None), slice(None))))
    texts = raw.astype("S1").view(f"S{raw.shape[1]}").ravel()
    found = [_told(text) for text in texts]
    return [found[k] for k in grid.order["time"]]


def _told(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
