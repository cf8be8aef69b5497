"""Shorter correlation lengths where the sea floor is steep."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .errors import DivandError
from .grid import Array, cyclic_lengths, fields

__all__ = ["gradient", "slope_factor"]


def slope_factor(
    pmn: Any,
    depth: ArrayLike,
    length: float,
    *,
    scale: ArrayLike | None = None,
    shallowest: float = 0.001,
    moddim: ArrayLike | None = None,
) -> Array:
    """Give factors below 1 for correlation lengths across a steep sea floor.

    ``1 / (1 + length · |∇h| / h)``: where the depth changes by itself over `length`, the
    correlation length is halved. This is `lengraddepth` of the reference implementation.

    Parameters
    ----------
    pmn : sequence of array
        Inverse resolution of the horizontal dimensions (m⁻¹).
    depth : array, shape of the horizontal grid
        Depth of the sea floor (m), positive downwards; land is NaN or not positive, and
        slopes are never taken across a coast.
    length : float
        Distance over which a change of depth counts (m).
    scale : array, optional
        Depth that the change is compared with (m), `depth` if left out.
    shallowest : float
        Least value of `scale` (m), against a division by zero.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.

    Returns
    -------
    ndarray, shape of `depth`
        From 0 to 1; 1 on land. Multiply the horizontal lengths by it.

    Raises
    ------
    DivandError
        `length` or `shallowest` is not positive.
    """
    for name, value in (("length", length), ("shallowest", shallowest)):
        if not value > 0:
            raise DivandError(f"{name} is {value:g}; give a positive number of metres.")
    floor = np.asarray(depth, np.float64)
    sea = np.isfinite(floor) & (floor > 0)
    floor = np.where(sea, floor, np.nan)
    slope = np.sqrt(sum(part**2 for part in gradient(pmn, floor, moddim)))
    compared = floor if scale is None else np.asarray(scale, np.float64)
    factor = 1 / (1 + length * slope / np.fmax(compared, shallowest))
    return np.where(sea, factor, 1.0)


def gradient(pmn: Any, values: Array, moddim: ArrayLike | None = None) -> tuple[Array, ...]:
    """Give the gradient of a field, centred where both neighbours are there.

    Parameters
    ----------
    pmn : sequence of array
        Inverse resolution along each dimension.
    values : ndarray of the grid's shape
        NaN on land.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.

    Returns
    -------
    tuple of ndarray
        Per unit of the metric; one-sided beside land and at the edge of the grid, 0 where
        there is no neighbour.
    """
    scales = fields(pmn, values.shape, "pmn")
    periods = cyclic_lengths(moddim, values.ndim)
    parts = []
    for k, (scale, period) in enumerate(zip(scales, periods, strict=True)):
        ahead = np.roll(values, -1, axis=k)
        behind = np.roll(values, 1, axis=k)
        if not period:
            edge: list[Any] = [slice(None)] * values.ndim
            edge[k] = -1
            ahead[tuple(edge)] = np.nan
            edge[k] = 0
            behind[tuple(edge)] = np.nan
        forward, backward = ahead - values, values - behind
        steps = np.isfinite(forward).astype(int) + np.isfinite(backward)
        total = np.nan_to_num(forward) + np.nan_to_num(backward)
        parts.append(total * scale / np.maximum(steps, 1))
    return tuple(parts)
