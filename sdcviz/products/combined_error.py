"""What is known of the errors of two layers, and where it comes from."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..words import counted, number
from .difference_words import when
from .grid import Grid
from .layer_error import LayerError, error_of
from .layers import Layer
from .pairs import brought
from .source import text_of

if TYPE_CHECKING:
    from .product import Product

__all__ = ["Errors", "Spread"]

Spread = float | tuple[float | None, float | None] | None
"""Standard deviation of the background of both products, of each, or not given."""

_SAME = (
    " Both were made of the same observations, so their errors are alike and the combined one is "
    "too great: more may differ than is coloured."
)


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
    def same_observations(self) -> bool:
        """Whether both were made of the same observations, as far as their files tell."""
        a, b = (layer.product for layer in self.layers)
        if a.source.fingerprint() == b.source.fingerprint():
            # Another time of one product rests on other observations.
            return self.layers[0].found[0] == self.layers[1].found[0]
        alike = bool(_made_of(a)) and _made_of(a) == _made_of(b)
        return alike and when(self.layers[0]) == when(self.layers[1])

    @cached_property
    def of(self) -> tuple[LayerError, LayerError]:
        """What is known of the error of each layer."""
        a, b = (error_of(*both) for both in zip(self.layers, self.given, strict=True))
        return a, b

    @property
    def wanting(self) -> bool:
        """Whether one is not known for want of the deviation of the background."""
        return any(one.read is None and one.how.endswith("give it") for one in self.of)

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
        one = self.of[n]
        return None if one.read is None else np.asarray(brought(one, grid, depth), np.float32)

    def sentence(self, masked: int, cells: int, within: bool) -> str:
        """Say which errors make the combined one, and how many cells lie within it."""
        if self.shared:
            return "Nothing is masked, for one was made of the other: they have the same errors."
        a, b = (one.read is not None for one in self.of)
        how, other = (one.how for one in self.of)
        if not a and not b:
            why = f": {how}" if how == other else f" (first: {how}; second: {other})"
            return f"Nothing is masked, for the error of both is not known{why}."
        what = "are masked: they lie" if within else "lie"
        told = (
            f"{number(masked)} of {counted(cells, 'cell')} {what} within the combined error (one "
            f"standard deviation, errors taken as independent).{_SAME * self.same_observations}"
        )
        if how == other:
            return f"{told} Error of both: {how}."
        for word, kind, text in (("first", a, how), ("second", b, other)):
            if kind:
                told += f" Error of the {word}: {text}."
            else:
                told += f" The error of the {word} is not known ({text}) and counts as 0."
        return told


def _made_of(product: Product) -> str:
    """Return what names the collection that a product was made of; empty: not known."""
    found = re.search(
        r"^collection: *(.+)$", text_of(product.attrs.get("recipe", "")), re.MULTILINE
    )
    return str(product.attrs.get("collection_id") or (found.group(1) if found else ""))
