"""How far a product was drawn to one cruise, and what is left off it without that cruise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .collocated import Collocated

if TYPE_CHECKING:
    from ..products.product import Product

__all__ = ["Drawn"]

_DEGREE = 111_195.0
_LENGTH = 2 * _DEGREE
"""Of correlation where a product does not tell it."""
_LEAST_ERROR = 0.02


class Drawn:
    """Takes cruises out of a product, approximately: there is no analysis without them.

    Within a correlation length an analysis of N observations has the relative error
    1 / (1 + p), p = N / epsilon2. Without a share f of them it moves by
    f p / (1 + (1 - f) p) times the mean residual of that share.

    Parameters
    ----------
    samples : Collocated
    length : float
        Correlation length in metres.
    """

    def __init__(self, samples: Collocated, length: float) -> None:
        self.samples = samples
        error = np.clip(samples.error, _LEAST_ERROR, 1)
        self.weight = np.where(samples.used & np.isfinite(error), 1 / error - 1, 0.0)
        high = length / _DEGREE
        wide = high / max(np.cos(np.radians(float(np.mean(samples.lat)))), 0.1)
        column = np.floor(samples.lon / wide).astype(np.int64) + 100_000
        row = np.floor(samples.lat / high).astype(np.int64) + 100_000
        where = (column * 1_000_000 + row) * 1_000 + samples.level
        _, self.cell = np.unique(where * 1_000 + samples.step, return_inverse=True)

    @classmethod
    def of(cls, product: Product, samples: Collocated) -> Drawn:
        """Take the correlation length of a product's notes."""
        from ..products.notes import notes_of

        told = [np.max(n["horizontal"]) for n in notes_of(product) if n.get("horizontal")]
        return cls(samples, float(np.median(told)) if told else _LENGTH)

    def without(self, own: NDArray[np.bool_], residual: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return residuals as they are off a product without a cruise.

        Parameters
        ----------
        own : ndarray of bool
            Samples of the cruise.
        residual : ndarray of float64
        """
        used = self.samples.used
        if not (own & used).any():
            return residual
        size = int(self.cell.max()) + 1
        theirs = self.cell[own & used]
        n = np.bincount(theirs, minlength=size)
        share = n / np.maximum(np.bincount(self.cell[used], minlength=size), 1)
        mean = np.bincount(theirs, residual[own & used], size) / np.maximum(n, 1)
        f, p = share[self.cell], self.weight
        return residual + f * p / (1 + (1 - f) * p) * mean[self.cell]
