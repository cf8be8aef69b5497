"""Plots of the selected stations."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError
from sdcviz.words import counted

from ..session import Session
from .after import after_layout
from .choice import KINDS, PLACES, PlotChoice
from .chosen import SHOWN_BY, chosen

__all__ = ["SelectionPart"]

NOTHING = "Draw a box or lasso on the map, or tap a station."
AT_ONCE = 5_000_000
"""Samples above which a plot is drawn only when asked for: it takes seconds."""


class SelectionPart(pn.viewable.Viewer):
    """Choose a plot of the selection and see it; a box or lasso in it brushes stations.

    Widgets are made when something is first selected.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    choice = param.ClassSelector(class_=PlotChoice, instantiate=False, doc="Which plot is shown.")

    def __init__(self, **params: Any) -> None:
        params.setdefault("choice", PlotChoice())
        super().__init__(**params)
        self._options: dict[str, str] = {}
        self._known: tuple[Any, ...] = ()
        self._patient = False
        self._layout = pmui.Column(
            pmui.Typography(NOTHING, variant="body1", sx={"color": "text.secondary", "p": 3}),
            sizing_mode="stretch_both", margin=0,
        )  # fmt: skip
        self.pane: pn.pane.HoloViews | None = None
        self.session.param.watch(self._update, list(SHOWN_BY))
        self._update()

    def __panel__(self) -> Any:
        return self._layout

    # ---- making ------------------------------------------------------------

    def _make(self) -> None:
        """Make the widgets, at the first selection."""
        self._kind = pmui.RadioButtonGroup(
            options={kind.title: key for key, kind in KINDS.items()}, value=self.choice.kind,
            size="small", margin=(6, 8),
            sx={"& .MuiToggleButton-root": {"padding": "3px 6px", "lineHeight": 1.4}},
        )  # fmt: skip
        look: dict[str, Any] = {"size": "small", "variant": "outlined", "margin": (4, 6)}
        self._axes = {
            name: pmui.Select(label=label, sizing_mode="stretch_width", min_width=120, **look)
            for name, label in (
                ("temperature", "Temperature"), ("salinity", "Salinity"),
                ("x", "Parameter"), ("y", "Against"),
            )
        }  # fmt: skip
        self._colour = pmui.Select(label="Colour by", width=170, **look)
        self._words = pmui.Typography(
            "", variant="body2", margin=(2, 10), sx={"color": "text.secondary"}
        )
        self._unbrush = pmui.Button(
            label="Clear brush", icon="close", variant="text", size="small", margin=(0, 8),
            visible=False, width=115, on_click=lambda _: self.session.param.update(brush=None),
        )  # fmt: skip
        self._draw_all = pmui.Button(
            label="Draw it", size="small", variant="outlined", visible=False, width=100,
            on_click=self._be_patient,
        )  # fmt: skip
        self.pane = pn.pane.HoloViews(
            sizing_mode="stretch_both", min_height=340, linked_axes=False, margin=(0, 4)
        )
        self._content = [
            self._kind,
            pmui.Row(*self._axes.values(), self._colour, margin=0, sizing_mode="stretch_width"),
            pn.Column(self.pane, sizing_mode="stretch_both", margin=0),
            pmui.Row(self._words, self._draw_all, self._unbrush, margin=0),
        ]
        self._kind.param.watch(self._choose, "value")
        for widget in (*self._axes.values(), self._colour):
            widget.param.watch(self._choose, "value")

    def _follow(self) -> None:
        """Offer the parameters of the collection, when it or the map's parameter changed."""
        session = self.session
        known = (session.collection, session.collection_version, session.parameter)
        if known == self._known or session.data is None:
            return
        self._known = known
        self._options = self.choice.follow(session.data, session.parameter)

    def _show_choice(self) -> None:
        """Put the state of the choice into the widgets."""
        kind = KINDS[self.choice.kind]
        places = set(PLACES.values())
        numbers = {title: key for title, key in self._options.items() if key not in places}
        for name, widget in self._axes.items():
            options = self._options if self.choice.kind == "scatter" else numbers
            value = getattr(self.choice, name)
            widget.param.update(
                options=options,
                value=value if value in options.values() else None,
                visible=name in kind.axes,
            )
        colours = {by.capitalize(): by for by in kind.colours}
        if kind.any_colour:
            colours |= numbers
        self._colour.param.update(
            options=colours, value=self.choice.colour or None, visible=bool(colours)
        )
        self._kind.value = self.choice.kind

    # ---- doing -------------------------------------------------------------

    def _choose(self, event: Any) -> None:
        """Take what a widget says into the choice, then draw."""
        if event.new is None or self._showing:
            return
        names = {id(w): n for n, w in self._axes.items()}
        names |= {id(self._kind): "kind", id(self._colour): "colour_by"}
        name = names[id(event.obj)]
        if name == "x" and event.new in PLACES.values() and self.choice.kind != "scatter":
            return
        self.choice.param.update(**{name: event.new})
        self._draw()

    _showing = False

    def _be_patient(self, _: Any) -> None:
        self._patient = True
        self._draw()

    def _update(self, *events: Any) -> None:
        """Draw anew what the session shows now."""
        if {e.name for e in events} & {"selection", "collection", "collection_version"}:
            self._patient = False
        if chosen(self.session) is None:
            if self.pane is not None:
                self.pane.object = None
                self._layout[:] = [self._hint()]
            return
        if self.pane is None:
            self._make()
        self._follow()
        if self._layout.objects == self._content:
            self._draw()
            return
        self._layout[:] = self._content
        after_layout(self._draw)

    def _hint(self) -> Any:
        return pmui.Typography(NOTHING, variant="body1", sx={"color": "text.secondary", "p": 3})

    def _draw(self) -> None:
        selection = chosen(self.session)
        if selection is None or self.pane is None:
            return
        self._showing = True
        try:
            self._show_choice()
        finally:
            self._showing = False
        brush = self.session.brush
        words = f"All {counted(selection.n_stations, 'station')} of the selection"
        words += f", {counted(selection.n_samples, 'sample')}."
        too_many = selection.n_samples > AT_ONCE and not self._patient
        if brush is not None:
            words += f" Brushed: {counted(len(brush), 'station')}."
        if too_many:
            words += " Drawing so many takes some seconds."
        self._words.object = words
        self._draw_all.visible = too_many
        self._unbrush.visible = brush is not None
        self.pane.object = self._hint_element() if too_many else self._element(selection, brush)

    def _hint_element(self) -> Any:
        from sdcviz import plots

        return plots.hint("Press “Draw it”, or select fewer stations.")

    def _element(self, selection: Any, brush: Any) -> Any:
        """Return the plot, or a sentence why there is none."""
        from sdcviz import plots

        if not self.choice.complete:
            return plots.hint("Choose the parameters of this plot above.")
        try:
            return self.choice.draw(selection, brush, (self._listen,))
        except SdcvizError as error:
            return plots.hint(str(error))

    # ---- brushing ----------------------------------------------------------

    def _listen(self, plot: Any, element: Any) -> None:
        """Hear of boxes and lassos drawn in the plot."""
        figure = plot.state
        if "selectiongeometry" not in figure.subscribed_events:
            figure.on_event("selectiongeometry", self._on_area)
            figure.on_event("reset", self._on_reset)

    def _on_area(self, event: Any) -> None:
        if event.final:
            self.brush_area(event.geometry)

    def _on_reset(self, _: Any) -> None:
        self.session.brush = None

    def brush_area(self, area: dict[str, Any]) -> None:
        """Brush the stations with a sample in an area of the plot, given as Bokeh does.

        Parameters
        ----------
        area : dict
            See `sdcviz.plots.stations_in`.
        """
        from sdcviz import plots

        selection = chosen(self.session)
        if selection is None or not self.choice.complete:
            return
        rows = plots.stations_in(selection, self.choice.kind, *self.choice.keys, area=area)
        if len(rows):
            self.session.brush = rows
        else:
            self._words.object = "No sample lies in that area; the brush stays as it was."
