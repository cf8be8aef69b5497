"""What follows from fields: density, depth of a value, depth of the mixed layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, NotFound
from .answers import coordinates, outside_time, provenance
from .times import OUTSIDE, When
from .view import Mask, View

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["crossing", "density", "isosurface", "mixed_layer_depth", "sigma0", "slope_at"]

MLD_FROM, MLD_DENSITY, MLD_TEMPERATURE = 10.0, 0.03, 0.2
"""Criteria of de Boyer Montegut et al. (2004): from 10 m, by 0.03 kg/m³ or 0.2 °C."""

Array = NDArray[np.floating]


def density(
    temperature: Array, salinity: Array, lon: Array, lat: Array, depth: Array, unit: str = "m",
    potential: bool = False,
) -> NDArray[np.float64]:  # fmt: skip
    """Compute the potential density anomaly (TEOS-10, reference pressure 0).

    Parameters
    ----------
    temperature : ndarray
        In situ (or potential), degrees Celsius.
    salinity : ndarray
        Practical salinity.
    lon, lat, depth : ndarray
        That go with them; `depth` in `unit` ("m" or "dbar"), positive down.
    potential : bool
        Whether the temperature is the potential one.
    """
    import gsw

    with np.errstate(all="ignore"):
        p = depth if unit == "dbar" else gsw.p_from_z(-np.asarray(depth), lat)
        sa = gsw.SA_from_SP(salinity, p, lon, lat)
        ct = gsw.CT_from_pt(sa, temperature) if potential else gsw.CT_from_t(sa, temperature, p)
        return np.asarray(gsw.sigma0(sa, ct), np.float64)


def crossing(
    values: Array, depth: NDArray[np.float64], wanted: float | Array
) -> NDArray[np.float64]:
    """Find the first depth at which columns have a value, linear between levels.

    Parameters
    ----------
    values : ndarray, shape (depth, ...)
    depth : ndarray
        Increasing.
    wanted : float or ndarray
        One value, or one a column.

    Returns
    -------
    ndarray
        NaN where a column never has it.
    """
    out = np.full(values.shape[1:], np.nan)
    off = values - wanted
    found = off[0] == 0
    out[found] = depth[0]
    for k in range(len(depth) - 1):
        a, b = off[k], off[k + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            here = ~found & ((a * b < 0) | (b == 0)) & ~np.isnan(a)
            out[here] = (depth[k] + (depth[k + 1] - depth[k]) * a / (a - b))[here]
        found |= here
    return out


def slope_at(
    values: Array, depth: NDArray[np.float64], wanted: float, beside: Array
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the change per depth of columns where they have a value, and another array there.

    Parameters
    ----------
    values, depth, wanted
        See `crossing`.
    beside : ndarray, shape (depth, ...)
        Read there, linear between levels.

    Returns
    -------
    slope, there : ndarray
        NaN where a column never has the value.
    """
    found = crossing(values, depth, wanted)
    slope, there = np.full(found.shape, np.nan), np.full(found.shape, np.nan)
    for k in range(len(depth) - 1):
        # The depth of a level itself belongs to what lies above, as in `crossing`.
        here = (found <= depth[k + 1]) & ((found > depth[k]) | ((k == 0) & (found == depth[0])))
        part = (found[here] - depth[k]) / (depth[k + 1] - depth[k])
        slope[here] = (values[k + 1] - values[k])[here] / (depth[k + 1] - depth[k])
        there[here] = beside[k][here] * (1 - part) + beside[k + 1][here] * part
    return slope, there


def isosurface(
    product: Product, value: float, time: When, variable: str, mask: Mask
) -> xr.DataArray:
    """Map the depth at which a field first has a value; see `Product.isosurface`."""
    view, t = _step(View(product, variable, mask, "nearest"), time)
    if not np.isfinite(value):
        raise BadRequest(f"{value} is no value of {view.variable}.")
    column = np.stack([view.layer(t, z) for z in range(view.grid.shape[1])])
    found = crossing(column, view.grid.depth, value)
    told = f"depth at which {view.value_attrs()['long_name']} is {value:g} {view.unit}".strip()
    return _map(view, t, found, told)


def mixed_layer_depth(
    product: Product, time: When, temperature: str, salinity: str, *, start: float = MLD_FROM,
    step: float | None = None, criterion: str = "", mask: Mask = None,
) -> xr.DataArray:  # fmt: skip
    """Map the depth of the mixed layer.

    Where the potential density exceeds that at 10 m by 0.03 kg/m³; without a salinity, where the
    temperature differs from that at 10 m by 0.2 °C.

    Parameters
    ----------
    product : Product
    time : int, str or date
    temperature, salinity : str
        Fields; recognised by what they measure if empty.
    start : float
        Depth from which the change counts, metres.
    step : float, optional
        The change.
    criterion : {"", "density", "temperature"}
        What has to change; density where the product has a salinity if empty.
    mask : {"L1", "L2"}, float or None
        Of the temperature; see `Product.profile`.

    Returns
    -------
    xarray.DataArray
        Metres; NaN where the column does not tell.
    """
    if criterion not in ("", "density", "temperature"):
        raise BadRequest(f"Criterion {criterion!r}: expected density or temperature.")
    warm = temperature or _measuring(product, "temperature")
    salt = ""
    if criterion != "temperature":
        salt = salinity or _measuring(product, "salinity", criterion == "density")
    view, t = _step(View(product, warm, mask, "nearest"), time)
    z = view.grid.depth
    if z[0] > start:
        raise BadRequest(f"{product.name} begins at {z[0]:g} m, below the {start:g} m that count.")
    column = _column(view, t)
    if salt:
        values = np.where(np.isnan(column), np.nan, sigma0(product, t, warm, salt))
        change, by = step or MLD_DENSITY, "kg/m³ denser"
    else:
        values = np.abs(column - _at(column, z, start))
        change, by = step or MLD_TEMPERATURE, "°C from the temperature"
    reference = _at(values, z, start) if salt else 0.0
    # Only what lies below the starting depth counts.
    grown = np.where((z < start).reshape(-1, 1, 1), reference, values)
    found = crossing(grown, z, reference + change)
    found = np.where(np.isnan(np.broadcast_to(reference, found.shape)), np.nan, found)
    return _map(view, t, found, f"mixed layer depth ({change:g} {by} at {start:g} m)")


def sigma0(product: Product, time: When, temperature: str = "", salinity: str = "") -> xr.DataArray:
    """Compute the potential density anomaly of one step; see `Product.sigma0`."""
    import xarray as xr

    warm = temperature or _measuring(product, "temperature")
    salt = salinity or _measuring(product, "salinity")
    view, t = _step(View(product, warm, None, "nearest"), time)
    other = View(product, salt, None, "nearest")
    grid = view.grid
    if other.grid.shape != grid.shape:
        raise BadRequest(f"{warm} and {salt} do not lie on the same grid.")
    lon, lat = (grid.lon, grid.lat) if grid.curvilinear else np.meshgrid(grid.lon, grid.lat)
    potential = "potential" in view.declared.text("standard_name")
    depth = grid.depth.reshape(-1, 1, 1)
    value = density(
        _column(view, t), _column(other, t), lon, lat, depth, grid.depth_unit, potential
    )
    told = coordinates(view)
    dims = ("y", "x") if grid.curvilinear else ("lat", "lon")
    coords: dict[str, Any] = {"depth": ("depth", grid.depth, told["depth"])}
    coords |= _horizontal(view, dims)
    attrs = {"long_name": "potential density anomaly (TEOS-10)", "units": "kg/m3"}
    attrs["standard_name"] = "sea_water_sigma_theta"
    return xr.DataArray(
        value, coords, ("depth", *dims), "sigma0", attrs | provenance(view, "Density")
    )


# ---- helpers ---------------------------------------------------------------------
def _measuring(product: Product, quantity: str, needed: bool = True) -> str:
    for name in product.variables:
        deep = product.grid(name).has_depth
        if deep and product.quantity_of(name).removesuffix("_unknown_unit") == quantity:
            return name
    if needed:
        raise NotFound(
            f"{product.name} has no field that is known as {quantity}; name it. "
            f"There are: {', '.join(product.variables)}."
        )
    return ""


def _step(view: View, time: When) -> tuple[View, int]:
    if not view.grid.has_depth:
        raise BadRequest(f"{view.variable} has no depths in {view.product.name}.")
    t = view.grid.times.find(time)
    if t == OUTSIDE:
        raise BadRequest(outside_time(view, time))
    return view, t


def _column(view: View, t: int) -> Array:
    return np.stack([view.layer(t, z) for z in range(view.grid.shape[1])])


def _at(values: Array, depth: NDArray[np.float64], wanted: float) -> Array:
    """Interpolate columns to one depth."""
    k = int(np.clip(np.searchsorted(depth, wanted, "right") - 1, 0, len(depth) - 1))
    if depth[k] == wanted or k == len(depth) - 1:
        return values[k]
    share = (wanted - depth[k]) / (depth[k + 1] - depth[k])
    return np.asarray(values[k] * (1 - share) + values[k + 1] * share)


def _horizontal(view: View, dims: tuple[str, str]) -> dict[str, Any]:
    told, grid = coordinates(view), view.grid
    along = (dims, dims) if grid.curvilinear else ("lon", "lat")
    return {
        "lon": (along[0], grid.lon, told["lon"]),
        "lat": (along[1], grid.lat, told["lat"]),
    }


def _map(view: View, t: int, values: NDArray, long_name: str) -> xr.DataArray:
    import xarray as xr

    dims = ("y", "x") if view.grid.curvilinear else ("lat", "lon")
    coords = _horizontal(view, dims)
    if view.grid.has_time:
        coords["label"] = ((), view.grid.times.labels[t])
    attrs = {"long_name": long_name, "units": view.grid.depth_unit, "positive": "down"}
    return xr.DataArray(values, coords, dims, "depth", attrs | provenance(view, "Depth"))
