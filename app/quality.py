"""The Quality tab: queue, linked plots, table of samples."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import panel as pn
import param

from .desk import Desk
from .parts.quality.conductor import Conductor
from .parts.quality.reading_note import ReadingNote
from .session import Session

__all__ = ["TOOLS", "QualityView"]

_HERE = __package__ or ""

TOOLS: dict[str, tuple[str, str]] = {
    "rule": ("Rule", ".parts.quality.rules:RulesPart"),
    "duplicates": ("Duplicates", ".parts.quality.duplicates:DuplicatesPart"),
    "reading": ("Second reader", ".parts.quality.reading:ReadingPart"),
    "statistics": ("Statistics", ".parts.quality.statistics:StatisticsPart"),
    "letters": ("Letters", ".parts.quality.letters:LettersPart"),
    "save": ("Save", ".parts.quality.save:SavePart"),
}
"""Key of each tool of the bar, with its title and its class.

A tool is made with ``desk=`` when it is first asked for; `open` shows it. It
stands beside the plots and takes no room there: a dialog or a drawer.
"""


def _made(where: str, desk: Desk) -> Any:
    """Import a part and make it."""
    module, _, name = where.partition(":")
    return getattr(import_module(module, _HERE), name)(desk=desk)


class QualityView(pn.viewable.Viewer):
    """Quality control of one collection: the parts, and where they stand.

    The frame shows `drawer` (the queue) on the left and `__panel__` in the middle:
    bar, linked plots, table of samples.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.desk = Desk(session=self.session)
        self._tools: dict[str, Any] = {}
        self.drawer = pn.Column(sizing_mode="stretch_both", margin=0)
        titles = {key: title for key, (title, _) in TOOLS.items()}
        self.conductor = Conductor(desk=self.desk, tools=titles, open_tool=self.open_tool)
        self.plots = pn.Column(
            self.conductor, self.conductor.pieces["caption"],
            sizing_mode="stretch_both", margin=0, styles={"min-height": "0", "flex": "2 1 0"},
        )  # fmt: skip
        self.table = pn.Column(
            sizing_mode="stretch_both", margin=0, styles={"min-height": "0", "flex": "1 1 0"}
        )
        self._stage = pn.Column(
            ReadingNote(session=self.session),
            self.conductor.bar,
            self.plots,
            self.table,
            sizing_mode="stretch_both",
            margin=0,
        )
        # Dialogs stand beside what changes: moved around, an open one would vanish.
        self.main = pn.Column(self._stage, sizing_mode="stretch_both", margin=0)
        self.drawer.append(_made(".parts.quality.queue:QueuePart", self.desk))
        self.table.append(_made(".parts.quality.samples:SamplesPart", self.desk))

    def __panel__(self) -> Any:
        return self.main

    def open_tool(self, key: str) -> None:
        """Show a tool of the bar; it is made when it is first asked for."""
        if key not in self._tools:
            part = self._tools[key] = _made(TOOLS[key][1], self.desk)
            # Open before it goes to the browser, as the importer of the frame.
            part.open()
            self.main.append(part)
            return
        self._tools[key].open()
