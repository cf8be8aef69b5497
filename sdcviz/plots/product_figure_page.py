"""The sheet of a product's figure: size, title, caption, colour bar, and the style of all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..words import number
from .figure import LOCK, MM, STYLE
from .product_figure_look import Look, Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "GREY",
    "GROUND",
    "LAND",
    "NOTHING",
    "Page",
    "bar",
    "bar_at",
    "caption_height",
    "contour_lines",
    "depth_axis",
    "dots",
    "page",
    "title_height",
    "wrapped",
]

LAND = "#d6d1c4"
GROUND = "#cfc7b8"
GREY = "#7d8a92"
"""Of dots over what is not in their units."""
NOTHING = "#f3f5f7"
"""Where there is no value."""
_INK = "#1d2733"
_SMALL = 6
# Letters of the small print in a millimetre of DejaVu Sans at 6 points, a little on the safe side.
_LETTERS = 0.8
_TAIL = 2
"""Lines of the end of a caption that changes."""


class Page:
    """A figure that is being made.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    look : Look
    """

    def __init__(self, figure: Figure, look: Look, placed: bool = False) -> None:
        self.figure, self.look = figure, look
        self._placed = placed
        self._title: Any = None
        self._caption: Any = None

    def words(self, title: str, caption: str, tail: str = "") -> None:
        """Write title and caption, unless other ones were asked for.

        Parameters
        ----------
        tail : str
            End of the caption, in lines of its own: it may change from frame to frame.
        """
        look, made = self.look, self.figure
        title = title if look.title is None else look.title
        text = _small_print(caption, tail, look)
        # Where axes have their places, so have the words.
        edge = 1.5 * MM / made.get_figheight()
        top: dict[str, Any] = {"y": 1 - edge, "va": "top"} if self._placed else {}
        bottom: dict[str, Any] = {"y": edge, "va": "bottom"} if self._placed else {}
        if title:
            self._title = made.suptitle(
                wrapped(title, look.millimetres * 0.47), fontsize=9, fontweight="bold",
                parse_math=False, **top,
            )  # fmt: skip
        if text:
            self._caption = made.supxlabel(
                text, fontsize=_SMALL, color="#555555", x=0.012, ha="left", linespacing=1.35,
                parse_math=False, **bottom,
            )  # fmt: skip

    def rewrite(self, title: str, caption: str, tail: str = "") -> None:
        """Change the words, as from frame to frame."""
        if self._title is not None and self.look.title is None:
            self._title.set_text(wrapped(title, self.look.millimetres * 0.47))
        if self._caption is not None and self.look.caption is None:
            self._caption.set_text(_small_print(caption, tail, self.look))


def _small_print(caption: str, tail: str, look: Look) -> str:
    if look.caption is not None:
        return wrapped(look.caption, look.millimetres * _LETTERS)
    text = wrapped(caption, look.millimetres * _LETTERS)
    if not tail:
        return text
    # As many lines for every frame, so that nothing moves.
    lines = wrapped(tail, look.millimetres * _LETTERS).split("\n")
    return "\n".join([text, *lines, *[" "] * (_TAIL - len(lines))])


def caption_height(caption: str, look: Look, tail: str = "") -> float:
    """Return how high a caption gets, mm."""
    shown = _small_print(caption, tail, look)
    lines = shown.count("\n") + 1 if shown else 0
    return lines * _SMALL * 1.4 / 72 * 25.4 + 3


def title_height(title: str, look: Look) -> float:
    """Return how high a title gets, mm."""
    shown = title if look.title is None else look.title
    return (wrapped(shown, look.millimetres * 0.47).count("\n") + 1) * 4.2 + 1.5 if shown else 1.5


def wrapped(text: str, letters: float) -> str:
    """Break a text into lines of so many letters; degrees keep their N, E, S or W."""
    import re
    from textwrap import fill

    together = re.sub("° (?=[NESW])", "°\N{NO-BREAK SPACE}", text)
    return fill(together, max(16, int(letters)))


@contextmanager
def page(look: Look, height: float, placed: bool = False) -> Iterator[Page]:
    """Begin a figure; matplotlib is ours until it is done.

    Parameters
    ----------
    look : Look
    height : float
        Millimetres, unless the look says another.
    placed : bool
        Whether axes are given places, and not laid out by matplotlib.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with LOCK, matplotlib.rc_context(STYLE):
        made = Figure(
            figsize=(look.millimetres * MM, (look.height or height) * MM),
            layout=None if placed else "constrained",
        )
        yield Page(made, look, placed)


# ---- parts ----------------------------------------------------------------------
def bar(ax: Axes, drawn: Any, scale: Scale, label: str, gap: float = 0.02) -> Any:
    """Put a colour bar beside an axes, as high as it, with arrows where values lie beyond it.

    Parameters
    ----------
    gap : float
        Between axes and bar, in widths of the axes.
    """
    inset = ax.inset_axes((1 + gap, 0.0, 0.025, 1.0))
    made = ax.figure.colorbar(drawn, cax=inset, extend=scale.extend, extendfrac=0.04)
    return _finished(made, scale, label)


def bar_at(
    made: Figure, place: tuple[float, float, float, float], drawn: Any, scale: Scale, label: str
) -> Any:
    """Put a colour bar in a place of a figure: left, bottom, width, height."""
    cax = made.add_axes(place)
    drawn_bar = made.colorbar(
        drawn, cax=cax, orientation="horizontal", extend=scale.extend, extendfrac=0.03
    )
    return _finished(drawn_bar, scale, label)


def _finished(made: Any, scale: Scale, label: str) -> Any:
    made.set_label(label)
    made.outline.set_linewidth(0.4)
    made.ax.tick_params(width=0.4, length=2, labelsize=7)
    made.ax.grid(visible=False)
    if scale.by == "logarithm":
        ticks = [n for k in range(7) for n in (10**k, 3 * 10**k) if n < 0.8 * scale.high]
        made.set_ticks(
            [*ticks, scale.high], labels=[number(round(n)) for n in (*ticks, scale.high)]
        )
        made.ax.minorticks_off()
    return made


def contour_lines(
    ax: Axes, x: NDArray, y: NDArray, values: NDArray, scale: Scale, look: Look, dark: bool = False
) -> Any:
    """Draw lines of equal value with their numbers; None where they are not asked for.

    Parameters
    ----------
    dark : bool
        Whether all lines are dark: what lies below has not the colours of the scale.
    """
    if look.contours is False or values.shape[0] < 2 or values.shape[1] < 2:
        return None
    if look.contours is True:
        from matplotlib.ticker import MaxNLocator

        levels: Any = MaxNLocator(9, steps=[1, 2, 2.5, 5, 10]).tick_values(scale.low, scale.high)
        levels = levels[(levels > scale.low) & (levels < scale.high)]
    else:
        levels = np.unique(np.asarray(look.contours, float))
    known = np.isfinite(values)
    if not known.any() or not len(levels):
        return None
    low, high = np.nanmin(values), np.nanmax(values)
    levels = [v for v in levels if low < v < high]
    if not levels:
        return None
    inks = [_INK if dark else _ink(scale.cmap(scale.norm(v))) for v in levels]
    lines = ax.contour(
        x, y, np.ma.masked_invalid(values), levels, colors=inks, linewidths=0.45, zorder=2.4
    )
    ax.clabel(lines, fontsize=5.5, fmt="%g", inline_spacing=2)
    return lines


def _ink(colour: Any) -> str:
    """Return a colour of lines that stands out: light on dark, dark on light."""
    red, green, blue = colour[:3]
    return "#ffffff" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.32 else _INK


def dots(
    ax: Axes, x: NDArray, y: NDArray, values: NDArray, scale: Scale | None, wide: float = 150.0
) -> Any:
    """Draw observations in the colours of a scale, or grey.

    Parameters
    ----------
    wide : float
        Width of the axes in millimetres: dots on a smaller one are smaller.
    """
    from .layers import RASTER_ABOVE

    size = (15 if len(x) < 200 else 9 if len(x) < 2000 else 4) * min(1.0, wide / 150)
    colours: dict[str, Any] = {"c": GREY} if scale is None else {
        "c": values, "cmap": scale.cmap, "norm": scale.norm,
    }  # fmt: skip
    return ax.scatter(
        x, y, s=size, linewidths=0.35 if size > 5 else 0.2, edgecolors="#11161c",
        rasterized=len(x) > RASTER_ABOVE, zorder=4, **colours,
    )  # fmt: skip


def depth_axis(ax: Axes, deepest: float, look: Look, top: float = 0.0) -> None:
    """Let an axis run downwards, as deep as the look says, or to the last value."""
    if look.stretched and top >= 0:
        ax.set_yscale("function", functions=(_root, np.square))
        from matplotlib.ticker import FixedLocator

        end = look.deepest or deepest
        marks = [m for m in (0, 10, 50, 100, 200, 500, 1000, 1500, 2000, 3000, 4000, 5000, 6000)
                 if m <= end]  # fmt: skip
        ax.yaxis.set_major_locator(FixedLocator(marks))
    ax.set_ylim(look.deepest or deepest, top)


def _root(depth: Any) -> Any:
    return np.sqrt(np.maximum(depth, 0))
