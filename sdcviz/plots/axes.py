"""What a plot shows on an axis, and the columns it takes them from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest

__all__ = [
    "DEPTH",
    "LATITUDE",
    "LONGITUDE",
    "TIME",
    "Axis",
    "Columns",
    "axis",
    "milliseconds",
    "take",
]

Columns = dict[str, NDArray[Any]]
"""Arrays of equal length: station, depth, time, lon, lat, value, flag, and KEY, KEY_flag."""


@dataclass(frozen=True)
class Axis:
    """A quantity on an axis or in colour.

    Attributes
    ----------
    key : str
        Key of the parameter in the collection, or ``"depth"``, ``"time"``,
        ``"lon"``, ``"lat"``.
    label : str
        Name shown.
    unit : str
        Unit shown in brackets; empty for none.
    colormap : str
        Name of a colour map for `sdcviz.plots.colours.colormap`.
    """

    key: str
    label: str
    unit: str = ""
    colormap: str = "viridis"

    @property
    def title(self) -> str:
        """Label with unit, as ``"Temperature [°C]"``."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label

    def dimension(self, name: str) -> hv.Dimension:
        """Make the HoloViews dimension that holds this quantity in column `name`."""
        return hv.Dimension((name, self.label), unit=self.unit or None)


DEPTH = Axis("depth", "Depth", "m", "deep")
TIME = Axis("time", "Time", "", "viridis")
LONGITUDE = Axis("lon", "Longitude", "°E")
LATITUDE = Axis("lat", "Latitude", "°N")
_FIXED = {a.key: a for a in (DEPTH, TIME, LONGITUDE, LATITUDE)}


def axis(data: Any, quantity: Axis | str) -> Axis:
    """Find label, unit and colours of a quantity.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        A selection knows its parameters; columns know nothing.
    quantity : Axis or str
        Returned as it is if it is an `Axis` already.

    Returns
    -------
    Axis
        With the key as its label where nothing better is known.
    """
    if isinstance(quantity, Axis):
        return quantity
    if quantity in _FIXED:
        return _FIXED[quantity]
    collection = getattr(data, "collection", None)
    if collection is None:
        return Axis(quantity, quantity)
    info = collection.parameter(quantity)
    return Axis(info.key, info.label, info.unit, colormap_of(info))


def coloured_by(data: Any, by: Axis | str) -> tuple[Axis, ...]:
    """Find the quantity that colours a plot, where it needs a column of its own.

    Returns
    -------
    tuple of Axis
        Empty for ``"station"``, ``"time"``, ``"flag"`` and ``"depth"``.
    """
    return () if by in ("station", "time", "flag", "depth") else (axis(data, by),)


def colormap_of(info: Any) -> str:
    """Name the colour map of a parameter of a collection."""
    from .. import vocabularies

    found = vocabularies.quantity(info.p01, info.name, "", info.unit, info.p06)
    return found.colormap if found else "viridis"


def take(data: Any, *quantities: Axis) -> Columns:
    """Fetch the columns that a plot needs, without samples that can't be drawn.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Columns ``station``, ``depth``, ``time``, ``lon``, ``lat``, and for
        each parameter its key and ``key + "_flag"``; those of the first may be
        called ``value`` and ``flag``.
    *quantities : Axis
        Position, depth and time need no column of their own.

    Returns
    -------
    dict of str to ndarray
        The columns; rows where any quantity is missing are left out.

    Raises
    ------
    BadRequest
        A parameter is text, or the columns do not have it.
    """
    keys = list(dict.fromkeys(q.key for q in quantities if q.key not in _FIXED))
    table = data.samples(*keys) if hasattr(data, "samples") else data
    names = {n: n for n in ("station", *_FIXED) if n in table}
    for i, key in enumerate(keys):
        plain = i == 0 and f"{key}_flag" not in table
        names[key] = "value" if plain else key
        names[f"{key}_flag"] = "flag" if plain else f"{key}_flag"
    columns = {n: _array(table, source) for n, source in names.items()}
    if keys:
        columns |= {"value": columns[keys[0]], "flag": columns[f"{keys[0]}_flag"]}
    whole = np.ones(len(columns["station"]), bool)
    for q in quantities:
        whole &= present(columns[q.key])
    return columns if whole.all() else {n: c[whole] for n, c in columns.items()}


def _array(table: Any, name: str) -> NDArray[Any]:
    try:
        column = table[name]
    except KeyError:
        raise BadRequest(f"The samples have no column {name!r} to plot.") from None
    if hasattr(column, "codes"):
        raise BadRequest(f"{name} is text; choose a parameter of numbers to plot.")
    return np.asarray(column)


def present(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which values are there: finite numbers, known times."""
    return ~np.isnat(values) if values.dtype.kind == "M" else np.isfinite(values)


def milliseconds(times: NDArray[Any]) -> NDArray[np.float64]:
    """Turn times into milliseconds since 1970, as Bokeh's time axis wants them.

    Nanoseconds, which HoloViews would choose, can't hold the year 190.
    """
    ms = times.astype("datetime64[ms]").astype(np.int64).astype(float)
    ms[np.isnat(times)] = np.nan
    return cast("NDArray[np.float64]", ms)


def numbers(columns: Columns, quantity: Axis) -> NDArray[np.float64]:
    """Give a quantity as numbers that can be drawn (time in milliseconds)."""
    values = columns[quantity.key]
    return milliseconds(values) if values.dtype.kind == "M" else values.astype(float)
