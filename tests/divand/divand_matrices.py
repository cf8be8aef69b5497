"""Matrices like those of an analysis, for tests and benchmarks of the linear algebra."""

from __future__ import annotations

from math import ceil

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def powers(ndim: int) -> int:
    """Return the number of Laplacian powers in the inverse background covariance."""
    return ceil(1 + ndim / 2)


def edges(mask: NDArray, d: int, cyclic: bool) -> tuple[NDArray, NDArray]:
    """Return both ends of the edges between neighbours in the sea along one dimension."""
    number = np.full(mask.shape, -1)
    number[mask] = np.arange(mask.sum())
    here = np.moveaxis(number, d, 0)
    there = np.roll(here, -1, axis=0)
    if not cyclic or mask.shape[d] < 3:
        here, there = here[:-1], there[:-1]
    both = (here >= 0) & (there >= 0)
    return here[both], there[both]


def stiffness(
    mask: NDArray, lengths: NDArray, rng: np.random.Generator, cyclic: tuple[bool, ...] = ()
) -> sp.csr_array:
    """Return M + K on a grid with unit steps: identity and a graph Laplacian of uneven weights."""
    n = int(mask.sum())
    total = sp.csr_array(sp.eye_array(n))
    for d, length in enumerate(lengths):
        a, b = edges(mask, d, bool(cyclic) and cyclic[d])
        c = length**2 * rng.uniform(0.5, 1.5, len(a))
        e = sp.csr_array(
            (np.r_[np.ones(len(a)), -np.ones(len(a))], (np.r_[: len(a), : len(a)], np.r_[a, b])),
            shape=(len(a), n),
        )
        total = total + e.T @ (sp.diags_array(c) @ e)
    return sp.csr_array(total)


def observations(mask: NDArray, count: int, rng: np.random.Generator) -> sp.csr_array:
    """Return a multilinear observation operator of random places with no corner on land."""
    number = np.full(mask.shape, -1)
    number[mask] = np.arange(mask.sum())
    n = int(mask.sum())
    corner = np.stack([rng.integers(0, max(s - 1, 1), count) for s in mask.shape])
    part = rng.uniform(size=corner.shape)
    rows, columns, weights = [], [], []
    for bits in np.ndindex(*(2,) * mask.ndim):
        step = np.array(bits)[:, None]
        at = np.minimum(corner + step, np.array(mask.shape)[:, None] - 1)
        columns.append(number[tuple(at)])
        weights.append(np.prod(np.where(step == 1, part, 1 - part), axis=0))
        rows.append(np.arange(count))
    row, column, weight = map(np.concatenate, (rows, columns, weights))
    wet = column >= 0
    return sp.csr_array((weight[wet], (row[wet], column[wet])), shape=(count, n))


def analysis_matrix(
    mask: NDArray,
    *,
    length: float = 3.0,
    count: int | None = None,
    epsilon2: float = 0.5,
    cyclic: tuple[bool, ...] = (),
    seed: int = 0,
) -> sp.csc_array:
    """Return (M+K)(M^-1(M+K))^(m-1)/coeff + H'H/epsilon2 of a grid with land."""
    rng = np.random.default_rng(seed)
    s = stiffness(mask, np.full(mask.ndim, length), rng, cyclic)
    a = s
    for _ in range(powers(mask.ndim) - 1):
        a = a @ s
    a = a * (0.1 / length**mask.ndim)
    h = observations(mask, mask.size // 50 + 20 if count is None else count, rng)
    a = sp.csc_array(a + h.T @ h / epsilon2)
    a.sort_indices()
    return a


def box_with_land(shape: tuple[int, ...]) -> NDArray:
    """Return a sea with an island in the middle and land in a corner."""
    x = np.stack(np.meshgrid(*(np.linspace(0, 1, s) for s in shape), indexing="ij"))
    island = ((x - 0.5) ** 2).sum(axis=0) < 0.12**2
    corner = x.sum(axis=0) < 0.25 * len(shape) ** 0.5
    return ~(island | corner)
