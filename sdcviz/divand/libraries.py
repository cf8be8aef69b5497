"""Cholesky factors by libraries: CHOLMOD in cvxopt or scikit-sparse, PARDISO, scipy's SuperLU."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from sdcviz.divand.cholesky import Factor, NotPositiveDefinite

__all__ = ["CvxoptFactor", "PardisoFactor", "ScikitSparseFactor", "SuperLUFactor"]

_CVXOPT = threading.RLock()
"""cvxopt has one workspace and one dictionary of options for all threads."""


class CvxoptFactor(Factor):
    """CHOLMOD in the wheel of cvxopt (supernodal; AMD where no order is given)."""

    backend = "cvxopt"
    package = "cvxopt"

    def _analyse(self) -> None:
        from cvxopt import cholmod, matrix, spmatrix

        lower = _lower(self.matrix)
        self._pattern = lower.indptr, lower.indices
        columns = np.repeat(np.arange(self.n), np.diff(lower.indptr))
        places = matrix(lower.indices.astype(np.int64)), matrix(columns)
        with _CVXOPT:
            self._copy = spmatrix(matrix(lower.data), *places, lower.shape)
            if self.order is None:
                self._handle = cholmod.symbolic(self._copy)
                return
            before = dict(cholmod.options)
            # One method only: CHOLMOD would try AMD beside the order that is given.
            cholmod.options["nmethods"] = 1
            try:
                self._handle = cholmod.symbolic(self._copy, p=matrix(self.order))
            finally:
                cholmod.options.clear()
                cholmod.options.update(before)

    def _compute(self) -> None:
        from cvxopt import cholmod, matrix

        lower = _lower(self.matrix)
        if not all(map(np.array_equal, (lower.indptr, lower.indices), self._pattern)):
            self._analyse()
        with _CVXOPT:
            self._copy.V = matrix(lower.data)
            try:
                cholmod.numeric(self._copy, self._handle)
            except ArithmeticError:
                raise NotPositiveDefinite from None

    def _solve(self, b: NDArray) -> NDArray:
        return self._system(b, 0)

    def _system(self, b: NDArray, which: int) -> NDArray:
        from cvxopt import cholmod, matrix

        x = matrix(np.asfortranarray(b))
        with _CVXOPT:
            cholmod.solve(self._handle, x, sys=which)
        return np.array(x)

    def _logdet(self) -> float:
        from cvxopt import cholmod

        with _CVXOPT:
            return 2.0 * float(np.log(np.array(cholmod.diag(self._handle))).sum())

    def _used_order(self) -> NDArray[np.int64]:
        permuted = self._system(np.arange(self.n, dtype=float), 7)
        return np.rint(permuted).astype(np.int64).ravel()


class ScikitSparseFactor(Factor):
    """CHOLMOD by scikit-sparse, where the machine has both."""

    backend = "scikit-sparse"
    package = "sksparse"

    def _analyse(self) -> None:
        from sksparse import cholmod

        a = self._permuted()
        ordering = "default" if self.order is None else "natural"
        self._factor = cholmod.analyze(a, mode="supernodal", ordering_method=ordering)
        self._pattern = a.indptr, a.indices

    def _compute(self) -> None:
        from sksparse import cholmod

        a = self._permuted()
        if not all(map(np.array_equal, (a.indptr, a.indices), self._pattern)):
            self._analyse()
        try:
            self._factor.cholesky_inplace(a)
        except cholmod.CholmodNotPositiveDefiniteError:
            raise NotPositiveDefinite from None

    def _solve(self, b: NDArray) -> NDArray:
        if self.order is None:
            return self._factor(b)
        x = np.empty_like(b)
        x[self.order] = self._factor(b[self.order])
        return x

    def _logdet(self) -> float:
        return float(self._factor.logdet())

    def _used_order(self) -> NDArray[np.int64]:
        own = self._factor.P().astype(np.int64)
        return own if self.order is None else self.order[own]

    def _permuted(self) -> Any:
        a = self.matrix if self.order is None else self.matrix[self.order][:, self.order]
        a = sp.csc_matrix(a)
        a.sort_indices()
        return a


class PardisoFactor(Factor):
    """PARDISO in Intel's MKL by pypardiso; it orders by itself."""

    backend = "pypardiso"
    package = "pypardiso"

    def _analyse(self) -> None:
        from pypardiso import PyPardisoSolver

        self._solver = PyPardisoSolver(mtype=2)
        self._lock = threading.Lock()

    def _compute(self) -> None:
        from pypardiso.pardiso_wrapper import PyPardisoError

        # By rows the upper triangle, which by columns is the lower.
        lower = _lower(self.matrix)
        self._upper = sp.csr_matrix((lower.data, lower.indices, lower.indptr), shape=lower.shape)
        with self._lock:
            try:
                self._solver.factorize(self._upper)
            except PyPardisoError:
                raise NotPositiveDefinite from None

    def _solve(self, b: NDArray) -> NDArray:
        with self._lock:
            return self._solver.solve(self._upper, np.asfortranarray(b))

    def _logdet(self) -> float:
        return self._exact().logdet()

    def _used_order(self) -> NDArray[np.int64]:
        return self._exact()._used_order()


class SuperLUFactor(Factor):
    """scipy's SuperLU in symmetric mode: two to four times slower than CHOLMOD."""

    backend = "scipy"
    package = "scipy"

    def _analyse(self) -> None:
        pass

    def _compute(self) -> None:
        from scipy.sparse.linalg import splu

        p = self.order
        try:
            self._lu = splu(
                sp.csc_matrix(self.matrix if p is None else self.matrix[p][:, p]),
                permc_spec="MMD_AT_PLUS_A" if p is None else "NATURAL",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError:
            raise NotPositiveDefinite from None
        # Without exchange of rows the signs of the pivots are those of the eigenvalues.
        self._pivots = self._lu.U.diagonal()
        if not np.array_equal(self._lu.perm_r, self._lu.perm_c) or self._pivots.min() <= 0:
            raise NotPositiveDefinite

    def _solve(self, b: NDArray) -> NDArray:
        if self.order is None:
            return self._lu.solve(b)
        x = np.empty_like(b)
        x[self.order] = self._lu.solve(b[self.order])
        return x

    def _logdet(self) -> float:
        return float(np.log(self._pivots).sum())

    def _used_order(self) -> NDArray[np.int64]:
        own = np.argsort(self._lu.perm_c)
        return own if self.order is None else self.order[own]


def _lower(a: sp.csc_array) -> sp.csc_array:
    lower = sp.csc_array(sp.tril(a, format="csc"))
    lower.sort_indices()
    return lower
