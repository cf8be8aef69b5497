"""The Products tab: fields on the map beside observations, what is taken out of them, reviews."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from .parts.products.bar import BarPart
from .parts.products.compare import ComparePart
from .parts.products.exporting import ExportPart
from .parts.products.field_map import FieldMap
from .parts.products.look import LookPart
from .parts.products.outdated import OutdatedPart
from .parts.products.panels import PanelsPart
from .parts.products.shelf_card import ShelfPart
from .parts.products.wms import WmsPart
from .parts.review.workbench import ReviewPart
from .server.guard import HANDLE
from .session import Session
from .viewing import Viewing

__all__ = ["ProductsView"]


class ProductsView(pn.viewable.Viewer):
    """Look at a product: the parts, and where they stand.

    The frame shows `drawer` on the left (product, look, comparison) and `__panel__` in the middle:
    the bar; under it the map and on its right what was taken out of the product, or the review.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.viewing = viewing = Viewing(session=self.session)
        self.shelf = ShelfPart(viewing=viewing, handle=pn.state.headers.get(HANDLE, ""))
        self.look = LookPart(viewing=viewing)
        self.compare = ComparePart(viewing=viewing)
        self.map = FieldMap(viewing=viewing)
        self.overlays = WmsPart(viewing=viewing, figure=self.map.chart.figure)
        self.drawer = pn.Column(
            self.shelf, self.look, self.compare, self.overlays, margin=0,
            sizing_mode="stretch_width",
        )  # fmt: skip
        tools = {"fit": self.map.fit, "export": lambda: self.export.open()}
        self.bar = BarPart(viewing=viewing, tools=tools)
        self.outdated = OutdatedPart(viewing=viewing)
        self.panels = PanelsPart(viewing=viewing)
        self.export = ExportPart(viewing=viewing, panels=self.panels)
        self.panels.export = self.export.open
        middle = pn.Column(
            self.map, sizing_mode="stretch_both", margin=0,
            styles={"min-width": "0", "flex": "1 1 55%"},
        )  # fmt: skip
        stage = pn.Row(middle, self.panels, sizing_mode="stretch_both", margin=0)
        self._map_view = stage
        self._review: ReviewPart | None = None
        self._slot = pn.Column(
            stage, sizing_mode="stretch_both", margin=0, styles={"min-height": "0"}
        )
        # Dialogs stand beside what changes: moved around, an open one would vanish.
        self.main = pn.Column(
            self.outdated, self.bar, self._slot, self.export, sizing_mode="stretch_both", margin=0
        )
        self.session.param.watch(lambda *_: self._show(), "products_view")
        self._show()

    def __panel__(self) -> Any:
        return self.main

    def _show(self) -> None:
        """Show the map or the review; the review is made when it is first asked for."""
        # A review has its own head, and needs the room.
        review = self.session.products_view == "review"
        self.bar.bar.visible = not review
        if review:
            if self._review is None:
                self._review = ReviewPart(viewing=self.viewing)
            self._slot.objects = [self._review]
        elif self._slot.objects != [self._map_view]:
            self._slot.objects = [self._map_view]
