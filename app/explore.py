"""The Explore tab: filters, map, selection, station card."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

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
        self._status = pn.pane.HTML(
            HINT, margin=(2, 10), sizing_mode="stretch_width", height=20,
            styles={"font-size": "12px", "white-space": "nowrap"},
        )  # fmt: skip
        self._map_column = pn.Column(
            MapBar(session=session, map=self.map), self.map, self._status,
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
        self._show_side()

    def __panel__(self) -> Any:
        return self.main

    def _show_side(self) -> None:
        """Open the panel beside the map when there is something to show in it."""
        wanted = len(self.session.selection) > 0 or self.session.station is not None
        if wanted and not self._side.objects:
            self._side.objects = self._make_side()
        self._side.visible = wanted

    def _make_side(self) -> list[Any]:
        # Plots bring heavy libraries, which a page without a selection does not wait for.
        from .parts.side import SidePart

        return [SidePart(session=self.session)]
