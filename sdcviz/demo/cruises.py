"""One year of synthetic cruises as a batch of stations and samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..formats.model import GOOD, MISSING, NOT_CHECKED, Batch, Coded, Column, Parameter, Stations
from ..geo.land import on_land
from ..geo.projection import distance_km
from .planted import BIAS, Error, Plan, plant
from .sea import SEAS, sea_floor, track
from .water import Water, levels, water

__all__ = ["CENTRES", "COLUMNS", "COPY_CENTRE", "Fleet", "copies", "year_batch"]

FIRST_YEAR, YEARS, CRUISES_A_YEAR = 1991, 30, 20

GEAR = ("CTD", "bottles", "XBT")
CTD, BOTTLES, XBT = range(3)
SHIPS = ("Argonaut", "Halcyon", "Nereid", "Triton", "Thetis", "Proteus")
CENTRES = (9001, 9002, 9003, 9004, 9005)
"""EDMO codes that no real organisation has; `assets/vocab/edmo.csv` names them."""
COPY_CENTRE = 9006
"""The data centre that holds the planted duplicates."""
COLUMNS = (
    Parameter("TEMP", "degC", "TEMPPR01", "UPAA", "sea_water_temperature"),
    Parameter("PSAL", "", "PSALPR01", "UUUU", "sea_water_practical_salinity"),
    Parameter("DOXY", "umol/kg", "DOXMZZXX", "KGUM", "moles_of_oxygen_per_unit_mass_in_sea_water"),
)
PROBABLY_GOOD = ord("2")
SPEED = 18.5
"""Ships sail at 10 knots: kilometres an hour."""
HOURS_ON_STATION = 1.5


@dataclass(frozen=True)
class Fleet:
    """The plan of all cruises; arrays of one element a cruise.

    Attributes
    ----------
    year, number : ndarray of int
        Year, and number of the cruise in it from 1.
    size : ndarray of int
        Stations.
    sea, gear, centre : ndarray of int
        Indices into `SEAS`, `GEAR`, `CENTRES`.
    has_oxygen, checked : ndarray of bool
        Whether oxygen is measured; whether there are flags other than 0.
    """

    year: NDArray[np.int64]
    number: NDArray[np.int64]
    size: NDArray[np.int64]
    sea: NDArray[np.int64]
    gear: NDArray[np.int64]
    centre: NDArray[np.int64]
    has_oxygen: NDArray[np.bool_]
    checked: NDArray[np.bool_]

    @classmethod
    def plan(cls, stations: int, random: np.random.Generator) -> Fleet:
        """Share `stations` out to cruises by chance; the years follow each other."""
        n = min(YEARS * CRUISES_A_YEAR, max(1, stations // 12))
        year = FIRST_YEAR + np.arange(n) * YEARS // n
        share = random.gamma(6, size=n)
        ends = np.rint(np.cumsum(share) / share.sum() * stations).astype(np.int64)
        weights = np.array([s.weight for s in SEAS])
        gear = random.choice(3, n, p=(0.76, 0.19, 0.05))
        gear[n // 2] = CTD  # at least one cruise measures salinity
        return cls(
            year=year,
            number=np.arange(n) - np.searchsorted(year, year) + 1,
            size=np.diff(ends, prepend=0),
            sea=random.choice(len(SEAS), n, p=weights / weights.sum()),
            gear=gear,
            centre=random.choice(len(CENTRES), n, p=(0.3, 0.25, 0.2, 0.15, 0.1)),
            has_oxygen=(gear != XBT) & (random.random(n) < np.where(gear == BOTTLES, 0.8, 0.55)),
            checked=random.random(n) > 0.08,
        )


def year_batch(
    fleet: Fleet, year: int, plan: Plan, seed: int, file_id: str, errors: list[Error]
) -> tuple[Batch, list[tuple[Batch, int, Error]]]:
    """Sail all cruises of a year and measure.

    Parameters
    ----------
    fleet : Fleet
        All cruises.
    year : int
        Which of them.
    plan : Plan
        The errors to plant.
    seed : int
        Source of chance, together with the year.
    file_id : str
        First half of the stations' identities.
    errors : list of Error
        The planted errors are added here.

    Returns
    -------
    batch : Batch
        The year's stations.
    copied : list of (Batch, int, Error)
        Stations to give again as duplicates: batch, row, error to complete.
    """
    random = np.random.default_rng([seed, year])
    chosen = np.flatnonzero((fleet.year == year) & (fleet.size > 0))
    cruise = np.repeat(chosen, fleet.size[chosen])
    first = int(fleet.size[: chosen[0]].sum()) if len(chosen) else 0
    stations, depth = _sail(fleet, chosen, cruise, random)
    values = water(stations.lon, stations.lat, stations.time, depth, random)
    values.salinity[fleet.gear[cruise] == XBT] = np.nan
    values.oxygen[~fleet.has_oxygen[cruise]] = np.nan

    rows = {n - first: k for n, k in plan.kinds.items() if 0 <= n - first < len(cruise)}
    names = stations.cruise.texts(), stations.station.texts()
    duplicates = []
    for i, kind in sorted(rows.items()):
        about = (f"{file_id}:{i}", names[0][i], names[1][i])
        if kind == "duplicate":
            duplicates.append((i, Error(kind, *about, "", "", "", "")))
            continue
        what = plant(kind, i, (stations.lon, stations.lat), depth, values, random)
        errors.append(Error(kind, *about, *what))
    for i in np.flatnonzero(cruise == plan.biased_cruise).tolist():
        values.salinity[i] = np.round(values.salinity[i] + BIAS, 3)
        about = (f"{file_id}:{i}", names[0][i], names[1][i])
        errors.append(Error("biased cruise", *about, "", "PSAL", "", f"{BIAS:+g}"))
    batch = _batch(stations, depth, values, fleet.checked[cruise], random)
    return batch, [(batch, i, error) for i, error in duplicates]


def _sail(
    fleet: Fleet, chosen: NDArray, cruise: NDArray, random: np.random.Generator
) -> tuple[Stations, NDArray[np.float64]]:
    place, hours = [], []
    for c in chosen:
        sea = SEAS[fleet.sea[c]]
        spacing = random.uniform(9, 16) if sea.code in ("ADN", "ADS") else random.uniform(12, 28)
        stops = _at_sea(track(sea, int(fleet.size[c]), spacing, random))
        steps = distance_km(*stops[:-1].T, *stops[1:].T)
        sailed = np.concatenate([[0], np.cumsum(steps / SPEED + HOURS_ON_STATION)])
        place.append(stops)
        # A cruise ends in the year in which it began: there is one file a year.
        hours.append(random.uniform(0, 365 * 24 - 1 - sailed[-1]) + sailed)
    stations = Stations.blank(len(cruise))
    stations.lon, stations.lat = np.concatenate(place).T.copy()
    start = fleet.year[cruise].astype(str).astype("datetime64[Y]").astype("datetime64[m]")
    minutes = np.rint(np.concatenate(hours) * 60).astype("timedelta64[m]")
    stations.time = (start + minutes).astype("datetime64[ms]")
    stations.bottom_depth = np.maximum(sea_floor(stations.lon, stations.lat), 25).astype("f4")
    _describe(stations, fleet, cruise)

    gear = fleet.gear[cruise]
    limit = random.choice([300.0, 600.0, 1500.0, 5000.0], len(fleet.size), p=(0.2, 0.25, 0.25, 0.3))
    limit = np.where(gear == XBT, 460.0, limit[cruise])
    deepest = np.minimum(stations.bottom_depth * 0.97 - 2, limit)
    count = np.rint(20 + 30 * np.log(deepest / 20) / np.log(125)).astype(np.int64)
    count = np.clip(count, 20, np.where(gear == BOTTLES, 26, 50))
    return stations, levels(np.round(deepest, 1), count)


def _at_sea(stops: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace the few stops that drifted onto an islet by the stop before."""
    for i in np.flatnonzero(on_land(*stops.T)):
        others = np.flatnonzero(~on_land(*stops.T))
        stops[i] = stops[others[np.argmin(np.abs(others - i))]] + 0.002
    return stops


def _describe(stations: Stations, fleet: Fleet, cruise: NDArray) -> None:
    n, used = len(stations), np.unique(cruise)
    of_cruise = np.searchsorted(used, cruise).astype(np.int32)
    names = [f"SYN{fleet.year[c]}{fleet.number[c]:02d}" for c in used]
    number = np.arange(n) - np.searchsorted(cruise, cruise) + 1

    def coded(texts: list[str]) -> Coded:
        whole = Coded.of(texts)
        return whole.take(of_cruise)

    stations.cruise = coded(
        [f"{n} {SEAS[fleet.sea[c]].code}" for n, c in zip(names, used, strict=True)]
    )
    stations.station = Coded.of([f"{i:03d}" for i in number])
    stations.type = coded(["B" if fleet.gear[c] == BOTTLES else "C" for c in used])
    stations.platform = coded([f"Synthetic {SHIPS[(7 * c + fleet.centre[c]) % 6]}" for c in used])
    stations.local_cdi_id = Coded.of(
        [f"{names[c]}_{i:03d}" for c, i in zip(of_cruise, number, strict=True)]
    )
    stations.edmo = np.array(CENTRES, np.int32)[fleet.centre[cruise]]
    checked = np.where(fleet.checked[cruise], GOOD, NOT_CHECKED).astype(np.uint8)
    stations.position_flag, stations.time_flag = checked, checked.copy()
    stations.extra = {
        "Kind of data": Coded.constant("SYNTHETIC: made by sdcviz demo, not measured", n),
        "Sea": coded([SEAS[fleet.sea[c]].name for c in used]),
        "Instrument": coded([GEAR[fleet.gear[c]] for c in used]),
    }


def _batch(
    stations: Stations,
    depth: NDArray,
    values: Water,
    checked: NDArray[np.bool_],
    random: np.random.Generator,
) -> Batch:
    there = np.isfinite(depth)
    lengths = there.sum(axis=1)
    passed = np.repeat(checked, lengths)
    columns = []
    for parameter, table in zip(
        COLUMNS, (values.temperature, values.salinity, values.oxygen), strict=True
    ):
        flat = table[there].astype(np.float32)
        flags = np.where(random.random(len(flat)) < 0.05, PROBABLY_GOOD, GOOD)
        flags = np.where(passed, flags, NOT_CHECKED)
        flags = np.where(np.isnan(flat), MISSING, flags).astype(np.uint8)
        columns.append(Column(parameter, flat, flags))
    total = int(lengths.sum())
    return Batch(
        stations=stations,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        columns=columns,
        depth=depth[there],
        depth_flag=np.where(passed, GOOD, NOT_CHECKED).astype(np.uint8),
        row=np.arange(1, total + 1),
    )


def copies(kept: list[tuple[Batch, int, Error]], file_id: str, errors: list[Error]) -> Batch:
    """Give stations again as another data centre would: hardly moved, five minutes later.

    Parameters
    ----------
    kept : list of (Batch, int, Error)
        What `year_batch` returned.
    file_id : str
        First half of the copies' identities.
    errors : list of Error
        One is added a copy; its `original` is the identity of the first station.

    Returns
    -------
    Batch
    """
    n = len(kept)
    stations = Stations.blank(n)
    for name in ("cruise", "station", "type", "platform"):
        texts = [getattr(b.stations, name).texts()[i] for b, i, _ in kept]
        setattr(stations, name, Coded.of(texts))
    stations.local_cdi_id = Coded.of([f"COPY_{k:04d}" for k in range(n)])
    stations.edmo = np.full(n, COPY_CENTRE, np.int32)
    for name, change in (("lon", 0.001), ("lat", -0.001), ("bottom_depth", 0)):
        found = [getattr(b.stations, name)[i] for b, i, _ in kept]
        setattr(stations, name, np.array(found, getattr(stations, name).dtype) + change)
    stations.time = np.array(
        [b.stations.time[i] + np.timedelta64(5, "m") for b, i, _ in kept], "datetime64[ms]"
    )
    stations.position_flag[:] = stations.time_flag[:] = GOOD
    stations.extra = {
        name: Coded.of([b.stations.extra[name].texts()[i] for b, i, _ in kept])
        for name in kept[0][0].stations.extra
    }
    for k, (_, _, e) in enumerate(kept):
        own = f"{file_id}:{k}"
        errors.append(Error(e.kind, own, e.cruise, e.station, "", "", e.station_id, own))

    parts = [np.arange(b.offsets[i], b.offsets[i + 1]) for b, i, _ in kept]

    def joined(get: str) -> NDArray:
        return np.concatenate(
            [getattr(b, get)[p] for (b, _, _), p in zip(kept, parts, strict=True)]
        )

    columns = []
    for j, parameter in enumerate(COLUMNS):
        pairs = [(b.columns[j], p) for (b, _, _), p in zip(kept, parts, strict=True)]
        values = np.concatenate([np.asarray(c.values)[p] for c, p in pairs])
        columns.append(Column(parameter, values, np.concatenate([c.flags[p] for c, p in pairs])))
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
    depth_flag, depth = joined("depth_flag"), joined("depth")
    return Batch(stations, offsets, columns, depth, depth_flag, np.arange(1, offsets[-1] + 1))
