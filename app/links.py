"""The view as a link: what a session holds, as the query of the address, and back.

Only what differs from the usual value is written, under short names, so that a
link stays readable: ``?c=0b6c2f9e&p=temperature&t=2001-01-01~2002-12-31&m=6,7,8``.
A link made by hand or by an older version never stops the page: a part that
can't be used is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sdcviz.errors import SdcvizError

from . import library
from .session import Session

__all__ = ["LinkSync", "apply_query", "to_query"]


def _number(value: float) -> str:
    return f"{float(value):.7g}"


def _numbers(text: str, count: int) -> tuple[float, ...]:
    values = tuple(float(part) for part in text.split("~"))
    if len(values) != count or any(v != v for v in values):
        raise ValueError(f"should be {count} numbers with ~ between them")
    return values


def _join(values: Any) -> str:
    return "~".join("" if v is None else _number(v) for v in values)


def _range(text: str) -> tuple[float | None, float | None]:
    """Read ``0~200``; an open end is empty: ``200~``."""
    low, mark, high = text.partition("~")
    if not mark or not (low or high):
        raise ValueError("should be two numbers with ~ between them")
    ends = (float(low) if low else None, float(high) if high else None)
    if any(end is not None and end != end for end in ends):
        raise ValueError("should be numbers")
    return ends


def _words(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("~") if part)


def _days(text: str) -> tuple[str | None, str | None]:
    first, _, last = text.partition("~")
    for day in (first, last):
        if day:
            _check_day(day)
    return first or None, last or None


def _check_day(day: str) -> None:
    import numpy as np

    np.datetime64(day)


def _corners(text: str) -> tuple[tuple[float, float], ...]:
    corners = tuple(_numbers(part, 2) for part in text.split("_"))
    if len(corners) < 3:
        raise ValueError("an area needs at least three corners")
    return corners  # type: ignore[return-value]


def _path(text: str) -> tuple[tuple[float, float], ...]:
    corners = tuple(_numbers(part, 2) for part in text.split("_"))
    if len(corners) < 2:
        raise ValueError("a line needs at least two corners")
    return corners  # type: ignore[return-value]


def _switch(value: bool) -> str:
    return "1" if value else "0"


def _switched(text: str) -> bool:
    return text == "1"


def _months(text: str) -> tuple[int, ...]:
    months = tuple(sorted({int(part) for part in text.split("~")}))
    if not all(1 <= month <= 12 for month in months):
        raise ValueError("months are 1 to 12")
    return months


def _integers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("~"))


_Codec = tuple[str, str, Callable[[Any], str], Callable[[str], Any]]

_CODECS: tuple[_Codec, ...] = (
    # name in the link, parameter of the session, writer, reader
    ("tab", "tab", str, str),
    ("proj", "projection", str, str),
    ("by", "colour_by", str, str),
    ("p", "parameter", str, str),
    ("z", "depth", _join, _range),
    ("t", "time", lambda v: "~".join(day or "" for day in v), _days),
    ("m", "months", lambda v: "~".join(map(str, v)), _months),
    ("v", "value", _join, _range),
    ("f", "flags", "~".join, _words),
    ("box", "box", _join, lambda text: _numbers(text, 4)),
    ("area", "polygon", lambda v: "_".join(map(_join, v)), _corners),
    ("has", "has", "~".join, _words),
    ("cruise", "cruises", "~".join, _words),
    ("ship", "platforms", "~".join, _words),
    ("edmo", "data_centres", lambda v: "~".join(map(str, v)), _integers),
    ("file", "sources", "~".join, _words),
    ("view", "extent", _join, lambda text: _numbers(text, 4)),
    ("clim", "clim", _join, lambda text: _numbers(text, 2)),
    ("map", "colormap", str, str),
    ("s", "station", lambda v: str(int(v)), int),
    ("recipe", "recipe", str, str),
    ("at", "shown_time", str, int),
    ("level", "shown_level", _number, float),
    ("show", "preview", str, str),
    ("job", "job", str, str),
    ("product", "product", str, str),
    ("field", "field", str, str),
    ("make", "derived", str, str),
    ("err", "error_shown", _switch, _switched),
    ("step", "step", str, int),
    ("z0", "level", _number, float),
    ("mask", "mask", str, str),
    ("range", "field_range", _join, lambda text: _numbers(text, 2)),
    ("per", "range_by", str, str),
    ("cmap", "field_map", str, str),
    ("iso", "contours", _switch, _switched),
    ("dots", "dots", str, str),
    ("win", "window", _join, lambda text: _numbers(text, 2)),
    ("cmp", "compare", str, str),
    ("with", "other", str, str),
    ("wfield", "other_field", str, str),
    ("wstep", "other_step", str, int),
    ("wmake", "other_derived", str, str),
    ("wsd", "spread", _number, float),
    ("wrange", "difference_range", _number, float),
    ("wat", "swipe", _number, float),
    ("pview", "field_extent", _join, lambda text: _numbers(text, 4)),
    ("at0", "place", _join, lambda text: _numbers(text, 2)),
    ("line", "line", lambda v: "_".join(map(_join, v)), _path),
    ("sum", "area", lambda v: "_".join(map(_join, v)), _corners),
    ("km", "around", _number, float),
    ("pline", "product_line", _switch, _switched),
    ("sub", "products_view", str, str),
    ("review", "review", str, str),
    ("dark", "dark", _switch, _switched),
)

NAMES = tuple(codec[1] for codec in _CODECS)
"""Parameters of a session that a link holds, besides the collection."""


def to_query(session: Session) -> str:
    """Return the query that restores the view, without ``?``; empty for the usual view."""
    parts = []
    if session.collection:
        data = session.data
        if data is not None:
            parts.append(("c", str(data.id)))
    for key, name, write, _ in _CODECS:
        value = getattr(session, name)
        if value is None or value == "" or value == Session.param[name].default:
            continue
        parts.append((key, write(value)))
    return urlencode(parts, safe="~,:")


def read_query(query: str) -> tuple[str, dict[str, Any], list[str]]:
    """Return collection id, session parameters and complaints of a query."""
    given = dict(parse_qsl(query.removeprefix("?")))
    state: dict[str, Any] = {}
    complaints = []
    for key, name, _, read in _CODECS:
        if key not in given:
            continue
        try:
            value = read(given[key])
            Session.param[name]._validate(value)
        except (ValueError, TypeError, OverflowError):
            complaints.append(f"The part {key}={given[key]} of the link can't be used; left out.")
        else:
            state[name] = value
    return given.get("c", ""), state, complaints


def apply_query(session: Session, query: str) -> list[str]:
    """Set the session to what a link says; return one sentence for each part that can't be used."""
    identity, state, complaints = read_query(query)
    current = str(session.data.id) if session.collection and session.data is not None else ""
    if identity and identity != current:
        try:
            session.open(library.find(identity).path, **state)
        except SdcvizError as error:
            return [*complaints, str(error)]
        return complaints
    usual = {name: Session.param[name].default for name in NAMES if name not in {"dark", "tab"}}
    if session.collection:
        usual["parameter"] = session.parameter
    session.param.update(**usual | state)
    return complaints


class LinkSync:
    """Keeps the address of the page and a session alike, in both directions."""

    def __init__(self, session: Session, location: Any, complain: Callable[[str], None]) -> None:
        self._session, self._location, self._complain = session, location, complain
        self._writing = False
        session.param.watch(self._write, ["collection", "collection_version", *NAMES])
        location.param.watch(self._read, "search")

    def _write(self, *_: Any) -> None:
        if self._writing:
            return
        query = to_query(self._session)
        self._writing = True
        try:
            self._location.search = f"?{query}" if query else ""
        finally:
            self._writing = False

    def _read(self, event: Any) -> None:
        """Follow the back button and an address typed by hand."""
        if self._writing or event.new.removeprefix("?") == to_query(self._session):
            return
        self._writing = True
        try:
            # The usual tab is not named in a link; one goes back to it all the same.
            if "tab" not in dict(parse_qsl(event.new.removeprefix("?"))):
                self._session.tab = Session.param.tab.default
            for sentence in apply_query(self._session, event.new):
                self._complain(sentence)
        finally:
            self._writing = False
