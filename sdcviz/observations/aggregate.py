"""Stations to pixels: what the map draws of a view, and nothing else.

A `MapLayer` holds the projected positions of the stations to be drawn, in
their order on disk (Morton order), so that neighbours on the map are
neighbours in memory. Each block of consecutive stations has a bounding box;
a redraw looks only at the blocks that touch the view. At a million stations
half of the time of a general library goes into everything but the stations;
the loops are our own therefore, and give the pictures that datashader gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..formats.model import L20
from .pixels import average_points, count_codes, count_inside, count_points

__all__ = ["BLOCK", "MapLayer", "View", "dominant_flags"]

BLOCK = 4096
"""Stations in a block: small enough to skip much, large enough to keep the list short."""


Box = tuple[float, float, float, float]
"""x0, x1, y0, y1 in projected metres."""


class View(NamedTuple):
    """A rectangle of the projected plane and its size on the screen.

    Attributes
    ----------
    x0, x1, y0, y1 : float
        Projected metres.
    width, height : int
        Pixels.
    """

    x0: float
    x1: float
    y0: float
    y1: float
    width: int
    height: int

    @property
    def box(self) -> Box:
        """The rectangle alone."""
        return self[:4]

    @property
    def pixel(self) -> float:
        """Width of a pixel in projected metres."""
        return (self.x1 - self.x0) / self.width


@dataclass
class MapLayer:
    """Projected positions with a block index.

    Attributes
    ----------
    x, y : ndarray of float32, shape (n,)
        Projected metres; stations that have no place in the projection are
        not part of a layer.
    rows : ndarray of int64, shape (n,)
        Station rows in the collection, ascending.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    rows: NDArray[np.int64]
    _boxes: tuple[NDArray, NDArray, NDArray, NDArray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = np.arange(0, len(self.x), BLOCK)
        if len(starts):
            self._boxes = (
                np.minimum.reduceat(self.x, starts),
                np.maximum.reduceat(self.x, starts),
                np.minimum.reduceat(self.y, starts),
                np.maximum.reduceat(self.y, starts),
            )
        else:
            self._boxes = (self.x, self.x, self.y, self.y)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Smallest rectangle (x0, y0, x1, y1) around all stations; None without any."""
        if not len(self):
            return None
        x0, x1, y0, y1 = self._boxes
        return float(x0.min()), float(y0.min()), float(x1.max()), float(y1.max())

    def runs(self, x0: float, x1: float, y0: float, y1: float) -> list[slice]:
        """Find the stretches of consecutive stations whose blocks touch a rectangle.

        Parameters
        ----------
        x0, x1, y0, y1 : float
            Projected metres.

        Returns
        -------
        list of slice
            Positions in the layer, ascending and disjoint.
        """
        return [slice(a, b) for a, b in self._runs(self._touch((x0, x1, y0, y1))).tolist()]

    def _touch(self, box: Box) -> NDArray[np.bool_]:
        """Tell which blocks touch a rectangle."""
        x0, x1, y0, y1 = box
        bx0, bx1, by0, by1 = self._boxes
        return (bx0 <= x1) & (bx1 >= x0) & (by0 <= y1) & (by1 >= y0)

    def _runs(self, blocks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Join neighbours of the blocks that are meant to stretches, shape (k, 2)."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], blocks, [False])).astype(np.int8)))
        return np.minimum(edges.reshape(-1, 2) * BLOCK, len(self))

    def within(self, x0: float, x1: float, y0: float, y1: float) -> NDArray[np.int64]:
        """Find the stations inside a rectangle.

        Parameters
        ----------
        x0, x1, y0, y1 : float
            Projected metres; the edges belong to the rectangle.

        Returns
        -------
        ndarray of int64
            Positions in the layer (not rows of the collection), ascending.
        """
        found = [
            run.start
            + np.flatnonzero(
                (self.x[run] >= x0)
                & (self.x[run] <= x1)
                & (self.y[run] >= y0)
                & (self.y[run] <= y1)
            )
            for run in self.runs(x0, x1, y0, y1)
        ]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def nearest(self, x: float, y: float, reach: float) -> tuple[int | None, int]:
        """Find the station nearest to a point, and how many are within reach.

        Parameters
        ----------
        x, y, reach : float
            Projected metres.

        Returns
        -------
        row : int or None
            Row in the collection of the nearest station within reach.
        count : int
            Stations within reach.
        """
        near = self.within(x - reach, x + reach, y - reach, y + reach)
        d2 = (self.x[near] - np.float32(x)) ** 2 + (self.y[near] - np.float32(y)) ** 2
        inside = d2 <= reach * reach
        if not inside.any():
            return None, 0
        return int(self.rows[near[np.argmin(d2)]]), int(inside.sum())

    def number(self, view: View) -> int:
        """Count the stations in a view, without looking at blocks that are inside as a whole.

        Parameters
        ----------
        view : View
            What to draw.

        Returns
        -------
        int
            Stations, those on the edges included.
        """
        x0, x1, y0, y1 = box = view.box
        bx0, bx1, by0, by1 = self._boxes
        whole = (bx0 >= x0) & (bx1 <= x1) & (by0 >= y0) & (by1 <= y1)
        inside = int(np.diff(self._runs(whole)).sum())
        return inside + count_inside(self.x, self.y, self._runs(self._touch(box) & ~whole), box)

    def count(self, view: View) -> NDArray[np.uint32]:
        """Count the stations in each pixel.

        Parameters
        ----------
        view : View
            What to draw.

        Returns
        -------
        ndarray of uint32, shape (height, width)
            Row 0 is the southern edge.
        """
        counts = np.zeros((view.height, view.width), np.uint32)
        count_points(self.x, self.y, self._runs(self._touch(view.box)), view.box, counts)
        return counts

    def pixels(
        self, view: View, inside: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Tell in which pixel `count` counts stations.

        Parameters
        ----------
        view : View
        inside : ndarray of int64, shape (k,)
            Positions in the layer of stations in view, from `within`.

        Returns
        -------
        line, column : ndarray of int64, shape (k,)
        """
        # In the very steps of the compiled loops: where a station lies on the border of
        # two pixels, rounding decides.
        x, y = self.x[inside].astype(np.float64), self.y[inside].astype(np.float64)
        column = (x - view.x0) * (view.width / (view.x1 - view.x0))
        line = (y - view.y0) * (view.height / (view.y1 - view.y0))
        return (
            np.clip(line.astype(np.int64), 0, view.height - 1),
            np.clip(column.astype(np.int64), 0, view.width - 1),
        )

    def _check(self, values: NDArray) -> None:
        """Refuse too short an array: compiled loops would read beyond its end."""
        if len(self.rows) and len(values) <= self.rows[-1]:
            raise IndexError(
                f"{len(values)} values can't belong to stations up to row {self.rows[-1]}."
            )

    def mean(self, view: View, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Average a value of the stations in each pixel.

        Parameters
        ----------
        view : View
            What to draw.
        values : ndarray of float32
            One a station of the collection; NaN is left out.

        Returns
        -------
        ndarray of float32, shape (height, width)
            NaN where no station has a value. Row 0 is the southern edge.
        """
        self._check(values)
        grid = np.empty((view.height, view.width), np.float32)
        runs = self._runs(self._touch(view.box))
        average_points(self.x, self.y, self.rows, runs, view.box, values, grid)
        return grid

    def dominant(self, view: View, codes: NDArray[np.uint8], n_codes: int) -> NDArray[np.uint8]:
        """Find the commonest category in each pixel.

        Parameters
        ----------
        view : View
            What to draw.
        codes : ndarray of uint8
            Category of each station of the collection, below `n_codes`.
        n_codes : int
            Number of categories, at most 254.

        Returns
        -------
        ndarray of uint8, shape (height, width)
            Category + 1; 0 where there is no station. Row 0 is the southern edge.
        """
        self._check(codes)
        best = np.zeros((view.height, view.width), np.uint8)
        counts = np.zeros((*best.shape, n_codes), np.uint32)
        runs = self._runs(self._touch(view.box))
        count_codes(self.x, self.y, self.rows, runs, view.box, codes, counts, best)
        return best


def dominant_flags(flags: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Find the commonest flag of each station, missing values apart.

    Parameters
    ----------
    flags : ndarray of uint8, shape (m,)
        ASCII of L20 codes, samples of a station side by side.
    offsets : ndarray of int64, shape (n + 1,)
        Samples of station i are ``offsets[i]:offsets[i + 1]``.

    Returns
    -------
    ndarray of uint8, shape (n,)
        Position of the flag in `sdcviz.formats.model.L20`; that of "9" where
        a station has no value.
    """
    n = len(offsets) - 1
    best = np.full(n, L20.index("9"), np.uint8)
    most = np.zeros(n, np.int64)
    for number, code in enumerate(L20):
        if code == "9":
            continue
        hits = np.flatnonzero(flags == ord(code))
        if not len(hits):
            continue
        before = np.searchsorted(hits, offsets)
        count = np.diff(before)
        more = count > most
        best[more], most[more] = number, count[more]
    return best
