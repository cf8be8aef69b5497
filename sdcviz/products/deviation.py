"""How much the background of a product varies, so that a relative error becomes one in units.

The relative error variance of an analysis is that of the background's variance. Products of
sdcviz hold its root (``VAR_background_sd``); of others it is estimated from the observations
that they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..words import number
from .kept import kept
from .notes import notes_of
from .source import decode

if TYPE_CHECKING:
    from .product import Product

__all__ = ["FEWEST", "SD", "Deviation", "deviation_of", "pooled", "usual"]

SD = "_background_sd"
"""End of the name of the variable that holds it."""
FEWEST = 30
"""Observations that a level's deviation rests on; with fewer those of levels around count too."""

FAR = 5.0
"""Robust standard deviations from the median; what is farther is an error and no variance."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Deviation:
    """Standard deviation of the background.

    Attributes
    ----------
    values : ndarray of float64, shape (time, depth)
        In the unit of the field; NaN where it is not known.
    how : str
        Where it comes from, for a sentence.
    """

    values: Array
    how: str


def pooled(squares: NDArray[Any], weights: NDArray[Any], counts: NDArray[Any]) -> Array:
    """Average squares by level; where observations are few, with those of the levels around.

    Parameters
    ----------
    squares : ndarray, shape (levels,)
        Sum of the weighed squares of each level.
    weights : ndarray, shape (levels,)
        Sum of the weights.
    counts : ndarray of int64, shape (levels,)

    Returns
    -------
    ndarray, shape (levels,)
        NaN without any observation.
    """
    n = len(counts)
    out = np.full(n, np.nan)
    for k in range(n):
        for reach in range(n):
            part = slice(max(0, k - reach), k + reach + 1)
            if counts[part].sum() >= FEWEST or reach == n - 1:
                break
        whole = weights[part].sum()
        if whole > 0:
            out[k] = squares[part].sum() / whole
    return out


def usual(level: NDArray[np.integer], away: Array) -> NDArray[np.bool_]:
    """Tell which anomalies are no gross errors, level by level.

    Parameters
    ----------
    level : ndarray of int, shape (n,)
    away : ndarray, shape (n,)
        Anomalies; NaN is none.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    good = np.isfinite(away)
    for z in np.unique(level[good]):
        mine = np.flatnonzero(good & (level == z))
        middle = np.median(away[mine])
        off = np.abs(away[mine] - middle)
        spread = 1.4826 * np.median(off)
        if spread > 0:
            good[mine] = off <= FAR * spread
    return good


def deviation_of(product: Product, variable: str = "") -> Deviation | None:
    """Find the standard deviation of the background of a field.

    Parameters
    ----------
    product : Product
    variable : str
        The likeliest field if empty.

    Returns
    -------
    Deviation or None
        None where neither the file says it nor its observations tell.
    """
    name = product.named(variable)
    return kept(product, ("deviation", name), lambda: _written(product, name)) or kept(
        product, ("estimate", name), lambda: _estimated(product, name)
    )


def _written(product: Product, name: str) -> Deviation | None:
    declared = product.source.variables.get(name + SD)
    if declared is None or not declared.is_number:
        return None
    grid = product.grid(name)
    raw = product.source.read(declared.name, (slice(None),) * len(declared.dims))
    values = decode(declared, raw).astype(np.float64)
    kinds = [product.roles.axes.get(d, "") for d in declared.dims]
    if not set(kinds) <= {"time", "depth"} or len(set(kinds)) < len(kinds):
        return None
    for n, kind in enumerate(kinds):
        values = np.take(values, grid.order[kind], axis=n)
    if kinds == ["depth", "time"]:
        values = values.T
    shape = tuple(grid.shape[k] if w in kinds else 1 for k, w in enumerate(("time", "depth")))
    values = np.broadcast_to(values.reshape(shape), grid.shape[:2])
    return (
        Deviation(values, f"in {declared.name} of the file") if np.isfinite(values).any() else None
    )


def _estimated(product: Product, name: str) -> Deviation | None:
    """Estimate it from the observations in the file: their anomalies, less their own error."""
    from ..errors import SdcvizError
    from .residuals import residuals_of

    grid = product.grid(name)
    own = name.removesuffix("_deepest")
    declared = product.source.variables.get("obsvalue")
    if declared is None or own != product.variables[0]:
        return None
    try:
        table = residuals_of(product)
    except SdcvizError:
        return None
    used = np.isfinite(table["residuals"].to_numpy())
    step = grid.order["time"].argsort()[table["slice"].to_numpy()[used]]
    value = table["values"].to_numpy(np.float64)[used]
    level = np.zeros(len(value), np.int64)
    if grid.has_depth:
        edges = grid.level_edges[1:-1]
        level = np.searchsorted(edges, table["depth"].to_numpy(np.float64)[used]).astype(np.int64)
    lon, lat = (table[c].to_numpy(np.float64)[used] for c in ("lon", "lat"))
    anomaly, under = _anomalies(product, own, step, level, (lon, lat), value)
    noise = _noise(product)
    nt, nz = grid.shape[:2]
    cell, good = step * nz + level, usual(level, anomaly)
    count = np.bincount(cell[good], minlength=nt * nz).reshape(nt, nz)
    squares = np.bincount(cell[good], anomaly[good] ** 2, nt * nz).reshape(nt, nz)
    if not count.any():
        return None
    variance = [pooled(s, c.astype(float), c) for s, c in zip(squares, count, strict=True)]
    values = np.sqrt(np.stack(variance) / (1 + noise[:, None]))
    how = f"estimated from {number(len(value))} observations of the file as anomalies from {under}"
    return Deviation(values, how)


def _anomalies(
    product: Product, name: str, step: NDArray, level: NDArray, at: tuple[Array, Array],
    value: Array,
) -> tuple[Array, str]:  # fmt: skip
    """Take from values the background, or where the file has none the mean of each level."""
    background = f"{name}_background"
    nz = product.grid(name).shape[1]
    cell = step * nz + level
    if background in product.roles.beside:
        from .places import find_places

        grid = product.grid(background)
        places = find_places(grid, *at, "nearest")
        under = np.full(len(value), np.nan)
        field = product.field(background)
        for one in np.unique(cell):
            mine = cell == one
            layer = field.layer(int(one) // nz, int(one) % nz)
            under[mine] = layer[places.rows[mine, 0], places.columns[mine, 0]]
        if np.isfinite(under).any():
            return value - under, "the background"
    total = np.bincount(cell, value)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / np.bincount(cell)
    return value - mean[cell], "the mean of each level and time"


def _noise(product: Product) -> Array:
    """Return the error variance of the observations, relative to the background's, of each step."""
    told = (notes.get("epsilon2") for notes in notes_of(product))
    return np.array([float(e) if isinstance(e, int | float) and e > 0 else 1.0 for e in told])
