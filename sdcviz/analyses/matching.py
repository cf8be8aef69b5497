"""Where the observations of a product are in a snapshot of its collection."""

from __future__ import annotations

from itertools import product as corners
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .model import Points, TimeSlice
from .periods import inside, time_slices
from .record import Record
from .select import columns_of, eastwards, identities_of

if TYPE_CHECKING:
    from ..observations.collection import Collection

__all__ = ["Matched", "among", "at_sea", "keys_of", "match", "pair", "slices_of"]

_ODD = np.uint64(0x9E3779B97F4A7C15)


class Matched(NamedTuple):
    """Samples that the recipe could choose, whatever their flags.

    Attributes
    ----------
    sample : ndarray of int64, shape (n,)
        Numbers in the collection, ascending.
    station : ndarray of int64, shape (n,)
        Rows.
    lon, lat, depth, value : ndarray of float64, shape (n,)
    time : ndarray of datetime64[ms], shape (n,)
    observation : ndarray of int64, shape (n,)
        Number among the observations of the product, that of the same place, time and value;
        -1: none.
    moved : ndarray of bool, shape (n,)
        Whether that observation had another value, place or time: the sample was replaced by a
        newer snapshot.
    counts : ndarray of bool, shape (n,)
        Whether it is on the grid, at sea and of a time of the product.
    lost : ndarray of int64
        Observations of the product that are none of these samples.
    """

    sample: NDArray[np.int64]
    station: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    time: NDArray[np.datetime64]
    value: NDArray[np.float64]
    observation: NDArray[np.int64]
    moved: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    lost: NDArray[np.int64]


def match(record: Record, collection: Collection, rows: NDArray[np.int64] | None = None) -> Matched:
    """Look the observations of a product up among the samples of a collection.

    Of samples that are alike in all, accepted ones are taken first.

    Parameters
    ----------
    record : Record
    collection : Collection
    rows : ndarray of int64, optional
        The only stations with other flags, ascending, where the snapshot is that of the product:
        nothing was replaced, and nothing is gone.

    Returns
    -------
    Matched
    """
    recipe = record.recipe
    west = recipe.domain.box[0]
    names = ("sample", "station", "lon", "lat", "depth", "time", "value")
    anyhow = columns_of(collection, recipe, names, flags=(), rows=rows)
    accepted = columns_of(collection, recipe, ("sample",), rows=rows)["sample"]
    lon = eastwards(anyhow["lon"], west)
    found = Points(
        lon, anyhow["lat"], anyhow["depth"], anyhow["time"], anyhow["value"],
        *(np.empty(0, "U1"),) * 2, np.empty(0, np.int32),
    )  # fmt: skip
    last = ~among(anyhow["sample"], accepted)
    keys, others = keys_of(found), keys_of(record.points)
    # Of half a million observations a few: to sort them all would take longer than the rest.
    some = np.arange(len(others)) if rows is None else np.flatnonzero(_among_few(others, keys))
    mine, theirs = pair(keys, others[some], last)
    theirs = some[theirs]
    observation = np.full(len(lon), -1, np.int64)
    observation[mine] = theirs
    moved = np.zeros(len(lon), bool)
    lost = np.ones(len(record.points), bool)
    lost[theirs] = False
    lost &= rows is None
    if lost.any():
        mine, theirs = _replaced(
            record, collection, found, anyhow["station"], observation, np.flatnonzero(lost)
        )
        observation[mine], moved[mine], lost[theirs] = theirs, True, False
    unsure = np.flatnonzero(observation < 0)
    counts = np.ones(len(lon), bool)
    counts[unsure] = at_sea(record, lon[unsure], found.lat[unsure], found.depth[unsure])
    of_time = np.zeros(len(unsure), bool)
    for one in slices_of(record):
        of_time |= inside(one, found.time[unsure])
    counts[unsure] &= of_time & np.isfinite(found.value[unsure])
    return Matched(
        anyhow["sample"], anyhow["station"], lon, found.lat, found.depth, found.time, found.value,
        observation, moved, counts, np.flatnonzero(lost),
    )  # fmt: skip


def _replaced(
    record: Record,
    collection: Collection,
    found: Points,
    station: NDArray[np.int64],
    observation: NDArray[np.int64],
    lost: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair observations that are not there any more with other samples of the same station.

    Those of the same depth first, then those of the same value.
    """
    free = np.flatnonzero(observation < 0)
    rows, at = np.unique(station[free], return_inverse=True)
    theirs = record.identities[0][lost]
    mine = identities_of(collection, rows)[at]
    paired: tuple[list[int], list[int]] = [], []
    for name in ("depth", "value"):
        waiting: dict[tuple[str, float], list[int]] = {}
        then, now = getattr(record.points, name), getattr(found, name)
        done = set(paired[1])
        for who, number in zip(theirs.tolist(), lost.tolist(), strict=True):
            if number not in done:
                waiting.setdefault((who, float(then[number])), []).append(number)
        taken = set(paired[0])
        for who, number in zip(mine.tolist(), free.tolist(), strict=True):
            others = waiting.get((who, float(now[number])))
            if others and number not in taken:
                paired[0].append(number)
                paired[1].append(others.pop(0))
    return np.array(paired[0], np.int64), np.array(paired[1], np.int64)


def slices_of(record: Record) -> tuple[TimeSlice, ...]:
    """Return the times of a product as its recipe makes them."""
    years = record.points.time.astype("datetime64[Y]").astype(int) + 1970
    span = (int(years.min()), int(years.max())) if len(years) else (1900, 1900)
    made = time_slices(record.recipe.time, span)
    # The product of a box may have some of them only.
    return tuple(one for one in made if one.label in record.labels)


def keys_of(points: Points) -> NDArray[np.uint64]:
    """Make one number of place, time and value of each observation."""
    key = points.time.astype("datetime64[ms]").astype(np.int64).view(np.uint64).copy()
    for column in (points.lon, points.lat, points.depth, points.value):
        # + 0.0 makes one zero of both.
        bits = (np.ascontiguousarray(column, np.float64) + 0.0).view(np.uint64)
        key *= _ODD
        key ^= key >> np.uint64(29)
        key += bits
    key *= _ODD
    key ^= key >> np.uint64(32)
    return key


def pair(
    mine: NDArray[np.uint64], theirs: NDArray[np.uint64], last: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair equal numbers of two arrays, each element once.

    Parameters
    ----------
    mine, theirs : ndarray of uint64
    last : ndarray of bool, optional
        Elements of `mine` that are paired after equal ones.

    Returns
    -------
    at, to : ndarray of int64
        Elements of `mine`, and those of `theirs` that they equal.
    """
    one = np.argsort(mine, kind="stable") if last is None else np.lexsort((last, mine))
    two = np.argsort(theirs, kind="stable")
    a, b = mine[one], theirs[two]
    start = np.searchsorted(b, a)
    # The second of equal ones is paired with the second.
    turn = np.arange(len(a)) - np.searchsorted(a, a)
    place = start + turn
    fits = place < len(b)
    fits[fits] = b[place[fits]] == a[fits]
    return one[fits], two[place[fits]]


def among(values: NDArray[np.int64], some: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of ascending numbers are among other ascending numbers."""
    if not len(some):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(some, values), len(some) - 1)
    return some[at] == values


def _among_few(values: NDArray[np.uint64], few: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell which numbers, in any order, are among a few ones."""
    ordered = np.sort(few)
    if not len(ordered):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return ordered[at] == values


def at_sea(
    record: Record, lon: NDArray[np.float64], lat: NDArray[np.float64], depth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which places have a sea point of the grid around them, as the engine does.

    Parameters
    ----------
    record : Record
    lon, lat, depth : ndarray, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    margin = record.recipe.domain.margin
    axes = [(record.lon, lon), (record.lat, lat)]
    if len(record.depth) > 1:
        axes.append((record.depth, depth))
    inside_grid = np.ones(len(lon), bool)
    below, above = [], []
    for k, (axis, values) in enumerate(axes):
        size = len(axis)
        index = np.interp(values, axis, np.arange(size)) if size > 1 else np.zeros(len(values))
        if k < 2 and margin and size > 1:
            low, high = 2 * axis[0] - axis[1], 2 * axis[-1] - axis[-2]
        else:
            low, high = axis[0], axis[-1]
        # All around the world there is no edge.
        if not (k == 0 and size > 2 and axis[-1] - axis[0] + 1.5 * (axis[1] - axis[0]) > 360):
            inside_grid &= (values >= low) & (values <= high)
        first = np.clip(np.floor(index).astype(np.int64), 0, size - 1)
        below.append(first)
        above.append(np.minimum(first + (index > first), size - 1))
    if len(axes) == 2:
        below.append(np.zeros(len(lon), np.int64))
        above.append(below[2])
    sea = np.zeros(len(lon), bool)
    for ends in corners((below, above), repeat=3):
        sea |= record.mask[tuple(end[k] for k, end in enumerate(ends))]
    return sea & inside_grid
