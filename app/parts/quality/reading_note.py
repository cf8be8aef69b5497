"""The line that says, all the time, that one is at work in a second reading."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...session import Session

__all__ = ["ReadingNote"]

_LOOK = {
    "background": "color-mix(in srgb, var(--mui-palette-primary-main, #0b5a78) 12%, transparent)",
    "border-bottom": "1px solid color-mix(in srgb, currentColor 14%, transparent)",
}


class ReadingNote(pn.viewable.Viewer):
    """Shown over the plots while the session is in a reading; takes no room otherwise."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._layout = pmui.Row(
            visible=False, margin=0, height=34, sizing_mode="stretch_width", styles=_LOOK
        )
        self.session.param.watch(lambda _: self._show(), "reading")
        self._show()

    def __panel__(self) -> Any:
        return self._layout

    def _show(self) -> None:
        name = self.session.reading
        if name:
            self._layout[:] = [
                pn.pane.HTML(
                    f"Second reading <b>{escape(name)}</b>: flags as imported, what checks set, "
                    "and your own.",
                    margin=(7, 12), sizing_mode="stretch_width", styles={"font-size": "13px"},
                ),
                pmui.Button(
                    label="Back to the common flags", variant="text", size="small", width=190,
                    margin=(2, 8), on_click=self._leave,
                ),
            ]  # fmt: skip
        self._layout.visible = bool(name)

    def _leave(self, _: Any) -> None:
        self.session.reading = ""
