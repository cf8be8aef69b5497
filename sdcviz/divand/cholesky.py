"""Cholesky factorisation of sparse symmetric positive definite matrices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import ArrayLike, NDArray

from sdcviz.divand.elimination import count_entries

if TYPE_CHECKING:
    from sdcviz.divand.factors import MultifrontalFactor

__all__ = ["Factor", "NotPositiveDefinite", "factorise"]


class NotPositiveDefinite(np.linalg.LinAlgError):
    """The matrix has no Cholesky factor."""

    def __init__(self) -> None:
        super().__init__(
            "The matrix is not positive definite: check that observation errors and "
            "correlation lengths are positive and finite, and that no weight is negative."
        )


class Factor(ABC):
    """The Cholesky factor of a sparse symmetric positive definite matrix, made by `factorise`.

    Several threads may use one factor at once, except while `update` changes it.

    Attributes
    ----------
    backend : str
        What computes it.
    n : int
        Number of rows.
    matrix : csc array, shape (n, n)
        What was factorised, both triangles.
    order : array of int64, shape (n,), or None
        The order of elimination that was given.
    """

    backend: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, a: sp.csc_array, order: NDArray[np.int64] | None) -> None:
        self.n = a.shape[0]
        self.matrix = a
        self.order = order
        self._analyse()
        self._valid = False
        self._compute()
        self._valid = True

    @abstractmethod
    def _analyse(self) -> None:
        """Prepare for the pattern of `matrix`."""

    @abstractmethod
    def _compute(self) -> None:
        """Factorise `matrix`; analyse anew where its pattern does not fit."""

    @abstractmethod
    def _solve(self, b: NDArray) -> NDArray: ...

    @abstractmethod
    def _logdet(self) -> float: ...

    @abstractmethod
    def _used_order(self) -> NDArray[np.int64]:
        """Return the order of elimination that was used."""

    @property
    def nnz(self) -> int:
        """Number of entries of the factor, without what a backend adds to fill its blocks."""
        return int(count_entries(self.matrix, self._used_order()).sum())

    def solve(self, b: ArrayLike) -> NDArray[np.float64]:
        """Solve A x = b.

        Parameters
        ----------
        b : array, shape (n,) or (n, k)
            One or k right-hand sides.

        Returns
        -------
        array of float64, of the shape of b
        """
        self._check_valid()
        right = np.asarray(b, dtype=np.float64)
        if right.ndim not in (1, 2) or right.shape[0] != self.n:
            raise ValueError(
                f"The right-hand side has shape {right.shape} and the matrix {self.n} rows; "
                f"give ({self.n},) or ({self.n}, k)."
            )
        if right.size == 0:
            return right.copy()
        return self._solve(right).reshape(right.shape)

    def logdet(self) -> float:
        """Return the natural logarithm of the determinant of A."""
        self._check_valid()
        return self._logdet()

    def update(self, a: Any) -> Factor:
        """Factorise another matrix in place, with the analysis of the pattern that is here already.

        Parameters
        ----------
        a : sparse array, shape (n, n)
            As in `factorise`. Where it has entries that the pattern has no room for, the
            analysis is made anew.

        Returns
        -------
        Factor
            This one. If the matrix is not positive definite it can't be used any more, but updated.
        """
        full = _checked(a)
        if full.shape[0] != self.n:
            raise ValueError(
                f"The factor has {self.n} rows and the new matrix {full.shape[0]}; call factorise."
            )
        self.matrix = full
        self._valid = False
        self.__dict__.pop("_inverter", None)
        self._compute()
        self._valid = True
        return self

    def inverse_diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of the inverse: the posterior error variance of an analysis.

        Returns
        -------
        array of float64, shape (n,)
        """
        self._check_valid()
        points = np.arange(self.n)
        return self._exact().entries(points, points)

    def inverse_entries(self, rows: ArrayLike, columns: ArrayLike) -> NDArray[np.float64]:
        """Return entries of the inverse.

        All that lie on the pattern of the matrix together cost about twice a factorisation; of
        the others every column that has one costs a solution.

        Parameters
        ----------
        rows, columns : arrays of int of one shape
            Which.

        Returns
        -------
        array of float64, of the same shape
        """
        self._check_valid()
        i, j = np.broadcast_arrays(
            np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
        )
        if i.size and not (0 <= min(i.min(), j.min()) and max(i.max(), j.max()) < self.n):
            raise ValueError(f"An entry of the inverse lies outside its {self.n} rows and columns.")
        shape, i, j = i.shape, i.ravel(), j.ravel()
        found = self._exact().entries(i, j)
        missing = np.flatnonzero(np.isnan(found))
        needed, which = np.unique(j[missing], return_inverse=True)
        for k in range(0, len(needed), 32):
            some = needed[k : k + 32]
            unit = np.zeros((self.n, len(some)))
            unit[some, np.arange(len(some))] = 1.0
            x = self.solve(unit)
            mine = (which >= k) & (which < k + 32)
            found[missing[mine]] = x[i[missing[mine]], which[mine] - k]
        return found.reshape(shape)

    def selected_inverse(self) -> sp.csc_array:
        """Return the inverse on the pattern of the matrix.

        Returns
        -------
        csc array, shape (n, n)
            Both triangles.
        """
        a = self.matrix
        columns = np.repeat(np.arange(self.n), np.diff(a.indptr))
        values = self.inverse_entries(a.indices, columns)
        return sp.csc_array((values, a.indices.copy(), a.indptr.copy()), shape=a.shape)

    def inverse_at(self, h: Any) -> NDArray[np.float64]:
        """Return diag(H A^-1 H'): the error variance at the places of observations.

        Parameters
        ----------
        h : sparse array, shape (m, n)
            Its rows are weights of points that A couples.

        Returns
        -------
        array of float64, shape (m,)
        """
        weights = sp.csr_array(h, dtype=np.float64)
        if weights.shape[1] != self.n:
            raise ValueError(
                f"H has {weights.shape[1]} columns and the matrix {self.n} rows; they must agree."
            )
        pattern = sp.csr_array(
            (np.ones(weights.nnz), weights.indices, weights.indptr), shape=weights.shape
        )
        pairs = sp.csc_array(sp.tril(pattern.T @ pattern, format="csc"))
        pairs.sort_indices()
        columns = np.repeat(np.arange(self.n), np.diff(pairs.indptr))
        values = self.inverse_entries(pairs.indices, columns)
        return _quadratic(
            weights.indptr, weights.indices, weights.data, pairs.indptr, pairs.indices, values
        )

    def _exact(self) -> MultifrontalFactor:
        return self._inverter

    @cached_property
    def _inverter(self) -> MultifrontalFactor:
        """The same factor in blocks that give entries of the inverse."""
        from sdcviz.divand.factors import MultifrontalFactor

        return MultifrontalFactor(self.matrix, self.order)

    def _check_valid(self) -> None:
        if not self._valid:
            raise ValueError(
                "The last update of this factor failed; update it with a positive definite matrix."
            )


def factorise(a: Any, *, order: ArrayLike | None = None, backend: str | None = None) -> Factor:
    """Compute the Cholesky factor of a sparse matrix.

    Parameters
    ----------
    a : scipy sparse array, shape (n, n)
        Symmetric positive definite, full or one of its triangles alone.
    order : array of int, shape (n,), optional
        Order of elimination (a permutation), such as `dissect` returns; without, the backend's.
    backend : str, optional
        "multifrontal" (our own, used without this argument), "cvxopt", "scikit-sparse",
        "pypardiso" or "scipy".

    Returns
    -------
    Factor

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite.
    """
    from sdcviz.divand.factors import BACKENDS, available

    names = available()
    name = names[0] if backend is None else backend
    if name not in names:
        why = "is not installed" if name in BACKENDS else "is not known"
        raise ValueError(f"The solver {name!r} {why}; choose one of {', '.join(names)}.")
    full = _checked(a)
    return BACKENDS[name](full, None if order is None else _permutation(order, full.shape[0]))


def _checked(a: Any) -> sp.csc_array:
    """Return the full matrix by columns; CSR is read as its transpose, which is the same."""
    if not sp.issparse(a) or a.ndim != 2 or a.shape[0] != a.shape[1]:
        what = f"has shape {a.shape}" if hasattr(a, "shape") else f"is a {type(a).__name__}"
        raise ValueError(f"The matrix {what}; give a square scipy sparse array.")
    if a.shape[0] == 0:
        raise ValueError("The matrix is empty; give at least one sea point.")
    if a.format == "csr":
        a = sp.csc_array((a.data, a.indices, a.indptr), shape=a.shape)
    full = sp.csc_array(a, dtype=np.float64)
    if not full.has_canonical_format:
        full = full.copy()
        full.sum_duplicates()
    if not np.isfinite(full.data).all():
        raise ValueError("The matrix holds values that are not finite; check lengths and errors.")
    if not _one_triangle(full.indptr, full.indices):
        return full
    return sp.csc_array(full + full.T - sp.diags_array(full.diagonal()))


@njit(cache=True, nogil=True)
def _one_triangle(indptr, indices):
    above = below = False
    for j in range(len(indptr) - 1):
        for k in range(indptr[j], indptr[j + 1]):
            above |= indices[k] < j
            below |= indices[k] > j
        if above and below:
            return False
    return above or below


@njit(cache=True, nogil=True)
def _quadratic(start, points, weights, indptr, indices, values):
    """Return h Z h' for every row h, with the lower triangle of Z."""
    out = np.zeros(len(start) - 1)
    for r in range(len(start) - 1):
        for p in range(start[r], start[r + 1]):
            for q in range(start[r], start[r + 1]):
                i, j = max(points[p], points[q]), min(points[p], points[q])
                column = indices[indptr[j] : indptr[j + 1]]
                k = indptr[j] + np.searchsorted(column, i)
                out[r] += weights[p] * weights[q] * values[k]
    return out


def _permutation(order: ArrayLike, n: int) -> NDArray[np.int64]:
    p = np.ascontiguousarray(order, dtype=np.int64)
    if p.shape != (n,) or p.min() < 0 or p.max() >= n or (np.bincount(p, minlength=n) != 1).any():
        raise ValueError(f"The order is no permutation of {n} points; give each number once.")
    return p
