"""The Explore tab: filters, map, selection, station card."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.words import number

from .parts.filters import FiltersPart
from .parts.map import MapPart
from .parts.map_bar import MapBar
from .session import Session

__all__ = ["ExploreView"]

HINT = "Tap a station, or draw a box or a lasso on the map (tools on the right)."


class ExploreView(pn.viewable.Viewer):
    """Explore one collection: the parts, and where they stand.

    The frame shows `drawer` on the left and `__panel__` in the middle. The
    panel with plots, table and card stands beside the map once something is
    selected, and is made then.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.session
        self.drawer = FiltersPart(session=session)
        self.map = MapPart(session=session)
        text = {
            "font-size": "12px",
            "white-space": "nowrap",
            "overflow": "hidden",
            "text-overflow": "ellipsis",
        }
        self._status = pn.pane.HTML(
            HINT, margin=(3, 10), height=18, sizing_mode="stretch_width", styles=text
        )
        self._count = pn.pane.HTML(
            margin=(3, 10), height=18, width=250, styles=text | {"text-align": "right"}
        )
        self._only = pn.Row(visible=False, margin=0, width=130, height=24)
        self._map_column = pn.Column(
            MapBar(session=session, map=self.map), self.map,
            pn.Row(self._status, self._only, self._count, margin=0, sizing_mode="stretch_width"),
            sizing_mode="stretch_both", margin=0, styles={"min-width": "0", "flex": "1 1 55%"},
        )  # fmt: skip
        self._side = pn.Column(
            visible=False, sizing_mode="stretch_both", margin=0, scroll="y",
            styles={"min-width": "0", "flex": "1 1 45%"},
        )  # fmt: skip
        self.main = pn.Row(self._map_column, self._side, sizing_mode="stretch_both", margin=0)
        self.map.param.watch(lambda e: self._status.param.update(object=e.new or HINT), "hint")
        session.param.watch(lambda *_: self._show_side(), ["selection", "station"])
        session.param.watch(lambda _: self._status.param.update(object=HINT), ["collection"])
        session.param.watch(
            lambda *_: self._show_count(),
            [
                "collection",
                "collection_version",
                "selection",
                "explored_flags",
                *session.filter_names,
            ],
        )
        self._show_side()
        self._show_count()

    def __panel__(self) -> Any:
        return self.main

    def _show_count(self) -> None:
        """Say how many stations are shown, of how many."""
        data, shown = self.session.data, self.session.filtered
        if data is None or shown is None:
            self._count.object = ""
            return
        picked = len(self.session.selection)
        more = f" · <b>{number(picked)}</b> selected" if picked else ""
        self._offer_area()
        self._count.object = (
            f"<b>{number(shown.n_stations)}</b> of {number(data.n_stations)} stations{more}"
        )

    def _offer_area(self) -> None:
        """Offer to keep to the area just drawn."""
        wanted = self.map.area() is not None and not self.session.polygon
        if wanted and not self._only.objects:
            button = pmui.Button(
                label="Only this area", icon="filter_alt", size="small", variant="text",
                margin=0, width=130, on_click=self._keep_area,
            )  # fmt: skip
            self._only.objects = [button]
        self._only.visible = wanted

    def _keep_area(self, *_: Any) -> None:
        self.session.param.update(polygon=self.map.area())

    def _show_side(self) -> None:
        """Open the panel beside the map when there is something to show in it."""
        wanted = len(self.session.selection) > 0 or self.session.station is not None
        # First the place, then the plots: a figure that is hidden at birth can't be laid out.
        self._side.visible = wanted
        if wanted and not self._side.objects:
            self._side.objects = [pn.pane.HTML("Drawing …", margin=24)]
            document = pn.state.curdoc
            if document is None:
                self._fill_side()
            else:  # the words are on the screen while the plots are made
                document.add_timeout_callback(self._fill_side, 20)

    def _fill_side(self) -> None:
        self._side.objects = self._make_side()

    def _make_side(self) -> list[Any]:
        # Plots bring heavy libraries, which a page without a selection does not wait for.
        from .parts.side import SidePart

        return [SidePart(session=self.session)]
