"""Currents as a constraint of the engine: the field shall change little along them.

The engine asks for a small ``v · ∇x`` at each sea point. Currents in metres a second would hardly
count, and would count more on a finer grid. So they are made relative to their usual speed, and

    v = 4 · strength · L · sqrt(V / coeff) · current / usual speed

with the correlation length ``L``, the volume ``V`` of the cell and the coefficient of the norm: the
constraint then has a fixed share in the norm's own ``∫ L² (∇x)²``, on any grid. By the spectrum
of the norm, a strength of 1 makes what one observation spreads 1.6 times as long as wide in two
dimensions and 1.4 times in three; a strength of 3 makes it 3.7 and 2.8 times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .margin import widened
from .problem import Problem

__all__ = ["constraint_of"]

Array = NDArray[np.float64]

_FACTOR = 4.0


def constraint_of(problem: Problem, norm: divand.Background) -> tuple[Array, ...] | None:
    """Give the velocity that the engine takes.

    Parameters
    ----------
    problem : Problem
    norm : Background
        On the grid with its margin; of these lengths the constraint is made.

    Returns
    -------
    tuple of ndarray of the norm's shape, or None
        One a dimension, 0 downwards; None for a problem without currents.
    """
    if problem.velocity is None:
        return None
    weight = _FACTOR * np.sqrt(norm.unpack(norm.volume, 0.0) / norm.coeff)
    across = [
        weight * length * widened(problem, part.reshape(problem.mask.shape))
        for length, part in zip(norm.lengths, problem.velocity, strict=False)
    ]
    return (*across, *(np.zeros(norm.mask.shape) for _ in norm.lengths[2:]))
