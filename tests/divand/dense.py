"""The analysis by dense matrices and plain loops, written from the formulas alone.

Nothing of the package is used, so that an error there is not repeated here. The norm is a sum
of squares of derivatives, the normalisation an integral over wave numbers, and the solution the
gain form ``B H' (H B H' + R)⁻¹ f``, where the package solves the information form.
"""

from __future__ import annotations

from itertools import product
from math import ceil, comb, gamma, pi
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import kv


class Dense:
    """One problem on a small grid; arguments as those of the package, but all spelled out."""

    def __init__(
        self,
        mask: np.ndarray,
        pmn: list[np.ndarray],
        lengths: list[np.ndarray],
        cyclic: list[bool],
        alpha: list[float] | None = None,
        alphabc: float = 0.0,
        scale_len: bool = True,
    ) -> None:
        self.mask, self.cyclic = mask, cyclic
        self.points = [tuple(int(i) for i in p) for p in np.argwhere(mask)]
        self.number = {point: k for k, point in enumerate(self.points)}
        self.active = [d for d in range(mask.ndim) if mask.shape[d] > 1 and lengths[d].any()]
        n = len(self.active)
        self.alpha = alpha or [comb(ceil(1 + n / 2), k) for k in range(ceil(1 + n / 2) + 1)]
        order = len(self.alpha) - 1
        scale = length_scale(n, order) if scale_len else 1.0
        self.pmn = stretched(pmn, lengths, cyclic, alphabc)
        self.lengths = [length / scale for length in lengths]
        coeff = normalisation(n, self.alpha)
        for d in self.active:
            coeff *= self.lengths[d].mean()
        self.covariance = np.linalg.inv(self.norm(order) / coeff)

    def step(self, point: tuple[int, ...], d: int) -> tuple[int, ...] | None:
        """Give the sea point one step further along a dimension."""
        after = list(point)
        after[d] += 1
        if after[d] == self.mask.shape[d]:
            if not self.cyclic[d]:
                return None
            after[d] = 0
        return tuple(after) if self.mask[tuple(after)] else None

    def norm(self, order: int) -> np.ndarray:
        """Give the matrix of the squares of all derivatives up to an order."""
        size = len(self.points)
        volume = np.ones(size)
        for k, point in enumerate(self.points):
            for d in self.active:
                volume[k] /= self.pmn[d][point]
        slopes = []  # each the difference of two points times the root of its weight
        for point in self.points:
            for d in self.active:
                after = self.step(point, d)
                if after is None:
                    continue
                weight = (self.lengths[d][point] ** 2 + self.lengths[d][after] ** 2) / 2
                for j in self.active:
                    mean = (self.pmn[j][point] + self.pmn[j][after]) / 2
                    weight = weight * mean if j == d else weight / mean
                row = np.zeros(size)
                row[self.number[after]] += np.sqrt(weight)
                row[self.number[point]] -= np.sqrt(weight)
                slopes.append(row)
        gradient = np.array(slopes).reshape(-1, size)
        laplacian = -(gradient.T @ gradient) / volume[:, None]
        total = np.zeros((size, size))
        derived = np.eye(size)
        for j in range(0, order + 1, 2):
            total += self.alpha[j] * derived.T @ (volume[:, None] * derived)
            if j < order:
                total += self.alpha[j + 1] * (gradient @ derived).T @ (gradient @ derived)
            derived = laplacian @ derived
        return total

    def operator(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give interpolation at fractional indices (n, nobs), and which have a sea point around."""
        rows = np.zeros((index.shape[1], len(self.points)))
        for o, place in enumerate(index.T):
            if not np.isfinite(place).all():
                continue
            shape = self.mask.shape
            if any(
                not self.cyclic[d] and not 0 <= place[d] <= shape[d] - 1 for d in range(len(shape))
            ):
                continue
            for corner in product((0, 1), repeat=len(shape)):
                weight, at = 1.0, []
                for d, up in enumerate(corner):
                    low = int(np.floor(place[d]))
                    part = place[d] - low
                    weight *= part if up else 1 - part
                    at.append((low + up) % shape[d] if self.cyclic[d] else low + up)
                if weight > 0 and tuple(at) in self.number:
                    rows[o, self.number[tuple(at)]] += weight
        total = rows.sum(axis=1)
        used = total > 0
        rows[used] /= total[used, None]
        return rows, used

    def analyse(
        self, index: np.ndarray, f: np.ndarray, error: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give field and error variance at the sea points, and which observations were used.

        `error` is their covariance matrix.
        """
        h, used = self.operator(index)
        used &= np.isfinite(f) & np.isfinite(np.diagonal(error))
        h, f, error = h[used], f[used], error[used][:, used]
        cross = self.covariance @ h.T
        within = h @ cross + error
        field = cross @ np.linalg.solve(within, f)
        posterior = self.covariance - cross @ np.linalg.solve(within, cross.T)
        return field, np.diagonal(posterior), used


def normalisation(n: int, alpha: list[float]) -> float:
    """Give 1 over the variance that the norm leaves a point in an unbounded domain.

    The integral over wave numbers, for the binomial norm of the same order; for other coefficients
    the authors' rule: times their sum over that of the binomial ones, and half of it if only the
    first differs.
    """
    order = len(alpha) - 1
    sphere = 2 * pi ** (n / 2) / gamma(n / 2)
    value, _ = quad(lambda k: k ** (n - 1) / (1 + k * k) ** order, 0, np.inf, epsabs=0)
    factor = (2 * pi) ** n / (sphere * value)
    binomial = [comb(order, k) for k in range(order + 1)]
    if alpha != binomial:
        factor *= sum(alpha) / 2**order / (2 if alpha[1:] == binomial[1:] else 1)
    return factor


def matern(r: Any, n: int, order: int) -> Any:
    """Give the correlation at a distance in lengths before scaling."""
    nu = order - n / 2
    return 2 / gamma(nu) * (np.asarray(r) / 2) ** nu * kv(nu, r)


def length_scale(n: int, order: int) -> float:
    """Give the distance at which the correlation is that of two dimensions at 1."""
    return brentq(lambda r: matern(r, n, order) - kv(1, 1.0), 1e-6, 50, xtol=1e-14)


def stretched(
    pmn: list[np.ndarray], lengths: list[np.ndarray], cyclic: list[bool], alphabc: float
) -> list[np.ndarray]:
    """Widen the outermost cells so that their centres are a length from their neighbours.

    One end after the other: of two points, the second sees the first already widened.
    """
    wider = []
    for d, pm in enumerate(pmn):
        new = np.array(pm)
        if not cyclic[d] and pm.shape[d] > 1:
            for point in np.ndindex(pm.shape):
                if point[d] in (0, pm.shape[d] - 1):
                    inner = list(point)
                    inner[d] = 1 if point[d] == 0 else pm.shape[d] - 2
                    beside = 1 / new[tuple(inner)]
                    if alphabc:
                        wide = 2 * alphabc * lengths[d][point] - beside
                        new[point] = 1 / max(wide, beside)
        wider.append(new)
    return wider
