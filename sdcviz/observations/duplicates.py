"""Find stations that look like the same cast; nothing is removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.formats.model import FEATURES
from sdcviz.observations.kernels import restore

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["Duplicate", "compare_values", "find_duplicates", "usual_parameter"]


@dataclass(frozen=True)
class Duplicate:
    """Two stations that look like the same one.

    Attributes
    ----------
    a, b : int
        Row numbers.
    id_a, id_b : str
        Identities.
    file_a, file_b : str
        Names of their files.
    reason : str
        Why, in words.
    compared, same : int
        Samples of `a` that have a value at the depth of one of `b`, and how
        many of these values agree.
    """

    a: int
    b: int
    id_a: str
    id_b: str
    file_a: str
    file_b: str
    reason: str
    compared: int
    same: int


def find_duplicates(
    collection: Collection,
    *,
    dlon: float = 0.01,
    dlat: float = 0.01,
    dt_hours: float = 1.0,
    ddepth: float = 2.0,
    dvalue: float = 0.1,
    parameter: str | None = None,
    across_files: bool = True,
) -> list[Duplicate]:
    """Find pairs of stations with the same identity, or the same place, time and values.

    Parameters
    ----------
    collection : Collection
    dlon, dlat : float
        Greatest distance, degrees.
    dt_hours : float
        Greatest difference of time.
    ddepth : float
        Samples within so many metres are compared.
    dvalue : float
        Values within this agree, in the parameter's unit.
    parameter : str, optional
        What is compared; temperature by default, else the parameter with most values.
    across_files : bool
        Stations of one file are no duplicates of each other.

    Returns
    -------
    list of Duplicate
        Pairs are found by LOCAL_CDI_ID and EDMO code, or where at least half
        of the values that can be compared agree. Points of tracks are paired
        one to one with those of another file: nearest in time, then in place,
        then by value; within one file only where they are identical.
    """
    c = collection
    if c.n_stations == 0:
        return []
    key = parameter or usual_parameter(c)
    time = c.time.view(np.int64)
    known = ~np.isnat(c.time) & np.isfinite(c.lon) & np.isfinite(c.lat)
    places = np.flatnonzero(known)
    order = places[np.argsort(time[places], kind="stable")]
    track = np.asarray(c.feature) == FEATURES.index("trajectory")
    dt = int(dt_hours * 3.6e6)
    pairs = _close(order, time, c.lon, c.lat, c.source, track, dt, dlon, dlat, across_files)
    named = _same_id(c, across_files)
    # Places and times tell more about points of a track than their order does.
    named = named[~((track & known)[named].all(axis=1))]
    by_id = {(int(a), int(b)) for a, b in named}
    ordered = np.unique(np.concatenate([pairs, named]), axis=0)
    compared = np.zeros((len(ordered), 2), np.int64)
    if key is not None and len(ordered):
        c.parameter(key)
        stored = c.stored(key)
        assert stored is not None, "values are always stored"
        values, starts = stored
        if values.dtype == np.float32:
            values = restore(values)
        compare_values(ordered, c.offsets, starts, c.depth, values, ddepth, dvalue, compared)
    kept = _one_to_one(c, track, ordered, compared)
    ordered, compared = ordered[kept], compared[kept]
    by_id |= _alike(c, ordered[track[ordered].all(axis=1)])
    found = []
    for (a, b), (n, same) in zip(ordered.tolist(), compared.tolist(), strict=True):
        close = n > 0 and same * 2 >= n
        if (a, b) in by_id and (close or n == 0 or not (track[a] and known[a])):
            reason = "same LOCAL_CDI_ID and EDMO code"
            reason += ", same values" if close else ""
        elif close:
            reason = f"same place, time and {key}"
        elif n == 0 and _empty(c, a) and _empty(c, b):
            reason = "same place and time, both without samples"
        else:
            continue
        file_a, file_b = (c.manifest["sources"][c.source[i]]["name"] for i in (a, b))
        found.append(
            Duplicate(a, b, c.station_id(a), c.station_id(b), file_a, file_b, reason, n, same)
        )
    return found


def _alike(c: Collection, pairs: NDArray[np.int64]) -> set[tuple[int, int]]:
    """Give those pairs that share LOCAL_CDI_ID and EDMO code."""
    codes = c.text("local_cdi_id").codes
    a, b = pairs.T
    same = (codes[a] >= 0) & (codes[a] == codes[b]) & (c.edmo[a] > 0) & (c.edmo[a] == c.edmo[b])
    return {(int(x), int(y)) for x, y in pairs[same]}


def _one_to_one(
    c: Collection, track: NDArray[np.bool_], pairs: NDArray[np.int64], compared: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Leave each point of a track at most one partner in each other file.

    Parameters
    ----------
    c : Collection
    track : ndarray of bool
        Stations that are points of a track.
    pairs : ndarray of int64, shape (n, 2)
        Stations that may be the same.
    compared : ndarray of int64, shape (n, 2)
        Samples that were compared, and that agree.

    Returns
    -------
    ndarray of bool, shape (n,)
        The pairs to keep; all those that are not of two tracks.
    """
    kept = np.ones(len(pairs), bool)
    points = np.flatnonzero(track[pairs].all(axis=1))
    a, b = pairs[points].T
    low, high = np.minimum(c.source[a], c.source[b]), np.maximum(c.source[a], c.source[b])
    group = low.astype(np.int64) * (int(c.source.max()) + 1) + high
    apart = np.abs(c.time[a] - c.time[b]).astype(np.int64)
    apart[np.isnat(c.time[a]) | np.isnat(c.time[b])] = np.iinfo(np.int64).max
    east = np.abs(c.lon[a] - c.lon[b])
    east = np.minimum(east, 360.0 - east) * np.cos(np.radians(c.lat[a]))
    distance = np.hypot(east, c.lat[a] - c.lat[b])
    differ = compared[points, 0] - compared[points, 1]
    order = np.lexsort((differ, distance, apart, group))
    kept[points] = False
    kept[points[order[_first_come(pairs[points[order]], group[order], c.n_stations)]]] = True
    return kept


@njit(cache=True, nogil=True)
def _first_come(pairs: NDArray, group: NDArray, n: int) -> NDArray:
    """Tell which pairs find both stations still free in their group."""
    used = np.full(n, -1, np.int64)
    out = np.zeros(len(pairs), np.bool_)
    for k in range(len(pairs)):
        a, b = pairs[k, 0], pairs[k, 1]
        if used[a] != group[k] and used[b] != group[k]:
            used[a] = used[b] = group[k]
            out[k] = True
    return out


def _empty(c: Collection, i: int) -> bool:
    return bool(c.offsets[i] == c.offsets[i + 1])


def usual_parameter(c: Collection) -> str | None:
    """Choose the parameter to compare: temperature, else that with most values; or None."""
    numbers = [p.key for p in c.parameters if p.kind == "number" and "pres" not in p.key]
    return "temperature" if "temperature" in numbers else next(iter(numbers), None)


def _same_id(c: Collection, across_files: bool) -> NDArray[np.int64]:
    """Pair stations that share LOCAL_CDI_ID and EDMO code, and are in one order.

    Points of a trajectory share the identity of their track, so the points
    are paired one by one: the first of one file with the first of the other.
    """
    codes = c.text("local_cdi_id").codes
    rows = np.flatnonzero((codes >= 0) & (c.edmo > 0))
    if not rows.size:
        return np.empty((0, 2), np.int64)
    group = np.lexsort((c.station_index[rows], c.source[rows], c.edmo[rows], codes[rows]))
    rows = rows[group]
    # the how-manieth station of this identity within its file
    track = np.stack([codes[rows], c.edmo[rows], c.source[rows]], axis=1).astype(np.int64)
    new = np.ones(len(rows), bool)
    new[1:] = (track[1:] != track[:-1]).any(axis=1)
    first = np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
    nth = np.arange(len(rows)) - first if across_files else np.zeros(len(rows), np.int64)
    again = np.lexsort((c.source[rows], nth, c.edmo[rows], codes[rows]))
    rows, nth = rows[again], nth[again]
    label = np.stack([codes[rows], c.edmo[rows], nth], axis=1).astype(np.int64)
    linked = (label[1:] == label[:-1]).all(axis=1)
    a, b = rows[:-1][linked], rows[1:][linked]
    return np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1)


@njit(cache=True, nogil=True)
def _close(
    order: NDArray,
    time: NDArray,
    lon: NDArray,
    lat: NDArray,
    source: NDArray,
    track: NDArray,
    dt: int,
    dlon: float,
    dlat: float,
    across_files: bool,
) -> NDArray:
    """Sweep through time and pair stations that are close in time and place."""
    out = np.empty((1024, 2), np.int64)
    n = 0
    for i in range(order.size):
        a = order[i]
        for j in range(i + 1, order.size):
            b = order[j]
            if time[b] - time[a] > dt:
                break
            # differences of decimals miss their last digits: 0.01 must be within 0.01
            if abs(lat[a] - lat[b]) > dlat + 1e-9:
                continue
            apart = abs(lon[a] - lon[b])
            if min(apart, 360.0 - apart) > dlon + 1e-9:
                continue
            if source[a] == source[b]:
                if across_files:
                    continue
                # a track comes close to itself at every step
                if track[a] and track[b] and (time[a] != time[b] or apart or lat[a] != lat[b]):
                    continue
            if n == len(out):
                more = np.empty((2 * n, 2), np.int64)
                more[:n] = out
                out = more
            out[n, 0], out[n, 1] = min(a, b), max(a, b)
            n += 1
    return out[:n]


@njit(cache=True, nogil=True)
def compare_values(
    pairs: NDArray,
    offsets: NDArray,
    starts: NDArray,
    depth: NDArray,
    values: NDArray,
    ddepth: float,
    dvalue: float,
    out: NDArray,
) -> None:
    """Compare values of station a with those of b at the nearest depth.

    Parameters
    ----------
    pairs : ndarray of int64, shape (n, 2)
        Rows of a and b.
    offsets, starts : ndarray of int64
        Where the samples of each station begin in `depth`, and in `values`.
    depth, values : ndarray
        One element a sample.
    ddepth, dvalue : float
        Depths and values within this are the same.
    out : ndarray of int64, shape (n, 2)
        Counted up: samples of a that have a partner, and those that agree.
    """
    for k in range(len(pairs)):
        a, b = pairs[k, 0], pairs[k, 1]
        if starts[a] < 0 or starts[b] < 0:
            continue
        for i in range(offsets[a], offsets[a + 1]):
            x = values[starts[a] + i - offsets[a]]
            if not (x == x and depth[i] == depth[i]):
                continue
            nearest, y = np.inf, 0.0
            for j in range(offsets[b], offsets[b + 1]):
                z = values[starts[b] + j - offsets[b]]
                gap = abs(depth[i] - depth[j])
                if z == z and gap < nearest:
                    nearest, y = gap, z
            if nearest <= ddepth + 1e-6:
                out[k, 0] += 1
                out[k, 1] += abs(x - y) <= dvalue + 1e-9
