"""The linear system of one analysis, factorised once and solved for any values.

    A x = H' R⁻¹ f,     A = B⁻¹ + H' R⁻¹ H + constraints

``A⁻¹`` is the covariance of the error of the analysis ``x`` (Barth et al. 2014, Geosci. Model
Dev. 7, 225-241).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from .background import Background
from .cholesky import factorise
from .errors import DivandError
from .grid import Array
from .observations import Observations
from .ordering import dissect

if TYPE_CHECKING:
    from .cholesky import Factor

__all__ = ["Constraint", "System"]


class Constraint:
    """Something that the field shall fulfil approximately: ``operator @ x ≈ value``.

    Parameters
    ----------
    operator : sparse array, shape (k, size)
    value : ndarray, shape (k,), optional
        0 if left out.
    variance : float or ndarray, shape (k,)
        How far it may be off, relative to the background variance.
    """

    def __init__(
        self, operator: Any, value: Array | None = None, variance: ArrayLike = 1.0
    ) -> None:
        self.operator = operator
        self.value = value
        weight = 1 / np.broadcast_to(np.asarray(variance, np.float64), operator.shape[0])
        self._weighted = (sparse.diags_array(weight) @ operator).tocsr()

    @property
    def information(self) -> sparse.csr_array:
        """What it adds to the inverse covariance, shape (size, size)."""
        return (self.operator.T @ self._weighted).tocsr()

    @property
    def forcing(self) -> Array | None:
        """What it adds to the right-hand side, shape (size,)."""
        return None if self.value is None else np.asarray(self._weighted.T @ self.value)


class System:
    """Background, observations and constraints of one analysis.

    Parameters
    ----------
    background : Background
    observations : Observations
    constraints : sequence of Constraint
    solver : str
        "auto", "direct", the name of a library for it (`sdcviz.divand.cholesky`), or
        "iterative".

    Examples
    --------
    The factor serves any values at the same places:

    >>> system = System(background, Observations(background, index, 0.1))  # doctest: +SKIP
    >>> x = system.solve(f)  # doctest: +SKIP
    """

    def __init__(
        self,
        background: Background,
        observations: Observations,
        constraints: Sequence[Constraint] = (),
        solver: str = "auto",
    ) -> None:
        self.background = background
        self.observations = observations
        self.constraints = tuple(constraints)
        self._wanted = solver

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The matrix A, shape (size, size)."""
        total = self.background.precision + self.observations.information
        for constraint in self.constraints:
            total = total + constraint.information
        return total

    @cached_property
    def factor(self) -> Factor:
        """The Cholesky factor of A."""
        order = dissect(self.background.mask, self.background.order, moddim=self.background.periods)
        backend = None if self._wanted in {"auto", "direct", "iterative"} else self._wanted
        return factorise(self.matrix, order=order, backend=backend)

    @property
    def solver(self) -> str:
        """What solves the system."""
        return self.factor.backend

    def forcing(self, f: Array) -> Array:
        """Give the right-hand side for values at the observations with influence.

        Parameters
        ----------
        f : ndarray, shape (used,) or (used, k)

        Returns
        -------
        ndarray, shape (size,) or (size, k)
        """
        if len(f) != self.observations.count:
            raise DivandError(
                f"There are {len(f)} values for {self.observations.count} observations."
            )
        total = self.observations.weighted(f)
        for constraint in self.constraints:
            more = constraint.forcing
            if more is not None:
                total = total + (more if f.ndim == 1 else more[:, None])
        return total

    def constrained(self, more: Sequence[Constraint]) -> System:
        """Give the same system with further constraints."""
        return System(self.background, self.observations, (*self.constraints, *more), self._wanted)

    def observing(self, observations: Observations) -> System:
        """Give the same system with other observations."""
        return System(self.background, observations, self.constraints, self._wanted)

    def solve(self, f: Array) -> Array:
        """Analyse values at the observations with influence.

        Parameters
        ----------
        f : ndarray, shape (used,) or (used, k)

        Returns
        -------
        ndarray, shape (size,) or (size, k)
            The field at the sea points.
        """
        return self.factor.solve(self.forcing(f))

    def error_variance(self) -> Array:
        """Give the error variance of the analysis relative to the background's, shape (size,)."""
        return self.factor.inverse_diagonal()

    def error_at_observations(self) -> Array:
        """Give the error variance of the analysis at the observations with influence.

        Returns
        -------
        ndarray, shape (used,)
            diag(H A⁻¹ H'), from the entries of A⁻¹ between the corners of each cell.
        """
        operator = self.observations.operator
        # All pairs of corners of one observation: they are neighbours inside the pattern of A.
        pairs = (operator.T @ operator).tocoo()
        entries = self.factor.inverse_entries(pairs.row, pairs.col)
        covariance = sparse.coo_array((entries, (pairs.row, pairs.col)), pairs.shape).tocsr()
        product = (operator @ covariance).multiply(operator)
        return np.asarray(product.sum(axis=1)).ravel()

    def gain_diagonal(self) -> Array:
        """Give the influence of each observation on the analysis at its own place, diag(H K).

        Returns
        -------
        ndarray, shape (used,)
            Between 0 and 1; the sum is the number of degrees of freedom for signal.
        """
        return self.error_at_observations() / self.observations.variance
