"""One layer of a map: which product, field, depth and time, masked how, and what is made of it."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .grid import Grid
from .kept import kept
from .layer_values import array_of, at_depth, limits_of, made, map_of
from .layer_words import colormap_of, is_diverging, label_of, sentence_of, unit_of
from .maps import MapBytes, find
from .times import When
from .view import Mask, View

if TYPE_CHECKING:
    import xarray as xr

    from .expressions import Computed
    from .product import Product

__all__ = ["CRITERIA", "Layer"]

CRITERIA = ("", "density", "temperature")
"""What a mixed layer depth goes by: ``mld``, ``mld:density``, ``mld:temperature``."""

Plane = NDArray[np.floating]


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
        See `Product.profile`; of what is made of a field, the mask is that of the field.
    error : bool
        The error of the field instead of its values.
    derived : str
        What is made of the field: empty (itself), ``iso:VALUE`` (depth of that value), ``mld``
        (mixed layer depth; ``mld:density`` or ``mld:temperature`` choose what has to change), or
        a formula such as ``a - mean(a)``: ``a`` is the field, others are called by their names.

    Examples
    --------
    >>> Layer(product, time="July", derived="iso:14").array()  # doctest: +SKIP
    """

    product: Product
    variable: str = ""
    depth: float | None = None
    time: When = None
    mask: Mask = None
    error: bool = False
    derived: str = ""

    # ---- what it is --------------------------------------------------------------
    @cached_property
    def kind(self) -> str:
        """One of "value", "error", "isosurface", "mixed layer" and "formula"."""
        text = self.derived.strip()
        if text and self.error:
            raise BadRequest("No error is known of what is made of a field; show the field itself.")
        if not text:
            return "error" if self.error else "value"
        if text.startswith("iso:"):
            return "isosurface"
        return "mixed layer" if text == "mld" or text.startswith("mld:") else "formula"

    @cached_property
    def view(self) -> View:
        """The field with its mask."""
        return View(self.product, self.variable, self.mask, "nearest")

    @cached_property
    def computed(self) -> Computed:
        """The formula as a product."""
        from ..qc.rules.grammar import RuleError
        from .expressions import expression

        name, product, text = self.view.variable, self.product, self.derived.strip()
        roles = product.roles
        names = [*product.variables, *roles.beside]
        fields: dict[str, Any] = {"a": (product, name)}
        fields |= {n: (product, n) for n in names if n != "a"}
        # A formula is kept, so that its means are computed once.
        try:
            return kept(product, ("formula", name, text), lambda: expression(text, **fields))
        except RuleError as error:
            raise BadRequest(str(error).replace("Rule,", "Formula,", 1)) from None

    @cached_property
    def value(self) -> float:
        """The value of an isosurface."""
        text = self.derived.strip().removeprefix("iso:")
        try:
            wanted = float(text)
        except ValueError:
            wanted = math.nan
        if not math.isfinite(wanted):
            raise BadRequest(
                f"{text!r} is no value of {self.view.variable}; write a number, such as iso:14."
            )
        return wanted

    @cached_property
    def criterion(self) -> str:
        """What has to change below a mixed layer; see `CRITERIA`."""
        word = self.derived.strip().partition(":")[2]
        if word not in CRITERIA:
            raise BadRequest(f"Mixed layer depth by {word!r}: expected density or temperature.")
        return word

    @cached_property
    def grid(self) -> Grid:
        """The axes of what is shown."""
        return self._shown.grid

    @cached_property
    def flat(self) -> bool:
        """Whether it is the same at all depths: a depth itself, or a field without depths."""
        return self.kind in ("isosurface", "mixed layer") or not self.grid.has_depth

    @cached_property
    def diverging(self) -> bool:
        """Whether its values lie around 0: a difference or an anomaly."""
        return is_diverging(self)

    @cached_property
    def unit(self) -> str:
        """Unit as people write it; empty where there is none."""
        return unit_of(self)

    @cached_property
    def label(self) -> str:
        """Name for a title or a colour bar, without unit."""
        return label_of(self)

    @cached_property
    def colormap(self) -> str:
        """A colour map that fits, by its name."""
        return colormap_of(self)

    @cached_property
    def sentence(self) -> str:
        """What is shown, where and when."""
        return sentence_of(self)

    @cached_property
    def key(self) -> Hashable:
        """What decides its numbers, for caches."""
        t, z, _ = self.found
        product = self.product
        return (
            product.source.fingerprint(), str(product.given), self.view.variable, t,
            -2 if self.flat else z, self.mask, self.error, self.derived.strip(),
        )  # fmt: skip

    # ---- its values --------------------------------------------------------------
    @cached_property
    def found(self) -> tuple[int, int, str]:
        """Number of the step and of the level, and a sentence if there are none."""
        depth = None if self.flat else self.depth
        return find(self._shown, depth, self.time)

    @cached_property
    def _shown(self) -> View:
        if self.kind != "formula":
            return self.view
        return View(self.computed, "result", None, "nearest")

    def check(self) -> Layer:
        """Return the layer if it can be shown.

        Raises
        ------
        SdcvizError
            One sentence on what is wrong.
        """
        wrong = self.found[2]
        if wrong:
            raise BadRequest(wrong)
        if self.kind == "error" and self.view.error is None:
            raise BadRequest(f"{self.view.variable} has no error in {self.product.name}.")
        if self.kind == "isosurface":
            if not self.grid.has_depth:
                raise BadRequest(f"{self.view.variable} has no depths in {self.product.name}.")
            assert math.isfinite(self.value)
        if self.kind == "mixed layer":
            self.plane()
        return self

    def plane(self, depth: float | None = None) -> Plane:
        """Return the values as (lat, lon) at the layer's level, or between levels.

        Parameters
        ----------
        depth : float, optional
            Linear between the two levels around; where only the nearer one has a value, that.

        Raises
        ------
        BadRequest
            The product does not cover it.
        """
        return at_depth(self, self._plane, depth)

    def _plane(self, t: int, z: int) -> Plane:
        if self.kind in ("value", "error"):
            return self.view.layer(t, z, self.kind)
        key = ("plane", self.view.variable, t, -2 if self.flat else z, self.mask, self.derived)
        return kept(self.product, key, lambda: made(self, t, z))

    def array(self) -> xr.DataArray:
        """Return the values as (lat, lon), with what they are in the attributes."""
        return array_of(self)

    def map(self, limits: tuple[float, float] | None = None) -> MapBytes:
        """Return the values as few bytes for a browser; see `Product.map`."""
        return map_of(self, limits)

    def limits(self, values: Plane) -> tuple[float, float] | None:
        """Propose a range of colours for a map; None: that of the values."""
        return limits_of(self, values)
