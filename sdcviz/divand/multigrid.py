"""Approximate inverse of ``M t + K`` by geometric multigrid on a masked grid.

The matrix has one diagonal and one weight for each pair of neighbours, so that it is kept as
arrays of the grid's shape; its sweeps are plain loops over memory. Smoothing is by Chebyshev
polynomials of the fourth kind (Lottes 2023, Numer. Linear Algebra Appl. 30, e2499). Coarser grids
join two cells along the dimensions in which the coupling is strongest, until mass prevails.
The V-cycle is symmetric and positive definite, as conjugate gradients need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import stencils
from .stencils import Layout

__all__ = ["Hierarchy", "Multigrid"]

_STRONG = 0.3  # of the strongest coupling: a dimension is coarsened together with that one
_WEAK = 0.2  # coupling relative to the mass of a cell below which smoothing alone solves
_DENSE = 200  # points of a coarsest grid that is solved exactly
_DEGREE = 2  # of the polynomials before and after the coarser grid
_LAST = 6  # and on a coarsest grid that is not solved exactly

Float = NDArray[Any]


class Grid:
    """One grid of a hierarchy: layout, mass of the cells at ``t = 1``, weights of the edges."""

    def __init__(self, sea: NDArray[np.bool_], cyclic: Sequence[bool], mass: Float, weights: Float):
        self.layout = Layout(sea, cyclic)
        self.sea = sea
        self.mass = mass  # of the grid's shape
        self.weights = weights  # shape (dimensions, *grid): edge to the next point

    def coupling(self) -> list[float]:
        """Give the typical weight of an edge relative to the mass of a cell, by dimension."""
        found = []
        for k in range(self.sea.ndim):
            edge = self.weights[k]
            there = edge > 0
            typical = np.exp(np.log(edge[there] / self.mass[there]).mean()) if there.any() else 0.0
            found.append(float(typical))
        return found

    def coarsened(self, k: int) -> Grid:
        """Give the grid that joins two cells each along a dimension."""
        size = self.sea.shape[k]
        cyclic = list(self.layout.cyclic)
        sea = _pairs(self.sea, k, np.logical_or)
        mass = _pairs(self.mass, k, np.add)
        weights = np.stack([_pairs(w, k, np.add) for w in self.weights])
        weights[k] = self._across(k)
        if (size + 1) // 2 == 1:
            weights[k] = 0
            cyclic[k] = False
        return Grid(sea, cyclic, mass, weights)

    def _across(self, k: int) -> Float:
        """Join edges in a row: half of those inside both cells, and the one between them."""
        w = np.moveaxis(self.weights[k], k, 0)
        size = len(w)
        inner, cross = w[0::2].copy(), np.zeros_like(w[0::2])
        cross[: size // 2] = w[1::2]
        if size % 2:
            # The last cell stands alone: its edge leads out (cyclic) or nowhere.
            cross[-1], inner[-1] = w[-1], 0
        with np.errstate(divide="ignore"):
            half = np.where(inner > 0, 0.5 / inner, 0)
            joined = 1 / (half + 1 / cross + np.roll(half, -1, axis=0))
        return np.moveaxis(np.where(cross > 0, joined, 0), 0, k)


def _pairs(a: Any, k: int, join: Any) -> Any:
    """Join the entries 2 i and 2 i + 1 along a dimension; the last may stand alone."""
    a = np.moveaxis(a, k, 0)
    joined = a[0::2].copy()
    half = len(a) // 2
    joined[:half] = join(joined[:half], a[1::2])
    return np.ascontiguousarray(np.moveaxis(joined, 0, k))


class Hierarchy:
    """The grids for one background, without what observations add; shared by analyses.

    Parameters
    ----------
    sea : array of bool
    cyclic : sequence of bool
        Whether the last point of a dimension is followed by the first.
    mass : ndarray of the grid's shape
        Volume of the cells; 1 on land.
    weights : ndarray, shape (n, *grid)
        Weight of the edge from each point to the next along each dimension, 0 where there is none.

    Attributes
    ----------
    scale : float
        Mass and weights are kept in single precision, divided by this.
    """

    def __init__(
        self, sea: NDArray[np.bool_], cyclic: Sequence[bool], mass: Float, weights: Float
    ) -> None:
        self.scale = float(mass[sea].mean())
        single = (mass / self.scale).astype(np.float32)
        single[~sea] = 0
        finest = Grid(sea, cyclic, single, (weights / self.scale).astype(np.float32))
        self.steps: list[list[tuple[int, Grid]]] = [[(-1, finest)]]
        """For each level the dimensions that lead to it, with the grid after each."""
        while True:
            grid = self.steps[-1][-1][1]
            strength = grid.coupling()
            strongest = max(strength)
            if strongest < _WEAK or int(np.count_nonzero(grid.sea)) <= _DENSE:
                break
            chosen = [
                k for k, s in enumerate(strength) if s >= max(_STRONG * strongest, _WEAK)
            ]
            taken = []
            for k in chosen:
                grid = grid.coarsened(k)
                taken.append((k, grid))
            self.steps.append(taken)

    @property
    def finest(self) -> Grid:
        """The grid itself."""
        return self.steps[0][0][1]


class Multigrid:
    """One V-cycle for ``(M t + K) x = b``, of the mass and weights of a hierarchy.

    Parameters
    ----------
    hierarchy : Hierarchy
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.hierarchy = hierarchy
        self._levels = [_Level(taken[-1][1]) for taken in hierarchy.steps]
        self._transfers = [
            [_Transfer(k, fine, coarse) for k, fine, coarse in _chain(before[-1][1], taken)]
            for before, taken in zip(hierarchy.steps[:-1], hierarchy.steps[1:], strict=True)
        ]
        self._dense: Float | None = None

    def weigh(self, mass: Float) -> None:
        """Set ``M t``.

        Parameters
        ----------
        mass : ndarray of float32, shape (layout.length,)
            Diagonal of ``M t`` in the units of the hierarchy, 0 on land.
        """
        for level, (fine, transfers) in enumerate(
            zip(self._levels, [*self._transfers, []], strict=True)
        ):
            fine.weigh(mass)
            if level < len(self._transfers):
                for transfer in transfers:
                    mass = transfer.summed(mass)
        last = self._levels[-1]
        small = last.layout.place.size <= _DENSE
        self._dense = np.linalg.inv(last.dense()).astype(np.float32) if small else None

    def solve(self, b: Float) -> Float:
        """Apply one V-cycle.

        Parameters
        ----------
        b : ndarray of float32, shape (layout.length,)
            0 on land.

        Returns
        -------
        ndarray of float32, shape (layout.length,)
            Belongs to this object: the next call overwrites it.
        """
        return self._cycle(0, b)

    def _cycle(self, at: int, b: Float) -> Float:
        level = self._levels[at]
        if at == len(self._levels) - 1:
            if self._dense is None:
                return level.smooth(b, _LAST, None)
            level.x[level.layout.place] = self._dense @ b[level.layout.place]
            return level.x
        x = level.smooth(b, _DEGREE, None)
        coarse = level.residual(b, x)
        transfers = self._transfers[at]
        for transfer in transfers:
            coarse = transfer.restrict(coarse)
        correction = self._cycle(at + 1, coarse)
        for transfer in transfers[:0:-1]:
            correction = transfer.prolong(correction)
        transfers[0].correct(correction, x)
        return level.smooth(b, _DEGREE, x)


def _chain(fine: Grid, taken: list[tuple[int, Grid]]) -> Any:
    for k, coarse in taken:
        yield k, fine, coarse
        fine = coarse


class _Level:
    """Matrix and workspace of one grid."""

    def __init__(self, grid: Grid) -> None:
        self.layout = grid.layout
        self.weights, self.strides = grid.layout.edges(grid.weights)
        self.sum = stencils.row_sums(self.weights, self.strides)
        self.diagonal = np.ones(grid.layout.length, np.float32)
        self.x, self.other, self.change, self.rest = (
            np.zeros(grid.layout.length, np.float32) for _ in range(4)
        )
        self.inverse = np.ones(grid.layout.length, np.float32)

    def weigh(self, mass: Float) -> None:
        place = self.layout.place
        self.diagonal[place] = mass[place] + self.sum[place]
        self.inverse[place] = 1 / self.diagonal[place]
        # Rows of the matrix divided by the diagonal have at most this eigenvalue (Gershgorin).
        self.bound = 1 + float((self.sum[place] * self.inverse[place]).max())

    def smooth(self, b: Float, degree: int, x: Float | None) -> Float:
        """Improve `x`, or 0, by a polynomial; gives one of the two arrays `x` and `other`."""
        layout, first = self.layout, 0
        if x is None:
            x = self.x
            factor = np.float32(4 / 3 / self.bound)
            stencils.start(b, self.inverse, factor, layout.runs, x, self.change)
            first = 1
        for i in range(first, degree):
            keep = np.float32(max(0, 2 * i - 1) / (2 * i + 3))
            factor = np.float32((8 * i + 4) / (2 * i + 3) / self.bound)
            layout.wrap(x)
            out = self.other if x is self.x else self.x
            stencils.chebyshev(
                b, x, self.diagonal, self.inverse, self.weights, self.strides, layout.runs,
                keep, factor, self.change, out,
            )  # fmt: skip
            x = out
        return x

    def residual(self, b: Float, x: Float) -> Float:
        self.layout.wrap(x)
        stencils.residual(
            b, x, self.diagonal, self.weights, self.strides, self.layout.runs, self.rest
        )
        return self.rest

    def dense(self) -> Float:
        """Give the matrix as a whole, for few points."""
        place = self.layout.place
        unit = np.zeros(self.layout.length, np.float32)
        whole = np.zeros((place.size, place.size))
        nothing = np.zeros_like(unit)
        for row, at in enumerate(place):
            unit[at] = 1
            whole[row] = -self.residual(nothing, unit)[place]
            self.layout.unwrap(unit)
            unit[at] = 0
        return (whole + whole.T) / 2


class _Transfer:
    """Between a grid and the one that joins its cells by two along one dimension.

    A cell gets 3/4 of the value of the joined cell that holds it and 1/4 of that of the next
    one, where its own neighbour there is sea; the way down is the transpose.
    """

    def __init__(self, k: int, fine: Grid, coarse: Grid) -> None:
        self.fine, self.coarse = fine.layout, coarse.layout
        self.k = k
        self.sea = fine.layout.spread(fine.sea.astype(np.uint8))
        fine.layout.wrap(self.sea)
        self._down = np.zeros(coarse.layout.length, np.float32)
        self._up = np.zeros(fine.layout.length, np.float32)

    def restrict(self, r: Float) -> Float:
        self.fine.wrap(r)
        stencils.restrict(
            self.fine.rows(r, self.k), self.fine.rows(self.sea, self.k),
            self.coarse.rows(self._down, self.k), self.fine.cyclic[self.k], self.coarse.cyclic[self.k],
        )  # fmt: skip
        return self._down

    def summed(self, mass: Float) -> Float:
        """Give the mass of the joined cells."""
        out = np.zeros_like(self._down)
        stencils.add_pairs(
            self.fine.rows(mass, self.k), self.coarse.rows(out, self.k),
            self.fine.cyclic[self.k], self.coarse.cyclic[self.k],
        )  # fmt: skip
        return out

    def correct(self, coarse: Float, x: Float) -> None:
        """Add the correction of the coarser grid to `x`."""
        self.coarse.wrap(coarse)
        stencils.prolong(
            self.coarse.rows(coarse, self.k), self.fine.rows(self.sea, self.k),
            self.fine.rows(x, self.k), self.fine.cyclic[self.k], self.coarse.cyclic[self.k],
        )  # fmt: skip

    def prolong(self, coarse: Float) -> Float:
        self._up[:] = 0
        self.correct(coarse, self._up)
        return self._up
