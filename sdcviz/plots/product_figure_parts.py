"""What figures of extractions share: their time axis, cells, labels and sentences."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..products.grid import edges_of
from ..products.times import short_label
from .product_figure_look import Scale
from .product_figure_page import NOTHING
from .product_figure_words import about, dots_sentence, place_words

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "ORANGE",
    "Observations",
    "TimeAxis",
    "depth_label",
    "dots_words",
    "known",
    "mesh",
    "observed",
    "title_at",
    "to_the_bottom",
]

BLUE, ORANGE = "#1f62a8", "#d8722c"
Observations = Mapping[str, Any] | None


class TimeAxis:
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


def known(found: xr.Dataset) -> xr.Dataset:
    """Return what was found if it has a value to draw."""
    if not np.isfinite(found["value"].values).any():
        raise BadRequest(
            str(found.attrs.get("sentence") or "There is no value to draw: all are masked.")
        )
    return found


def observed(given: Observations, *names: str) -> dict[str, NDArray]:
    """Return the columns of observations that have a value."""
    if given is None:
        return {n: np.empty(0, "datetime64[ms]" if n == "time" else float) for n in names}
    held = {n: np.asarray(given[n]) for n in names}
    known = np.isfinite(np.asarray(held["value"], float))
    return {n: v[known] for n, v in held.items()}


def title_at(found: xr.Dataset) -> str:
    """Return variable, place and time."""
    where = place_words(found)
    return about(found["value"].attrs) + (f", {where}" if where else "")


def depth_label(depth: xr.DataArray) -> str:
    """Return the label of an axis of depth."""
    unit = depth.attrs.get("units", "m")
    return f"Pressure [{unit}]" if unit == "dbar" else f"Depth [{unit}]"


def dots_words(held: Mapping[str, NDArray], window: str) -> str:
    """Say what the dots are; empty where there are none."""
    return dots_sentence(len(held["value"]), window) if len(held["value"]) else ""


def mesh(ax: Axes, x: Any, y: Any, values: NDArray, scale: Scale) -> Any:
    """Draw cells in the colours of a scale."""
    ax.set_facecolor(NOTHING)
    ax.grid(visible=False)
    return ax.pcolormesh(
        x, y, np.ma.masked_invalid(values), cmap=scale.cmap, norm=scale.norm, shading="flat",
        rasterized=True, zorder=1,
    )  # fmt: skip


def to_the_bottom(values: NDArray, edges: NDArray) -> float:
    """Return where the last level ends that has a value."""
    rows = np.flatnonzero(np.isfinite(values).any(axis=1))
    return float(edges[rows[-1] + 1] if len(rows) else edges[-1])
