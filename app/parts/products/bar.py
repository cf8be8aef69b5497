"""The bar over the map: field, sliders, play, tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError

from ...viewing import Viewing
from ..form import Form, script, style

__all__ = ["BarPart"]

_HERE = Path(__file__).parent
_SEEN = (
    "product", "field", "derived", "error_shown", "step", "level", "place", "line", "area",
    "products_view",
)  # fmt: skip


class ProductBar(Form):
    """The bar in the browser; see ``bar.js``."""

    _esm = script(_HERE / "bar_slider.js", _HERE / "bar.js")
    _style = style(_HERE / "bar.css")


class BarPart(pn.viewable.Viewer):
    """The bar over the map: field, sliders, play, tools.

    Sliders and play talk to the map in the browser; what comes here is where they came to rest.
    """

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")
    tools = param.Dict(default={}, doc="What the buttons do: fit, export.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.viewing.session
        self.bar = ProductBar(self._take, session=session)
        self.viewing.param.watch(lambda *_: self._show(), ["product", "changed"])
        session.param.watch(lambda *_: self._show(), list(_SEEN))
        self._show()

    def __panel__(self) -> Any:
        return self.bar

    def _take(self, said: dict[str, Any]) -> None:
        """Write what the visitor chose into the session."""
        session, do = self.viewing.session, said.get("do")
        if do in self.tools:
            act: Callable[[], None] = self.tools[do]
            act()
        elif do == "at":
            session.param.update(step=int(said["step"]), level=said.get("depth"))
        elif do == "field":
            # The range of one field means nothing for another.
            session.param.update(field=said["field"], derived="", field_range=None, field_map="")
        elif do == "error":
            session.param.update(error_shown=bool(said["on"]), derived="")
        elif do == "view" and said["view"] in ("map", "review"):
            session.products_view = said["view"]
        elif do == "clear":
            session.param.update(place=None, line=None, area=None)

    def _show(self) -> None:
        self.bar.state = self.state()

    def state(self) -> dict[str, Any]:
        """Return what the bar shows."""
        viewing, session = self.viewing, self.viewing.session
        told: dict[str, Any] = {"ready": False, "view": session.products_view}
        if viewing.product is None:
            return told
        try:
            layer = viewing.layer()
            grid = layer.grid
            depths = [] if layer.flat else [float(z) for z in grid.depth]
            depth = viewing.depth
            return told | {
                "ready": True,
                "fields": [
                    [v["name"], v["label"] if v["label"] != v["name"] else v["name"]]
                    for v in viewing.info["variables"]
                ],
                "field": viewing.variable,
                "derived": layer.label if session.derived else "",
                "error": session.error_shown,
                "has_error": layer.view.error is not None,
                "times": list(grid.times.labels),
                "climatology": grid.times.climatology,
                "depths": depths,
                "depth_unit": grid.depth_unit,
                "step": viewing.step,
                "level": depths.index(depth) if depth in depths else 0,
                "shapes": {
                    "place": session.place is not None, "line": session.line is not None,
                    "area": session.area is not None,
                },
            }  # fmt: skip
        except SdcvizError:
            return told
