"""What the frames of an animation show: one layer after the other, and the colours of all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from .product_comparison import Comparison
from .product_figure_over import Over

if TYPE_CHECKING:
    from ..products.difference import Difference
    from ..products.layers import Layer

__all__ = ["ALONG", "Dots", "Progress", "Shot", "frames_of", "most_of", "range_of", "shots_of"]

ALONG = ("time", "depth")
MOST_FRAMES = 2000
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Dots:
    """Observations over each map of an animation.

    Attributes
    ----------
    observations : Selection, Collection or mapping
        See `Product.at`.
    show : str
        One of `sdcviz.plots.product_figure.DOTS`.
    window : (float, float)
        See `sdcviz.products.beside.observations_beside`.
    parameter : str
        Of the collection; what the field measures if empty.
    """

    observations: Any
    show: str = "observations"
    window: tuple[float, float] = (0.0, 0.0)
    parameter: str = ""

    def over(self, layer: Layer, most: float | None = None) -> Over:
        """Return what lies over one map."""
        from ..products.asked import Asked
        from ..products.beside import observations_beside

        asked = Asked("map", layer.view.variable, time=layer.time, depth=layer.depth,
                      mask=layer.mask)  # fmt: skip
        found = observations_beside(
            layer.product, asked, self.observations, window=self.window,
            parameter=self.parameter, residuals=self.show == "residuals",
        )  # fmt: skip
        return Over(found.columns, found.words, self.show, most=most)

    def taken(self, layer: Layer) -> Dots:
        """Return the same with the samples at hand, so that they are read once."""
        from ..products.asked import Asked
        from ..products.beside import columns_of

        asked = Asked("map", layer.view.variable)
        held = columns_of(layer.product, asked, self.observations, self.parameter)
        return replace(self, observations=held)


@dataclass(frozen=True)
class Shot:
    """What one frame shows: a layer or the difference, and the second layer of two."""

    first: Layer
    shown: Layer | Difference
    second: Layer | None = None


def frames_of(layer: Layer, along: str) -> list[Layer]:
    """Return one layer a time step or level.

    Raises
    ------
    BadRequest
        The field has none, or too many.
    """
    if along not in ALONG:
        raise BadRequest(f"Along {along!r}: expected time or depth.")
    grid = layer.grid
    name = layer.label
    if (along == "time" and not grid.has_time) or (along == "depth" and layer.flat):
        raise BadRequest(f"{name} has no {along}s in {layer.product.name}: nothing would move.")
    steps: list[Any] = list(range(len(grid.times))) if along == "time" else grid.depth.tolist()
    if not 2 <= len(steps) <= MOST_FRAMES:
        raise BadRequest(
            f"{layer.product.name} has {len(steps)} {along}s; an animation has 2 to {MOST_FRAMES}."
        )
    return [replace(layer, **{along: s}) for s in steps]


def shots_of(layers: list[Layer], comparison: Comparison | None) -> list[Shot]:
    """Return what each frame shows; steps without a partner are left out."""
    if comparison is None:
        return [Shot(layer, layer) for layer in layers]
    found, why = [], BadRequest("There is nothing to compare with.")
    for layer in layers:
        try:
            found.append(Shot(layer, *comparison.seen(layer)))
        except BadRequest as error:
            why = error
    if len(found) < 2:
        raise why
    return found


def range_of(shots: list[Shot], tell: Progress) -> tuple[float, float]:
    """Return the range of all frames; the one that is proposed where there is one."""
    from ..errors import UnreadableFile
    from ..products.catalogue import preview_range

    first = shots[0]
    kind = getattr(first.shown, "kind", "difference")
    if kind == "error" and not first.shown.unit:
        return 0.0, 1.0
    if kind == "value":
        proposed = preview_range(first.first.product, first.first.variable)
        if proposed is not None:
            return proposed
    low, high = np.inf, -np.inf
    for k, shot in enumerate(shots):
        tell(0, len(shots), f"Range of the colours, map {k + 1} of {len(shots)}")
        for layer in (shot.shown, shot.second):
            if layer is None or layer.unit != first.shown.unit:
                continue
            with suppress(UnreadableFile):
                values = layer.array().values
                known = values[np.isfinite(values)]
                if len(known):
                    low, high = min(low, float(known.min())), max(high, float(known.max()))
    if not low <= high:
        raise BadRequest(f"{first.first.product.name} has no value on any of these maps.")
    if first.shown.diverging:
        low, high = -max(-low, high), max(-low, high)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def most_of(dots: Dots, shots: list[Shot], tell: Progress) -> float | None:
    """Return the end of the colours of residuals or coverage, over all frames."""
    if dots.show == "observations":
        return None
    from ..products.beside import counts_per_cell

    most = 0.0
    for k, shot in enumerate(shots):
        tell(0, len(shots), f"Observations, map {k + 1} of {len(shots)}")
        over = dots.over(shot.first)
        if dots.show == "coverage":
            counts = counts_per_cell(shot.first.grid, over.held["lon"], over.held["lat"])
            most = max(most, float(counts.max(initial=0)))
        elif len(over):
            most = max(most, over.reach)
    return most or 1.0
