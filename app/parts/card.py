"""The station card: everything known about one station."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.words import counted, number

from ..session import Session
from .after import after_layout
from .degrees import position
from .table import DENSE

__all__ = ["CardPart"]

MOST_ROWS = 100_000
"""Samples of one station that its table shows."""
MOST_NEIGHBOURS = 500
RADIUS_KM = 20.0

_STYLE = """
:host {font-size: 13px; line-height: 1.45}
dl {display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0}
dt {opacity: 0.65} dd {margin: 0; overflow-wrap: anywhere}
h3 {margin: 0 0 6px; font-size: 15px} p {margin: 8px 0 0}
ul {margin: 4px 0 0; padding-left: 18px} small {opacity: 0.65}
"""


class CardPart(pn.viewable.Viewer):
    """Show the station `session.station`: metadata, samples, neighbours, file doctor.

    Nothing is made before the first station is asked for.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    active = param.Boolean(default=True, doc="Whether the card is in view; else it waits.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._layout = pmui.Column(sizing_mode="stretch_both", margin=0, scroll="y")
        self._made = False
        names = ["station", "collection", "collection_version", "explored_flags"]
        self.session.param.watch(self._update, names)
        self.param.watch(self._update, "active")
        self._update()

    def __panel__(self) -> Any:
        return self._layout

    def _make(self) -> None:
        self._facts = pn.pane.HTML(
            sizing_mode="stretch_width", margin=(8, 12), stylesheets=[_STYLE]
        )
        self._notes = pn.pane.HTML(
            sizing_mode="stretch_width", margin=(4, 12), stylesheets=[_STYLE]
        )
        self._same = pmui.Row(margin=(0, 8))
        self._parameter = pmui.Select(
            label="Parameter", size="small", variant="outlined", margin=(4, 12)
        )
        self._plot = pn.pane.HoloViews(
            sizing_mode="stretch_width", height=300, linked_axes=False, margin=(0, 8)
        )
        self.samples = pn.widgets.Tabulator(
            disabled=True, show_index=False, pagination="remote", page_size=15, theme="simple",
            layout="fit_data", sizing_mode="stretch_width", margin=(0, 8), selectable=False,
            stylesheets=[DENSE],
        )  # fmt: skip
        self._cut = pmui.Typography("", variant="body2", visible=False, margin=(2, 12))
        self.radius = pmui.FloatInput(
            label="Neighbours within km", value=RADIUS_KM, start=0.0, step=5.0, size="small",
            width=170, margin=(4, 12),
        )  # fmt: skip
        self._near_words = pmui.Typography("", variant="body2", margin=(14, 4))
        self.neighbours = pn.widgets.Tabulator(
            disabled=True, show_index=False, pagination="remote", page_size=8, theme="simple",
            layout="fit_columns", sizing_mode="stretch_width", margin=(0, 8), selectable=False,
            stylesheets=[DENSE + ".tabulator-row {cursor: pointer}"],
        )  # fmt: skip
        self.neighbours.on_click(self._visit)
        self.radius.param.watch(lambda _: self._show_neighbours(), "value")
        self._parameter.param.watch(lambda _: self._show_plot(), "value")
        self._content = [
            self._facts, self._same, self._parameter, pn.Column(self._plot, margin=0),
            self._cut, self.samples, pmui.Row(self.radius, self._near_words, margin=0),
            self.neighbours, self._notes,
        ]  # fmt: skip
        self._made = True

    # ---- showing -----------------------------------------------------------

    def _update(self, *_: Any) -> None:
        if not self.active:
            return
        row, data = self.session.station, self.session.data
        if row is None or data is None or not 0 <= row < data.n_stations:
            self._layout[:] = [
                pmui.Typography(
                    "Tap a station on the map, or click a row of the table.",
                    variant="body1", sx={"color": "text.secondary", "p": 3},
                )
            ]  # fmt: skip
            return
        if not self._made:
            self._make()
        card = data.station(row)
        self._facts.object = facts_html(card)
        self._notes.object = notes_html(card)
        self._show_same(card)
        self._show_samples(row)
        self._show_neighbours()
        if self._layout.objects == self._content:
            self._show_parameters(card)
            return
        self._layout[:] = self._content
        after_layout(lambda: self._show_parameters(card))

    def _show_same(self, card: dict[str, Any]) -> None:
        """Name all stations with the same CDI, never just the first."""
        cdi = card["local_cdi_id"]
        rows = self.session.data.find_station(cdi) if cdi else np.array([card["row"]])
        others = [int(r) for r in rows if r != card["row"]]
        if not others:
            self._same[:] = []
            return
        show = pmui.Button(
            label="Select them", size="small", variant="text", width=110,
            on_click=lambda _: self.session.select([card["row"], *others]),
        )  # fmt: skip
        words = f"{counted(len(others) + 1, 'station')} share this LOCAL_CDI_ID."
        self._same[:] = [pmui.Typography(words, variant="body2", margin=(8, 4)), show]

    def _show_samples(self, row: int) -> None:
        frame = self.session.data.profile(row)
        total = len(frame)
        self._cut.param.update(
            object=f"The table shows the first {number(MOST_ROWS)} of {number(total)} samples; "
            "the plot shows all.",
            visible=total > MOST_ROWS,
        )
        self.samples.param.update(
            titles=_titles(self.session.data, frame.columns), value=frame.iloc[:MOST_ROWS], page=1
        )

    def _show_parameters(self, card: dict[str, Any]) -> None:
        data = self.session.data
        options = {
            f"{p['label']} [{p['unit']}]" if p["unit"] else p["label"]: p["key"]
            for p in card["parameters"]
            if data.parameter(p["key"]).kind == "number"
        }
        first = self.session.parameter
        keys = list(options.values())
        value = first if first in keys else (keys[0] if keys else None)
        self._parameter.param.update(options=options, value=value, visible=bool(keys))
        self._show_plot()

    def _show_plot(self) -> None:
        from sdcviz import plots

        key, row = self._parameter.value, self.session.station
        if key is None or row is None:
            self._plot.object = None
            return
        data = self.session.data
        selection = data.where(rows=(row,))
        if data.feature[row] == 1:
            self._plot.object = plots.time_series(selection, key, colour_by="flag")
        else:
            self._plot.object = plots.profiles(selection, key, colour_by="flag")

    def _show_neighbours(self) -> None:
        data, row = self.session.data, self.session.station
        lon, lat = float(data.lon[row]), float(data.lat[row])
        radius = max(0.0, float(self.radius.value or 0.0))
        if not (np.isfinite(lon) and np.isfinite(lat)):
            self._near_words.object = "This station has no position."
            self.neighbours.visible = False
            return
        rows, distances = data.near(lon, lat, radius)
        distances, rows = distances[rows != row], rows[rows != row]
        words = f"{counted(len(rows), 'station')} within {radius:g} km."
        if len(rows) > MOST_NEIGHBOURS:
            words += f" The nearest {MOST_NEIGHBOURS} are listed."
            rows, distances = rows[:MOST_NEIGHBOURS], distances[:MOST_NEIGHBOURS]
        self._near_words.object = words
        self.neighbours.param.update(
            value=_neighbour_frame(data, rows, distances), visible=bool(len(rows)), page=1
        )

    def _visit(self, event: Any) -> None:
        if event.row is not None:
            self.session.station = int(self.neighbours.value.index[event.row])


def _neighbour_frame(data: Any, rows: Any, distances: Any) -> Any:
    import pandas as pd

    texts = {name: data.text(name).take(rows).texts() for name in ("cruise", "station")}
    days = np.datetime_as_string(data.time[rows], "D") if len(rows) else []
    return pd.DataFrame(
        {
            "km": np.round(distances, 2),
            "Cruise": texts["cruise"],
            "Station": texts["station"],
            "Date": ["" if d == "NaT" else d for d in days],
            "Samples": data.offsets[rows + 1] - data.offsets[rows],
        },
        index=pd.Index(rows, name="row"),
    )


def _titles(data: Any, columns: Any) -> dict[str, str]:
    """Return column titles with labels and units; flags are short."""
    titles = {"depth": "Depth [m]", "depth_flag": "Flag", "time": "Time (UTC)"}
    for name in columns:
        if name.endswith("_flag"):
            titles[name] = "Flag"
        elif name not in titles:
            info = data.parameter(name)
            titles[name] = f"{info.label} [{info.unit}]" if info.unit else info.label
    return titles


def facts_html(card: dict[str, Any]) -> str:
    """Write the metadata of a station as HTML; texts of files are escaped.

    Parameters
    ----------
    card : dict
        From `Collection.station`.

    Returns
    -------
    str
    """
    where = position(card["longitude"], card["latitude"])
    centre = card["data_centre"]
    depths = " to ".join("?" if d is None else f"{d:g}" for d in card["depth"])
    name = " / ".join(t for t in (card["cruise"], card["station"]) if t) or f"Row {card['row']}"
    facts = {
        "Time (UTC)": _with_flag((card["time"] or "").replace("T", " ")[:16], card["time_flag"]),
        "Position": _with_flag(where, card["position_flag"]),
        "Platform": escape(card["platform"]),
        "Data centre": escape(
            f"{centre['name']} (EDMO {centre['code']})" if centre["code"] else ""
        ),
        "LOCAL_CDI_ID": escape(card["local_cdi_id"]),
        "Kind": escape(card["feature"] + (f", type {card['type']}" if card["type"] else "")),
        "Samples": f"{number(card['samples'])}, {depths} m",
        "Bottom": "" if card["bottom_depth"] is None else f"{card['bottom_depth']:g} m",
        **{escape(k): _extra(v) for k, v in card["extra"].items()},
        "File": escape(f"{card['source']['name']}, station {card['index'] + 1}"),
        "Identity": f"<small>{escape(card['id'])}</small>",
    }
    parts = [f"<h3>{escape(name)}</h3><dl>"]
    parts += [f"<dt>{k}</dt><dd>{v}</dd>" for k, v in facts.items() if v]
    parts.append("</dl>")
    links = [_link(url, title) for title, url in card["links"].items()]
    if links:
        parts.append(f"<p>{' · '.join(links)}</p>")
    return "".join(parts)


def _with_flag(text: str, flag: dict[str, str]) -> str:
    if not text:
        return ""
    return f"{escape(text)} <small>{escape(flag['code'])} {escape(flag['name'])}</small>"


def _extra(text: str) -> str:
    return _link(text, text) if text.startswith(("http://", "https://")) else escape(text)


def _link(url: str, title: str) -> str:
    """Write a link that the visitor may open; the page itself never follows it."""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(title)} ↗</a>'
    )


def notes_html(card: dict[str, Any]) -> str:
    """Write parameters with their codes, odd values and the file doctor's notes as HTML."""
    parts = ["<h3>Parameters</h3><ul>"]
    for p in card["parameters"]:
        known = f": {p['p01_label']} ({p['p01']})" if p["p01"] else ""
        in_file = f"{p['name_in_file']} [{p['unit_in_file']}]"
        parts.append(
            f"<li>{escape(p['label'])}{escape(known)} <small>in the file {escape(in_file)}, "
            f"flags {escape(p['scale'])}</small></li>"
        )
    parts.append("</ul>")
    if card["raw_text"]:
        parts.append("<p>Values that are not numbers (missing, text kept):</p><ul>")
        parts += [
            f"<li>sample {r['sample'] + 1}, {escape(r['key'])}: “{escape(r['text'])}”</li>"
            for r in card["raw_text"][:20]
        ]
        more = len(card["raw_text"]) - 20
        parts.append(f"</ul><small>and {more} more</small>" if more > 0 else "</ul>")
    parts.append("<p><b>File doctor</b></p>")
    if card["oddities"]:
        parts.append("<ul>" + "".join(f"<li>{escape(o)}</li>" for o in card["oddities"]) + "</ul>")
    else:
        parts.append(f"Nothing odd in {escape(card['source']['name'])}.")
    return "".join(parts)
