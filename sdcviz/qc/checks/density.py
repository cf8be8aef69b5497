"""Water that is heavier than the water below it."""

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


def density_inversion(piece: Piece, limits: Limits) -> Findings:
    """Find pairs of levels of which the upper is the denser; see `DENSITY_INVERSION`."""
    import gsw

    rules = limits.everywhere("density")
    usable = piece.usable("temperature") & piece.usable("salinity")
    usable &= np.repeat(piece.profile, piece.lengths)
    at = np.flatnonzero(usable)
    # Everything from here on is about the levels that are complete.
    station = piece.station[at]
    pressure, salinity = piece.pressure[at], piece.values("salinity")[at]
    with np.errstate(all="ignore"):
        sa = gsw.SA_from_SP(salinity, pressure, piece.lon[station], piece.lat[station])
        sa = np.where(np.isfinite(sa), sa, salinity * _SP_TO_SR)
        ct = gsw.CT_from_t(sa, piece.values("temperature")[at], pressure)
        middle = (pressure[1:] + pressure[:-1]) / 2
        step = gsw.rho(sa[1:], ct[1:], middle) - gsw.rho(sa[:-1], ct[:-1], middle)
    step *= np.sign(pressure[1:] - pressure[:-1])
    step[station[1:] != station[:-1]] = np.nan
    flag, value, threshold = _inversions(
        at, station, piece.region, piece.depth, step, rules.table, rules.number("limit")
    )
    return Findings.join(
        [
            piece.find("density_inversion", key, flag, value, threshold)
            for key in ("temperature", "salinity")
        ]
    )


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
    judges=(),
)


@njit(cache=True, nogil=True)
def _inversions(
    at: NDArray,
    station: NDArray,
    region: NDArray,
    depth: NDArray,
    step: NDArray,
    table: tuple[NDArray, ...],
    limit: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Flag both levels of an inversion; of two inversions the greater is told.

    `step` is how much denser the deeper of two complete levels `at` is; NaN
    between stations.
    """
    first, last, top, bottom, flags = table
    flag = np.zeros(depth.size, np.uint8)
    value, threshold = np.zeros(depth.size), np.empty(depth.size)
    for n in range(step.size):
        x = -step[n]
        if not x > 0:
            continue
        r = region[station[n]]
        i, j = at[n], at[n + 1]
        z = max(depth[i], depth[j])
        for k in range(first[r], last[r]):
            if z >= top[k] and z < bottom[k] and exceeds(x, limit[k]):
                for m in (i, j):
                    if x > value[m]:
                        flag[m], value[m], threshold[m] = flags[k], x, limit[k]
                break
    return flag, value, threshold
