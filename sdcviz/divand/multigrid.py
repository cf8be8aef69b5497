"""Approximate inverse of ``M t + K`` by geometric multigrid on a masked grid.

The matrix has one diagonal and one weight for each pair of neighbours, so that it is kept as
arrays of the grid's shape; its sweeps are plain loops over memory. Smoothing is by Chebyshev
polynomials of the fourth kind (Lottes 2023, Numer. Linear Algebra Appl. 30, e2518). Coarser grids
join two cells along the dimensions in which the coupling is strongest, until mass prevails.
The cycle is symmetric and positive definite, as conjugate gradients need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import stencils
from .layout import Layout

__all__ = ["Hierarchy", "Multigrid"]

_STRONG = 0.5  # of the strongest coupling: a dimension is coarsened together with that one
_WEAK = 0.5  # coupling relative to the mass of a cell below which smoothing alone solves
_DENSE = 200  # points of a coarsest grid that is solved exactly
_DEGREE = 3  # of the polynomials before and after the coarser grid
_LAST = 6  # and on a coarsest grid that is not solved exactly

Float = NDArray[Any]


class Hierarchy:
    """The grids for one background, without what observations add; shared by analyses.

    Parameters
    ----------
    sea : array of bool
    cyclic : sequence of bool
        Whether the last point of a dimension is followed by the first.
    mass : ndarray of the grid's shape
        Volume of the cells; of no meaning on land.
    weights : ndarray, shape (n, *grid)
        Weight of the edge from each point to the next along each dimension, 0 where there is none.
    dtype : type
        Of all arrays that the cycle works on.

    Attributes
    ----------
    scale : float
        Mass and weights are kept divided by this.
    mass : ndarray, shape (length,)
        In the layout of the finest grid, 0 on land.
    """

    def __init__(
        self,
        sea: NDArray[np.bool_],
        cyclic: Sequence[bool],
        mass: Float,
        weights: Float,
        dtype: Any = np.float32,
    ) -> None:
        self.scale = float(mass[sea].mean())
        own = np.where(sea, mass / self.scale, 0).astype(dtype)
        grid = _Grid(sea, cyclic, own, (weights / self.scale).astype(dtype))
        self.mass = grid.layout.spread(own)
        self.levels = [_Matrix(grid)]
        self.transfers: list[list[_Transfer]] = []
        while grid.layout.place.size > _DENSE:
            chosen = grid.strong()
            if not chosen:
                break
            self.transfers.append([])
            for k in chosen:
                coarse, share = grid.joined(k)
                self.transfers[-1].append(_Transfer(k, grid, coarse, share))
                grid = coarse
            self.levels.append(_Matrix(grid))


class _Grid:
    """One grid of a hierarchy while it is made: arrays of the grid's shape."""

    def __init__(
        self, sea: NDArray[np.bool_], cyclic: Sequence[bool], mass: Float, weights: Float
    ) -> None:
        self.layout = Layout(sea, cyclic)
        self.sea, self.mass, self.weights = sea, mass, weights

    def strong(self) -> list[int]:
        """Give the dimensions along which the next grid is coarser."""
        strength = []
        for edge in self.weights:
            there = edge > 0
            ratio = edge[there] / self.mass[there]
            strength.append(float(np.exp(np.log(ratio).mean())) if ratio.size else 0.0)
        least = max(_STRONG * max(strength), _WEAK)
        return [k for k, s in enumerate(strength) if s >= least]

    def joined(self, k: int) -> tuple[_Grid, Float]:
        """Join two cells each along a dimension.

        Returns
        -------
        grid : _Grid
        share : ndarray of the finer grid's shape
            Weight of the next joined cell in the interpolation to each cell; the rest has the
            joined cell that holds it.
        """
        cyclic = list(self.layout.cyclic)
        between, share = self._along(k)
        weights = np.stack([_pairs(w, k, np.add) for w in self.weights])
        weights[k] = between
        if weights.shape[1 + k] == 1:
            weights[k] = 0
            cyclic[k] = False
        sea = _pairs(self.sea, k, np.logical_or)
        return _Grid(sea, cyclic, _pairs(self.mass, k, np.add), weights), share

    def _along(self, k: int) -> tuple[Float, Float]:
        """Give the edges between joined cells and their shares, by distances.

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
        to_even, to_odd = np.zeros_like(edge), np.zeros_like(edge)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside, even, odd = w[0::2][:pairs], mass[0::2][:pairs], mass[1::2]
            distance = np.where(inside > 0, 1 / (inside * (even + odd)), 0)
            to_even[:pairs], to_odd[:pairs] = distance * odd, distance * even
            # The last cell alone is its own centre, and leads on from there.
            length = to_odd + 1 / edge + np.roll(to_even, -1, axis=0)
        joined = np.where(edge > 0, 1 / length, 0)
        share = np.zeros_like(w)
        share[0::2] = to_even * np.roll(joined, 1, axis=0)
        share[1::2] = (to_odd * joined)[:pairs]
        if len(joined) == 1:
            share[:] = 0
        return np.moveaxis(joined, 0, k), np.moveaxis(share, 0, k)


def _pairs(a: Any, k: int, join: Any) -> Any:
    """Join the entries 2 i and 2 i + 1 along a dimension; the last may stand alone."""
    a = np.moveaxis(a, k, 0)
    joined = a[0::2].copy()
    half = len(a) // 2
    joined[:half] = join(joined[:half], a[1::2])
    return np.ascontiguousarray(np.moveaxis(joined, 0, k))


class _Matrix:
    """Edges of one grid."""

    def __init__(self, grid: _Grid) -> None:
        self.layout = grid.layout
        self.weights, self.strides = grid.layout.edges(grid.weights)
        self.sum = stencils.row_sums(self.weights, self.strides)


class _Transfer:
    """Between a grid and the one that joins its cells by two along one dimension.

    The way up is linear interpolation: on an even grid, a cell gets 3/4 of the joined cell that
    holds it and 1/4 of the next one where sea leads there. The way down is the transpose.
    """

    def __init__(self, k: int, fine: _Grid, coarse: _Grid, share: Float) -> None:
        self.fine, self.coarse = fine.layout, coarse.layout
        self._k = k
        self._last = k == fine.sea.ndim - 1
        self._closed = fine.layout.cyclic[k], coarse.layout.cyclic[k]
        own: Float = fine.sea - share
        self._own: Float = fine.layout.spread(own)
        self._share: Float = fine.layout.spread(share)
        fine.layout.wrap(self._own)
        fine.layout.wrap(self._share)

    def _rows(self, layout: Layout, flat: Float) -> Float:
        rows = layout.rows(flat, self._k)
        return rows[:, :, 0] if self._last else rows

    def restrict(self, r: Float, out: Float) -> Float:
        """Give the sum of what a grid leaves to the coarser one."""
        self.fine.wrap(r)
        restrict: Any = stencils.restrict_last if self._last else stencils.restrict
        restrict(
            *(self._rows(self.fine, flat) for flat in (r, self._own, self._share)),
            self._rows(self.coarse, out),
            *self._closed,
        )
        return out

    def correct(self, coarse: Float, x: Float) -> Float:
        """Add the correction of the coarser grid to `x`."""
        prolong: Any = stencils.prolong_last if self._last else stencils.prolong
        prolong(
            self._rows(self.coarse, coarse),
            *(self._rows(self.fine, flat) for flat in (self._own, self._share, x)),
            *self._closed,
        )
        return x

    def summed(self, mass: Float) -> Float:
        """Give the mass of the joined cells."""
        return self.coarse.spread(_pairs(self.fine.inner(mass), self._k, np.add))


class Multigrid:
    """One cycle for ``(M t + K) x = b``, of the mass and the weights of a hierarchy.

    Parameters
    ----------
    hierarchy : Hierarchy
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        dtype = hierarchy.mass.dtype
        self._levels = [_Smoother(matrix, dtype) for matrix in hierarchy.levels]
        self._steps: list[list[tuple[_Transfer, Float, Float]]] = [
            [(t, np.zeros(t.coarse.length, dtype), np.zeros(t.fine.length, dtype)) for t in chain]
            for chain in hierarchy.transfers
        ]

    def weigh(self, mass: Float) -> None:
        """Set ``M t``.

        Parameters
        ----------
        mass : ndarray, shape (length,)
            Diagonal of ``M t`` in the units of the hierarchy, 0 on land.
        """
        for level, steps in zip(self._levels, [*self._steps, []], strict=True):
            level.weigh(mass)
            for transfer, *_ in steps:
                mass = transfer.summed(mass)
        self._levels[-1].invert()

    def solve(self, b: Float) -> Float:
        """Apply one cycle.

        Parameters
        ----------
        b : ndarray, shape (length,)
            0 on land.

        Returns
        -------
        ndarray, shape (length,)
            Belongs to this object: the next call overwrites it.
        """
        return self._cycle(0, b)

    def _cycle(self, at: int, b: Float) -> Float:
        level = self._levels[at]
        if at == len(self._steps):
            return level.finish(b)
        x = level.smooth(b, _DEGREE, None)
        coarse = level.residual(b, x)
        steps = self._steps[at]
        for transfer, down, _ in steps:
            coarse = transfer.restrict(coarse, down)
        correction = self._cycle(at + 1, coarse)
        for transfer, _, up in steps[:0:-1]:
            up[:] = 0
            correction = transfer.correct(correction, up)
        steps[0][0].correct(correction, x)
        return level.smooth(b, _DEGREE, x)


class _Smoother:
    """Diagonal and workspace of one grid."""

    def __init__(self, matrix: _Matrix, dtype: Any) -> None:
        self.matrix, self.layout, self._type = matrix, matrix.layout, dtype.type
        length = self.layout.length
        self.diagonal, self.inverse = np.ones(length, dtype), np.ones(length, dtype)
        self.x, self.other, self.change = (np.zeros(length, dtype) for _ in range(3))
        self.exact: Float | None = None

    def weigh(self, mass: Float) -> None:
        place, total = self.layout.place, self.matrix.sum
        self.diagonal[place] = mass[place] + total[place]
        self.inverse[place] = 1 / self.diagonal[place]
        # The matrix divided by its diagonal has no larger eigenvalue (Gershgorin).
        self.bound = 1 + float((total[place] * self.inverse[place]).max())

    def _free(self, x: Float) -> Float:
        return self.other if x is self.x else self.x

    def smooth(self, b: Float, degree: int, x: Float | None) -> Float:
        """Improve `x`, or 0, by a polynomial; gives one of the arrays `x` and `other`."""
        m, first = self.matrix, 0
        if x is None:
            x, first = self.x, 1
            factor = self._type(4 / 3 / self.bound)
            stencils.start(b, self.inverse, factor, self.layout.runs, x, self.change)
        for i in range(first, degree):
            keep = self._type(max(0, 2 * i - 1) / (2 * i + 3))
            factor = self._type((8 * i + 4) / (2 * i + 3) / self.bound)
            self.layout.wrap(x)
            out = self._free(x)
            stencils.chebyshev(
                b, x, self.diagonal, self.inverse, m.weights, m.strides, self.layout.runs,
                keep, factor, self.change, out,
            )  # fmt: skip
            x = out
        return x

    def residual(self, b: Float, x: Float) -> Float:
        """Give b - A x, in the array that `x` leaves free."""
        m, out = self.matrix, self._free(x)
        self.layout.wrap(x)
        stencils.residual(b, x, self.diagonal, m.weights, m.strides, self.layout.runs, out)
        return out

    def finish(self, b: Float) -> Float:
        """Solve on the coarsest grid: exactly, or so well as needed where mass prevails."""
        if self.exact is None:
            return self.smooth(b, _LAST, None)
        place = self.layout.place
        self.x[place] = self.exact @ b[place]
        return self.x

    def invert(self) -> None:
        """Invert the whole matrix if it is small."""
        place = self.layout.place
        if place.size > _DENSE:
            return
        whole = np.empty((place.size, place.size))
        nothing = np.zeros_like(self.x)
        for row, at in enumerate(place):
            self.x[:] = 0
            self.x[at] = 1
            whole[row] = -self.residual(nothing, self.x)[place]
        self.x[:] = 0
        self.other[:] = 0
        self.exact = np.linalg.inv((whole + whole.T) / 2).astype(self._type)
