"""The thresholds of a check for a parameter, by region and depth layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.formats.flags import RANK
from sdcviz.qc.model import DEPTH

from .base import Check

__all__ = ["ANY", "Limits", "Region", "Rule", "Rules", "Thresholds"]

ANY = "*"
"""In the place of a parameter: all that have no rules of their own."""
_SHAPES = Lock()
"""GEOS builds the index of a prepared shape when it is first asked: by one thread at a time."""


@dataclass(frozen=True)
class Region:
    """A part of the sea.

    Attributes
    ----------
    name, title, source : str
    polygons : tuple of ndarray, shape (n, 2)
        Corners in degrees east and north; none is the whole world.
    """

    name: str
    title: str
    source: str = ""
    polygons: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True)
class Rule:
    """One line of thresholds.

    Attributes
    ----------
    regions : tuple of str
    depth : tuple of float
        From (included) and to (not included), metres.
    flag : str
        L20 code that is proposed.
    given : dict of str to float or str
        The settings of the check.
    source : str
        Where the figures come from.
    """

    regions: tuple[str, ...]
    depth: tuple[float, float]
    flag: str
    given: Mapping[str, float | str]
    source: str


class Rules:
    """The rules of one check for one parameter, as arrays that compiled loops take.

    A region that has rules of its own takes none of the global ones. Within a
    region those with the worst flag come first, so that the first that fails
    tells the flag.

    Attributes
    ----------
    first, last : ndarray of int64, one a region
        Where the rules of each region begin and end in the other arrays.
    top, bottom : ndarray of float64
        Depth layer of each rule.
    flags : ndarray of uint8
    rules : list of Rule
        In the order of the arrays.
    """

    def __init__(self, rules: list[Rule], regions: tuple[Region, ...], check: Check) -> None:
        self._check = check
        order = sorted(rules, key=lambda r: int(RANK[ord(r.flag)]))
        by_region = {r.name: [x for x in order if r.name in x.regions] for r in regions}
        self.rules: list[Rule] = []
        self.first = np.zeros(len(regions), np.int64)
        self.last = np.zeros(len(regions), np.int64)
        for i, region in enumerate(regions):
            mine = by_region[region.name]
            if i and not mine:
                self.first[i], self.last[i] = self.first[0], self.last[0]
                continue
            self.first[i] = len(self.rules)
            self.rules += mine
            self.last[i] = len(self.rules)
        self.top = np.array([r.depth[0] for r in self.rules])
        self.bottom = np.array([r.depth[1] for r in self.rules])
        self.flags = np.array([ord(r.flag) for r in self.rules], np.uint8)

    def number(self, name: str) -> NDArray[np.float64]:
        """Return a setting, one a rule; NaN where it is not given."""
        return np.array([r.given[name] for r in self.rules], np.float64)

    def text(self, name: str) -> list[str]:
        """Return a setting that is a text, one a rule."""
        return [str(r.given[name]) for r in self.rules]

    @property
    def table(self) -> tuple[NDArray, ...]:
        """Regions, layers and flags as compiled loops take them."""
        return self.first, self.last, self.top, self.bottom, self.flags

    def one(self, name: str, region: int = 0) -> Any:
        """Return a setting of the first rule of a region (checks without depth layers)."""
        return self.rules[int(self.first[region])].given[name]

    def by_region(self, name: str) -> NDArray[np.float64]:
        """Return a setting of the first rule of each region; NaN where it has none."""
        out = np.full(len(self.first), np.nan)
        some = self.last > self.first
        out[some] = self.number(name)[self.first[some]]
        return out

    def by_region_flag(self) -> NDArray[np.uint8]:
        """Return the flag of the first rule of each region; 0 (the number) where it has none."""
        out = np.zeros(len(self.first), np.uint8)
        some = self.last > self.first
        out[some] = self.flags[self.first[some]]
        return out


@dataclass(frozen=True)
class Limits:
    """The thresholds of one check.

    Attributes
    ----------
    check : Check
    regions : tuple of Region
    by_parameter : mapping of str to list of Rule
    only : tuple of str, optional
        Parameters of the collection that are looked at; all by default.
    """

    check: Check
    regions: tuple[Region, ...]
    by_parameter: Mapping[str, list[Rule]]
    only: tuple[str, ...] | None = None
    _made: dict[str, Rules] = field(default_factory=dict)

    def keys(self, known: list[str]) -> list[str]:
        """Return the parameters of a collection that the check has rules for.

        Parameters
        ----------
        known : list of str
            Numeric parameters of the collection; the depth (``"@depth"``) comes last.
        """
        return [key for key in [*known, DEPTH] if self.find(key) is not None]

    def of_parameters(self, keys: Sequence[str]) -> Limits:
        """Keep the rules that are for some parameters of a collection."""
        return replace(self, only=tuple(keys))

    def find(self, key: str) -> Rules | None:
        """Return the rules for a parameter, or None.

        A second column of a quantity (``temperature_2``) has those of the first.
        """
        if self.only is not None and key not in self.only and key != ANY:
            return None
        stem, _, number = key.rpartition("_")
        names = [key, *([stem] if stem and number.isdigit() else [])]
        if key == DEPTH:
            names = ["depth"]
        else:
            names.append(ANY)
        for name in names:
            if self.by_parameter.get(name):
                if name not in self._made:
                    self._made[name] = Rules(self.by_parameter[name], self.regions, self.check)
                return self._made[name]
        return None

    def everywhere(self, name: str) -> Rules:
        """Return the rules under a name that need not be a parameter of the collection."""
        return replace(self, only=None).of(name)

    def of(self, key: str = ANY) -> Rules:
        """Return the rules for a parameter that has some (see `keys`)."""
        rules = self.find(key)
        assert rules is not None, f"{self.check.name} has no rules for {key}"
        return rules


@dataclass(frozen=True)
class Thresholds:
    """All thresholds of one file.

    Attributes
    ----------
    name : str
        Name or path of the file.
    regions : tuple of Region
        The whole world first; a station belongs to the first other one that holds it.
    limits : dict of str to Limits
        By check; a check that is not there is not run.
    content : dict
        What the file says, to be kept beside the findings.
    """

    name: str
    regions: tuple[Region, ...]
    limits: Mapping[str, Limits]
    content: Mapping[str, Any]

    @cached_property
    def _shapes(self) -> list[Any]:
        import shapely

        made = []
        for region in self.regions[1:]:
            # An outline that crosses itself is taken as the areas that it encloses.
            polygons = [shapely.make_valid(shapely.Polygon(p)) for p in region.polygons]
            shape = shapely.union_all(polygons)
            shapely.prepare(shape)
            made.append(shape)
        return made

    def region_of(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int16]:
        """Find the region of each position: an index in `regions`, 0 where it is in none."""
        import shapely

        lon, lat = np.asarray(lon, float), np.asarray(lat, float)
        out = np.zeros(len(lon), np.int16)
        turn = (lon + 180) % 360 - 180
        with _SHAPES:
            for number, shape in enumerate(self._shapes, 1):
                west, south, east, north = shape.bounds
                near = (turn >= west) & (turn <= east) & (lat >= south) & (lat <= north)
                at = np.flatnonzero(near & (out == 0))
                out[at[shapely.intersects_xy(shape, turn[at], lat[at])]] = number
        return out
