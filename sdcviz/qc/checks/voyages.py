"""Stations in the order in which one ship, float or glider made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.formats.model import MISSING
from sdcviz.qc.model import Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["SPREAD", "TENTHS", "Voyages", "asked", "bad_places", "medians", "voyages"]

SPREAD = 1.4826
"""Median distance from the median to standard deviation, for a normal distribution."""
TENTHS = 2.563
"""Standard deviations between the first and the last tenth of a normal distribution."""
_BAD = np.array([ord("4"), MISSING], np.uint8)


@dataclass(frozen=True)
class Voyages:
    """Stations grouped by voyage, in the order of time.

    Attributes
    ----------
    rows : ndarray of int64
        Stations with a time and a position, voyage after voyage.
    bounds : ndarray of int64
        Where each voyage begins in `rows`, and the end of the last.
    """

    rows: NDArray[np.int64]
    bounds: NDArray[np.int64]

    @property
    def of_station(self) -> NDArray[np.int64]:
        """Number of the voyage of each element of `rows`."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))


def voyages(collection: Collection) -> Voyages:
    """Group stations that share cruise and platform.

    Parameters
    ----------
    collection : Collection

    Returns
    -------
    Voyages
        Without stations that have neither cruise nor platform, and those whose
        time or position is missing, impossible or flagged bad.
    """
    c = collection
    chosen = np.arange(c.n_stations)
    cruise, platform = c.text("cruise").codes, c.text("platform").codes
    known = (cruise >= 0) | (platform >= 0)
    known &= _possible(c.time[chosen]) & ~np.isin(c.time_flag[chosen], _BAD)
    known &= ~bad_places(c, chosen)
    chosen, cruise, platform = chosen[known], cruise[known], platform[known]
    voyage = (cruise.astype(np.int64) + 1) * (int(platform.max(initial=0)) + 2) + platform + 1
    order = np.lexsort((c.station_index[chosen], c.time[chosen], voyage))
    chosen, voyage = chosen[order], voyage[order]
    starts = np.flatnonzero(np.diff(voyage, prepend=-1))
    return Voyages(chosen, np.append(starts, len(chosen)).astype(np.int64))


def _possible(time: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Tell which times are neither missing nor impossible, as the check `date` finds them."""
    tomorrow = np.datetime64("now", "ms") + np.timedelta64(1, "D")
    return (time >= np.datetime64("1700", "ms")) & (time <= tomorrow)


def bad_places(collection: Collection, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which stations have no possible position, or one that is flagged bad."""
    c = collection
    lon, lat = c.lon[rows], c.lat[rows]
    there = np.isfinite(lon) & (np.abs(lat) <= 90) & ((lon != 0) | (lat != 0))
    return ~there | np.isin(c.position_flag[rows], _BAD)


def asked(found: Findings, rows: NDArray[np.int64] | None) -> Findings:
    """Keep findings of the stations that are asked about; all without `rows`."""
    return found if rows is None else found.take(np.isin(found.station, rows))


@njit(cache=True, nogil=True)
def medians(values: NDArray, bounds: NDArray) -> NDArray:
    """Give the median of each run of `values`; NaN for an empty one."""
    out = np.full(len(bounds) - 1, np.nan)
    for g in range(len(out)):
        if bounds[g + 1] > bounds[g]:
            out[g] = np.median(values[bounds[g] : bounds[g + 1]])
    return out
