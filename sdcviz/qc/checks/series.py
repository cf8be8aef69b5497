"""Time series: flat lines, jumps, signals that fade, gaps.

After QARTOD (U.S. IOOS), with thresholds as times, not as numbers of samples.
Each depth of a station is a series of its own, unless the depth changes all
the time. QARTOD's flags 3 and 4 are those of L20; its 2 ("not evaluated") has
no place here: what can't be judged is not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.formats.model import FEATURES
from sdcviz.qc.checks.base import Check, Piece, Setting, number_keys
from sdcviz.qc.checks.limits import Limits
from sdcviz.qc.checks.pieces import rule_of_samples
from sdcviz.qc.model import Findings

__all__ = ["SERIES", "attenuated", "flat", "gaps", "rates"]

_SERIES = FEATURES.index("time series")
_HOUR = 3.6e6


# ---- on arrays --------------------------------------------------------------
@njit(cache=True, nogil=True)
def flat(
    time: NDArray, values: NDArray, bounds: NDArray, within: NDArray, tolerance: NDArray
) -> NDArray:
    """Find stretches in which a value stays the same for long.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Hours, increasing within each series.
    values : ndarray of float64, shape (n,)
        None missing.
    bounds : ndarray of int64
        Where each series begins, and the end of the last.
    within, tolerance : ndarray of float64, shape (n,)
        Hours, and the range that the values of so many hours have to exceed.

    Returns
    -------
    ndarray of float64, shape (n,)
        Hours for which the stretch that a sample belongs to is flat; 0
        elsewhere. A stretch is at least `within` long and of three samples.
    """
    out = np.zeros(len(time))
    for g in range(len(bounds) - 1):
        first, end = bounds[g], bounds[g + 1]
        start = first  # of the samples that are within the tolerance of each other
        marked = first
        for i in range(first, end):
            if not within[i] == within[i]:
                start = i + 1
                continue
            low = high = values[i]
            j = i
            # Look back only as far as the stretch of the sample before reached.
            while j > start:
                low, high = min(low, values[j - 1]), max(high, values[j - 1])
                if not high - low < tolerance[i]:
                    break
                j -= 1
                if time[i] - time[j] >= within[i]:
                    break
            if time[i] - time[j] >= within[i] and i - j >= 2:
                length = time[i] - time[j]
                for k in range(max(j, marked), i + 1):
                    out[k] = length
                marked = i
            elif j > start:
                start = j
    return out


@njit(cache=True, nogil=True)
def rates(time: NDArray, values: NDArray, bounds: NDArray) -> NDArray:
    """Give the change of each value since the one before, per hour; NaN for the first.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Hours, increasing within each series.
    values : ndarray of float64, shape (n,)
    bounds : ndarray of int64
        Where each series begins, and the end of the last.
    """
    out = np.full(len(time), np.nan)
    for g in range(len(bounds) - 1):
        for i in range(bounds[g] + 1, bounds[g + 1]):
            if time[i] > time[i - 1]:
                out[i] = abs(values[i] - values[i - 1]) / (time[i] - time[i - 1])
    return out


@njit(cache=True, nogil=True)
def attenuated(
    time: NDArray, values: NDArray, bounds: NDArray, hours: NDArray, fewest: NDArray
) -> NDArray:
    """Give the standard deviation of the values of the last hours.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Hours, increasing within each series.
    values : ndarray of float64, shape (n,)
    bounds : ndarray of int64
        Where each series begins, and the end of the last.
    hours, fewest : ndarray of float64, shape (n,)
        How far to look back (the end not included), and the samples that must be there.

    Returns
    -------
    ndarray of float64, shape (n,)
        Standard deviation (of all, not of a sample); NaN where there are too few.
    """
    out = np.full(len(time), np.nan)
    for g in range(len(bounds) - 1):
        j = bounds[g]
        middle = values[j] if bounds[g + 1] > j else 0.0  # keeps the sums small
        total = squares = 0.0
        for i in range(bounds[g], bounds[g + 1]):
            x = values[i] - middle
            total += x
            squares += x * x
            while j < i and time[i] - time[j] >= hours[i]:
                y = values[j] - middle
                total -= y
                squares -= y * y
                j += 1
            n = i - j + 1
            if n >= fewest[i]:
                out[i] = np.sqrt(max(squares / n - (total / n) ** 2, 0.0))
    return out


@njit(cache=True, nogil=True)
def gaps(time: NDArray, bounds: NDArray, hours: float, factor: float) -> NDArray:
    """Give the hours since the sample before, where they are many; NaN elsewhere.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Hours, increasing within each series.
    bounds : ndarray of int64
        Where each series begins, and the end of the last.
    hours, factor : float
        More than so many hours, and than so many times the median step.
    """
    out = np.full(len(time), np.nan)
    for g in range(len(bounds) - 1):
        a, b = bounds[g], bounds[g + 1]
        if b - a < 4:
            continue
        limit = max(hours, factor * np.median(np.diff(time[a:b])))
        for i in range(a + 1, b):
            if time[i] - time[i - 1] > limit:
                out[i] = time[i] - time[i - 1]
    return out


# ---- on pieces ----------------------------------------------------------------
@dataclass(frozen=True)
class _Lines:
    """The series of a parameter in a piece, one after another.

    Attributes
    ----------
    at : ndarray of int64
        Samples of the piece, in the order of series and time.
    bounds : ndarray of int64
        Where each series begins in `at`, and the end of the last.
    time : ndarray of float64
        Hours.
    values : ndarray of float64
    rule : ndarray of int64
        Rule of each sample; -1: none.
    """

    at: NDArray[np.int64]
    bounds: NDArray[np.int64]
    time: NDArray[np.float64]
    values: NDArray[np.float64]
    rule: NDArray[np.int64]


def _lines(piece: Piece, limits: Limits, key: str) -> _Lines:
    good = piece.present(key) & (piece.feature == _SERIES)[piece.station] & ~np.isnat(piece.time)
    at = np.flatnonzero(good)
    station = piece.station[at].astype(np.int64)
    depth = np.nan_to_num(piece.depth[at], nan=-1.0)
    time = piece.time[at].astype("datetime64[ms]").astype(np.int64) / _HOUR
    # Depths that change all the time are those of one instrument that moves.
    order = np.lexsort((depth, station))
    new = np.ones(len(at), bool)
    new[1:] = (np.diff(depth[order]) != 0) | (np.diff(station[order]) != 0)
    levels = np.bincount(station[order[new]], minlength=piece.n_stations)
    samples = np.bincount(station, minlength=piece.n_stations)
    depth = np.where((levels * 5 > samples)[station], 0.0, depth)
    order = np.lexsort((time, depth, station))
    at, station, depth, time = at[order], station[order], depth[order], time[order]
    new = np.ones(len(at), bool)
    new[1:] = (np.diff(depth) != 0) | (np.diff(station) != 0)
    bounds = np.append(np.flatnonzero(new), len(at)).astype(np.int64)
    rule = rule_of_samples(limits.of(key), piece)[at]
    return _Lines(at, bounds, time, piece.values(key)[at], rule)


def _each(check: str, piece: Piece, limits: Limits, judge: Any) -> Findings:
    """Judge the series of each parameter: `judge(lines, setting)` gives flags, values, limits.

    `setting` gives a setting of each sample's rule, NaN where there is none.
    """
    found = [Findings.of(check, None, [], -1, "3", [], 0)]
    if not (piece.feature == _SERIES).any():
        return found[0]
    for key in limits.keys(number_keys(piece.collection)):
        if key.startswith("@") or not piece.has(key):
            continue
        rules, lines = limits.of(key), _lines(piece, limits, key)
        if not len(lines.at):
            continue

        def setting(name: str, rules: Any = rules, lines: _Lines = lines) -> NDArray[np.float64]:
            return np.append(rules.number(name), np.nan)[lines.rule]

        off, bad, value, limit = judge(lines, setting)
        flags = np.append(rules.flags, np.uint8(0))[np.where(off, lines.rule, -1)]
        flags[bad] = ord("4")
        out = np.zeros(piece.n_samples, np.uint8)
        values, thresholds = np.full((2, piece.n_samples), np.nan)
        out[lines.at], values[lines.at], thresholds[lines.at] = flags, value, limit
        found.append(piece.find(check, key, out, values, thresholds))
    return Findings.join(found)


def flat_line(piece: Piece, limits: Limits) -> Findings:
    """Find stretches without any change; see `SERIES`."""

    def judge(lines: _Lines, setting: Any) -> tuple[NDArray, ...]:
        series = lines.time, lines.values, lines.bounds
        suspect, fail, tolerance = (setting(n) for n in ("suspect", "fail", "tolerance"))
        some, long = flat(*series, suspect, tolerance), flat(*series, fail, tolerance)
        bad = long > 0
        return some > 0, bad, np.maximum(some, long), np.where(bad, fail, suspect)

    return _each("flat_line", piece, limits, judge)


def rate_of_change(piece: Piece, limits: Limits) -> Findings:
    """Find jumps; see `SERIES`."""

    def judge(lines: _Lines, setting: Any) -> tuple[NDArray, ...]:
        rate = rates(lines.time, lines.values, lines.bounds)
        suspect, fail = setting("suspect"), setting("fail")
        bad = rate > fail
        return rate > suspect, bad, rate, np.where(bad, fail, suspect)

    return _each("rate_of_change", piece, limits, judge)


def attenuated_signal(piece: Piece, limits: Limits) -> Findings:
    """Find signals that have faded; see `SERIES`."""

    def judge(lines: _Lines, setting: Any) -> tuple[NDArray, ...]:
        hours, fewest = np.nan_to_num(setting("hours")), np.nan_to_num(setting("samples"))
        spread = attenuated(lines.time, lines.values, lines.bounds, hours, fewest)
        suspect, fail = setting("suspect"), setting("fail")
        bad = spread < fail
        return spread < suspect, bad, spread, np.where(bad, fail, suspect)

    return _each("attenuated_signal", piece, limits, judge)


def time_gap(piece: Piece, limits: Limits) -> Findings:
    """Report gaps; see `SERIES`."""
    rules = limits.of().rules[0]
    known = (piece.feature == _SERIES)[piece.station] & ~np.isnat(piece.time)
    at = np.flatnonzero(known)
    time = piece.time[at].astype("datetime64[ms]").astype(np.int64)
    order = np.lexsort((time, piece.station[at]))
    at, time = at[order], time[order]
    # Several depths at one time are one step.
    first = np.ones(len(at), bool)
    first[1:] = (np.diff(time) != 0) | (np.diff(piece.station[at]) != 0)
    at, time = at[first], time[first]
    bounds = np.searchsorted(piece.station[at], np.arange(piece.n_stations + 1))
    hours, factor = (float(rules.given[n]) for n in ("hours", "factor"))
    size = gaps(time / _HOUR, bounds.astype(np.int64), hours, factor)
    out, values = np.zeros(piece.n_samples, np.uint8), np.full(piece.n_samples, np.nan)
    out[at], values[at] = np.where(size > hours, ord(rules.flag), 0), size
    return piece.find("time_gap", None, out, values, hours)


_QARTOD = "QARTOD manual for in-situ temperature and salinity data 2.1"
_FAIL = Setting("the same for flag 4", optional=True)


def _series(name: str, title: str, formula: str, source: str, run: Any, settings: Any) -> Check:
    level: Any = "series"
    return Check(
        *(name, title, level, "piece", formula, source, run, settings),
        flag="0" if name == "time_gap" else "3",
        features=("time series",),
    )


SERIES: tuple[Check, ...] = (
    _series(
        *("flat_line", "Flat line"),
        "fails for all samples of a stretch of `suspect` (`fail`: flag 4) hours and of three or "
        "more samples, in which the range of the values is below `tolerance`",
        f"{_QARTOD}, test 8",
        flat_line,
        {
            "suspect": Setting("hours without change"),
            "fail": _FAIL,
            "tolerance": Setting("range that is no change, in the unit of the parameter"),
        },
    ),
    _series(
        *("rate_of_change", "Rate of change"),
        "fails where |value - value before| / time > `suspect` (`fail`: flag 4) an hour",
        f"{_QARTOD}, test 7, with a limit instead of standard deviations",
        rate_of_change,
        {"suspect": Setting("greatest change in an hour"), "fail": _FAIL},
    ),
    _series(
        *("attenuated_signal", "Attenuated signal"),
        "fails where the standard deviation of the last `hours` < `suspect` (`fail`: flag 4)",
        f"{_QARTOD}, test 10",
        attenuated_signal,
        {
            "hours": Setting("hours to look back"),
            "samples": Setting("samples that they must have", 10),
            "suspect": Setting("smallest standard deviation, in the unit of the parameter"),
            "fail": _FAIL,
        },
    ),
    _series(
        *("time_gap", "Gap in a series"),
        "reports steps above `hours` and above `factor` times the median step of the station",
        f"{_QARTOD}, test 1",
        time_gap,
        {
            "hours": Setting("hours that are always allowed", 1),
            "factor": Setting("times the median step", 10),
        },
    ),
)
"""Checks of time series, in the order in which they run."""
