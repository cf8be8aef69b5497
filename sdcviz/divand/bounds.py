"""Lower bounds that an analysis shall keep."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .background import Background
from .errors import DivandError
from .grid import Array, numbers

__all__ = ["bounds_of"]


def bounds_of(background: Background, bounds: Any) -> list[tuple[Any, Array]]:
    """Bring bounds into pairs of an operator and its least value.

    Parameters
    ----------
    background : Background
    bounds : float, array or sequence of (operator, value)
        As `sdcviz.divand.analyse` takes them as `inequality`.

    Returns
    -------
    list of (sparse array of the shape (k, size), ndarray of the shape (k,))

    Raises
    ------
    DivandError
        Shapes don't fit, or a bound is not finite.
    """
    if not isinstance(bounds, (list, tuple)):
        least = numbers(bounds, "inequality")
        shape = background.mask.shape
        if least.shape not in ((), shape) or not np.isfinite(least).all():
            raise DivandError(
                f"inequality is not finite, or its shape {least.shape} does not fit; give a number "
                f"or one for each point of the grid, {shape}."
            )
        whole = np.broadcast_to(least, shape)
        return [(sparse.eye_array(background.size, format="csr"), whole[background.mask])]
    pairs = []
    for pair in bounds:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise DivandError("An inequality is no pair; give (operator, value), or one number.")
        operator = sparse.csr_array(pair[0])
        if operator.shape[1] != background.size:
            raise DivandError(
                f"An inequality has {operator.shape[1]} columns; give one for each of the "
                f"{background.size} sea points."
            )
        least = numbers(pair[1], "The value of an inequality")
        if least.shape not in ((), operator.shape[:1]) or not np.isfinite(least).all():
            raise DivandError(
                f"The value of an inequality is not finite, or its shape {least.shape} does not "
                f"fit; give a number or one for each of the {operator.shape[0]} rows."
            )
        pairs.append((operator, np.broadcast_to(least, operator.shape[0])))
    return pairs
