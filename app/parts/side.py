"""Beside the map: plots, table and card of what is selected."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..session import Session
from .card import CardPart
from .choice import PlotChoice
from .export import ExportPart
from .selection import SelectionPart
from .table import TablePart

__all__ = ["SidePart"]

PLOTS, TABLE, CARD = range(3)


class SidePart(pn.viewable.Viewer):
    """Plots, stations and station card, one at a time; each is made when first shown."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.choice = PlotChoice()
        self._parts: dict[int, Any] = {}
        self.export = ExportPart(session=self.session, choice=self.choice)
        self.tabs = pmui.TabMenu(
            items=[{"label": "Plots"}, {"label": "Stations"}, {"label": "Card"}],
            active=PLOTS, margin=(0, 8), width=260,
        )  # fmt: skip
        self._place = pmui.Column(sizing_mode="stretch_both", margin=0)
        close = pmui.Button(
            label="Clear", icon="close", size="small", variant="text", width=85, margin=(4, 6),
            on_click=self._clear,
        )  # fmt: skip
        self._layout = pmui.Column(
            pmui.Row(self.tabs, pn.layout.HSpacer(), self.export, close, margin=0),
            self._place,
            sizing_mode="stretch_both", margin=0,
        )  # fmt: skip
        self.tabs.param.watch(lambda _: self._show(), "active")
        self.session.param.watch(self._turn, ["selection", "station"])
        self._turn()

    def __panel__(self) -> Any:
        return self._layout

    def part(self, tab: int) -> Any:
        """Return the part of a tab; it is made now if it was not shown before."""
        if tab not in self._parts:
            make = {
                PLOTS: lambda: SelectionPart(session=self.session, choice=self.choice),
                TABLE: lambda: TablePart(session=self.session),
                CARD: lambda: CardPart(session=self.session),
            }[tab]
            self._parts[tab] = make()
        return self._parts[tab]

    def _turn(self, *events: Any) -> None:
        """Turn to what has just been asked for: the card of a station, or the plots."""
        asked = {e.name for e in events}
        if self.session.station is not None and (not asked or "station" in asked):
            self.tabs.active = CARD
        elif "selection" in asked and len(self.session.selection) and self.tabs.active == CARD:
            self.tabs.active = PLOTS
        self._show()

    def _show(self) -> None:
        """Show the part of the tab; those out of view wait."""
        active = self.tabs.active or PLOTS
        shown = self.part(active)
        for tab, part in self._parts.items():
            if hasattr(part, "active"):
                part.active = tab == active
        if self._place.objects != [shown]:
            self._place[:] = [shown]

    def _clear(self, _: Any) -> None:
        self.session.param.update(selection=self.session.selection[:0], brush=None, station=None)
