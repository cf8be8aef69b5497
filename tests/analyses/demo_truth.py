"""The synthetic stations as plain arrays, a grid for them, and the truth on it.

Used by test_truth.py and tests/benchmarks/bench_divand_truth.py. Planted errors are left out:
to find them is the work of the checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sdcviz import divand
from sdcviz.analyses.model import Points
from sdcviz.demo.cruises import FIRST_YEAR, YEARS, Fleet, year_batch
from sdcviz.demo.planted import Error, Plan
from sdcviz.demo.sea import in_black_sea, sea_floor
from sdcviz.demo.truth import true_mean
from sdcviz.geo.land import on_land

LEVELS = np.array([0, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 800.0])
VERTICAL = np.array([20, 20, 20, 30, 45, 50, 75, 100, 150, 300, 500, 600.0])  # two steps each
WEST, SOUTH, EAST, NORTH = -5.5, 30.5, 36.5, 46.0
HORIZONTAL, EPSILON2 = 300e3, 1.0
KM, DAYS = 300.0, 60.0
"""Within these, samples are not independent: eddies and the season are the same."""


@lru_cache(maxsize=1)
def stations(count: int = 20_000, seed: int = 2026) -> Points:
    """Give the temperatures of the demo's Mediterranean stations down to the last level."""
    fleet = Fleet.plan(count, np.random.default_rng([seed, 0]))
    cruise_of = np.repeat(np.arange(len(fleet.size)), fleet.size)
    plan = Plan.make(fleet.gear[cruise_of] != 2, cruise_of, np.random.default_rng([seed, 1]))
    pieces = []
    for year in range(FIRST_YEAR, FIRST_YEAR + YEARS):
        errors: list[Error] = []
        batch, _ = year_batch(fleet, year, plan, seed, "x", errors)
        spoilt = [int(e.station_id.split(":")[1]) for e in errors if e.kind != "biased cruise"]
        of = np.repeat(np.arange(len(batch.stations)), np.diff(batch.offsets))
        value = np.asarray(batch.columns[0].values, np.float64)
        lon, lat = batch.stations.lon[of], batch.stations.lat[of]
        kept = ~np.isin(of, spoilt) & np.isfinite(value) & (batch.depth <= LEVELS[-1])
        kept &= ~in_black_sea(lon, lat) & (lon < EAST) & (lon > WEST)
        names = np.array(batch.stations.local_cdi_id.texts())[of]
        cruises = np.array(batch.stations.cruise.texts())[of]
        time = batch.stations.time.astype("datetime64[ms]")[of]
        edmo = batch.stations.edmo[of].astype(np.int32)
        ids = np.char.add(np.char.add(edmo.astype(str), "-"), names)
        columns = (lon, lat, batch.depth, time, value, ids, cruises, edmo)
        pieces.append([np.asarray(c)[kept] for c in columns])
    return Points(*(np.concatenate(c) for c in zip(*pieces, strict=True)))


def month_of(time: np.ndarray) -> np.ndarray:
    return time.astype("datetime64[M]").astype(int) % 12 + 1


def of_month(points: Points, month: int) -> Points:
    chosen = month_of(points.time) == month
    return Points(*(getattr(points, n)[chosen] for n in points.__dataclass_fields__))


@dataclass(frozen=True)
class Sea:
    """The Mediterranean on a grid of lon, lat, depth."""

    lon: np.ndarray
    lat: np.ndarray
    mask: np.ndarray
    pmn: tuple[np.ndarray, ...]

    @classmethod
    def make(cls, step: float) -> Sea:
        lon, lat = np.arange(WEST, EAST, step), np.arange(SOUTH, NORTH, step)
        east, north = np.meshgrid(lon, lat, indexing="ij")
        sea = ~on_land(east, north) & ~in_black_sea(east, north)
        floor = np.zeros(sea.shape)
        floor[sea] = sea_floor(east[sea], north[sea])
        mask = sea[..., None] & ((floor[..., None] > LEVELS) | (LEVELS == 0))
        metre = 1 / (6371009.0 * np.radians(step))
        along = metre / np.cos(np.radians(north))[..., None] * np.ones(len(LEVELS))
        down = 1 / divand.resolution(LEVELS)
        shape = mask.shape
        return cls(lon, lat, mask, (along, np.full(shape, metre), np.broadcast_to(down, shape)))

    @property
    def xi(self) -> tuple[np.ndarray, ...]:
        return self.lon, self.lat, LEVELS

    def truth(self, month: int) -> np.ndarray:
        """Give the climatological truth of a month; NaN on land."""
        east, north = np.meshgrid(self.lon, self.lat, indexing="ij")
        sea = self.mask[..., 0]
        truth = np.full(self.mask.shape, np.nan)
        truth[sea] = true_mean(east[sea], north[sea], LEVELS, [month])
        return np.where(self.mask, truth, np.nan)


def weights(points: Points, vertical: bool = True) -> np.ndarray:
    """Weigh samples of one cruise less: their errors are the same."""
    km = 6371.009 * np.pi / 180
    east = points.lon * km * np.cos(np.radians(points.lat))
    days = (points.time - np.datetime64("1990-01-01", "ms")) / np.timedelta64(1, "D")
    x, lengths = [east, points.lat * km, days], [KM, KM, DAYS]
    if vertical:
        # Depth in vertical lengths.
        steps = np.concatenate([[0], np.cumsum(np.diff(LEVELS) / VERTICAL[1:])])
        x.append(np.interp(points.depth, LEVELS, steps))
        lengths.append(1.0)
    return divand.cluster_weights(x, lengths)


def mean_profile(points: Points) -> np.ndarray:
    """Average the samples near each level."""
    near = [np.abs(points.depth - d) <= max(5, 0.15 * d) for d in LEVELS]
    return np.array([points.value[n].mean() for n in near])


@dataclass(frozen=True)
class Score:
    """How an analysis compares with the truth.

    Attributes: root mean square and mean of analysis minus truth, in °C, of all sea points and
    of those with a relative error variance up to 0.5 (``_L2``); share of these points; share
    of the truth within one and two posterior standard deviations, ``sqrt(relerr * variance)``
    with the variance of the truth around its mean profile, level by level.
    """

    rmse: float
    bias: float
    rmse_l2: float
    bias_l2: float
    share_l2: float
    within1: float
    within2: float
    spread: float

    @classmethod
    def of(cls, field: np.ndarray, error: np.ndarray, truth: np.ndarray) -> Score:
        sea = np.isfinite(truth)
        spread = np.where(sea, truth - np.nanmean(truth, axis=(0, 1)), np.nan)
        variance = np.nanmean(spread**2, axis=(0, 1)) * np.ones(truth.shape)
        off = field[sea] - truth[sea]
        sigma = np.sqrt(np.clip(error[sea], 1e-6, 1) * variance[sea])
        good = error[sea] <= 0.5
        return cls(
            *(float(np.sqrt(np.mean(off**2))), float(off.mean())),
            *(float(np.sqrt(np.mean(off[good] ** 2))), float(off[good].mean())),
            float(good.mean()),
            *(float(np.mean(np.abs(off) <= k * sigma)) for k in (1, 2)),
            float(np.sqrt(np.nanmean(spread**2))),
        )


def variance(norm: divand.Background) -> np.ndarray:
    """Give the variance of the background: of lengths that vary it is not 1 everywhere."""
    nowhere = np.full((3, 1), -5.0)
    empty = divand.Observations(norm, nowhere, 1.0)
    return norm.unpack(divand.System(norm, empty, (), "direct").error_variance())


def analyse_month(sea: Sea, points: Points, error: str = "cpme") -> tuple[np.ndarray, np.ndarray]:
    """Analyse the anomalies of one month from their mean profile by the engine itself.

    Returns the field and its error variance relative to that of the background.
    """
    profile = mean_profile(points)
    anomaly = points.value - np.interp(points.depth, LEVELS, profile)
    lengths = (HORIZONTAL, HORIZONTAL, VERTICAL)
    places = (points.lon, points.lat, points.depth)
    made = divand.analyse(
        sea.mask, sea.pmn, sea.xi, places, anomaly, lengths, EPSILON2 / weights(points),
        error=error,
    )  # fmt: skip
    relative = made.error
    if error == "exact":
        relative = relative / variance(divand.Background(sea.mask, sea.pmn, sea.xi, lengths))
    return made.field + profile, relative
