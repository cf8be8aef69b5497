"""Approximate inverse of ``M t + K`` by geometric multigrid on a masked grid.

The matrix has one diagonal and one weight for each pair of neighbours, so that it is kept as
arrays of the grid's shape; its sweeps are plain loops over memory. Coarser grids join two cells
along the dimensions in which the coupling is strongest, until mass prevails.
The cycle is symmetric and positive definite, as conjugate gradients need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coarsening import Grid
from .smoothing import DENSE, Matrix, Smoother
from .transfers import Transfer

__all__ = ["Hierarchy", "Multigrid"]

_DEGREE = 3  # of the polynomials before and after the coarser grid

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
        grid = Grid(sea, cyclic, own, (weights / self.scale).astype(dtype))
        self.mass = grid.layout.spread(own)
        self.levels = [Matrix(grid)]
        self.transfers: list[list[Transfer]] = []
        while grid.layout.place.size > DENSE:
            chosen = grid.strong()
            if not chosen:
                break
            self.transfers.append([])
            alive: NDArray[np.bool_] | None = grid.alive()
            for k in chosen:
                coarse, way = grid.joined(k, alive)
                # What has lost its last edge on the way is smoothed on the next level.
                alive = None
                self.transfers[-1].append(Transfer(k, grid, coarse, way))
                grid = coarse
            self.levels.append(Matrix(grid))


class Multigrid:
    """Cycles for ``(M t + K) x = b``, of the mass and the weights of a hierarchy.

    Parameters
    ----------
    hierarchy : Hierarchy
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        dtype = hierarchy.mass.dtype
        self._levels = [Smoother(matrix, dtype) for matrix in hierarchy.levels]
        self._steps: list[list[tuple[Transfer, Float, Float]]] = [
            [(t, np.zeros(t.coarse.length, dtype), np.zeros(t.fine.length, dtype)) for t in chain]
            for chain in hierarchy.transfers
        ]
        self._first, self._rest = (np.zeros_like(hierarchy.mass) for _ in range(2))

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

    def solve_twice(self, b: Float) -> Float:
        """Apply two cycles, the second to what the first leaves; as `solve` else."""
        x, finest = self._cycle(0, b), self._levels[0]
        np.copyto(self._first, x)
        np.copyto(self._rest, finest.residual(b, x))
        self._first += self._cycle(0, self._rest)
        return self._first

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
