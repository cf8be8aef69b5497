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
from .maps import MapBytes, encode, find
from .times import OUTSIDE, When
from .view import Mask, View, between, level_share

if TYPE_CHECKING:
    import xarray as xr

    from .expressions import Computed
    from .product import Product

__all__ = ["CRITERIA", "Layer", "maskable"]

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
        if self.kind != "formula":
            return False
        from ..qc.rules.grammar import Sum

        tree = self.computed.tree
        return isinstance(tree, Sum) and tree.op == "-" and not _has_number(tree)

    @cached_property
    def unit(self) -> str:
        """Unit as people write it; empty where there is none."""
        kind, view = self.kind, self.view
        if kind == "formula":
            declared = self.computed.source.variables["result"].text("units")
            return "" if declared == "1" else declared
        if kind == "error" and view.roles.error_kind == "relative variance":
            return ""
        return view.grid.depth_unit if kind in ("isosurface", "mixed layer") else view.unit

    @cached_property
    def label(self) -> str:
        """Name for a title or a colour bar, without unit."""
        kind, view = self.kind, self.view
        name = str(view.value_attrs()["long_name"])
        if kind == "error":
            return str(view.error_attrs()["long_name"])
        if kind == "isosurface":
            return f"Depth at which {name} is {self.value:g} {view.unit}".rstrip()
        if kind == "mixed layer":
            by = {"": "", "density": ", by density", "temperature": ", by temperature"}
            return f"Mixed layer depth{by[self.criterion]}"
        if kind == "formula":
            return f"{self.derived.strip()}, a: {name}"
        return name

    @cached_property
    def colormap(self) -> str:
        """A colour map that fits, by its name."""
        if self.kind in ("isosurface", "mixed layer"):
            return "deep"
        if self.kind == "error":
            return "amp"
        if self.diverging:
            return "balance"
        if self.kind == "formula" and self.unit != self.view.unit:
            return "viridis"
        from ..vocabularies import quantities

        key = self.product.quantity_of(self.view.variable).removesuffix("_unknown_unit")
        known = quantities().get(key)
        return known.colormap if known else "viridis"

    @cached_property
    def sentence(self) -> str:
        """What is shown, where and when."""
        t, z, wrong = self.found
        if wrong:
            return wrong
        parts = [self.label]
        if not self.flat:
            parts.append(f"{self.grid.depth[z]:g} {self.grid.depth_unit}")
        if self.grid.has_time:
            parts.append(self.grid.times.labels[t])
        masked = "" if self.mask is None else f"; masked: {self.view.mask_words}"
        return f"{', '.join(parts)} ({self.product.name}){masked}."

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
        t, z, wrong = self.found
        if depth is None or self.flat:
            if wrong:
                raise BadRequest(wrong)
            return self._plane(t, z)
        if t == OUTSIDE:
            raise BadRequest(wrong)
        level, share = level_share(self.grid, np.array([depth], np.float64))
        below, part = int(level[0]), float(share[0])
        if below < 0:
            return np.full(self.grid.shape[2:], np.nan)
        if part == 0:
            return self._plane(t, below)
        return between(self._plane(t, below), self._plane(t, below + 1), part)

    def _plane(self, t: int, z: int) -> Plane:
        if self.kind in ("value", "error"):
            return self.view.layer(t, z, self.kind)
        key = ("plane", self.view.variable, t, -2 if self.flat else z, self.mask, self.derived)
        return kept(self.product, key, lambda: self._made(t, z))

    def _made(self, t: int, z: int) -> Plane:
        from .derived import isosurface, mixed_layer_depth

        view, product = self.view, self.product
        if self.kind == "isosurface":
            made = isosurface(product, self.value, t, view.variable, self.mask)
            return np.asarray(made.values, np.float32)
        if self.kind == "mixed layer":
            measured = product.quantity_of(view.variable).removesuffix("_unknown_unit")
            warm = view.variable if measured == "temperature" else ""
            mask = self.mask if not warm or maskable(product, warm) else None
            found = mixed_layer_depth(product, t, warm, "", criterion=self.criterion, mask=mask)
            return np.asarray(found.values, np.float32)
        values = np.asarray(self.computed.field("result").layer(t, z), np.float32)
        if self.mask is None:
            return values
        base = self.computed.base
        masked = View(product, base.variable, self.mask, "nearest").layer(t, z)
        return np.where(np.isnan(masked), np.float32(np.nan), values)

    def array(self) -> xr.DataArray:
        """Return the values as (lat, lon), with what they are in the attributes."""
        from .maps import layer

        if self.kind in ("value", "error"):
            return layer(
                self.product, self.variable, self.depth, self.time, self.mask, self.kind
            )  # fmt: skip
        t, z, _ = self.check().found
        depth = None if self.flat else float(self.grid.depth[z])
        base = self.computed.base.variable if self.kind == "formula" else self.view.variable
        frame = layer(self.product, base, None if self.flat else depth, t, None, "value")
        if self.flat:
            frame = frame.drop_vars("depth", errors="ignore")
        told = {k: v for k, v in frame.attrs.items() if k not in ("standard_name", "cell_methods")}
        told |= {"long_name": self.label, "units": self.unit or "1", "derived": self.derived}
        told |= {"mask": self.view.mask_words, "title": f"{self.label} out of {self.product.name}"}
        made = frame.copy(data=self.plane())
        return made.assign_attrs(told).rename("value")

    def map(self, limits: tuple[float, float] | None = None) -> MapBytes:
        """Return the values as few bytes for a browser; see `Product.map`."""
        if self.kind in ("value", "error"):
            return self.product.map(
                self.variable, self.depth, self.time, mask=self.mask, limits=limits, what=self.kind
            )
        from ..errors import UnreadableFile

        t, z, sentence = self.found
        answer = "outside" if sentence else "value"
        values: Plane = np.full(self.grid.shape[2:], np.nan, np.float32)
        if not sentence:
            try:
                values = self.plane()
            except UnreadableFile as error:
                answer, sentence = "damaged", str(error)
        return encode(
            values, limits or self.limits(values), self.grid,
            depth=None if self.flat or z < 0 else float(self.grid.depth[z]),
            label=self.grid.times.labels[t] if self.grid.has_time and t != OUTSIDE else "",
            unit=self.unit, answer=answer, sentence=sentence,
        )  # fmt: skip

    def limits(self, values: Plane) -> tuple[float, float] | None:
        """Propose a range of colours for a map; None: that of the values."""
        if self.diverging:
            return around_zero(values)
        known = values[np.isfinite(values)]
        if self.kind == "value" or len(known) < 2:
            return None
        if self.kind == "error" and not self.unit:
            return 0.0, 1.0
        low, high = (float(v) for v in np.quantile(known, [0.02, 0.98]))
        return (low, high) if low < high else None


def around_zero(values: Plane) -> tuple[float, float]:
    """Return a range of colours with 0 in its middle; 2 % of the values may lie outside."""
    known = np.abs(values[np.isfinite(values)])
    most = float(np.quantile(known, 0.98)) if len(known) else 1.0
    most = most or float(known.max()) or 1.0
    power = 10 ** math.floor(math.log10(most))
    steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
    most = float(f"{next(s * power for s in steps if s * power >= most * 0.999):.3g}")
    return -most, most


def maskable(product: Product, variable: str = "") -> bool:
    """Tell whether a field can be masked by its relative error, whatever the mask."""
    return product.roles_of(product.named(variable)).error_kind == "relative variance"


def _has_number(tree: Any) -> bool:
    from ..qc.rules.grammar import Number

    return isinstance(tree.left, Number) or isinstance(tree.right, Number)
