"""The line over the map: what the colours show, and which part of the Earth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from ..session import COLOURS, Session
from .form import Piece
from .map import MapPart

__all__ = ["MapBar"]

TITLES = {
    "count": "Number of stations",
    "mean": "Mean value",
    "year": "Year",
    "data centre": "Data centre",
    "flag": "Commonest flag",
}
PALETTES = ("thermal", "haline", "oxy", "dense", "algae", "matter", "viridis", "cividis")


class BarForm(Piece):
    """The bar in the browser; see ``map_bar.js``."""

    form = param.Dict(default={}, doc="What can be chosen: colours, parameters, palettes.")
    state = param.Dict(default={}, doc="What is chosen.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = Path(__file__).with_name("map_bar.js")
    _style = Path(__file__).with_name("map_bar.css").read_text(encoding="utf-8")


class MapBar(pn.viewable.Viewer):
    """Choices that concern the map as a whole."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    map = param.ClassSelector(class_=MapPart, instantiate=False, doc="The map below.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.session
        self.form = BarForm(self._take, dark=session.dark, sizing_mode="stretch_width", margin=0)
        watch = session.param.watch
        watch(lambda *_: self._draw(), ["collection", "collection_version"])
        watch(lambda *_: self._show(), ["parameter", "colour_by", "clim", "colormap", "projection"])
        watch(lambda e: self.form.param.update(dark=e.new), "dark")
        self._draw()

    def __panel__(self) -> Any:
        return self.form

    def _take(self, choice: dict[str, Any]) -> None:
        """Write what the visitor chose into the session."""
        session = self.session
        if choice.get("fit"):
            self.map.fit()
        elif choice.get("turn"):
            other = "arctic" if session.projection == "mercator" else "mercator"
            session.param.update(projection=other, extent=None)
        elif choice.get("parameter"):
            # A range of values or colours of the old parameter would mean nothing.
            session.param.update(parameter=choice["parameter"], value=None, flags=(), clim=None)
        elif choice.get("colour_by") in COLOURS:
            session.param.update(colour_by=choice["colour_by"], clim=None)
        elif "colormap" in choice:
            session.colormap = choice["colormap"] or None
        elif "clim" in choice:
            session.clim = tuple(choice["clim"]) if choice["clim"] else None

    def _draw(self) -> None:
        """Offer what the collection has."""
        data = self.session.data
        if data is None:
            self.form.form = {}
            return
        self._show()
        self.form.form = {
            "colours": [[by, TITLES[by]] for by in COLOURS],
            "parameters": [[p.key, p.label] for p in data.parameters if p.kind == "number"],
            "palettes": [["", "Usual colours"], *([name, name] for name in PALETTES)],
        }

    def _show(self) -> None:
        session = self.session
        self.form.state = {
            "colour_by": session.colour_by,
            "parameter": session.parameter,
            "clim": list(session.clim) if session.clim else None,
            "colormap": session.colormap,
            "projection": session.projection,
        }
