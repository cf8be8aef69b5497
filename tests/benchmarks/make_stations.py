"""Make stations along cruise tracks, and a collection of them, for the benchmarks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdcviz.formats.model import Batch

CRUISE = 50
"""Stations of a cruise."""
MEDITERRANEAN = (-6.0, 30.0, 36.0, 46.0)


def tracks(n: int, seed: int = 0) -> tuple[NDArray, NDArray, NDArray]:
    """Return longitude, latitude and time of `n` stations, cruise after cruise.

    Two of seven cruises sail the Mediterranean, the others anywhere.
    """
    rng = np.random.default_rng(seed)
    cruises = -(-n // CRUISE)
    west, south, east, north = MEDITERRANEAN
    lon = rng.uniform(-180, 180, cruises)
    lat = np.degrees(np.arcsin(rng.uniform(-0.93, 0.96, cruises)))
    near = rng.random(cruises) < 2 / 7
    lon[near] = rng.uniform(west, east, near.sum())
    lat[near] = rng.uniform(south, north, near.sum())
    step = rng.normal(0, 0.15, (2, cruises, CRUISE)).cumsum(axis=2)
    lon = (lon[:, None] + step[0]).ravel()[:n]
    lat = np.clip((lat[:, None] + step[1]).ravel()[:n], -80, 84)
    start = np.sort(rng.integers(0, 45 * 365 * 24, cruises))
    hours = (start[:, None] + np.arange(CRUISE) * 4).ravel()[:n]
    time = np.datetime64("1975-01-01", "h") + hours
    return (lon + 180) % 360 - 180, lat, time.astype("datetime64[ms]")


def _batches(n: int) -> Iterator[Batch]:
    from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations

    lon, lat, time = tracks(n)
    temperature = Parameter("Temperature", "degC", "TEMPPR01", "UPAA")
    rng = np.random.default_rng(1)
    for first in range(0, n, 500_000):
        piece = slice(first, first + 500_000)
        m = len(lon[piece])
        stations = Stations.blank(m, first)
        stations.lon, stations.lat, stations.time = lon[piece], lat[piece], time[piece]
        cruise = (first + np.arange(m)) // CRUISE
        names, codes = np.unique(cruise, return_inverse=True)
        stations.cruise = Coded(codes.astype(np.int32), [f"C{c:06d}" for c in names])
        counts = rng.integers(1, 4, m)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        k = int(offsets[-1])
        values = np.repeat(28 - 0.3 * np.abs(lat[piece]), counts) + rng.normal(0, 1, k)
        yield Batch(
            stations=stations,
            offsets=offsets,
            columns=[
                Column(temperature, values.astype(np.float32), np.full(k, ord("1"), np.uint8))
            ],
            depth=(np.arange(k) - np.repeat(offsets[:-1], counts)) * 10.0,
            depth_flag=np.full(k, ord("1"), np.uint8),
            row=np.arange(k),
        )


def collection(folder: Path, n: int) -> Path:
    """Build a collection of `n` stations with one to three samples each."""
    from sdcviz.observations import build_collection

    identity = hashlib.sha256(f"tracks {n}".encode()).hexdigest()
    build_collection([("tracks", identity, _batches(n))], folder, name=f"{n:,} stations")
    return folder
