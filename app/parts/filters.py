"""The drawer: what the visitor wants to see, with histograms as sliders."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.formats.model import L20
from sdcviz.observations import histogram
from sdcviz.plots.colours import FLAGS
from sdcviz.vocabularies import label

from ..library import Shared
from ..session import Session
from .histogram_slider import HistogramSlider

__all__ = ["FiltersPart", "counted"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BINS = 60
MANY = 2000
"""Up to so many names are offered in a list; of more, the commonest."""
PLAY = 900
"""Milliseconds that the time slider rests on each window."""
STEPS = {"month": ("M", 1), "season": ("M", 3), "year": ("Y", 1)}
DAY = np.timedelta64(1, "D")

_names = Shared(32)


def counted(number: int) -> str:
    """Write a number with narrow spaces between thousands."""
    return f"{number:,}".replace(",", "\u202f")


class FiltersPart(pn.viewable.Viewer):
    """Filters of the session, with live counts.

    The widgets write the session; what else writes it (a link, the map, the
    button that clears) is shown by them.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._showing = False
        self._column = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._built = False
        self._player: Any = None
        self.build()

    def __panel__(self) -> Any:
        return self._column

    # ---- widgets -------------------------------------------------------------

    def build(self) -> None:
        """Make the widgets; after the page stands, so that the map comes first."""
        if self._built:
            return
        self._built = True
        session = self.session
        dark = session.dark
        self._time = HistogramSlider(dark=dark)
        self._depth = HistogramSlider(_root, _square, dark=dark)
        self._value = HistogramSlider(dark=dark)
        self._sliders = (self._time, self._depth, self._value)
        self._counts = pn.pane.HTML(
            margin=(6, 8), styles={"font-size": "13px", "white-space": "nowrap"}
        )
        self._clear = _button("Clear filters", "filter_alt_off", lambda _: session.clear_filters())
        self._texts = {
            name: _field(on_change)
            for name, on_change in (
                ("time", self._type_time),
                ("depth", self._type_depth),
                ("value", self._type_value),
            )
        }
        self._months = pmui.CheckButtonGroup(
            options={m: i + 1 for i, m in enumerate(MONTHS)},
            size="small", margin=(0, 8, 6, 8), sizing_mode="stretch_width",
            sx={"flexWrap": "wrap", "& button": {"flex": "1 0 16%", "padding": "0 2px"}},
        )  # fmt: skip
        self._flags = pmui.CheckButtonGroup(
            options=[], size="small", margin=(0, 8, 6, 8), sizing_mode="stretch_width",
            sx={"flexWrap": "wrap", "& button": {"padding": "0 6px", "flex": "1 0 30%"}},
        )  # fmt: skip
        self._more = self._choices()
        self._step = pmui.Select(
            options=list(STEPS), value="month", width=92, size="small", margin=(0, 4)
        )
        self._play = pmui.IconButton(
            icon="play_arrow", size="small", margin=0, description="Play through time",
            on_click=lambda _: self._toggle(),
        )  # fmt: skip
        self._column.objects = self._layout()
        self._connect()
        self._open()

    def _layout(self) -> list[Any]:
        head = pmui.Row(self._counts, self._clear, margin=0, sizing_mode="stretch_width")
        self._value_title = _title("Value")
        self._flag_title = _title("Flags")
        return [
            head,
            pmui.Row(_title("Time"), pn.layout.HSpacer(), self._step, self._play, margin=0),
            self._time, self._texts["time"], self._months,
            _title("Depth (m)"), self._depth, self._texts["depth"],
            self._value_title, self._value, self._texts["value"],
            self._flag_title, self._flags,
            *self._more.values(),
        ]  # fmt: skip

    def _choices(self) -> dict[str, Any]:
        texts = {
            "has": "Measured",
            "data_centres": "Data centre",
            "cruises": "Cruise",
            "platforms": "Platform",
            "sources": "File",
        }
        return {
            name: pmui.MultiChoice(
                label=text,
                options=[],
                value=[],
                margin=(4, 8),
                sizing_mode="stretch_width",
                chip=True,
                searchable=True,
            )  # fmt: skip
            for name, text in texts.items()
        }

    def _connect(self) -> None:
        session = self.session
        watch = session.param.watch
        watch(lambda *_: self._open(), ["collection", "collection_version"])
        watch(lambda _: self._show_parameter(), "parameter")
        watch(lambda e: [s.dress(e.new) for s in self._sliders], "dark")
        watch(lambda *_: self._show(), list(session.filter_names))
        wishes = (
            (self._time, "time", _days),
            (self._depth, "depth", _rounded),
            (self._value, "value", lambda value: _rounded(value, 4)),
            (self._months, "months", lambda months: tuple(sorted(months))),
            (self._flags, "flags", tuple),
            *((choice, name, tuple) for name, choice in self._more.items()),
        )
        for widget, name, meaning in wishes:
            widget.param.watch(partial(self._take, name, meaning), "value")

    def _take(self, name: str, meaning: Any, event: Any) -> None:
        """Write what the visitor chose, but not what `_show` put into the widget."""
        if not self._showing:
            self._set(**{name: meaning(event.new)})

    def _set(self, **changed: Any) -> None:
        """Write what a widget says, unless the session says so already."""
        news = {k: v for k, v in changed.items() if getattr(self.session, k) != v}
        if news:
            self.session.param.update(**news)

    # ---- another collection or parameter ---------------------------------------

    def _open(self) -> None:
        data = self.session.data
        self._column.visible = data is not None
        if data is None:
            return
        days = _timeline(data)
        if days is not None:
            self._time.show(*days)
        self._depth.show(*_depths(data))
        for name, options in _shared_names(data).items():
            choice = self._more[name]
            choice.param.update(options=options, visible=len(options) > (name != "has"))
        self._show_parameter()

    def _show_parameter(self) -> None:
        data, key = self.session.data, self.session.parameter
        if data is None or not key:
            return
        info = data.parameter(key)
        number = info.kind == "number"
        for part in (self._value, self._texts["value"], self._value_title):
            part.visible = number
        if number:
            found = histogram(data, key, bins=BINS)
            ticks = _round_ticks(float(found.edges[0]), float(found.edges[-1]))
            self._value.show(found.edges, found.counts, ticks, [f"{t:g}" for t in ticks])
        unit = f" ({info.unit})" if info.unit else ""
        self._value_title.object = f"{info.label}{unit}"
        self._flag_title.object = f"Flags of {info.label.lower()}"
        present = [c for c in L20 if c != "9" and info.flags.get(c)]
        self._flags.param.update(
            options={flag.title: flag.code for flag in FLAGS if flag.code in present},
            value=[c for c in self.session.flags if c in present],
        )
        self._show()

    # ---- the session's state in the widgets ----------------------------------

    def _show(self) -> None:
        """Show what the session says; what the widgets then say is no wish of the visitor."""
        selected = self.session.filtered
        if self.session.data is None or selected is None:
            return
        self._showing = True
        try:
            self._show_filters(selected)
        finally:
            self._showing = False

    def _show_filters(self, selected: Any) -> None:
        session = self.session
        self._time.value = _milliseconds(session.time)
        self._depth.value = session.depth
        self._value.value = session.value
        self._months.value = list(session.months)
        self._flags.value = list(session.flags)
        for name, choice in self._more.items():
            choice.value = list(getattr(session, name))
        self._texts["time"].value = _range_text(session.time, "all time")
        self._texts["depth"].value = _range_text(session.depth, "all depths")
        self._texts["value"].value = _range_text(session.value, "all values")
        self._clear.visible = session.is_filtered
        data = session.data
        self._counts.object = (
            f"<b>{counted(selected.n_stations)}</b> of {counted(data.n_stations)} stations<br>"
            f"<b>{counted(selected.n_samples)}</b> of {counted(data.n_samples)} samples"
        )

    # ---- typed ranges ---------------------------------------------------------

    def _type_time(self, text: str) -> None:
        parts = _split(text)
        try:
            for part in parts:
                if part:
                    np.datetime64(part)
        except ValueError:
            self._complain("time", f"“{text}” is no date range; write 2001-04 to 2003-09-30.")
            return
        self._set(time=tuple(parts) if any(parts) else None)

    def _type_depth(self, text: str) -> None:
        self._type_numbers("depth", text)

    def _type_value(self, text: str) -> None:
        self._type_numbers("value", text)

    def _type_numbers(self, name: str, text: str) -> None:
        try:
            parts = tuple(float(p) if p else None for p in _split(text))
        except ValueError:
            self._complain(name, f"“{text}” is no range; write two numbers, as 0 to 200.")
            return
        self._set(**{name: parts if any(p is not None for p in parts) else None})

    def _complain(self, name: str, sentence: str) -> None:
        if pn.state.notifications is not None:
            pn.state.notifications.warning(sentence, duration=6000)
        self._show()

    # ---- play -------------------------------------------------------------------

    def _toggle(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None
        else:
            self._player = pn.state.add_periodic_callback(self._next, period=PLAY)
        self._play.icon = "play_arrow" if self._player is None else "pause"

    def _next(self) -> None:
        """Show the next window of the chosen length; after the last comes the first."""
        data = self.session.data
        known = data.time[~np.isnat(data.time)] if data is not None else []
        if not len(known):
            return
        unit, count = STEPS[self._step.value]
        step = np.timedelta64(count, unit)
        first, last = (known.min().astype(f"M8[{unit}]"), known.max().astype(f"M8[{unit}]"))
        now = self.session.time and self.session.time[0]
        start = first if not now else np.datetime64(now).astype(f"M8[{unit}]") + step
        if start > last:
            start = first
        end = (start + step).astype("M8[D]") - DAY
        self._set(time=(str(start.astype("M8[D]")), str(end)))


def _root(depth: Any) -> Any:
    """Stretch the upper layers, where most samples are; heights over the sea stay negative."""
    return np.sign(depth) * np.sqrt(np.abs(depth))


def _square(place: Any) -> Any:
    return np.sign(place) * np.square(place)


def _title(text: str) -> Any:
    return pmui.Typography(text, variant="subtitle2", margin=(8, 8, 0, 8))


def _button(text: str, icon: str, action: Any) -> Any:
    return pmui.Button(
        label=text, icon=icon, variant="text", size="small", margin=(2, 4), on_click=action
    )


def _field(action: Any) -> Any:
    field = pmui.TextInput(
        label="", size="small", variant="standard", margin=(0, 8, 4, 8), sizing_mode="stretch_width"
    )
    field.param.watch(lambda e: action(e.new), "value")
    return field


def _split(text: str) -> tuple[str | None, str | None]:
    """Split a typed range: ``"a to b"``, ``"from a"``, ``"until b"``, ``"all ..."``."""
    text = text.strip().replace("–", " to ")
    if not text or text.startswith("all"):
        return None, None
    if text.startswith("from "):
        return text[5:].strip(), None
    if text.startswith("until "):
        return None, text[6:].strip()
    low, found, high = text.partition(" to ")
    return low.strip(), (high.strip() if found else low.strip())


def _range_text(value: Any, everything: str) -> str:
    if not value or value == (None, None):
        return everything
    low, high = (v if v is None or isinstance(v, str) else f"{v:g}" for v in value)
    if low is None:
        return f"until {high}"
    return f"from {low}" if high is None else f"{low} to {high}"


def _rounded(value: tuple[float, float] | None, digits: int = 0) -> tuple[float, float] | None:
    if value is None:
        return None
    low, high = value
    if not digits:
        digits = 0 if high > 100 else 1
    return round(low, digits), round(high, digits)


def _milliseconds(days: Any) -> tuple[float | None, float | None] | None:
    if not days:
        return None
    first, last = days
    return (
        None if not first else float(np.datetime64(first, "ms").astype(np.int64)),
        None if not last else float((np.datetime64(last) + 1).astype("M8[ms]").astype(np.int64)),
    )


def _days(value: tuple[float, float] | None) -> tuple[str, str] | None:
    if value is None:
        return None
    first, last = (np.datetime64(int(v), "ms").astype("M8[D]") for v in value)
    return str(first), str(max(first, last - DAY))


def _timeline(data: Any) -> tuple[Any, ...] | None:
    """Return edges (milliseconds), counts, ticks and their labels of the stations in time."""
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
    labels = [str(t) for t in at]
    return edges, counts, at.astype("M8[ms]").astype(np.int64).astype(float), labels


def _depths(data: Any) -> tuple[Any, ...]:
    """Return edges, counts, ticks and labels of samples in depth, finer near the surface."""
    fine = histogram(data, "depth", bins=40 * BINS)
    first, last = float(fine.edges[0]), float(fine.edges[-1])
    places = np.linspace(_root(first), _root(last), BINS + 1)
    at = np.unique(np.searchsorted(fine.edges, _square(places)).clip(0, len(fine.edges) - 1))
    counts = np.add.reduceat(fine.counts, at[:-1]) if len(at) > 1 else fine.counts
    # Height is a density, so that a wide bin does not look fuller than a narrow one.
    edges = fine.edges[at]
    return edges, counts / np.diff(edges), *_depth_ticks(last)


def _depth_ticks(deepest: float) -> tuple[list[float], list[str]]:
    wanted = [v for v in (0, 10, 50, 200, 500, 1000, 2000, 4000, 6000, 9000) if v <= deepest]
    while len(wanted) > 6:
        del wanted[1]
    return [float(v) for v in wanted], [counted(v) for v in wanted]


def _round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    step = 10 ** np.floor(np.log10(max(high - low, 1e-12) / count))
    step *= min((1, 2, 5, 10), key=lambda m: abs((high - low) / (m * step) - count))
    return [
        float(round(t, 10)) + 0.0 for t in np.arange(np.ceil(low / step), high / step + 1e-9) * step
    ]


def _shared_names(data: Any) -> dict[str, Any]:
    return _names.get((data.id, data.snapshot), lambda: _name_lists(data))


def _name_lists(data: Any) -> dict[str, Any]:
    """Return what can be chosen of each list, names beside codes, the commonest first."""

    def coded(what: str) -> list[str]:
        found = data.text(what)
        counts = np.bincount(found.codes[found.codes >= 0], minlength=len(found.labels))
        best = np.argsort(-counts, kind="stable")[:MANY]
        return sorted(found.labels[i] for i in best if counts[i])

    codes, counts = np.unique(data.edmo[data.edmo > 0], return_counts=True)
    centres = {
        (f"{label('EDMO', str(c))} ({c})" if label("EDMO", str(c)) != str(c) else str(c)): int(c)
        for c in codes[np.argsort(-counts)]
    }
    return {
        "has": {p.label: p.key for p in data.parameters},
        "data_centres": centres,
        "cruises": coded("cruise"),
        "platforms": coded("platform"),
        "sources": [s["name"] for s in data.manifest["sources"]][:MANY],
    }
