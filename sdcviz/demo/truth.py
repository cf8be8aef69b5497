"""The truth behind the synthetic stations: what a climatology of them should find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .cruises import FIRST_YEAR, YEARS
from .water import water

__all__ = ["true_mean"]

_DAYS = (5, 15, 25)


def true_mean(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    depth: NDArray[np.float64],
    months: Sequence[int],
    years: tuple[int, int] = (FIRST_YEAR, FIRST_YEAR + YEARS - 1),
    parameter: str = "temperature",
) -> NDArray[np.float64]:
    """Average the water over the years, without weather and noise of instruments.

    The climatological truth of some months is defined as the mean of the 5th, 15th and 25th
    of each month in each of the years. Eddies that drift and the trend are part of the water
    of each day; their mean over the years is what remains of them here.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees east and north.
    depth : ndarray, shape (k,)
        Metres.
    months : sequence of int
        1 to 12.
    years : (int, int)
        First and last, both included.
    parameter : {"temperature", "salinity", "oxygen"}
        In-situ °C (ITS-90), practical salinity, µmol/kg.

    Returns
    -------
    ndarray, shape (n, k)
        As if the sea were nowhere shallower.
    """
    depths = np.broadcast_to(depth, (len(lon), len(depth)))
    total = np.zeros(depths.shape)
    times = [
        np.datetime64(f"{year}-{month:02d}-{day:02d}T12:00", "m")
        for year in range(years[0], years[1] + 1)
        for month in months
        for day in _DAYS
    ]
    for time in times:
        made = water(lon, lat, np.full(len(lon), time), depths, None)
        total += getattr(made, parameter)
    return total / len(times)
