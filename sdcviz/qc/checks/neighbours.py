"""Values against those of other stations around, and water against its neighbours.

What is usual is the median. How much it varies is the greater of 1.4826 times
the median distance from it and of what lies between the first and the last
tenth, as a few cruises in another state of the sea are no errors: less than a
tenth of errors moves none of them. After
the statistics by area and density layer of HydroBase (Lozier et al. 1995).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.checks.base import Check, Piece, Setting, number_keys
from sdcviz.qc.checks.limits import Limits, Rules
from sdcviz.qc.checks.pieces import pieces
from sdcviz.qc.checks.voyages import SPREAD, TENTHS
from sdcviz.qc.model import Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["LAYERS", "NEIGHBOURS", "TS_OUTLIER", "usual"]

_UPPER = (5, 10, 20, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500)
_LOWER = (600, 700, 800, 1000, 1200, 1500, 2000, 2500, 3000, 3500, 4000, 5000, 6000)
LAYERS = np.array((*_UPPER, *_LOWER), np.float64)
"""Borders of the depth layers in which values are compared, metres."""
SEASONAL = 200.0
"""Above this depth only the same two months are compared (January and February, ...)."""


@njit(cache=True, nogil=True)
def usual(
    order: NDArray, group: NDArray, station: NDArray, values: NDArray, fewest: int
) -> tuple[NDArray, NDArray]:
    """Give the median and the robust standard deviation of each value's group.

    Parameters
    ----------
    order : ndarray of int64, shape (n,)
        Sorts `group`, and stations within it.
    group, station : ndarray of int64, shape (n,)
    values : ndarray of float32, shape (n,)
        None missing.
    fewest : int
        Groups of fewer stations have NaN.

    Returns
    -------
    middle, spread : ndarray of float32, shape (n,)
    """
    n = len(values)
    middle = np.full(n, np.nan, np.float32)
    spread = np.full(n, np.nan, np.float32)
    a = 0
    while a < n:
        b, stations = a + 1, 1
        while b < n and group[order[b]] == group[order[a]]:
            stations += station[order[b]] != station[order[b - 1]]
            b += 1
        if stations >= fewest:
            mine = np.sort(values[order[a:b]])
            m = np.median(mine)
            s = SPREAD * np.median(np.abs(mine - m))
            tenth = (b - a) // 10
            s = max(s, (mine[-1 - tenth] - mine[tenth]) / TENTHS)
            for i in range(a, b):
                middle[order[i]] = m
                spread[order[i]] = s
        a = b
    return middle, spread


class _Samples(NamedTuple):
    """Samples that are compared: their stations, numbers, boxes, layers and values."""

    row: NDArray[np.int32]
    sample: NDArray[np.int32]
    region: NDArray[np.int16]
    layer: NDArray[np.int32]
    sigma: NDArray[np.float32]
    box: NDArray[np.int32]
    values: tuple[NDArray[np.float32], ...]


def _collect(
    c: Collection, limits: Limits, rules: Rules, keys: tuple[str, ...], dense: bool = False
) -> _Samples:
    """Read all samples that have good values of some parameters, in layers with rules."""
    degrees = float(rules.rules[0].given["degrees"])
    has = np.logical_and.reduce([c.has(key) for key in keys])
    there = np.flatnonzero(has & np.isfinite(c.lon + c.lat) & ~np.isnat(c.time))
    there = there[~np.isin(c.position_flag[there], [ord("3"), ord("4")])]
    parts: list[tuple[NDArray, ...]] = []
    for piece in pieces(c, limits, there):
        good = np.logical_and.reduce([piece.usable(k) & (piece.flags(k) != ord("3")) for k in keys])
        top = np.where(rules.last > rules.first, rules.top[rules.first], np.inf)
        good &= piece.depth >= top[piece.region][piece.station]
        at = np.flatnonzero(good)
        station = piece.station[at]
        depth = piece.depth[at]
        month = piece.station_time.astype("datetime64[M]").astype(np.int64) % 12
        season = np.where(depth < SEASONAL, 1 + month[station] // 2, 0)
        east = np.floor((piece.lon + 180) % 360 / degrees)
        north = np.floor((piece.lat + 90) / degrees)
        box = (north * np.ceil(360 / degrees) + east).astype(np.int32)[station]
        values = tuple(piece.values(k)[at].astype(np.float32) for k in keys)
        sigma = _density(piece, at, *values) if dense else np.empty(0, np.float32)
        layer = (np.searchsorted(LAYERS, depth, "right") * 8 + season).astype(np.int32)
        number = (at - piece.offsets[station]).astype(np.int32)
        parts.append(
            (
                piece.rows.astype(np.int32)[station],
                number,
                piece.region[station],
                layer,
                sigma,
                box,
                *values,
            )
        )
    if not parts:
        none = np.empty(0, np.int32)
        parts = [(none,) * (6 + len(keys))]
    row, number, region, layer, sigma, box, *values_ = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    return _Samples(row, number, region, layer, sigma, box, tuple(values_))


def _density(piece: Piece, at: NDArray, temperature: NDArray, salinity: NDArray) -> NDArray:
    """Give the potential density anomaly, to some 0.01: enough for layers."""
    import gsw

    sa = salinity.astype(np.float64) * (35.16504 / 35)
    ct = gsw.CT_from_t(sa, temperature.astype(np.float64), piece.depth[at])
    return gsw.sigma0(sa, ct).astype(np.float32)


def _distance(
    s: _Samples, group: NDArray, values: NDArray, fewest: int, least: float
) -> tuple[NDArray, NDArray, NDArray]:
    """Give median, spread, and how many spreads each value is away from its group."""
    order = np.argsort(group, kind="stable")  # samples are in the order of stations
    middle, spread = usual(order, group, s.row, values, fewest)
    spread = np.maximum(spread, np.float32(least))
    with np.errstate(invalid="ignore", divide="ignore"):
        return middle, spread, np.abs(values - middle) / spread


def _find(
    check: str, key: str, s: _Samples, at: NDArray, found: tuple[NDArray, ...], rules: Rules
) -> Findings:
    middle, spread, away = found
    region = s.region[at]
    words = {
        n: f"{a:.5g} is usual here, with a standard deviation of {b:.2g}"
        for n, (a, b) in enumerate(zip(middle[at].tolist(), spread[at].tolist(), strict=True))
    }
    flags = rules.flags[rules.first[region]]
    limit = rules.by_region("limit")[region]
    return Findings.of(check, key, s.row[at], s.sample[at], flags, away[at], limit, words)


def _asked(s: _Samples, rows: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    return np.ones(len(s.row), bool) if rows is None else np.isin(s.row, rows)


def neighbours(
    collection: Collection, limits: Limits, rows: NDArray[np.int64] | None = None
) -> Findings:
    """Find values that are far from those around; see `NEIGHBOURS`."""
    found = [Findings.of("neighbours", None, [], -1, "3", [], 0)]
    for key in limits.keys(number_keys(collection)):
        if key.startswith("@"):
            continue
        rules = limits.of(key)
        given = rules.rules[0].given
        s = _collect(collection, limits, rules, (key,))
        group = s.box * 512 + s.layer
        judged = _distance(s, group, s.values[0], int(given["stations"]), float(given["least"]))
        far = (judged[2] > rules.by_region("limit")[s.region]) & _asked(s, rows)
        found.append(_find("neighbours", key, s, np.flatnonzero(far), judged, rules))
    return Findings.join(found)


def ts_outlier(
    collection: Collection, limits: Limits, rows: NDArray[np.int64] | None = None
) -> Findings:
    """Find water that its density layer does not know; see `TS_OUTLIER`."""
    keys = ("temperature", "salinity")
    rules = limits.of()
    given = rules.rules[0].given
    fewest = int(given["stations"])
    s = _collect(collection, limits, rules, keys, dense=True)
    dense = s.box.astype(np.int64) * 65536 + (s.sigma / float(given["sigma"])).astype(np.int64)
    # At one density a change of temperature is one of salinity: salinity is judged.
    judged = _distance(s, dense, s.values[1], fewest, float(given["least"]))
    asked = _asked(s, rows)
    far = (judged[2] > rules.by_region("limit")[s.region]) & asked
    strange = _beyond(s, np.isfinite(judged[0]), 5 * fewest)
    unknown = (strange > rules.by_region("beyond")[s.region]) & asked
    # Which of the two is wrong tells the depth: that which is further from what is usual there.
    group = s.box * 512 + s.layer
    both = [_distance(s, group, v, fewest, x) for v, x in zip(s.values, (0.2, 0.05), strict=True)]
    warm = np.nan_to_num(both[0][2]) > np.nan_to_num(both[1][2])
    parts = []
    for key, is_warm in zip(keys, (True, False), strict=True):
        mine = warm == is_warm
        parts.append(_find("ts_outlier", key, s, np.flatnonzero(far & mine), judged, rules))
        at = np.flatnonzero(unknown & mine)
        limit = rules.by_region("beyond")[s.region[at]]
        flags = rules.flags[rules.first[s.region[at]]]
        words = dict.fromkeys(
            range(len(at)), "kg/m3 beyond all densities that are known around here"
        )
        where = s.row[at], s.sample[at]
        parts.append(Findings.of("ts_outlier", key, *where, flags, strange[at], limit, words))
    return Findings.join(parts)


def _beyond(s: _Samples, known: NDArray[np.bool_], fewest: int) -> NDArray[np.float32]:
    """Give how far the density of unknown water is from what is known in its box, kg/m3.

    Boxes of fewer than `fewest` stations know too little.
    """
    names, of = np.unique(s.box, return_inverse=True)
    first = np.flatnonzero(np.diff(s.row, prepend=-1))
    stations = np.bincount(of[first], minlength=len(names))
    low = np.full(len(names), np.inf, np.float32)
    high = np.full(len(names), -np.inf, np.float32)
    np.minimum.at(low, of[known], s.sigma[known])
    np.maximum.at(high, of[known], s.sigma[known])
    with np.errstate(invalid="ignore"):
        away = np.maximum(low[of] - s.sigma, s.sigma - high[of])
    silent = known | ~np.isfinite(away) | (stations < fewest)[of]
    return np.where(silent, np.float32(0), away)


_HYDROBASE = "HydroBase (Lozier, Owens and Curry 1995), with medians and a wider envelope"
_COMMON = {
    "degrees": Setting("side of the boxes", 2),
    "stations": Setting("stations that a group must have to be judged", 15),
    "least": Setting("smallest standard deviation, in the unit of the parameter", 0.0),
}

NEIGHBOURS = Check(
    "neighbours",
    "Stations around",
    "sample",
    "collection",
    "fails where |value - median| > `limit` x sd; both of all samples in the box of `degrees`, the "
    "depth layer and, above 200 m, the two months; sd the greater of 1.4826 x median |value - "
    "median| and of (last - first tenth) / 2.563",
    _HYDROBASE,
    neighbours,
    {"limit": Setting("standard deviations that are allowed", 8), **_COMMON},
    flag="3",
)
TS_OUTLIER = Check(
    "ts_outlier",
    "Temperature and salinity",
    "sample",
    "collection",
    "fails where |salinity - median| > `limit` x sd, both of all samples in the box of `degrees` "
    "and the layer of potential density of `sigma`, or where a density that fewer than `stations` "
    "have is more than `beyond` outside those that are known in the box; of the two "
    "parameters that is found which is further from the median of its depth layer",
    _HYDROBASE,
    ts_outlier,
    {
        "limit": Setting("standard deviations that are allowed", 8),
        "sigma": Setting("thickness of the layers, kg/m3", 0.1),
        "beyond": Setting("kg/m3 that unknown water may be denser or lighter", 0.5),
        **_COMMON,
    },
    needs=("temperature", "salinity"),
    flag="3",
)
