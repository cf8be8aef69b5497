"""Grids: arguments brought into one shape, and rows at the edge stretched outwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError

__all__ = [
    "Array",
    "booleans",
    "cyclic_lengths",
    "fields",
    "numbers",
    "rectangle",
    "resolution",
    "stretch",
]

Array = NDArray[np.float64]


def numbers(given: Any, name: str) -> Array:
    """Bring an argument into an array of numbers.

    Parameters
    ----------
    given : array-like
    name : str
        For sentences: what it is.

    Returns
    -------
    ndarray of float64
        NaN where a masked array is masked.

    Raises
    ------
    DivandError
        It is missing, or holds something else than real numbers.
    """
    if given is None:
        raise DivandError(f"{name} is missing; give numbers.")
    try:
        if np.ma.isMaskedArray(given):
            given = np.ma.filled(given.astype(np.float64), np.nan)
        return np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise DivandError(f"{name} can't be read as an array of real numbers.") from None


def booleans(given: Any, name: str) -> NDArray[np.bool_]:
    """Bring an argument into an array of yes and no.

    Parameters
    ----------
    given : array-like
        Booleans, or numbers 0 and 1.
    name : str
        For sentences: what it is.

    Returns
    -------
    ndarray of bool, at least one dimension

    Raises
    ------
    DivandError
        It holds something else.
    """
    array = np.asarray(given)
    if array.dtype != bool:
        values = numbers(given, name)
        if not np.isin(values, (0, 1)).all():
            raise DivandError(f"The {name} has values other than 0 and 1; give booleans.")
        array = values.astype(bool)
    return np.ascontiguousarray(array)


def fields(given: Any, shape: tuple[int, ...], name: str) -> tuple[Array, ...]:
    """Bring one value a dimension, however it is given, into arrays that span the grid.

    Parameters
    ----------
    given : float, array or sequence
        One number for all dimensions, or one entry a dimension: a number, an axis of the
        length of its dimension, or an array that broadcasts to the grid.
    shape : tuple of int
        Shape of the grid.
    name : str
        For sentences: what it is.

    Returns
    -------
    tuple of ndarray
        Read-only views of the grid's shape, one a dimension.

    Raises
    ------
    DivandError
        Number or shape of the entries don't fit, or one is not finite.
    """
    n = len(shape)
    if not isinstance(given, (tuple, list)) and np.ndim(given) == 0:
        given = (given,) * n
    elif isinstance(given, np.ndarray) and n == 1 and given.shape == shape:
        given = (given,)
    count = np.shape(given)[0] if isinstance(given, np.ndarray) else len(given)
    if count != n:
        raise DivandError(
            f"{name} has {count} entries and the mask {n} dimensions; give one a dimension."
        )
    return tuple(_field(entry, shape, k, name) for k, entry in enumerate(given))


def _field(entry: ArrayLike, shape: tuple[int, ...], k: int, name: str) -> Array:
    array = numbers(entry, f"{name}[{k}]")
    if array.ndim == 1 and len(shape) > 1 and array.size == shape[k]:
        array = array.reshape([-1 if d == k else 1 for d in range(len(shape))])
    try:
        array = np.broadcast_to(array, shape)
    except ValueError:
        raise DivandError(
            f"{name}[{k}] has the shape {array.shape} and the mask {shape}; "
            "give an array of the mask's shape."
        ) from None
    if not np.isfinite(array).all():
        raise DivandError(
            f"{name}[{k}] is not finite at {_first(~np.isfinite(array))}; "
            "give numbers everywhere, also on land."
        )
    return array


def _first(bad: NDArray[np.bool_]) -> str:
    """Name the first place where something is wrong."""
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
    return f"grid point {place}"


def cyclic_lengths(moddim: ArrayLike | None, n: int) -> tuple[float, ...]:
    """Give the period of each dimension, 0 where it is not cyclic.

    Parameters
    ----------
    moddim : sequence of float, optional
        Periods; none means that no dimension is cyclic.
    n : int
        Dimensions of the grid.

    Returns
    -------
    tuple of float

    Raises
    ------
    DivandError
        There is not one a dimension, or one is negative.
    """
    if moddim is None or np.size(moddim) == 0:
        return (0.0,) * n
    periods = tuple(float(p) for p in np.ravel(numbers(moddim, "moddim")))
    if len(periods) != n or not all(np.isfinite(periods)) or min(periods) < 0:
        raise DivandError(
            f"moddim is {list(periods)}; give one period a dimension ({n}), "
            "0 where it is not cyclic."
        )
    return periods


def resolution(axis: ArrayLike, period: float = 0.0) -> Array:
    """Give the spacing of an axis: half the distance of the neighbours, one side at the ends.

    Parameters
    ----------
    axis : array-like, shape (n,)
        Coordinates, strictly monotonic.
    period : float
        The axis closes after this much; 0 means that it does not.

    Returns
    -------
    ndarray, shape (n,)
        Positive, in the unit of the axis; 1 for a single coordinate.

    Raises
    ------
    DivandError
        The axis turns round or stands still.
    """
    axis = np.asarray(axis, np.float64)
    if axis.size == 1:
        return np.full(1, period or 1.0)
    steps = np.diff(axis)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise DivandError("An axis of the grid neither increases nor decreases throughout.")
    if period:
        wrapped = (axis[0] + np.sign(steps[0]) * period) - axis[-1]
        steps = np.concatenate([[wrapped], steps, [wrapped]])
        return np.abs(steps[:-1] + steps[1:]) / 2
    steps = np.abs(steps)
    return np.concatenate([steps[:1], (steps[:-1] + steps[1:]) / 2, steps[-1:]])


def rectangle(
    *axes: ArrayLike, moddim: Sequence[float] | None = None
) -> tuple[NDArray[np.bool_], tuple[Array, ...], tuple[Array, ...]]:
    """Make a Cartesian domain without land.

    Parameters
    ----------
    *axes : array-like
        Coordinates of each dimension.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.

    Returns
    -------
    mask, pmn, xi
        As `sdcviz.divand.analyse` takes them; lengths are in the units of the axes.
    """
    along = tuple(np.asarray(a, np.float64) for a in axes)
    shape = tuple(a.size for a in along)
    periods = cyclic_lengths(moddim, len(along))
    pmn = tuple(1 / resolution(a, p) for a, p in zip(along, periods, strict=True))
    return np.ones(shape, bool), fields(pmn, shape, "pmn"), fields(along, shape, "xi")


def stretch(
    pmn: Sequence[Array],
    xi: Sequence[Array] | None,
    lengths: Sequence[Array],
    periods: Sequence[float],
    alphabc: float | ArrayLike = 1.0,
) -> tuple[tuple[Array, ...], tuple[Array, ...] | None]:
    """Push the outermost rows outwards, as if the domain went on behind them.

    The last cell of each open boundary is made about ``2 · alphabc`` correlation lengths
    wide, so that a boundary raises the variance of the field less. Coordinates move with
    the cells: observations are interpolated on the stretched grid.

    Parameters
    ----------
    pmn, xi, lengths : sequences of ndarray
        Inverse resolution, coordinates (or None) and correlation length, one array of the
        grid's shape a dimension.
    periods : sequence of float
        Cyclic dimensions (not 0) have no boundary.
    alphabc : float or sequence of float
        How far, one number or one a dimension; 0 leaves all as it is.

    Returns
    -------
    pmn, xi : tuples of ndarray
        New arrays where something moved.

    Raises
    ------
    DivandError
        `alphabc` is negative, not finite, or not one a dimension.
    """
    n = len(pmn)
    reach = numbers(alphabc, "alphabc")
    if reach.shape not in ((), (n,)) or not np.isfinite(reach).all() or np.any(reach < 0):
        raise DivandError(
            f"alphabc is {alphabc!r}; give a number of 0 or more, or one for each of the {n} "
            "dimensions."
        )
    reach = np.broadcast_to(reach, n)
    new_pmn, new_xi = list(pmn), None if xi is None else list(xi)
    for k in range(n):
        if periods[k] or reach[k] <= 0 or pmn[k].shape[k] < 2:
            continue
        scale = pmn[k].copy()
        place = None if new_xi is None else new_xi[k].copy()
        for edge, inner in ((0, 1), (-1, -2)):
            out, near = _row(n, k, edge), _row(n, k, inner)
            wide = 2 * reach[k] * lengths[k][out]
            if place is not None:
                first, second = pmn[k][out], pmn[k][near]
                moved = ((wide * second - 1) * first - second) / (first + second)
                place[out] += (place[out] - place[near]) * np.maximum(moved, 0)
            scale[out] = 1 / np.maximum(wide - 1 / scale[near], 1 / scale[near])
        new_pmn[k] = scale
        if new_xi is not None and place is not None:
            new_xi[k] = place
    return tuple(new_pmn), None if new_xi is None else tuple(new_xi)


def _row(n: int, k: int, index: int) -> tuple[Any, ...]:
    return tuple(index if d == k else slice(None) for d in range(n))
