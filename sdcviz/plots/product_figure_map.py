"""Maps of a product for publication: one layer, a difference, or two layers side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .product_figure_look import look_of
from .product_figure_map_page import MapPage
from .product_figure_over import Over
from .product_figure_sheet import MapOptions, Second

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..products.difference import Difference
    from ..products.layers import Layer

__all__ = ["map_figure"]


def map_figure(
    layer: Layer | Difference,
    *,
    observations: Mapping[str, Any] | None = None,
    window: str = "",
    dots: str = "observations",
    second: Layer | None = None,
    compare: str = "side",
    split: float | None = None,
    line: Any = None,
    place: tuple[float, float] | None = None,
    area: Any = None,
    extent: tuple[float, float, float, float] | None = None,
    projection: str = "auto",
    masked: str = "hatched",
    **look: Any,
) -> Figure:
    """Draw a map of a product for publication.

    Parameters
    ----------
    layer : Layer or Difference
        Product, variable, depth, time and mask; or the difference of two.
    observations : mapping, optional
        ``lon``, ``lat`` and ``value`` (and ``residual``) of observations.
    window : str
        The window of those observations, for the caption: ``"± 10 m"``.
    dots : {"observations", "residuals", "coverage"}
        What they show: values in the colours of the field, observation minus product, or, instead
        of the field, how many there are in each cell.
    second : Layer, optional
        Another layer, shown beside the first.
    compare : {"side", "swipe", "blink"}
        How: two maps, or left and right of a line on one.
    split : float, optional
        Longitude of that line; in the middle if left out.
    line : str or sequence of (lon, lat), optional
        Corners of a section that is drawn in.
    place : (float, float), optional
        Longitude and latitude that is marked.
    area : str or sequence, optional
        Area that is outlined; see `Product.area`.
    extent : tuple of float, optional
        West, south, east, north in degrees; the whole grid if left out.
    projection : str
        A word of `PROJECTIONS`; "auto" takes the one that fits the area.
    masked : {"hatched", "blank"}
        How cells that the mask leaves out are shown.
    **look
        See `Look`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BadRequest
        An option is wrong, or there is nothing to draw.
    """
    over = Over(observations, window, dots, line, place, area)
    beside = None if second is None else Second(second, compare, split)
    options = MapOptions(over, beside, extent, projection, masked)
    return MapPage(layer, options, look_of(look)).figure
