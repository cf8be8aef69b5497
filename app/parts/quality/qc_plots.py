"""The linked plots of the Quality tab as bare Bokeh figures.

Python makes them once, without data: the browser fills their sources, so that the
next station is on the screen without asking the server (see ``desk_plots.js``). All
plots show the samples of one source, so that what is picked in one is picked in all.
"""

from __future__ import annotations

from typing import Any

from bokeh.models import (
    BoxSelectTool,
    ColumnDataSource,
    DatetimeAxis,
    Glyph,
    Grid,
    HArea,
    LassoSelectTool,
    Line,
    LinearAxis,
    PanTool,
    Patch,
    Plot,
    Range1d,
    Scatter,
    TapTool,
    Text,
    WheelZoomTool,
)

from ..chart import LOOKS, PICK

__all__ = ["MARKERS", "PLOTS", "QcPlots"]

MARKERS = {
    "0": "circle", "1": "circle", "2": "square", "3": "triangle", "4": "x", "5": "diamond",
    "6": "inverted_triangle", "7": "star", "8": "plus", "9": "dash", "A": "hex",
    "B": "asterisk", "Q": "square_pin",
}  # fmt: skip
"""Shape of a sample by its flag, for those who do not tell the colours apart."""

PLOTS = {"a": "First profile", "b": "Second profile", "c": "T-S", "d": "Any against any"}
"""Plots that show samples: name of their columns, and what they are for."""

INKS = {
    False: {"near": "#9fb0ba", "band": "#0b5a78", "path": "#5d7683", "found": "#e88a00",
            "climate": "#7a3fb0", "product": "#0e8a5f"},
    True: {"near": "#5a6a74", "band": "#7cc4da", "path": "#a9bcc6", "found": "#ffb547",
           "climate": "#c39bf0", "product": "#3ddc97"},
}  # fmt: skip
"""Colours of what stands behind the samples, light and dark."""


def _source(*names: str) -> ColumnDataSource:
    # What the browser fills is nobody's business here: nothing of it comes back.
    source = ColumnDataSource({name: [] for name in names}, syncable=False)
    source.selected.syncable = False
    return source


class QcPlots:
    """The figures of one visitor: four of samples, and a map.

    Attributes
    ----------
    figures : dict of str to Plot
        By the keys of `PLOTS`, and ``"map"``; named ``desk-a``, ... in the page.
    """

    def __init__(self, dark: bool) -> None:
        columns = [f"{axis}{plot}" for plot in PLOTS for axis in "xy"]
        self.samples = _source(*columns, "i", "colour", "marker", "colour_b", "marker_b")
        self.samples.name = "desk-samples"
        self.found = _source(*columns)
        self.found.name = "desk-found"
        self._climate: dict[str, ColumnDataSource] = {}
        self._product: dict[str, ColumnDataSource] = {}
        self._axes: list[Any] = []
        self._inks: dict[str, list[tuple[Glyph, str]]] = {ink: [] for ink in INKS[False]}
        self.figures = {plot: self._sample_plot(plot) for plot in PLOTS}
        self.figures["map"] = self._map()
        self.dress(dark)

    # ---- figures -----------------------------------------------------------

    def _plot(self, name: str) -> Plot:
        made = Plot(
            x_range=Range1d(0, 1, syncable=False),
            y_range=Range1d(0, 1, syncable=False),
            toolbar_location=None,
            sizing_mode="stretch_both",
            min_border=4,
            name=f"desk-{name}",
            lod_threshold=None,
            styles={"font-size": "12px"},
            # The keys are those of the page; no plot has to be chosen for them.
            stylesheets=[":host, :host(:focus), :host(:focus-visible) {outline: none !important}"],
        )
        made.toolbar.logo = None
        return made

    def _sample_plot(self, plot: str) -> Plot:
        figure = self._plot(plot)
        self._add_axes(figure, times=True)
        if plot in "ab":
            band = _source("y", "low", "middle", "high")
            self._add(figure, HArea(y="y", x1="low", x2="high", fill_alpha=0.13), band,
                      f"band-{plot}", "band", "fill_color")  # fmt: skip
            self._add_climate(figure, plot)
            self._add_product(figure, plot)
        near = self._add(figure, Line(x="x", y="y", line_width=1, line_alpha=0.45),
                         _source("x", "y"), f"near-{plot}", "near", "line_color")  # fmt: skip
        near.level = "underlay" if plot in "cd" else "glyph"
        if plot in "ab":
            self._add(figure, Line(x="middle", y="y", line_width=1.4, line_dash="5 4",
                                   line_alpha=0.8), band, f"middle-{plot}", "band",
                      "line_color")  # fmt: skip
            self._add(figure, Line(x="middle", y="y", line_width=1.8), self._climate[plot],
                      f"climate-{plot}", "climate", "line_color")  # fmt: skip
            self._add(figure, Line(x="middle", y="y", line_width=2.2), self._product[plot],
                      f"product-{plot}", "product", "line_color")  # fmt: skip
        if plot == "c":
            self._add_density(figure)
        self._add(figure, Line(x="x", y="y", line_width=1.2, line_alpha=0.8), _source("x", "y"),
                  f"path-{plot}", "path", "line_color")  # fmt: skip
        self._add(figure, Scatter(x=f"x{plot}", y=f"y{plot}", size=16, line_width=2,
                                  fill_color=None), self.found, f"found-{plot}", "found",
                  "line_color")  # fmt: skip
        self._add_samples(figure, plot)
        hint = Text(x="x", y="y", text="text", text_font_size="12px", text_align="center",
                    text_baseline="middle")  # fmt: skip
        self._add(figure, hint, _source("x", "y", "text"), f"hint-{plot}", "path", "text_color")
        return figure

    def _add(
        self, figure: Plot, glyph: Glyph, source: ColumnDataSource, name: str, ink: str, what: str
    ) -> Any:
        self._inks[ink].append((glyph, what))
        return figure.add_glyph(source, glyph, name=f"desk-{name}")

    def _add_axes(self, figure: Plot, times: bool) -> None:
        x, y = LinearAxis(), LinearAxis()
        for axis in (x, y):
            axis.name = f"{figure.name}-{'x' if axis is x else 'y'}"
        figure.add_layout(x, "below")
        figure.add_layout(y, "left")
        lines = [Grid(dimension=0, ticker=x.ticker), Grid(dimension=1, ticker=y.ticker)]
        for line in lines:
            figure.add_layout(line)
        # Series lie along time, which has an axis of its own kind.
        time = DatetimeAxis(visible=False, name=f"{figure.name}-time")
        figure.add_layout(time, "below")
        self._axes += [x, y, time]
        self._axes += lines

    def _add_climate(self, figure: Plot, plot: str) -> None:
        """Add what the climatology allows, behind all else; its mean comes over the lines."""
        self._climate[plot] = _source("y", "middle")
        allowed = _source("y", "low", "high")
        self._add(figure, HArea(y="y", x1="low", x2="high", fill_alpha=0.09), allowed,
                  f"allowed-{plot}", "climate", "fill_color")  # fmt: skip
        for side in ("low", "high"):
            edge = Line(x=side, y="y", line_width=1, line_dash="2 3")
            self._add(figure, edge, allowed, f"{side}-{plot}", "climate", "line_color")

    def _add_product(self, figure: Plot, plot: str) -> None:
        """Add the expected error of the product; its line comes over the other ones."""
        self._product[plot] = _source("y", "middle")
        error = HArea(y="y", x1="low", x2="high", fill_alpha=0.16)
        self._add(figure, error, _source("y", "low", "high"), f"error-{plot}", "product",
                  "fill_color")  # fmt: skip

    def _add_density(self, figure: Plot) -> None:
        self._add(figure, Line(x="x", y="y", line_width=0.7, line_alpha=0.45), _source("x", "y"),
                  "density", "path", "line_color")  # fmt: skip
        text = Text(x="x", y="y", text="text", text_font_size="10px", text_alpha=0.7,
                    text_align="right", text_baseline="middle")  # fmt: skip
        self._add(figure, text, _source("x", "y", "text"), "density-text", "path", "text_color")

    def _add_samples(self, figure: Plot, plot: str) -> None:
        own = "_b" if plot == "b" else ""
        look = {
            "x": f"x{plot}", "y": f"y{plot}", "marker": {"field": f"marker{own}"},
            "fill_color": {"field": f"colour{own}"}, "line_color": {"field": f"colour{own}"},
        }  # fmt: skip
        drawn = figure.add_glyph(
            self.samples,
            Scatter(size=6, line_width=1.6, fill_alpha=0.9, **look),
            selection_glyph=Scatter(size=11, line_width=2.2, **look | {"line_color": PICK}),
            nonselection_glyph=Scatter(size=6, line_width=1.6, fill_alpha=0.5, line_alpha=0.55,
                                       **look),
            name=f"desk-drawn-{plot}",
        )  # fmt: skip
        only = {"renderers": [drawn]}
        box, lasso = BoxSelectTool(**only), LassoSelectTool(continuous=False, **only)
        figure.add_tools(box, lasso, PanTool(), WheelZoomTool(zoom_on_axis=True), TapTool(**only))
        wheel = figure.select_one(WheelZoomTool)
        figure.toolbar.update(active_drag=box, active_scroll=wheel)

    def _map(self) -> Plot:
        figure = self._plot("map")
        self._land = Patch(line_width=0.6)
        figure.add_glyph(_source("x", "y"), self._land, name="desk-land")
        near = _source("x", "y", "row")
        self._add(figure, Scatter(size=5, line_color=None, fill_alpha=0.8), near, "map-near",
                  "near", "fill_color")  # fmt: skip
        mark = Scatter(size=13, marker="circle_dot", fill_color=None, line_color=PICK,
                       line_width=2.5)  # fmt: skip
        here = figure.add_glyph(_source("x", "y"), mark, nonselection_glyph=mark, name="desk-here")
        others = [r for r in figure.renderers if r.name == "desk-map-near"]
        # A box or a lasso around the station picks all of its samples.
        box = BoxSelectTool(renderers=[here])
        lasso = LassoSelectTool(continuous=False, renderers=[here])
        wheel = WheelZoomTool()
        figure.add_tools(box, lasso, PanTool(), wheel, TapTool(renderers=[*others, here]))
        figure.toolbar.update(active_drag=box, active_scroll=wheel)
        return figure

    # ---- look --------------------------------------------------------------

    def dress(self, dark: bool) -> None:
        """Take the colours of the light or the dark theme."""
        look = LOOKS[dark]
        for ink, glyphs in self._inks.items():
            for glyph, what in glyphs:
                setattr(glyph, what, INKS[dark][ink])
        for axis in self._axes:
            if isinstance(axis, Grid):
                axis.grid_line_color = look["edge"]
                continue
            axis.update(
                axis_label_text_color=look["ink"], major_label_text_color=look["ink"],
                axis_line_color=look["edge"], major_tick_line_color=look["edge"],
                minor_tick_line_color=None, axis_label_text_font_style="normal",
                axis_label_text_font_size="12px", major_label_text_font_size="11px",
                axis_label_standoff=4,
            )  # fmt: skip
        for name, figure in self.figures.items():
            figure.update(
                border_fill_color=look["page"],
                background_fill_color=look["sea"] if name == "map" else look["page"],
                outline_line_color=look["edge"],
            )
        self._land.update(fill_color=look["land"], line_color=look["shore"])
