"""Figures of products for publication: one door for all kinds.

The module of a name beside it draws: maps, panels of extractions, areas; `product_figure_page`
is their common sheet and `product_figure_words` their words and colours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .product_figure_areas import area_figure, census_figure
from .product_figure_curves import profile_figure, series_figure
from .product_figure_look import WIDTHS, Look
from .product_figure_map import map_figure
from .product_figure_over import DOTS
from .product_figure_panels import hovmoller_figure, section_figure
from .product_figure_sheet import COMPARED, MASKED
from .product_figure_water import ts_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..products.asked import Asked
    from ..products.beside import Beside
    from ..products.product import Product
    from .product_comparison import Comparison

__all__ = [
    "COMPARED",
    "DOTS",
    "MASKED",
    "WIDTHS",
    "Look",
    "area_figure",
    "census_figure",
    "hovmoller_figure",
    "map_figure",
    "product_figure",
    "profile_figure",
    "section_figure",
    "series_figure",
    "ts_figure",
]

DRAWN: dict[str, Callable[..., Figure]] = {
    "map": map_figure,
    "profile": profile_figure,
    "timeseries": series_figure,
    "hovmoller": hovmoller_figure,
    "section": section_figure,
    "area": area_figure,
    "census": census_figure,
    "ts": ts_figure,
}
"""What draws each kind of `sdcviz.products.asked.KINDS`."""
WITH_OBSERVATIONS = ("map", "profile", "timeseries", "section", "ts")
"""Kinds that show observations."""


def product_figure(
    product: Product, asked: Asked, beside: Beside | None = None, **options: Any
) -> Figure:
    """Draw what was asked of a product.

    Parameters
    ----------
    product : Product
    asked : Asked
    beside : Beside, optional
        Observations to draw with it, see `sdcviz.products.beside.observations_beside`.
    **options
        Of the function of `DRAWN`: see `Look`, and for a map `map_figure`; a map also takes a
        ``comparison`` (`Comparison`).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BadRequest
        That kind shows no observations, or an option is wrong.
    """
    if beside is not None:
        if asked.kind not in WITH_OBSERVATIONS:
            raise BadRequest(
                f"A {asked.kind} shows no observations; {', '.join(WITH_OBSERVATIONS)} do."
            )
        options |= {"observations": beside.columns, "window": beside.words}
    if asked.kind != "map":
        return DRAWN[asked.kind](asked.take(product), **options)
    comparison: Comparison | None = options.pop("comparison", None)
    layer = asked.layer(product)
    if comparison is None:
        return map_figure(layer, **options)
    shown, second = comparison.seen(layer)
    how: dict[str, Any] = (
        {} if second is None else {"compare": comparison.way, "split": comparison.split}
    )
    return map_figure(shown, second=second, **how, **options)
