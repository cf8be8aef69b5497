"""Temperature and salinity at the same places, out of one product or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest, NotFound
from .places import Method
from .source import text_of
from .times import When
from .view import Mask

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["measures", "temperature_and_salinity"]

MOST_POINTS = 20_000
"""Points of an area; more are thinned evenly."""


def temperature_and_salinity(
    product: Product,
    lon: float | None = None,
    lat: float | None = None,
    *,
    line: str | Sequence[Any] | None = None,
    area: str | Sequence[Any] | None = None,
    time: When = None,
    points: int = 200,
    variable: str = "",
    partner: str = "",
    other: Product | None = None,
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
    area : optional
        The grid points of an area instead, at a time (the first one if none is given).
    time, points, mask, interpolation
        See `Product.section`.
    variable : str
        Temperature or salinity of the product; the first temperature that it has if empty.
    partner : str
        The other one of the two; the first that there is if empty.
    other : Product, optional
        Where the partner is, if it is another product: read at the same places and times.

    Returns
    -------
    xarray.Dataset
        As `Product.profile`, `hovmoller` or `section`; ``value`` is the temperature, and beside
        it there is ``salinity``.

    Raises
    ------
    NotFound
        There are not both.
    """
    own = variable or _first(product, "temperature")
    own_is = measures(product, own)
    wanted = {"temperature": "salinity", "salinity": "temperature"}.get(own_is)
    if wanted is None:
        raise NotFound(f"{own} is neither temperature nor salinity: a T-S diagram needs both.")
    beside = other or product
    name = beside.named(partner) if partner else _first(beside, wanted)
    how: dict[str, Any] = {"mask": mask, "interpolation": interpolation}

    def take(field: str) -> xr.Dataset:
        if area is not None:
            return _in_area(product, area, time, field, how)
        if line is not None:
            return product.section(line, time, points=points, variable=field, **how)
        if lon is None or lat is None:
            raise BadRequest("A T-S diagram needs longitude and latitude, a line or an area.")
        if time is not None or not product.grid(field).has_time:
            return product.profile(lon, lat, time, variable=field, **how)
        return product.hovmoller(lon, lat, variable=field, **how)

    found = take(product.named(own))
    same = other is None and product.grid(name).shape == product.grid(own).shape
    values = take(name)["value"] if same else _at(beside, found, name)
    pair = {own_is: found["value"], wanted: values}
    warm, salt = pair["temperature"], pair["salinity"]
    dims = found["value"].dims
    if other is not None:
        about = text_of(other.attrs.get("title")) or other.name
        found = found.assign_attrs(partner=f"{name} of {about}, {other.name}")
    return found.assign(
        value=(dims, warm.values, warm.attrs), salinity=(dims, salt.values, salt.attrs)
    )


def measures(product: Product, variable: str) -> str:
    """Return "temperature", "salinity", or "" for anything else."""
    key = product.quantity_of(variable).removesuffix("_unknown_unit")
    name = product.source.variables[product.named(variable)].text("standard_name")
    folded = f"{key} {variable} {name}".lower()
    return next((what for what in ("temperature", "salinity") if what in folded), "")


def _first(product: Product, what: str) -> str:
    for name in product.variables:
        if product.grid(name).has_depth and measures(product, name) == what:
            return name
    raise NotFound(f"{product.name} has no {what} with depths: a T-S diagram needs both.")


def _in_area(
    product: Product, area: Any, time: When, variable: str, how: dict[str, Any]
) -> xr.Dataset:
    """Take all levels of the grid points in an area."""
    from .areas import area_words, points_in

    grid = product.grid(variable)
    rows, columns = np.nonzero(points_in(grid, area))
    depths = grid.depth if grid.has_depth else np.array([0.0])
    every = max(1, len(rows) * len(depths) // MOST_POINTS)
    rows, columns = rows[::every], columns[::every]
    lon = grid.lon[rows, columns] if grid.curvilinear else grid.lon[columns]
    lat = grid.lat[rows, columns] if grid.curvilinear else grid.lat[rows]
    step = max(grid.times.find(time), 0) if grid.has_time else 0
    when = np.datetime64("NaT", "ms")
    if grid.has_time and grid.times.known:
        when = grid.times.values[step]
    n = len(depths)
    found = product.at(
        lon=np.repeat(lon, n), lat=np.repeat(lat, n), depth=np.tile(depths, len(lon)),
        time=np.full(n * len(lon), when), variable=variable, **how,
    )  # fmt: skip
    told = {"area": area_words(area)}
    if grid.has_time:
        told["time"] = grid.times.labels[step]
    return found.assign_attrs(told)


def _at(other: Product, found: xr.Dataset, variable: str) -> xr.DataArray:
    """Read another grid where the first was read; it has masks of its own."""
    value = found["value"]
    places: dict[str, Any] = {
        k: found[k].broadcast_like(value).transpose(*value.dims).values.ravel()
        for k in ("lon", "lat", "depth", "time")
        if k in found.coords
    }
    how: dict[str, Any] = {}
    if other.grid(variable).curvilinear:
        how["interpolation"] = "nearest"
    read = other.at(**places, variable=variable, **how)["value"]
    return value.copy(data=read.values.reshape(value.shape)).assign_attrs(read.attrs)
