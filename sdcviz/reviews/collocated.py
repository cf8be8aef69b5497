"""The samples of a collection beside the values of a product."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted, number

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..observations.filters import Filters
    from ..products.product import Product

__all__ = ["FEWEST", "Collocated", "collocate", "parameter_for"]

FEWEST = 10
"""Samples; fewer say nothing about a product."""
GOOD = ("1", "2")
"""Flags that count; those without quality control only where there is nothing else."""


@dataclass
class Collocated:
    """Samples that have a value of the product; arrays of one length.

    Attributes
    ----------
    lon, lat, depth, observed, value, error : ndarray of float64
        `error` is the relative error variance of the product, NaN where unknown.
    time : ndarray of datetime64[ms]
    row, sample : ndarray of int64
        Station and sample of the collection.
    step, level : ndarray of int16
        Step and nearest level of the product.
    left_out : dict of str to int
        Why other samples do not count.
    expected : ndarray of float64
        Expected standard deviation of the residual; NaN: unknown.
    used : ndarray of bool
        Of stations that the product was made of, where it lists them.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    time: NDArray[np.datetime64]
    row: NDArray[np.int64]
    sample: NDArray[np.int64]
    observed: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    step: NDArray[np.int16]
    level: NDArray[np.int16]
    left_out: dict[str, int]
    expected: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    used: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))

    def __len__(self) -> int:
        return len(self.lon)

    @property
    def residual(self) -> NDArray[np.float64]:
        """Observation minus product."""
        return self.observed - self.value


def parameter_for(
    product: Product, collection: Collection, variable: str, parameter: str
) -> tuple[str, list[str]]:
    """Find the parameter of a collection that a field is compared with.

    Returns
    -------
    key : str
    warnings : list of str

    Raises
    ------
    BadRequest
        The collection does not have the quantity, or in another unit: nothing is converted.
    """
    from ..vocabularies.units import canonical

    quantity = product.quantity_of(variable)
    unit = product.unit_of(variable)
    if parameter:
        info = collection.parameter(parameter)
    elif quantity in collection.keys:
        info = collection.parameter(quantity)
    else:
        raise BadRequest(_no_quantity(product, collection, variable, quantity))
    if info.kind == "text":
        raise BadRequest(f"{info.key} is text; a review needs numbers.")
    if quantity and info.key == quantity:
        return info.key, []
    if not unit or not info.unit:
        return info.key, [
            f"{variable} is in {unit or 'no unit'} and {info.label} in {info.unit or 'no unit'}: "
            "they are compared as they are."
        ]
    ours, theirs = canonical(unit), canonical(info.unit)
    if (ours or unit) != (theirs or info.unit):
        raise BadRequest(
            f"{variable} of {product.name} is in {unit} and {info.key} of {collection.name} in "
            f"{info.unit}. Values are never converted silently: convert one of them first."
        )
    return info.key, []


def _no_quantity(product: Product, collection: Collection, variable: str, quantity: str) -> str:
    known = [p for p in collection.parameters if p.kind != "text"]
    base = quantity.split("_")[0]
    near = [p for p in known if base and p.key.split("_")[0] == base]
    if near:
        return (
            f"{variable} of {product.name} is in {product.unit_of(variable) or 'no unit'} and "
            f"{near[0].key} of {collection.name} in {near[0].unit or 'no unit'}. Values are never "
            "converted silently: convert one of them first."
        )
    what = f"no {quantity}" if quantity else f"nothing that is known to be {variable}"
    keys = ", ".join(p.key for p in known)
    return f"{collection.name} has {what}; name what to compare with --parameter: {keys}."


def _conditions(
    collection: Collection, parameter: str, flags: tuple[str, ...], filters: Filters | None
) -> Filters:
    """Return the filters of good samples among those that other filters let pass."""
    from ..observations.filters import Filters

    if filters is None:
        return Filters(parameter=parameter, flags=flags)
    if filters.parameter in (None, parameter):
        both = tuple(f for f in flags if not filters.flags or f in filters.flags)
        return replace(filters, parameter=parameter, flags=both or flags)
    # What is asked of another parameter picks stations.
    rows = collection.where(filters).rows
    return replace(filters, parameter=parameter, value=None, flags=flags, rows=tuple(rows.tolist()))


def collocate(
    product: Product,
    collection: Collection,
    variable: str,
    parameter: str,
    independent: bool,
    filters: Filters | None = None,
) -> Collocated:
    """Interpolate a product to the good samples of a collection.

    Raises
    ------
    BadRequest
        Fewer than `FEWEST` samples have a value of the product; the sentence says why.
    """
    flags = GOOD if _any(collection, parameter, GOOD) else (*GOOD, "0")
    chosen = collection.where(_conditions(collection, parameter, flags, filters))
    samples = chosen.samples(parameter, present=True)
    rows = np.asarray(samples["station"])
    left = dict.fromkeys(("outside", "land", "masked", "flagged", "used"), 0)
    left["flagged"] = _any_flag(collection, parameter, filters) - samples.n
    good, known = np.ones(samples.n, bool), _known_to(product, collection, rows)
    if independent:
        if known is None:
            raise BadRequest(f"{product.name} lists no stations: none can be left out.")
        good = ~known
        left["used"] = int(known.sum())
    used = np.zeros(int(good.sum()), bool) if known is None else known[good]
    names = ("lon", "lat", "depth", "time", "value", "station", "sample")
    taken = {n: np.asarray(samples[n])[good] for n in names}
    n_good = int(good.sum())
    del samples, good, rows
    found = product.at(taken, variable=variable)
    answer = found["answer"].to_numpy()
    grid = product.grid(variable)
    if grid.has_depth:
        # Water below the deepest level has its value there only for want of another.
        answer = np.where(taken["depth"] > grid.depth[-1] + 0.01, 1, answer)
    left |= {n: int((answer == k).sum()) for k, n in ((1, "outside"), (2, "land"), (3, "masked"))}
    value = found["value"].to_numpy()
    kept = np.flatnonzero((answer == 0) & np.isfinite(value) & np.isfinite(taken["value"]))
    if len(kept) < FEWEST:
        raise BadRequest(_too_few(product, collection, parameter, n_good, len(kept), left))
    relative = product.roles_of(variable).error_kind == "relative variance" and "error" in found
    depth = taken["depth"][kept].astype(np.float64)
    return Collocated(
        lon=taken["lon"][kept].astype(np.float64),
        lat=taken["lat"][kept].astype(np.float64),
        depth=depth,
        time=taken["time"][kept].astype("datetime64[ms]"),
        row=taken["station"][kept].astype(np.int64),
        sample=taken["sample"][kept].astype(np.int64),
        observed=taken["value"][kept].astype(np.float64),
        value=value[kept].astype(np.float64),
        error=found["error"].to_numpy()[kept] if relative else np.full(len(kept), np.nan),
        step=grid.times.steps(taken["time"][kept]).astype(np.int16),
        level=_levels(grid, depth),
        left_out=left,
        used=used[kept],
    )


def _any_flag(collection: Collection, parameter: str, filters: Filters | None) -> int:
    """Count the values that filters let pass, whatever their flags."""
    if filters is None:
        return collection.parameter(parameter).n_values
    chosen = replace(filters, flags=()) if filters.parameter in (None, parameter) else filters
    return collection.where(chosen).samples(parameter, present=True).n


def _any(collection: Collection, parameter: str, flags: tuple[str, ...]) -> bool:
    told = collection.parameter(parameter).flags
    return any(told.get(f) for f in flags)


def _levels(grid: Any, depth: NDArray[np.float64]) -> NDArray[np.int16]:
    if not grid.has_depth:
        return np.zeros(len(depth), np.int16)
    found = np.searchsorted(grid.level_edges[1:-1], np.nan_to_num(depth))
    return found.astype(np.int16)


def _known_to(product: Product, collection: Collection, rows: NDArray) -> NDArray[np.bool_] | None:
    """Tell which samples are of stations that a product lists as its own; None: it lists none."""
    from ..analyses.select import identities_of

    ids = product.source.variables.get("obsid")
    if ids is None or len(ids.dims) != 2:
        return None
    raw = np.ascontiguousarray(product.source.read("obsid", (slice(None), slice(None))))
    own = np.unique(raw.astype("S1").view(f"S{raw.shape[1]}").ravel())
    stations, at = np.unique(rows, return_inverse=True)
    names = np.char.encode(identities_of(collection, stations), "utf-8")
    return np.asarray(np.isin(names, own)[at])


def _too_few(
    product: Product, collection: Collection, parameter: str, good: int, n: int, left: dict
) -> str:
    if left["used"]:
        return (
            f"{number(left['used'])} samples of {parameter} are of stations that {product.name} "
            f"was made of, and only {n} of the other {number(good)} have a value of it: too few "
            "are independent."
        )
    box = " to ".join(f"{v:g}" for v in (product.grid().box[0], product.grid().box[2]))
    north = " to ".join(f"{v:g}" for v in (product.grid().box[1], product.grid().box[3]))
    return (
        f"Only {n} of the {counted(good, 'good sample')} of {parameter} in {collection.name} have "
        f"a value of {product.name} ({box} E, {north} N): {number(left['outside'])} lie outside "
        f"in place, depth or time, {number(left['land'])} on its land or without value. A review "
        f"needs at least {FEWEST}."
    )
