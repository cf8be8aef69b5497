"""What the sea around a station looks like: its neighbours, and how their values are spread.

An operator judges a profile against others of the same region and season, taken
from the collection itself. Samples that are flagged bad, or whose depth or
position is, say nothing about the sea and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["Band", "Neighbours", "Water", "find_neighbours", "gather", "spread"]

RADII_KM = (25.0, 50.0, 100.0, 200.0, 400.0)
"""Looked at one after another, until there are `ENOUGH` neighbours."""
ENOUGH = 30
MOST = 300
"""Nearest neighbours that count for the spread."""
PERCENTILES = (5.0, 50.0, 95.0)
LEAST = 8
"""Values that a layer must have for its percentiles to say something."""
LAYERS = np.array(
    [-1e4, *range(0, 50, 5), *range(50, 200, 10), *range(200, 500, 25),
     *range(500, 2000, 100), *range(2000, 11_001, 500)], float,
)  # fmt: skip
"""Edges [m] of the layers of a spread: thin where the sea changes fast."""
_BAD = np.zeros(256, bool)
_BAD[[ord(c) for c in "3489"]] = True


@dataclass(frozen=True)
class Neighbours:
    """Stations near another one, in its season.

    Attributes
    ----------
    rows : ndarray of int64
        The nearest first, at most `MOST`.
    found : int
        How many there are within the radius.
    radius_km : float
        How far they were looked for.
    months : tuple of int
        Months of the year; empty: all, where the time of the station is not known.
    """

    rows: NDArray[np.int64]
    found: int
    radius_km: float
    months: tuple[int, ...]


@dataclass(frozen=True)
class Water:
    """Samples of several stations, one after another.

    Attributes
    ----------
    depth : ndarray of float32
        Metres.
    values : dict of str to ndarray of float32
        NaN where there is none, or where it is flagged bad.
    ends : ndarray of int64
        Where the samples of each station end.
    """

    depth: NDArray[np.float32]
    values: dict[str, NDArray[np.float32]]
    ends: NDArray[np.int64]


@dataclass(frozen=True)
class Band:
    """Percentiles (5, 50, 95) of values by depth; arrays of one length.

    Attributes
    ----------
    depth, low, middle, high : ndarray of float32
        Middle of each layer [m], and the percentiles of its values.
    count : int
        Values that went into it.
    """

    depth: NDArray[np.float32]
    low: NDArray[np.float32]
    middle: NDArray[np.float32]
    high: NDArray[np.float32]
    count: int


def find_neighbours(c: Collection, row: int, key: str) -> Neighbours:
    """Find the stations around one, that have a parameter and are of the same season.

    Parameters
    ----------
    c : Collection
    row : int
        Station.
    key : str
        Parameter, or an empty text for any.

    Returns
    -------
    Neighbours
        Within the least of `RADII_KM` that holds `ENOUGH`. The season is the month
        of the station with the one before and the one after.
    """
    months = _season(c, row)
    lon, lat = float(c.lon[row]), float(c.lat[row])
    none = Neighbours(np.empty(0, np.int64), 0, RADII_KM[0], months)
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return none
    for radius in RADII_KM:
        rows, _ = c.near(lon, lat, radius)
        rows = rows[(rows != row) & ~_BAD[c.position_flag[rows]]]
        if key:
            rows = rows[c.has(key)[rows]]
        if months:
            rows = rows[np.isin(_month(c.time[rows]), months)]
        if len(rows) >= ENOUGH:
            break
    return Neighbours(rows[:MOST], len(rows), radius, months)


def _month(time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the months, 1 to 12; 0 where the time is not known."""
    months = time.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return np.where(np.isnat(time), 0, months)


def _season(c: Collection, row: int) -> tuple[int, ...]:
    month = int(_month(c.time[row : row + 1])[0])
    if not month or _BAD[c.time_flag[row]]:
        return ()
    return tuple((month + d - 1) % 12 + 1 for d in (-1, 0, 1))


def gather(
    c: Collection, rows: NDArray[np.int64], keys: tuple[str, ...], most: int = 200_000
) -> Water:
    """Collect the good samples of some stations.

    Parameters
    ----------
    c : Collection
    rows : ndarray of int64
        Stations.
    keys : tuple of str
        Parameters with numbers.
    most : int
        Samples; of more, those of the last stations are left out (the first always stays).

    Returns
    -------
    Water
        Of the first `len(ends)` stations.
    """
    counts = c.offsets[rows + 1] - c.offsets[rows]
    kept = max(1, int(np.searchsorted(np.cumsum(counts), most, "right"))) if len(rows) else 0
    rows, counts = rows[:kept], counts[:kept]
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if kept else 0) - np.repeat(ends - counts, counts)
    at = np.repeat(c.offsets[rows], counts) + within
    depth = np.asarray(c.depth[at], np.float32)
    wrong = _BAD[c.depth_flag[at]]
    values = {}
    for key in keys:
        stored, flags = c.stored(key), c.stored(key, "flags")
        assert stored is not None and flags is not None, "values and flags are always stored"
        starts = np.repeat(stored[1][rows], counts)
        place = np.where(starts >= 0, starts + within, 0)
        known = (starts >= 0) & ~wrong
        if len(stored[0]):
            known &= ~_BAD[flags[0][place]]
            values[key] = np.where(known, stored[0][place], np.nan).astype(np.float32)
        else:
            values[key] = np.full(len(at), np.nan, np.float32)
    return Water(depth, values, ends)


def spread(depth: NDArray[np.float32], values: NDArray[np.float32]) -> Band:
    """Work out the percentiles of values in layers of depth.

    Parameters
    ----------
    depth, values : ndarray, shape (n,)
        Those that are not finite are left out.

    Returns
    -------
    Band
        Layers with less than `LEAST` values are left out.
    """
    known = np.isfinite(depth) & np.isfinite(values)
    depth, values = depth[known], values[known]
    layer = np.searchsorted(LAYERS, depth, "right")
    order = np.lexsort((values, layer))
    layer, depth, values = layer[order], depth[order], values[order]
    _, first, counts = np.unique(layer, return_index=True, return_counts=True)
    enough = counts >= LEAST
    first, counts = first[enough], counts[enough]
    sums = np.concatenate([[0.0], np.cumsum(depth, dtype=float)])
    middle = (sums[first + counts] - sums[first]) / np.maximum(counts, 1)
    low, mid, high = (_quantile(values, first, counts, p / 100) for p in PERCENTILES)
    return Band(middle.astype(np.float32), low, mid, high, int(counts.sum()))


def _quantile(
    values: NDArray[np.float32], first: NDArray[np.int64], counts: NDArray[np.int64], part: float
) -> NDArray[np.float32]:
    """Interpolate a quantile of sorted runs, as ``numpy.quantile`` does."""
    place = part * (counts - 1)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, counts - 1)
    rest = place - below
    return ((1 - rest) * values[first + below] + rest * values[first + above]).astype(np.float32)
