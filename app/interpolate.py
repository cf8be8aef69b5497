"""The Interpolate tab: a recipe in a form, its preview on a map, and the runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import panel as pn
import param

from . import answers
from .draft import Draft
from .parts.interpolate.bar import BarPart
from .parts.interpolate.domain_map import DomainMap
from .parts.interpolate.form import FormPart
from .parts.interpolate.insight import Insight
from .parts.interpolate.run import RunPart
from .session import Session

__all__ = ["TOOLS", "InterpolateView"]

_HERE = __package__ or ""

TOOLS: dict[str, str] = {
    "recipes": ".parts.interpolate.recipes:RecipesPart",
    "study": ".parts.interpolate.study:StudyPart",
    "fit": ".parts.interpolate.fit:FitPart",
}
"""Dialogs of the tab, each made when it is first asked for."""


class InterpolateView(pn.viewable.Viewer):
    """Configure an analysis, look at it, run it: the parts, and where they stand.

    The frame shows `drawer` (the form) on the left and `__panel__` in the middle: the map with
    its bar, and what a run takes and how it goes on the right.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        answers.warm()
        self.draft = Draft(session=self.session)
        self.insight = Insight(draft=self.draft)
        self._tools: dict[str, Any] = {}
        self.map = DomainMap(draft=self.draft, insight=self.insight)
        self.drawer = FormPart(draft=self.draft, open_fit=lambda of: self.open_tool("fit", of))
        self.bar = BarPart(
            draft=self.draft,
            insight=self.insight,
            fit_view=self.map.fit,
            tools={
                "recipes": lambda: self.open_tool("recipes"),
                "save": lambda: self.open_tool("recipes", "save"),
                "study": lambda: self.open_tool("study"),
            },
        )
        self.run = RunPart(draft=self.draft, insight=self.insight)
        middle = pn.Column(
            self.bar, self.map, sizing_mode="stretch_both", margin=0,
            styles={"min-width": "0", "flex": "1 1 0"},
        )  # fmt: skip
        side = pn.Column(
            self.run, sizing_mode="stretch_height", width=330, margin=0, scroll="y",
            styles={"flex": "0 0 330px"},
        )  # fmt: skip
        stage = pn.Row(middle, side, sizing_mode="stretch_both", margin=0)
        # Dialogs stand beside what changes: moved around, an open one would vanish.
        self.main = pn.Column(stage, sizing_mode="stretch_both", margin=0)
        names = ["flags_version", "collection_version", "tab"]
        self.session.param.watch(lambda *_: self._refresh(), names)
        self._flags = self.session.flags_version, self.session.collection_version

    def __panel__(self) -> Any:
        return self.main

    def _refresh(self) -> None:
        """Look again once flags have changed, when this tab is in view."""
        now = self.session.flags_version, self.session.collection_version
        if self.session.tab == "interpolate" and now != self._flags:
            self._flags = now
            self.insight.refresh()

    def open_tool(self, key: str, *given: Any) -> None:
        """Show a dialog; it is made when it is first asked for."""
        new = key not in self._tools
        if new:
            module, _, name = TOOLS[key].partition(":")
            made = getattr(import_module(module, _HERE), name)
            self._tools[key] = made(draft=self.draft, insight=self.insight)
        # Open before it goes to the browser, as the importer of the frame.
        self._tools[key].open(*given)
        if new:
            self.main.append(self._tools[key])
