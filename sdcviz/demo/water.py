"""What the synthetic stations measure: temperature, salinity, oxygen.

Invented but physically consistent: temperature and salinity come from
conservative temperature and absolute salinity with gsw (TEOS-10), density
never decreases downwards, oxygen follows its solubility.
"""

from __future__ import annotations

from dataclasses import dataclass

import gsw
import numpy as np
from numpy.typing import NDArray

from .sea import climate, in_black_sea, land_distance

__all__ = ["Water", "levels", "water"]

Array = NDArray[np.float64]


@dataclass
class Water:
    """Measured values, one row a station; NaN below its last level.

    Attributes
    ----------
    temperature, salinity, oxygen : ndarray, shape (n, k)
        In-situ °C (ITS-90), practical salinity, µmol/kg.
    """

    temperature: Array
    salinity: Array
    oxygen: Array


def levels(deepest: Array, count: NDArray[np.int64]) -> Array:
    """Spread sampling depths from 1 m to the deepest, closer near the surface.

    Parameters
    ----------
    deepest : ndarray, shape (n,)
        Metres.
    count : ndarray of int, shape (n,)
        Levels of each station.

    Returns
    -------
    ndarray, shape (n, count.max())
        Metres, increasing; NaN after the last level.
    """
    k = np.arange(count.max())
    power = 1.1 + 0.6 * np.clip(np.log10(deepest / 30) / 2, 0, 1)[:, None]
    share = np.clip(k / (count[:, None] - 1), 0, 1) ** power
    depth = np.round(1 + (deepest[:, None] - 1) * share, 1)
    return np.where(k < count[:, None], depth, np.nan)


def water(
    lon: Array,
    lat: Array,
    time: NDArray[np.datetime64],
    depth: Array,
    random: np.random.Generator | None,
) -> Water:
    """Measure at the given places, times and depths.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees east and north.
    time : ndarray of datetime64, shape (n,)
        When.
    depth : ndarray, shape (n, k)
        Metres.
    random : Generator or None
        For instrument noise and weather; None gives the water without either.

    Returns
    -------
    Water
    """
    day = (time - time.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    years = (time - np.datetime64("2005-01-01")) / np.timedelta64(1, "D") / 365.25
    season = np.cos(2 * np.pi * (day - 228) / 365.25)  # 1 in the middle of August
    eddy = _eddies(lon, lat, years)

    def noise(size: float, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape) if random is None else random.normal(0, size, shape)

    weather = noise(0.25, lon.shape)
    here = climate(lon, lat)
    state = {k: v[:, None] for k, v in here.items()} | {
        "season": season[:, None],
        "eddy": eddy[:, None],
        "river": np.exp(-land_distance(lon, lat) / 20)[:, None],
        "surface": (here["t_mean"] + here["t_range"] * season + 0.03 * years)[:, None]
        + (0.5 * eddy + weather)[:, None],
    }
    black = in_black_sea(lon, lat)[:, None]
    med, bs = _mediterranean(state, depth), _black_sea(state, depth)
    ct, sp, share = (np.where(black, b, m) for b, m in zip(bs, med, strict=True))
    ct = ct + noise(0.004, depth.shape)
    sp = sp + noise(0.003, depth.shape)

    pressure = gsw.p_from_z(-depth, lat[:, None])
    sa = gsw.SA_from_SP(sp, pressure, lon[:, None], lat[:, None])
    sa = _stable(sa, ct)
    oxygen = gsw.O2sol(sa, ct, pressure, lon[:, None], lat[:, None]) * share
    oxygen = np.maximum(oxygen + noise(0.8, depth.shape), 0)
    return Water(
        np.round(gsw.t_from_CT(sa, ct, pressure), 3),
        np.round(gsw.SP_from_SA(sa, pressure, lon[:, None], lat[:, None]), 3),
        np.round(oxygen, 1),
    )


def _thermocline(state: dict[str, Array], winter: Array, depth: Array, deep: float) -> Array:
    """Give the warmth above the winter water: shallow and sharp in summer, gone in winter."""
    middle = deep + 18 * (1 - state["season"]) + 4 * state["eddy"]
    width = 0.4 * middle + 4
    shape = (1 - np.tanh((depth - middle) / width)) / (1 + np.tanh(middle / width))
    return np.maximum(state["surface"] - winter, 0) * shape


def _mediterranean(state: dict[str, Array], depth: Array) -> tuple[Array, Array, Array]:
    winter = np.maximum(state["t_mean"] - 1.02 * state["t_range"], state["t_deep"] - 2.5)
    below = state["t_deep"] + (winter - state["t_deep"]) * np.exp(-depth / 200)
    middle_water = np.exp(-(((depth - 350) / 180) ** 2))
    temperature = (
        below
        + _thermocline(state, winter, depth, 18)
        + 0.3 * state["eddy"] * np.exp(-depth / 250)
        + 0.35 * middle_water
    )
    to_mid = 1 - np.exp(-((depth / 150) ** 1.3))
    to_deep = 1 / (1 + np.exp(-(depth - 750) / 150))
    salinity = (
        state["s_top"]
        + (state["s_mid"] - state["s_top"]) * to_mid
        + (state["s_deep"] - state["s_mid"]) * to_deep
        + 0.06 * state["eddy"] * np.exp(-depth / 200)
        # The Po and other rivers dilute shallow northern shelves.
        - 3.5 * state["river"] * np.exp(-depth / 8) * np.clip((38 - state["s_top"]), 0, 1)
    )
    decay = 1 - np.exp(-np.maximum(depth - 60, 0) / 200)
    bloom = 0.08 * np.maximum(state["season"], 0) * np.exp(-(((depth - 45) / 18) ** 2))
    deep_air = 0.07 / (1 + np.exp(-(depth - 1200) / 250))
    share = 1.02 - (1.02 - state["o2_min"]) * decay + bloom + deep_air
    return temperature, salinity, share


def _black_sea(state: dict[str, Array], depth: Array) -> tuple[Array, Array, Array]:
    # Winter water stays below the summer thermocline: the cold intermediate layer.
    winter = 7.1 + 0.25 * state["eddy"]
    below = state["t_deep"] - (state["t_deep"] - winter) * np.exp(-((depth / 85) ** 2.5))
    temperature = below + _thermocline(state, winter, depth, 10) + 0.1 * depth / 2000
    halocline = np.maximum(depth - 28 - 5 * state["eddy"], 0) / 100
    salinity = (
        state["s_top"]
        + (state["s_deep"] - state["s_top"]) * (1 - np.exp(-(halocline**0.9)))
        - 2.5 * state["river"] * np.exp(-depth / 8)
    )
    # Nothing breathes below: oxygen ends where hydrogen sulfide begins.
    share = 1.03 / (1 + np.exp((depth - 85 - 6 * state["eddy"]) / 11))
    return temperature, salinity, np.where(depth > 160, 0.0, share)


def _stable(sa: Array, ct: Array) -> Array:
    """Add the little salt that keeps density from decreasing downwards."""
    for _ in range(3):
        sigma, _, beta = gsw.rho_alpha_beta(sa, ct, 0)
        wanted = np.maximum.accumulate(np.nan_to_num(sigma, nan=-np.inf), axis=1)
        sa = sa + (wanted - sigma + 2e-4 * (wanted > sigma)) / (sigma * beta)
    return sa


def _eddies(lon: Array, lat: Array, years: Array) -> Array:
    """Make a smooth field of unit variance that drifts: the same for all cruises."""
    waves = np.random.default_rng(7).uniform(-1, 1, (10, 4))
    phase = waves @ np.stack([lon * 5, lat * 6, years * 9, np.full_like(lon, 6.3)])
    return np.sqrt(2 / len(waves)) * np.sin(phase).sum(axis=0)
