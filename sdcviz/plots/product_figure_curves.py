"""Figures of a profile and of a time series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .product_figure_look import look_of
from .product_figure_page import caption_height, depth_axis, page
from .product_figure_parts import (
    BLUE,
    ORANGE,
    Observations,
    TimeAxis,
    depth_label,
    dots_words,
    known,
    observed,
    title_at,
)
from .product_figure_words import caption_of, label_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["profile_figure", "series_figure"]


def profile_figure(
    found: xr.Dataset, *, observations: Observations = None, window: str = "", **look: Any
) -> Figure:
    """Draw a profile with its error, and the observations around it.

    Parameters
    ----------
    found : xarray.Dataset
        From `Product.profile`.
    observations : mapping, optional
        ``value`` and ``depth`` of observations.
    window : str
        Where and when they were made, for the caption: ``"50 km, 15 days"``.
    **look
        See `Look`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    given, held = look_of({"width": "one", **look}), observed(observations, "value", "depth")
    value, depth = known(found)["value"], found["depth"]
    said = [_error_words(found), dots_words(held, window)]
    caption = caption_of(title_at(found), found.attrs, *said)
    with page(given, 95 + caption_height(caption, given)) as made:
        made.words(title_at(found), caption)
        relative = "error" in found and found["error"].attrs.get("kind") == "relative variance"
        grid = made.figure.subplots(
            1, 2 if relative else 1, sharey=True, squeeze=False,
            width_ratios=[3, 1] if relative else [1],
        )  # fmt: skip
        ax = grid[0, 0]
        if len(held["value"]):
            ax.scatter(
                held["value"], held["depth"], s=9, color=ORANGE, alpha=0.75, linewidths=0,
                label="Observations", zorder=2,
            )  # fmt: skip
        _band(ax, found, "x")
        ax.plot(
            value, depth, "-o", color=BLUE, linewidth=1.2, markersize=2.5, label="Product", zorder=3
        )
        if len(held["value"]) or ("error" in found and not relative):
            ax.legend(fontsize=7, loc="best")
        ax.set(xlabel=label_of(value.attrs), ylabel=depth_label(depth), xlim=given.limits)
        if relative:
            _relative(grid[0, 1], found["error"], depth)
        deepest = depth.values[np.isfinite(value.values)]
        held_depth = held["depth"] if len(held["depth"]) else deepest
        bottom = max(float(np.max(a)) for a in (deepest, held_depth, [1.0]) if len(a))
        depth_axis(ax, bottom * 1.02, given, min(float(depth.values.min()), 0.0))
    return made.figure


def series_figure(
    found: xr.Dataset, *, observations: Observations = None, window: str = "", **look: Any
) -> Figure:
    """Draw a time series, or the seasonal cycle of a climatology; see `profile_figure`.

    `observations` have ``value`` and ``time``.
    """
    given, held = look_of(look), observed(observations, "value", "time")
    value, axis = known(found)["value"], TimeAxis(found)
    said = [_error_words(found), dots_words(held, window)]
    caption = caption_of(title_at(found), found.attrs, *said)
    with page(given, 70 + caption_height(caption, given)) as made:
        made.words(title_at(found), caption)
        relative = "error" in found and found["error"].attrs.get("kind") == "relative variance"
        grid = made.figure.subplots(
            2 if relative else 1, 1, sharex=True, squeeze=False,
            height_ratios=[3, 1] if relative else [1],
        )  # fmt: skip
        ax = grid[0, 0]
        if len(held["value"]):
            ax.scatter(
                axis.of(held["time"]), held["value"], s=9, color=ORANGE, alpha=0.75, linewidths=0,
                label="Observations", zorder=2,
            )  # fmt: skip
        _band(ax, found, "y", axis.places)
        ax.plot(
            axis.places, value, "-o", color=BLUE, linewidth=1.2, markersize=3, label="Product",
            zorder=3,
        )  # fmt: skip
        if len(held["value"]) or ("error" in found and not relative):
            ax.legend(fontsize=7, loc="best")
        ax.set(ylabel=label_of(value.attrs), ylim=given.limits)
        if relative:
            grid[1, 0].plot(axis.places, found["error"], "-", color="#6a7380", linewidth=1)
            grid[1, 0].set(ylabel="Relative\nerror\nvariance", ylim=(0, 1))
        axis.write(grid[-1, 0], "x")
    return made.figure


# ---- errors ---------------------------------------------------------------------
def _error_words(found: xr.Dataset) -> str:
    if "error" not in found or found["error"].attrs.get("kind") == "relative variance":
        return ""
    return "Band: value ± error."


def _band(ax: Axes, found: xr.Dataset, across: str, places: Any = None) -> None:
    """Draw value ± error, where the error has the unit of the value."""
    if "error" not in found or found["error"].attrs.get("kind") == "relative variance":
        return
    low, high = found["value"] - found["error"], found["value"] + found["error"]
    style: dict[str, Any] = {"color": BLUE, "alpha": 0.18, "linewidth": 0, "label": "± error"}
    if across == "x":
        ax.fill_betweenx(found["depth"], low, high, **style)
    else:
        ax.fill_between(places, low, high, **style)


def _relative(ax: Axes, error: xr.DataArray, depth: xr.DataArray) -> None:
    ax.fill_betweenx(depth, 0, error, color="#6a7380", alpha=0.2, linewidth=0)
    ax.plot(error, depth, color="#6a7380", linewidth=1)
    ax.set(xlabel="Relative error\nvariance", xlim=(0, 1), xticks=[0, 0.5, 1])
