"""What the panels are asked for, and what one panel is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.words import counted, number

if TYPE_CHECKING:
    import xarray as xr

    from sdcviz.observations import Selection
    from sdcviz.products import Product
    from sdcviz.products.grid import Grid
    from sdcviz.products.near import Near
    from sdcviz.products.view import Mask

__all__ = [
    "MOST_DOTS",
    "Asked",
    "Panel",
    "Seen",
    "packed",
    "samples_for",
    "seen_along",
    "seen_at",
    "seen_in",
    "take_near",
]

MOST_DOTS = 6000
"""Observations that one panel draws; more are thinned, and the panel says so."""
_BAD = np.frombuffer(b"34", np.uint8)

_samples: WeakKeyDictionary[Selection, dict[str, Any]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Asked:
    """Where to take what out of which product.

    Attributes
    ----------
    product, variable, step, depth, mask
        The field in view.
    subject : {"place", "line", "area"}
    place, line, area
        Of the session.
    around : float
        Kilometres around place and line for observations.
    window : (float, float)
        Metres and days of the observations.
    selection : Selection or None
        Observations.
    limits : (float, float) or None
        Colour range; None: of what is shown.
    per : str
        What a colour range that is not given holds for; see `sdcviz.products.ranges`.
    palette : str
        Name of the colour map.
    choice : mapping
        What the visitor chose in the panels: axis of the Hovmöller diagram, partner, lengths.
    """

    product: Product
    variable: str
    step: int
    depth: float | None
    mask: Mask
    subject: str
    place: tuple[float, float] | None
    line: tuple[tuple[float, float], ...] | None
    area: tuple[tuple[float, float], ...] | None
    around: float
    window: tuple[float, float]
    selection: Selection | None
    limits: tuple[float, float] | None
    per: str
    palette: str
    choice: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grid(self) -> Grid:
        """Axes of the field."""
        return self.product.grid(self.variable)

    @property
    def unit(self) -> str:
        """Unit of the field."""
        return self.product.unit_of(self.variable)

    @property
    def label(self) -> str:
        """Name of the field."""
        return self.product.source.variables[self.variable].text("long_name") or self.variable

    @property
    def titled(self) -> str:
        """Name and unit for an axis."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


@dataclass
class Panel:
    """One panel: what the browser draws, and the data behind it.

    Attributes
    ----------
    key : str
        Stable name, such as "place-profile".
    shown : dict
        For ``panels.js``.
    data : xarray.Dataset or None
        The extraction; None where it could not be made.
    call : dict
        How the library makes it: ``method`` of a product and ``arguments``.
    """

    key: str
    shown: dict[str, Any]
    data: xr.Dataset | None = None
    call: dict[str, Any] = field(default_factory=dict)

    def for_browser(self) -> dict[str, Any]:
        """Return what the browser takes."""
        return {"key": self.key, "can_export": self.data is not None, **self.shown}


def packed(values: ArrayLike) -> str:
    """Write numbers for the browser: single precision, base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


# ---- observations --------------------------------------------------------------------
@dataclass(frozen=True)
class Seen:
    """Observations of a panel.

    Attributes
    ----------
    columns : dict of str to ndarray
        ``lon``, ``lat``, ``depth``, ``time``, ``value``, ``bad``, ``station``, ``km``, ``along``.
    note : str
        How many, and which.
    """

    columns: dict[str, NDArray[Any]]
    note: str = ""

    def __len__(self) -> int:
        return len(self.columns["value"])

    def where(self, chosen: NDArray[np.bool_], note: str = "") -> Seen:
        """Return some of them."""
        return Seen({k: v[chosen] for k, v in self.columns.items()}, note or self.note)

    def told(self, what: str) -> str:
        """Say how many there are, and whether all are drawn."""
        n = len(self)
        drawn = f", {number(MOST_DOTS)} of them drawn" if n > MOST_DOTS else ""
        bad = int(self.columns["bad"].sum())
        flagged = f", {number(bad)} flagged bad" if bad else ""
        return f"{counted(n, 'observation')} {what}{drawn}{flagged}"

    def dots(self, x: NDArray[Any], y: NDArray[Any], colour: bool = False) -> dict[str, Any]:
        """Return them as dots of a panel; evenly thinned where there are too many."""
        n = len(self)
        some = np.arange(n)
        if n > MOST_DOTS:
            some = np.linspace(0, n - 1, MOST_DOTS).astype(np.int64)
        layer = {"type": "dots", "x": packed(x[some]), "y": packed(y[some])}
        if colour:
            layer["c"] = packed(self.columns["value"][some])
        if self.columns["bad"].any():
            layer["bad"] = packed(self.columns["bad"][some])
        return layer


_NONE: dict[str, NDArray[Any]] = {
    **{k: np.empty(0) for k in ("lon", "lat", "depth", "value", "km", "along")},
    "time": np.empty(0, "datetime64[ms]"), "bad": np.empty(0, bool),
    "station": np.empty(0, np.int64),
}  # fmt: skip


def samples_for(asked: Asked) -> tuple[Mapping[str, Any] | None, str]:
    """Return the samples of the quantity, or None and why there are none."""
    if asked.selection is None:
        return None, "No collection is open: no observations to compare with."
    key = asked.product.quantity_of(asked.variable)
    if key not in asked.selection.collection.keys:
        name = key.replace("_", " ") or asked.label
        return None, f"The open collection has no {name} to compare with."
    kept = _samples.setdefault(asked.selection, {})
    if key not in kept:
        kept[key] = asked.selection.samples(key, present=True)
    return kept[key], ""


def take_near(samples: Mapping[str, Any], near: Near) -> dict[str, NDArray[Any]]:
    """Return the columns of `Seen` of what is near."""
    rows = near.rows
    columns = {k: np.asarray(samples[k])[rows] for k in ("lon", "lat", "depth", "time", "value")}
    flags = np.asarray(samples["flag"])[rows] if "flag" in samples else np.zeros(len(rows), "u1")
    station = np.asarray(samples["station"])[rows]
    bad = np.isin(flags.astype(np.uint8), _BAD)
    return columns | {"bad": bad, "station": station, "km": near.km, "along": near.along}


def seen_at(asked: Asked) -> Seen:
    """Find the observations around the place, of all depths and times."""
    from sdcviz.products.near import near_place

    samples, why = samples_for(asked)
    if samples is None or asked.place is None:
        return Seen(_NONE, why)
    near = near_place(asked.place, samples["lon"], samples["lat"], asked.around)
    return Seen(take_near(samples, near))


def seen_along(asked: Asked) -> Seen:
    """Find the observations along the line, of all depths and times."""
    from sdcviz.products.near import near_line

    samples, why = samples_for(asked)
    if samples is None or asked.line is None:
        return Seen(_NONE, why)
    near = near_line(asked.line, samples["lon"], samples["lat"], asked.around)
    return Seen(take_near(samples, near))


def seen_in(asked: Asked) -> Seen:
    """Find the observations in the area, of all depths and times."""
    from sdcviz.products.near import Near, in_area

    samples, why = samples_for(asked)
    if samples is None or asked.area is None:
        return Seen(_NONE, why)
    rows = np.flatnonzero(in_area(asked.area, samples["lon"], samples["lat"]))
    nothing = np.zeros(len(rows))
    return Seen(take_near(samples, Near(rows, nothing, nothing)))
