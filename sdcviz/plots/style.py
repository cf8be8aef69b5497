"""How plots look: size, tools, time axis, hint where there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill
from typing import Any

import holoviews as hv

from .axes import Axis
from .colours import GREY, Colouring

__all__ = ["BAR", "colour_options", "frame", "hint"]

HEIGHT = 340
"""Least height in pixels; the width follows the page."""


BAR = {"width": 10, "padding": 4, "bar_line_color": None, "major_tick_line_color": None}
"""A slim colour bar."""


def frame(x: Axis, y: Axis, **more: Any) -> dict[str, Any]:
    """Options that all plots share: labels with units, size, depth downwards.

    Parameters
    ----------
    x, y : Axis
        What is on the axes.
    **more
        Further HoloViews options.
    """
    hooks: list[Callable] = [_quiet, *more.pop("hooks", [])]
    if "time" in (x.key, y.key):
        hooks.append(_time_axis("x" if x.key == "time" else "y"))
    options: dict[str, Any] = {
        "xlabel": x.title,
        "ylabel": y.title,
        "invert_xaxis": x.key == "depth",
        "invert_yaxis": y.key == "depth",
        "responsive": True,
        "min_height": HEIGHT,
        "padding": 0.04,
        "show_grid": True,
        "gridstyle": {"grid_line_alpha": 0.35},
        "toolbar": "above",
        "active_tools": ["wheel_zoom"],
        "framewise": True,
        "axiswise": True,
        "shared_axes": False,
        "hooks": hooks,
    }
    return options | more


def _quiet(plot: Any, element: Any) -> None:
    """Leave out the logo."""
    plot.state.toolbar.logo = None


def _time_axis(side: str) -> Callable:
    """Make a hook that writes an axis of milliseconds as dates."""

    def hook(plot: Any, element: Any) -> None:
        from bokeh.models import DatetimeTicker, DatetimeTickFormatter

        for one in getattr(plot.state, f"{side}axis"):
            one.ticker = DatetimeTicker(desired_num_ticks=6)
            one.formatter = DatetimeTickFormatter(
                years="%Y", months="%Y-%m", days="%Y-%m-%d", hours="%d %H:%M", minutes="%H:%M"
            )

    return hook


def colour_options(colouring: Colouring) -> dict[str, Any]:
    """Colour map, range and colour bar of an element."""
    from bokeh.models import FixedTicker

    bar: dict[str, Any] = dict(BAR)
    if colouring.ticks:
        bar |= {
            "ticker": FixedTicker(ticks=list(colouring.ticks)),
            "major_label_overrides": colouring.ticks,
        }
    return {
        "cmap": list(colouring.palette),
        "clim": colouring.clim,
        "colorbar": colouring.bar,
        "colorbar_opts": bar if colouring.bar else {},
        "clabel": colouring.title if colouring.bar else None,
    }


def hint(text: str) -> hv.Text:
    """Say why a plot is empty and what to do, in the middle of a blank frame."""
    return hv.Text(0.5, 0.5, fill(text, 44)).opts(
        xaxis=None,
        yaxis=None,
        xlim=(0, 1),
        ylim=(0, 1),
        text_color=GREY,
        text_font_size="11pt",
        show_frame=False,
        responsive=True,
        min_height=HEIGHT,
        toolbar=None,
        default_tools=[],
    )
