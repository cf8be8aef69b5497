"""What every station has to tell about itself, and when it can have been made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.formats.model import FEATURES, MISSING
from sdcviz.qc.checks.voyages import SPREAD, asked, medians, voyages
from sdcviz.qc.model import TIME, Findings
from sdcviz.words import counted

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = [
    "backwards",
    "find_backwards",
    "find_impossible_times",
    "find_missing_metadata",
    "find_out_of_cruise",
    "out_of_voyage",
]

_DAY = 86_400_000
_SERIES = FEATURES.index("time series")
_BAD = np.array([ord("4"), MISSING], np.uint8)


# ---- metadata -------------------------------------------------------------
def find_missing_metadata(
    collection: Collection, rows: NDArray[np.int64] | None = None
) -> Findings:
    """Find stations without cruise, time, position, data centre or LOCAL_CDI_ID.

    What all stations of a file lack is told once, of its first station. Of
    the first station it is told which parameters have no P01 or P06 code.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Stations; all by default.

    Returns
    -------
    Findings
        Reports; the value is how many items are missing.
    """
    c = collection
    chosen = np.arange(c.n_stations) if rows is None else np.asarray(rows, np.int64)
    source = np.asarray(c.source)[chosen]
    sources, size = np.unique(source, return_counts=True)
    lacks: dict[int, list[str]] = {}
    items = {
        "cruise": c.text("cruise").codes[chosen] < 0,
        "time": np.isnat(c.time[chosen]),
        "position": ~np.isfinite(c.lon[chosen] + c.lat[chosen]),
        "EDMO code": c.edmo[chosen] <= 0,
        "LOCAL_CDI_ID": c.text("local_cdi_id").codes[chosen] < 0,
    }
    for name, missing in items.items():
        at = np.searchsorted(sources, source[missing])
        whole = np.bincount(at, minlength=len(sources)) == size
        for s in np.flatnonzero(whole):
            first = int(np.argmax(source == sources[s]))
            more = f" (as all {size[s]} stations of the file)" if size[s] > 1 else ""
            lacks.setdefault(first, []).append(f"no {name}{more}")
        for i in np.flatnonzero(missing)[~whole[at]].tolist():
            lacks.setdefault(i, []).append(f"no {name}")
    at = np.array(sorted(lacks), np.int64)
    parts = [
        Findings.of(
            *("metadata", None, chosen[at], -1, "0"),
            np.array([len(lacks[i]) for i in at.tolist()], float),
            0,
            {n: ", ".join(lacks[i]) for n, i in enumerate(at.tolist())},
        )
    ]
    parts += _unknown_codes(c, chosen)
    return Findings.join(parts)


def _unknown_codes(c: Collection, chosen: NDArray[np.int64]) -> list[Findings]:
    """Tell at the first station which parameters have no code."""
    found = []
    there = [p for p in c.parameters if len(chosen) and c.has(p.key)[chosen].any()]
    for code in ("P01", "P06"):
        names = [p.name for p in there if not getattr(p, code.lower())]
        if names:
            shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
            text = f"no {code} code for {counted(len(names), 'parameter')}: {shown}"
            found.append(
                Findings.of("metadata", None, chosen[0], -1, "0", len(names), 0, {0: text})
            )
    return found


# ---- dates ----------------------------------------------------------------
def find_impossible_times(
    collection: Collection,
    rows: NDArray[np.int64] | None = None,
    first_year: int = 1700,
    now: np.datetime64 | None = None,
) -> Findings:
    """Find times before `first_year` or in the future, of stations and of samples.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Stations; all by default.
    first_year : int
        Nothing was measured before.
    now : datetime64, optional
        The present; a day more is allowed, for time zones.

    Returns
    -------
    Findings
        Flag 4 of the time; the value is the year, with its part gone.
    """
    c = collection
    chosen = np.arange(c.n_stations) if rows is None else np.asarray(rows, np.int64)
    moment = now or np.datetime64(datetime.now(UTC).replace(tzinfo=None), "ms")
    end = (moment + np.timedelta64(1, "D")).astype("datetime64[ms]")
    begin = np.datetime64(f"{first_year:04d}-01-01", "ms")
    limits = np.array([_year(np.array([t]))[0] for t in (begin, end)])

    def told(time: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        off = np.flatnonzero((time < begin) | (time > end))
        return off, _year(time[off]), np.where(time[off] < begin, *limits)

    off, year, limit = told(c.time[chosen])
    parts = [Findings.of("date", TIME, chosen[off], -1, "4", year, limit)]
    if c.sample_time is not None:
        off, year, limit = told(c.sample_time)
        station = np.searchsorted(c.offsets, off, "right") - 1
        kept = np.isin(station, chosen)
        sample = (off - c.offsets[station])[kept]
        parts.append(Findings.of("date", TIME, station[kept], sample, "4", year[kept], limit[kept]))
    return Findings.join(parts)


def _year(time: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Give times as years with decimals."""
    start = time.astype("datetime64[Y]")
    return 1970 + start.astype(int) + (time - start) / np.timedelta64(1, "D") / 365.25


def out_of_voyage(
    time: NDArray[np.datetime64],
    bounds: NDArray[np.int64],
    days: float = 60,
    factor: float = 10,
    share: float = 0.1,
    fewest: int = 5,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Find the stations whose time is far from that of the rest of their voyage.

    Parameters
    ----------
    time : ndarray of datetime64[ms], shape (n,)
        Voyage after voyage.
    bounds : ndarray of int64
        Where each voyage begins, and the end of the last.
    days, factor : float
        A time is far from the median of the voyage by more than `days` and
        by more than `factor` times the spread (1.4826 times the median
        distance from the median).
    share : float
        Where more than this part (and one) is off, the voyage has no middle, and
        none is.
    fewest : int
        Voyages of fewer stations are not judged.

    Returns
    -------
    off : ndarray of bool, shape (n,)
    away, limit : ndarray of float64, shape (n,)
        Days from the median, and how many are allowed.
    """
    size = np.diff(bounds)
    of = np.repeat(np.arange(len(size)), size)
    day = time.astype("datetime64[ms]").astype(np.int64) / _DAY
    away = np.abs(day - medians(day, bounds)[of])
    limit = np.maximum(factor * SPREAD * medians(away, bounds), days)[of]
    off = (away > limit) & (size[of] >= fewest)
    few = np.bincount(of[off], minlength=len(size)) <= np.maximum(share * size, 1)
    return off & few[of], away, limit


def find_out_of_cruise(
    collection: Collection,
    rows: NDArray[np.int64] | None = None,
    days: float = 60,
    factor: float = 10,
    share: float = 0.1,
) -> Findings:
    """Find times far from those of the rest of the cruise; see `out_of_voyage`.

    Returns
    -------
    Findings
        Flag 3 of the time; the value is the distance to the median in days.
    """
    c = collection
    v = voyages(c)
    off, away, limit = out_of_voyage(c.time[v.rows], v.bounds, days, factor, share)
    n = np.flatnonzero(off)
    found = Findings.of("cruise_dates", TIME, v.rows[n], -1, "3", away[n], limit[n])
    return asked(found, rows)


# ---- order of samples -----------------------------------------------------
@njit(cache=True, nogil=True)
def backwards(time: NDArray, offsets: NDArray) -> NDArray:
    """Find the fewest samples without which time never runs backwards.

    All that are not in the longest series that does not decrease (patience
    sorting), so that one time too late is found and not all that follow it.

    Parameters
    ----------
    time : ndarray of int64, shape (n,)
        Milliseconds; the smallest number is "no time", and never found.
    offsets : ndarray of int64
        Where each series begins, and the end of the last.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    none = np.iinfo(np.int64).min
    out = np.zeros(len(time), np.bool_)
    for g in range(len(offsets) - 1):
        a, b = offsets[g], offsets[g + 1]
        top = none
        sorted_ = True
        for i in range(a, b):
            if time[i] != none:
                sorted_ &= time[i] >= top
                top = time[i]
        if sorted_:
            continue
        ends = np.empty(b - a, np.int64)  # sample at which the best series of each length ends
        before = np.full(b - a, -1, np.int64)
        n = 0
        for i in range(a, b):
            if time[i] == none:
                continue
            low, high = 0, n
            while low < high:
                middle = (low + high) // 2
                if time[ends[middle]] <= time[i]:
                    low = middle + 1
                else:
                    high = middle
            if low:
                before[i - a] = ends[low - 1]
            ends[low] = i
            n = max(n, low + 1)
            out[i] = True
        i = ends[n - 1]
        while i >= 0:
            out[i] = False
            i = before[i - a]
    return out


def find_backwards(collection: Collection, rows: NDArray[np.int64] | None = None) -> Findings:
    """Find samples whose time is before that of the samples before them.

    Samples of a time series that come depth after depth are compared within
    their depth.

    Returns
    -------
    Findings
        Flag 4 of the sample's time; the value is how many seconds it is away
        from the next sample that is in order.
    """
    c = collection
    none = Findings.of("time_order", TIME, [], -1, "4", [], 0)
    if c.sample_time is None:
        return none
    known = ~np.isnat(c.sample_time)
    count = np.add.reduceat(np.append(known, False), c.offsets[:-1]) if c.n_stations else known
    chosen = np.flatnonzero((count > 1) & (np.diff(c.offsets) > 1))
    chosen = chosen if rows is None else np.intersect1d(chosen, rows)
    lengths = np.diff(c.offsets)[chosen]
    if not len(chosen):
        return none
    station = np.repeat(chosen, lengths)
    starts = np.cumsum(lengths) - lengths
    sample = np.arange(len(station)) - np.repeat(starts, lengths)
    at = c.offsets[station] + sample
    # Depth after depth: a stable sort, so that the order within one stays.
    depth = np.where(c.feature[station] == _SERIES, np.nan_to_num(c.depth[at], nan=-1.0), 0.0)
    order = np.lexsort((depth, station))
    station, sample, depth, at = station[order], sample[order], depth[order], at[order]
    new = np.flatnonzero((np.diff(station) != 0) | (np.diff(depth) != 0)) + 1
    offsets = np.concatenate([[0], new, [len(at)]]).astype(np.int64)
    time = c.sample_time[at].view(np.int64).copy()
    flags = c.sample_time_flag
    if flags is not None:
        time[np.isin(flags[at], _BAD)] = np.iinfo(np.int64).min
    off = backwards(time, offsets)
    found, good = np.flatnonzero(off), np.flatnonzero(~off & (time != np.iinfo(np.int64).min))
    after = good[np.minimum(np.searchsorted(good, found), max(len(good) - 1, 0))]
    apart = np.abs(time[found] - time[after]) / 1000
    return Findings.of("time_order", TIME, station[found], sample[found], "4", apart, 0)
