"""How the field looks: colours, range, mask, dots."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ...viewing import Viewing

__all__ = ["LookPart"]


class LookPart(pn.viewable.Viewer):
    """How the field looks: colours, range, mask, dots."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.main = pn.Column(margin=0, visible=False)

    def __panel__(self) -> Any:
        return self.main
