"""What was taken out of the product, beside the map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError

from ... import answers
from ...viewing import Viewing
from ..background import background
from ..form import Form, script, style
from .panel_asked import Asked, Panel
from .panel_made import answered
from .panel_shown import shown_on_map
from .panel_views import head_of, look_of, made_of

__all__ = ["PanelsPart"]

_HERE = Path(__file__).parent
_SCRIPTS = [
    _HERE / f"panels{name}.js" for name in ("_axes", "_draw", "_layers", "_view", "_table", "")
]
_SUBJECTS = {"place": "Place", "line": "Line", "area": "Area"}
_LOOK = {"look": "Panels", "water": "T–S"}
_FOLLOWED = [
    "product", "field", "derived", "error_shown", "step", "level", "mask", "field_range",
    "range_by", "field_map", "window", "around", "collection",
    "collection_version", "tab", "products_view", "compare", "other", "other_field", "other_step",
    "other_derived",
]  # fmt: skip
_WEIGHING = "The observations are being weighed with the matrix of the analysis ..."
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
        self._subject, self._view, self._said = "", "look", ""
        self._choice: dict[str, Any] = {}
        self._panels: dict[str, Panel] = {}
        self._busy = self._stale = self._kept = False
        self._version, self._turn, self._moved = 0, 0, 0.0
        self._rest: Any = None
        self.form = PanelsForm(self._take, session=session, sizing_mode="stretch_both")
        self.main = pn.Column(
            self.form, margin=0, visible=False, sizing_mode="stretch_both",
            styles={"flex": "0 0 45%", "min-width": "0", "max-width": "45%"},
        )  # fmt: skip
        watch = session.param.watch
        watch(lambda *all: [self._turned(e.name, e.new) for e in all], list(_SUBJECTS))
        watch(self._followed, [*_FOLLOWED, *session.filter_names])
        self.viewing.param.watch(lambda *_: self._ask(), ["product", "second", "changed"])
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
        there = bool(self._subject) and self.viewing.product is not None
        self.main.visible = there
        if not there or session.tab != "products" or session.products_view != "map":
            return
        if self._busy:
            self._stale = True
            return
        self._turn += 1  # an answer to what was asked before is not shown any more
        answers.forget(self, "gain")
        self._busy, self._stale = True, False
        try:
            asked = self._asked()
        except SdcvizError as error:
            self._busy = False
            self.form.form = {}
            self._show([], str(error))
            return
        view = self._view
        self.form.form = {"busy": True}
        background(lambda: made_of(asked, view), lambda made, error: self._came(asked, made, error))

    def _came(self, asked: Asked, made: list[Panel] | None, error: Exception | None) -> None:
        self._busy = False
        waits = made is not None and len(made) == 1 and made[0].ask is not None
        if not waits:
            self.form.form = {}
        if error is not None and not isinstance(error, SdcvizError):
            raise error
        if self._stale:
            self._ask()
            same = asked.subject == self._subject and asked.place == self.viewing.session.place
            if waits or not same:
                return
        if waits and made is not None:
            self._weigh(asked, made[0].ask or {})
            return
        self._show(made or [], str(error or ""), asked)

    def _weigh(self, asked: Asked, question: dict[str, Any]) -> None:
        """Have the weights of the analysis computed; what is asked meanwhile does not wait."""
        turn = self._turn

        def told(answer: answers.Answer) -> None:
            background(lambda: answered(asked, answer.value, answer.error), shown)

        def shown(made: list[Panel] | None, error: Exception | None) -> None:
            if turn != self._turn or self._busy:
                return
            self.form.form = {}
            if error is not None and not isinstance(error, SdcvizError):
                raise error
            self._show(made or [], str(error or ""), asked)

        if not any(panel.key == "place-made" for panel in self._panels.values()):
            self._show([Panel("place-made", {"kind": "table", "sentence": _WEIGHING})], "", asked)
        answers.ask(self, "gain", question, told)

    def _asked(self) -> Asked:
        viewing, session = self.viewing, self.viewing.session
        shown, self._said = shown_on_map(viewing, self._subject, self._view)
        product, variable, mask = viewing.product, viewing.variable, viewing.mask
        if shown is not None:
            product, variable, mask = shown.product, "result", None
        limits, per, palette = look_of(viewing, shown)
        return Asked(
            product, variable, viewing.step, viewing.depth, mask, self._subject,
            session.place, session.line, session.area, float(session.around),
            (float(session.window[0]), float(session.window[1])), session.filtered, limits,
            per, palette, dict(self._choice), shown,
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
            state |= head_of(asked)
            of = asked.label if asked.shown is not None else ""
            state["under"] = " · ".join(p for p in (of, self._said, state["under"]) if p)
            state["under_title"] = asked.shown.label if asked.shown is not None else ""
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
