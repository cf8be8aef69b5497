"""Pairs of observations, and how far they are apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError
from .grid import Array

__all__ = [
    "EARTH_RADIUS",
    "Distance",
    "Measure",
    "Neighbours",
    "Pairs",
    "all_pairs",
    "checked",
    "measure_of",
    "pairs_of",
    "random_pairs",
]

EARTH_RADIUS = 6371009.0
"""Mean radius of the Earth (m)."""
Distance = Literal["sphere", "euclid", "vertical"]
Numbers = NDArray[np.int64]
Pairs = Callable[[], Iterator[tuple[Numbers, Numbers]]]
"""Gives chunks of the numbers of both observations, the same each time."""
Measure = Callable[[Any, Any], Array]
"""Gives the distances between observations by their numbers."""

_CHUNK = 500_000  # pairs at a time


def checked(
    x: Any, values: ArrayLike, weights: ArrayLike | None, distance: str
) -> tuple[Array, Array, Array]:
    """Give places, values and weights (mean 1) of the observations that have all of them."""
    if distance not in ("sphere", "euclid", "vertical"):
        raise DivandError(f"distance is {distance!r}; choose 'sphere', 'euclid' or 'vertical'.")
    data = np.asarray(values, np.float64)
    weight = np.ones(len(data)) if weights is None else np.asarray(weights, np.float64)
    where = np.atleast_2d(np.asarray(x, np.float64))
    if distance == "sphere" and len(where) < 2:
        raise DivandError("A distance on the sphere needs longitude and latitude; x has one entry.")
    if where.shape[1] != len(data) or weight.shape != data.shape:
        raise DivandError(
            f"There are {where.shape[1]} places, {len(data)} values and {weight.size} weights; "
            "give as many of each."
        )
    if (weight < 0).any():
        at = int(np.argmax(weight < 0))
        raise DivandError(f"weights[{at}] is {weight[at]:g}; a weight must be 0 or more.")
    keep = np.isfinite(data) & np.isfinite(where).all(axis=0) & (weight > 0)
    weight = weight[keep] / weight[keep].mean() if keep.any() else weight[keep]
    return where[:, keep], data[keep], weight


def measure_of(where: Array, distance: str) -> Measure:
    """Give the function that measures distances between observations by their numbers."""
    if distance == "vertical":
        depth = where[-1]
        return lambda i, j: np.abs(depth[i] - depth[j])
    if distance == "euclid":
        return lambda i, j: np.sqrt(((where[:, i] - where[:, j]) ** 2).sum(axis=0))
    place = unit_vectors(where[0], where[1])

    def on_sphere(i: Any, j: Any) -> Array:
        chord = np.sqrt(((place[:, i] - place[:, j]) ** 2).sum(axis=0))
        return EARTH_RADIUS * 2 * np.arcsin(np.minimum(chord / 2, 1))

    return on_sphere


def unit_vectors(longitude: Array, latitude: Array) -> Array:
    """Give places on the sphere (degrees) as vectors of length 1, shape (3, n)."""
    lon, lat = np.radians(longitude), np.radians(latitude)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def all_pairs(n: int) -> Pairs:
    """Give all pairs of different observations, each once, in chunks."""

    def pairs() -> Iterator[tuple[Numbers, Numbers]]:
        rows = max(1, _CHUNK // max(n, 1))
        for start in range(0, n, rows):
            i, j = np.meshgrid(np.arange(start, min(start + rows, n)), np.arange(n), indexing="ij")
            ahead = j > i
            yield i[ahead], j[ahead]

    return pairs


def pairs_of(samples: int) -> int:
    """Give the number of pairs of so many observations."""
    if samples < 2:
        raise DivandError(f"samples is {samples}; a pair needs at least 2.")
    return samples * (samples - 1) // 2


def random_pairs(n: int, count: int, seed: int) -> Pairs:
    """Give random pairs of different observations, in chunks."""

    def pairs() -> Iterator[tuple[Numbers, Numbers]]:
        random = np.random.default_rng(seed)
        for start in range(0, count, _CHUNK):
            size = min(_CHUNK, count - start)
            i = random.integers(n, size=size)
            yield i, (i + random.integers(1, n, size=size)) % n

    return pairs


class Neighbours:
    """Observations of the same place as each observation.

    Parameters
    ----------
    where : ndarray, shape (2 or more, n)
        Coordinates; only the first two make the place.
    near : float
        Observations up to this far from each other are of the same place (m on the sphere).
    distance : {"sphere", "euclid"}
    """

    def __init__(self, where: Array, near: float, distance: str) -> None:
        places, self.place = np.unique(where[:2].T, axis=0, return_inverse=True)
        self.place = self.place.ravel()
        self._by_place = np.argsort(self.place, kind="stable")
        held = np.bincount(self.place, minlength=len(places))
        self._starts = np.concatenate([[0], np.cumsum(held)])
        points, reach = places, near
        if distance == "sphere":
            points = unit_vectors(*places.T).T
            reach = 2 * np.sin(min(near / EARTH_RADIUS / 2, np.pi / 2))
        from scipy.spatial import KDTree

        self._close = KDTree(points).query_ball_point(points, reach) if len(points) else []
        self._alone = np.array([len(c) == 1 for c in self._close], bool) & (held == 1)

    def _company(self, place: int) -> Numbers:
        of = [
            self._by_place[self._starts[p] : self._starts[p + 1]]
            for p in sorted(self._close[place])
        ]
        return np.concatenate(of)

    def with_company(self, numbers: Numbers) -> Numbers:
        """Give those observations that have another one at their place."""
        return numbers[~self._alone[self.place[numbers]]] if numbers.size else numbers

    def pairs(self, first: Numbers, count: int, seed: int) -> Pairs:
        """Give random pairs of one of `first` and another one at its place."""
        random = np.random.default_rng(seed)
        i = random.choice(first, count) if first.size else first
        share = random.random(len(i))
        j = np.empty_like(i)
        for place in np.unique(self.place[i]):
            here = np.flatnonzero(self.place[i] == place)
            company = self._company(int(place))
            # A random one of the others: skip oneself in the sorted numbers.
            company.sort()
            self_at = np.searchsorted(company, i[here])
            step = 1 + (share[here] * (len(company) - 1)).astype(np.int64)
            j[here] = company[(self_at + step) % len(company)]

        def once() -> Iterator[tuple[Numbers, Numbers]]:
            yield i, j

        return once
