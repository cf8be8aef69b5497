"""Compiled loops over stations and samples.

All take plain arrays, release the GIL and are cached on disk. Samples of a
parameter may be stored for some stations only, so its column has its own
`starts` (-1: the station has none) beside the stations' `offsets`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "all_single",
    "column_statistics",
    "fill_histogram",
    "gather",
    "gather_masked",
    "judge_samples",
    "morton",
    "per_sample",
    "restore",
    "standing",
    "station_extent",
    "times_kept",
]

_TENS = 10.0 ** np.arange(23)
_NO_TIME = np.iinfo(np.int64).min
_MISSING, _PROBABLY_BAD, _BAD = ord("9"), ord("3"), ord("4")
_ERA = 719468
"""Days from 0000-03-01, where an era of 400 years begins, to 1970-01-01."""
_ERAS = (_ERA + 2000 * 146097) * 86400000
"""Milliseconds that make every time positive, in whole eras before `_ERA`."""
_MONTH = (
    (np.arange(146097) - _ERA).astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
).astype(np.uint8)
"""Month of each day of an era: looked up in a quarter of the time that it takes to compute."""


@njit(cache=True, nogil=True)
def _rounded(x: float, digits: int) -> float:
    """Round to some significant decimal digits, as the nearest double."""
    size = abs(x)
    if not (1e-12 < size < 1e15):
        return x
    power = digits - 1 - int(np.floor(np.log10(size)))
    if power >= 0:
        return np.rint(x * _TENS[power]) / _TENS[power]
    return np.rint(x / _TENS[-power]) * _TENS[-power]


@njit(cache=True, nogil=True)
def _decimal(x: Any) -> float:
    """Find the decimal of six or seven digits that a single-precision number stands for."""
    wide = np.float64(x)
    for digits in (6, 7):
        short = _rounded(wide, digits)
        if np.float32(short) == x:
            return short
    return wide


@njit(cache=True, nogil=True)
def all_single(values: NDArray) -> bool:
    """Tell whether single precision holds each double without loss (see `restore`)."""
    scale = 1.0
    for x in values:
        # up to six digits at the number of decimals seen last: always fits
        whole = np.rint(x * scale)
        if abs(whole) < 1e6 and whole / scale == x:
            continue
        if x == x and x != _decimal(np.float32(x)):
            return False
        if abs(whole) < 1e5 and scale < 1e9:
            scale *= 10.0
    return True


@njit(cache=True, nogil=True)
def restore(values: NDArray) -> NDArray:
    """Widen single precision to the decimals it stands for (13.42, not 13.4200001)."""
    out = np.empty(values.size, np.float64)
    for i in range(values.size):
        out[i] = _decimal(values[i])
    return out


@njit(cache=True, nogil=True)
def _spread(x: Any) -> Any:
    """Put a zero bit between the bits of a 32-bit number."""
    x = np.uint64(x)
    x = (x | (x << np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    x = (x | (x << np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    x = (x | (x << np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    x = (x | (x << np.uint64(2))) & np.uint64(0x3333333333333333)
    return (x | (x << np.uint64(1))) & np.uint64(0x5555555555555555)


@njit(cache=True, nogil=True)
def morton(lon: NDArray, lat: NDArray) -> NDArray:
    """Z-order key of each position on the Mercator square; unknown positions come last.

    Mercator, so that the cells of the order are the cells of a web map.
    """
    out = np.empty(lon.size, np.uint64)
    top = np.uint64(0xFFFFFFFF)
    edge = 85.0511287798066
    for i in range(lon.size):
        if not (np.isfinite(lon[i]) and np.isfinite(lat[i])):
            out[i] = np.uint64(0xFFFFFFFFFFFFFFFF)
            continue
        phi = np.radians(min(max(lat[i], -edge), edge))
        u = min(max((lon[i] + 180.0) / 360.0, 0.0), 1.0)
        v = 0.5 - np.log(np.tan(np.pi / 4 + phi / 2)) / (2 * np.pi)
        v = min(max(v, 0.0), 1.0)
        x = min(np.uint64(u * 4294967296.0), top)
        y = min(np.uint64(v * 4294967296.0), top)
        out[i] = _spread(x) | (_spread(y) << np.uint64(1))
    return out


@njit(cache=True, nogil=True)
def gather(source: NDArray, starts: NDArray, lengths: NDArray, fill: Any, out: NDArray) -> None:
    """Copy runs ``source[starts[i]:starts[i] + lengths[i]]`` one after another to `out`."""
    at = 0
    for i in range(starts.size):
        start, n = starts[i], lengths[i]
        if start < 0:
            for j in range(n):
                out[at + j] = fill
        else:
            for j in range(n):
                out[at + j] = source[start + j]
        at += n


@njit(cache=True, nogil=True)
def gather_masked(
    source: NDArray, starts: NDArray, lengths: NDArray, mask: NDArray, fill: Any, out: NDArray
) -> None:
    """Like `gather`, for the samples whose `mask` is set only."""
    at = 0
    seen = 0
    for i in range(starts.size):
        start = starts[i]
        for j in range(lengths[i]):
            if mask[seen + j]:
                out[at] = fill if start < 0 else source[start + j]
                at += 1
        seen += lengths[i]


@njit(cache=True, nogil=True)
def per_sample(values: NDArray, counts: NDArray, out: NDArray) -> None:
    """Repeat a station's value for each of its samples."""
    at = 0
    for i in range(values.size):
        for _ in range(counts[i]):
            out[at] = values[i]
            at += 1


@njit(cache=True, nogil=True)
def in_time(t: int, t0: int, t1: int, months: int) -> bool:
    """Test one time (milliseconds since 1970; the smallest number is "unknown").

    Bit m of `months` is set for each month m that is meant; 0 is all.
    """
    # Without a branch: that of a random time is guessed wrong every other time.
    month = _MONTH[np.uint64(t + _ERAS) // np.uint64(86400000) % np.uint64(_MONTH.size)]
    meant = (months == 0) | ((months >> month) & 1 == 1)
    return (t != _NO_TIME) & (t0 <= t) & (t <= t1) & meant


@njit(cache=True, nogil=True)
def times_kept(times: NDArray, t0: int, t1: int, months: int) -> NDArray:
    """Test many times, see `in_time`."""
    out = np.empty(times.size, np.bool_)
    for i in range(times.size):
        out[i] = in_time(times[i], t0, t1, months)
    return out


@njit(cache=True, nogil=True)
def badness(flag: int) -> int:
    """Tell how bad a place or time is: 1 for flag 3, 2 for flag 4, else 0."""
    return (flag == _PROBABLY_BAD) + 2 * (flag == _BAD)


@njit(cache=True, nogil=True)
def judge_samples(
    rows: NDArray,
    offsets: NDArray,
    starts: NDArray,
    columns: Any,
    limits: Any,
    counts: NDArray,
    mask: NDArray,
    means: NDArray,
) -> None:
    """Find the samples that meet all conditions: count, mark and average them.

    One loop does all three with everything in plain variables: calling a
    function for each sample is a hundred times slower.

    Parameters
    ----------
    rows : ndarray of int64
        Stations to look at.
    offsets, starts : ndarray of int64
        First sample of each station, among all and in the parameter's column.
    columns : tuple of ndarray
        Depth, depth flag, value, flag, sample time and its flag (empty if
        they do not matter), station time and its flag, position flag;
        allowed flags (by the worst flag of position and time, by depth flag
        and flag).
    limits : tuple
        Switch and bounds for depth and value, switch for flags, switch,
        bounds and months for time.
    counts : ndarray of int64
        Samples kept of each station.
    mask : ndarray of bool
        All samples of the stations, one after another; empty if not wanted.
    means : ndarray of float32
        Mean of the values kept of each station; empty if not wanted.
    """
    depth, depth_flags, values, flags, times, time_flags = columns[:6]
    station_time, station_flag, position_flag, allowed = columns[6:]
    by_depth, z0, z1, by_value, v0, v1, by_flag, by_time, t0, t1, months = limits
    any_depth, any_value, any_flag = not by_depth, not by_value, not by_flag
    marking, averaging = mask.size > 0, means.size > 0
    timed_flags = by_flag and time_flags.size > 0
    plain = not (by_time or timed_flags or marking or averaging)
    longest = 0
    for r in rows:
        longest = max(longest, offsets[r + 1] - offsets[r])
    no_values = np.full(longest, np.nan, values.dtype)
    no_flags = np.full(longest, _MISSING, np.uint8)
    at = 0
    for k in range(rows.size):
        r = rows[k]
        first, size, start = offsets[r], offsets[r + 1] - offsets[r], starts[r]
        there = start >= 0
        z, zf = depth[first : first + size], depth_flags[first : first + size]
        x = values[start : start + size] if there else no_values[:size]
        xf = flags[start : start + size] if there else no_flags[:size]
        total, kept, n = 0.0, 0, 0
        place = badness(position_flag[r])
        ok = allowed[max(place, badness(station_flag[r]))]
        if plain:  # without branches, the compiler does several samples at once
            for j in range(size):
                kept += (
                    (any_depth | ((z[j] >= z0) & (z[j] <= z1)))
                    & (any_value | ((x[j] >= v0) & (x[j] <= v1)))
                    & (any_flag | ok[zf[j], xf[j]])
                )
            counts[k] = kept
            continue
        for j in range(size):
            good = (
                (any_depth | ((z[j] >= z0) & (z[j] <= z1)))
                & (any_value | ((x[j] >= v0) & (x[j] <= v1)))
                & (any_flag | ok[zf[j], xf[j]])
            )
            if timed_flags and times[first + j] != _NO_TIME:
                # Its own time counts, not its station's.
                own = allowed[max(place, badness(time_flags[first + j]))]
                good = (
                    (any_depth | ((z[j] >= z0) & (z[j] <= z1)))
                    & (any_value | ((x[j] >= v0) & (x[j] <= v1)))
                    & own[zf[j], xf[j]]
                )
            if by_time and good:
                t = times[first + j]
                good = in_time(t if t != _NO_TIME else station_time[r], t0, t1, months)
            kept += good
            if marking:
                mask[at + j] = good
            if averaging and good and x[j] == x[j]:
                total += x[j]
                n += 1
        counts[k] = kept
        if averaging:
            means[k] = total / n if n else np.nan
        at += size


@njit(cache=True, nogil=True)
def standing(
    flags: NDArray,
    starts: NDArray,
    offsets: NDArray,
    places: NDArray,
    depth_flags: NDArray,
    own: NDArray,
    tables: Any,
    out: NDArray,
) -> None:
    """Give each sample the flag that counts: depth, time and position spoil it.

    Parameters
    ----------
    flags : ndarray of uint8
        Column of the parameter.
    starts, offsets : ndarray of int64
        First sample of each station in that column (-1: none), and among all.
    places : ndarray of uint8, shape (stations, 2)
        Badness of the position alone, and of position and time.
    depth_flags : ndarray of uint8
        All samples.
    own : ndarray of uint8
        Flags of the samples' own times, 0 where the station's holds; may be empty.
    tables : tuple of ndarray
        `sdcviz.formats.flags.badness` and `spoiled`.
    out : ndarray of uint8
        All samples.
    """
    level, spoil = tables
    for r in range(len(starts)):
        shift = starts[r] - offsets[r]
        for i in range(offsets[r], offsets[r + 1]):
            bad = places[r, 1]
            if own.size and own[i]:
                bad = max(places[r, 0], level[own[i]])
            flag = flags[i + shift] if starts[r] >= 0 else _MISSING
            out[i] = spoil[max(bad, level[depth_flags[i]]), flag]


@njit(cache=True, nogil=True)
def station_extent(depth: NDArray, offsets: NDArray, low: NDArray, high: NDArray) -> None:
    """Find the shallowest and deepest sample of each station (NaN if none is known)."""
    for r in range(low.size):
        a, b = np.inf, -np.inf
        for i in range(offsets[r], offsets[r + 1]):
            if depth[i] < a:
                a = depth[i]
            if depth[i] > b:
                b = depth[i]
        low[r] = a if a <= b else np.nan
        high[r] = b if a <= b else np.nan


@njit(cache=True, nogil=True)
def column_statistics(
    values: NDArray, flags: NDArray, lengths: NDArray, used: NDArray, counts: NDArray
) -> tuple[int, float, float]:
    """Count values and flags of a column and find its range.

    `used` (one a station) is set where the station has a value, `counts` (256)
    collects all flags.
    """
    n, low, high = 0, np.inf, -np.inf
    at = 0
    for r in range(lengths.size):
        some = False
        for i in range(at, at + lengths[r]):
            x = values[i]
            counts[flags[i]] += 1
            if x == x:
                some = True
                n += 1
                low = min(low, x)
                high = max(high, x)
        used[r] = some
        at += lengths[r]
    return n, low, high


@njit(cache=True, nogil=True)
def fill_histogram(values: NDArray, low: float, high: float, out: NDArray) -> None:
    """Count values in equal bins; those outside go to the first and the last."""
    scale = out.size / (high - low)
    for x in values:
        if x == x:
            i = int((min(max(x, low), high) - low) * scale)
            out[min(i, out.size - 1)] += 1
