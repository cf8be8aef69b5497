"""What a worker needs to analyse one time slice: plain numbers and arrays only.

Everything here can be pickled and is understood by a machine that has neither the collection
nor the recipe.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .transforms import Transform

__all__ = ["Problem", "SliceTask"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """What all slices of a run have in common.

    Attributes
    ----------
    mask : ndarray of bool
        Sea points, (lon, lat) or (lon, lat, depth).
    pmn : tuple of ndarray
        Inverse resolution, of shapes that broadcast to the mask's, 1/m.
    lon, lat, depth : ndarray
        Axes; `depth` is empty for a product without.
    moddim : tuple of float
        Periods of cyclic dimensions.
    horizontal, vertical : ndarray, shape (ndepth or 1,)
        Correlation lengths in metres.
    epsilon2 : float
        Error variance of an observation relative to the variance of the field.
    weights : tuple of float, or None
        Distances in metres, horizontal and vertical, and days within which observations are not
        independent.
    transform : Transform
    background : str
        "none", "mean", "profile" or "product".
    background_vertical : ndarray, shape (ndepth or 1,), or None
        Length of the profile's smoothing in metres.
    low, high : float
        Bounds of the field.
    error : str
        "cpme", "exact" or "none".
    solver : str
    margin : bool
        See `margin`.
    desroziers : int
        Analyses that scale `epsilon2` to fit the residuals.
    suspects : str
        Criterion of quality control, "none" without.
    seed : int
        Of random probes.
    chunk : int
        Levels that are kept of each depth chunk; 0: all at once.
    slopes : ndarray, shape (nlon, nlat), or None
        Multiplies the horizontal lengths, above 0 to 1.
    velocity : tuple of ndarray, shape (nlon, nlat, ndepth or 1), or None
        Eastward and northward currents as `currents` gives them.
    memory : float or None
        Bytes that one slice may take; decides no number.
    """

    mask: NDArray[np.bool_]
    pmn: tuple[Array, ...]
    lon: Array
    lat: Array
    depth: Array
    moddim: tuple[float, ...]
    horizontal: Array
    vertical: Array
    epsilon2: float
    weights: tuple[float, float, float] | None
    transform: Transform
    background: str
    background_vertical: Array | None
    low: float
    high: float
    error: str
    solver: str
    margin: bool = True
    desroziers: int = 0
    suspects: str = "none"
    seed: int = 0
    chunk: int = 0
    slopes: Array | None = None
    velocity: tuple[Array, Array] | None = None
    memory: float | None = None

    @property
    def xi(self) -> tuple[Array, ...]:
        """Axes of the dimensions of the mask."""
        return (self.lon, self.lat, self.depth)[: self.mask.ndim]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a slice of the product."""
        return len(self.lon), len(self.lat), max(len(self.depth), 1)

    @property
    def lengths(self) -> tuple[Array, ...]:
        """Correlation lengths of each dimension, of shapes that broadcast to the mask's."""
        across = self.horizontal[None, None, :]
        if self.slopes is not None:
            across = across * self.slopes[:, :, None]
        if self.mask.ndim == 2:
            return across[:, :, 0], across[:, :, 0]
        return across, across, self.vertical[None, None, :]

    def digest(self) -> str:
        """Give a hash of all that decides numbers."""
        whole = hashlib.sha256()
        for part in fields(self):
            if part.name == "memory":
                continue
            value = getattr(self, part.name)
            whole.update(f"{part.name}:".encode())
            for piece in value if isinstance(value, tuple) else (value,):
                whole.update(_bytes(piece))
        return whole.hexdigest()


def _bytes(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}{value.shape}".encode() + np.ascontiguousarray(value).tobytes()
    return repr(value).encode()


@dataclass(frozen=True)
class SliceTask:
    """One time slice to be analysed.

    Attributes
    ----------
    problem : Problem
    number : int
        Place among the slices of the run.
    label : str
    rows : ndarray of int64, shape (k,)
        Rows of the run's observations.
    lon, lat, depth, value : ndarray, shape (k,)
    day : ndarray, shape (k,)
        Time in days.
    product : ndarray or None
        Field that is the background, of the mask's shape and without gaps.
    fallback : ndarray, shape (ndepth or 1,), or None
        Transformed profile of all observations of the run, for a slice that has none at sea.
    errors : ndarray, shape (k,), or None
        Error variance of each observation relative to the variance of the field, once known.
    window : tuple of int, or None
        First longitude, the one behind the last, first latitude, the one behind the last: only
        this part of the grid is analysed, with the background of the whole (see `boxes`).
    """

    problem: Problem
    number: int
    label: str
    rows: NDArray[np.int64]
    lon: Array
    lat: Array
    depth: Array
    value: Array
    day: Array
    product: Array | None = None
    fallback: Array | None = None
    errors: Array | None = None
    window: tuple[int, int, int, int] | None = None

    @property
    def places(self) -> tuple[Array, ...]:
        """Coordinates of the observations in the dimensions of the mask."""
        return (self.lon, self.lat, self.depth)[: self.problem.mask.ndim]
