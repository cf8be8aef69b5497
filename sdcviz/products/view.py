"""One field of a product as it is looked at: which variable, masked how, interpolated how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .field import Field
from .grid import Grid
from .places import METHODS, Method, Places, blend
from .source import text_of

if TYPE_CHECKING:
    from .product import Product

__all__ = ["STANDARD_LIMITS", "Mask", "Values", "View", "level_share", "mask_of", "maskable"]

Mask = str | float | None
"""No mask, a masked copy of the file ("L1"), or the greatest relative error variance."""

STANDARD_LIMITS: Mapping[str, float] = {"L1": 0.3, "L2": 0.5}
"""Of DIVAnd's climatologies, where a file has the error and no copy."""


def mask_of(text: str) -> Mask:
    """Read a mask as links hold it: ``L1``, ``0.35``, or nothing."""
    try:
        return float(text)
    except ValueError:
        return text or None


def maskable(product: Product, variable: str = "") -> bool:
    """Tell whether a field can be masked by its relative error, whatever the mask."""
    return product.roles_of(product.named(variable)).error_kind == "relative variance"


METHOD_WORDS = {
    "bilinear": "bilinear over the sea points around, linear between levels, nearest time",
    "nearest": "nearest grid point, level and time",
}


@dataclass(frozen=True)
class Values:
    """What was read at places.

    Attributes
    ----------
    value, error : ndarray of float64
        Places first, then time and depth as asked; NaN where there is none.
    inside : ndarray of bool
        Whether each place lies in the grid.
    water : ndarray of bool
        Whether the field has a value there, whatever the mask says.
    """

    value: NDArray[np.float64]
    error: NDArray[np.float64] | None
    inside: NDArray[np.bool_]
    water: NDArray[np.bool_]


class View:
    """A field with its error and a mask.

    Parameters
    ----------
    product : Product
    variable : str
        Its likeliest field if empty.
    mask : str, float or None
        See `Mask`.
    method : {"bilinear", "nearest"}

    Raises
    ------
    NotFound
        There is no such variable.
    BadRequest
        The mask can't be used.
    """

    def __init__(
        self, product: Product, variable: str = "", mask: Mask = None, method: Method = "bilinear"
    ) -> None:
        if method not in METHODS:
            raise BadRequest(f"Interpolation {method!r}: expected bilinear or nearest.")
        self.product = product
        self.variable = product.named(variable)
        self.method: Method = method
        self.roles = product.roles_of(self.variable)
        self.declared = product.source.variables[self.variable]
        self.field: Field = product.field(self.variable)
        self.grid: Grid = self.field.grid
        self.error: Field | None = product.field(self.roles.error) if self.roles.error else None
        if self.error is not None and self.error.grid.shape != self.grid.shape:
            self.error = None
        self.limit: float | None = None
        self.copy: Field | None = None
        self.mask_words = self._masked(mask) if mask is not None else "none"

    def _masked(self, mask: str | float) -> str:
        relative = self.roles.error_kind == "relative variance" and self.error is not None
        if isinstance(mask, str) and mask in self.roles.masked:
            name = self.roles.masked[mask]
            stated = self.product.source.variables[name].attrs.get("relative_error_threshold")
            if stated is not None and relative:
                self.limit = float(np.ravel(stated)[0])
            else:
                self.copy = self.product.field(name)
            return f"{mask}, as in {name} of the file"
        if isinstance(mask, str):
            limit = STANDARD_LIMITS.get(mask)
            if limit is None:
                try:
                    limit = float(mask)
                except ValueError:
                    has = " or ".join([*self.roles.masked, "a number from 0 to 1"])
                    raise BadRequest(f"Mask {mask!r}: expected {has}.") from None
            mask = limit
        if not relative:
            raise BadRequest(
                f"{self.variable} has no relative error in {self.product.name}; "
                "it can't be masked by one."
            )
        if not 0 <= mask <= 1 or not math.isfinite(mask):
            raise BadRequest(f"Mask {mask:g}: the relative error variance lies from 0 to 1.")
        self.limit = float(mask)
        return f"relative error variance at most {mask:g}"

    # ---- reading ---------------------------------------------------------------
    def at(self, places: Places, t: int | None, z: int | None) -> Values:
        """Read and interpolate at places; see `Field.columns` for `t` and `z`."""
        args = (places.rows, places.columns, t, z)
        raw = self.field.columns(*args)
        error = self.error.columns(*args) if self.error is not None else None
        water = ~np.isnan(raw[:, 0])
        if self.limit is not None and error is not None:
            raw = np.where(self._kept(error), raw, np.nan)
        elif self.copy is not None:
            raw = self.copy.columns(*args)
        value = blend(raw, places)
        off = None if error is None else np.where(np.isnan(raw), np.nan, error)
        inside = places.inside
        water = water & inside.reshape(-1, *[1] * (water.ndim - 1))
        return Values(value, None if off is None else blend(off, places), inside, water)

    def _kept(self, error: NDArray) -> NDArray[np.bool_]:
        # In single precision, as the masked copies of products are made.
        return np.asarray(error <= np.float32(self.limit))

    def at_depth(self, places: Places, t: int | None, depth: float | None) -> Values:
        """Read at a depth: between two levels, or at the nearest one."""
        if not self.grid.has_depth:
            return self.at(places, t, 0)
        below, share = self.level(depth)
        if below < 0:
            found = self.at(places, t, 0)
            nothing = np.full(found.value.shape, np.nan)
            error = nothing if found.error is not None else None
            outside, dry = np.zeros_like(found.inside), np.zeros_like(found.water)
            return Values(nothing, error, outside, dry)
        if share == 0:
            return self.at(places, t, below)
        a, b = self.at(places, t, below), self.at(places, t, below + 1)
        error = None
        if a.error is not None and b.error is not None:
            error = between(a.error, b.error, share)
        nearer = a if share < 0.5 else b
        return Values(between(a.value, b.value, share), error, a.inside, nearer.water)

    def level(self, depth: float | None) -> tuple[int, float]:
        """Find the level above a depth and the share of the next; -1 outside.

        The first level for None.

        Raises
        ------
        BadRequest
            It is no depth.
        """
        if depth is None:
            return 0, 0.0
        if not math.isfinite(depth):
            raise BadRequest(f"{depth} is no depth.")
        below, share = level_share(self.grid, np.array([depth], np.float64))
        k, part = int(below[0]), float(share[0])
        if k >= 0 and self.method == "nearest":
            return (k + 1, 0.0) if part > 0.5 else (k, 0.0)
        return k, part

    def layer(self, t: int, z: int, what: str = "value") -> NDArray[np.floating]:
        """Return one map, masked, of the value or of its error."""
        field = self.copy or self.field
        layer = field.layer(t, z)
        error = self.error.layer(t, z) if self.error is not None else None
        if what == "error":
            if error is None:
                raise BadRequest(f"{self.variable} has no error in {self.product.name}.")
            shown = np.where(np.isnan(layer), np.nan, error)
        else:
            shown = layer
        if self.limit is not None and error is not None:
            shown = np.where(self._kept(error), shown, np.float32(np.nan))
        return shown

    # ---- telling ---------------------------------------------------------------
    @property
    def unit(self) -> str:
        """Unit as people write it."""
        return self.product.unit_of(self.variable)

    def value_attrs(self) -> dict[str, Any]:
        """Return CF attributes of the value."""
        kept = ("long_name", "standard_name", "cell_methods", "sdn_parameter_urn")
        found = {n: text_of(self.declared.attrs[n]) for n in kept if n in self.declared.attrs}
        found.setdefault("long_name", self.variable)
        return found | {"units": self.declared.text("units") or "1", "variable": self.variable}

    def error_attrs(self) -> dict[str, Any]:
        """Return CF attributes of the error."""
        relative = self.roles.error_kind == "relative variance"
        return {
            "long_name": ("Relative error variance of " if relative else "Error of ")
            + self.value_attrs()["long_name"],
            "units": "1" if relative else self.declared.text("units") or "1",
            "kind": self.roles.error_kind,
            "variable": self.roles.error,
        }


def between(a: NDArray, b: NDArray, share: float) -> NDArray[np.float64]:
    """Interpolate between two levels; where one has no value, the nearer one counts."""
    line = a * (1 - share) + b * share
    nearer = a if share < 0.5 else b
    return np.where(np.isnan(line), nearer, line)


def level_share(
    grid: Grid, depth: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the level above each depth and the share of the next.

    A level holds for the water half way to its neighbours, at the surface for 10 m.

    Returns
    -------
    below : ndarray of int64
        -1 outside the grid.
    share : ndarray of float64
    """
    z = grid.depth
    last = len(z) - 1
    below = np.clip(np.searchsorted(z, depth, "right") - 1, 0, max(last - 1, 0))
    if last == 0:
        share = np.zeros(depth.shape)
    else:
        share = np.clip((depth - z[below]) / (z[below + 1] - z[below]), 0, 1)
    full = share == 1
    below, share = np.where(full, below + 1, below), np.where(full, 0.0, share)
    edges = grid.level_edges
    inside = (depth >= edges[0]) & (depth <= edges[-1])
    return np.where(inside, below, -1).astype(np.int64), share
