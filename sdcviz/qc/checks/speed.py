"""Whether a ship could have sailed from each station to the next in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.checks.place import KNOT
from sdcviz.qc.checks.voyages import asked, voyages
from sdcviz.qc.model import POSITION, Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["find_too_fast", "too_fast"]

_DAY = 86_400_000


def too_fast(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    time: NDArray[np.datetime64],
    bounds: NDArray[np.int64],
    knots: float | NDArray[np.float64] = 25.0,
    km: float = 2.0,
    minutes: float = 1.0,
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Find the stations to or from which a ship would have sailed too fast.

    Speed is the great-circle distance, less `km`, over the time between two
    successive stations, plus `minutes`: positions and times are rounded. Times
    of 00:00 are taken for dates without a time, known to a day. Of the two
    stations of a pair that is too fast, that one is found without which fewer
    pairs are, or the way is shorter; it is left out and the rest looked at
    again (after the track check of the Met Office's EN4).

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees, voyage after voyage.
    time : ndarray of datetime64[ms], shape (n,)
        Sorted in each voyage.
    bounds : ndarray of int64
        Where each voyage begins, and the end of the last.
    knots : float or ndarray, shape (n,)
        Greatest speed.
    km, minutes : float
        What distance and time may be wrong by.

    Returns
    -------
    found : ndarray of int8, shape (n,)
        1: too fast; 2: one of two, but which can't be told.
    speed : ndarray of float64, shape (n,)
        Knots, where found.
    """
    ms = np.asarray(time, "datetime64[ms]").astype(np.int64)
    limit = np.broadcast_to(np.asarray(knots, np.float64), lon.shape)
    found = np.zeros(len(lon), np.int8)
    speed = np.full(len(lon), np.nan)
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    ends = np.asarray(bounds, np.int64)
    _sail(x, y, ms, ends, limit * KNOT, float(km), minutes * 60_000.0, found, speed)
    return found, speed / KNOT


@njit(cache=True, nogil=True)
def _speed(
    i: int, j: int, lon: NDArray, lat: NDArray, ms: NDArray, km: float, slack: float
) -> tuple[float, float]:
    """Give kilometres, and kilometres an hour, from station i to j."""
    y0, y1 = np.radians(lat[i]), np.radians(lat[j])
    half = np.sin((y1 - y0) / 2) ** 2
    half += np.cos(y0) * np.cos(y1) * np.sin(np.radians(lon[j] - lon[i]) / 2) ** 2
    away = 2 * 6371.0 * np.arcsin(np.sqrt(min(half, 1.0)))
    took = ms[j] - ms[i] + slack
    if ms[i] % _DAY == 0 or ms[j] % _DAY == 0:
        took += _DAY
    return away, max(away - km, 0.0) / (took / 3.6e6)


@njit(cache=True, nogil=True)
def _sail(
    lon: NDArray,
    lat: NDArray,
    ms: NDArray,
    bounds: NDArray,
    limit: NDArray,
    km: float,
    slack: float,
    found: NDArray,
    speed: NDArray,
) -> None:
    for g in range(len(bounds) - 1):
        left = np.arange(bounds[g], bounds[g + 1])  # stations that are not left out
        n = len(left)
        k = 1
        while k < n:
            i, j = left[k - 1], left[k]
            _, v = _speed(i, j, lon, lat, ms, km, slack)
            if v <= min(limit[i], limit[j]):
                k += 1
                continue
            # Without i the ship sails from the one before it (p) to j and on to q.
            bad, way = np.zeros(2), np.zeros(2)
            for without in range(2):
                stop = left[k] if without == 0 else left[k - 1]
                for other in (k - 2, k + 1):
                    if 0 <= other < n:
                        a, b = (left[other], stop) if other < k else (stop, left[other])
                        d, u = _speed(a, b, lon, lat, ms, km, slack)
                        way[without] += d
                        bad[without] += u > min(limit[a], limit[b])
            if n == 2:
                found[i] = found[j] = 2
                speed[i] = speed[j] = v
                break
            first = bad[0] < bad[1] or (bad[0] == bad[1] and way[0] < way[1])
            gone = k - 1 if first else k
            found[left[gone]] = 1
            speed[left[gone]] = v
            left[gone : n - 1] = left[gone + 1 : n].copy()
            n -= 1
            k = max(gone - 1, 1)


def find_too_fast(
    collection: Collection,
    rows: NDArray[np.int64] | None = None,
    knots: float = 25.0,
    knots_float: float = 5.83,
    km: float = 2.0,
    minutes: float = 1.0,
    share: float = 0.05,
) -> Findings:
    """Find stations that their ship or float could not have reached; see `too_fast`.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Stations; all by default.
    knots, knots_float : float
        Greatest speed of ships, and of floats (3 m/s).
    km, minutes : float
        What distance and time may be wrong by.
    share : float
        Where more than this part of a voyage (and three) is too fast, it is not the
        voyage of one ship, and its stations are only reported.

    Returns
    -------
    Findings
        Flag 3 of the position, or report; the value is the speed in knots.
    """
    c = collection
    v = voyages(c)
    limit = np.where(_floats(c, v.rows), knots_float, knots)
    found, speed = too_fast(
        c.lon[v.rows], c.lat[v.rows], c.time[v.rows], v.bounds, limit, km, minutes
    )
    of, size = v.of_station, np.diff(v.bounds)
    count = np.bincount(of[found > 0], minlength=len(size))
    mixed = (count > np.maximum(share * size, 3)) & (size > 2)
    n = np.flatnonzero((found > 0) & ~mixed[of])
    flags = np.where(found[n] == 1, ord("3"), ord("0")).astype(np.uint8)
    stations = Findings.of("speed", POSITION, v.rows[n], -1, flags, speed[n], limit[n])
    first = v.bounds[:-1][mixed]
    words = {
        i: f"{a} of {b} stations of this cruise are too fast: it is not the voyage of one ship"
        for i, (a, b) in enumerate(zip(count[mixed].tolist(), size[mixed].tolist(), strict=True))
    }
    fastest = np.fmax.reduceat(speed, v.bounds[:-1])[mixed] if len(size) else speed
    whole = Findings.of("speed", POSITION, v.rows[first], -1, "0", fastest, limit[first], words)
    return asked(Findings.join([stations, whole]), rows)


def _floats(c: Collection, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell Argo floats, which have a number for a name, from ships."""
    argo = np.array(["argo" in str(s.get("format", "")) for s in c.manifest["sources"]], bool)
    platform = c.text("platform")
    number = np.array([*(label.strip().isdigit() for label in platform.labels), False], bool)
    return argo[c.source[rows]] & number[platform.codes[rows]]
