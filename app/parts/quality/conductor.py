"""Bar, plots and small pieces of the Quality tab, and what goes between them and the desk.

The browser plays the stations by itself (``desk_conductor.js``): it asks ahead for those
that come next in the queue, shows flags as they are set and sends them to the endpoint of
the journal. Here its questions are answered, and what other parts do with the desk is told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import panel as pn
import param

from sdcviz.plots.colours import FLAGS
from sdcviz.qc.model import DEPTH, PLACES, POSITION, TIME

from ...desk import REASONS, Desk
from .climates import Climates
from .desk_components import DeskBar, DeskPiece, coast_of
from .product_line import ProductLine
from .qc_plots import MARKERS, QcPlots
from .station_view import Shown, station_flags, station_view

__all__ = ["Conductor"]

FOLLOWED = 24
"""Stations in the browser whose flags are sent again when flags change."""
AT_ONCE = 8
"""Stations that the browser may ask for in one message."""


class Conductor(pn.viewable.Viewer):
    """Bar and linked plots of one desk.

    Parameters
    ----------
    desk : Desk
    tools : dict of str to str
        Key and title of what the bar opens.
    open_tool : callable
        Called with the key.
    """

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What is worked on.")

    def __init__(
        self, tools: dict[str, str], open_tool: Callable[[str], None], **params: Any
    ) -> None:
        super().__init__(**params)
        self._tools, self._open_tool = tools, open_tool
        self._shown = Shown("")
        self._epoch = 0
        self._sent: OrderedDict[int, None] = OrderedDict()
        self._told_by_browser: dict[str, Any] = {}
        self._climates = Climates(self._send_climates)
        self._line = ProductLine(self.desk.session, self._send_products)
        dark = self.desk.session.dark
        self.plots = QcPlots(dark)
        self.bar = DeskBar(self._take, dark=dark, sizing_mode="stretch_width", margin=0)
        self.pieces = {
            kind: DeskPiece(kind=kind, dark=dark, sizing_mode="stretch_width", margin=0)
            for kind in ("a", "b", "c", "d", "map", "caption")
        }
        self.pieces["findings"] = DeskPiece(
            kind="findings", dark=dark, sizing_mode="stretch_both", margin=0
        )
        self._layout = self._lay_out()
        self._connect()
        self._restart()

    def __panel__(self) -> Any:
        return self._layout

    def _lay_out(self) -> Any:
        def column(*parts: Any, grow: float) -> Any:
            styles = {"flex": f"{grow} 1 0", "min-width": "0", "min-height": "0"}
            return pn.Column(*parts, sizing_mode="stretch_both", margin=0, styles=styles)

        def plot(name: str) -> Any:
            figure = pn.pane.Bokeh(
                self.plots.figures[name], sizing_mode="stretch_both", margin=0, min_height=90
            )
            return column(self.pieces[name], figure, grow=1)

        self._diagram = plot("c")
        return pn.Row(
            column(plot("a"), grow=1.25),
            column(plot("b"), grow=1),
            column(self._diagram, plot("d"), grow=1.1),
            column(plot("map"), self.pieces["findings"], grow=0.95),
            sizing_mode="stretch_both",
            margin=0,
            styles={"min-height": "0"},
        )

    def _connect(self) -> None:
        desk, session = self.desk, self.desk.session
        watch = desk.param.watch
        watch(lambda e: self._send("queue", rows=np.asarray(e.new, np.int32)), "queue")
        watch(lambda e: self._unless_told("station", e.new, "go", row=e.new), "station")
        watch(lambda e: self._unless_told("picked", e.new.tolist(), "picked", samples=e.new,
                                          row=desk.station), "picked")  # fmt: skip
        watch(lambda e: self._send("reason", reason=e.new), "reason")
        watch(lambda e: e.new and self._send("told", sentence=e.new, kind="error"), "told")
        watch(lambda _: self._choose(self._shown), "findings")
        watch(lambda _: self._choose(self._with_parameter()), "parameter")
        names = ["collection", "collection_version", "reading"]
        session.param.watch(lambda *_: self._restart(), names)
        session.param.watch(lambda e: self._send("user", user=e.new), "user")
        session.param.watch(lambda _: self._send_flags(), "flags_version")
        session.param.watch(self._dress, "dark")

    def _dress(self, event: Any) -> None:
        self.plots.dress(event.new)
        for part in (self.bar, *self.pieces.values()):
            part.dark = event.new

    # ---- another collection ------------------------------------------------

    def _restart(self) -> None:
        """Offer what the open collection has; the browser begins anew."""
        data = self.desk.data
        if data is None:
            return
        self._sent.clear()
        self._climates.open(data)
        self._line.open(data)
        first = self.desk.parameter
        key = first if first and not first.startswith("@") else next(iter(data.keys), "")
        self._choose(Shown.usual(data, key))
        numbers = [p for p in data.parameters if p.kind == "number"]
        titles = [[p.key, f"{p.label} [{p.unit}]" if p.unit else p.label] for p in numbers]
        self.bar.form = {
            "collection": str(data.id),
            "reading": self.desk.session.reading,
            "parameters": [*titles, [DEPTH, "Depth [m]"], [TIME, "Time"],
                           [POSITION, "Position"], ["@order", "Number of the sample"]],
            "flags": [[f.code, f.title, f.colour, MARKERS[f.code]] for f in FLAGS],
            "reasons": list(REASONS),
            "tools": [[key, title] for key, title in self._tools.items()],
        }  # fmt: skip

    def _with_parameter(self) -> Shown:
        """Return what is shown where another parameter is flagged; the pair stays."""
        key, shown = self.desk.parameter, self._shown
        if not key or key in PLACES or key == shown.a or self.desk.data is None:
            return shown
        usual = Shown.usual(self.desk.data, key)
        second = shown.a if key == shown.b else shown.b
        return replace(shown, a=key, b=second if second and second != key else usual.b)

    def _choose(self, shown: Shown) -> None:
        """Show other quantities; what the browser has loaded is for the old ones."""
        self._shown = shown
        self._epoch += 1
        self._diagram.visible = bool(shown.cx)
        self._send_shown()

    # ---- to the browser ----------------------------------------------------

    def _send(self, kind: str, /, **content: Any) -> None:
        self.bar._send_msg({"type": kind, **content})

    def _unless_told(self, name: str, value: Any, kind: str, /, **content: Any) -> None:
        """Tell the browser of a change that did not come from there."""
        if self._told_by_browser.get(name) != value:
            self._send(kind, **content)

    def _send_shown(self) -> None:
        pairs = {plot: list(pair) for plot, pair in self._shown.pairs.items()}
        target = self.desk.parameter or self._shown.a
        self._send("shown", shown={"target": target, "pairs": pairs}, epoch=self._epoch)

    def _send_all(self) -> None:
        """Tell a page that has just been drawn how things are."""
        desk = self.desk
        if desk.data is not None:
            x, y = coast_of(desk.data.lon, desk.data.lat)
            self._send("land", x=x, y=y)
        self._send("user", user=desk.session.user)
        self._send("reason", reason=desk.reason)
        self._send_climates()
        self._send_products()
        self._send_shown()
        self._send("queue", rows=np.asarray(desk.queue, np.int32))
        if desk.station >= 0:
            self._send("go", row=desk.station)

    def _send_flags(self) -> None:
        """Send the flags of the stations that the browser has."""
        data = self.desk.data
        if data is not None and self._sent:
            flags = {data.station_id(row): station_flags(data, row) for row in self._sent}
            self._send("flags", flags=flags)

    def _send_climates(self) -> None:
        """Send the climatology at the stations that the browser has."""
        data = self.desk.data
        if data is not None:
            at = {data.station_id(row): self._climates.at(row) for row in self._sent}
            self._send("climates", climates=at, told=self._climates.told)

    def _send_products(self, rows: list[int] | None = None) -> None:
        """Send what the product says at some of the stations that the browser has; at all."""
        data = self.desk.data
        if data is not None:
            some = [row for row in self._sent if rows is None or row in rows]
            at = {data.station_id(row): self._line.at(row) for row in some}
            self._send("products", products=at, told=self._line.told)

    def _send_views(self, rows: list[int], epoch: int) -> None:
        """Send stations, the first one at once and others when nothing else waits."""
        data = self.desk.data
        if data is None or epoch != self._epoch or not rows:
            return
        row = rows[0]
        if 0 <= row < data.n_stations:
            view = station_view(data, row, self._shown, self.desk.findings)
            view["climates"] = self._climates.at(row)
            view["products"] = self._line.at(row)
            self._sent[row] = None
            self._sent.move_to_end(row)
            while len(self._sent) > FOLLOWED:
                self._sent.popitem(last=False)
            self._send("view", view=view, epoch=epoch)
        document = pn.state.curdoc
        if document is None or document.session_context is None:
            self._send_views(rows[1:], epoch)
        elif rows[1:]:
            document.add_next_tick_callback(lambda: self._send_views(rows[1:], epoch))

    # ---- from the browser ----------------------------------------------------

    def _take(self, message: dict[str, Any]) -> None:
        """Do what the browser asks for."""
        for name, do in self._does.items():
            if name in message:
                do(self, message)
                return

    def _greet(self, message: dict[str, Any]) -> None:
        """Tell a page that has just been drawn how things are; after a reload at its place."""
        at = int(message.get("at", -1))
        if self.desk.data is not None and 0 <= at < self.desk.data.n_stations:
            self.desk.open(at)
        self._send_all()

    def _want(self, message: dict[str, Any]) -> None:
        rows = [int(row) for row in message["want"]][:AT_ONCE]
        self._send_views(rows, int(message["epoch"]))

    def _look(self, message: dict[str, Any]) -> None:
        row = int(message["look"])
        if self.desk.data is None or not 0 <= row < self.desk.data.n_stations:
            return
        self._as_told("station", row, lambda: self.desk.open(row))

    def _pick(self, message: dict[str, Any]) -> None:
        samples = np.array(message["picked"], np.int64)
        if int(message["row"]) == self.desk.station:
            self._as_told(
                "picked", samples.tolist(), lambda: self.desk.param.update(picked=samples)
            )

    def _as_told(self, name: str, value: Any, do: Callable[[], None]) -> None:
        self._told_by_browser = {name: value, "picked": value if name == "picked" else []}
        try:
            do()
        finally:
            self._told_by_browser = {}

    def _set_parameter(self, message: dict[str, Any]) -> None:
        key, data = message["parameter"], self.desk.data
        if data is not None and (key in PLACES or key in data.keys):
            self.desk.parameter = key

    def _set_second(self, message: dict[str, Any]) -> None:
        key, data = message["second"], self.desk.data
        if data is not None and key in data.keys:
            self._choose(replace(self._shown, b=key))

    def _set_pair(self, message: dict[str, Any]) -> None:
        dx, dy = message["pair"]
        data = self.desk.data
        if data is not None and all(k in data.keys or k in PLACES for k in (dx, dy)):
            self._choose(replace(self._shown, dx=dx, dy=dy))

    def _set_text(self, message: dict[str, Any]) -> None:
        if "reason" in message:
            self.desk.reason = str(message["reason"])[:300]
        else:
            self.desk.session.user = str(message["user"]).strip()[:80]

    def _set_line(self, message: dict[str, Any]) -> None:
        self.desk.session.product_line = bool(message["line"])

    def _open(self, message: dict[str, Any]) -> None:
        if message["tool"] in self._tools:
            self._open_tool(message["tool"])

    _does: ClassVar[dict[str, Callable[[Any, dict[str, Any]], None]]] = {
        "hello": _greet,
        "want": _want,
        "look": _look,
        "picked": _pick,
        "parameter": _set_parameter,
        "second": _set_second,
        "pair": _set_pair,
        "reason": _set_text,
        "user": _set_text,
        "refresh": lambda self, _: self._send_flags(),
        "tool": _open,
        "line": _set_line,
    }
