"""The line over the map: what the colours show, the projection, how many stations."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..session import COLOURS, Session
from .map import MapPart

__all__ = ["MapBar"]

TITLES = {
    "count": "Number of stations",
    "mean": "Mean value",
    "year": "Year",
    "data centre": "Data centre",
    "flag": "Commonest flag",
}
MAPS = {
    "Usual colours": "",
    **{
        m: m for m in ("thermal", "haline", "oxy", "dense", "algae", "matter", "viridis", "cividis")
    },
}


class MapBar(pn.viewable.Viewer):
    """Choices that concern the map as a whole."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    map = param.ClassSelector(class_=MapPart, instantiate=False, doc="The map below.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.session
        look: dict[str, Any] = {
            "size": "small", "margin": (6, 4), "variant": "outlined",
            "sizing_mode": "stretch_width", "min_width": 76,
        }  # fmt: skip
        self._colour = pmui.Select(
            label="Colour", options={TITLES[c]: c for c in COLOURS}, value=session.colour_by,
            max_width=170, **look,
        )  # fmt: skip
        self._parameter = pmui.Select(label="Parameter", options=[], max_width=210, **look)
        self._limits = pmui.TextInput(
            label="Colour range", placeholder="2 to 98 %", max_width=130, **look
        )
        self._palette = pmui.Select(
            label="Colours", options=MAPS, value=session.colormap or "", max_width=140, **look
        )
        self._polar = pmui.IconButton(
            icon="public", size="small", description="Mercator or Arctic map",
            on_click=lambda _: self._turn(), margin=(8, 0), sizing_mode="fixed", width=40,
        )  # fmt: skip
        self._fit = pmui.IconButton(
            icon="fit_screen", size="small", description="Show all stations",
            on_click=self.map.fit, margin=(8, 0), sizing_mode="fixed", width=40,
        )  # fmt: skip
        self._row = pn.Row(
            self._colour, self._parameter, self._limits, self._palette, self._polar, self._fit,
            sizing_mode="stretch_width", margin=(0, 4),
        )  # fmt: skip
        self._connect()
        self._open()

    def __panel__(self) -> Any:
        return self._row

    def _connect(self) -> None:
        session = self.session
        watch = session.param.watch
        watch(lambda *_: self._open(), ["collection", "collection_version"])
        watch(lambda *_: self._show(), ["parameter", "colour_by", "clim", "colormap"])
        self._colour.param.watch(lambda e: self._set(colour_by=e.new, clim=None), "value")
        self._parameter.param.watch(lambda e: self._choose(e.new), "value")
        self._palette.param.watch(lambda e: self._set(colormap=e.new or None), "value")
        self._limits.param.watch(lambda e: self._type(e.new), "value")

    def _set(self, **changed: Any) -> None:
        first = next(iter(changed))
        if getattr(self.session, first) != changed[first]:
            self.session.param.update(**changed)

    def _choose(self, key: str) -> None:
        """Show another parameter; a range of values of the old one would mean nothing."""
        if key and key != self.session.parameter:
            self.session.param.update(parameter=key, value=None, flags=(), clim=None)

    def _turn(self) -> None:
        other = "arctic" if self.session.projection == "mercator" else "mercator"
        self.session.param.update(projection=other, extent=None)

    def _type(self, text: str) -> None:
        try:
            parts = [float(p) for p in text.replace("–", " to ").split(" to ") if p.strip()]
        except ValueError:
            parts = [0.0]
        if len(parts) not in (0, 2) or (parts and parts[0] >= parts[1]):
            if pn.state.notifications is not None:
                pn.state.notifications.warning(
                    f"“{text}” is no colour range; write two numbers, as 5 to 25.", duration=6000
                )
            self._show()
            return
        self._set(clim=tuple(parts) if parts else None)

    def _open(self) -> None:
        data = self.session.data
        self._row.visible = data is not None
        if data is None:
            return
        options = {p.label: p.key for p in data.parameters if p.kind == "number"}
        self._parameter.param.update(options=options, value=self.session.parameter)
        self._show()

    def _show(self) -> None:
        session = self.session
        self._colour.value = session.colour_by
        if session.parameter in self._parameter.options.values():
            self._parameter.value = session.parameter
        self._palette.value = session.colormap if session.colormap in MAPS.values() else ""
        self._limits.value = f"{session.clim[0]:g} to {session.clim[1]:g}" if session.clim else ""
        self._limits.visible = session.colour_by in ("mean", "year")
        self._palette.visible = session.colour_by in ("count", "mean", "year")
