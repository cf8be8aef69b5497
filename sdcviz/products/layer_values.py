"""The values of a layer: what is made of a field, between levels, as an array, as bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .grid import Grid
from .maps import MapBytes, around_zero, encode
from .times import OUTSIDE
from .view import View, between, level_share, maskable

if TYPE_CHECKING:
    import xarray as xr

    from .layers import Layer

__all__ = ["array_of", "at_depth", "limits_of", "made", "map_of"]

Plane = NDArray[np.floating]


class Levelled(Protocol):
    """What has planes at levels."""

    @property
    def grid(self) -> Grid:
        """Its axes."""

    @property
    def flat(self) -> bool:
        """Whether it is the same at all depths."""

    @property
    def found(self) -> tuple[int, int, str]:
        """Step, level, and a sentence if there are none."""


def at_depth(what: Levelled, read: Callable[[int, int], Plane], depth: float | None) -> Plane:
    """Read a plane at its level (None), or between levels.

    Raises
    ------
    BadRequest
        The product does not cover it.
    """
    t, z, wrong = what.found
    if depth is None or what.flat:
        if wrong:
            raise BadRequest(wrong)
        return read(t, z)
    if t == OUTSIDE:
        raise BadRequest(wrong)
    level, share = level_share(what.grid, np.array([depth], np.float64))
    below, part = int(level[0]), float(share[0])
    if below < 0:
        return np.full(what.grid.shape[2:], np.nan)
    if part == 0:
        return read(t, below)
    return between(read(t, below), read(t, below + 1), part)


def made(layer: Layer, t: int, z: int) -> Plane:
    """Make an isosurface, a mixed layer depth or the plane of a formula."""
    from .derived import isosurface, mixed_layer_depth

    view, product = layer.view, layer.product
    if layer.kind == "isosurface":
        found = isosurface(product, layer.value, t, view.variable, layer.mask)
        return np.asarray(found.values, np.float32)
    if layer.kind == "mixed layer":
        measured = product.quantity_of(view.variable).removesuffix("_unknown_unit")
        warm = view.variable if measured == "temperature" else ""
        mask = layer.mask if not warm or maskable(product, warm) else None
        found = mixed_layer_depth(product, t, warm, "", criterion=layer.criterion, mask=mask)
        return np.asarray(found.values, np.float32)
    values = np.asarray(layer.computed.field("result").layer(t, z), np.float32)
    if layer.mask is None:
        return values
    base = layer.computed.base
    masked = View(product, base.variable, layer.mask, "nearest").layer(t, z)
    return np.where(np.isnan(masked), np.float32(np.nan), values)


def array_of(what: Layer) -> xr.DataArray:
    """Return the values as (lat, lon), with what they are in the attributes."""
    from .maps import layer

    if what.kind in ("value", "error"):
        return layer(
            what.product, what.variable, what.depth, what.time, what.mask, what.kind
        )  # fmt: skip
    t, z, _ = what.check().found
    depth = None if what.flat else float(what.grid.depth[z])
    base = what.computed.base.variable if what.kind == "formula" else what.view.variable
    frame = layer(what.product, base, None if what.flat else depth, t, None, "value")
    if what.flat:
        frame = frame.drop_vars("depth", errors="ignore")
    told = {k: v for k, v in frame.attrs.items() if k not in ("standard_name", "cell_methods")}
    told |= {"long_name": what.label, "units": what.unit or "1", "derived": what.derived}
    told |= {"mask": what.view.mask_words, "title": f"{what.label} out of {what.product.name}"}
    return frame.copy(data=what.plane()).assign_attrs(told).rename("value")


def map_of(layer: Layer, limits: tuple[float, float] | None) -> MapBytes:
    """Return the values as few bytes for a browser; see `Product.map`."""
    if layer.kind in ("value", "error"):
        return layer.product.map(
            layer.variable, layer.depth, layer.time, mask=layer.mask, limits=limits,
            what=layer.kind,
        )  # fmt: skip
    from ..errors import UnreadableFile

    t, z, sentence = layer.found
    answer = "outside" if sentence else "value"
    values: Plane = np.full(layer.grid.shape[2:], np.nan, np.float32)
    if not sentence:
        try:
            values = layer.plane()
        except UnreadableFile as error:
            answer, sentence = "damaged", str(error)
    if layer.kind == "isosurface" and answer == "value" and not np.isfinite(values).any():
        sentence = _nowhere(layer)
    return encode(
        values, limits or layer.limits(values), layer.grid,
        depth=None if layer.flat or z < 0 else float(layer.grid.depth[z]),
        label=layer.grid.times.labels[t] if layer.grid.has_time and t != OUTSIDE else "",
        unit=layer.unit, answer=answer, sentence=sentence,
    )  # fmt: skip


def _nowhere(layer: Layer) -> str:
    """Say that a field has a value nowhere, and which ones it has."""
    from dataclasses import replace

    from .ranges import range_for

    name, unit = layer.view.value_attrs()["long_name"], layer.view.unit
    some = range_for(replace(layer, derived="", depth=None), "time")
    has = f"; it has {some[0]:.4g} to {some[1]:.4g}" if some else ""
    return f"{name} is nowhere {layer.value:g} {unit} on this map{has}.".replace("  ", " ")


def limits_of(layer: Layer, values: Plane) -> tuple[float, float] | None:
    """Propose a range of colours for a map; None: that of the values."""
    if layer.diverging:
        return around_zero(values)
    known = values[np.isfinite(values)]
    if layer.kind == "value" or len(known) < 2:
        return None
    if layer.kind == "error" and not layer.unit:
        return 0.0, 1.0
    low, high = (float(v) for v in np.quantile(known, [0.02, 0.98]))
    return (low, high) if low < high else None
