"""Pieces of sea that share a cell of a coarser grid but no water.

A piece has a number: the first of a cell that of the cell in C order, the others follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from .coarsening import Grid, Way

__all__ = ["Cells", "Edges", "Pieces", "apart"]

Float = NDArray[Any]
Index = NDArray[np.int64]


class Edges(NamedTuple):
    """Edges between pieces: from `start` to `end`, the next along a dimension."""

    start: Index
    end: Index
    along: Index
    weight: Float

    def where(self, chosen: NDArray[np.bool_]) -> Edges:
        """Give some of them."""
        return Edges(*(a[chosen] for a in self))

    def summed(self) -> Edges:
        """Give one edge for all between the same pieces."""
        ends = np.stack([self.along, self.start, self.end])
        unique, of = np.unique(ends, axis=1, return_inverse=True)
        weight = np.bincount(of.ravel(), self.weight, unique.shape[1])
        return Edges(unique[1], unique[2], unique[0], weight)


class Pieces(NamedTuple):
    """The pieces beside the first of their cell: the cell, the mass, and all their edges."""

    cell: Index
    mass: Float
    edges: Edges

    @staticmethod
    def none() -> Pieces:
        """Give no pieces."""
        nothing = np.zeros(0, np.int64)
        return Pieces(nothing, np.zeros(0), Edges(nothing, nothing, nothing, np.zeros(0)))


class Cells(NamedTuple):
    """Arrays of a grid: where sea is, its mass, and the weights of its edges."""

    sea: NDArray[np.bool_]
    mass: Float
    weights: Float


def apart(
    fine: Grid,
    k: int,
    alive: NDArray[np.bool_],
    split: NDArray[np.bool_],
    to: Float,
    coarse: Cells,
    way: Way,
) -> Pieces:
    """Join what is connected in cells that hold several pieces.

    Parameters
    ----------
    fine : Grid
    k : int
        Dimension along which cells are joined.
    alive : array of bool
        Which pieces go on.
    split : array of bool, of the coarser grid's shape
        Cells in question.
    to : ndarray of the finer grid's shape
        Distance of each cell from the joined one.
    coarse : Cells
        As if every cell were one piece; is corrected.
    way : Way
        Is corrected as well.

    Returns
    -------
    Pieces
        Beside the first of their cell.
    """
    size = fine.sea.size
    cells = np.concatenate([np.arange(size), fine.pieces.cell])
    questioned = np.repeat(split, 2, axis=k).take(np.arange(fine.sea.shape[k]), axis=k)
    nodes = np.flatnonzero(alive & questioned.ravel()[cells])
    masses = np.concatenate([fine.mass.ravel(), fine.pieces.mass])
    edges = _touching(fine, questioned)
    inside = (edges.along == k) & (
        fine.half(cells[edges.start], k) == fine.half(cells[edges.end], k)
    )
    within, outer = edges.where(inside), edges.where(~inside)

    number, cell = _components(nodes, within, fine.half(cells[nodes], k), masses, split.size)
    parent = np.full(len(cells), -1)
    parent[nodes] = number
    ends = np.concatenate([outer.start, outer.end])
    easy = ends[parent[ends] < 0]
    parent[easy] = fine.half(cells[easy], k)

    total = np.bincount(number, masses[nodes], split.size + len(cell))
    coarse.sea[split], coarse.mass[split] = False, 0
    firsts = number[number < split.size]
    coarse.sea.reshape(-1)[firsts] = True
    coarse.mass.reshape(-1)[firsts] = total[firsts]

    far = np.concatenate([to.ravel(), np.zeros(len(fine.pieces.cell))]).astype(np.float64)
    far[nodes] = 0
    _distances(far, within, masses)
    length = far[outer.start] + 1 / outer.weight + far[outer.end]
    value = np.where(outer.along == k, 1 / length, outer.weight)
    _ways(way, outer.where(outer.along == k), value[outer.along == k], far, parent, nodes, size)
    way.anew, way.of, way.into = np.flatnonzero(split), nodes, number
    joined = Edges(parent[outer.start], parent[outer.end], outer.along, value)
    rest = _regular(joined.where(joined.start != joined.end).summed(), split, coarse.weights)
    return Pieces(cell, total[split.size :], rest)


def _touching(fine: Grid, questioned: NDArray[np.bool_]) -> Edges:
    """Give the edges with at least one end in the cells in question."""
    found = [fine.pieces.edges]
    for k, w in enumerate(fine.weights):
        near = questioned | np.roll(questioned, -1, axis=k)
        start = np.flatnonzero((w > 0) & near)
        along = np.full(len(start), k)
        found.append(Edges(start, fine.next(start, k), along, w.ravel()[start].astype(np.float64)))
    return Edges(*(np.concatenate(a) for a in zip(*found, strict=True)))


def _components(
    nodes: Index, within: Edges, cell: Index, masses: Float, size: int
) -> tuple[Index, Index]:
    """Give the joined piece of each node, and the cells of those beside the first."""
    count = len(nodes)
    start, end = np.searchsorted(nodes, within.start), np.searchsorted(nodes, within.end)
    graph = sparse.coo_array((np.ones(len(start)), (start, end)), shape=(count, count))
    pieces, of = connected_components(graph, directed=False)
    mass = np.bincount(of, masses[nodes], pieces)
    at = np.zeros(pieces, np.int64)
    at[of] = cell
    order = np.lexsort((-mass, at))
    first = np.ones(pieces, bool)
    first[1:] = np.diff(at[order]) > 0
    number = np.empty(pieces, np.int64)
    number[order[first]] = at[order[first]]
    others = order[~first]
    number[others] = size + np.arange(len(others))
    return number[of], at[others]


def _distances(far: Float, within: Edges, masses: Float) -> None:
    """Set how far each node is from the joined piece, along the edges within."""
    a, b, w = within.start, within.end, within.weight
    distance = 1 / (w * (masses[a] + masses[b]))
    weight = np.bincount(a, w, len(far)) + np.bincount(b, w, len(far))
    there = weight > 0
    total = np.bincount(a, w * distance * masses[b], len(far))
    total += np.bincount(b, w * distance * masses[a], len(far))
    far[there] = total[there] / weight[there]


def _ways(
    way: Way, outer: Edges, value: Float, far: Float, parent: Index, nodes: Index, size: int
) -> None:
    """Set the interpolation to the nodes and to what is next to them."""
    of = np.concatenate([outer.start, outer.end])
    next_to = parent[np.concatenate([outer.end, outer.start])]
    share = far[of] * np.tile(value, 2)
    weight = np.tile(outer.weight, 2)
    # A node may lead on to several pieces.
    share *= weight / np.bincount(of, weight, len(far))[of]
    all_nodes = np.union1d(nodes, of)
    own = 1 - np.bincount(of, share, len(far))[all_nodes]
    used = share > 0
    way.fine = np.concatenate([all_nodes, of[used]])
    way.coarse = np.concatenate([parent[all_nodes], next_to[used]])
    way.weight = np.concatenate([own, share[used]])
    listed = all_nodes[all_nodes < size]
    way.own.reshape(-1)[listed] = 0
    way.share.reshape(-1)[listed] = 0


def _regular(edges: Edges, split: NDArray[np.bool_], weights: Float) -> Edges:
    """Put edges between first pieces into `weights`; gives the rest."""
    for k, w in enumerate(weights):
        w[split | np.roll(split, -1, axis=k)] = 0
    first = (edges.start < split.size) & (edges.end < split.size)
    known = edges.where(first)
    weights.reshape(len(weights), -1)[known.along, known.start] = known.weight
    return edges.where(~first)
