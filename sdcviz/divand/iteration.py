"""Iterative solution for binomial norms: time and memory grow as the grid does.

Conjugate gradients on ``A = B⁻¹ + H' R⁻¹ H``, where ``B⁻¹ = (M + K) [M⁻¹ (M + K)]^(m-1) / coeff``
is applied factor by factor, preconditioned by

    P = (M t + K) [M⁻¹ (M t + K)]^(m-1) / coeff,      t^m = 1 + gain · coeff · density.

The density is that of the weights ``1 / epsilon2`` of the observations, smoothed over the
distance at which the analysis can tell them apart. That distance is ``L / √t``, so that density
and ``t`` are found together:

    density = t (M t + K)⁻¹ H' R⁻¹ 1.

So ``P`` is like ``A`` for long waves, where observations prevail, and for short ones, where the
norm does, and the number of iterations hardly depends on grid, density or clustering of the
observations. Its factors are inverted by one cycle of multigrid each, in single precision where
that does.

A cycle leaves some long waves where it is given short ones. The factors that follow magnify them
by up to the condition of ``M t + K`` each, so that a cycle that is good enough for one factor need
not be so for a product of three. Where convergence turns out to be slow, the first and the last
factor get a second cycle, which takes away what the first one has left; the product stays
symmetric.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import stencils
from .background import Background
from .grid import Array
from .layout import Layout
from .multigrid import Hierarchy, Multigrid
from .observations import Observations

__all__ = ["LIMIT", "TOLERANCE", "Domain", "Iteration", "NotConverged"]

TOLERANCE = 1e-7
"""Error that is left, relative to the largest value of an observation."""
LIMIT = 400
"""Iterations after which a system is given up."""
_ROUNDS = 3  # of density and scale
_GAIN = {1: 1.0, 2: 1.0}  # by the order of the norm
_GAIN_HIGHER = 0.7
_SINGLE = 1e11  # condition of B⁻¹ up to which single precision is tried
_PATIENCE = 25  # iterations without progress after which it is no longer
_WATCH = 10  # iterations by which the error has fallen to this share if cycles are good enough
_SHARE = 4e-3
_LATE = 100  # iterations after which better cycles are tried anyway
_USUAL = 20  # iterations in which the norm of the residual tells the error


class NotConverged(ArithmeticError):
    """The iteration came to its limit; the text goes on after "the iteration ..."."""


class Domain:
    """What the iteration needs of a background; shared by all analyses on it.

    Parameters
    ----------
    background : Background
        With a binomial norm.

    Attributes
    ----------
    condition : float
        Upper bound of the condition of ``B⁻¹``.
    """

    def __init__(self, background: Background) -> None:
        self._background = background
        self.order, self.coeff = background.order, background.coeff
        weights = self._weights()
        self.layout = Layout(background.mask, self._cyclic())
        self.weights, self.strides = self.layout.edges(weights)
        self.diagonal = stencils.row_sums(self.weights, self.strides)
        place, volume = self.layout.place, background.volume
        self.condition = (1 + 2 * float((self.diagonal[place] / volume).max())) ** self.order
        self.diagonal[place] += volume
        self.inverse_mass = np.zeros(self.layout.length)
        self.inverse_mass[place] = 1 / volume
        self.precision: Any = np.float32 if self.condition < _SINGLE else np.float64
        self._grids: dict[Any, Hierarchy] = {}
        self._add(self.precision, weights)

    def _cyclic(self) -> list[bool]:
        shape, periods = self._background.mask.shape, self._background.periods
        return [p > 0 and size > 1 for p, size in zip(periods, shape, strict=True)]

    def _weights(self) -> Array:
        return np.stack([self._background.weights(k) for k in range(self._background.mask.ndim)])

    def _add(self, precision: Any, weights: Array) -> None:
        mass = self._background.unpack(self._background.volume, 1.0)
        self._grids[precision] = Hierarchy(
            self._background.mask, self._cyclic(), mass, weights, precision
        )

    def grids(self, precision: Any) -> Hierarchy:
        """Give the grids of the preconditioner in some precision."""
        if precision not in self._grids:
            self._add(precision, self._weights())
        return self._grids[precision]


class Preconditioner:
    """The inverse of ``P`` for some observations.

    Parameters
    ----------
    domain : Domain
    information : ndarray, shape (size,)
        H' R⁻¹ 1.
    precision : type
        Of its arrays.

    Attributes
    ----------
    thorough : bool
        Whether the first and the last factor get a second cycle.
    """

    def __init__(self, domain: Domain, information: Array, precision: Any) -> None:
        self.thorough = False
        grids = domain.grids(precision)
        self.precision, self._order = precision, domain.order
        self._mass = grids.mass
        self._multigrid = Multigrid(grids)
        self._work = np.zeros_like(self._mass)
        self.scale = domain.coeff * grids.scale
        """What comes out times this is in the units of the system."""
        gain = _GAIN.get(domain.order, _GAIN_HIGHER) * domain.coeff / grids.scale
        self._weigh(domain.layout.place, (information * gain).astype(precision))

    def _weigh(self, place: NDArray[np.int32], information: NDArray[Any]) -> None:
        """Find the density of observations and ``t`` together."""
        self._work[place] = information
        t = np.ones_like(self._mass)
        for _ in range(_ROUNDS if information.any() else 0):
            self._multigrid.weigh(self._mass * t)
            density = self._multigrid.solve(self._work)
            t[place] = (1 + np.maximum(t[place] * density[place], 0)) ** (1 / self._order)
        self._multigrid.weigh(self._mass * t)

    def apply(self, r: Array) -> NDArray[Any]:
        """Give P⁻¹ r but for a factor; the next call overwrites it."""
        np.copyto(self._work, r, casting="same_kind")
        last = self._order - 1
        for k in range(self._order):
            outer = k in {0, last}
            cycles = self._multigrid
            z = (cycles.solve_twice if self.thorough and outer else cycles.solve)(self._work)
            if k < last:
                np.multiply(z, self._mass, out=self._work)
        return z


class Iteration:
    """Solver of the system of one analysis.

    Parameters
    ----------
    domain : Domain
    observations : Observations
        With independent errors.

    Attributes
    ----------
    errors : list of float
        Estimates of the error of the last solution, one before each iteration and one after.
    """

    def __init__(self, domain: Domain, observations: Observations) -> None:
        self.domain = domain
        self.errors: list[float] = []
        operator = observations.operator
        self._observed = (
            operator.indptr,
            domain.layout.place[operator.indices],
            operator.data,
            # The system is multiplied by coeff.
            domain.coeff / observations.variance,
        )
        self._information = observations.weighted(np.ones(observations.count))
        self._preconditioner = Preconditioner(domain, self._information, domain.precision)

    @property
    def steps(self) -> int:
        """Iterations of the last solution."""
        return max(len(self.errors) - 1, 0)

    def multiply(self, x: Array, work: Array, out: Array) -> None:
        """Give coeff · A x; sets the copies of the ends of cyclic dimensions in `x`."""
        d, source = self.domain, x
        for left in range(d.order, 0, -1):
            # The last product ends in `out`.
            target = out if left % 2 else work
            d.layout.wrap(source)
            stencils.multiply(
                source, d.diagonal, d.weights, d.strides, d.layout.runs,
                d.inverse_mass, left > 1, target,
            )  # fmt: skip
            source = target
        d.layout.unwrap(out)
        stencils.add_information(x, *self._observed, out)

    def solve(
        self,
        forcing: Array,
        scale: float,
        *,
        tolerance: float = TOLERANCE,
        limit: int = LIMIT,
        x0: Array | None = None,
    ) -> Array:
        """Solve ``A x = b``.

        Parameters
        ----------
        forcing : ndarray, shape (size,)
            ``b``, at the sea points.
        scale : float
            Size of the values that the tolerance is relative to.
        tolerance : float
            Estimate of the norm of the error in A that is left, and largest change in the last
            iteration. The error of no point exceeds that norm times the root of its error
            variance.
        limit : int
            Most iterations.
        x0 : ndarray, shape (size,), optional
            First guess.

        Returns
        -------
        ndarray, shape (size,)

        Raises
        ------
        NotConverged
            The tolerance was not reached.
        """
        layout = self.domain.layout
        place, runs = layout.place, layout.runs
        x, r, p, q, work = (np.zeros(layout.length) for _ in range(5))
        r[place] = self.domain.coeff * forcing
        if x0 is not None:
            x[place] = x0
            self.multiply(x, work, q)
            r -= q
        # In single precision values must be neither huge nor tiny.
        size = float(np.abs(r).max()) or 1.0
        r /= size
        self.errors, moved, curvature, since = [], 0.0, 0.0, 0
        for steps in range(limit + 1):
            z = self._preconditioner.apply(r)
            left = stencils.dot(r, z, runs)
            if self._is_stuck(left, since):
                self._renew()
                since, curvature = steps, 0.0
                z = self._preconditioner.apply(r)
                left = stencils.dot(r, z, runs)
            self.errors.append(float(np.sqrt(abs(left) / self._preconditioner.scale)) * size)
            # The slower it is, the more error is left behind the norm of the residual.
            slow = max(1.0, steps / _USUAL)
            if left >= 0 and slow * max(self.errors[-1], moved) <= tolerance * scale:
                return x[place]
            if self._is_slow(since):
                self._preconditioner.thorough = True
            # By the curvature, so that neither rounding in z nor another preconditioner spoils the
            # direction.
            keep = -stencils.dot(q, z, runs) / curvature if curvature else 0.0
            stencils.combine(p, keep, z, runs)
            self.multiply(p, work, q)
            curvature = stencils.dot(p, q, runs)
            step = stencils.dot(r, p, runs) / curvature
            moved = stencils.advance(x, r, p, q, step, step * size, runs)
        raise NotConverged(f"did not converge within {limit} steps")

    def _renew(self) -> None:
        """Go on in double precision."""
        thorough = self._preconditioner.thorough
        self._preconditioner = Preconditioner(self.domain, self._information, np.float64)
        self._preconditioner.thorough = thorough

    def _is_slow(self, since: int) -> bool:
        """Tell whether the error falls so slowly that better cycles may pay."""
        # Once it has begun to converge, a change would lose more than it gains.
        errors = self.errors[since:]
        steps = len(errors) - 1
        return steps >= _LATE or (steps == _WATCH and errors[-1] > _SHARE * errors[0])

    def _is_stuck(self, left: float, since: int) -> bool:
        """Tell whether rounding in single precision keeps the error from falling."""
        if self._preconditioner.precision is not np.float32:
            return False
        before, recent = self.errors[since:-_PATIENCE], self.errors[-_PATIENCE:]
        return left < 0 or (bool(before) and min(recent) > 0.5 * min(before))
