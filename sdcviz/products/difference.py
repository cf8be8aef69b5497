"""The difference of two layers, and where it is more than both may be wrong by."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, UnreadableFile
from .combined_error import Errors, Spread
from .difference_output import array_of_difference, dataset_of, statistics_of
from .difference_words import label_of_difference, names_of, sentence_of_difference, when
from .grid import Grid
from .kept import kept
from .layers import Layer
from .maps import MapBytes, around_zero, encode
from .pairs import brought, mark

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Difference", "difference"]

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Difference:
    """First layer minus the second, on the grid of the first.

    Made by `difference`. It has what a `Layer` has that a map needs: `map`, `unit`, `label`,
    `colormap`, `sentence`, `key`.

    Attributes
    ----------
    first, second : Layer
    within : bool
        Whether what lies within the combined error is masked.
    spread : float, (float, float) or None
        Standard deviations of the backgrounds of both, which make relative errors to those in
        units; None: those of the files, or estimated from the observations in them.
    """

    first: Layer
    second: Layer
    within: bool = True
    spread: Spread = None

    # ---- what it is --------------------------------------------------------------
    colormap = "balance"
    diverging = True
    error = False

    @property
    def grid(self) -> Grid:
        """The axes of the first layer."""
        return self.first.grid

    @property
    def flat(self) -> bool:
        """Whether it is the same at all depths."""
        return self.first.flat and self.second.flat

    @property
    def unit(self) -> str:
        """Unit of both."""
        return self.first.unit

    @cached_property
    def names(self) -> tuple[str, str]:
        """What tells the two apart: products, fields, times or masks."""
        return names_of(self)

    @property
    def label(self) -> str:
        """Name for a title or a colour bar, without unit."""
        return label_of_difference(self)

    @cached_property
    def key(self) -> Hashable:
        """What decides its numbers, for caches."""
        return (
            "difference",
            self.first.key,
            self.second.key,
            self.second_depth,
            self.within,
            self.spread,
        )

    @cached_property
    def found(self) -> tuple[int, int, str]:
        """Step and level of the first layer, and a sentence if there are none."""
        return self.first.found

    def check(self) -> Difference:
        """Return the difference if there is one.

        Raises
        ------
        SdcvizError
            One sentence on what is wrong.
        """
        for layer in (self.first, self.second):
            layer.check()
        a, b = self.first, self.second
        if a.unit != b.unit:
            raise BadRequest(
                f"{a.label} of {a.product.name} is in {a.unit or 'no unit'} and {b.label} of "
                f"{b.product.name} in {b.unit or 'no unit'}: they can't be subtracted."
            )
        if self.second_depth is not None and b.grid.has_depth:
            edges = b.grid.level_edges
            if not edges[0] <= self.second_depth <= edges[-1]:
                raise BadRequest(
                    f"{self.second_depth:g} {a.grid.depth_unit} lies outside {b.product.name}, "
                    f"which has {b.grid.depth[0]:g} to {b.grid.depth[-1]:g} {b.grid.depth_unit}."
                )
        return self

    # ---- its values --------------------------------------------------------------
    @property
    def second_depth(self) -> float | None:
        """Depth at which the second is read; None: at its own level."""
        a, b = self.first, self.second
        if a.flat or b.flat:
            return None
        same = b.depth is None or b.depth == a.depth
        return float(a.grid.depth[a.found[1]]) if same else None

    @cached_property
    def planes(self) -> tuple[Array, Array, Array | None]:
        """First, second and the deviation of their difference; None where it is not known."""
        self.check()
        where = ("difference", self.second.key, self.second_depth, self.spread)
        other = kept(
            self.first.product,
            (*where, mark(self.grid)),
            lambda: (
                np.asarray(brought(self.second, self.grid, self.second_depth), np.float32),
                self.errors.variance(1, self.grid, self.second_depth),
            ),
        )
        own = self.errors.variance(0, self.grid, None)
        known = [v for v in (own, other[1]) if v is not None]
        sd = np.sqrt(np.sum(known, axis=0)) if known else None
        return np.asarray(self.first.plane(), np.float32), other[0], sd

    @cached_property
    def errors(self) -> Errors:
        """What is known of the errors of both."""
        return Errors(self.first, self.second, self.spread)

    @cached_property
    def masked(self) -> NDArray[np.bool_]:
        """Where both have a value and differ by no more than their combined error."""
        a, b, sd = self.planes
        if sd is None or self.errors.shared:
            return np.zeros(a.shape, bool)
        with np.errstate(invalid="ignore"):
            return np.abs(a - b) <= sd

    @cached_property
    def whole(self) -> Array:
        """The difference everywhere, whatever the error."""
        return np.asarray(self.planes[0] - self.planes[1])

    def plane(self, depth: float | None = None) -> Array:
        """Return the difference as (lat, lon), masked if `within`."""
        whole = self.whole
        return np.where(self.masked, np.float32(np.nan), whole) if self.within else whole

    def statistics(self) -> dict[str, Any]:
        """Sum up the difference, weighed by the area of the cells (of a regular grid).

        Returns
        -------
        dict
            ``cells`` with both values, ``mean``, ``sd``, ``rms``, ``least`` and ``most`` of the
            whole difference; ``with_error``, ``masked`` (cells within the combined error) and
            ``beyond`` (share of cells beyond it); None where it is not known.
        """
        return statistics_of(self)

    # ---- telling -----------------------------------------------------------------
    @property
    def sentence(self) -> str:
        """What is subtracted from what, how both were brought together, and which error counts."""
        return sentence_of_difference(self)

    @cached_property
    def error_sentence(self) -> str:
        """Which errors make the combined one, and how many cells lie within it."""
        cells = int(np.isfinite(self.whole).sum())
        return self.errors.sentence(int(self.masked.sum()), cells, self.within)

    def array(self) -> xr.DataArray:
        """Return the difference as (lat, lon), masked if `within`."""
        return array_of_difference(self)

    def dataset(self) -> xr.Dataset:
        """Return the difference with both fields, the combined error and what lies within it.

        Returns
        -------
        xarray.Dataset
            ``difference`` (masked if `within`), ``first``, ``second``, ``error`` (one standard
            deviation) and ``within_error`` where an error is known; statistics and the sentence
            as attributes.
        """
        return dataset_of(self)

    # ---- for a browser -----------------------------------------------------------
    def limits(self, values: Array) -> tuple[float, float]:
        """Propose a range of colours, the same to both sides of 0."""
        return around_zero(values)

    def map(self, limits: tuple[float, float] | None = None) -> MapBytes:
        """Return the whole difference as few bytes for a browser; see `Product.map`."""
        return self._encoded(lambda: self.whole, limits)

    def mask_map(self) -> MapBytes:
        """Return as codes where the difference lies within the combined error (code 254)."""
        one, none = np.float32(1), np.float32(np.nan)
        return self._encoded(lambda: np.where(self.masked, one, none), (0.0, 1.0))

    def _encoded(
        self, values: Callable[[], Array], limits: tuple[float, float] | None
    ) -> MapBytes:  # fmt: skip
        z = self.found[1]
        made: Array = np.full(self.grid.shape[2:], np.nan, np.float32)
        answer = sentence = ""
        try:
            made = values()
        except UnreadableFile as error:
            answer, sentence = "damaged", str(error)
        return encode(
            made, limits or around_zero(made), self.grid,
            depth=None if self.first.flat else float(self.grid.depth[z]), label=when(self.first),
            unit=self.unit, answer=answer or "value", sentence=sentence,
        )  # fmt: skip


def difference(a: Layer, b: Layer, within: bool = True, spread: Spread = None) -> Difference:
    """Subtract the second layer from the first, on the grid of the first.

    The second is interpolated: bilinear over the sea points around, linear between levels. What
    differs by no more than the combined error ``sqrt(relerr_a * var_a + relerr_b * var_b)`` is
    masked; an error that is not known counts as 0. Errors are taken as independent; that of a
    sum of fields with factors, or of the depth of a value, follows from those of the fields.

    Parameters
    ----------
    a, b : Layer
        Of any products, versions, times or depths; `sdcviz.products.pairs.matching_step` finds the
        step of the second that goes with the first.
    within : bool
        Whether to mask what lies within the combined error.
    spread : float, (float, float) or None
        Standard deviation of the background, of both or of each, in the unit of the fields.
        None: that which the file says (``VAR_background_sd``), or estimated from the observations
        that the product holds.

    Returns
    -------
    Difference
        With `dataset`, `array`, `statistics`, `sentence` and `map`.

    Raises
    ------
    BadRequest
        Units differ, or one of the products does not cover the depth or time.

    Examples
    --------
    >>> from sdcviz.products import Layer, difference
    >>> difference(Layer(new, time="July"), Layer(old, time="July")).statistics()  # doctest: +SKIP
    """
    return Difference(a, b, within, spread).check()
