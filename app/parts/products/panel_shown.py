"""What the panels follow of the map: a formula, or the difference of two layers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError

if TYPE_CHECKING:
    from sdcviz.products import Product
    from sdcviz.products.difference import Difference
    from sdcviz.products.layers import Layer

    from ...viewing import Viewing

__all__ = ["Shown", "shown_on_map"]

_FIELD = "the field itself"
MOST = 3e7
"""Values of a grid over which the means of an area are computed of what is made of a field."""


@dataclass(frozen=True)
class Shown:
    """What a map shows where that is made of fields, as a product to take panels from.

    Attributes
    ----------
    product : Product
        Computed; its field is called "result".
    label, short : str
        For people, without unit; the short one for axes.
    of : Layer or Difference
        What the map shows.
    palette : str
        Name of the colour map.
    """

    product: Product
    label: str
    short: str
    of: Layer | Difference
    palette: str

    def limits(self, per: str) -> tuple[float, float] | None:
        """Return the range of colours, as the map has it; to be asked in a thread."""
        from sdcviz.products.difference import Difference
        from sdcviz.products.difference_range import range_of_differences
        from sdcviz.products.ranges import range_for

        if isinstance(self.of, Difference):
            return range_of_differences(self.of, per, True)
        return range_for(self.of, per) or self.of.limits(self.of.plane())


def shown_on_map(viewing: Viewing, subject: str, view: str) -> tuple[Shown | None, str]:
    """Tell what the panels show.

    Parameters
    ----------
    viewing : Viewing
    subject : {"place", "line", "area"}
    view : str
        Of the panels: weights and T-S diagrams are of the fields themselves.

    Returns
    -------
    shown : Shown or None
        None: the field itself.
    words : str
        What is to be said of that; empty where map and panels show the same.
    """
    session = viewing.session
    differs = session.compare == "difference" and viewing.second is not None
    if not (session.derived or session.error_shown or differs):
        return None, ""
    if view != "look" or session.error_shown:
        return None, _FIELD
    shape = viewing.product.grid(viewing.variable).shape
    if subject == "area" and math.prod(shape) > MOST:
        return None, _FIELD
    try:
        found = _difference(viewing) if differs else _formula(viewing.layer())
    except SdcvizError:  # the map says what is wrong
        return None, _FIELD
    words = "not masked" if found is not None and viewing.mask is not None else ""
    return (found, words) if found is not None else (None, _FIELD)


def _formula(layer: Layer) -> Shown | None:
    if layer.kind != "formula":
        return None
    return Shown(layer.computed, layer.label, layer.derived.strip(), layer, layer.colormap)


def _difference(viewing: Viewing) -> Shown | None:
    """Subtract fields or formulas; not of another time of the second, nor of depths of values."""
    from sdcviz.products.difference import Difference
    from sdcviz.products.expressions import expression
    from sdcviz.products.kept import kept

    first, second = viewing.layer(), viewing.second_layer()
    has_time = second.grid.has_time and len(second.grid.times) > 1
    fits = {first.kind, second.kind} <= {"value", "formula"} and first.unit == second.unit
    if not fits or (viewing.session.other_step >= 0 and has_time):
        return None

    def operand(layer: Layer) -> Any:
        if layer.kind == "formula":
            return layer.computed, "result"
        return layer.product, layer.view.variable

    names = [(str(p.given), p.source.fingerprint(), v) for p, v in map(operand, (first, second))]
    product = kept(
        viewing.product, ("panels of a difference", *map(str, names)),
        lambda: expression("a - b", a=operand(first), b=operand(second)),
    )  # fmt: skip
    made = Difference(first, second)
    a, b = made.names
    return Shown(product, f"{a} minus {b}", "Difference", made, made.colormap)
