"""What a rule would do, before it does it: numbers, flags, histogram and map of its hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.geo.coast import coast
from sdcviz.geo.projection import forward
from sdcviz.observations import histogram
from sdcviz.plots.colours import FLAGS
from sdcviz.qc.model import DEPTH, PLACES, Edits
from sdcviz.qc.rules import Rule, changes

from ...library import Shared

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["Preview", "ground", "look"]

BINS = 48
WIDE, HIGH = 480, 220
"""Pixels of the map; stations of one pixel are drawn once."""
_grounds = Shared(8)


@dataclass(frozen=True)
class Preview:
    """The hits of a rule and what they would change.

    Attributes
    ----------
    edits : Edits
        All hits: `old` as it is, `new` the flag to set.
    changed : ndarray of bool
        Which of them change.
    about : dict
        The same for the form of the browser.
    """

    edits: Edits
    changed: NDArray[np.bool_]
    about: dict[str, Any]

    @property
    def writes(self) -> Edits:
        """The edits that change something."""
        return self.edits.take(self.changed)


def look(
    data: Collection,
    rule: Rule,
    key: str,
    flag: str,
    keep_worse: bool,
    rows: NDArray[np.int64] | None = None,
) -> Preview:
    """Find the hits of a rule and count what would change.

    Parameters
    ----------
    data : Collection
    rule : Rule
    key : str
        What is flagged.
    flag : str
        L20 code to set.
    keep_worse : bool
        Whether flags that are worse stay.
    rows : ndarray of int64 or None
        Stations to look at; None: all.
    """
    stations, samples = rule.hits(data, key, rows)
    old = data.flag_at(key, stations, samples)
    changed = changes(old, flag, keep_worse=keep_worse)
    hit = np.unique(stations)
    about = {
        "samples": len(stations),
        "stations": len(hit),
        "changes": int(changed.sum()),
        "changed_stations": len(np.unique(stations[changed])),
        "flags": _flags(old, changed, flag),
        "histogram": _histogram(data, key, stations, samples),
        "dots": _dots(data, hit),
    }
    return Preview(Edits.of(key, stations, samples, old, flag), changed, about)


def _flags(old: NDArray[np.uint8], changed: NDArray[np.bool_], flag: str) -> list[list[Any]]:
    """Count hits by flag now: code, title, colour, how many change, how many stay, and why."""
    found = []
    for known in FLAGS:
        same = old == ord(known.code)
        if not same.any():
            continue
        change = int((same & changed).sum())
        stay = int(same.sum()) - change
        why = "have it already" if known.code == flag else "worse: stay"
        found.append([known.code, known.title, known.colour, change, stay, why if stay else ""])
    return found


def _histogram(
    data: Collection, key: str, stations: NDArray[np.int64], samples: NDArray
) -> dict[str, Any] | None:
    """Count the values of the hits in bins, and those of the whole collection."""
    if key in PLACES and key != DEPTH:
        return None
    if key != DEPTH and data.parameter(key).kind == "text":
        return None
    name = "depth" if key == DEPTH else key
    whole = histogram(data, name, bins=BINS)
    values = _values(data, key, stations, samples)
    edges = np.asarray(whole.edges, np.float64)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return {
        "from": float(edges[0]),
        "to": float(edges[-1]),
        "all": _heights(whole.counts),
        "hits": _heights(counts, int(np.max(whole.counts, initial=1))),
        "range": [float(values.min()), float(values.max())] if len(values) else None,
    }


def _heights(counts: Any, most: int | None = None) -> list[float]:
    """Scale counts so that few are seen beside many."""
    counts = np.asarray(counts, np.float64)
    return np.sqrt(counts / max(most or counts.max(initial=1), 1)).round(4).tolist()


def _values(
    data: Collection, key: str, stations: NDArray[np.int64], samples: NDArray
) -> NDArray[np.float64]:
    if key == DEPTH:
        array, begin = data.depth, data.offsets[stations]
    else:
        stored = data.stored(key)
        assert stored is not None, "values are always stored"
        array, begin = stored[0], stored[1][stations]
    found = array[begin + samples].astype(np.float64)
    return found[np.isfinite(found)]


# ---- map -----------------------------------------------------------------
def ground(data: Collection) -> dict[str, Any]:
    """Return the map below the hits: coast as an SVG path, and a dot for every station."""
    return _grounds.get((data.id, data.snapshot), lambda: _ground(data))


def _ground(data: Collection) -> dict[str, Any]:
    x0, y1, scale = _frame(data)
    coast_x, coast_y = coast("mercator", "50m")
    px, py = (coast_x - x0) * scale, (y1 - coast_y) * scale
    return {
        "size": [WIDE, HIGH],
        "land": _path(px, py),
        "stations": _dots(data, np.arange(data.n_stations)),
    }


def _frame(data: Collection) -> tuple[float, float, float]:
    """Fit all stations into the map: western and northern edge in metres, pixels a metre."""

    def fit() -> tuple[float, float, float]:
        x, y = _metres(data, np.arange(data.n_stations))
        x, y = x[np.isfinite(x)], y[np.isfinite(y)]
        if not len(x):
            x, y = np.array([-2e7, 2e7]), np.array([-1e7, 1e7])
        wide, high = max(np.ptp(x), 1e5) * 1.12, max(np.ptp(y), 1e5) * 1.12
        scale = float(min(WIDE / wide, HIGH / high))
        west = (x.min() + x.max()) / 2 - WIDE / scale / 2
        north = (y.min() + y.max()) / 2 + HIGH / scale / 2
        return float(west), float(north), scale

    return data.remember(("rule map",), fit, 100)


def _metres(data: Collection, rows: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    return forward("mercator", np.asarray(data.lon[rows]), np.asarray(data.lat[rows]))


def _dots(data: Collection, rows: NDArray[np.int64]) -> list[int]:
    """Return the pixels that stations fall on, each once, as x and y in turn."""
    x0, y1, scale = _frame(data)
    x, y = _metres(data, rows)
    px, py = np.rint((x - x0) * scale), np.rint((y1 - y) * scale)
    inside = np.isfinite(px) & np.isfinite(py)
    inside[inside] &= (np.abs(px[inside]) < 4 * WIDE) & (np.abs(py[inside]) < 4 * HIGH)
    pixels = np.unique(np.stack([px[inside], py[inside]], 1).astype(np.int64), axis=0)
    return pixels.ravel().tolist()


def _path(x: NDArray, y: NDArray) -> str:
    """Draw the rings that touch the map (NaN separates them), as fine as can be seen."""
    out = []
    ends = np.flatnonzero(np.isnan(x))
    for a, b in zip([0, *(ends[:-1] + 1)], ends, strict=True):
        rx, ry = x[a:b], y[a:b]
        if rx.max() < 0 or rx.min() > WIDE or ry.max() < 0 or ry.min() > HIGH:
            continue
        # What is outside goes to a wide frame around the map.
        rx, ry = np.clip(rx, -WIDE, 2 * WIDE), np.clip(ry, -HIGH, 2 * HIGH)
        away = (rx < 0) | (rx > WIDE) | (ry < 0) | (ry > HIGH)
        last, points = (np.inf, np.inf), []
        for px, py, far in zip(rx.tolist(), ry.tolist(), away.tolist(), strict=True):
            if abs(px - last[0]) + abs(py - last[1]) >= (40 if far else 0.8):
                points.append(f"{px:.1f} {py:.1f}")
                last = (px, py)
        if len(points) > 2:
            out.append(f"M{'L'.join(points)}z")
    return "".join(out)
