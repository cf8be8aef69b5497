"""Figures of Hovmöller diagrams and sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..products.grid import edges_of
from .product_figure_look import Scale, look_of
from .product_figure_page import (
    GROUND,
    LAND,
    bar,
    caption_height,
    contour_lines,
    depth_axis,
    dots,
    page,
)
from .product_figure_parts import (
    Observations,
    TimeAxis,
    depth_label,
    dots_words,
    known,
    mesh,
    observed,
    title_at,
    to_the_bottom,
)
from .product_figure_words import caption_of, label_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["hovmoller_figure", "section_figure"]


def hovmoller_figure(found: xr.Dataset, **look: Any) -> Figure:
    """Draw a Hovmöller diagram: depth or distance against time.

    Parameters
    ----------
    found : xarray.Dataset
        From `Product.hovmoller`; or of an area, `Product.area`, with times and depths.
    **look
        See `Look`.
    """
    given = look_of(look)
    value, axis = known(found)["value"], TimeAxis(found)
    other = next(str(d) for d in value.dims if d != "time")
    scale = Scale(value.values, value.attrs, given)
    caption = caption_of(title_at(found), found.attrs, scale.sentence())
    deep = other == "depth"
    with page(given, (80 if deep else 95) + caption_height(caption, given)) as made:
        made.words(title_at(found), caption)
        ax = made.figure.add_subplot()
        values = value.transpose(other, "time").values
        steps, along = axis.edges, edges_of(found[other].values, 0.0 if deep else None)
        if deep:
            drawn = mesh(ax, steps, along, values, scale)
            contour_lines(ax, axis.places, found[other].values, values, scale, given)
            ax.set(ylabel=depth_label(found["depth"]))
            depth_axis(ax, to_the_bottom(values, along), given, float(along[0]))
        else:
            drawn = mesh(ax, along, steps, values.T, scale)
            contour_lines(ax, found[other].values, axis.places, values.T, scale, given)
            ax.set(xlabel=_along_label(found, other))
            for dry in np.flatnonzero(_dry(found, np.isnan(values).all(axis=1))):
                ax.axvspan(along[dry], along[dry + 1], color=LAND, linewidth=0.3, zorder=2)
        axis.write(ax, "x" if deep else "y")
        bar(ax, drawn, scale, label_of(value.attrs))
    return made.figure


def section_figure(
    found: xr.Dataset, *, observations: Observations = None, window: str = "", **look: Any
) -> Figure:
    """Draw a vertical section with bottom and land, and the observations near the line.

    Parameters
    ----------
    found : xarray.Dataset
        From `Product.section`.
    observations : mapping, optional
        ``value``, ``depth`` and ``distance`` (kilometres along the line).
    window : str
        How near they lie, for the caption: ``"20 km, 15 days"``.
    **look
        See `Look`.
    """
    given = look_of(look)
    held = observed(observations, "value", "depth", "distance")
    value = known(found)["value"].transpose("depth", "distance")
    scale = Scale(value.values, value.attrs, given, over=held["value"])
    said = [scale.sentence(), dots_words(held, window), _track(found)]
    caption = caption_of(title_at(found), found.attrs, *said)
    with page(given, 82 + caption_height(caption, given)) as made:
        made.words(title_at(found), caption)
        ax = made.figure.add_subplot()
        x, z = found["distance"].values, found["depth"].values
        across, down = edges_of(x), edges_of(z, 0.0)
        across[[0, -1]] = x[[0, -1]]
        drawn = mesh(ax, across, down, value.values, scale)
        contour_lines(ax, x, z, value.values, scale, given)
        floor = _bottom(ax, found, across, down)
        if len(held["value"]):
            dots(ax, held["distance"], held["depth"], held["value"], scale)
        ax.set(xlabel="Distance [km]", ylabel=depth_label(found["depth"]), xlim=(x[0], x[-1]))
        depth_axis(ax, floor, given)
        for k, name, side in ((0, "A", "left"), (-1, "B", "right")):
            ax.text(
                0.0 if k == 0 else 1.0, 1.015, name, transform=ax.transAxes, ha=side, va="bottom",
                fontsize=8, fontweight="bold", color="#b3123f",
            )  # fmt: skip
        bar(ax, drawn, scale, label_of(value.attrs))
    return made.figure


# ---- the ground -----------------------------------------------------------------
def _along_label(found: xr.Dataset, axis: str) -> str:
    return {"distance": "Distance [km]", "lon": "Longitude [°E]", "lat": "Latitude [°N]"}[axis]


def _dry(found: xr.Dataset, empty: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell where a line is on land: it has no value there, and land is near.

    A product ends at its own coast, some kilometres before the one that is drawn.
    """
    from ..geo.land import on_land

    land = empty & on_land(found["lon"].values, found["lat"].values)
    run = np.cumsum(np.diff(empty.astype(int), prepend=0) != 0)
    return empty & np.isin(run, np.unique(run[land]))


def _bottom(ax: Axes, found: xr.Dataset, across: NDArray, down: NDArray) -> float:
    """Draw bottom and land; return down to where the section reaches."""
    bottom, z = found["bottom"].values, found["depth"].values
    last = np.searchsorted(z, np.where(np.isnan(bottom), 0, bottom))
    floor = np.where(np.isnan(bottom), np.nan, down[np.minimum(last + 1, len(down) - 1)])
    deepest = float(np.nanmax(floor)) if np.isfinite(floor).any() else float(down[-1])
    ends = deepest + 0.05 * deepest
    # Where nothing at all has a value it is land, or the product does not reach there.
    floor = np.where(_dry(found, np.isnan(bottom)), 0.0, np.where(np.isnan(bottom), ends, floor))
    ax.fill_between(
        across, np.append(floor, floor[-1]), ends, step="post", color=GROUND, linewidth=0, zorder=3
    )
    ax.step(
        across, np.append(floor, floor[-1]), where="post", color="#6d675c", linewidth=0.6, zorder=3
    )
    return ends


def _track(found: xr.Dataset) -> str:
    from ..products.answers import degrees

    lon, lat = found["lon"].values, found["lat"].values
    a, b = degrees(float(lon[0]), float(lat[0])), degrees(float(lon[-1]), float(lat[-1]))
    return f"From A ({a}) to B ({b}), bottom as in the product."
