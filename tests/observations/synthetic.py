"""Batches made of random numbers, as a reader would give them."""

from __future__ import annotations

import hashlib

import numpy as np

from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations

TEMP = Parameter("Temperature", "degC", "TEMPPR01", "UPAA")
PSAL = Parameter("Salinity", "psu", "PSALPR01", "UUUU")
OXYGEN = Parameter("Oxygen", "umol/l", "DOXYZZXX", "UPOX")
SPECIES = Parameter("Species", kind="text")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def batch(
    n: int = 50,
    seed: int = 0,
    *,
    parameters: tuple[Parameter, ...] = (TEMP, PSAL),
    first_index: int = 0,
    levels: int = 12,
    series: bool = False,
    decimals: int = 3,
) -> Batch:
    """Make `n` stations with up to `levels` samples; some know neither place nor time."""
    rng = np.random.default_rng(seed)
    stations = Stations.blank(n, first_index)
    stations.lon = rng.uniform(-180, 180, n).round(4)
    stations.lat = rng.uniform(-80, 80, n).round(4)
    days = rng.integers(-3000, 15000, n)
    stations.time = (days * 86_400_000 + rng.integers(0, 86_400_000, n)).astype("datetime64[ms]")
    unknown = rng.random(n) < 0.05
    stations.lon[unknown] = np.nan
    stations.lat[unknown] = np.nan
    stations.time[rng.random(n) < 0.05] = np.datetime64("NaT")
    stations.edmo = rng.choice(np.array([0, 486, 545, 730], np.int32), n)
    stations.cruise = Coded.of([f"CRUISE {i % 4}" for i in range(n)])
    stations.station = Coded.of([f"S{first_index + i}" for i in range(n)])
    stations.platform = Coded.of([["", "RV Aegaeo", "Argo float"][i % 3] for i in range(n)])
    stations.local_cdi_id = Coded.of([f"CDI-{seed}-{i // 2}" for i in range(n)])
    stations.extra = {"project": Coded.of([None if i % 2 else "MEDAR" for i in range(n)])}
    lengths = rng.integers(0 if n > 5 else 1, levels, n)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    m = int(offsets[-1])
    columns = []
    for p in parameters:
        flags = rng.choice(np.frombuffer(b"0112349Q", np.uint8), m)
        if p.kind == "text":
            values = Coded.of(rng.choice(["Gadus morhua", "Sprattus sprattus", ""], m).tolist())
        else:
            values = rng.normal(15, 5, m).round(decimals)
            gone = rng.random(m) < 0.1
            values[gone], flags[gone] = np.nan, ord("9")
        columns.append(Column(p, values, flags.astype(np.uint8)))
    depth = rng.uniform(0, 2000, m).round(1)
    depth[rng.random(m) < 0.03] = np.nan
    made = Batch(
        stations=stations,
        offsets=offsets,
        columns=columns,
        depth=depth,
        depth_flag=rng.choice(np.frombuffer(b"01134", np.uint8), m).astype(np.uint8),
        row=np.arange(10, 10 + m),
    )
    if series:
        made.time = rng.integers(0, 10**12, m).astype("datetime64[ms]")
        made.time[rng.random(m) < 0.1] = np.datetime64("NaT")
        made.time_flag = _flags(m, seed + 100)
    stations.position_flag, stations.time_flag = _flags(n, seed + 200), _flags(n, seed + 300)
    return made


def _flags(n: int, seed: int) -> np.ndarray:
    """Give places and times flags, some of them bad."""
    codes = np.frombuffer(b"0111111134", np.uint8)
    return np.random.default_rng(seed).choice(codes, n).astype(np.uint8)
