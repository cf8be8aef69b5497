"""The drawer: what the visitor wants to see, with histograms as sliders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import param

from sdcviz.observations import histogram
from sdcviz.plots.colours import FLAGS
from sdcviz.vocabularies import label
from sdcviz.words import number

from ..library import Shared
from ..session import Session
from .colour_key import round_ticks
from .form import Piece

__all__ = ["FiltersPart"]

BINS = 60
MANY = 2000
"""Up to so many names are offered in a list; of more, the commonest."""
NAMES = {
    "has": "Measured",
    "data_centres": "Data centre",
    "cruises": "Cruise",
    "platforms": "Platform",
    "sources": "File",
}
_forms = Shared(64)


class FilterForm(Piece):
    """The form in the browser; see ``filters.js``."""

    form = param.Dict(default={}, doc="What can be chosen: sliders, flags, lists of names.")
    state = param.Dict(default={}, doc="What is chosen.")
    counts = param.List(default=[], doc="Rows of (some, all, what), as text.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = Path(__file__).with_name("filters.js")
    _style = Path(__file__).with_name("filters.css").read_text(encoding="utf-8")


class FiltersPart(pn.viewable.Viewer):
    """Filters of the session, with live counts.

    The form writes the session; what else writes it (a link, the map, the
    button that clears) is shown by the form.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.session
        self.form = FilterForm(self._take, dark=session.dark, sizing_mode="stretch_width", margin=0)
        watch = session.param.watch
        watch(
            lambda *_: self._draw(),
            ["collection", "collection_version", "parameter", "explored_flags"],
        )
        watch(lambda *_: self._show(), list(session.filter_names))
        watch(lambda e: self.form.param.update(dark=e.new), "dark")
        self._draw()

    def __panel__(self) -> Any:
        return self.form

    def _take(self, choice: dict[str, Any]) -> None:
        """Write what the visitor chose into the session."""
        if choice.pop("clear", False):
            self.session.clear_filters()
            return
        if "area" in choice:
            self.session.param.update(box=None, polygon=None)
            return
        if choice.get("turn") in self.session.filter_names:
            # One of many, on or off: two quick clicks do not undo each other.
            name, value = choice["turn"], choice["value"]
            now = getattr(self.session, name)
            choice = {name: [v for v in now if v != value] if value in now else [*now, value]}
        allowed = {k: v for k, v in choice.items() if k in self.session.filter_names}
        news = {
            name: tuple(value) if value is not None else None for name, value in allowed.items()
        }
        if "months" in news:
            news["months"] = tuple(sorted(news["months"]))
        self.session.param.update(**news)

    def _draw(self) -> None:
        """Offer what the collection and the parameter have."""
        data, key = self.session.data, self.session.parameter
        if data is None:
            self.form.form = {}
            return
        whole = _forms.get((data.id, data.snapshot), lambda: _collection_form(data))
        part = _forms.get(
            (data.id, data.snapshot, key, data.flags_state(key)),
            lambda: _parameter_form(data, key),
        )
        self.form.form = whole | part
        self._show()

    def _show(self) -> None:
        """Show the state of the session and what passes."""
        session = self.session
        data, selected = session.data, session.filtered
        if data is None or selected is None:
            return
        self.form.param.update(
            state={
                "time": _milliseconds(session.time),
                **{
                    n: getattr(session, n) and list(getattr(session, n)) for n in ("depth", "value")
                },
                **{n: list(getattr(session, n)) for n in ("months", "flags", *NAMES)},
                "filtered": session.is_filtered,
                "area": bool(session.box or session.polygon),
            },
            counts=[
                [number(selected.n_stations), number(data.n_stations), "stations"],
                [number(selected.n_samples), number(data.n_samples), "samples"],
            ],
        )


def _slider(title: str, scale: str, edges: Any, heights: Any, ticks: Any) -> dict[str, Any]:
    return {
        "title": title,
        "scale": scale,
        "edges": [float(e) for e in edges],
        "heights": [float(h) for h in heights],
        "ticks": [[float(value), text] for value, text in ticks],
    }


def _collection_form(data: Any) -> dict[str, Any]:
    return {
        "time": _timeline(data),
        "depth": _depths(data),
        **{
            name: {"title": title, "options": options}
            for (name, title), options in zip(NAMES.items(), _name_lists(data), strict=True)
            if len(options) > (name != "has")
        },
    }


def _parameter_form(data: Any, key: str) -> dict[str, Any]:
    if not key:
        return {}
    info = data.parameter(key)
    present = [
        [f.code, f.title, f.colour] for f in FLAGS if f.code != "9" and info.flags.get(f.code)
    ]
    form = {"flags": present, "flag_title": f"Flags of {info.label.lower()}", "value": None}
    if info.kind == "number" and info.n_values:
        found = histogram(data, key, bins=BINS)
        ticks = round_ticks(float(found.edges[0]), float(found.edges[-1]))
        title = f"{info.label} [{info.unit}]" if info.unit else info.label
        form["value"] = _slider(
            title, "linear", found.edges, found.counts, [(t, f"{t:g}") for t in ticks]
        )
    return form


def _milliseconds(days: Any) -> list[float | None] | None:
    """Return the first moment of a range of days and the first one after it."""
    if not days:
        return None
    first, last = days
    return [
        None if not first else float(np.datetime64(first, "ms").astype(np.int64)),
        None if not last else float((np.datetime64(last) + 1).astype("M8[ms]").astype(np.int64)),
    ]


def _root(depth: Any) -> Any:
    """Stretch the upper layers, where most samples are; heights over the sea stay negative."""
    return np.sign(depth) * np.sqrt(np.abs(depth))


def _square(place: Any) -> Any:
    return np.sign(place) * np.square(place)


def _timeline(data: Any) -> dict[str, Any] | None:
    """Count the stations in time, in bins of whole years, months, days or hours."""
    known = data.time[~np.isnat(data.time)]
    if not len(known):
        return None
    first, last = known.min(), known.max() + np.timedelta64(1, "D")
    for unit in ("Y", "M", "D", "h"):
        start, end = first.astype(f"M8[{unit}]"), last.astype(f"M8[{unit}]") + 1
        if (end - start).astype(int) >= 12:
            break
    step = max(1, -(-int((end - start).astype(int)) // 120))
    bins = np.arange(start, end + step, step)
    edges = bins.astype("M8[ms]").astype(np.int64)
    counts, _ = np.histogram(known.astype("M8[ms]").astype(np.int64), edges)
    number = len(bins)
    at = bins[:: max(1, -(-number // 5))]
    ticks = [(t.astype("M8[ms]").astype(np.int64), str(t)) for t in at[:-1]]
    return _slider("Time", "linear", edges, counts, ticks)


def _depths(data: Any) -> dict[str, Any] | None:
    """Count the samples in depth, in bins that are finer near the surface."""
    fine = histogram(data, "depth", bins=40 * BINS)
    first, last = float(fine.edges[0]), float(fine.edges[-1])
    places = np.linspace(_root(first), _root(last), BINS + 1)
    at = np.unique(np.searchsorted(fine.edges, _square(places)).clip(0, len(fine.edges) - 1))
    counts = np.add.reduceat(fine.counts, at[:-1]) if len(at) > 1 else fine.counts
    # Height is a density, so that a wide bin does not look fuller than a narrow one.
    edges = fine.edges[at]
    return _slider("Depth [m]", "root", edges, counts / np.diff(edges), _depth_ticks(last))


def _depth_ticks(deepest: float) -> list[tuple[float, str]]:
    wanted = [v for v in (0, 10, 50, 200, 500, 1000, 2000, 4000, 6000, 9000) if v <= deepest]
    while len(wanted) > 6:
        del wanted[1]
    return [(v, number(v)) for v in wanted]


def _name_lists(data: Any) -> list[list[list[Any]]]:
    """Return what can be chosen of each list as [value, label], in the order of `NAMES`."""

    def coded(what: str) -> list[list[Any]]:
        found = data.text(what)
        counts = np.bincount(found.codes[found.codes >= 0], minlength=len(found.labels))
        best = np.argsort(-counts, kind="stable")[:MANY]
        return [[name, name] for name in sorted(found.labels[i] for i in best if counts[i])]

    codes, counts = np.unique(data.edmo[data.edmo > 0], return_counts=True)
    centres = [[int(c), _centre(int(c))] for c in codes[np.argsort(-counts)]]
    measured = [[p.key, p.label] for p in data.parameters]
    files = [[s["name"], s["name"]] for s in data.manifest["sources"]][:MANY]
    return [measured, centres, coded("cruise"), coded("platform"), files]


def _centre(code: int) -> str:
    name = label("EDMO", str(code))
    return name if name == str(code) else f"{name} ({code})"
