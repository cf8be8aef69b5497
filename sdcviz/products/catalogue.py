"""What a product is, for a catalogue: name, parameter, area, period, version, provenance."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SdcvizError
from ..vocabularies import quantities
from .grid import Grid
from .opening import open_product
from .source import text_of

if TYPE_CHECKING:
    from .product import Product

__all__ = ["catalogue", "describe", "preview_range"]

_ATTRIBUTES = {
    "title": "title", "version": "product_version", "doi": "doi", "product_id": "product_id",
    "institution": "institution", "license": "license", "abstract": "abstract",
}  # fmt: skip


def catalogue(paths: Iterable[Path | str]) -> list[dict[str, Any]]:
    """Describe products; one that can't be opened has ``error`` with the sentence."""
    found = []
    for path in paths:
        try:
            product = open_product(path)
            found.append(describe(product))
            product.close()
        except SdcvizError as error:
            found.append({"path": str(path), "name": Path(str(path)).name, "error": str(error)})
    return found


def describe(product: Product) -> dict[str, Any]:
    """Describe a product; see `Product.info`."""
    from .copies import plan

    attrs = product.attrs
    told: dict[str, Any] = {"name": product.name, "path": product.path}
    told |= {k: text_of(attrs.get(theirs)) for k, theirs in _ATTRIBUTES.items()}
    told["variables"] = [_variable(product, name) for name in product.variables]
    told |= _extent(product.grid())
    told["prepared"] = product.prepared
    told["bytes_of_copies"] = plan(product).bytes
    told["roles"] = product.roles.document()
    told["warnings"] = product.warnings
    return told


def _variable(product: Product, name: str) -> dict[str, Any]:
    declared, grid, key = product.source.variables[name], product.grid(name), ""
    key = product.quantity_of(name)
    known = quantities().get(key.removesuffix("_unknown_unit"))
    nt, nz, ny, nx = grid.shape
    return {
        "name": name,
        "label": declared.text("long_name") or (known.label if known else name),
        "unit": product.unit_of(name),
        "quantity": key,
        "colormap": known.colormap if known else "viridis",
        "range": preview_range(product, name),
        "has_time": grid.has_time,
        "has_depth": grid.has_depth,
        "shape": [nt, nz, ny, nx],
    }


def preview_range(product: Product, variable: str = "") -> tuple[float, float] | None:
    """Return the colour range that the file proposes; None if it has none."""
    attrs = product.source.variables[product.named(variable)].attrs
    both = attrs.get("preview_range")
    if both is None and {"colorBarMinimum", "colorBarMaximum"} <= set(attrs):
        both = (attrs["colorBarMinimum"], attrs["colorBarMaximum"])
    try:
        low, high = (float(x) for x in np.ravel(() if both is None else both))
    except (TypeError, ValueError):
        return None
    return (low, high) if low < high else None


def _extent(grid: Grid) -> dict[str, Any]:
    times = grid.times
    period: list[str] = []
    if times.bounds is not None:
        period = [str(times.bounds.min())[:10], str(times.bounds.max())[:10]]
    elif len(times) and not np.isnat(times.values).any() and not times.climatology:
        period = [str(times.values.min())[:10], str(times.values.max())[:10]]
    return {
        "box": list(grid.box),
        "depths": grid.depth.tolist(),
        "depth_unit": grid.depth_unit,
        "times": list(times.labels),
        "climatology": times.climatology,
        "period": period,
        "curvilinear": grid.curvilinear,
    }
