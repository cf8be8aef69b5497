"""Figures of areas: mean profile, series and diagram; volume census."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from ..products.grid import edges_of
from ..words import number
from .product_figure_look import Look, Scale, look_of
from .product_figure_page import bar, caption_height, contour_lines, depth_axis, page
from .product_figure_parts import BLUE, TimeAxis, depth_label, known, mesh, to_the_bottom
from .product_figure_words import about, caption_of, label_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["area_figure", "census_figure"]


def area_figure(
    found: xr.Dataset, *, step: int = 0, depth: float | None = None, **look: Any
) -> Figure:
    """Draw what is known of an area: mean profile, mean series, and depth against time.

    Parameters
    ----------
    found : xarray.Dataset
        From `Product.area`.
    step : int
        Time step of the profile.
    depth : float, optional
        Level of the series; the first one if left out.
    **look
        See `Look`.
    """
    given, value = look_of(look), known(found)["value"]
    deep, long = "depth" in value.dims, "time" in value.dims
    if not (deep or long):
        raise BadRequest("The product has neither depths nor times: its mean is one number.")
    at = found.sel(depth=depth or 0.0, method="nearest") if deep else found
    of = found.isel(time=step) if long else found
    said = ["Band: mean ± standard deviation; thin lines: least and greatest value."]
    if deep and long:
        said.append(f"Profile: {of['label'].item()}; series: {float(at['depth']):g} m.")
    scale = Scale(value.values, value.attrs, given)
    title = f"{about(value.attrs)}, mean of an area"
    caption = caption_of(title, found.attrs, _where(found), *said, scale.sentence())
    with page(given, (105 if deep and long else 80) + caption_height(caption, given)) as made:
        made.words(title, caption)
        if deep and long:
            parts: Any = made.figure.subplot_mosaic(
                [["profile", "series"], ["profile", "diagram"]],
                width_ratios=[1, 1.9], height_ratios=[1, 1.3],
            )  # fmt: skip
            _profile(parts["profile"], of, given)
            axis = _series(parts["series"], at)
            ax, values = parts["diagram"], value.transpose("depth", "time").values
            down = edges_of(found["depth"].values, 0.0)
            drawn = mesh(ax, axis.edges, down, values, scale)
            contour_lines(ax, axis.places, found["depth"].values, values, scale, given)
            ax.set(ylabel=depth_label(found["depth"]))
            depth_axis(ax, to_the_bottom(values, down), given, float(down[0]))
            axis.write(ax, "x")
            bar(ax, drawn, scale, label_of(value.attrs))
        elif deep:
            _profile(made.figure.add_subplot(), of, given)
        else:
            _series(made.figure.add_subplot(), at)
    return made.figure


def _profile(ax: Axes, of: xr.Dataset, look: Look) -> None:
    z, mean, spread = of["depth"], of["value"], of["spread"]
    ax.fill_betweenx(z, mean - spread, mean + spread, color=BLUE, alpha=0.18, linewidth=0)
    for name in ("least", "most"):
        ax.plot(of[name], z, color=BLUE, linewidth=0.5, alpha=0.7)
    ax.plot(mean, z, "-o", color=BLUE, linewidth=1.2, markersize=2.5)
    known = z.values[np.isfinite(mean.values)]
    ax.set(xlabel=label_of(mean.attrs), ylabel=depth_label(z))
    depth_axis(ax, float(known.max()) * 1.02 if len(known) else 1.0, look)


def _series(ax: Axes, at: xr.Dataset) -> TimeAxis:
    axis, mean, spread = TimeAxis(at), at["value"], at["spread"]
    ax.fill_between(axis.places, mean - spread, mean + spread, color=BLUE, alpha=0.18, linewidth=0)
    for name in ("least", "most"):
        ax.plot(axis.places, at[name], color=BLUE, linewidth=0.5, alpha=0.7)
    ax.plot(axis.places, mean, "-o", color=BLUE, linewidth=1.2, markersize=3)
    ax.set(ylabel=label_of(mean.attrs))
    axis.write(ax, "x")
    return axis


def _where(found: xr.Dataset) -> str:
    return f"Area: {found.attrs['area']}." if found.attrs.get("area") else ""


def census_figure(found: xr.Dataset, **look: Any) -> Figure:
    """Draw how much water of an area has which value.

    Parameters
    ----------
    found : xarray.Dataset
        From `Product.census`.
    **look
        See `Look`.
    """
    given = look_of({"width": "one", **look})
    total = float(found["volume"].sum())
    if not total:
        raise BadRequest("There is no value in the area: it is land, masked, or outside.")
    attrs = found["class"].attrs
    when = found.attrs.get("time", "")
    title = ", ".join(filter(None, [f"{about(attrs)}, volumes of an area", str(when)]))
    caption = caption_of(
        title, found.attrs, _where(found), f"All classes: {number(round(total))} km³."
    )
    # Volumes of seas have many zeros.
    unit, name = (1000, "10³ km³") if total > 20_000 else (1, "km³")
    with page(given, 62 + caption_height(caption, given)) as made:
        made.words(title, caption)
        ax = made.figure.add_subplot()
        low, high = found["lower"].values, found["upper"].values
        ax.bar(
            low, found["volume"].values / unit, high - low, align="edge", color="#7fb2dc",
            edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        ax.set(xlabel=label_of(attrs), ylabel=f"Volume [{name}]", xlim=given.limits)
    return made.figure
