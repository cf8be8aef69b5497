"""Interpolation between the grids of multigrid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import stencils
from .coarsening import Grid, Way, pairs
from .layout import Layout

__all__ = ["Transfer"]

Float = NDArray[Any]


class Transfer:
    """Between a grid and the one that joins its cells by two along one dimension.

    The way up is linear interpolation: on an even grid, a cell gets 3/4 of the joined cell that
    holds it and 1/4 of the next one where sea leads there. The way down is the transpose.

    Parameters
    ----------
    k : int
    fine, coarse : Grid
    way : Way
    """

    def __init__(self, k: int, fine: Grid, coarse: Grid, way: Way) -> None:
        self.fine, self.coarse = fine.layout, coarse.layout
        self._k = k
        self._last = k == fine.sea.ndim - 1
        self._closed = fine.layout.cyclic[k], coarse.layout.cyclic[k]
        dtype = fine.weights.dtype
        weights = [fine.layout.spread(a.astype(dtype)) for a in (way.own, way.share)]
        for flat in weights:
            fine.layout.wrap(flat)
        self._weights = tuple(self._rows(self.fine, flat) for flat in weights)
        at_fine, at_coarse = fine.layout.at, coarse.layout.at
        self._listed = at_fine(way.fine), at_coarse(way.coarse), way.weight.astype(dtype)
        self._anew, self._of, self._into = at_coarse(way.anew), at_fine(way.of), at_coarse(way.into)

    def _rows(self, layout: Layout, flat: Float) -> Float:
        rows = layout.rows(flat, self._k)
        return rows[:, :, 0] if self._last else rows

    def restrict(self, r: Float, out: Float) -> Float:
        """Give the sum of what a grid leaves to the coarser one."""
        self.fine.wrap(r)
        restrict: Any = stencils.restrict_last if self._last else stencils.restrict
        restrict(
            self._rows(self.fine, r),
            *self._weights,
            self._rows(self.coarse, out),
            *self._closed,
        )
        out[self.coarse.more] = 0
        at_fine, at_coarse, weight = self._listed
        stencils.add_listed(at_coarse, at_fine, weight, r, out)
        return out

    def correct(self, coarse: Float, x: Float) -> Float:
        """Add the correction of the coarser grid to `x`."""
        prolong: Any = stencils.prolong_last if self._last else stencils.prolong
        prolong(
            self._rows(self.coarse, coarse),
            *self._weights,
            self._rows(self.fine, x),
            *self._closed,
        )
        at_fine, at_coarse, weight = self._listed
        stencils.add_listed(at_fine, at_coarse, weight, coarse, x)
        return x

    def summed(self, mass: Float) -> Float:
        """Give the mass of the joined cells."""
        total: Float = self.coarse.spread(pairs(self.fine.inner(mass), self._k, np.add))
        total[self._anew] = 0
        np.add.at(total, self._into, mass[self._of])
        return total
