"""Stations by how far their samples are from a product: the queue that a product asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import NotFound
from ..words import number

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..products.product import Product

__all__ = ["Departures", "departures"]

_BAD = "3489"
_FEWEST = 20
_OWN = 0.5
"""Error variance of one observation relative to that of the field, where the product tells none."""


@dataclass(frozen=True)
class Departures:
    """How far stations are from a product.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Stations with samples in the product, the farthest first.
    size : ndarray of float64, shape (n,)
        Largest residual of each, in units of the misfit that is to be expected there.
    residual : ndarray of float64, shape (n,)
        That residual.
    depth : ndarray of float64, shape (n,)
        Where it is.
    unit : str
    parameter : str
        Key in the collection.
    """

    rows: NDArray[np.int64]
    size: NDArray[np.float64]
    residual: NDArray[np.float64]
    depth: NDArray[np.float64]
    unit: str
    parameter: str

    def words(self, place: int) -> str:
        """Tell the residual of a station: "+2.31 °C at 150 m, 4.2 x expected"."""
        depth = self.depth[place]
        where = f" at {depth:.0f} m" if np.isfinite(depth) else ""
        unit = f" {self.unit}" if self.unit else ""
        size = self.size[place]
        times = f"{size:.1f}" if size < 100 else number(round(size))
        return f"{self.residual[place]:+.3g}{unit}{where}, {times} × expected"


def departures(product: Product, collection: Collection, variable: str = "") -> Departures:
    """Rank stations by their largest residual from a product.

    Samples that are flagged bad already do not count. What is to be expected grows with the
    relative error of the product, and is that of most samples of the same depth.

    Parameters
    ----------
    product : Product
    collection : Collection
    variable : str
        The likeliest field if empty.

    Returns
    -------
    Departures

    Raises
    ------
    NotFound
        The collection has no such parameter, or no sample lies in the product.
    """
    variable = product.named(variable)
    key = product.quantity_of(variable)
    if key not in collection.keys:
        raise NotFound(f"{collection.name} has no parameter that {product.name} shows.")
    good = tuple(code for code in "01256789ABQ" if code not in _BAD)
    samples = collection.where(parameter=key, flags=good).samples(key, present=True)
    station, depth = np.asarray(samples["station"]), np.asarray(samples["depth"], np.float64)
    found = product.at(samples, variable=variable)
    residual = found["residual"].to_numpy()
    there = np.isfinite(residual)
    if not there.any():
        raise NotFound(f"No sample of {collection.name} lies in {product.name}.")
    error = found["error"].to_numpy()[there] if "error" in found else np.zeros(int(there.sum()))
    station, depth, residual = station[there], depth[there], residual[there]
    factor = np.sqrt((np.nan_to_num(error, nan=1.0) + _OWN) / _OWN)
    size = np.abs(residual) / (factor * _usual(product, variable, depth, residual / factor))
    last = np.lexsort((size, station))
    worst = last[np.append(station[last][1:] != station[last][:-1], True)]
    order = worst[np.argsort(-size[worst], kind="stable")]
    return Departures(
        station[order], size[order], residual[order], depth[order], product.unit_of(variable), key
    )


def _usual(
    product: Product, variable: str, depth: NDArray[np.float64], residual: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the robust standard deviation of residuals around each depth."""
    grid = product.grid(variable)
    levels = np.asarray(grid.depth, np.float64) if grid.has_depth else np.zeros(1)
    edges = (levels[1:] + levels[:-1]) / 2
    layer = np.searchsorted(edges, np.nan_to_num(depth))
    whole = _spread(residual)
    usual = np.full(len(levels), whole)
    for k in range(len(levels)):
        mine = residual[layer == k]
        if len(mine) >= _FEWEST:
            usual[k] = _spread(mine)
    return np.maximum(usual, 1e-3 * whole if whole > 0 else 1e-12)[layer]


def _spread(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
