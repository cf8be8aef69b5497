"""Arguments that `analyse` and the searches for its parameters have in common, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .background import Background
from .errors import DivandError
from .grid import Array, numbers
from .observations import fractional_indices
from .system import Constraint

__all__ = ["along", "numbered_groups", "places_of", "values_of"]


def values_of(f: ArrayLike, *, columns: bool = True) -> Array:
    """Check the values of observations.

    Parameters
    ----------
    f : array-like, shape (nobs,) or (nobs, k)
        NaN leaves an observation out.
    columns : bool
        Whether there may be several right-hand sides.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    DivandError
        The shape is another one, or a value is infinite.
    """
    values = numbers(f, "f")
    if values.ndim not in ((1, 2) if columns else (1,)) or values.shape[1:] == (0,):
        wanted = "(nobs,) or (nobs, k)" if columns else "(nobs,)"
        raise DivandError(f"f has the shape {values.shape}; give {wanted}.")
    endless = np.isinf(values)
    if endless.any():
        at = int(np.argwhere(endless)[0, 0])
        raise DivandError(
            f"f is infinite at observation {at}; remove it, or make it NaN to leave it out."
        )
    return values


def places_of(
    background: Background, x: Any, fracindex: ArrayLike | None, count: int | None = None
) -> Array:
    """Find the places of observations on a grid.

    Parameters
    ----------
    background : Background
        Stretched rows move with its lengths, and with them the indices of places.
    x : sequence of array-like, shape (nobs,)
        Coordinates; not used where there is `fracindex`.
    fracindex : array-like, shape (n, nobs), optional
        Indices from 0 with fractions.
    count : int, optional
        Values that the places are of.

    Returns
    -------
    ndarray, shape (n, nobs)

    Raises
    ------
    DivandError
        There are not as many places as values.
    """
    if fracindex is None:
        index = fractional_indices(background, x)
    else:
        index = numbers(fracindex, "fracindex")
    if count is not None and index.ndim == 2 and index.shape[1] != count:
        raise DivandError(f"There are {count} values f and {index.shape[1]} places; give as many.")
    return index


def along(background: Background, velocity: Any) -> list[Constraint]:
    """Give the constraints of an analysis: that of advection where there is a velocity."""
    return [] if velocity is None else [Constraint(background.advection(velocity))]


def numbered_groups(
    groups: ArrayLike, used: NDArray[np.bool_]
) -> tuple[list[Any], NDArray[np.int64]]:
    """Give a number to each group (cruise, platform) of the observations with influence.

    Parameters
    ----------
    groups : array-like, shape (nobs,)
        Group of each observation.
    used : ndarray of bool, shape (nobs,)
        Observations with influence.

    Returns
    -------
    names : list
        Groups with influence, sorted.
    number : ndarray of int, shape (used,)
        Place among them of the group of each observation with influence.

    Raises
    ------
    DivandError
        There is not one entry an observation.
    """
    given = np.asarray(groups)
    if given.shape != used.shape:
        raise DivandError(
            f"groups has the shape {given.shape} for {used.size} observations; give one entry each."
        )
    names, number = np.unique(given[used], return_inverse=True)
    return names.tolist(), number.ravel()
