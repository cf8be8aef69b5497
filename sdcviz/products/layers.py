"""One layer of a map: which product, field, depth and time, masked how, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .maps import MapBytes
from .times import When
from .view import Mask

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """What one layer of a map shows.

    Attributes
    ----------
    product : Product
    variable : str
        Field; the likeliest one if empty.
    depth : float or None
        The nearest level; the first one if None.
    time : int, str or date
        See `Product.profile`.
    mask : {"L1", "L2"}, float or None
        See `Product.profile`.
    error : bool
        The error of the field instead of its values.
    derived : str
        What is made of the field: empty (itself), ``iso:VALUE`` (depth of that value), ``mld``
        (mixed layer depth), or a formula such as ``a - mean(a)``.
    """

    product: Product
    variable: str = ""
    depth: float | None = None
    time: When = None
    mask: Mask = None
    error: bool = False
    derived: str = ""

    def array(self) -> xr.DataArray:
        """Return the values as (lat, lon), with what they are in the attributes."""
        what = "error" if self.error else "value"
        return self.product.layer(
            self.depth, self.time, variable=self.variable, mask=self.mask, what=what
        )

    def map(self, limits: tuple[float, float] | None = None) -> MapBytes:
        """Return the values as few bytes for a browser; see `Product.map`."""
        what = "error" if self.error else "value"
        return self.product.map(
            self.variable, self.depth, self.time, mask=self.mask, limits=limits, what=what
        )
