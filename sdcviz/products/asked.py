"""What is asked of a product, in one piece: an extraction or a map, done or told as Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, NotFound
from .layers import Layer
from .places import Method
from .times import When
from .view import Mask

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["KINDS", "Asked", "temperature_and_salinity"]

KINDS = ("map", "profile", "timeseries", "hovmoller", "section", "area", "census", "ts")
"""What can be asked for."""

# What each kind takes beside variable and mask.
_TAKES = {
    "map": ("time", "depth", "error", "derived"),
    "profile": ("place", "time", "interpolation"),
    "timeseries": ("place", "depth", "interpolation"),
    "hovmoller": ("place", "line", "depth", "points", "interpolation"),
    "section": ("line", "time", "points", "interpolation"),
    "area": ("area",),
    "census": ("area", "time"),
    "ts": ("place", "line", "time", "points", "interpolation"),
}
_NEEDS = {
    "profile": "place", "timeseries": "place", "section": "line", "area": "area", "census": "area",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One question to a product.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    variable : str
        Field; the likeliest one if empty.
    place : (float or None, float or None) or None
        Longitude and latitude; for a Hovmöller diagram one of them may be None.
    line, area : str, sequence or None
        See `Product.section` and `Product.area`.
    time, depth, mask, interpolation
        See `Product.profile`.
    points : int
        Points along the line.
    error, derived
        Of a map; see `Layer`.
    """

    kind: str
    variable: str = ""
    place: tuple[float | None, float | None] | None = None
    line: str | Sequence[Any] | None = None
    area: str | Sequence[Any] | None = None
    time: When = None
    depth: float | None = None
    mask: Mask = None
    interpolation: Method = "bilinear"
    points: int = 200
    error: bool = False
    derived: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadRequest(f"There is no {self.kind!r}; choose one of {', '.join(KINDS)}.")
        needed = _NEEDS.get(self.kind)
        if needed and getattr(self, needed) is None:
            where = {"place": "a place (longitude and latitude)", "line": "a line"}
            raise BadRequest(f"A {self.kind} needs {where.get(needed, 'an area')}.")
        if self.kind == "ts" and (self.line is None) == (self.place is None):
            raise BadRequest("A T-S diagram needs a place or a line.")

    def take(self, product: Product) -> xr.Dataset:
        """Return what was asked for as a dataset; a map has ``value`` along lat and lon."""
        if self.kind == "map":
            return self.layer(product).array().to_dataset(name="value")
        if self.kind == "ts":
            return temperature_and_salinity(product, **self.arguments())
        method = getattr(product, self.kind)
        where = {"area": "where"}
        given = {where.get(k, k): v for k, v in self.arguments().items()}
        found: xr.Dataset = method(**given)
        return found

    def layer(self, product: Product) -> Layer:
        """Return the layer of a map."""
        if self.kind != "map":
            raise BadRequest(f"A {self.kind} is no map.")
        return Layer(product, **self.arguments())

    def arguments(self) -> dict[str, Any]:
        """Return what is not left out, by the names that the methods of a product have."""
        given: dict[str, Any] = {}
        usual = {f.name: f.default for f in dataclasses.fields(self)}
        for name in (*_TAKES[self.kind], "variable", "mask"):
            value = getattr(self, name)
            if value == usual[name] and value is not False:
                continue
            if name == "place" and value is not None:
                given |= {k: v for k, v in zip(("lon", "lat"), value, strict=True) if v is not None}
            elif name != "error" or value:
                given[name] = value
        if self.kind == "hovmoller" and {"lon", "lat"} <= set(given):
            given.pop("depth", None)
        return given

    def call(self, product: str = "product") -> str:
        """Return the Python that asks for it, given the name of the product."""
        given = {("where" if k == "area" else k): _plain(v) for k, v in self.arguments().items()}
        words = ", ".join(f"{k}={v!r}" for k, v in given.items())
        if self.kind == "map":
            return f"Layer({', '.join(filter(None, [product, words]))})"
        if self.kind == "ts":
            return f"temperature_and_salinity({', '.join(filter(None, [product, words]))})"
        return f"{product}.{self.kind}({words})"


def _plain(value: Any) -> Any:
    """Return numbers and tuples as Python writes them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    return value


def temperature_and_salinity(
    product: Product,
    lon: float | None = None,
    lat: float | None = None,
    *,
    line: str | Sequence[Any] | None = None,
    time: When = None,
    points: int = 200,
    variable: str = "",
    mask: Mask = None,
    interpolation: Method = "bilinear",
) -> xr.Dataset:
    """Extract temperature and salinity at the same places, for a T-S diagram.

    Parameters
    ----------
    product : Product
    lon, lat : float, optional
        A place: its profile at a time, of all times if none is given.
    line : optional
        A section along this line instead.
    time, points, mask, interpolation
        See `Product.section`.
    variable : str
        Temperature; the first field that is one if empty.

    Returns
    -------
    xarray.Dataset
        As `Product.profile`, `hovmoller` or `section`; ``value`` is the temperature, and beside
        it there is ``salinity``.

    Raises
    ------
    NotFound
        The product has not both.
    """
    fields = {q: _measuring(product, q, variable) for q in ("temperature", "salinity")}
    how: dict[str, Any] = {"mask": mask, "interpolation": interpolation}

    def take(name: str) -> xr.Dataset:
        if line is not None:
            return product.section(line, time, points=points, variable=name, **how)
        if lon is None or lat is None:
            raise BadRequest("A T-S diagram needs longitude and latitude, or a line.")
        if time is not None or not product.grid(name).has_time:
            return product.profile(lon, lat, time, variable=name, **how)
        return product.hovmoller(lon, lat, variable=name, **how)

    warm, salt = take(fields["temperature"]), take(fields["salinity"])
    if warm["value"].shape != salt["value"].shape:
        raise BadRequest(f"Temperature and salinity of {product.name} lie on different grids.")
    return warm.assign(salinity=(warm["value"].dims, salt["value"].values, salt["value"].attrs))


def _measuring(product: Product, what: str, variable: str) -> str:
    if what == "temperature" and variable:
        return product.named(variable)
    for name in product.variables:
        key = product.quantity_of(name).removesuffix("_unknown_unit")
        if key == what and product.grid(name).has_depth:
            return name
    raise NotFound(f"{product.name} has no {what} with depths: a T-S diagram needs both.")
