"""Which samples belong to one map of a product: its level and its time step, or around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .grid import Grid
from .times import Times, When

if TYPE_CHECKING:
    from .product import Product

__all__ = ["depth_range", "in_depth", "in_time", "in_window", "window_words"]

_YEAR = 365.2425
_DAY_MS = 86_400_000


def in_window(
    product: Product,
    variable: str,
    samples: Any,
    depth: float | None,
    step: When,
    window: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.bool_]:
    """Tell which samples belong to one map.

    Parameters
    ----------
    product : Product
    variable : str
        Field; the likeliest one if empty.
    samples : mapping
        With ``depth`` (metres) and ``time``.
    depth : float or None
        Of the map, see `Product.map`.
    step : int, str or date
        Time step of the map; see `Product.profile`.
    window : (float, float)
        Metres above and below; 0: half way to the neighbouring levels. Days before and after; 0:
        the time step, of a climatology its months of any year.

    Returns
    -------
    ndarray of bool
        A sample without depth or time belongs to no map that has one.
    """
    grid = product.grid(variable)
    fits = in_depth(grid, samples["depth"], depth, window[0])
    if grid.has_time:
        fits &= in_time(grid.times, samples["time"], grid.times.find(step), window[1])
    return fits


def depth_range(grid: Grid, depth: float | None, metres: float = 0.0) -> tuple[float, float] | None:
    """Return between which depths samples belong to a level; None: at all depths."""
    if not grid.has_depth:
        return None
    z = 0 if depth is None else int(np.abs(grid.depth - depth).argmin())
    if metres > 0:
        return float(grid.depth[z] - metres), float(grid.depth[z] + metres)
    return float(grid.level_edges[z]), float(grid.level_edges[z + 1])


def in_depth(
    grid: Grid, depths: NDArray[np.floating], depth: float | None, metres: float = 0.0
) -> NDArray[np.bool_]:
    """Tell which depths belong to a level; see `in_window`."""
    depths = np.asarray(depths)
    between = depth_range(grid, depth, metres)
    if between is None:
        return np.ones(depths.shape, bool)
    top, bottom = between
    # Half way between two levels a sample belongs to one of them, the deeper one.
    last = metres > 0 or bottom == grid.level_edges[-1]
    return (depths >= top) & ((depths <= bottom) if last else (depths < bottom))


def in_time(
    times: Times, when: NDArray[np.datetime64], step: int, days: float = 0.0
) -> NDArray[np.bool_]:
    """Tell which times belong to a step; see `in_window`."""
    moment = np.asarray(when, "datetime64[ms]")
    if len(times) == 0 or (len(times) == 1 and not times.known):
        return np.ones(moment.shape, bool)
    if not times.known:
        return np.zeros(moment.shape, bool)
    if days <= 0:
        return _of_step(times, moment, step)
    if not times.climatology:
        away = moment.astype(np.int64) - times.values[step].astype(np.int64)
        return (np.abs(away) <= days * _DAY_MS) & ~np.isnat(moment)
    year = moment.astype("datetime64[Y]")
    day = (moment - year.astype("datetime64[ms]")).astype(np.int64) / _DAY_MS
    away = np.abs(day - _middle(times.months[step]))
    fits = (np.minimum(away, _YEAR - away) <= days) & ~np.isnat(moment)
    return fits & _of_years(times, moment, step)


def _of_step(times: Times, moment: NDArray, step: int) -> NDArray[np.bool_]:
    if not times.climatology:
        start, stop = times.edges[step], times.edges[step + 1]
        last = step == len(times) - 1
        return (moment >= start) & ((moment <= stop) if last else (moment < stop))
    month = moment.astype("datetime64[M]").astype(np.int64) % 12 + 1
    own = np.zeros(13, bool)
    own[list(times.months[step])] = True
    known = ~np.isnat(moment)
    return own[np.where(known, month, 0)] & _of_years(times, moment, step)


def _of_years(times: Times, moment: NDArray, step: int) -> NDArray[np.bool_]:
    """Tell what lies in the years of a step, where several steps have the same months."""
    if times.bounds is None or len(set(times.months)) == len(times.months):
        return np.ones(moment.shape, bool)
    return (moment >= times.bounds[step, 0]) & (moment <= times.bounds[step, 1])


def _middle(months: frozenset[int]) -> float:
    """Return the day of the year in the middle of months that follow each other."""
    first = next((m for m in sorted(months) if (m - 2) % 12 + 1 not in months), 1)
    return ((first - 1) + len(months) / 2) * _YEAR / 12 % _YEAR


def window_words(
    product: Product,
    variable: str,
    depth: float | None,
    step: When,
    window: tuple[float, float] = (0.0, 0.0),
) -> str:
    """Say in words what belongs to one map, as "7.5 to 15 m, July of any year"."""
    grid = product.grid(variable)
    parts = []
    between = depth_range(grid, depth, window[0])
    if between is not None:
        parts.append(f"{max(between[0], 0):g} to {between[1]:g} {grid.depth_unit}")
    times = grid.times
    if grid.has_time and (times.known or len(times) > 1):
        k = times.find(step)
        if not times.known:
            parts.append("no time, as the steps have none")
        elif window[1] > 0:
            around = "the middle of " if times.climatology else ""
            parts.append(f"{window[1]:g} days around {around}{times.labels[k]}")
        else:
            years = len(set(times.months)) == len(times.months)
            parts.append(times.labels[k] + (" of any year" if times.climatology and years else ""))
    return ", ".join(parts) or "all of them"
