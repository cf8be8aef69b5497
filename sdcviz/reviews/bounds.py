"""Values that water can't have: negative concentrations, ice, what nobody observed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..words import counted
from .collocated import Collocated
from .fields import FieldView, depth_words, place_words, share_words, spot_words

__all__ = ["bounds"]

_WORST = 10
_MARGIN = 0.1
"""Of the observed range of a level; beyond it a field overshoots."""
_CELL = 3
"""Degrees; a cell and those around it have the observations of a place."""
_SHARES = (0.1, 99.9)
_FEWEST = 50
_MUCH = 0.02
_PATCH, _FAR = 20, 0.05
"""Points, and share of the spread of the field, that are no small overshoot."""


class _Near:
    """Tells where a map has observations within some degrees: elsewhere they tell no range."""

    def __init__(self, samples: Collocated, view: FieldView) -> None:
        there = np.zeros((view.grid.shape[1], 360 // _CELL, 180 // _CELL), bool)
        column, row = self._cells(samples.lon, samples.lat)
        for off in (-1, 0, 1):
            # As the range of a level, which knows its neighbours.
            level = np.clip(samples.level.astype(int) + off, 0, len(there) - 1)
            there[level, column, row] = True
        east = there | np.roll(there, 1, 1) | np.roll(there, -1, 1)
        self.around = east.copy()
        self.around[..., 1:] |= east[..., :-1]
        self.around[..., :-1] |= east[..., 1:]
        self.cells = self._cells(*view.lonlat())

    @staticmethod
    def _cells(lon: NDArray, lat: NDArray) -> tuple[NDArray, NDArray]:
        column = np.floor(lon % 360 / _CELL).astype(int) % (360 // _CELL)
        row = np.clip(np.floor((lat + 90) / _CELL).astype(int), 0, 180 // _CELL - 1)
        return column, row

    def at(self, level: int) -> NDArray[np.bool_]:
        """Return the map of a level."""
        return np.asarray(self.around[level][self.cells])


class _Tally:
    """Counts the points that fail a check, and remembers the worst."""

    def __init__(self, check: str, title: str, near: _Near | None = None) -> None:
        self.check, self.title, self.near = check, title, near
        self.count, self.of = 0, 0
        self.worst: list[dict[str, Any]] = []
        self.spread = 0.0
        self.box: list[float] | None = None
        self.domain = [-180.0, -90.0, 180.0, 90.0]
        self.steps: dict[int, int] = {}
        self.levels: dict[int, int] = {}

    def add(
        self, view: FieldView, step: int, level: int, bad: NDArray, off: NDArray, layer: NDArray
    ) -> None:
        known = np.isfinite(layer)
        if self.near is not None:
            there = self.near.at(level)
            known, bad = known & there, bad & there
        n = int(bad.sum())
        self.of += int(known.sum())
        if not n:
            return
        self.count += n
        self.spread = max(self.spread, float(np.nanstd(layer)))
        self.steps[step] = self.steps.get(step, 0) + n
        self.levels[level] = self.levels.get(level, 0) + n
        spots = view.spots(step, level, bad, np.where(bad, off, 0), _WORST)
        lon, lat = view.lonlat()
        for spot in spots:
            spot["off"] = spot.pop("value")
            at = np.argmin((lon - spot["lon"]) ** 2 + (lat - spot["lat"]) ** 2)
            spot["value"] = float(layer.ravel()[at])
        joined = sorted([*self.worst, *spots], key=lambda s: -abs(s["off"]))
        self.worst = joined[:_WORST]
        self.domain = [lon.min(), lat.min(), lon.max(), lat.max()]
        own = [lon[bad].min(), lat[bad].min(), lon[bad].max(), lat[bad].max()]
        old = self.box or own
        self.box = [min(old[0], own[0]), min(old[1], own[1]), max(old[2], own[2]),
                    max(old[3], own[3])]  # fmt: skip

    def _far(self) -> bool:
        """Whether the worst are further off than rounding and small overshoots are."""
        return abs(self.worst[min(_WORST, len(self.worst)) - 1]["off"]) > _FAR * self.spread

    def _where(self) -> str:
        """Name the place, unless it is most of the field."""
        west, south, east, north = self.box or self.domain
        a, b, c, d = self.domain
        if (east - west) * (north - south) > 0.4 * (c - a) * (d - b):
            return "in many places"
        return place_words((west, south, east, north))

    def document(self, view: FieldView, what: str) -> dict[str, Any]:
        share = self.count / self.of if self.of else 0.0
        severity = "major" if self.count >= _PATCH and self._far() else "minor"
        found: dict[str, Any] = {
            "check": self.check, "title": self.title, "share": share, "count": self.count,
            "of": self.of, "severity": severity if self.count else "none", "worst": self.worst,
            "box": self.box,
        }  # fmt: skip
        part = "the field" if self.near is None else "the field near observations"
        if not self.count:
            found["sentence"] = f"None of the {counted(self.of, 'value')} of {part} {what}."
            return found
        one = self.worst[0]
        when = view.step_name(max(self.steps, key=lambda k: self.steps[k]))
        depths = [view.depth_of(k) for k in (min(self.levels), max(self.levels))]
        deep = "" if depths[0] is None else f", {depth_words(depths)}"
        season = (
            f", most in {when}" if len(self.steps) > 1 and when else f", {when}" if when else ""
        )
        found["sentence"] = (
            f"{counted(self.count, 'value')} ({share_words(share)} of {part}) {what}: "
            f"{self._where()}{season}{deep}; the worst is "
            f"{one['value']:.4g} {view.unit} at {spot_words(one['lon'], one['lat'])}."
        )
        found["where"] = {"step": one["step"], "level": one["level"]}
        return found


def bounds(view: FieldView, samples: Collocated, quantity: str) -> list[dict[str, Any]]:
    """Check the whole field for negative, frozen and never observed values."""
    temperature = quantity == "temperature"
    limits = _observed(samples, view.grid.shape[1])
    below = _Tally("negative", "Negative values")
    ice = _Tally("freezing", "Below the freezing point")
    beyond = _Tally("overshoot", "Beyond what was observed", _Near(samples, view))
    freezing = _freezing(view) if temperature else None
    for step in view.steps:
        for z, layer in view.levels(step):
            with np.errstate(invalid="ignore"):
                if freezing is None:
                    wrong = layer < 0
                    below.add(view, step, z, wrong, layer, layer)
                else:
                    wrong = layer < freezing[z]
                    ice.add(view, step, z, wrong, layer - freezing[z], layer)
                low, high = limits[z]
                off = np.where(layer < low, layer - low, np.where(layer > high, layer - high, 0))
                off[wrong] = 0  # that is told already
                beyond.add(view, step, z, off != 0, off, layer)
    found = []
    if temperature:
        found.append(ice.document(view, "are below the freezing point of sea water"))
        found.append(_not_made(below, "A temperature may be negative."))
    else:
        found.append(below.document(view, "are negative"))
        found.append(_not_made(ice, "The field is no temperature."))
    words = "lie beyond the observed range of their level by more than a tenth of it"
    told = beyond.document(view, words)
    if told["severity"] == "major" and told["share"] < _MUCH:
        told["severity"] = "minor"
    return [*found, told]


def _not_made(tally: _Tally, why: str) -> dict[str, Any]:
    return {
        "check": tally.check, "title": tally.title, "share": None, "count": None, "of": None,
        "severity": "none", "sentence": f"Not looked at. {why}", "worst": [],
    }  # fmt: skip


def _freezing(view: FieldView) -> NDArray[np.float64]:
    """Freezing point of water of 35 g/kg (39 is colder still by 0.2 degrees) at each level."""
    import gsw

    depth = view.grid.depth if view.grid.has_depth else np.zeros(1)
    return np.asarray(gsw.t_freezing(39.0, gsw.p_from_z(-depth, 45.0), 0.0), np.float64)


def _observed(samples: Collocated, levels: int) -> list[tuple[float, float]]:
    """Give the range of the observations of each level with its margin."""
    order = np.argsort(samples.level, kind="stable")
    ends = np.searchsorted(samples.level[order], np.arange(levels + 1))
    found = []
    for k in range(levels):
        # Neighbouring levels belong to it: a level with few samples has no range of its own.
        own = order[ends[max(k - 1, 0)] : ends[min(k + 2, levels)]]
        if len(own) < _FEWEST:
            found.append((-np.inf, np.inf))
            continue
        low, high = np.percentile(samples.observed[own], _SHARES)
        margin = _MARGIN * (high - low)
        found.append((float(low - margin), float(high + margin)))
    return found
