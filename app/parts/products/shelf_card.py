"""The card of the product in view, and the way to others."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ...viewing import Viewing

__all__ = ["ShelfPart"]


class ShelfPart(pn.viewable.Viewer):
    """The card of the product in view, and the way to others."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.main = pn.Column(margin=0, visible=False)

    def __panel__(self) -> Any:
        return self.main
