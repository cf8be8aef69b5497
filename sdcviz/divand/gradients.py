"""Gradients on the sea points of a grid: what the norm and the advection constraint are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .grid import Array

if TYPE_CHECKING:
    from .background import Background

__all__ = ["advection", "edge_weights", "edges", "stiffness"]


def edges(background: Background, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Any, Any]:
    """Find pairs of neighbouring sea points.

    Parameters
    ----------
    background : Background
    k : int
        Dimension.

    Returns
    -------
    a, b : ndarray of int, shape (edges,)
        Numbers of the sea points, `b` one step behind `a`.
    take_a, take_b : callable
        Give the values of a grid array at `a` and `b`.
    """
    number = np.moveaxis(background.number, k, 0)
    first, second = number[:-1], number[1:]
    if background.periods[k]:
        first, second = number, np.roll(number, -1, axis=0)
    both = (first >= 0) & (second >= 0)
    a, b = first[both], second[both]
    places = np.flatnonzero(background.mask)

    def taken(of: NDArray[np.int64]) -> Any:
        where = places[of]
        return lambda array: np.take(np.ravel(array), where)

    return a, b, taken(a), taken(b)


def edge_weights(background: Background, k: int) -> Array:
    """Give the coefficients of the gradients along a dimension.

    Parameters
    ----------
    background : Background
    k : int
        Dimension.

    Returns
    -------
    ndarray of the grid's shape
        Coefficient ``c`` of the edge from each point to the next one, 0 where one of both is
        land or there is no next.
    """
    weight = np.zeros(background.mask.shape)
    if not background.active[k]:
        return weight
    n, size = background.mask.ndim, background.mask.shape[k]
    pairs = [(slice(0, -1), slice(1, None))]
    if background.periods[k] and size > 1:
        pairs.append((slice(-1, None), slice(0, 1)))
    for here, there in pairs:
        a, b = _row(n, k, here), _row(n, k, there)
        _write_weights(background, k, a, b, weight[a])
    return weight


def stiffness(background: Background) -> sparse.csr_array:
    """Make the matrix K of gradients, shape (size, size), of `background`."""
    diagonal = np.zeros(background.size)
    rows, columns, values = [], [], []
    for k in range(background.mask.ndim):
        if not background.active[k]:
            continue
        a, b, at_a, at_b = edges(background, k)
        c = (at_a(background.lengths[k]) ** 2 + at_b(background.lengths[k]) ** 2) / 2
        for j, (pm, used) in enumerate(zip(background.pmn, background.active, strict=True)):
            mean = (at_a(pm) + at_b(pm)) / 2
            if j == k:
                c *= mean
            elif used:
                c /= mean
        diagonal += np.bincount(a, c, background.size) + np.bincount(b, c, background.size)
        rows += [a, b]
        columns += [b, a]
        values += [-c, -c]
    everywhere = np.arange(background.size)
    entries = np.concatenate([diagonal, *values])
    at = (np.concatenate([everywhere, *rows]), np.concatenate([everywhere, *columns]))
    return sparse.coo_array((entries, at), shape=(background.size, background.size)).tocsr()


def advection(background: Background, velocity: Sequence[Array]) -> sparse.csr_array:
    """Give the operator of the advection constraint: velocity times gradient.

    Parameters
    ----------
    background : Background
    velocity : sequence of ndarray of the grid's shape
        Components along the dimensions, in units of the metric.

    Returns
    -------
    sparse array, shape (size, size)
        Gradients are means of those on both sides; one that leads onto land counts as 0.
    """
    total = sparse.csr_array((background.size, background.size))
    for k in range(background.mask.ndim):
        a, b, at_a, at_b = edges(background, k)
        slope = (at_a(background.pmn[k]) + at_b(background.pmn[k])) / 2
        of_a, of_b = at_a(velocity[k]) * slope / 2, at_b(velocity[k]) * slope / 2
        at = (np.concatenate([a, a, b, b]), np.concatenate([b, a, b, a]))
        entries = np.concatenate([of_a, -of_a, of_b, -of_b])
        total = total + sparse.coo_array((entries, at), shape=total.shape).tocsr()
    return total


def _row(n: int, k: int, part: slice) -> tuple[slice, ...]:
    return tuple(part if d == k else slice(None) for d in range(n))


def _write_weights(background: Background, k: int, a: Any, b: Any, out: Array) -> None:
    """Write the coefficients between the parts `a` and `b` of the grid, by loops over memory."""
    length, pmn = background.lengths[k], background.pmn
    np.multiply(length[a], length[a], out=out)
    other = length[b] * length[b]
    out += other
    out *= 0.5
    for j, (pm, used) in enumerate(zip(pmn, background.active, strict=True)):
        if j == k or used:
            np.add(pm[a], pm[b], out=other)
            other *= 0.5
            if j == k:
                out *= other
            else:
                out /= other
    out *= background.mask[a] & background.mask[b]
