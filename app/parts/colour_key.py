"""What the colours of the map mean: the colour numbers, and the bar or list that tells."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import (
    BasicTickFormatter,
    ColorBar,
    ColumnDataSource,
    CustomJS,
    FixedTicker,
    Legend,
    LegendItem,
    LinearColorMapper,
    LogColorMapper,
    Plot,
    Scatter,
)
from numpy.typing import NDArray

from sdcviz.plots.colours import FLAGS, STATIONS, colormap

from ..layers import Colouring

__all__ = ["CLEAR", "ColourKey", "round_ticks"]

CLEAR = "#00000000"
# Of what lays a figure out anew this is what nobody sees.
_LAY_OUT_JS = "setTimeout(() => { plot.min_border = plot.min_border ? 0 : -1 }, 0)"


class ColourKey:
    """Turns colour numbers (0 is clear, 1 to 255) into colours, and explains them.

    Parameters
    ----------
    figure : Plot
        The map; a bar or a list is added to it when it is first needed.
    """

    def __init__(self, figure: Plot) -> None:
        self._figure = figure
        self.dark = False
        self.mapper = LinearColorMapper(palette=[CLEAR] * 256, low=0, high=255)
        self.shown: dict[str, Any] = {}
        self._squares: dict[str, Any] = {}

    def prepare(self, *kinds: str) -> None:
        """Make explanations before the figure goes to the browser.

        There a bar has the room that it had when the figure was laid out: the browser itself has
        to lay it out anew once another bar is shown.
        """
        lay_out = CustomJS(args={"plot": self._figure}, code=_LAY_OUT_JS)
        for kind in kinds:
            bar = self.shown[kind] = _KEYS[kind]()
            bar.update(title=bar.title or "0", visible=False)
            bar.ticker.ticks = [bar.color_mapper.low]
            for name in ("visible", "title"):
                bar.js_on_change(name, lay_out)
            self._figure.add_layout(bar)

    def hide(self) -> None:
        """Explain nothing."""
        for key in self.shown.values():
            key.visible = False

    def _key(self, kind: str) -> Any:
        """Return the explanation of the colours, made when first needed, and hide the others."""
        if kind not in self.shown:
            self.shown[kind] = _KEYS[kind]()
            self._figure.add_layout(self.shown[kind])
        for name, key in self.shown.items():
            if name != kind and key.visible:
                key.visible = False
        return self.shown[kind]

    def _paint(self, palette: list[str]) -> None:
        if self.mapper.palette != palette:
            self.mapper.palette = palette

    def counts(self, most: int, name: str | None) -> None:
        """Explain the colours as counts, from 1 to `most`."""
        colours = self._counts_palette(name)
        self._paint([CLEAR, *colours])
        bar = self._key("count")
        bar.visible = most > 1
        _scale(bar, colours, 1, max(most, 2))
        ticks = [n for n in (1, 3, 10, 30, 100, 300, 1000, 10_000, 100_000) if n < 0.75 * most]
        ticks = [*(ticks if len(ticks) < 5 else ticks[::2]), most]
        bar.ticker.ticks = ticks

    def _counts_palette(self, name: str | None) -> list[str]:
        if name:
            return list(colormap(name, 255))
        # Many must stand out, and a single one must not vanish: dark on the light
        # ground, light on the dark one.
        colours = list(colormap("deep", 340))
        return colours[:255][::-1] if self.dark else colours[85:]

    def values(self, low: float, high: float, title: str, name: str) -> None:
        """Explain the colours as values."""
        colours = list(colormap(name, 255))
        self._paint([CLEAR, *colours])
        bar = self._key("value")
        _scale(bar, colours, low, high)
        bar.update(title=title, visible=True)
        # In place: a colour bar does not take another ticker once it is drawn.
        bar.ticker.ticks = round_ticks(low, high)

    def categories(self, colours: Colouring, present: NDArray[np.uint8]) -> None:
        """Explain the colours as categories; only those in view are listed."""
        if colours.title.startswith("Commonest flag"):
            palette = [flag.colour for flag in FLAGS]
        else:
            palette = list(STATIONS[: len(colours.categories)])
        self._paint([CLEAR, *palette, *[CLEAR] * (255 - len(palette))])
        self._key("category").update(
            title=colours.title,
            items=[self._item(colours.categories[c], palette[c]) for c in present],
            visible=len(present) > 0,
        )

    def _item(self, text: str, colour: str) -> LegendItem:
        if colour not in self._squares:
            # A glyph that is nowhere: the legend draws its own marker.
            nowhere = ColumnDataSource({"x": [float("nan")], "y": [float("nan")]})
            square = Scatter(marker="square", size=10, fill_color=colour, line_color=None)
            self._squares[colour] = self._figure.add_glyph(nowhere, square)
        return LegendItem(label=text, renderers=[self._squares[colour]])


def _colour_bar(**more: Any) -> ColorBar:
    return ColorBar(
        width=200, height=9, orientation="horizontal", location="top_left", padding=8, margin=8,
        ticker=FixedTicker(ticks=[]), formatter=BasicTickFormatter(use_scientific=False),
        title_standoff=4, label_standoff=3, bar_line_color=None, major_tick_line_color=None,
        title_text_font_style="normal", **more,
    )  # fmt: skip


def _count_key() -> ColorBar:
    # Only the bar needs the real range; the picture has colour numbers.
    mapper = LogColorMapper(palette=[CLEAR], low=1, high=10)
    return _colour_bar(color_mapper=mapper, title="Stations")


def _value_key() -> ColorBar:
    return _colour_bar(color_mapper=LinearColorMapper(palette=[CLEAR], low=0, high=1))


def _category_key() -> Legend:
    return Legend(
        items=[], location="top_left", padding=8, margin=8, border_radius=6, spacing=0,
        glyph_width=12, glyph_height=12, label_height=14, click_policy="none",
        border_line_color=None,
    )  # fmt: skip


_KEYS = {"count": _count_key, "value": _value_key, "category": _category_key}


def _scale(bar: ColorBar, palette: list[str], low: float, high: float) -> None:
    mapper = bar.color_mapper
    # Bokeh takes longer to check 255 colours again than the map to count a million stations.
    if mapper.palette != palette:
        mapper.palette = palette
    mapper.update(low=low, high=high)


def round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about `count` round numbers between two values."""
    span = max(high - low, 1e-12)
    power = 10 ** np.floor(np.log10(span / count))
    step = power * min((1, 2, 5, 10), key=lambda m: abs(span / (m * power) - count))
    steps = np.arange(np.ceil(low / step), np.floor(high / step + 1e-9) + 1)
    return [float(round(t, 10)) + 0.0 for t in steps * step]
