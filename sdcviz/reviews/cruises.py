"""Cruises and data centres that do not fit a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated
from .expected import robust_sd
from .strata import Strata

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from .drawn import Drawn

__all__ = [
    "MAJOR", "Sources", "against_others", "groups", "judged", "normalised", "odd", "sources_of",
]  # fmt: skip

_LISTED_STATIONS = 2000
_MOST_NAMED = 8
MAJOR, MINOR = 6.0, 4.0
"""Scores of cruises that do not fit."""
FAR = 1.5
"""Mean normalised residual of a cruise that is called bad."""
_T95 = 1.96


@dataclass(frozen=True)
class Sources:
    """Where each sample comes from.

    Attributes
    ----------
    stations : ndarray of int64
        Rows of the collection.
    station : ndarray of int64
        Place of each sample in `stations`.
    cruises, centres : list
        Names, and EDMO codes; the first cruise is "" and stands for none.
    cruise, centre : ndarray of int32
        Of each sample.
    cluster : ndarray of int64
        Cruise, or station without one: what is resampled as a whole.
    """

    stations: NDArray[np.int64]
    station: NDArray[np.int64]
    cruises: list[str]
    cruise: NDArray[np.int32]
    centres: list[int]
    centre: NDArray[np.int32]
    cluster: NDArray[np.int64]


def sources_of(samples: Collocated, collection: Collection) -> Sources:
    """Find cruise and data centre of each sample."""
    stations, station = np.unique(samples.row, return_inverse=True)
    if "cruise" in collection.text_names:
        coded = collection.text("cruise").take(stations)
        present, place = np.unique(coded.codes, return_inverse=True)
        names = [coded.labels[c] if c >= 0 else "" for c in present.tolist()]
        cruise = place.astype(np.int32)
    else:
        names, cruise = [""], np.zeros(len(stations), np.int32)
    if "" not in names:
        names, cruise = ["", *names], (cruise + 1).astype(np.int32)
    codes, centre = np.unique(np.asarray(collection.edmo)[stations], return_inverse=True)
    none = cruise == names.index("")
    cluster = np.where(none, len(names) + np.arange(len(stations)), cruise)
    _, cluster = np.unique(cluster, return_inverse=True)
    return Sources(
        stations, station, names, cruise[station], codes.tolist(),
        centre.astype(np.int32)[station], cluster.astype(np.int64)[station],
    )  # fmt: skip


def normalised(
    residual: NDArray[np.float64], strata: Strata
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Divide residuals by the robust spread of their layer and month.

    Returns
    -------
    score, scale : ndarray of float64
        Without a limit; the scale is that of each sample.
    """
    cell = strata.layer.astype(np.int64) * 13 + np.maximum(strata.month, 0)
    order = np.argsort(cell, kind="stable")
    cuts = np.flatnonzero(np.diff(cell[order])) + 1
    scale = np.empty(len(residual))
    whole = max(robust_sd(residual), 1e-12)
    by_layer = {k: robust_sd(residual[strata.layer == k]) for k in np.unique(strata.layer).tolist()}
    for own in np.split(order, cuts):
        layer = by_layer[int(strata.layer[own[0]])] or whole
        sd = robust_sd(residual[own]) if len(own) >= 30 else layer
        scale[own] = max(sd, 0.2 * layer, 0.3 * whole)
    return residual / scale, scale


def groups(
    samples: Collocated, score: NDArray[np.float64], sources: Sources, of: str
) -> list[dict[str, Any]]:
    """Score cruises or data centres, those that fit least first.

    ``score`` is the mean of the normalised residuals of its stations over its standard error,
    where the spread between good cruises adds to the error: a great one stands out of the others.

    Parameters
    ----------
    samples : Collocated
    score : ndarray of float64
        Normalised residuals.
    sources : Sources
    of : {"cruise", "centre"}
    """
    codes = sources.cruise if of == "cruise" else sources.centre
    names: list[Any] = sources.cruises if of == "cruise" else sources.centres
    pair, at = np.unique(codes.astype(np.int64) << 32 | sources.station, return_inverse=True)
    n = np.bincount(at)
    r = samples.residual
    means = np.bincount(at, np.clip(score, -10, 10)) / n
    plain = np.bincount(at, r) / n
    group = pair >> 32
    stations = np.bincount(group, minlength=len(names))
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.bincount(group, means, len(names)) / stations
        spread = _spread(group, means, middle, stations)
        own = robust_sd(middle[stations > 0])
        value = np.abs(middle) / np.sqrt(spread**2 / stations + own**2)
        bias = np.bincount(codes, r, len(names)) / np.bincount(codes, minlength=len(names))
        rmse = np.sqrt(
            np.bincount(codes, r * r, len(names)) / np.bincount(codes, minlength=len(names))
        )
        about = np.bincount(group, plain, len(names)) / stations
        error = _spread(group, plain, about, stations) / np.sqrt(stations)
    found = []
    counts = np.bincount(codes, minlength=len(names))
    for k in np.argsort(-np.nan_to_num(value), kind="stable").tolist():
        if not stations[k] or (of == "cruise" and not names[k]):
            continue
        rows = sources.stations[(pair[group == k] & 0xFFFFFFFF)]
        enough = stations[k] >= 3
        found.append({
            of: names[k], "n": int(counts[k]), "stations": int(stations[k]),
            "bias": float(bias[k]), "rmse": float(rmse[k]),
            "bias_low": float(bias[k] - _T95 * error[k]) if enough else float("nan"),
            "bias_high": float(bias[k] + _T95 * error[k]) if enough else float("nan"),
            "score": float(value[k]), "shift": float(middle[k]),
            "rows": rows[:_LISTED_STATIONS],
        })  # fmt: skip
    return found


def against_others(
    samples: Collocated, score: NDArray[np.float64], strata: Strata, sources: Sources
) -> dict[str, dict[str, Any]]:
    """Score cruises against what others of the same place, layer and season say of the product.

    Where all cruises are off, the product is: a bad one differs from its neighbours too.

    Returns
    -------
    dict of str to dict
        As `groups`, by cruise.
    """
    clipped = np.clip(score, -10, 10)
    column, row = np.floor(samples.lon / 2).astype(np.int64), np.floor(samples.lat / 2)
    month = samples.time.astype("datetime64[M]").astype(np.int64) % 12
    place = (column + 200) * 200 + row.astype(np.int64) + 50
    cell = (place * 20 + strata.layer) * 4 + month // 3
    _, cell = np.unique(cell, return_inverse=True)
    pair, at = np.unique(cell.astype(np.int64) << 32 | sources.cluster, return_inverse=True)
    mean = np.bincount(at, clipped) / np.bincount(at)
    of = pair >> 32
    total, number = np.bincount(of, mean), np.bincount(of)
    others = (total[of] - mean) / np.maximum(number[of] - 1, 1)
    found = groups(samples, clipped - others[at], sources, "cruise")
    codes = sources.cruise
    beside = np.bincount(codes, (number[of] > 1)[at]) / np.maximum(np.bincount(codes), 1)
    share = dict(zip(sources.cruises, beside.tolist(), strict=False))
    return {one["cruise"]: {**one, "beside": share[one["cruise"]]} for one in found}


def judged(
    samples: Collocated,
    free: NDArray[np.float64],
    scale: NDArray[np.float64],
    strata: Strata,
    sources: Sources,
    drawn: Drawn,
) -> list[dict[str, Any]]:
    """Score cruises by what is their own: not the product's, and not their neighbours' as well.

    ``score`` and ``shift`` are the lesser of those against the product without its biases and
    against other cruises of the same place, layer and season; ``beside`` is the share of the
    samples that have such others. A cruise that does not fit is taken out of the product before
    the others are judged: where data are few the product was drawn to it, and they seem to be
    off. ``own`` is its median misfit then.

    Parameters
    ----------
    samples : Collocated
    free, scale : ndarray of float64
        Normalised residuals without the biases of the product (`scan.without`), and what they
        were divided by.
    strata : Strata
    sources : Sources
    drawn : Drawn
    """
    left = free
    named: dict[str, dict[str, Any]] = {}
    while True:
        ranked = _ranked(samples, left, strata, sources)
        at = next((k for k, c in enumerate(ranked) if c["cruise"] not in named and odd(c)), None)
        if at is None or len(named) == _MOST_NAMED:
            break
        one = ranked[at]
        own = sources.cruise == sources.cruises.index(one["cruise"])
        left = drawn.without(own, left * scale) / scale
        named[one["cruise"]] = {**one, "own": float(np.median((left * scale)[own]))}
    found = [named.get(c["cruise"], c) for c in ranked]
    return sorted(found, key=lambda x: -np.nan_to_num(x["score"]))


def odd(one: dict[str, Any]) -> bool:
    """Tell whether a cruise does not fit."""
    far = abs(one["shift"]) >= FAR
    return bool(one["stations"] >= 3 and one["score"] >= MINOR and far)


def _ranked(
    samples: Collocated, left: NDArray[np.float64], strata: Strata, sources: Sources
) -> list[dict[str, Any]]:
    others = against_others(samples, left, strata, sources)
    found = []
    for one in groups(samples, left, sources, "cruise"):
        other = others[one["cruise"]]
        score = min(one["score"], other["score"])
        shift = min((one["shift"], other["shift"]), key=abs)
        found.append({**one, "score": score, "shift": shift, "beside": other["beside"]})
    return sorted(found, key=lambda x: -np.nan_to_num(x["score"]))


def _spread(
    group: NDArray, means: NDArray, middle: NDArray, stations: NDArray
) -> NDArray[np.float64]:
    """Give the spread of the stations of each group; nearly that of all where there are few."""
    square = np.bincount(group, (means - middle[group]) ** 2, len(stations))
    pooled = square.sum() / max(int(stations.sum()) - int((stations > 0).sum()), 1)
    # A few stations that agree by chance are not as sure as they look.
    return np.sqrt((square + 3 * pooled) / (np.maximum(stations - 1, 0) + 3))
