"""The error variance of what a layer shows, in its unit squared, and where it comes from.

Of a field it is that of the file. It is carried on to what is made of fields where that is sound
to first order: to sums of fields with factors, whose errors are taken as independent, and to
depths of a value, where an error moves the depth by itself over the change with depth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .deviation import deviation_of
from .grid import Grid
from .kept import kept
from .layer_values import at_depth
from .linear import linear
from .times import OUTSIDE

if TYPE_CHECKING:
    from .layers import Layer
    from .product import Product

__all__ = ["LayerError", "error_of"]

Plane = NDArray[np.float32]

_RELATIVE = "the relative one, with the deviation of the background"


@dataclass(frozen=True)
class LayerError:
    """The error variance of a layer.

    Attributes
    ----------
    layer : Layer
    how : str
        Where it comes from, or why it is not known.
    read : callable or None
        Gives the variance at a step and level; None: it is not known.
    """

    layer: Layer
    how: str
    read: Callable[[int, int], Plane] | None = None

    @property
    def product(self) -> Product:
        """The product of the layer."""
        return self.layer.product

    @property
    def grid(self) -> Grid:
        """The axes of the layer."""
        return self.layer.grid

    @property
    def flat(self) -> bool:
        """Whether it is the same at all depths."""
        return self.layer.flat

    @cached_property
    def found(self) -> tuple[int, int, str]:
        """Step and level of the layer."""
        return self.layer.found

    def plane(self, depth: float | None = None) -> Plane:
        """Return the variance as (lat, lon), as `Layer.plane` does; it has to be known."""
        assert self.read is not None
        return np.asarray(at_depth(self, self.read, depth), np.float32)


def error_of(layer: Layer, given: float | None = None) -> LayerError:
    """Find the error variance of a layer.

    Parameters
    ----------
    layer : Layer
    given : float, optional
        Deviation of the background, in the unit of the field, that makes relative errors to those
        in units; that of the file, or estimated, if None.
    """
    if layer.kind == "value":
        return _of_field(layer, layer.product, layer.view.variable, given, "")
    if layer.kind == "isosurface":
        return _of_depth(layer, given)
    if layer.kind == "formula":
        return _of_formula(layer, given)
    what = "an error" if layer.kind == "error" else "a mixed layer depth"
    return LayerError(layer, f"of {what} none is known")


def _of_field(
    layer: Layer, product: Product, variable: str, given: float | None, named: str
) -> LayerError:
    roles = product.roles_of(variable)
    if not roles.error:
        return LayerError(layer, f"{named or 'it'} has none")
    source = product.field(roles.error)
    if source.grid.shape != product.grid(variable).shape:
        return LayerError(layer, f"{named or 'it'} has none")
    if roles.error_kind != "relative variance":
        return LayerError(
            layer, f"{roles.error} of the file",
            lambda t, z: np.asarray(source.layer(t, z), np.float32) ** 2,
        )  # fmt: skip
    if given is not None:
        how = f"{_RELATIVE} given as {given:g} {layer.view.unit}".rstrip()
        return LayerError(layer, how, lambda t, z: _times(source.layer(t, z), given**2))
    found = deviation_of(product, variable)
    if found is None:
        how = "it is relative, and the deviation of the background is not known; give it"
        return LayerError(layer, how)
    t, z, _ = layer.found
    levels = slice(None) if layer.flat else slice(z, z + 1)
    if t == OUTSIDE or z < 0 or not np.isfinite(found.values[t, levels]).any():
        return LayerError(layer, "no observation tells the deviation of the background there")
    values = found.values
    return LayerError(
        layer, f"{_RELATIVE} {found.how}",
        lambda t, z: _times(source.layer(t, z), values[t, z] ** 2),
    )  # fmt: skip


def _times(relative: NDArray[np.floating], variance: float) -> Plane:
    return np.asarray(relative, np.float32) * np.float32(variance)


def _of_depth(layer: Layer, given: float | None) -> LayerError:
    """Carry the error of the field on to the depth of one of its values."""
    from .derived import slope_at

    field = _of_field(layer, layer.product, layer.view.variable, given, "")
    read = field.read
    if read is None:
        return field

    def at(t: int, z: int) -> Plane:
        def make() -> Plane:
            view, levels = layer.view, range(layer.grid.shape[1])
            column = np.stack([view.layer(t, k) for k in levels])
            variance = np.stack([read(t, k) for k in levels])
            slope, there = slope_at(column, view.grid.depth, layer.value, variance)
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(there / slope**2, np.float32)

        key = ("error of a depth", layer.view.variable, layer.value, layer.mask, given, t)
        return kept(layer.product, key, make)

    return LayerError(layer, f"{field.how}, divided by the change of the field with depth", at)


def _of_formula(layer: Layer, given: float | None) -> LayerError:
    """Carry the errors of fields on to a sum of them."""
    computed = layer.computed
    terms = linear(computed.tree)
    if terms is None:
        return LayerError(layer, "it is carried on through sums of fields with factors only")
    parts: list[tuple[float, float, Callable[[int, int], Plane], int]] = []
    hows: list[str] = []
    for word, (own, mean) in terms.items():
        operand = computed.operands[word]
        if operand.grid.shape != layer.grid.shape or not operand.same_grid(layer.grid):
            return LayerError(layer, f"{word} lies on a grid of its own")
        part = _of_field(layer, operand.product, operand.variable, given, word)
        if part.read is None:
            return part
        hows.append(part.how)
        parts.append((own, mean, part.read, operand.grid.shape[0]))

    def at(t: int, z: int) -> Plane:
        key = ("error of a formula", layer.view.variable, layer.derived.strip(), given, t, z)
        return kept(layer.product, key, lambda: _sum(parts, t, z))

    how = "; ".join(dict.fromkeys(hows))
    more = ", as root of summed squares" if len(parts) > 1 or parts[0][1] else ""
    return LayerError(layer, f"{how}{more}", at)


def _sum(
    parts: list[tuple[float, float, Callable[[int, int], Plane], int]], t: int, z: int
) -> Plane:
    """Add variances of terms: a factor of the step's field, and one of its mean over the steps."""
    total: list[Plane] = []
    for own, mean, read, steps in parts:
        total.append(np.float32((own + mean / steps) ** 2) * read(t, z))
        if mean:
            share = np.float32((mean / steps) ** 2)
            total += [share * read(k, z) for k in range(steps) if k != t]
    return np.asarray(np.sum(total, axis=0), np.float32)
