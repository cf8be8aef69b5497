"""The errors that are planted into the demo, each one written down.

=================  =======  ==============================================
kind               rate     what is done
=================  =======  ==============================================
spike              3 / 1000 one value of one level is far off
position sign      1 / 2000 the longitude has the wrong sign
temperature sign   1 / 2000 all temperatures of the station are negated
on land            1 / 1000 the position is moved inland
density inversion  2 / 1000 one level is too fresh to float where it is
duplicate          1 / 800  the station comes again from another data centre
biased cruise      1        all salinities of a cruise are too high
=================  =======  ==============================================

Rates are per station; each kind is planted at least once. A station has one
kind of error at most.
"""

from __future__ import annotations

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import gsw
import numpy as np
from numpy.typing import NDArray

from ..geo.land import on_land
from .water import Water

__all__ = ["BIAS", "RATES", "Error", "Plan", "plant", "write_errors"]

RATES = {
    "spike": 0.003,
    "position sign": 0.0005,
    "temperature sign": 0.0005,
    "on land": 0.001,
    "density inversion": 0.002,
    "duplicate": 0.00125,
}
BIAS = 0.12
"""What is added to the salinity of the biased cruise."""
SPIKES = {"TEMP": 11.0, "PSAL": 2.5, "DOXY": 140.0}


@dataclass(frozen=True)
class Error:
    """One planted error; a row of planted_errors.csv.

    Attributes
    ----------
    kind : str
        As in the table of the module.
    station_id : str
        Identity of the station in the collection.
    cruise, station : str
        Their names.
    sample : str
        Number of the sample in the station from 0; "" is the whole station.
    parameter : str
        Name of the column, or "longitude", "position".
    original, planted : str
        Values before and after.
    """

    kind: str
    station_id: str
    cruise: str
    station: str
    sample: str
    parameter: str
    original: str
    planted: str


@dataclass(frozen=True)
class Plan:
    """Which stations get which error.

    Attributes
    ----------
    kinds : dict of int to str
        Number of the station (over all cruises) to kind.
    biased_cruise : int
        Number of the cruise.
    """

    kinds: dict[int, str]
    biased_cruise: int

    @classmethod
    def make(
        cls, able: NDArray[np.bool_], cruise: NDArray[np.int64], random: np.random.Generator
    ) -> Plan:
        """Choose stations by chance.

        Parameters
        ----------
        able : ndarray of bool, shape (n,)
            Stations that have a salinity, so that any kind can be planted.
        cruise : ndarray of int, shape (n,)
            Number of each station's cruise.
        random : Generator
            Source of chance.
        """
        cruises = np.unique(cruise[able])
        biased = int(cruises[len(cruises) // 2])
        free = np.flatnonzero(able & (cruise != biased))
        if not len(free):  # one cruise alone: nothing else than its bias
            return cls({}, biased)
        counts = {kind: max(1, round(rate * len(able))) for kind, rate in RATES.items()}
        chosen = random.permutation(free)[: sum(counts.values())]
        kinds = np.repeat(list(counts), list(counts.values()))[: len(chosen)]
        return cls(dict(zip(chosen.tolist(), kinds.tolist(), strict=True)), biased)


def plant(
    kind: str,
    i: int,
    place: tuple[NDArray, NDArray],
    depth: NDArray,
    water: Water,
    random: np.random.Generator,
) -> tuple[str, str, str, str]:
    """Spoil station `i` of some cruises in place.

    Parameters
    ----------
    kind : str
        A key of `RATES` (but "duplicate", which adds a station).
    i : int
        Row of the arrays.
    place : (ndarray, ndarray)
        Longitudes and latitudes, shape (n,).
    depth : ndarray, shape (n, k)
        Metres.
    water : Water
        The values.
    random : Generator
        Source of chance.

    Returns
    -------
    sample, parameter, original, planted
        As in `Error`.
    """
    lon, lat = place
    if kind == "position sign":
        before, lon[i] = lon[i], -lon[i]
        return "", "longitude", f"{before:.4f}", f"{lon[i]:.4f}"
    if kind == "on land":
        text = f"{lon[i]:.4f} {lat[i]:.4f}"
        lon[i], lat[i] = _inland(lon[i], lat[i])
        return "", "position", text, f"{lon[i]:.4f} {lat[i]:.4f}"
    if kind == "temperature sign":
        water.temperature[i] *= -1
        return "", "TEMP", "", "multiplied by -1"
    count = int(np.isfinite(depth[i]).sum())
    if kind == "density inversion":
        return _invert(i, int(random.integers(count // 3, count - 2)), place, depth, water)
    columns = {"TEMP": water.temperature, "PSAL": water.salinity, "DOXY": water.oxygen}
    usable = [name for name, values in columns.items() if np.isfinite(values[i, 0])]
    name = usable[random.integers(len(usable))]
    sample, values = int(random.integers(count // 2, count - 1)), columns[name]
    before = values[i, sample]
    values[i, sample] = np.round(before + SPIKES[name] * random.uniform(1, 1.5), 3)
    return str(sample), name, f"{before:g}", f"{values[i, sample]:g}"


def _invert(
    i: int, sample: int, place: tuple[NDArray, NDArray], depth: NDArray, water: Water
) -> tuple[str, str, str, str]:
    lon, lat = place[0][i], place[1][i]
    two = slice(sample - 1, sample + 1)
    pressure = gsw.p_from_z(-depth[i, two], lat)
    sa = gsw.SA_from_SP(water.salinity[i, two], pressure, lon, lat)
    above, here = gsw.sigma0(sa, gsw.CT_from_t(sa, water.temperature[i, two], pressure))
    before = water.salinity[i, sample]
    # A salinity unit weighs nearly 0.78 kg/m3; a clear inversion is 0.15 kg/m3.
    water.salinity[i, sample] = np.round(before - (here - above + 0.15) / 0.76, 3)
    return str(sample), "PSAL", f"{before:g}", f"{water.salinity[i, sample]:g}"


def _inland(lon: float, lat: float) -> tuple[float, float]:
    """Find the nearest place with land all around, on rings around a point."""
    angle = np.radians(np.arange(0, 360, 15))
    for radius in np.arange(0.3, 12, 0.15):
        x, y = lon + radius * np.cos(angle), lat + radius * np.sin(angle)
        around = [on_land(x + dx, y + dy) for dx in (-0.1, 0, 0.1) for dy in (-0.1, 0, 0.1)]
        inside = np.flatnonzero(np.all(around, axis=0))
        if len(inside):
            return round(float(x[inside[0]]), 4), round(float(y[inside[0]]), 4)
    return 20.0, 10.0  # the Sahara, for a point far out on the ocean


def write_errors(path: Path, errors: list[Error]) -> None:
    """Write the list of planted errors as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([f.name for f in fields(Error)])
        rows.writerows(astuple(e) for e in errors)
