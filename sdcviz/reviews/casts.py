"""Single casts that do not fit a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated
from .cruises import Sources

if TYPE_CHECKING:
    from ..observations.collection import Collection

__all__ = ["worst_casts"]


def worst_casts(
    samples: Collocated,
    score: NDArray[np.float64],
    sources: Sources,
    collection: Collection,
    parameter: str,
    most: int = 50,
) -> list[dict[str, Any]]:
    """List the casts with the greatest misfit relative to what is expected."""
    from ..vocabularies import label

    off = samples.residual / samples.expected
    use = np.where(np.isfinite(off), off, score)
    n = np.bincount(sources.station)
    rms = np.sqrt(np.bincount(sources.station, use * use) / n)
    chosen = np.argsort(-rms, kind="stable")[:most]
    order = np.argsort(sources.station, kind="stable")
    starts = np.concatenate([[0], np.cumsum(n)])
    found = []
    for k in chosen.tolist():
        own = order[starts[k] : starts[k + 1]]
        at = own[np.argmax(np.abs(use[own]))]
        row = int(sources.stations[k])
        edmo = int(collection.edmo[row])
        found.append({
            "row": row, "id": collection.station_id(row),
            "cruise": sources.cruises[sources.cruise[at]],
            "platform": _text(collection, "platform", row),
            "station": _text(collection, "station", row),
            "edmo": edmo, "centre": label("EDMO", edmo) if edmo > 0 else "",
            "lon": float(samples.lon[at]), "lat": float(samples.lat[at]),
            "time": samples.time[at], "n": int(n[k]), "rms": float(rms[k]),
            "largest": float(samples.residual[at]), "depth": float(samples.depth[at]),
            "sample": int(samples.sample[at]), "parameter": parameter,
        })  # fmt: skip
    return found


def _text(collection: Collection, name: str, row: int) -> str:
    if name not in collection.text_names:
        return ""
    return collection.text(name).take(np.array([row])).texts()[0]
