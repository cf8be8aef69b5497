"""The lines over and under the map: the recipe's name and tools, what is shown, what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.words import counted

from ...draft import Draft
from ...session import PREVIEWS
from ..form import Form, script, style
from .insight import Insight

__all__ = ["BarPart"]

_HERE = Path(__file__).parent
TITLES = {"field": "Field", "error": "Error", "observations": "Stations"}


class PreviewBar(Form):
    """The bar in the browser; see ``bar.js``."""

    _esm = script(_HERE / "bar.js")
    _style = style(_HERE / "bar.css")


class BarPart(pn.viewable.Viewer):
    """Chooses what the preview shows, and opens the tools.

    Parameters
    ----------
    tools : dict of str to callable
        What the buttons do: ``recipes``, ``save``, ``study``, ``fit``.
    """

    draft = param.ClassSelector(class_=Draft, instantiate=False, doc="The recipe.")
    insight = param.ClassSelector(class_=Insight, instantiate=False, doc="Its preview.")
    tools = param.Dict(default={}, doc="What the buttons do.")
    fit_view = param.Callable(doc="Looks at the whole domain.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.draft.session
        self._depths: list[float] = []
        self.bar = PreviewBar(self._take, session=session)
        self.bar.form = {"previews": [[key, TITLES[key]] for key in PREVIEWS]}
        self.draft.param.watch(lambda *_: self._show(), ["content", "saved_as", "changed", "said"])
        self.insight.param.watch(lambda *_: self._show(), ["seen", "times", "busy", "error"])
        session.param.watch(
            lambda *_: self._show(), ["preview", "shown_time", "shown_level", "recipe"]
        )
        self._show()

    def __panel__(self) -> Any:
        return self.bar

    def _take(self, said: dict[str, Any]) -> None:
        session = self.draft.session
        if said.get("preview") in PREVIEWS:
            session.preview = said["preview"]
        elif "time" in said:
            session.shown_time = max(1, int(said["time"]))
        elif "level" in said:
            session.shown_level = float(said["level"])
        elif said.get("do") == "whole" and self.fit_view:
            self.fit_view()
        elif said.get("do") == "new":
            session.recipe = ""
            self.draft.begin()
        elif said.get("do") in self.tools:
            do: Callable[[], None] = self.tools[said["do"]]
            do()

    def _show(self) -> None:
        draft, insight, session = self.draft, self.insight, self.draft.session
        seen, recipe = insight.seen, draft.recipe
        if recipe is not None:
            self._depths = list(recipe.levels.depths)
        self.bar.state = {
            "name": draft.saved_as,
            "changed": draft.changed,
            "right": recipe is not None or not draft.content,
            "preview": session.preview,
            "times": list(insight.times),
            "time": insight.time,
            "depths": self._depths,
            "level": session.shown_level,
            "busy": insight.busy,
            "error": insight.error or draft.said,
            "about": about(seen),
            "notes": list(seen.get("warnings", ())),
        }


def about(seen: dict[str, Any]) -> str:
    """Tell a preview in one line."""
    if not seen:
        return ""
    at = "" if seen["depth"] is None else f" at {seen['depth']:g} m"
    lon, lat = seen["field"].shape
    if "product" in seen:
        return f"{seen['time']}{at}: product “{seen['product']}”, {lon} x {lat} points"
    notes, unit = seen["notes"], seen["unit"]
    rmse = notes["rmse"]
    misfit = "" if rmse is None else f", misfit {rmse:.2g} {unit}".rstrip()
    dots = len(seen["dots"][0])
    drawn = f" ({counted(dots, 'dot')} drawn)" if dots < seen["observations"] else ""
    return (
        f"{seen['time']}{at}: preview on {lon} x {lat} points, "
        f"{counted(seen['observations'], 'observation')} used{drawn}{misfit}"
    )
