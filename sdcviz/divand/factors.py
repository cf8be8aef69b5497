"""The Cholesky factor of our own, and the table of all."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from sdcviz.divand import inverse, multifrontal
from sdcviz.divand.blas import ROUTINES
from sdcviz.divand.blocks import find_blocks
from sdcviz.divand.cholesky import Factor, NotPositiveDefinite
from sdcviz.divand.libraries import (
    CvxoptFactor,
    PardisoFactor,
    ScikitSparseFactor,
    SuperLUFactor,
)
from sdcviz.divand.ordering import least_degree

__all__ = ["BACKENDS", "MultifrontalFactor", "available"]

TOGETHER = 32
"""Right-hand sides that are solved at a time; more would only take more room."""


class MultifrontalFactor(Factor):
    """Dense blocks by compiled loops and the BLAS of scipy.

    As fast as CHOLMOD with the same BLAS. It holds no lock, so that threads factorise side by
    side, and gives entries of the inverse.
    """

    backend = "multifrontal"
    package = "numba"

    def _analyse(self) -> None:
        if self.order is None:
            self.order = least_degree(self.matrix)
        indptr, indices = self._pattern()
        self.structure = find_blocks(indptr, indices, self.order)
        self._panels = np.empty(self.structure.panel_start[-1])

    def _compute(self) -> None:
        arguments = (*self._pattern(), self.matrix.data, self._panels)
        stack = np.empty(self.structure.sizes[1])
        failed = multifrontal.eliminate(ROUTINES, self.structure, *arguments, stack)
        if failed == multifrontal.OUTSIDE:
            self._analyse()
            self._compute()
        elif failed >= 0:
            raise NotPositiveDefinite

    def _pattern(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the pattern in the one type for which the loops are compiled."""
        a = self.matrix
        return a.indptr.astype(np.int64, copy=False), a.indices.astype(np.int32, copy=False)

    def _solve(self, b: NDArray) -> NDArray:
        s, x = self.structure, np.empty_like(b)
        if b.ndim == 1:
            one = b[s.order]
            multifrontal.solve_one(ROUTINES, s, self._panels, one)
            x[s.order] = one
            return x
        for k in range(0, b.shape[1], TOGETHER):
            some = np.ascontiguousarray(b[s.order, k : k + TOGETHER].T)
            multifrontal.solve_many(ROUTINES, s, self._panels, some.reshape(-1), len(some))
            x[s.order, k : k + TOGETHER] = some.T
        return x

    def _logdet(self) -> float:
        s = self.structure
        width = np.diff(s.first)
        step = width + np.diff(s.row_start) + 1
        block = np.repeat(np.arange(len(width)), width)
        within = np.arange(self.n) - s.first[block]
        return 2.0 * float(np.log(self._panels[s.panel_start[block] + within * step[block]]).sum())

    def _used_order(self) -> NDArray[np.int64]:
        return self.structure.order

    def _exact(self) -> MultifrontalFactor:
        return self

    def entries(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return entries of the inverse, NaN for those outside the pattern of the factor."""
        s = self.structure
        out = np.empty(len(rows))
        room = np.empty(s.sizes[2])
        start, which = inverse.ask(s, rows, columns)
        inverse.invert(ROUTINES, s, self._panels, room, rows, columns, start, which, out)
        return out


BACKENDS: dict[str, type[Factor]] = {
    kind.backend: kind
    for kind in (
        MultifrontalFactor,
        CvxoptFactor,
        ScikitSparseFactor,
        PardisoFactor,
        SuperLUFactor,
    )
}
"""Backends in the order in which they are preferred."""


def available() -> list[str]:
    """Return the names of the backends that are installed, the preferred first."""
    return [name for name, kind in BACKENDS.items() if find_spec(kind.package) is not None]
