"""The linear system of one analysis, factorised once and solved for any values.

    A x = H' R⁻¹ f,     A = B⁻¹ + H' R⁻¹ H + constraints

``A⁻¹`` is the covariance of the error of the analysis ``x`` (Barth et al. 2014, Geosci. Model
Dev. 7, 225-241).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from .background import Background
from .choice import Choice, choose
from .cholesky import NotPositiveDefinite, factorise
from .errors import DivandError, DivandWarning
from .grid import Array
from .iteration import Iteration, NotConverged
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
        "auto", "direct", the name of a library for it (`sdcviz.divand.factors`), or
        "iterative".
    because : str, optional
        Why it has to be solved directly.
    columns : int
        Right-hand sides that are expected.
    factors : int
        That are in memory together.
    inverse : bool
        Whether `error_variance` or other entries of the inverse will be asked for.
    memory : float, optional
        Bytes that may be used; what is free if left out.

    Attributes
    ----------
    iterations : int
        Of the last solution; 0 of a direct one.

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
        *,
        because: str | None = None,
        columns: int = 1,
        factors: int = 1,
        inverse: bool = False,
        memory: float | None = None,
    ) -> None:
        self.background = background
        self.observations = observations
        self.constraints = tuple(constraints)
        self.iterations = 0
        self._wanted = solver
        self._options: dict[str, Any] = {
            "because": because,
            "columns": columns,
            "factors": factors,
            "inverse": inverse,
            "memory": memory,
        }
        self._choice: Choice | None = None

    @property
    def choice(self) -> Choice:
        """What solves the system and why; an iteration that fails changes it."""
        if self._choice is None:
            self._choice = choose(
                self.background,
                self.observations,
                self._wanted,
                constraints=self.constraints,
                **self._options,
            )
        return self._choice

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The matrix A, shape (size, size)."""
        total = self.background.precision + self.observations.information
        for constraint in self.constraints:
            total = total + constraint.information
        return total

    @cached_property
    def factor(self) -> Factor:
        """The Cholesky factor of A.

        Raises
        ------
        DivandError
            There is none: A is not positive definite in the digits that numbers have.
        """
        choice = self.choice
        order = dissect(self.background.mask, self.background.order, moddim=self.background.periods)
        backend = None if choice.is_iterative else choice.solver
        try:
            return factorise(self.matrix, order=order, backend=backend)
        except NotPositiveDefinite:
            raise DivandError(
                "The matrix of the analysis is not positive definite, as far as numbers of 16 "
                "digits tell: correlation lengths span too many grid steps, or lengths and errors "
                "differ too much; shorten the lengths, or take a coarser grid."
            ) from None

    @property
    def solver(self) -> str:
        """What solves the system: "iterative", or the library of the factor."""
        return self.choice.solver

    @cached_property
    def iteration(self) -> Iteration:
        """The iterative solver."""
        return Iteration(self.background.domain, self.observations)

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
        constraints = (*self.constraints, *more)
        return System(
            self.background, self.observations, constraints, self._wanted, **self._options
        )

    def observing(self, observations: Observations) -> System:
        """Give the same system with other observations."""
        return System(
            self.background, observations, self.constraints, self._wanted, **self._options
        )

    def solve(self, f: Array, x0: Array | None = None) -> Array:
        """Analyse values at the observations with influence.

        Parameters
        ----------
        f : ndarray, shape (used,) or (used, k)
        x0 : ndarray, shape (size,) or (size, k), optional
            First guess of an iteration.

        Returns
        -------
        ndarray, shape (size,) or (size, k)
            The field at the sea points.

        Raises
        ------
        TooLarge
            The iteration did not converge, and a direct solution does not fit into memory.

        Warns
        -----
        DivandWarning
            The iteration did not converge, and the system was solved directly.
        """
        forcing = self.forcing(f)
        if self.choice.is_iterative:
            try:
                return self._iterate(f, forcing, x0)
            except NotConverged as problem:
                self._give_up(problem)
        self.iterations = 0
        return self.factor.solve(forcing)

    def _iterate(self, f: Array, forcing: Array, x0: Array | None) -> Array:
        """Solve one column after the other."""
        columns = forcing.reshape(len(forcing), -1)
        guesses = None if x0 is None else x0.reshape(columns.shape)
        scales = np.atleast_1d(np.abs(f).max(axis=0, initial=0))
        found, self.iterations = np.zeros(columns.shape), 0
        for k, scale in enumerate(scales):
            if scale > 0:
                guess = None if guesses is None else guesses[:, k]
                found[:, k] = self.iteration.solve(
                    columns[:, k], scale, limit=self.choice.limit, x0=guess
                )
                self.iterations = max(self.iterations, self.iteration.steps)
        return found.reshape(forcing.shape)

    def _give_up(self, problem: NotConverged) -> None:
        """Go on directly, if that fits."""
        options = self._options | {"because": f"the iteration {problem}"}
        self._choice = choose(
            self.background, self.observations, constraints=self.constraints, **options
        )
        warnings.warn(
            f"The iteration {problem}: the system is solved directly.", DivandWarning, stacklevel=4
        )

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
        return self.factor.inverse_at(self.observations.operator)

    def gain_diagonal(self) -> Array:
        """Give the influence of each observation on the analysis at its own place, diag(H K).

        Returns
        -------
        ndarray, shape (used,)
            Between 0 and 1; the sum is the number of degrees of freedom for signal.
        """
        return self.error_at_observations() / self.observations.variance
