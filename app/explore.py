"""The Explore tab: filters, map, selection, station card."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from .session import Session

__all__ = ["ExploreView"]


class ExploreView(pn.viewable.Viewer):
    """Explore one collection: the parts, and where they stand.

    The frame shows `drawer` on the left and `__panel__` in the middle; parts are
    made when they are first asked for.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.drawer = pmui.Column(sizing_mode="stretch_both")
        self.main = pmui.Row(
            pmui.Typography("The map comes here.", variant="body1"), sizing_mode="stretch_both"
        )

    def __panel__(self) -> Any:
        return self.main
