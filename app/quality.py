"""The Quality tab: queue, linked plots, table of samples."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from .desk import Desk
from .session import Session

__all__ = ["QualityView"]


class QualityView(pn.viewable.Viewer):
    """Quality control of one collection: the parts, and where they stand.

    The frame shows `drawer` (the queue) on the left and `__panel__` in the middle.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.desk = Desk(session=self.session)
        self.drawer = pn.Column(sizing_mode="stretch_both", margin=0)
        self.main = pn.Column(sizing_mode="stretch_both", margin=0)

    def __panel__(self) -> Any:
        return self.main
