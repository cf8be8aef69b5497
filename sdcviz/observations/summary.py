"""Counts, histograms and means for the user interface; all are cached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.model import FEATURES, L20, Coded
from sdcviz.observations.filters import Filters
from sdcviz.observations.kernels import fill_histogram, judge_samples

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection
    from sdcviz.observations.selection import Selection

__all__ = ["Histogram", "counts", "histogram", "station_means"]

NOT_BAD = tuple(code for code in L20 if code not in "349")
"""Flags of values that a mean may use if nobody says which."""


class Histogram(NamedTuple):
    """How often values fall between edges.

    Attributes
    ----------
    edges : ndarray, shape (bins + 1,)
        Numbers, or datetime64[ms] for time.
    counts : ndarray of int64, shape (bins,)
        Values outside the edges are counted in the first and the last bin.
    """

    edges: NDArray
    counts: NDArray[np.int64]


def histogram(
    collection: Collection,
    what: str,
    bins: int = 50,
    selection: Selection | None = None,
    limits: tuple[float, float] | None = None,
) -> Histogram:
    """Count how stations spread over time, or samples over depth or a parameter.

    Parameters
    ----------
    collection : Collection
    what : str
        ``"time"`` (stations), ``"depth"`` (samples) or a parameter's key.
    bins : int
        Number of bins.
    selection : Selection, optional
        Count these only.
    limits : tuple of float, optional
        Outer edges. By default all of time and depth; for a parameter the 2nd
        to 98th percentile and half of that more on both sides.

    Returns
    -------
    Histogram

    Raises
    ------
    BadRequest
        Fewer than one bin, or a text parameter.
    NotFound
        No such parameter.
    """
    if bins < 1:
        raise BadRequest(f"A histogram needs at least one bin, not {bins}.")
    if what not in ("time", "depth") and collection.parameter(what).kind == "text":
        raise BadRequest(f"{what} is text; it has no histogram.")
    chosen = selection.filters if selection is not None else None
    return collection.remember(
        ("histogram", what, bins, chosen, limits),
        lambda: _histogram(collection, what, bins, selection, limits),
        flags=() if chosen is None else chosen.flag_keys,
    )


def _histogram(
    c: Collection,
    what: str,
    bins: int,
    selection: Selection | None,
    limits: tuple[float, float] | None,
) -> Histogram:
    values: Any
    if what == "time":
        times = c.time if selection is None else c.time[selection.rows]
        values = times[~np.isnat(times)].astype(np.int64).astype(np.float64)
    elif what == "depth":
        values = c.depth if selection is None else selection.take(c.depth)
    elif selection is not None:
        values = selection.samples(what)[what]
    elif what.startswith("derived:"):
        values = c.values(what)
    else:
        stored = c.stored(what)
        assert stored is not None, "values are always stored"
        values = stored[0]
    low, high = limits or _limits(c, what)
    out = np.zeros(bins, np.int64)
    fill_histogram(values, low, high, out)
    edges = np.linspace(low, high, bins + 1)
    return Histogram(edges.astype("datetime64[ms]") if what == "time" else edges, out)


def _limits(c: Collection, what: str) -> tuple[float, float]:
    """Choose outer edges; a few wild values must not squeeze all others into one bin."""
    if what == "time":
        found = [float(np.datetime64(t, "ms").astype(np.int64)) for t in c.manifest["time"]]
    elif what == "depth":
        found = list(c.manifest["depth"])
    else:
        info = c.parameter(what)
        found = list(info.range)
        if found and info.quantiles:
            a, b = info.quantiles
            found = [max(found[0], a - (b - a) / 2), min(found[1], b + (b - a) / 2)]
    low, high = found or (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def counts(selection: Selection, by: str) -> dict[Any, int]:
    """Count the stations of a selection, the most frequent first.

    Parameters
    ----------
    selection : Selection
    by : str
        ``"data_centre"``, ``"source"``, ``"year"``, ``"month"``, ``"feature"``
        or the name of a station text such as ``"cruise"`` or ``"platform"``.

    Returns
    -------
    dict
        Stations by EDMO code, file name, year, ... Stations that do not know
        it are counted under 0 or the empty text.

    Raises
    ------
    BadRequest
        There is nothing of this name.
    """
    c, rows = selection.collection, selection.rows
    if by == "data_centre":
        keys: NDArray = c.edmo[rows]
    elif by == "year":
        known = c.time[rows]
        years = known.astype("datetime64[Y]").astype(np.int64) + 1970
        keys = np.where(np.isnat(known), 0, years)
    elif by == "month":
        known = c.time[rows]
        keys = np.where(np.isnat(known), 0, known.astype("datetime64[M]").astype(np.int64) % 12 + 1)
    elif by == "source":
        return _named(c.source[rows], [s["name"] for s in c.manifest["sources"]])
    elif by == "feature":
        return _named(c.feature[rows].astype(np.int64), list(FEATURES))
    elif by in c.text_names:
        coded: Coded = c.text(by)
        return _named(coded.codes[rows], coded.labels)
    else:
        known_names = ", ".join(["data_centre", "source", "year", "month", "feature"])
        raise BadRequest(
            f"Stations can't be counted by {by!r}. There are: {known_names}, "
            f"{', '.join(c.text_names)}."
        )
    found, n = np.unique(keys, return_counts=True)
    order = np.argsort(-n, kind="stable")
    return {int(found[i]): int(n[i]) for i in order}


def _named(codes: NDArray, labels: Any) -> dict[Any, int]:
    found, n = np.unique(codes, return_counts=True)
    order = np.argsort(-n, kind="stable")
    out: dict[Any, int] = {}
    for i in order:
        name = "" if found[i] < 0 else labels[int(found[i])]
        out[name] = out.get(name, 0) + int(n[i])
    return out


def station_means(
    collection: Collection,
    key: str,
    depth: tuple[float | None, float | None] | None = None,
    flags: tuple[str, ...] | None = None,
) -> NDArray[np.float32]:
    """Average a parameter at each station.

    Parameters
    ----------
    collection : Collection
    key : str
        Parameter.
    depth : tuple, optional
        Metres from and to.
    flags : tuple of str, optional
        Flags to use; all but 3, 4 and 9 by default.

    Returns
    -------
    ndarray of float32, shape (n_stations,)
        NaN where no value qualifies.

    Raises
    ------
    BadRequest
        The parameter is text.
    """
    from sdcviz.observations.conditions import NO_MASK, conditions

    filters = Filters(depth=depth, parameter=key, flags=flags or NOT_BAD)
    if collection.parameter(key).kind == "text":
        raise BadRequest(f"{key} is text; it has no mean.")

    def make() -> NDArray[np.float32]:
        out = np.empty(collection.n_stations, np.float32)
        starts, columns, limits = conditions(collection, filters)
        rows = np.arange(collection.n_stations)
        counts = np.empty(len(rows), np.int64)
        judge_samples(rows, collection.offsets, starts, columns, limits, counts, NO_MASK, out)
        out.flags.writeable = False
        return out

    return collection.remember(("mean", filters), make, flags=filters.flag_keys)
