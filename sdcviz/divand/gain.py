"""What an analysed value is made of: one row of the gain.

    e' x = Σ_i w_i f_i + what constraints with a value add,     w = R⁻¹ H A⁻¹ e

with the row ``e`` that takes the value out of the field. ``A`` is symmetric, so that one solution
gives the weights of all observations, however many there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DivandError
from .grid import Array
from .iteration import NotConverged
from .system import System

__all__ = ["gain_row"]


def gain_row(system: System, row: Any) -> Array:
    """Give the weight of each observation in one value of the analysis.

    Parameters
    ----------
    system : System
        Errors of its observations have to be independent.
    row : array-like, shape (size,)
        Takes the value out of the field at the sea points: 1 at one of them, or the weights of an
        interpolation.

    Returns
    -------
    ndarray, shape (used,)
        What the value changes by where an observation changes by one unit.

    Raises
    ------
    DivandError
        Errors are correlated, or the row does not fit.
    """
    row = np.asarray(row, np.float64)
    if row.shape != (system.background.size,):
        raise DivandError(
            f"The row has the shape {row.shape}; give one weight for each of the "
            f"{system.background.size} sea points."
        )
    observations = system.observations
    if not observations.is_independent:
        raise DivandError("Weights are known for observations with independent errors only.")
    if not observations.count:
        return np.empty(0)
    return np.asarray(observations.operator @ _response(system, row)) / observations.variance


def _response(system: System, row: Array) -> Array:
    """Give A⁻¹ e."""
    if system.choice.is_iterative:
        # Weights are divided by the error variance, and with them what the iteration leaves.
        scale = float(min(1.0, system.observations.variance.min()))
        try:
            return system.iteration.solve(row, scale, limit=system.choice.limit)
        except NotConverged:
            pass
    return system.factor.solve(row)
