"""What the panels are asked for, and what one panel is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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

    from .panel_shown import Shown

__all__ = [
    "MOST_DOTS",
    "Asked",
    "Panel",
    "Seen",
    "missing",
    "near_samples",
    "near_stations",
    "packed",
    "seen",
]

MOST_DOTS = 6000
"""Observations that one panel draws; more are thinned, and the panel says so."""
_BAD = np.frombuffer(b"34", np.uint8)


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
    shown : Shown or None
        What the map makes of fields and the panels show; `product` and `variable` are its own.
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
    shown: Shown | None = None

    @property
    def grid(self) -> Grid:
        """Axes of the field."""
        return self.product.grid(self.variable)

    @property
    def how(self) -> dict[str, Any]:
        """Arguments of extractions that depend on the grid."""
        return {"interpolation": "nearest"} if self.grid.curvilinear else {}

    @property
    def unit(self) -> str:
        """Unit of the field."""
        return self.product.unit_of(self.variable)

    @property
    def label(self) -> str:
        """Name of the field; of what is made of fields a short one."""
        if self.shown is not None:
            return self.shown.short
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
    ask : dict or None
        What the process that computes weights has to be asked first; see `panel_made.question`.
    """

    key: str
    shown: dict[str, Any]
    data: xr.Dataset | None = None
    call: dict[str, Any] = field(default_factory=dict)
    ask: dict[str, Any] | None = None

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


def missing(asked: Asked) -> str:
    """Say why there are no observations to compare with; empty: there may be some."""
    if asked.shown is not None:
        return "Without observations: they are of the field itself."
    if asked.selection is None:
        return "No collection is open: no observations to compare with."
    key = asked.product.quantity_of(asked.variable)
    if key not in asked.selection.collection.keys:
        name = key.replace("_", " ") or asked.label
        return f"The open collection has no {name} to compare with."
    return ""


def near_samples(asked: Asked, near: Near, *keys: str) -> dict[str, NDArray[Any]]:
    """Return the samples of stations that are near.

    Parameters
    ----------
    near : Near
        Of the stations of the selection.
    *keys : str
        Parameters; samples without the first one are left out.

    Returns
    -------
    dict
        The columns of `Seen` of the first one, and a column for each key.
    """
    assert asked.selection is not None
    part = asked.selection.part(near.rows)
    samples = part.samples(*keys, present=True)
    station = np.asarray(samples["station"])
    place = np.searchsorted(part.rows, station)
    flags = np.asarray(samples["flag"]).astype(np.uint8)
    found = {k: np.asarray(samples[k]) for k in ("lon", "lat", "depth", "time", "value", *keys)}
    return found | {
        "bad": np.isin(flags, _BAD), "station": station,
        "km": near.km[place], "along": near.along[place],
    }  # fmt: skip


def near_stations(asked: Asked, km: float | None = None) -> Near:
    """Find the stations of the selection around the place, along the line or in the area."""
    from sdcviz.products.near import Near, in_area, near_line, near_place

    assert asked.selection is not None
    data, rows = asked.selection.collection, asked.selection.rows
    lon, lat = np.asarray(data.lon)[rows], np.asarray(data.lat)[rows]
    km = asked.around if km is None else km
    if asked.subject == "place":
        return near_place(asked.place or (np.nan, np.nan), lon, lat, km)
    if asked.subject == "line":
        return near_line(asked.line or (), lon, lat, km)
    inside = np.flatnonzero(in_area(asked.area or (), lon, lat))
    nothing = np.zeros(len(inside))
    return Near(inside, nothing, nothing)


def seen(asked: Asked) -> Seen:
    """Find the observations of the quantity, of all depths and times."""
    why = missing(asked)
    if why:
        return Seen(_NONE, why)
    key = asked.product.quantity_of(asked.variable)
    return Seen(near_samples(asked, near_stations(asked), key))
