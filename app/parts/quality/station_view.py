"""What the browser needs to draw one station of the Quality tab: plain arrays and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.model import FEATURES
from sdcviz.geo.projection import forward
from sdcviz.qc.model import DEPTH, POSITION, TIME
from sdcviz.qc.neighbours import Neighbours, Water, find_neighbours, gather, spread
from sdcviz.vocabularies import label

from .found_words import found_groups

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.model import Findings

__all__ = ["Shown", "station_flags", "station_view"]

DRAWN = 40
"""Up to so many neighbours are drawn ..."""
DRAWN_SAMPLES = 12_000
"""... and of long casts fewer, with so many samples together."""
_DULL = ("pressure", "min_depth", "max_depth", "conductivity", "sound_speed")
"""Keys of what follows from depth, temperature and salinity: no pair to begin with."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True)
class Shown:
    """Keys of what the plots show; ``@depth`` and ``@time`` stand for these.

    Attributes
    ----------
    a, b : str
        Parameters of the two profiles; `b` may be empty.
    cx, cy : str
        Salinity and temperature; empty where the collection has them not.
    dx, dy : str
        The freely chosen pair.
    """

    a: str
    b: str = ""
    cx: str = ""
    cy: str = ""
    dx: str = ""
    dy: str = ""

    @classmethod
    def usual(cls, data: Collection, a: str) -> Shown:
        """Choose what is of most use beside a parameter."""
        keys = [p.key for p in data.parameters if p.kind == "number"]
        salt, heat = _first(keys, "salinity"), _first(keys, "temperature")
        others = [k for k in (heat, salt, *keys) if k and k != a]
        b = others[0] if others else ""
        third = next((k for k in keys if k not in (salt, heat, a) and not k.startswith(_DULL)), "")
        dx, dy = (third, a) if third else (a, DEPTH if salt and heat else b or DEPTH)
        return cls(a, b, salt if heat else "", heat if salt else "", dx, dy)

    def instead(self, there: Sequence[str], found: Sequence[str] = ()) -> Shown:
        """Choose what a station can show that lacks the parameter of the first profile.

        Parameters
        ----------
        there : sequence of str
            Parameters of which the station has values.
        found : sequence of str
            Parameters with findings in it, the most important first.
        """
        if self.a in there or not there:
            return self
        order = [k for k in (*found, self.b, *there) if k in there]
        a = next((k for k in order if not k.startswith(_DULL)), order[0])
        others = [k for k in order if k != a]
        b = self.b if self.b in others else (others or [self.b])[0]
        dx, dy = (a if k == self.a else k for k in (self.dx, self.dy))
        return replace(self, a=a, b=b, dx=dx, dy=b if dx == dy else dy)

    @property
    def pairs(self) -> dict[str, tuple[str, str]]:
        """The axes of each plot, by its name; profiles have depth downwards."""
        return {
            "a": (self.a, DEPTH),
            "b": (self.b, DEPTH),
            "c": (self.cx, self.cy),
            "d": (self.dx, self.dy),
        }


def _first(keys: list[str], beginning: str) -> str:
    return next((k for k in keys if k.startswith(beginning)), "")


def station_view(
    data: Collection, row: int, shown: Shown, findings: Findings | None = None
) -> dict[str, Any]:
    """Collect what the plots, the headline and the list of findings show of a station.

    Parameters
    ----------
    data : Collection
    row : int
        Station.
    shown : Shown
    findings : Findings, optional
        Of the whole collection.

    Returns
    -------
    dict
        Texts, numbers and arrays as a message to the browser takes them.
    """
    run = slice(int(data.offsets[row]), int(data.offsets[row + 1]))
    depth = np.asarray(data.depth[run], np.float32)
    times = _times(data, run)
    lon, lat = data.lon[row : row + 1], data.lat[row : row + 1]
    x, y = forward("mercator", lon, lat)
    values = _values(data, row)
    kind = _kind(FEATURES[data.feature[row]], depth, times)
    found = found_groups(data, row, findings, values, times if kind == "time" else None)
    there = [key for key, column in values.items() if np.isfinite(column).any()]
    here = shown.instead(there, [group["key"] for group in found])
    return {
        "row": int(row),
        "id": data.station_id(row),
        **_headline(data, row),
        "n": len(depth),
        "kind": kind,
        "depth": depth,
        "time": times,
        "values": values,
        # Of the kind that the plots take as colours; the browser can't make it from nothing.
        "paint": np.empty(0, np.uint32),
        "flags": station_flags(data, row),
        "at": [_finite(x[0]), _finite(y[0])],
        "near": _near(data, row, here),
        "density": _density(data, row, values, here),
        # What the plots show where that is something else than at other stations.
        "instead": None if here == shown else {p: list(pair) for p, pair in here.pairs.items()},
        "checked": findings is not None,
        "findings": found,
    }


def station_flags(data: Collection, row: int) -> dict[str, str]:
    """Return the L20 codes of a station: one letter a sample for each parameter and depth.

    Those of position and time of the station are single letters.
    """
    a, b = int(data.offsets[row]), int(data.offsets[row + 1])
    found = {}
    for key in data.keys:
        stored = data.stored(key, "flags")
        assert stored is not None, "flags are always stored"
        start = int(stored[1][row])
        if start >= 0:
            found[key] = _letters(stored[0][start : start + b - a])
    found[DEPTH] = _letters(data.depth_flag[a:b])
    found[POSITION] = _letters(data.position_flag[row : row + 1])
    found[TIME] = _letters(data.time_flag[row : row + 1])
    return found


def _letters(codes: NDArray[np.uint8]) -> str:
    return np.asarray(codes).tobytes().decode("ascii", "replace")


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _times(data: Collection, run: slice) -> NDArray[np.float64] | None:
    """Return milliseconds of each sample where samples have times of their own."""
    if data.sample_time is None:
        return None
    times = data.sample_time[run]
    if np.isnat(times).all():
        return None
    return np.where(np.isnat(times), np.nan, times.astype("M8[ms]").astype(np.int64))


def _kind(feature: str, depth: NDArray[np.float32], times: NDArray[np.float64] | None) -> str:
    """Tell what samples of a station lie along: depth, time, or nothing but their order."""
    known = depth[np.isfinite(depth)]
    if times is not None and (feature != "profile" or len(np.unique(known)) < 2):
        return "time"
    return "depth" if len(known) else "order"


def _values(data: Collection, row: int) -> dict[str, NDArray]:
    """Return the numbers of a station, of each parameter that it has."""
    found = {}
    n = int(data.offsets[row + 1] - data.offsets[row])
    for p in data.parameters:
        if p.kind != "number":
            continue
        stored = data.stored(p.key)
        assert stored is not None, "values are always stored"
        start = int(stored[1][row])
        if start >= 0:
            found[p.key] = np.asarray(stored[0][start : start + n])
    return found


def _headline(data: Collection, row: int) -> dict[str, Any]:
    def text(name: str) -> str:
        coded = data.text(name)
        code = int(coded.codes[row])
        return "" if code < 0 else coded.labels[code]

    edmo, time = int(data.edmo[row]), data.time[row]
    return {
        "cruise": text("cruise"),
        "station": text("station"),
        "platform": text("platform"),
        "centre": label("EDMO", str(edmo)) if edmo else "",
        "when": "" if np.isnat(time) else str(time.astype("M8[m]")).replace("T", " "),
        "lon": _finite(data.lon[row]),
        "lat": _finite(data.lat[row]),
        "bottom": _finite(data.bottom_depth[row]),
    }


# ---- the sea around ----------------------------------------------------------


def _near(data: Collection, row: int, shown: Shown) -> dict[str, Any]:
    """Describe the neighbours: places, lines behind each plot, percentiles by depth."""
    found = find_neighbours(data, row, shown.a if shown.a in data.keys else "")
    used = {k for pair in shown.pairs.values() for k in pair if k in data.keys}
    water = gather(data, found.rows, tuple(used))
    drawn = _drawn(water)
    x, y = forward("mercator", data.lon[found.rows], data.lat[found.rows])
    return {
        "rows": found.rows.astype(np.int32),
        "x": x.astype(np.float64),
        "y": y.astype(np.float64),
        "found": found.found,
        "counted": len(water.ends),
        "drawn": drawn,
        "words": _words(found),
        "lines": {
            plot: _lines(water, drawn, *pair) for plot, pair in shown.pairs.items() if all(pair)
        },
        "bands": {
            plot: _band(water, key)
            for plot, key in (("a", shown.a), ("b", shown.b))
            if key in water.values
        },
    }


def _drawn(water: Water) -> int:
    """Return how many neighbours are drawn: the nearest, whole ones, at least five."""
    fit = int(np.searchsorted(water.ends, DRAWN_SAMPLES, "right"))
    return min(max(fit, 5), DRAWN, len(water.ends))


def _words(found: Neighbours) -> str:
    """Say where the neighbours are and when."""
    months = found.months
    when = f"{_MONTHS[months[0] - 1]} to {_MONTHS[months[-1] - 1]}" if months else "all year"
    return f"within {found.radius_km:.0f} km, {when}"


def _lines(water: Water, drawn: int, x: str, y: str) -> dict[str, NDArray[np.float32]]:
    """Return the samples of the drawn neighbours with NaN after each station."""
    end = int(water.ends[drawn - 1]) if drawn else 0
    columns = [_column(water, key, end) for key in (x, y)]
    if any(c is None for c in columns):
        empty = np.empty(0, np.float32)
        return {"x": empty, "y": empty}
    known = np.isfinite(columns[0]) & np.isfinite(columns[1])
    # One line goes through the samples that have both; then comes the next station.
    breaks = np.cumsum(known)[water.ends[:drawn] - 1]
    xs, ys = (np.insert(c[known], breaks, np.float32(np.nan)) for c in columns)  # type: ignore[index]
    return {"x": xs, "y": ys}


def _column(water: Water, key: str, end: int) -> NDArray[np.float32] | None:
    column = water.depth if key == DEPTH else water.values.get(key)
    return None if column is None else column[:end]


def _band(water: Water, key: str) -> dict[str, Any]:
    band = spread(water.depth, water.values[key])
    return {
        "y": band.depth, "low": band.low, "middle": band.middle, "high": band.high,
        "count": band.count,
    }  # fmt: skip


def _density(
    data: Collection, row: int, values: dict[str, NDArray], shown: Shown
) -> dict[str, Any] | None:
    """Return the lines of equal density in the T-S diagram of a station."""
    from sdcviz.plots.water import sigma0_contours

    ranges = [_reach(values[k]) for k in (shown.cx, shown.cy) if k in values]
    if len(ranges) < 2 or None in ranges:
        return None
    lat, lon = _finite(data.lat[row]), _finite(data.lon[row])
    salt, heat = ranges
    assert salt and heat
    x, y, labels = sigma0_contours(salt, heat, lat=45.0 if lat is None else lat, lon=lon or 0.0)
    return {
        "x": x.astype(np.float32), "y": y.astype(np.float32),
        "tx": [at for at, _, _ in labels], "ty": [at for _, at, _ in labels],
        "text": [f"{level:g}" for _, _, level in labels],
    }  # fmt: skip


def _reach(values: NDArray) -> tuple[float, float] | None:
    """Return the range of values that an ocean may have, with some room on both sides."""
    known = values[np.isfinite(values) & (values > -5) & (values < 50)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    room = max(0.06 * (high - low), 0.01)
    return low - room, high + room
