"""Cholesky factors by libraries: CHOLMOD in cvxopt or scikit-sparse, PARDISO, scipy's SuperLU."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from sdcviz.divand.cholesky import Factor, NotPositiveDefinite

__all__ = ["BACKENDS", "available"]

_CVXOPT = threading.RLock()
"""cvxopt has one workspace and one dictionary of options for all threads."""


class CvxoptFactor(Factor):
    """CHOLMOD in the wheel of cvxopt (supernodal; AMD where no order is given)."""

    backend = "cvxopt"
    package = "cvxopt"

    def _analyse(self, a: sp.csc_array) -> None:
        from cvxopt import cholmod, matrix, spmatrix

        self._lower = _lower(a)
        self._indptr, self._indices = self._lower.indptr, self._lower.indices
        columns = np.repeat(np.arange(self.n), np.diff(self._indptr))
        with _CVXOPT:
            self._matrix = spmatrix(
                matrix(self._lower.data),
                matrix(self._indices.astype(np.int64)),
                matrix(columns),
                self._lower.shape,
            )
            if self.order is None:
                self._handle = cholmod.symbolic(self._matrix)
                return
            before = dict(cholmod.options)
            # One method only: CHOLMOD would try AMD beside the order that is given.
            cholmod.options["nmethods"] = 1
            try:
                self._handle = cholmod.symbolic(self._matrix, p=matrix(self.order))
            finally:
                cholmod.options.clear()
                cholmod.options.update(before)

    def _compute(self, a: sp.csc_array) -> None:
        from cvxopt import cholmod, matrix

        lower = _lower(a)
        if not _same_pattern(lower, self._indptr, self._indices):
            self._analyse(a)
        with _CVXOPT:
            self._matrix.V = matrix(lower.data)
            try:
                cholmod.numeric(self._matrix, self._handle)
            except ArithmeticError:
                raise NotPositiveDefinite from None

    def _solve(self, b: NDArray) -> NDArray:
        from cvxopt import cholmod, matrix

        x = matrix(np.asfortranarray(b))
        with _CVXOPT:
            cholmod.solve(self._handle, x)
        return np.array(x)

    def logdet(self) -> float:
        """Return log(det A)."""
        from cvxopt import cholmod

        with _CVXOPT:
            return 2.0 * float(np.log(np.array(cholmod.diag(self._handle))).sum())


class SuperLUFactor(Factor):
    """scipy's SuperLU in symmetric mode: always there, two to four times slower."""

    backend = "scipy"
    package = "scipy"

    def _analyse(self, a: sp.csc_array) -> None:
        pass

    def _compute(self, a: sp.csc_array) -> None:
        from scipy.sparse.linalg import splu

        p = self.order
        if p is not None:
            a = sp.csc_array(a[p][:, p])
        try:
            self._lu = splu(
                sp.csc_matrix(a),
                permc_spec="MMD_AT_PLUS_A" if p is None else "NATURAL",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError:
            raise NotPositiveDefinite from None
        # Without pivoting the signs of U's diagonal are those of the eigenvalues.
        self._pivots = self._lu.U.diagonal()
        same = np.array_equal(self._lu.perm_r, self._lu.perm_c)
        if not same or not (self._pivots > 0).all():
            raise NotPositiveDefinite

    def _solve(self, b: NDArray) -> NDArray:
        p = self.order
        if p is None:
            return self._lu.solve(b)
        x = np.empty_like(b)
        x[p] = self._lu.solve(b[p])
        return x

    def logdet(self) -> float:
        """Return log(det A)."""
        return float(np.log(self._pivots).sum())


BACKENDS: dict[str, type[Factor]] = {f.backend: f for f in (CvxoptFactor, SuperLUFactor)}
"""Backends in the order in which they are preferred."""


def available() -> list[str]:
    """Return the names of the backends that are installed, the preferred first."""
    return [name for name, kind in BACKENDS.items() if find_spec(kind.package) is not None]


def _lower(a: sp.csc_array) -> sp.csc_array:
    lower = sp.csc_array(sp.tril(a, format="csc"))
    lower.sort_indices()
    return lower


def _same_pattern(a: Any, indptr: NDArray, indices: NDArray) -> bool:
    return np.array_equal(a.indptr, indptr) and np.array_equal(a.indices, indices)
