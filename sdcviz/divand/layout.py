"""Where the points of a masked grid lie in flat arrays, for loops that need no questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Layout"]

_GAP = 24  # points of land that are calculated with the sea rather than left out


class Layout:
    """Values of a grid in one flat array with room around it.

    The neighbours of a point are at fixed distances, and no loop has to ask where it is: land
    has no edges and the value 0. A cyclic dimension has one more point at both ends, copied
    from the other end before use.

    Parameters
    ----------
    sea : array of bool
    cyclic : sequence of bool
    more : int
        Points beside those of the grid, behind it.

    Attributes
    ----------
    length : int
        Of the flat array.
    place : ndarray of int32, shape (sea points,)
        Index of each sea point, in C order of the grid, and of those behind it.
    more : slice
        The points behind the grid.
    strides : tuple of int
        Distance of neighbours along each dimension.
    runs : ndarray of int64, shape (runs, 2)
        Stretches that hold all sea points.
    """

    def __init__(self, sea: NDArray[np.bool_], cyclic: Sequence[bool], more: int = 0) -> None:
        self.cyclic = tuple(bool(c) for c in cyclic)
        self._padded = tuple(size + 2 * c for size, c in zip(sea.shape, self.cyclic, strict=True))
        counts = [int(np.prod(self._padded[k + 1 :])) for k in range(sea.ndim)]
        self.strides = tuple(counts)
        self._pad = max(counts)
        self._end = self._pad + int(np.prod(self._padded))
        self.more = slice(self._end + self._pad, self._end + self._pad + more)
        self.length = self._end + self._pad + (more + self._pad if more else 0)
        self._inside = tuple(slice(1, -1) if c else slice(None) for c in self.cyclic)
        flat = self.spread(sea)
        flat[self.more] = True
        self.place = np.flatnonzero(flat).astype(np.int32)
        ends = np.flatnonzero(np.diff(self.place) > _GAP)
        first = self.place[np.concatenate([[0], ends + 1])] if self.place.size else []
        last = self.place[np.concatenate([ends, [-1]])] if self.place.size else []
        self.runs = np.stack([np.asarray(first), np.asarray(last) + 1], axis=1).astype(np.int64)
        self._halo = self._find_halo()

    def _find_halo(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        index = np.arange(self.length, dtype=np.int32)
        of = index.copy()
        whole = self.whole(of)
        for k, c in enumerate(self.cyclic):
            if c:
                rows = np.moveaxis(whole, k, 0)
                rows[0], rows[-1] = rows[-2], rows[1]
        to = np.flatnonzero(of != index).astype(np.int32)
        return to, of[to]

    def whole(self, flat: Any) -> Any:
        """Give a view of the grid's shape, with the extra points of cyclic dimensions."""
        return flat[self._pad : self._end].reshape(self._padded)

    def rows(self, flat: Any, k: int) -> Any:
        """Give a view of the shape (before, along, behind) a dimension."""
        n = self._padded[k]
        return flat[self._pad : self._end].reshape(-1, n, self.strides[k])

    def inner(self, flat: Any) -> Any:
        """Give a view of the grid's shape."""
        return self.whole(flat)[self._inside]

    def spread(self, array: Any) -> Any:
        """Put an array of the grid's shape into a flat one."""
        flat = np.zeros(self.length, array.dtype)
        self.whole(flat)[self._inside] = array
        return flat

    def at(self, numbers: Any) -> NDArray[np.int32]:
        """Give the index of points: cells of the grid by C order, then those behind it."""
        index = np.arange(self.length, dtype=np.int32)
        return np.concatenate([self.inner(index).ravel(), index[self.more]])[numbers]

    def edges(self, weights: Any) -> tuple[Any, NDArray[np.int64]]:
        """Put weights of edges into flat arrays, of the dimensions that have any.

        Parameters
        ----------
        weights : ndarray, shape (n, *grid)

        Returns
        -------
        weights : ndarray, shape (dimensions, length)
        strides : ndarray of int64, shape (dimensions,)
        """
        used = [k for k, w in enumerate(weights) if w.any()]
        flat = np.zeros((len(used), self.length), weights.dtype)
        for row, k in zip(flat, used, strict=True):
            self.whole(row)[self._inside] = weights[k]
            # The edge that leads into the first point of a cyclic dimension starts at its copy.
            self.wrap(row)
        return flat, np.array([self.strides[k] for k in used], np.int64)

    def wrap(self, flat: Any) -> None:
        """Copy the ends of cyclic dimensions to where their neighbours look for them."""
        to, of = self._halo
        if to.size:
            flat[to] = flat[of]

    def unwrap(self, flat: Any) -> None:
        """Set the copies to 0."""
        if self._halo[0].size:
            flat[self._halo[0]] = 0
