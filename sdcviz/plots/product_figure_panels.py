"""Figures of what was taken out of a product: profile, series, diagrams, section, area, census."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..products.times import short_label
from .product_figure_page import (
    GROUND,
    LAND,
    NOTHING,
    bar,
    caption_height,
    contour_lines,
    depth_axis,
    dots,
    edges_of,
    page,
)  # fmt: skip
from .product_figure_words import (
    Scale,
    about,
    caption_of,
    dots_sentence,
    label_of,
    look_of,
    place_words,
)  # fmt: skip

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["hovmoller_figure", "profile_figure", "section_figure", "series_figure"]

BLUE, ORANGE = "#1f62a8", "#d8722c"
Observations = Mapping[str, Any] | None


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
    given, held = look_of({"width": "one", **look}), _observed(observations, "value", "depth")
    value, depth = _known(found)["value"], found["depth"]
    said = [_error_words(found), _dots_words(held, window)]
    caption = caption_of(_title(found), found.attrs, *said)
    with page(given, 95 + caption_height(caption, given)) as made:
        made.words(_title(found), caption)
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
        ax.set(xlabel=label_of(value.attrs), ylabel=_depth_label(depth), xlim=given.limits)
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
    given, held = look_of(look), _observed(observations, "value", "time")
    value, axis = _known(found)["value"], _TimeAxis(found)
    said = [_error_words(found), _dots_words(held, window)]
    caption = caption_of(_title(found), found.attrs, *said)
    with page(given, 70 + caption_height(caption, given)) as made:
        made.words(_title(found), caption)
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
    value, axis = _known(found)["value"], _TimeAxis(found)
    other = next(str(d) for d in value.dims if d != "time")
    scale = Scale(value.values, value.attrs, given)
    caption = caption_of(_title(found), found.attrs, scale.sentence())
    deep = other == "depth"
    with page(given, (80 if deep else 95) + caption_height(caption, given)) as made:
        made.words(_title(found), caption)
        ax = made.figure.add_subplot()
        values = value.transpose(other, "time").values
        steps, along = axis.edges, edges_of(found[other].values, 0.0 if deep else None)
        if deep:
            drawn = _mesh(ax, steps, along, values, scale)
            contour_lines(ax, axis.places, found[other].values, values, scale, given)
            ax.set(ylabel=_depth_label(found["depth"]))
            depth_axis(ax, _to_the_bottom(values, along), given, float(along[0]))
        else:
            drawn = _mesh(ax, along, steps, values.T, scale)
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
    held = _observed(observations, "value", "depth", "distance")
    value = _known(found)["value"].transpose("depth", "distance")
    scale = Scale(value.values, value.attrs, given, over=held["value"])
    said = [scale.sentence(), _dots_words(held, window), _track(found)]
    caption = caption_of(_title(found), found.attrs, *said)
    with page(given, 82 + caption_height(caption, given)) as made:
        made.words(_title(found), caption)
        ax = made.figure.add_subplot()
        x, z = found["distance"].values, found["depth"].values
        across, down = edges_of(x), edges_of(z, 0.0)
        across[[0, -1]] = x[[0, -1]]
        drawn = _mesh(ax, across, down, value.values, scale)
        contour_lines(ax, x, z, value.values, scale, given)
        floor = _bottom(ax, found, across, down)
        if len(held["value"]):
            dots(ax, held["distance"], held["depth"], held["value"], scale)
        ax.set(xlabel="Distance [km]", ylabel=_depth_label(found["depth"]), xlim=(x[0], x[-1]))
        depth_axis(ax, floor, given)
        for k, name, side in ((0, "A", "left"), (-1, "B", "right")):
            ax.text(
                0.0 if k == 0 else 1.0, 1.015, name, transform=ax.transAxes, ha=side, va="bottom",
                fontsize=8, fontweight="bold", color="#b3123f",
            )  # fmt: skip
        bar(ax, drawn, scale, label_of(value.attrs))
    return made.figure


# ---- parts ----------------------------------------------------------------------
class _TimeAxis:
    """Where time steps stand on an axis: dates, or one place a month where years are many."""

    def __init__(self, found: xr.Dataset) -> None:
        values = found["time"].values.astype("datetime64[ms]")
        self.labels = [str(v) for v in found["label"].values] if "label" in found.coords else []
        dated = not self.labels or all(re.match(r"-?\d{4}", text) for text in self.labels)
        self.dates = dated and not np.isnat(values).any()
        self.values = values
        self.places: Any = values if self.dates else np.arange(len(values), dtype=float)

    @property
    def edges(self) -> Any:
        """Where the steps begin and end."""
        if not self.dates:
            return edges_of(self.places)
        if len(self.values) == 1:
            half = np.timedelta64(12, "h")
            return np.array([self.values[0] - half, self.values[0] + half])
        return edges_of(self.values.astype(np.int64)).astype(np.int64).astype("datetime64[ms]")

    def of(self, times: NDArray) -> Any:
        """Return where observations stand."""
        times = np.asarray(times, "datetime64[ms]")
        if self.dates:
            return times
        months = [_months_of(label) for label in self.labels]
        if any(len(m) != 1 for m in months):
            return np.full(len(times), np.nan)
        month = times.astype("datetime64[M]").astype(np.int64) % 12 + 1
        day = (times - times.astype("datetime64[M]")) / np.timedelta64(30, "D")
        place = {m[0]: k for k, m in enumerate(months)}
        return np.array([place.get(int(m), np.nan) for m in month]) + np.clip(day, 0, 1) - 0.5

    def write(self, ax: Axes, which: str) -> None:
        """Write the labels of the steps."""
        axis = ax.xaxis if which == "x" else ax.yaxis
        if self.dates:
            from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

            locator = AutoDateLocator()
            axis.set_major_locator(locator)
            axis.set_major_formatter(ConciseDateFormatter(locator))
            axis.set_label_text("Time")
            return
        step = max(1, len(self.labels) // 24)
        shown = [short_label(label) for label in self.labels] or [
            str(k) for k in range(len(self.values))
        ]
        axis.set_ticks(list(range(0, len(shown), step)), shown[::step])
        months = all(_months_of(label) for label in self.labels) and bool(self.labels)
        axis.set_label_text("Month" if months and len(self.labels) == 12 else "Time step")


def _months_of(label: str) -> list[int]:
    return [calendar.month_name[1:].index(w) + 1 for w in re.findall(r"[A-Z][a-z]+", label)
            if w in calendar.month_name[1:]]  # fmt: skip


def _known(found: xr.Dataset) -> xr.Dataset:
    if not np.isfinite(found["value"].values).any():
        raise BadRequest(
            str(found.attrs.get("sentence") or "There is no value to draw: all are masked.")
        )
    return found


def _observed(given: Observations, *names: str) -> dict[str, NDArray]:
    if given is None:
        return {n: np.empty(0, "datetime64[ms]" if n == "time" else float) for n in names}
    held = {n: np.asarray(given[n]) for n in names}
    known = np.isfinite(np.asarray(held["value"], float))
    return {n: v[known] for n, v in held.items()}


def _title(found: xr.Dataset) -> str:
    where = place_words(found)
    return about(found["value"].attrs) + (f", {where}" if where else "")


def _depth_label(depth: xr.DataArray) -> str:
    unit = depth.attrs.get("units", "m")
    return f"Pressure [{unit}]" if unit == "dbar" else f"Depth [{unit}]"


def _along_label(found: xr.Dataset, axis: str) -> str:
    return {"distance": "Distance [km]", "lon": "Longitude [°E]", "lat": "Latitude [°N]"}[axis]


def _error_words(found: xr.Dataset) -> str:
    if "error" not in found or found["error"].attrs.get("kind") == "relative variance":
        return ""
    return "Band: value ± error."


def _dots_words(held: Mapping[str, NDArray], window: str) -> str:
    return dots_sentence(len(held["value"]), window) if len(held["value"]) else ""


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


def _mesh(ax: Axes, x: Any, y: Any, values: NDArray, scale: Scale) -> Any:
    ax.set_facecolor(NOTHING)
    ax.grid(visible=False)
    return ax.pcolormesh(
        x, y, np.ma.masked_invalid(values), cmap=scale.cmap, norm=scale.norm, shading="flat",
        rasterized=True, zorder=1,
    )  # fmt: skip


def _to_the_bottom(values: NDArray, edges: NDArray) -> float:
    """Return where the last level ends that has a value."""
    rows = np.flatnonzero(np.isfinite(values).any(axis=1))
    return float(edges[rows[-1] + 1] if len(rows) else edges[-1])


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
