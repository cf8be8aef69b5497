"""Water that is heavier than the water below it.

TEOS-10 decides, but it costs half a microsecond a sample. Nearly all pairs of
levels are stable by far, and a short equation of state tells which: only those
that might pass the limit are computed exactly.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.qc.model import Findings

from .base import Check, Piece, Setting
from .limits import Limits
from .profile import exceeds

__all__ = ["DENSITY_INVERSION"]

_SP_TO_SR = 35.16504 / 35
"""Practical to reference salinity (TEOS-10): for stations of unknown position."""

MARGIN = 0.015, 4e-5, 0.04
"""What the short equation may be wrong by in a difference of density: kg/m3, more of it for each
dbar between the levels, and as a share of what temperature and salinity weigh apart."""


def density_inversion(piece: Piece, limits: Limits) -> Findings:
    """Find pairs of levels of which the upper is the denser; see `DENSITY_INVERSION`."""
    rules = limits.everywhere("density")
    least = float(np.min(rules.number("limit")))
    measured = "pressure" in piece.collection.keys
    first, second = _suspicious(
        piece.offsets,
        piece.profile,
        piece.pressure if measured else piece.depth,
        piece.values("temperature"),
        piece.values("salinity"),
        piece.usable("temperature"),
        piece.usable("salinity"),
        least,
        np.array(MARGIN),
    )
    flag, value, threshold = _inversions(
        first,
        second,
        piece.station[first],
        piece.region,
        piece.depth,
        density_step(piece, first, second),
        rules.table,
        rules.number("limit"),
    )
    return Findings.join(
        [
            piece.find("density_inversion", key, flag, value, threshold)
            for key in ("temperature", "salinity")
        ]
    )


def density_step(
    piece: Piece, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute how much denser the deeper of two samples is, both at the pressure midway.

    Parameters
    ----------
    piece : Piece
    first, second : ndarray of int64
        Samples of the piece, two by two of one station.

    Returns
    -------
    ndarray of float64
        kg/m3; negative is an inversion, NaN cannot be told.
    """
    import gsw

    station = piece.station[first]
    lon, lat = piece.lon[station], piece.lat[station]
    water = []
    with np.errstate(all="ignore"):
        for at in (first, second):
            p, salinity = piece.pressure_at(at), piece.values("salinity")[at]
            sa = gsw.SA_from_SP(salinity, p, lon, lat)
            sa = np.where(np.isfinite(sa), sa, salinity * _SP_TO_SR)
            water.append((sa, gsw.CT_from_t(sa, piece.values("temperature")[at], p), p))
        (sa1, ct1, p1), (sa2, ct2, p2) = water
        middle = (p1 + p2) / 2
        step = gsw.rho(sa2, ct2, middle) - gsw.rho(sa1, ct1, middle)
    return step * np.sign(p2 - p1)


DENSITY_INVERSION = Check(
    "density_inversion",
    "Density inversion",
    "pair",
    "piece",
    "rho(upper) - rho(lower) > limit, both moved to the pressure midway (TEOS-10, gsw); "
    "temperature and salinity of both levels are flagged",
    "Argo quality control manual, test 14",
    density_inversion,
    {"limit": Setting("kg/m3 by which the upper level may be the denser")},
    needs=("temperature", "salinity"),
    features=("profile",),
)


@njit(cache=True, nogil=True, fastmath=True)
def _rho(s: float, t: float, p: float) -> float:
    """Density by the equation of state of Wright (1997), kg/m3, pressure in dbar."""
    p *= 1e4
    a = 7.057924e-4 + 3.480336e-7 * t - 1.112733e-7 * s
    b = 5.790749e8 + t * (3.516535e6 + t * (-4.002714e4 + t * 2.084372e2))
    b += s * (5.944068e5 - 9.643486e3 * t)
    c = 1.704853e5 + t * (7.904722e2 + t * (-7.984422 + t * 5.140652e-2))
    c += s * (-2.302158e2 - 3.079464 * t)
    return (p + b) / (c + a * (p + b))


@njit(cache=True, nogil=True)
def _suspicious(
    offsets: NDArray,
    profile: NDArray,
    pressure: NDArray,
    temperature: NDArray,
    salinity: NDArray,
    good_t: NDArray,
    good_s: NDArray,
    limit: float,
    margin: NDArray,
) -> tuple[NDArray, NDArray]:
    """Find the pairs of levels that follow each other and may be an inversion."""
    first, second = np.empty(temperature.size, np.int64), np.empty(temperature.size, np.int64)
    n = 0
    for r in range(offsets.size - 1):
        if not profile[r]:
            continue
        h = -1
        for i in range(offsets[r], offsets[r + 1]):
            if not (good_t[i] and good_s[i]):
                continue
            if h >= 0:
                apart = pressure[i] - pressure[h]
                middle = (pressure[i] + pressure[h]) / 2
                # Water warms by about 0.15 degrees in 1000 dbar.
                warmer = 0.75e-4 * apart
                here = _rho(salinity[i], temperature[i] - warmer, middle)
                step = here - _rho(salinity[h], temperature[h] + warmer, middle)
                if apart < 0:
                    step = -step
                weight = 0.3 * abs(temperature[i] - temperature[h])
                weight += 0.8 * abs(salinity[i] - salinity[h])
                wrong = margin[0] + margin[1] * abs(apart) + margin[2] * weight
                if not step > wrong - limit:
                    first[n], second[n] = h, i
                    n += 1
            h = i
    return first[:n].copy(), second[:n].copy()


@njit(cache=True, nogil=True)
def _inversions(
    first_of: NDArray,
    second_of: NDArray,
    station: NDArray,
    region: NDArray,
    depth: NDArray,
    step: NDArray,
    table: tuple[NDArray, ...],
    limit: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Flag both levels of an inversion; of two inversions the greater is told.

    `step` is how much denser the deeper of each pair is.
    """
    first, last, top, bottom, flags = table
    flag = np.zeros(depth.size, np.uint8)
    value, threshold = np.zeros(depth.size), np.empty(depth.size)
    for n in range(step.size):
        x = -step[n]
        if not x > 0:
            continue
        r = region[station[n]]
        i, j = first_of[n], second_of[n]
        z = max(depth[i], depth[j])
        for k in range(first[r], last[r]):
            if z >= top[k] and z < bottom[k] and exceeds(x, limit[k]):
                for m in (i, j):
                    if x > value[m]:
                        flag[m], value[m], threshold[m] = flags[k], x, limit[k]
                break
    return flag, value, threshold
