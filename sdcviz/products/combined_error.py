"""What is known of the errors of two layers, and where it comes from."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..words import counted, number
from .deviation import deviation_of
from .grid import Grid
from .layers import Layer
from .pairs import brought
from .times import OUTSIDE

__all__ = ["Errors", "Spread"]

Spread = float | tuple[float | None, float | None] | None
"""Standard deviation of the background of both products, of each, or not given."""

_RELATIVE = "the relative one, with the deviation of the background"


class Errors:
    """Errors of two layers.

    Parameters
    ----------
    first, second : Layer
    spread : float, (float, float) or None
        See `sdcviz.products.difference`.
    """

    def __init__(self, first: Layer, second: Layer, spread: Spread = None) -> None:
        self.layers = first, second
        self.given = spread if isinstance(spread, tuple) else (spread, spread)

    @cached_property
    def shared(self) -> bool:
        """Whether one product was made of the other by changing a part (``divand --rerun``).

        Their errors are then the same, and no measure of how far they may differ.
        """
        told = [layer.product.attrs for layer in self.layers]
        names = [str(attrs.get("product_id", "")) for attrs in told]
        past = [f"{t.get('previous_product', '')} {t.get('history', '')}" for t in told]
        return bool(names[0] and names[0] in past[1]) or bool(names[1] and names[1] in past[0])

    @cached_property
    def known(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Of each layer: kind of its error ("": not known), and where that comes from."""
        return self._known(0), self._known(1)

    def _known(self, n: int) -> tuple[str, str]:
        layer, given = self.layers[n], self.given[n]
        if layer.kind != "value":
            of = "an error" if layer.kind == "error" else "what is made of a field"
            return "", f"of {of} none is known"
        view = layer.view
        if view.error is None:
            return "", "it has none"
        if view.roles.error_kind != "relative variance":
            return "standard deviation", f"{view.roles.error} of the file"
        if given is not None:
            return "relative variance", f"{_RELATIVE} given as {given:g} {layer.unit}".rstrip()
        found = deviation_of(layer.product, layer.variable)
        if found is None:
            return "", "it is relative, and the deviation of the background is not known; give it"
        t, z, _ = layer.found
        if t == OUTSIDE or z < 0 or not np.isfinite(found.values[t, z]):
            return "", "no observation tells the deviation of the background there"
        return "relative variance", f"{_RELATIVE} {found.how}"

    def variance(self, n: int, grid: Grid, depth: float | None) -> NDArray[np.float32] | None:
        """Return the error variance of a layer on a grid; None where it is not known.

        Parameters
        ----------
        n : int
            0: first, 1: second.
        grid : Grid
        depth : float or None
            At which the layer is read; None: its own level.
        """
        layer, kind = self.layers[n], self.known[n][0]
        if not kind:
            return None
        off = Layer(layer.product, layer.variable, layer.depth, layer.time, layer.mask, error=True)
        raw = np.asarray(brought(off, grid, depth), np.float32)
        if kind == "standard deviation":
            return raw**2
        return raw * np.float32(self._deviation(n, depth) ** 2)

    def _deviation(self, n: int, depth: float | None) -> float:
        layer, given = self.layers[n], self.given[n]
        if given is not None:
            return given
        found = deviation_of(layer.product, layer.variable)
        assert found is not None
        t, z, _ = layer.found
        if depth is None or not layer.grid.has_depth:
            return float(found.values[t, z])
        return float(np.interp(depth, layer.grid.depth, found.values[t]))

    def sentence(self, masked: int, cells: int, within: bool) -> str:
        """Say which errors make the combined one, and how many cells lie within it."""
        if self.shared:
            return "Nothing is masked, for one was made of the other: they have the same errors."
        (a, how), (b, other) = self.known
        if not a and not b:
            why = f": {how}" if how == other else f" (first: {how}; second: {other})"
            return f"Nothing is masked, for the error of both is not known{why}."
        what = "are masked: they lie" if within else "lie"
        told = (
            f"{number(masked)} of {counted(cells, 'cell')} {what} within the combined error (one "
            "standard deviation, errors taken as independent)."
        )
        if how == other:
            return f"{told} Error of both: {how}."
        for word, kind, text in (("first", a, how), ("second", b, other)):
            if kind:
                told += f" Error of the {word}: {text}."
            else:
                told += f" The error of the {word} is not known ({text}) and counts as 0."
        return told
