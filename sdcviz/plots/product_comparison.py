"""How a map is compared with another one: what lies beside a layer, and how both are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BadRequest
from .product_figure_sheet import COMPARED

if TYPE_CHECKING:
    from ..products.difference import Difference
    from ..products.layers import Layer
    from ..products.product import Product

__all__ = ["WAYS", "Comparison"]

WAYS = (*COMPARED, "difference")
"""Beside each other (also what blinks on a page), left and right of a line, or subtracted."""


@dataclass(frozen=True)
class Comparison:
    """What a layer is compared with, at whatever depth and time it is.

    Attributes
    ----------
    product : Product
    variable, step, derived
        See `sdcviz.products.pairs.beside`; step -1 is the time that goes with the first's.
    way : str
        One of `WAYS`.
    split : float or None
        Longitude of the line; None: in the middle.
    spread : float or None
        See `sdcviz.products.difference`.
    """

    product: Product
    variable: str = ""
    step: int = -1
    derived: str = ""
    way: str = "side"
    split: float | None = None
    spread: float | None = None

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise BadRequest(f"Compare {self.way!r}: expected {', '.join(WAYS)}.")

    def layer(self, first: Layer) -> Layer:
        """Return the layer that goes with a first one."""
        from ..products.pairs import beside

        return beside(first, self.product, self.variable, self.step, self.derived)

    def seen(self, first: Layer) -> tuple[Layer | Difference, Layer | None]:
        """Return what a map shows, and the second layer where there are two."""
        second = self.layer(first)
        if self.way != "difference":
            return first, second
        from ..products.difference import difference

        return difference(first, second, spread=self.spread), None
