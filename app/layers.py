"""What the map draws of a collection, made once per process and shared by all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .layouts import Colours, current_layout
from .library import Shared

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.observations.aggregate import MapLayer

    from .session import Session

__all__ = ["Colouring", "colouring", "layer_of", "rows_layer"]

OTHER = 9
"""Data centres with a colour of their own; the rest share one."""

_positions = Shared(8)
_layers = Shared(24)
_values = Shared(24)


@dataclass(frozen=True)
class Colouring:
    """What a colour of the map means.

    Attributes
    ----------
    kind : {"count", "value", "category"}
        How the stations of a pixel become one colour.
    title : str
        Text of the colour bar, with the unit.
    values : ndarray, shape (stations of the collection,), optional
        Value (float32) or category (uint8) of each station.
    categories : tuple of str
        Labels of the categories.
    limits : tuple of float, optional
        Range of the middle 96 % of the values.
    """

    kind: str
    title: str
    values: NDArray | None = None
    categories: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None


def _projected(data: Collection, projection: str) -> tuple[NDArray, NDArray, NDArray]:
    """Return x, y (float32) of all stations and whether they have a place on the map."""

    def make() -> tuple[NDArray, NDArray, NDArray]:
        from sdcviz.geo.projection import forward

        x, y = (a.astype(np.float32) for a in forward(projection, data.lon, data.lat))
        return x, y, np.isfinite(x) & np.isfinite(y)

    return _positions.get((data.id, data.snapshot, projection), make)


def rows_layer(data: Collection, projection: str, rows: NDArray[np.int64]) -> MapLayer:
    """Make a layer of some stations.

    Parameters
    ----------
    data : Collection
        The collection.
    projection : str
        Name of the projection.
    rows : ndarray of int64
        Station rows, ascending.

    Returns
    -------
    MapLayer
        Without the stations that have no place in the projection.
    """
    from sdcviz.observations.aggregate import MapLayer

    x, y, placed = _projected(data, projection)
    rows = rows[placed[rows]]
    return MapLayer(x[rows], y[rows], rows)


def layer_of(session: Session) -> MapLayer | None:
    """Return the layer of the stations that pass the visitor's filters."""
    data, selection = session.data, session.filtered
    if data is None or selection is None:
        return None
    filters = session.filters
    state = data.flags_state(*filters.flag_keys)
    key = (data.id, data.snapshot, session.projection, filters, state)
    return _layers.get(key, lambda: rows_layer(data, session.projection, selection.rows))


def colouring(session: Session) -> Colouring:
    """Return what the colours mean under the visitor's choice."""
    from sdcviz.qc.model import DEPTH, POSITION, TIME

    data = session.data
    if data is None or session.colour_by == "count":
        return Colouring("count", "Stations")
    make = {
        "mean": _mean,
        "year": _year,
        "data centre": _data_centre,
        "flag": _flag,
    }[session.colour_by]
    key = (data.id, data.snapshot, session.colour_by)
    if session.colour_by in ("mean", "flag"):
        state = data.flags_state(session.parameter, DEPTH, TIME, POSITION)
        key += (session.parameter, state)
    if session.colour_by == "mean":
        key += (session.depth, session.flags)
    return _values.get(key, lambda: make(session, data))


def _mean(session: Session, data: Collection) -> Colouring:
    from sdcviz.observations import station_means

    parameter = data.parameter(session.parameter)
    values = station_means(data, parameter.key, depth=session.depth, flags=session.flags or None)
    title = f"Mean {parameter.label.lower()}" + (f" [{parameter.unit}]" if parameter.unit else "")
    if session.depth:
        title += f", {session.depth[0]:g} to {session.depth[1]:g} m"
    own = current_layout().colours.get(parameter.key, Colours())
    return Colouring("value", title, values, limits=own.range or _middle(values))


def _year(session: Session, data: Collection) -> Colouring:
    time = data.time
    year = time.astype("datetime64[Y]").astype(np.int64).astype(np.float32) + 1970
    year[np.isnat(time)] = np.nan
    return Colouring("value", "Year", year, limits=_middle(year))


def _middle(values: NDArray[np.float32]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = np.percentile(known, (2, 98))
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _data_centre(session: Session, data: Collection) -> Colouring:
    from sdcviz.vocabularies import label

    codes, counts = np.unique(data.edmo, return_counts=True)
    first = codes[np.argsort(-counts, kind="stable")][:OTHER]
    category = np.full(len(data.edmo), len(first), np.uint8)
    for number, code in enumerate(first):
        category[data.edmo == code] = number
    names = [f"{label('EDMO', str(c))} ({c})" if c else "Unknown" for c in first]
    if len(codes) > len(first):
        names.append(f"{len(codes) - len(first)} others")
    return Colouring("category", "Data centre", category, tuple(names))


def _flag(session: Session, data: Collection) -> Colouring:
    from sdcviz.formats.model import L20
    from sdcviz.observations.aggregate import dominant_flags
    from sdcviz.qc.flags import standing_flags
    from sdcviz.vocabularies import label

    parameter = data.parameter(session.parameter)
    found = dominant_flags(standing_flags(data, parameter.key), data.offsets)
    names = tuple(f"{code} {label('L20', code)}" for code in L20)
    return Colouring("category", f"Commonest flag of {parameter.label.lower()}", found, names)
