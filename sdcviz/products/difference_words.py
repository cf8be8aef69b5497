"""How a difference is told: names of both, label, how they were brought together, which error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layers import Layer
from .pairs import same_points
from .times import OUTSIDE

if TYPE_CHECKING:
    from .difference import Difference

__all__ = ["label_of_difference", "names_of", "sentence_of_difference", "ways_of", "when"]


def names_of(found: Difference) -> tuple[str, str]:
    """Return what tells the two apart: products, fields, times or masks."""
    a, b = found.first, found.second
    pairs = [
        (a.product.name.removesuffix(".nc"), b.product.name.removesuffix(".nc")),
        _labels(found),
        (when(a), when(b)),
    ]
    told = [(x, y) for x, y in pairs if x != y]
    if not told:
        return pairs[0]
    first, second = (
        ", ".join(part for part in side if part) for side in zip(*told, strict=True)
    )  # fmt: skip
    return first or "the first", second or "the second"


def _labels(found: Difference) -> tuple[str, str]:
    a, b = found.first.label, found.second.label
    return (a, a) if a.casefold() == b.casefold() else (a, b)


def label_of_difference(found: Difference) -> str:
    """Return a name for a title or a colour bar, without unit."""
    a, b = _labels(found)
    return f"Difference of {a}" if a == b else f"{a} minus {b}"


def sentence_of_difference(found: Difference) -> str:
    """Say what is subtracted from what, how both were brought together, which error counts."""
    if found.found[2]:
        return found.found[2]
    a, b = found.names
    depth, ways = found.second_depth, ways_of(found)
    where = "" if depth is None else f" at {depth:g} {found.grid.depth_unit}"
    how = f" The second was brought to the first's grid ({', '.join(ways)})." if ways else ""
    return f"{found.label}{where}: {a} minus {b}.{how} {found.error_sentence}"


def ways_of(found: Difference) -> list[str]:
    """Say how the second is brought to the grid of the first."""
    own, depth, ways = found.second.grid, found.second_depth, []
    if not same_points(own, found.grid):
        ways.append("the nearest point" if own.curvilinear else "bilinear over sea points")
    if depth is not None and own.has_depth and depth not in own.depth:
        ways.append("linear between levels")
    return ways


def when(layer: Layer) -> str:
    """Return the label of a layer's time; empty where there is none."""
    t = layer.found[0]
    return layer.grid.times.labels[t] if layer.grid.has_time and t != OUTSIDE else ""
