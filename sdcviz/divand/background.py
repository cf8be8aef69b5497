"""The background: how smooth the field is expected to be, as a sparse inverse covariance.

On the sea points of the grid, with cell sizes ``1 / pmn``:

    M = diag(volume of the cells)
    K = sum over edges between neighbouring sea points of c · (x_b - x_a)²,
        c = <L_i²> <pm_i> / Π_{j ≠ i} <pm_j>       (<> = mean of both ends)

so that ``-M⁻¹ K`` is the Laplacian in units of the correlation lengths ``L``, with no flux
through coasts. With the coefficients ``α`` of the norm,

    B⁻¹ = (1 / coeff) · Σ_j α_j K (M⁻¹ K)^(j-1)      (j = 0: M),

which for binomial ``α`` is ``(M + K) [M⁻¹ (M + K)]^(m-1) / coeff``. ``coeff`` makes the variance
1 away from boundaries (Barth et al. 2014, Geosci. Model Dev. 7, 225-241).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from .errors import DivandError
from .gradients import advection, edge_weights, stiffness
from .grid import Array, booleans, cyclic_lengths, fields, numbers, stretch
from .kernel import Kernel, binomial_row, default_alpha

if TYPE_CHECKING:
    from .iteration import Domain

__all__ = ["Background"]


class Background:
    """Mask, metric and correlation lengths of a domain, and the norm that they make.

    Parameters
    ----------
    mask : array of bool
        Sea points, indices in the order longitude, latitude, depth, time.
    pmn : sequence of array
        Inverse resolution along each dimension, in the inverse of the unit of `corr_len`.
    xi : sequence of array, optional
        Coordinates; only needed to interpolate observations.
    corr_len : float, sequence of float or sequence of array
        Correlation length of each dimension, before length scaling; 0 where a dimension
        has none, so that its layers are only bound together by observations between them. A
        dimension of one point counts as one without length.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others. The point after the last is the first.
    alpha : sequence of float, optional
        Coefficients of the norm; binomial if left out.
    alphabc : float or sequence of float
        Width of the outermost cells in units of two correlation lengths; 0 leaves them.
    scale_len : bool
        Whether lengths are those at which the correlation is 0.602, in any number of dimensions.

    Attributes
    ----------
    mask : ndarray of bool
    pmn, xi, lengths : tuples of ndarray
        After stretching and scaling.
    alpha : ndarray
    kernel : Kernel
    coeff : float
        Normalisation of the norm.
    periods : tuple of float
    size : int
        Sea points.
    """

    def __init__(
        self,
        mask: ArrayLike,
        pmn: Any,
        xi: Any,
        corr_len: Any,
        *,
        moddim: ArrayLike | None = None,
        alpha: Sequence[float] | None = None,
        alphabc: float | Sequence[float] = 1.0,
        scale_len: bool = True,
    ) -> None:
        self.mask = booleans(mask, "mask")
        shape, n = self.mask.shape, self.mask.ndim
        if not self.mask.any():
            raise DivandError("The mask has no sea point: all is land; look at mask and domain.")
        self.periods = cyclic_lengths(moddim, n)
        self._options: dict[str, Any] = {
            "moddim": self.periods,
            "alpha": alpha,
            "alphabc": alphabc,
            "scale_len": scale_len,
        }
        pmn = fields(pmn, shape, "pmn")
        xi = None if xi is None else fields(xi, shape, "xi")
        lengths = fields(corr_len, shape, "corr_len")
        for name, arrays, low in (("pmn", pmn, "positive"), ("corr_len", lengths, "0 or more")):
            for k, array in enumerate(arrays):
                if array.min() < 0 or (low == "positive" and array.min() <= 0):
                    raise DivandError(
                        f"{name}[{k}] has the value {array.min():g}; give values that are {low}."
                    )
        self.given_pmn, self.given_xi, self.given_lengths = pmn, xi, lengths
        self.pmn, self.xi = stretch(pmn, xi, lengths, self.periods, alphabc)
        self.active = tuple(bool(L.any()) and L.shape[k] > 1 for k, L in enumerate(lengths))
        self.ndim = sum(self.active)
        if not self.ndim:
            raise DivandError(
                "All correlation lengths are 0 where the grid has more than one point; "
                "at least one dimension needs one."
            )
        self.alpha = default_alpha(self.ndim) if alpha is None else numbers(alpha, "alpha")
        self.kernel = Kernel.of(self.ndim, self.alpha)
        scale = self.kernel.len_scale if scale_len else 1.0
        self.lengths = tuple(length / scale for length in lengths)
        self.coeff = self.kernel.mu * float(
            np.prod([L.mean() for L, used in zip(self.lengths, self.active, strict=True) if used])
        )
        self.size = int(np.count_nonzero(self.mask))

    def scaled(self, factor: float | Sequence[float]) -> Background:
        """Give the same domain with other correlation lengths.

        Parameters
        ----------
        factor : float or sequence of float
            Multiplies the lengths as they were given, one for all dimensions or one each.

        Returns
        -------
        Background
            Stretched and normalised anew.
        """
        factors = np.broadcast_to(np.asarray(factor, np.float64), self.mask.ndim)
        lengths = tuple(f * length for f, length in zip(factors, self.given_lengths, strict=True))
        return Background(self.mask, self.given_pmn, self.given_xi, lengths, **self._options)

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """Number of each grid point among the sea points, -1 on land."""
        number = np.full(self.mask.shape, -1)
        number[self.mask] = np.arange(self.size)
        return number

    @property
    def order(self) -> int:
        """Highest derivative: the number of factors with neighbours in the norm."""
        return self.kernel.order

    @property
    def is_binomial(self) -> bool:
        """Whether the norm is a power of one operator."""
        return bool(np.array_equal(np.trim_zeros(self.alpha, "b"), binomial_row(self.order)))

    @cached_property
    def volume(self) -> Array:
        """Volume of the cells of the sea points in active dimensions: the diagonal of M."""
        volume = np.ones(self.size)
        for pm, used in zip(self.pmn, self.active, strict=True):
            if used:
                volume /= pm[self.mask]
        return volume

    def weights(self, k: int) -> Array:
        """Give the coefficients of the gradients along a dimension.

        Parameters
        ----------
        k : int

        Returns
        -------
        ndarray of the grid's shape
            Coefficient ``c`` of the edge from each point to the next one, 0 where one of both is
            land or there is no next.
        """
        return edge_weights(self, k)

    @cached_property
    def stiffness(self) -> sparse.csr_array:
        """The matrix K of gradients, shape (size, size)."""
        return stiffness(self)

    @cached_property
    def helmholtz(self) -> sparse.csr_array:
        """The matrix M + K, from which a binomial norm is made."""
        return (sparse.diags_array(self.volume) + self.stiffness).tocsr()

    @cached_property
    def domain(self) -> Domain:
        """Grids for iterative solutions, shared by all analyses on this background."""
        from .iteration import Domain

        return Domain(self)

    @cached_property
    def precision(self) -> sparse.csr_array:
        """The inverse covariance B⁻¹, shape (size, size)."""
        inverse = sparse.diags_array(1 / self.volume)
        if self.is_binomial:
            term = self.helmholtz
            for _ in range(self.order - 1):
                term = term @ inverse @ self.helmholtz
            return (term / self.coeff).tocsr()
        term = self.stiffness
        total = sparse.diags_array(self.alpha[0] * self.volume)
        for j in range(1, self.order + 1):
            total = total + self.alpha[j] * term
            if j < self.order:
                term = term @ inverse @ self.stiffness
        return (total / self.coeff).tocsr()

    def advection(self, velocity: Any) -> sparse.csr_array:
        """Give the operator of the advection constraint: velocity times gradient.

        Parameters
        ----------
        velocity : sequence of array
            Components along the dimensions, in units of the metric; a weak constraint asks
            the field to change little along them.

        Returns
        -------
        sparse array, shape (size, size)
            Gradients are means of those on both sides; one that leads onto land counts as 0.
        """
        return advection(self, fields(velocity, self.mask.shape, "velocity"))

    def unpack(self, x: Array, fill: float = np.nan) -> Array:
        """Put values of the sea points onto the grid.

        Parameters
        ----------
        x : ndarray, shape (size,) or (size, k)
        fill : float
            Value on land.

        Returns
        -------
        ndarray of the grid's shape, with a last dimension k if `x` has one
        """
        whole = np.full((*self.mask.shape, *x.shape[1:]), fill)
        whole[self.mask] = x
        return whole

    def coarsest(self) -> tuple[float, int]:
        """Tell how poorly the grid resolves the correlation lengths.

        Returns
        -------
        steps : float
            Grid steps in the shortest correlation length of the sea points.
        dimension : int
            Along which.
        """
        steps = [
            float((length * pm)[self.mask].min()) if used else np.inf
            for length, pm, used in zip(
                self.given_lengths, self.given_pmn, self.active, strict=True
            )
        ]
        worst = int(np.argmin(steps))
        return steps[worst], worst
