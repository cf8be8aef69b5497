"""How a layer is called and coloured: unit, label, colour map, sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layers import Layer

__all__ = ["colormap_of", "is_diverging", "label_of", "sentence_of", "unit_of"]

_BY = {"": "", "density": ", by density", "temperature": ", by temperature"}


def unit_of(layer: Layer) -> str:
    """Return the unit as people write it; empty where there is none."""
    kind, view = layer.kind, layer.view
    if kind == "formula":
        declared = layer.computed.source.variables["result"].text("units")
        return "" if declared == "1" else declared
    if kind == "error" and view.roles.error_kind == "relative variance":
        return ""
    return view.grid.depth_unit if kind in ("isosurface", "mixed layer") else view.unit


def label_of(layer: Layer) -> str:
    """Return a name for a title or a colour bar, without unit."""
    kind, view = layer.kind, layer.view
    name = str(view.value_attrs()["long_name"])
    if kind == "error":
        return str(view.error_attrs()["long_name"])
    if kind == "isosurface":
        return f"Depth at which {name} is {layer.value:g} {view.unit}".rstrip()
    if kind == "mixed layer":
        return f"Mixed layer depth{_BY[layer.criterion]}"
    if kind == "formula":
        return f"{layer.derived.strip()}, a: {name}"
    return name


def colormap_of(layer: Layer) -> str:
    """Return a colour map that fits, by its name."""
    if layer.kind in ("isosurface", "mixed layer"):
        return "deep"
    if layer.kind == "error":
        return "amp"
    if layer.diverging:
        return "balance"
    if layer.kind == "formula" and layer.unit != layer.view.unit:
        return "viridis"
    from ..vocabularies import quantities

    key = layer.product.quantity_of(layer.view.variable).removesuffix("_unknown_unit")
    known = quantities().get(key)
    return known.colormap if known else "viridis"


def is_diverging(layer: Layer) -> bool:
    """Tell whether values lie around 0: a difference or an anomaly."""
    if layer.kind != "formula":
        return False
    from ..qc.rules.grammar import Sum

    tree = layer.computed.tree
    return isinstance(tree, Sum) and tree.op == "-" and not _has_number(tree)


def _has_number(tree: Any) -> bool:
    from ..qc.rules.grammar import Number

    return isinstance(tree.left, Number) or isinstance(tree.right, Number)


def sentence_of(layer: Layer) -> str:
    """Say what is shown, where and when."""
    t, z, wrong = layer.found
    if wrong:
        return wrong
    parts = [layer.label]
    if not layer.flat:
        parts.append(f"{layer.grid.depth[z]:g} {layer.grid.depth_unit}")
    if layer.grid.has_time:
        parts.append(layer.grid.times.labels[t])
    masked = "" if layer.mask is None else f"; masked: {layer.view.mask_words}"
    return f"{', '.join(parts)} ({layer.product.name}){masked}."
