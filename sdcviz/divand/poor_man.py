"""The clever poor man's error: an approximation at the price of a second analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .background import Background
from .given import along, places_of
from .grid import Array
from .observations import Observations
from .system import System

__all__ = ["CPME_SCALE", "cpme"]

CPME_SCALE = 1.70766
"""Lengths are divided by this in the clever poor man's error (Beckers et al. 2014)."""


def cpme(
    background: Background,
    x: Any,
    fracindex: Array | None,
    epsilon2: ArrayLike,
    valid: NDArray[np.bool_] | None = None,
    velocity: Any = None,
    solver: str = "auto",
    memory: float | None = None,
) -> Array:
    """Estimate the error variance by the clever poor man's method.

    It is 1 minus the analysis of observations that are all 1, with shorter lengths.

    Parameters
    ----------
    background : Background
        As of the analysis.
    x, fracindex, epsilon2, velocity, solver, memory
        As `analyse` takes them; `x` is not used where there is `fracindex`.
    valid : ndarray of bool, shape (nobs,), optional
        Observations that have a value.

    Returns
    -------
    ndarray of the grid's shape
        Relative to the background variance, from 0 to 1; NaN on land.

    References
    ----------
    Beckers, Barth, Troupin, Alvera-Azcárate (2014), J. Atmos. Oceanic Technol. 31, 515-530.
    """
    shorter = background.scaled(1 / CPME_SCALE)
    # The outermost cells are stretched less, so that places in them have other indices.
    index = places_of(shorter, x, fracindex)
    observations = Observations(shorter, index, epsilon2, valid)
    system = System(shorter, observations, along(shorter, velocity), solver, memory=memory)
    ones = system.solve(np.ones(observations.count))
    return shorter.unpack(1 - np.clip(ones, 0, 1))
