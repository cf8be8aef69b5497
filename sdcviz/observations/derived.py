"""Parameters that gsw computes from temperature, salinity and pressure.

Keys are ``derived:SA``, ``derived:CT``, ... and work wherever a parameter's key
does. They are computed when asked and never stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.errors import NotFound
from sdcviz.formats.flags import worst
from sdcviz.formats.model import MISSING

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection
    from sdcviz.observations.columns import Columns
    from sdcviz.observations.parameter_info import ParameterInfo

__all__ = ["DERIVED", "available", "compute", "info", "mixed_layer_depth", "needs"]

MLD_STEP = 0.03
"""kg/m3 above the density at `MLD_FROM`: de Boyer Montegut et al. (2004)."""
MLD_FROM = 10.0
_ABOUT = 200_000
_UNITS = {
    "temperature": ("temperature",),
    "salinity": ("salinity",),
    "oxygen": ("oxygen", "oxygen_umol_kg", "oxygen_ml_l", "oxygen_mg_l"),
}
"""Keys under which an input may be stored: each unit has its own."""


class _Water(NamedTuple):
    """Samples of some stations, one after another."""

    sa: NDArray[np.float64]
    ct: NDArray[np.float64]
    p: NDArray[np.float64]
    depth: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    offsets: NDArray[np.int64]
    oxygen: NDArray[np.float64] | None
    oxygen_unit: str


class _Derived(NamedTuple):
    label: str
    unit: str
    compute: Callable[[_Water], NDArray[np.float64]]
    inputs: tuple[str, ...] = ("temperature", "salinity")


def _sigma0(w: _Water) -> NDArray[np.float64]:
    import gsw

    return gsw.sigma0(w.sa, w.ct)


def _sound_speed(w: _Water) -> NDArray[np.float64]:
    import gsw

    return gsw.sound_speed(w.sa, w.ct, w.p)


def _n2(w: _Water) -> NDArray[np.float64]:
    """Stability between a sample and the next deeper one that is complete."""
    import gsw

    out = np.full(w.sa.size, np.nan)
    good = np.flatnonzero(np.isfinite(w.sa + w.ct + w.p))
    if good.size < 2:
        return out
    station = np.searchsorted(w.offsets, good, "right")
    with np.errstate(divide="ignore", invalid="ignore"):
        n2, _ = gsw.Nsquared(w.sa[good], w.ct[good], w.p[good], w.lat[good])
    real = (station[1:] == station[:-1]) & (np.diff(w.p[good]) > 0)
    out[good[:-1][real]] = n2[real]
    return out


def _o2_saturation(w: _Water) -> NDArray[np.float64]:
    import gsw

    assert w.oxygen is not None, "needs() asks for oxygen"
    unit = w.oxygen_unit.replace("μ", "µ").replace(" ", "").lower()
    oxygen = w.oxygen * {"ml/l": 44.6596, "mg/l": 31.2512}.get(unit, 1.0)  # to umol
    if "/kg" not in unit:
        oxygen = oxygen * 1000 / (1000 + gsw.sigma0(w.sa, w.ct))
    return 100 * oxygen / gsw.O2sol(w.sa, w.ct, w.p, w.lon, w.lat)


def _mld(w: _Water) -> NDArray[np.float64]:
    return np.repeat(_mixed(w), np.diff(w.offsets))


DERIVED: dict[str, _Derived] = {
    "derived:SA": _Derived("Absolute salinity", "g/kg", lambda w: w.sa, ("salinity",)),
    "derived:CT": _Derived("Conservative temperature", "°C", lambda w: w.ct),
    "derived:sigma0": _Derived("Potential density anomaly", "kg/m³", _sigma0),
    "derived:N2": _Derived("Stability (N²)", "s⁻²", _n2),
    "derived:sound_speed": _Derived("Sound speed", "m/s", _sound_speed),
    "derived:mld": _Derived("Mixed layer depth", "m", _mld),
    "derived:o2_saturation": _Derived(
        "Oxygen saturation", "%", _o2_saturation, ("temperature", "salinity", "oxygen")
    ),
}


def available(collection: Columns) -> list[str]:
    """Return the keys of the derived parameters that the collection has the inputs for."""
    return [key for key in DERIVED if _inputs(collection, key) is not None]


def needs(collection: Columns, key: str) -> list[str]:
    """Return the keys of the stored parameters that a derived one is computed from.

    Raises
    ------
    NotFound
        There is no such derived parameter, or not its inputs.
    """
    if key not in DERIVED:
        raise NotFound(f"There is no derived parameter {key!r}. There are: {', '.join(DERIVED)}.")
    found = _inputs(collection, key)
    if found is None:
        what = ", ".join(DERIVED[key].inputs)
        raise NotFound(
            f"{DERIVED[key].label} needs {what}, of which {collection.name} does not have all."
        )
    return found


def _inputs(c: Columns, key: str) -> list[str] | None:
    """Find the stored parameter for each input, that with most values where units differ."""
    found = []
    for wanted in DERIVED[key].inputs:
        known = [k for k in c.keys if k in _UNITS[wanted]]
        if not known:
            return None
        found.append(max(known, key=lambda k: c.parameter(k).n_values))
    return found


def info(collection: Columns, key: str) -> ParameterInfo:
    """Describe a derived parameter; its range is that of about 200 000 samples."""
    from sdcviz.observations.parameter_info import ParameterInfo

    inputs = [collection.parameter(k) for k in needs(collection, key)]

    def spread() -> tuple[tuple[float, ...], tuple[float, ...]]:
        n = collection.n_stations
        step = max(1, collection.n_samples // _ABOUT)
        values, _ = compute(collection, key, np.arange(0, n, step))
        values = values[np.isfinite(values)]
        if not values.size:
            return (), ()
        quantiles = np.quantile(values, [0.02, 0.98])
        return (
            (float(values.min()), float(values.max())),
            (float(quantiles[0]), float(quantiles[1])),
        )

    extent, quantiles = collection.remember(("spread", key), spread)
    return ParameterInfo(
        key=key,
        name=key.removeprefix("derived:"),
        label=DERIVED[key].label,
        unit=DERIVED[key].unit,
        p01="",
        p06="",
        kind="number",
        n_values=min(p.n_values for p in inputs),
        n_stations=min(p.n_stations for p in inputs),
        flags={},
        range=extent,
        quantiles=quantiles,
    )


def compute(
    collection: Columns, key: str, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Compute a derived parameter for all samples of some stations.

    Parameters
    ----------
    collection : Collection
    key : str
        A key of `DERIVED`.
    rows : ndarray of int64
        Stations, sorted.

    Returns
    -------
    values : ndarray of float64
    flags : ndarray of uint8
        The worst flag of the inputs; 9 where a value is missing.

    Raises
    ------
    NotFound
        There is no such derived parameter, or not its inputs.
    """
    inputs = needs(collection, key)
    water, flags = _water(collection, inputs, rows)
    with np.errstate(all="ignore"):
        values = np.asarray(DERIVED[key].compute(water), np.float64)
    missing = ~np.isfinite(values)
    values = np.where(missing, np.nan, values)
    return values, np.where(missing, np.uint8(MISSING), flags).astype(np.uint8)


def mixed_layer_depth(
    collection: Columns, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return the depth of the mixed layer of each station, in metres.

    Where the potential density first exceeds that at 10 m by 0.03 kg/m3
    (de Boyer Montegut et al. 2004); NaN where the profile does not tell.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Stations; all by default.
    """
    chosen = np.arange(collection.n_stations) if rows is None else rows
    return _mixed(_water(collection, needs(collection, "derived:mld"), chosen)[0])


def _water(
    c: Columns, inputs: list[str], rows: NDArray[np.int64]
) -> tuple[_Water, NDArray[np.uint8]]:
    """Collect what the computations need; values flagged bad are used, and stay flagged."""
    import gsw

    from sdcviz.observations.filters import Filters
    from sdcviz.observations.selection import Selection

    whole = len(rows) == c.n_stations
    every = cast("Collection", c)
    selection = Selection(every, Filters() if whole else Filters(rows=rows.astype("<i8").tobytes()))
    samples = selection.samples(*inputs)
    depth = np.asarray(samples["depth"], np.float64)
    lon, lat = samples["lon"], samples["lat"]
    unknown = np.full(depth.size, np.nan)
    columns = {k.split("_")[0]: np.asarray(samples[k], np.float64) for k in inputs}
    with np.errstate(all="ignore"):
        p = gsw.p_from_z(-depth, lat)
        if "pressure" in c.keys:
            measured = np.asarray(selection.samples("pressure")["pressure"], np.float64)
            p = np.where(np.isfinite(measured), measured, p)
        sa = gsw.SA_from_SP(columns["salinity"], p, lon, lat)
        ct = gsw.CT_from_t(sa, columns.get("temperature", unknown), p)
    unit = c.parameter(inputs[-1]).unit
    flags = worst(*(samples[f"{k}_flag"] for k in inputs))
    oxygen = columns.get("oxygen")
    return _Water(sa, ct, p, depth, lon, lat, selection.offsets, oxygen, unit), flags


def _mixed(w: _Water) -> NDArray[np.float64]:
    import gsw

    with np.errstate(all="ignore"):
        sigma = gsw.sigma0(w.sa, w.ct)
    return _mixed_layers(sigma, w.depth, w.offsets, MLD_FROM, MLD_STEP)


@njit(cache=True, nogil=True)
def _mixed_layers(
    sigma: NDArray, depth: NDArray, offsets: NDArray, start: float, step: float
) -> NDArray:
    """Find the depth at which density exceeds that at `start` by `step`, in each station."""
    out = np.full(offsets.size - 1, np.nan)
    for r in range(out.size):
        z0, s0 = np.nan, np.nan  # the sample before
        limit = np.nan
        for i in range(offsets[r], offsets[r + 1]):
            z, s = depth[i], sigma[i]
            if not (z == z and s == s):
                continue
            if z0 == z0 and z <= z0:
                break  # not sorted by depth: an upcast
            if limit != limit and z >= start:
                if z == start:
                    limit = s + step
                elif z0 == z0:
                    limit = s0 + (s - s0) * (start - z0) / (z - z0) + step
                else:
                    break  # begins too deep to tell
            if limit == limit and s > limit:
                if z0 != z0 or s0 >= limit:
                    out[r] = z
                else:
                    out[r] = z0 + (z - z0) * (limit - s0) / (s - s0)
                break
            z0, s0 = z, s
    return out
