"""Iterative solution for binomial norms: memory grows with the grid, time hardly faster.

Conjugate gradients on ``A = B⁻¹ + H' R⁻¹ H``, where ``B⁻¹ = (M + K) [M⁻¹ (M + K)]^(m-1) / coeff``
is applied factor by factor, preconditioned by

    P = (M t + K) [M⁻¹ (M t + K)]^(m-1) / coeff,      t^m = 1 + γ · coeff · ρ.

``ρ`` is the density of the weights ``1 / epsilon2`` of the observations, smoothed over the distance
at which the analysis can tell them apart. That distance is ``L / √t``, so that density and ``t`` are
found together:

    ρ = t (M t + K)⁻¹ H' R⁻¹ 1.

So ``P`` is like ``A`` for long waves, where observations prevail, and for short ones, where the norm
does, and the number of iterations hardly depends on grid, density or clustering of the
observations. Its factors are inverted by one cycle of multigrid each, in single precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import stencils
from .background import Background
from .grid import Array
from .multigrid import Hierarchy, Multigrid
from .observations import Observations

__all__ = ["TOLERANCE", "Domain", "Iteration", "NotConverged", "obstacle"]

TOLERANCE = 1e-7
"""Error that is left, as norm of the field relative to the largest value of an observation."""
LIMIT = 400
"""Iterations after which a system is given up."""
_ROUNDS = 4  # of density and scale
_GAIN = {1: 1.0, 2: 1.0}  # γ by the order of the norm
_GAIN_HIGHER = 0.5


class NotConverged(ArithmeticError):
    """The iteration came to its limit."""


def obstacle(
    background: Background, observations: Observations, constraints: Any = ()
) -> str | None:
    """Tell why a system can't be solved iteratively.

    Returns
    -------
    str or None
        The rest of a sentence "... is solved directly, because ...".
    """
    if not background.is_binomial:
        return "the coefficients alpha are not binomial"
    if not observations.is_independent:
        return "errors of observations are correlated"
    if len(constraints):
        return "it has constraints"
    return None


class Domain:
    """What the iteration needs of a background; shared by all analyses on it.

    Parameters
    ----------
    background : Background
        With a binomial norm.
    """

    def __init__(self, background: Background) -> None:
        shape = background.mask.shape
        cyclic = [p > 0 and size > 1 for p, size in zip(background.periods, shape, strict=True)]
        weights = np.stack([background.weights(k) for k in range(len(shape))])
        mass = background.unpack(background.volume, 1.0)
        self.order, self.coeff = background.order, background.coeff
        self.hierarchy = Hierarchy(background.mask, cyclic, mass, weights)
        self.layout = self.hierarchy.finest.layout
        self.weights, self.strides = self.layout.edges(weights)
        self.diagonal = stencils.row_sums(self.weights, self.strides)
        place = self.layout.place
        self.diagonal[place] += background.volume
        self.inverse_mass = np.zeros(self.layout.length)
        self.inverse_mass[place] = 1 / background.volume
        self.last = np.zeros(self.layout.length)
        self.last[place] = 1 / self.coeff


@dataclass
class Progress:
    """How an iteration went: iterations, and the estimate of the error after each."""

    iterations: int
    errors: list[float]


class Iteration:
    """Solver of the system of one analysis.

    Parameters
    ----------
    domain : Domain
    observations : Observations
        With independent errors.
    """

    def __init__(self, domain: Domain, observations: Observations) -> None:
        self.domain = domain
        operator = observations.operator
        self._observed = (
            operator.indptr.astype(np.int64),
            domain.layout.place[operator.indices],
            operator.data,
            1 / observations.variance,
        )
        self._multigrid = Multigrid(domain.hierarchy)
        self._weigh(observations)

    def _weigh(self, observations: Observations) -> None:
        """Find the density of observations and with it the preconditioner."""
        domain = self.domain
        layout, scale = domain.layout, domain.hierarchy.scale
        place = layout.place
        volume = domain.hierarchy.finest.layout.spread(domain.hierarchy.finest.mass)
        information = np.zeros(layout.length, np.float32)
        ones = observations.weighted(np.ones(observations.count))
        gain = _GAIN.get(domain.order, _GAIN_HIGHER) * domain.coeff
        information[place] = ones * (gain / scale)
        self._volume = volume
        t = np.ones(layout.length, np.float32)
        power = np.float32(1 / domain.order)
        for _ in range(_ROUNDS if observations.count else 0):
            self._multigrid.weigh(volume * t)
            density = self._multigrid.solve(information)
            t[place] = (1 + np.maximum(t[place] * density[place], 0)) ** power
        self._multigrid.weigh(volume * t)

    def precondition(self, r: Array, out: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply the inverse of the preconditioner but for a factor."""
        np.copyto(out, r, casting="same_kind")
        z = self._multigrid.solve(out)
        for _ in range(self.domain.order - 1):
            np.multiply(z, self._volume, out=out)
            z = self._multigrid.solve(out)
        return z

    def multiply(self, x: Array, work: Array, out: Array) -> None:
        """Give A x; changes the copies of the ends of cyclic dimensions in `x`."""
        d = self.domain
        source = x
        for step in range(d.order):
            # The product of m factors ends in `out`.
            target = out if (d.order - step) % 2 else work
            d.layout.wrap(source)
            factor = d.last if step == d.order - 1 else d.inverse_mass
            stencils.multiply(
                source, d.diagonal, d.weights, d.strides, d.layout.runs, factor, target
            )
            source = target
        d.layout.unwrap(out)
        stencils.add_information(x, *self._observed, out)

    def solve(
        self, forcing: Array, scale: float, tolerance: float = TOLERANCE, limit: int = LIMIT,
        x0: Array | None = None,
    ) -> tuple[Array, Progress]:
        """Solve ``A x = b``.

        Parameters
        ----------
        forcing : ndarray, shape (size,)
            ``b``, at the sea points.
        scale : float
            Size of the values, which the tolerance is relative to.
        tolerance : float
            Error that is left: its norm in A, which the error of no point exceeds by more than the
            square root of its variance.
        limit : int
            Most iterations.
        x0 : ndarray, shape (size,), optional
            First guess.

        Returns
        -------
        x : ndarray, shape (size,)
        progress : Progress

        Raises
        ------
        NotConverged
            The tolerance was not reached.
        """
        layout = self.domain.layout
        place, runs = layout.place, layout.runs
        x, p, q, work = (np.zeros(layout.length) for _ in range(4))
        r = np.zeros(layout.length)
        r[place] = forcing
        if x0 is not None:
            x[place] = x0
            self.multiply(x, work, q)
            r -= q
        # In single precision values must be neither huge nor tiny.
        size = float(np.abs(r).max()) or 1.0
        r /= size
        single = np.zeros(layout.length, np.float32)
        # P⁻¹ in the units of the hierarchy times this is P⁻¹.
        unit = self.domain.coeff / self.domain.hierarchy.scale
        errors: list[float] = []
        before = 1.0
        for iteration in range(limit + 1):
            z = self.precondition(r, single)
            now = stencils.dot(r, z, runs)
            errors.append(float(np.sqrt(max(now, 0) * unit) * size))
            if errors[-1] <= tolerance * scale:
                return x[place], Progress(iteration, errors)
            stencils.combine(p, now / before if iteration else 0.0, z, runs)
            self.multiply(p, work, q)
            step = now / stencils.dot(p, q, runs)
            stencils.advance(x, r, p, q, step, step * size, runs)
            before = now
        raise NotConverged(f"The iteration did not converge within {limit} steps.")
