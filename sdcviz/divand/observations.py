"""Where observations lie on the grid, and how much they are believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from .background import Background
from .errors import DivandError
from .grid import Array, numbers

__all__ = ["Observations", "fractional_indices"]

_NEAR = 50 * np.finfo(float).eps
_LEAST = 1e-12
"""Smaller error variances would drown the background in rounding errors."""


def fractional_indices(background: Background, x: Any) -> Array:
    """Find places on a grid whose coordinates each depend on one index.

    Parameters
    ----------
    background : Background
        The grid, with `xi`.
    x : sequence of array-like, shape (nobs,)
        Coordinates, one entry a dimension.

    Returns
    -------
    ndarray, shape (n, nobs)
        Indices from 0 with fractions; NaN outside the grid and where `x` is not finite. In
        a cyclic dimension they go up to the number of its points.

    Raises
    ------
    DivandError
        The grid has no coordinates, or `x` does not fit.
    """
    n = background.mask.ndim
    if background.xi is None:
        raise DivandError("Without xi, the coordinates of the grid, give fracindex instead of x.")
    if x is None:
        raise DivandError("The observations have no places; give x or fracindex.")
    if isinstance(x, np.ndarray) and x.ndim == 1 and n == 1:
        x = (x,)
    if not isinstance(x, (tuple, list)) and np.ndim(x) == 0:
        x = (x,)
    if len(x) != n:
        raise DivandError(f"x has {len(x)} entries and the mask {n} dimensions; give one each.")
    where = [np.ravel(numbers(values, f"x[{k}]")) for k, values in enumerate(x)]
    if len({len(values) for values in where}) > 1:
        raise DivandError(
            f"The coordinates x have {', '.join(str(len(v)) for v in where)} values; "
            "give as many in each dimension."
        )
    return np.stack([_along(background, k, values) for k, values in enumerate(where)])


def _along(background: Background, k: int, values: Array) -> Array:
    assert background.xi is not None and background.given_xi is not None
    first: list[Any] = [slice(0, 1)] * background.mask.ndim
    first[k] = slice(None)
    # The outermost rows may have been stretched; the others must depend on one index only.
    inner = np.moveaxis(background.given_xi[k], k, 0)[1:-1]
    if np.any(inner != inner[(slice(None), *[slice(0, 1)] * (inner.ndim - 1))]):
        raise DivandError(
            f"xi[{k}] depends on more than one index; give places of observations by fracindex."
        )
    axis = background.xi[k][tuple(first)].ravel()
    period = background.periods[k]
    _check_axis(axis, period, k)
    index = np.arange(axis.size, dtype=np.float64)
    if axis.size > 1 and axis[0] > axis[-1]:
        axis, index = axis[::-1], index[::-1]
    finite = np.isfinite(values)
    if period:
        values = axis[0] + np.mod(values - axis[0], period)
        axis = np.append(axis, axis[0] + period)
        # The point after the last is the first one, at whichever end of the axis that is.
        index = np.append(index, index[-1] + (1 if index.size < 2 or index[1] > index[0] else -1))
    found = np.interp(values, axis, index) if axis.size > 1 else np.zeros_like(values)
    slack = _NEAR * max(np.ptp(axis), abs(axis).max(), 1e-300)
    inside = finite & (values >= axis[0] - slack) & (values <= axis[-1] + slack)
    if period:
        found = np.mod(found, axis.size - 1)
    return np.where(inside, found, np.nan)


def _check_axis(axis: Array, period: float, k: int) -> None:
    steps = np.diff(axis)
    if steps.size and not (np.all(steps > 0) or np.all(steps < 0)):
        raise DivandError(f"xi[{k}] neither increases nor decreases throughout; order it.")
    if period and np.ptp(axis) >= period:
        raise DivandError(
            f"moddim[{k}] is {period:g}, but xi[{k}] goes from {axis[0]:g} to {axis[-1]:g}; "
            "leave out what is there twice, or give the right period."
        )


class Observations:
    """Observations of one analysis: the operator H and the error covariance R.

    Those outside the grid, with no sea point around, or without value or coordinates have
    no influence: they are left out.

    Parameters
    ----------
    background : Background
        The grid.
    index : ndarray, shape (n, nobs)
        Fractional indices from 0; NaN, or anything below 0 or behind the last point of a
        dimension that is not cyclic, is outside.
    epsilon2 : float, array (nobs,) or array (nobs, nobs)
        Error variance of the observations relative to the variance of the background, or
        their covariance; infinite for an observation without influence.
    valid : ndarray of bool, shape (nobs,), optional
        Observations that have a value.

    Attributes
    ----------
    used : ndarray of bool, shape (nobs,)
        Observations with influence.
    operator : sparse array, shape (used, size)
        H: interpolates a field at the observations (multilinear, sea points only).
    """

    def __init__(
        self,
        background: Background,
        index: ArrayLike,
        epsilon2: ArrayLike,
        valid: NDArray[np.bool_] | None = None,
    ) -> None:
        index = numbers(index, "fracindex")
        if index.ndim != 2 or index.shape[0] != background.mask.ndim:
            raise DivandError(
                f"fracindex has the shape {index.shape}; give ({background.mask.ndim}, nobs)."
            )
        count = index.shape[1]
        whole, at_sea = _interpolation(background, index)
        error = self._error(epsilon2, count)
        self.used = at_sea if valid is None else at_sea & valid
        self.used = self.used & np.isfinite(error if error.ndim == 1 else np.diagonal(error))
        self.operator = whole[self.used]
        self._error_used = error[self.used] if error.ndim == 1 else error[self.used][:, self.used]

    @staticmethod
    def _error(epsilon2: ArrayLike, count: int) -> Array:
        error = numbers(epsilon2, "epsilon2")
        if error.ndim == 0:
            error = np.full(count, float(error))
        if error.shape not in ((count,), (count, count)):
            raise DivandError(
                f"epsilon2 has the shape {error.shape} for {count} observations; give a number, "
                "one value an observation, or their covariance matrix."
            )
        variance = error if error.ndim == 1 else np.diagonal(error)
        bad = ~(variance >= _LEAST)
        if bad.any():
            at = int(np.argmax(bad))
            raise DivandError(
                f"epsilon2 is {variance[at]:g} at observation {at}; an error variance must be "
                f"greater than 0, and at least {_LEAST:g} to compute with."
            )
        if error.ndim == 2:
            known = np.isfinite(variance)
            between = error[known][:, known]
            if not np.isfinite(between).all() or not np.allclose(between, between.T, atol=0):
                raise DivandError(
                    "epsilon2 is no covariance matrix: it is not finite or not symmetric."
                )
        return error

    @property
    def count(self) -> int:
        """Observations with influence."""
        return int(np.count_nonzero(self.used))

    @property
    def error(self) -> Array:
        """Error variances (used,) or covariance (used, used) of those with influence."""
        return self._error_used

    def part(self, keep: NDArray[np.bool_]) -> Observations:
        """Give some of the observations with influence, as if the others were not there.

        Parameters
        ----------
        keep : ndarray of bool, shape (used,)

        Returns
        -------
        Observations
        """
        used = np.zeros_like(self.used)
        used[np.flatnonzero(self.used)[keep]] = True
        error = self.error[keep] if self.is_independent else self.error[keep][:, keep]
        return self._with(used, self.operator[keep], error)

    def scaled(self, factor: ArrayLike) -> Observations:
        """Give the same observations with other errors.

        Parameters
        ----------
        factor : float or array (used,)
            Multiplies the error variances; correlations stay.

        Returns
        -------
        Observations
        """
        factor = np.asarray(factor, np.float64)
        if self.is_independent or factor.ndim == 0:
            error = self.error * factor
        else:
            error = self.error * np.sqrt(factor[:, None] * factor)
        return self._with(self.used, self.operator, error)

    def _with(
        self, used: NDArray[np.bool_], operator: sparse.csr_array, error: Array
    ) -> Observations:
        other = object.__new__(Observations)
        other.used, other.operator, other._error_used = used, operator, error
        return other

    @property
    def is_independent(self) -> bool:
        """Whether errors of different observations are independent."""
        return self._error_used.ndim == 1

    @property
    def variance(self) -> Array:
        """Error variances of the observations with influence, shape (used,)."""
        error = self._error_used
        return error if error.ndim == 1 else np.diagonal(error)

    @cached_property
    def _inverse(self) -> Any:
        if self.is_independent:
            return sparse.diags_array(1 / self._error_used)
        try:
            np.linalg.cholesky(self._error_used)
        except np.linalg.LinAlgError:
            raise DivandError(
                "epsilon2 is no covariance matrix: it is not positive definite."
            ) from None
        return np.linalg.inv(self._error_used)

    def weighted(self, f: Array) -> Array:
        """Give H' R⁻¹ f for values at the observations with influence.

        Parameters
        ----------
        f : ndarray, shape (used,) or (used, k)

        Returns
        -------
        ndarray, shape (size,) or (size, k)
        """
        return np.asarray(self.operator.T @ (self._inverse @ f))

    @cached_property
    def information(self) -> sparse.csr_array:
        """H' R⁻¹ H: what the observations add to the inverse covariance."""
        inverse = self._inverse
        if not self.is_independent:
            inverse = sparse.csr_array(inverse)
        return (self.operator.T @ inverse @ self.operator).tocsr()


def _interpolation(
    background: Background, index: Array
) -> tuple[sparse.csr_array, NDArray[np.bool_]]:
    """Give multilinear weights over sea points, and which observations have any."""
    mask, periods = background.mask, background.periods
    count = index.shape[1]
    inside = np.isfinite(index).all(axis=0)
    below: list[NDArray[np.int64]] = []
    part: list[Array] = []
    for k, size in enumerate(mask.shape):
        i = np.where(inside, index[k], 0.0)
        if periods[k]:
            i = np.mod(i, size)
            low = np.floor(i).astype(np.int64)
        else:
            inside &= (i >= 0) & (i <= size - 1 + _NEAR * size)
            i = np.clip(i, 0, size - 1)
            low = np.minimum(np.floor(i).astype(np.int64), max(size - 2, 0))
        below.append(low)
        part.append(i - low)
    rows, columns, weights = [], [], []
    for corner in product((0, 1), repeat=mask.ndim):
        weight = np.ones(count)
        at = []
        for k, step in enumerate(corner):
            weight = weight * (part[k] if step else 1 - part[k])
            at.append(
                np.mod(below[k] + step, mask.shape[k])
                if periods[k]
                else np.minimum(below[k] + step, mask.shape[k] - 1)
            )
        number = background.number[tuple(at)]
        keep = inside & (number >= 0) & (weight > 0)
        rows.append(np.flatnonzero(keep))
        columns.append(number[keep])
        weights.append(weight[keep])
    row, weight = np.concatenate(rows), np.concatenate(weights)
    total = np.bincount(row, weight, count)
    at_sea = total > 0
    # Observations beside land count as if the sea went on: weights of sea points add up to 1.
    weight = weight / total[row]
    shape: Sequence[int] = (count, background.size)
    return sparse.coo_array((weight, (row, np.concatenate(columns))), shape=shape).tocsr(), at_sea
