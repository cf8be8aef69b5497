"""Smoothing on one grid of multigrid, by Chebyshev polynomials of the fourth kind.

Lottes 2023, Numer. Linear Algebra Appl. 30, e2518.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import stencils
from .coarsening import Grid

__all__ = ["DENSE", "Matrix", "Smoother"]

DENSE = 200
"""Points of a coarsest grid that is solved exactly."""
_LAST = 6  # degree of the polynomial on a coarsest grid that is not solved exactly

Float = NDArray[Any]


class Matrix:
    """Edges of one grid."""

    def __init__(self, grid: Grid) -> None:
        self.layout = grid.layout
        self.weights, self.strides = grid.layout.edges(grid.weights)
        self.sum = stencils.row_sums(self.weights, self.strides)
        edges = grid.pieces.edges
        start, end = grid.layout.at(edges.start), grid.layout.at(edges.end)
        self.more = start, end, edges.weight.astype(grid.weights.dtype)
        """Edges of pieces beside the first of their cell: from, to, weight."""
        self.dense: Float | None = None
        np.add.at(self.sum, start, self.more[2])
        np.add.at(self.sum, end, self.more[2])


class Smoother:
    """Diagonal and workspace of one grid."""

    def __init__(self, matrix: Matrix, dtype: Any) -> None:
        self.matrix, self.layout, self._type = matrix, matrix.layout, dtype.type
        length = self.layout.length
        self.diagonal, self.inverse = np.ones(length, dtype), np.ones(length, dtype)
        self.x, self.other, self.change = (np.zeros(length, dtype) for _ in range(3))
        self.exact: Float | None = None

    def weigh(self, mass: Float) -> None:
        """Set the mass of the cells."""
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
            stencils.chebyshev_more(*m.more, x, self.inverse, factor, self.change, out)
            x = out
        return x

    def residual(self, b: Float, x: Float) -> Float:
        """Give b - A x, in the array that `x` leaves free."""
        m, out = self.matrix, self._free(x)
        self.layout.wrap(x)
        stencils.residual(b, x, self.diagonal, m.weights, m.strides, self.layout.runs, out)
        start, end, weight = m.more
        stencils.add_listed(start, end, weight, x, out)
        stencils.add_listed(end, start, weight, x, out)
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
        if place.size > DENSE:
            return
        if self.matrix.dense is None:
            self.matrix.dense = self._coupling()
        whole = self.matrix.dense + np.diag(self.diagonal[place].astype(np.float64))
        self.exact = np.linalg.inv(whole).astype(self._type)

    def _coupling(self) -> Float:
        """Give the whole matrix without its diagonal."""
        place = self.layout.place
        whole = np.empty((place.size, place.size))
        nothing = np.zeros_like(self.x)
        for row, at in enumerate(place):
            self.x[:] = 0
            self.x[at] = 1
            whole[row] = -self.residual(nothing, self.x)[place]
        self.x[:] = 0
        self.other[:] = 0
        np.fill_diagonal(whole, 0)
        coupling: Float = (whole + whole.T) / 2
        return coupling
