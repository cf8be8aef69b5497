"""Stations that may be the same cast, as pairs, fast enough to move a slider.

`sdcviz.observations.duplicates` tells what an import brought twice; here pairs
within one file count too, and stations with the same values elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.model import FEATURES
from sdcviz.geo.projection import distance_km
from sdcviz.observations.duplicates import compare_values, usual_parameter
from sdcviz.observations.kernels import restore
from sdcviz.qc.model import Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["REASONS", "Pairs", "find_duplicates", "find_pairs"]

REASONS = ("same place, time and values", "same identity", "same values at another place or time")
"""Why two stations are a pair; `Pairs.reason` holds the index."""
NEAR, NAMED, VALUES = range(3)
_TRACK = FEATURES.index("trajectory")
_MOST = 1_000_000


@dataclass(frozen=True)
class Pairs:
    """Stations that may be the same, one pair a row; the likeliest first.

    Attributes
    ----------
    a, b : ndarray of int64
        Rows of the two stations, a < b.
    km, hours : ndarray of float64
        How far they are apart in place and time; NaN where unknown.
    compared, same : ndarray of int64
        Samples of the station with fewer that have a value at the depth of one
        of the other, and how many of these values agree.
    reason : ndarray of int8
        Index in `REASONS`.
    parameter : str
        What was compared; "" if there is nothing to compare.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    km: NDArray[np.float64]
    hours: NDArray[np.float64]
    compared: NDArray[np.int64]
    same: NDArray[np.int64]
    reason: NDArray[np.int8]
    parameter: str

    def __len__(self) -> int:
        return len(self.a)


def find_pairs(
    collection: Collection,
    degrees: float = 0.01,
    hours: float = 1.0,
    metres: float = 2.0,
    value: float = 0.1,
    *,
    parameter: str | None = None,
    share: float = 0.9,
    elsewhere: bool = True,
    rows: NDArray[np.int64] | None = None,
) -> Pairs:
    """Find pairs of stations that may be the same cast.

    Those close in place and time whose values agree; those with the same EDMO
    code and LOCAL_CDI_ID; those of exactly the same values anywhere.
    Points of one track are no pairs unless place and time are equal.

    Parameters
    ----------
    collection : Collection
    degrees : float
        Greatest distance in longitude and in latitude.
    hours : float
        Greatest difference of time.
    metres : float
        Samples within so many metres are compared.
    value : float
        Values within this agree, in the unit of the parameter.
    parameter : str, optional
        What is compared; temperature by default, else that with most values.
    share : float
        Part of the compared values that have to agree.
    elsewhere : bool
        Whether to look for the same values at other places.
    rows : ndarray of int64, optional
        Stations; all by default.

    Returns
    -------
    Pairs

    Raises
    ------
    BadRequest
        A tolerance is negative, or so wide that over a million stations pair.
    """
    c = collection
    for name, given in (("degrees", degrees), ("hours", hours), ("metres", metres)):
        if not given >= 0:
            raise BadRequest(f"Duplicates: {name} is {given!r}; give 0 or more.")
    key = parameter or usual_parameter(c) or ""
    chosen = np.arange(c.n_stations) if rows is None else np.asarray(rows, np.int64)
    near = _near(c, chosen, degrees, hours)
    named, same = _named(c, chosen), _same_values(c, key, chosen) if elsewhere and key else _NONE
    pairs = np.concatenate([near, named, same])
    reason = np.repeat(np.array([NEAR, NAMED, VALUES], np.int8), [len(near), len(named), len(same)])
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    # Where more than one holds: the place tells more than the name, that more than the values.
    reason = reason[first]
    counts = np.zeros((len(pairs), 2), np.int64)
    if key and len(pairs):
        fewer = np.diff(c.offsets)[pairs]
        turned = np.where((fewer[:, 0] > fewer[:, 1])[:, None], pairs[:, ::-1], pairs)
        values, starts = _values(c, key)
        near_enough = float(metres), float(value)
        compare_values(turned, c.offsets, starts, c.depth, values, *near_enough, counts)
    compared, alike = counts.T
    empty = (np.diff(c.offsets)[pairs] == 0).all(axis=1)
    kept = (reason == NAMED) | ((compared > 0) & (alike >= share * compared)) | empty
    order = np.flatnonzero(kept)
    order = order[np.lexsort((pairs[order, 0], -alike[order], reason[order]))]
    a, b = pairs[order].T
    apart = np.abs(c.time[a] - c.time[b]) / np.timedelta64(1, "h")
    return Pairs(
        *(a, b, distance_km(c.lon[a], c.lat[a], c.lon[b], c.lat[b]), apart),
        *(compared[order], alike[order], reason[order], key),
    )


_NONE = np.empty((0, 2), np.int64)


def _values(c: Collection, key: str) -> tuple[NDArray, NDArray[np.int64]]:
    """Return a column in double precision, and where each station begins in it."""
    stored = c.stored(key)
    assert stored is not None, "values are always stored"
    values, starts = stored
    if values.dtype == np.float32:
        values = c.remember(("decimals", key), lambda: restore(values))
    return values, starts


def _near(
    c: Collection, chosen: NDArray[np.int64], degrees: float, hours: float
) -> NDArray[np.int64]:
    time = c.time.view(np.int64)
    there = ~np.isnat(c.time[chosen]) & np.isfinite(c.lon[chosen] + c.lat[chosen])
    rows = chosen[there]
    # Sorted by hour and then by latitude, the near ones of an hour lie together.
    step = max(int(hours * 3.6e6), 1)
    slot = (time[rows] - time[rows].min(initial=0)) // step
    order = np.lexsort((c.lat[rows], slot))
    rows, slot = rows[order], slot[order]
    starts = np.flatnonzero(np.diff(slot, prepend=-1))
    track = np.asarray(c.feature)[rows] == _TRACK
    found = _sweep(
        *(rows, slot[starts], np.append(starts, len(rows)), time[rows], c.lon[rows], c.lat[rows]),
        *(track, int(hours * 3.6e6), float(degrees), _MOST),
    )
    if len(found) >= _MOST:
        raise BadRequest(
            f"Duplicates: within {degrees:g}° and {hours:g} h there are over a million pairs; "
            "make the tolerances smaller."
        )
    return found


@njit(cache=True, nogil=True)
def _sweep(
    rows: NDArray,
    slots: NDArray,
    bounds: NDArray,
    time: NDArray,
    lon: NDArray,
    lat: NDArray,
    track: NDArray,
    dt: int,
    degrees: float,
    most: int,
) -> NDArray:
    """Pair the stations of each slot of time with those of the same and the next one."""
    out = np.empty((1024, 2), np.int64)
    n = 0
    edge = degrees + 1e-9  # 0.01 must be within 0.01
    for g in range(len(slots)):
        last = g + 1 if g + 1 < len(slots) and slots[g + 1] == slots[g] + 1 else g
        for h in range(g, last + 1):
            low = bounds[h]
            for i in range(bounds[g], bounds[g + 1]):
                while low < bounds[h + 1] and lat[low] < lat[i] - edge:
                    low += 1
                for j in range(max(low, i + 1) if h == g else low, bounds[h + 1]):
                    if lat[j] > lat[i] + edge:
                        break
                    apart = abs(lon[i] - lon[j])
                    apart = min(apart, abs(360.0 - apart))
                    if apart > edge or abs(time[i] - time[j]) > dt:
                        continue
                    equal = time[i] == time[j] and apart == 0 and lat[i] == lat[j]
                    # A track comes close to itself at every step.
                    if track[i] and track[j] and not equal:
                        continue
                    if n == most:
                        return out[:n]
                    if n == len(out):
                        more = np.empty((2 * n, 2), np.int64)
                        more[:n] = out
                        out = more
                    out[n, 0], out[n, 1] = min(rows[i], rows[j]), max(rows[i], rows[j])
                    n += 1
    return out[:n]


def _chained(label: NDArray, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pair each row with the next of the same label."""
    order = np.lexsort((rows, label))
    same = np.flatnonzero(np.diff(label[order]) == 0)
    return np.column_stack([rows[order[same]], rows[order[same + 1]]])


def _named(c: Collection, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pair stations of one EDMO code and LOCAL_CDI_ID; points of tracks share theirs."""
    codes = c.text("local_cdi_id").codes[chosen]
    own = (codes >= 0) & (c.edmo[chosen] > 0) & (np.asarray(c.feature)[chosen] != _TRACK)
    rows = chosen[own]
    return _chained(codes[own].astype(np.int64) << 32 | c.edmo[rows], rows)


def _same_values(c: Collection, key: str, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pair stations of exactly the same values in the same order."""

    def sums() -> NDArray[np.uint64]:
        values, starts = _values(c, key)
        return _fingerprints(values.view(np.int64), values, starts, np.diff(c.offsets))

    prints = c.remember(("fingerprints", key), sums)[chosen]
    return _chained(prints[prints != 0], chosen[prints != 0])


@njit(cache=True, nogil=True)
def _fingerprints(bits: NDArray, values: NDArray, starts: NDArray, lengths: NDArray) -> NDArray:
    """Make a number of the values of each station; 0 where they are too few or too plain.

    FNV-1a over the values that are there; at least 5 of them, and 4 steps.
    """
    out = np.zeros(len(lengths), np.uint64)
    for r in range(len(lengths)):
        if starts[r] < 0:
            continue
        made = np.uint64(14695981039346656037)
        n = steps = 0
        before = np.nan
        for i in range(starts[r], starts[r] + lengths[r]):
            if values[i] == values[i]:
                made = (made ^ np.uint64(bits[i])) * np.uint64(1099511628211)
                made ^= made >> np.uint64(29)
                n += 1
                steps += values[i] != before
                before = values[i]
        if n >= 5 and steps >= 5:
            out[r] = made
    return out


def find_duplicates(
    collection: Collection,
    rows: NDArray[np.int64] | None = None,
    degrees: float = 0.01,
    hours: float = 1.0,
    metres: float = 2.0,
    value: float = 0.1,
    share: float = 0.9,
) -> Findings:
    """Report stations that may be another one again; see `find_pairs`.

    Returns
    -------
    Findings
        Reports, one a pair, of the station that comes later in the collection;
        the value is the share of values that agree, in percent.
    """
    c = collection
    pairs = find_pairs(c, degrees, hours, metres, value, share=share)
    a, b = pairs.a, pairs.b
    if rows is not None:
        # A pair with a station that is not asked about is told of the one that is.
        later = np.isin(b, rows)
        a, b = np.where(later, a, b), np.where(later, b, a)
    kept = np.ones(len(b), bool) if rows is None else np.isin(b, rows)
    a, b, reasons = a[kept], b[kept], pairs.reason[kept]
    part = 100.0 * pairs.same[kept] / np.maximum(pairs.compared[kept], 1)
    words = {
        i: f"{REASONS[reason]} as {c.station_id(first)}"
        for i, (first, reason) in enumerate(zip(a.tolist(), reasons.tolist(), strict=True))
    }
    return Findings.of("duplicates", None, b, -1, "0", part, 100 * share, words)
