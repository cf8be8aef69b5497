"""Coarser grids for multigrid on a masked grid: cells are joined where water connects them.

Along one dimension after the other, two neighbouring cells become one. Where land keeps them apart,
as on both sides of a spit, they must not: a coarse cell that spreads over a barrier has one value
where the solution has two, and a handful of such places is enough to ruin the convergence. So a
cell of a coarser grid may hold several **pieces** of sea. The heaviest stays in the arrays of the
grid's shape; the few others and all edges that lead to them are kept in lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import Layout
from .pieces import Cells, Pieces, apart

__all__ = ["Grid", "Way", "pairs"]

_STRONG = 0.5  # of the strongest coupling: a dimension is coarsened together with that one
_WEAK = 0.5  # coupling relative to the mass of a cell below which smoothing alone solves

Float = NDArray[Any]
Index = NDArray[np.int64]


@dataclass
class Way:
    """From a grid to the one that joins its cells along one dimension.

    Attributes
    ----------
    own, share : ndarray of the finer grid's shape
        Weights of the joined cell that holds a cell, and of the next one, in the interpolation.
    fine, coarse : ndarray of int64
        Pieces between which the interpolation has further weights.
    weight : ndarray
    anew : ndarray of int64
        Cells of the coarser grid whose mass is the sum of listed pieces alone.
    of, into : ndarray of int64
        Those pieces, and what they become part of.
    """

    own: Float
    share: Float
    fine: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    coarse: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    weight: Float = field(default_factory=lambda: np.zeros(0))
    anew: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    of: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    into: Index = field(default_factory=lambda: np.zeros(0, np.int64))


class Grid:
    """One grid of a hierarchy while it is made.

    Parameters
    ----------
    sea : array of bool
    cyclic : sequence of bool
        Whether the last point of a dimension is followed by the first.
    mass : ndarray of the grid's shape
        0 on land.
    weights : ndarray, shape (n, *grid)
        Weight of the edge from each cell to the next along each dimension, 0 where there is none.
    pieces : Pieces, optional
        Those beside the first of their cell.
    """

    def __init__(
        self,
        sea: NDArray[np.bool_],
        cyclic: Sequence[bool],
        mass: Float,
        weights: Float,
        pieces: Pieces | None = None,
    ) -> None:
        self.pieces = Pieces.none() if pieces is None else pieces
        self.layout = Layout(sea, cyclic, len(self.pieces.cell))
        self.sea, self.mass, self.weights = sea, mass, weights

    def strong(self) -> list[int]:
        """Give the dimensions along which the next grid is coarser."""
        strength = []
        edges = self.pieces.edges
        masses = np.concatenate([self.mass.ravel(), self.pieces.mass])
        for k, edge in enumerate(self.weights):
            there, more = edge > 0, edges.along == k
            ratio = np.concatenate(
                [
                    edge[there] / self.mass[there],
                    edges.weight[more] / masses[edges.start[more]],
                ]
            )
            strength.append(float(np.exp(np.log(ratio).mean())) if ratio.size else 0.0)
        least = max(_STRONG * max(strength), _WEAK)
        return [k for k, s in enumerate(strength) if s >= least]

    def alive(self) -> NDArray[np.bool_]:
        """Tell which pieces have edges, by their numbers: the others need no coarser grid."""
        total = self.weights.sum(axis=0)
        for k, edge in enumerate(self.weights):
            total += np.roll(edge, 1, axis=k)
        found = np.concatenate(
            [(self.sea & (total > 0)).ravel(), np.zeros(len(self.pieces.cell), bool)]
        )
        found[self.pieces.edges.start] = found[self.pieces.edges.end] = True
        return found

    def joined(self, k: int, alive: NDArray[np.bool_] | None = None) -> tuple[Grid, Way]:
        """Join two cells each along a dimension.

        Parameters
        ----------
        k : int
        alive : array of bool, optional
            Which pieces go on, by their numbers; all if left out.
        """
        cyclic = list(self.layout.cyclic)
        if alive is None:
            alive = np.concatenate([self.sea.ravel(), np.ones(len(self.pieces.cell), bool)])
        whole = alive[: self.sea.size].reshape(self.sea.shape)
        between, to = self._along(k)
        share = _shares(between, to, k)
        weights = np.stack([pairs(w, k, np.add) for w in self.weights])
        weights[k] = between
        if weights.shape[1 + k] == 1:
            weights[k] = 0
            cyclic[k] = False
            share[:] = 0
        way = Way(whole - share, share)
        sea, mass = pairs(whole, k, np.logical_or), pairs(self.mass, k, np.add)
        split = self._split(k, alive)
        if not split.any():
            return Grid(sea, cyclic, mass, weights), way
        pieces = apart(self, k, alive, split, to, Cells(sea, mass, weights), way)
        return Grid(sea, cyclic, mass, weights, pieces), way

    def _split(self, k: int, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which joined cells hold more than what two neighbouring cells join to."""
        whole = alive[: self.sea.size].reshape(self.sea.shape)
        sea, inside = np.moveaxis(whole, k, 0), np.moveaxis(self.weights[k], k, 0)
        half = len(sea) // 2
        split = pairs(self.sea & ~whole, k, np.logical_or)
        rows = np.moveaxis(split, k, 0)
        rows[:half] |= sea[0::2][:half] & sea[1::2] & (inside[0::2][:half] == 0)
        split.reshape(-1)[self.half(self.pieces.cell, k)] = True
        return split

    def half(self, cells: Index, k: int) -> Index:
        """Give the joined cells that hold some cells, all by their numbers in C order."""
        at = list(np.unravel_index(cells, self.sea.shape))
        at[k] = at[k] // 2
        shape = list(self.sea.shape)
        shape[k] = -(-shape[k] // 2)
        return np.ravel_multi_index(at, shape).astype(np.int64)

    def next(self, cells: Index, k: int) -> Index:
        """Give the cells that follow some cells along a dimension."""
        size = self.sea.shape[k]
        stride = int(np.prod(self.sea.shape[k + 1 :]))
        last = cells // stride % size == size - 1
        return cells + np.where(last, (1 - size) * stride, stride)

    def _along(self, k: int) -> tuple[Float, Float]:
        """Give the edges between joined cells, and how far each cell is from the joined one.

        The distance along an edge is the inverse of its weight. A joined cell lies at the centre
        of mass of its two, which differ much at stretched boundaries.
        """
        w, mass = np.moveaxis(self.weights[k], k, 0), np.moveaxis(self.mass, k, 0)
        pairs = len(w) // 2
        edge = np.zeros_like(w[0::2])
        edge[:pairs] = w[1::2]
        if len(w) % 2:
            # The last cell stands alone: its edge leads round (cyclic) or nowhere.
            edge[-1] = w[-1]
        to = np.zeros_like(w)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside, even, odd = w[0::2][:pairs], mass[0::2][:pairs], mass[1::2]
            distance = np.where(inside > 0, 1 / (inside * (even + odd)), 0)
            to[0::2][:pairs], to[1::2] = distance * odd, distance * even
            # The last cell alone is its own centre, and leads on from there.
            length = _padded(to[1::2], edge) + 1 / edge + np.roll(to[0::2], -1, axis=0)
        joined = np.where(edge > 0, 1 / length, 0).astype(w.dtype)
        return np.moveaxis(joined, 0, k), np.moveaxis(to, 0, k)


def _padded(a: Float, like: Float) -> Float:
    return a if len(a) == len(like) else np.concatenate([a, np.zeros_like(like[-1:])])


def _shares(between: Float, to: Float, k: int) -> Float:
    """Give the weight of the next joined cell in the interpolation to each cell."""
    joined, far = np.moveaxis(between, k, 0), np.moveaxis(to, k, 0)
    share = np.zeros_like(far)
    share[0::2] = far[0::2] * np.roll(joined, 1, axis=0)
    share[1::2] = far[1::2] * joined[: len(far) // 2]
    return np.moveaxis(share, 0, k)


def pairs(a: Any, k: int, join: Any) -> Any:
    """Join the entries 2 i and 2 i + 1 along a dimension; the last may stand alone."""
    a = np.moveaxis(a, k, 0)
    joined = a[0::2].copy()
    half = len(a) // 2
    joined[:half] = join(joined[:half], a[1::2])
    return np.ascontiguousarray(np.moveaxis(joined, 0, k))
