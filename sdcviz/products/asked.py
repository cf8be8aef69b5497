"""What is asked of a product, in one piece: an extraction or a map, done or told as Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .layers import Layer
from .places import Method
from .temperature_salinity import temperature_and_salinity
from .times import When
from .view import Mask

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["KINDS", "Asked"]

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
    "ts": ("place", "line", "area", "time", "points", "interpolation", "partner", "other"),
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
    partner, other
        Of a T-S diagram; see `sdcviz.products.temperature_salinity`.
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
    partner: str = ""
    other: Product | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadRequest(f"There is no {self.kind!r}; choose one of {', '.join(KINDS)}.")
        needed = _NEEDS.get(self.kind)
        if needed and getattr(self, needed) is None:
            where = {"place": "a place (longitude and latitude)", "line": "a line"}
            raise BadRequest(f"A {self.kind} needs {where.get(needed, 'an area')}.")
        if (
            self.kind == "ts"
            and sum(x is not None for x in (self.place, self.line, self.area)) != 1
        ):
            raise BadRequest("A T-S diagram needs a place, a line or an area.")

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
        where = "area" if self.kind == "ts" else "where"
        given = {(where if k == "area" else k): _plain(v) for k, v in self.arguments().items()}
        # Another product is called by its name.
        words = ", ".join(f"{k}={'other' if k == 'other' else repr(v)}" for k, v in given.items())
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
