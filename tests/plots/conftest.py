"""Synthetic samples whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest


def samples(stations: int = 5, levels: int = 10, first: str = "2001-01-15") -> dict:
    """Build stations a month apart, warm and fresh above, cold and salt below."""
    n = stations * levels
    station = np.repeat(np.arange(stations), levels)
    depth = np.tile(np.linspace(0, 900, levels), stations)
    month = np.datetime64(first, "M") + station.astype("timedelta64[M]")
    flag = np.full(n, ord("1"), np.uint8)
    flag[::7] = ord("4")
    return {
        "station": station,
        "sample": np.arange(n),
        "depth": depth,
        "time": month.astype("datetime64[ms]") + np.timedelta64(14, "D"),
        "lon": 3.0 + 0.005 * station,
        "lat": 38.0 + 0.003 * station,
        "value": 20.0 - depth / 100 + station * 0.1,
        "flag": flag,
        "salinity": 36.0 + depth / 500,
        "salinity_flag": np.full(n, ord("2"), np.uint8),
    }


@pytest.fixture
def few() -> dict:
    return samples()


@pytest.fixture
def many() -> dict:
    return samples(500, 50)
