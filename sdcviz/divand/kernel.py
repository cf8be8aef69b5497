"""The covariance function behind the analysis, in an unbounded domain.

With the coefficients of a binomial row, the norm penalises the field and its derivatives
so that the covariance of two points at the normalised distance ``r`` is a Matérn function:

    K(r) = 2 / Γ(ν) · (r / 2)^ν · K_ν(r),     ν = m - n / 2,

where ``m`` is the highest derivative, ``n`` the number of dimensions with a correlation
length, and ``K_ν`` the modified Bessel function of the second kind (Barth et al. 2014,
Geosci. Model Dev. 7, 225-241).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, comb, gamma, pi
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import kv

from .errors import DivandError

__all__ = ["Kernel", "binomial_row", "default_alpha"]


@dataclass(frozen=True)
class Kernel:
    """Covariance function of a norm with given coefficients.

    Attributes
    ----------
    ndim : int
        Dimensions with a correlation length.
    order : int
        Highest derivative in the norm, ``m``.
    mu : float
        Factor that makes the background variance 1 away from boundaries.
    """

    ndim: int
    order: int
    mu: float

    @classmethod
    def of(cls, ndim: int, alpha: ArrayLike) -> Kernel:
        """Make the kernel of a norm.

        Parameters
        ----------
        ndim : int
            Dimensions with a correlation length.
        alpha : sequence of float
            Coefficients of the norm, of its gradient, its Laplacian, ...; zeros at the
            end do not count.

        Returns
        -------
        Kernel
            Other than binomial coefficients change `mu` only, as the reference
            implementation does: it is exact where they are a multiple of binomial ones.

        Raises
        ------
        DivandError
            A coefficient is negative or not finite, or the order is too low for `ndim`: the
            variance of a point would be infinite.
        """
        given = np.asarray(alpha, np.float64)
        if given.ndim != 1 or not np.isfinite(given).all() or np.any(given < 0):
            raise DivandError(
                f"alpha is {given.tolist()}; give a row of coefficients of 0 or more."
            )
        used = np.trim_zeros(given, "b")
        order = len(used) - 1
        nu = order - ndim / 2
        if nu <= 0:
            raise DivandError(
                f"{ndim} dimensions with a correlation length need at least "
                f"{ndim // 2 + 2} coefficients alpha, and {len(used)} that are not zero "
                "at the end were given; leave alpha out to get the usual ones."
            )
        mu = (4 * pi) ** (ndim / 2) * gamma(order) / gamma(nu)
        binomial = binomial_row(order)
        if not np.array_equal(used, binomial):
            mu *= float(used.sum()) / 2**order
            if np.array_equal(used[1:], binomial[1:]):  # only the norm itself differs
                mu /= 2
        return cls(ndim, order, mu)

    @property
    def nu(self) -> float:
        """Smoothness of the Matérn function."""
        return self.order - self.ndim / 2

    def __call__(self, r: ArrayLike) -> Any:
        """Give the correlation at distances in correlation lengths (before length scaling)."""
        r = np.abs(np.asarray(r, np.float64))
        with np.errstate(invalid="ignore", over="ignore"):
            value = 2 / gamma(self.nu) * (r / 2) ** self.nu * kv(self.nu, r)
        return np.where(r == 0, 1.0, np.nan_to_num(value, nan=1.0))[()]

    @property
    def len_scale(self) -> float:
        """Distance at which the correlation is K_1(1) = 0.602, as it is in two dimensions at 1.

        Halved from [0, 100] until 1e-8 is left, as in the reference implementation: a finer
        value would change the field in the ninth digit.
        """
        level, low, high = kv(1, 1.0), 0.0, 100.0
        while high - low > 1e-8:
            middle = (low + high) / 2
            low, high = (middle, high) if self(middle) > level else (low, middle)
        return (low + high) / 2


def binomial_row(order: int) -> np.ndarray:
    """Give the binomial coefficients of ``(1 + x)^order``, shape (order + 1,)."""
    return np.array([comb(order, k) for k in range(order + 1)], np.float64)


def default_alpha(ndim: int) -> np.ndarray:
    """Give the coefficients of the smoothest norm needed in `ndim` dimensions.

    Parameters
    ----------
    ndim : int
        Dimensions with a correlation length.

    Returns
    -------
    ndarray
        1 2 1 in one and two dimensions, 1 3 3 1 in three and four.
    """
    return binomial_row(ceil(1 + ndim / 2))
