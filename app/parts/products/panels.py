"""What was taken out of the product, beside the map."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError

from ...viewing import Viewing
from ..background import background
from ..form import Form, script, style
from .panel_asked import Asked, Panel

__all__ = ["PanelsPart"]

_HERE = Path(__file__).parent
_SCRIPTS = [_HERE / f"panels{name}.js" for name in ("_axes", "_draw", "_view", "_table", "")]
_SUBJECTS = {"place": "Place", "line": "Line", "area": "Area"}
_LOOK = {"look": "Panels", "water": "T–S"}
_FOLLOWED = [
    "product", "field", "derived", "error_shown", "step", "level", "mask", "field_range",
    "range_by", "field_map", "window", "around", "collection",
    "collection_version", "tab", "products_view",
]  # fmt: skip
REST = 0.35
"""Seconds: what moves faster than that is followed when it rests."""


class PanelsForm(Form):
    """The panels in the browser; see ``panels.js``."""

    _esm = script(*_SCRIPTS)
    _style = style(_HERE / "panels.css")


class PanelsPart(pn.viewable.Viewer):
    """What was taken out of the product, beside the map.

    Extractions run in a thread, one at a time: while one runs the last result stays, and of all
    that is asked meanwhile only the newest is done.
    """

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")
    export = param.Callable(default=None, allow_None=True, doc="Called with the key of a panel.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.viewing.session
        self._subject, self._view = "", "look"
        self._choice: dict[str, Any] = {}
        self._panels: dict[str, Panel] = {}
        self._busy = self._stale = self._kept = False
        self._version, self._moved = 0, 0.0
        self._rest: Any = None
        self.form = PanelsForm(self._take, session=session, sizing_mode="stretch_both")
        self.main = pn.Column(
            self.form, margin=0, visible=False, sizing_mode="stretch_both",
            styles={"flex": "0 0 45%", "min-width": "0", "max-width": "45%"},
        )  # fmt: skip
        watch = session.param.watch
        watch(lambda e: self._turned(e.name, e.new), list(_SUBJECTS))
        watch(self._followed, [*_FOLLOWED, *session.filter_names])
        self.viewing.param.watch(lambda *_: self._ask(), ["product", "changed"])
        for name in _SUBJECTS:
            if getattr(session, name) is not None:
                self._subject = name
        self._ask()

    def __panel__(self) -> Any:
        return self.main

    def extraction(self, key: str) -> tuple[Any, dict[str, Any]]:
        """Return the data of a panel and how the library makes them.

        Parameters
        ----------
        key : str
            Such as "place-profile"; see `keys`.

        Returns
        -------
        xarray.Dataset, dict
            ``method`` of the product with ``arguments``, ``title`` of the panel.

        Raises
        ------
        KeyError
            There is no such panel now.
        """
        panel = self._panels[key]
        return panel.data, {**panel.call, "title": panel.shown.get("title", key)}

    @property
    def keys(self) -> list[str]:
        """Keys of the panels in view that have data."""
        return [k for k, panel in self._panels.items() if panel.data is not None]

    # ---- when -------------------------------------------------------------------------
    def _turned(self, name: str, value: Any) -> None:
        """Follow a place, a line or an area that was set or taken away."""
        session = self.viewing.session
        if value is not None and not self._kept:
            self._subject = name
            if name != "place" and self._view == "made":
                self._view = "look"
        elif getattr(session, self._subject, None) is None:
            there = [n for n in _SUBJECTS if getattr(session, n) is not None]
            self._subject = there[0] if there else ""
        self._ask()

    def _followed(self, *events: Any) -> None:
        names = {e.name for e in events}
        now = time.monotonic()
        quick = names <= {"step", "level"} and now - self._moved < REST
        self._moved = now
        if {"product", "field"} & names:
            self._choice = {}
        document = pn.state.curdoc
        if not quick or document is None or document.session_context is None:
            self._ask()
            return
        if self._rest is not None:
            document.remove_timeout_callback(self._rest)
        self._rest = document.add_timeout_callback(self._rested, int(1000 * REST))

    def _rested(self) -> None:
        self._rest = None
        self._ask()

    def _ask(self) -> None:
        """Make the panels anew, unless they are being made: then once more after that."""
        session = self.viewing.session
        self.main.visible = bool(self._subject)
        if not self._subject or session.tab != "products" or session.products_view != "map":
            return
        if self.viewing.product is None:
            return
        if self._busy:
            self._stale = True
            return
        self._busy, self._stale = True, False
        try:
            asked = self._asked()
        except SdcvizError as error:
            self._busy = False
            self._show([], str(error))
            return
        view = self._view
        self.form.form = {"busy": True}
        background(lambda: _made(asked, view), lambda made, error: self._came(asked, made, error))

    def _came(self, asked: Asked, made: list[Panel] | None, error: Exception | None) -> None:
        self._busy = False
        self.form.form = {}
        if error is not None and not isinstance(error, SdcvizError):
            raise error
        if self._stale:
            self._ask()
            same = asked.subject == self._subject and asked.place == self.viewing.session.place
            if not same:
                return
        self._show(made or [], str(error or ""), asked)

    def _asked(self) -> Asked:
        viewing, session = self.viewing, self.viewing.session
        product, variable = viewing.product, viewing.variable
        limits, per, palette = _look(viewing)
        return Asked(
            product, variable, viewing.step, viewing.depth, viewing.mask, self._subject,
            session.place, session.line, session.area, float(session.around),
            (float(session.window[0]), float(session.window[1])), session.filtered, limits,
            per, palette, dict(self._choice),
        )  # fmt: skip

    # ---- showing ----------------------------------------------------------------------
    def _show(self, panels: list[Panel], error: str, asked: Asked | None = None) -> None:
        session = self.viewing.session
        if not self._subject:
            return
        self._panels = {panel.key: panel for panel in panels}
        self._version += 1
        views = dict(_LOOK)
        if self._subject == "place":
            views["made"] = "What made this value?"
        state: dict[str, Any] = {
            "subject": self._subject, "view": self._view,
            "subjects": [[n, t] for n, t in _SUBJECTS.items() if getattr(session, n) is not None],
            "views": [[n, t] for n, t in views.items()],
            "around": float(session.around), "error": error,
            "exports": self.export is not None, "version": self._version,
            "panels": [panel.for_browser() for panel in panels],
        }  # fmt: skip
        if asked is not None:
            state |= _about(asked)
        self.form.state = state

    # ---- what the visitor does -----------------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        session, do, to = self.viewing.session, said.get("do"), said.get("to")
        if do == "close":
            session.param.update(**{self._subject: None} if self._subject else {})
        elif do == "subject" and to in _SUBJECTS:
            self._subject = str(to)
            self._view = "look" if self._view == "made" and to != "place" else self._view
            self._ask()
        elif do == "view" and to in (*_LOOK, "made"):
            self._view = str(to)
            self._ask()
        elif do == "around":
            session.around = min(max(float(to or 0), 0.0), 2000.0)
        elif do in ("across", "partner", "lengths"):
            self._choice[str(do)] = to
            self._ask()
        elif do == "go":
            self._go(said)
        elif do == "export" and self.export is not None:
            self.export(str(said.get("key")))
        elif do == "station":
            # In one step: the Quality tab follows what is sent to it.
            session.param.update(station=int(said["row"]), tab="quality")

    def _go(self, said: dict[str, Any]) -> None:
        """Look at the time, the level and the place that were tapped."""
        update: dict[str, Any] = {}
        if said.get("step") is not None:
            update["step"] = int(said["step"])
        if said.get("level") is not None:
            levels = self.viewing.product.grid(self.viewing.variable).depth
            update["level"] = float(levels[abs(levels - float(said["level"])).argmin()])
        if said.get("lon") is not None and said.get("lat") is not None:
            update["place"] = (round(float(said["lon"]), 4), round(float(said["lat"]), 4))
        self._kept = True  # the section stays, with the place on the map
        try:
            self.viewing.session.param.update(**update)
        finally:
            self._kept = False


def _made(asked: Asked, view: str) -> list[Panel]:
    """Make the panels of a view; in a thread."""
    from sdcviz.products.layers import Layer
    from sdcviz.products.ranges import range_for

    if asked.limits is None and view == "look":
        layer = Layer(asked.product, asked.variable, asked.depth, asked.step)
        asked = replace(asked, limits=range_for(layer, asked.per))
    if view == "water":
        from .panel_water import water_panels

        return water_panels(asked)
    if view == "made":
        from .panel_made import made_panels

        return made_panels(asked)
    if asked.subject == "place":
        from .panel_place import place_panels

        return place_panels(asked)
    if asked.subject == "line":
        from .panel_line import line_panels

        return line_panels(asked)
    from .panel_area import area_panels

    return area_panels(asked)


def _look(viewing: Viewing) -> tuple[tuple[float, float] | None, str, str]:
    """Return colour range, what it holds for, and colour map of the field, as on the map."""
    session = viewing.session
    told = next((v for v in viewing.info["variables"] if v["name"] == viewing.variable), {})
    usual = told.get("colormap") or "viridis"
    if session.derived or session.error_shown:  # the map shows something else
        return None, "fixed", usual
    palette = session.field_map or usual
    if session.field_range is not None:
        low, high = session.field_range
        return (float(low), float(high)), "fixed", palette
    return None, session.range_by, palette


def _about(asked: Asked) -> dict[str, Any]:
    """Return the head of the panels."""
    from sdcviz.products.answers import degrees
    from sdcviz.products.lines import line_of

    grid = asked.grid
    if asked.subject == "place" and asked.place is not None:
        title = degrees(*asked.place)
    elif asked.subject == "line":
        length = line_of(asked.line or (), 2).distance[-1] if len(asked.line or ()) == 2 else None
        far = length if length is not None else line_of(asked.line or (), 200).distance[-1]
        title = f"Line of {far:.0f} km"
    else:
        title = "Area"
    label = grid.times.labels[asked.step] if len(grid.times) else ""
    depth = f"{asked.depth:g} {grid.depth_unit}" if asked.depth is not None else ""
    mask = "" if asked.mask is None else (
        asked.mask if isinstance(asked.mask, str) else f"error ≤ {asked.mask:g}"
    )  # fmt: skip
    across = [["lon", "longitude–time"], ["lat", "latitude–time"]]
    if grid.curvilinear:
        across = []
    first = ["depth", "depth–time"] if asked.subject == "place" else ["distance", "distance–time"]
    return {
        "title": title, "under": " · ".join(p for p in (label, depth, mask) if p),
        "unit": asked.unit, "across": [first, *across],
        "here": {"step": asked.step, "level": asked.depth},
    }  # fmt: skip
