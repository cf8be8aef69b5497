"""Cholesky factorisation of sparse symmetric positive definite matrices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

__all__ = ["Factor", "NotPositiveDefinite", "factorise"]


class NotPositiveDefinite(np.linalg.LinAlgError):
    """The matrix has no Cholesky factor."""

    def __init__(self, where: str = "") -> None:
        super().__init__(
            f"The matrix is not positive definite{where}: check that observation errors and "
            "correlation lengths are positive and finite, and that no weight is negative."
        )


class Factor(ABC):
    """The Cholesky factor of a sparse symmetric positive definite matrix.

    Made by `factorise`. One factor may be used by several threads at once, except while `update`
    changes it.

    Attributes
    ----------
    backend : str
        The library that computes it.
    n : int
        Number of rows.
    order : array of int64, shape (n,), or None
        The order of elimination that was given.
    """

    backend: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, a: sp.csc_array, order: NDArray[np.int64] | None) -> None:
        self.n = a.shape[0]
        self.order = order
        self._analyse(a)
        self._compute(a)

    @abstractmethod
    def _analyse(self, a: sp.csc_array) -> None: ...

    @abstractmethod
    def _compute(self, a: sp.csc_array) -> None: ...

    @abstractmethod
    def _solve(self, b: NDArray) -> NDArray: ...

    @abstractmethod
    def logdet(self) -> float:
        """Return log(det A)."""

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
        right = np.asarray(b, dtype=np.float64)
        if right.ndim not in (1, 2) or right.shape[0] != self.n:
            raise ValueError(
                f"The right-hand side has shape {right.shape} and the matrix {self.n} rows; "
                f"give ({self.n},) or ({self.n}, k)."
            )
        return self._solve(right).reshape(right.shape)

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
            This one.
        """
        full = _checked(a)
        if full.shape[0] != self.n:
            raise ValueError(
                f"The factor has {self.n} rows and the new matrix {full.shape[0]}; call factorise."
            )
        self._compute(full)
        return self


def factorise(a: Any, *, order: ArrayLike | None = None, backend: str | None = None) -> Factor:
    """Compute the Cholesky factor of a sparse matrix.

    Parameters
    ----------
    a : scipy sparse array, shape (n, n)
        Symmetric positive definite, full or its lower triangle alone.
    order : array of int, shape (n,), optional
        Order of elimination (a permutation), such as `dissect` returns; without, the backend's.
    backend : str, optional
        Name out of `sdcviz.divand.factors.BACKENDS`; the first installed one without.

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
    if a.format == "csr":
        a = sp.csc_array((a.data, a.indices, a.indptr), shape=a.shape)
    full = sp.csc_array(a, dtype=np.float64)
    if not full.has_canonical_format:
        full = full.copy()
        full.sum_duplicates()
    if not np.isfinite(full.data).all():
        raise ValueError("The matrix holds values that are not finite; check lengths and errors.")
    return _symmetric(full)


def _symmetric(a: sp.csc_array) -> sp.csc_array:
    """Complete a matrix that is given as one of its triangles."""
    columns = np.repeat(np.arange(a.shape[1], dtype=a.indices.dtype), np.diff(a.indptr))
    below, above = np.any(a.indices > columns), np.any(a.indices < columns)
    if below == above:
        return a
    return sp.csc_array(a + a.T - sp.diags_array(a.diagonal()))


def _permutation(order: ArrayLike, n: int) -> NDArray[np.int64]:
    p = np.ascontiguousarray(order, dtype=np.int64)
    if p.shape != (n,) or p.min(initial=0) < 0 or p.max(initial=-1) >= n:
        raise ValueError(f"The order is no permutation of {n} points; give each number once.")
    if not (np.bincount(p, minlength=n) == 1).all():
        raise ValueError(f"The order is no permutation of {n} points; give each number once.")
    return p
