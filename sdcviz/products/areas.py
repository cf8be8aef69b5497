"""A field over an area: mean profile, series and diagram, and how much water has which value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .answers import coordinates, outside_time, provenance
from .grid import Grid, edges_of
from .places import EARTH_KM
from .times import OUTSIDE, When
from .view import Mask, View

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product

__all__ = ["area", "cell_areas", "census", "corners_of", "points_in"]

_PIECE = 4_000_000  # values at once

Where = str | Sequence[Any]


def points_in(grid: Grid, where: Where) -> NDArray[np.bool_]:
    """Tell which grid points lie in an area.

    Parameters
    ----------
    grid : Grid
    where : str or sequence
        West, south, east, north; or the corners of a polygon as (lon, lat), as text
        ``"3,40 6,40 6,43"``.

    Returns
    -------
    ndarray of bool, shape (lat, lon)

    Raises
    ------
    BadRequest
        It is no area, or the grid is curvilinear.
    """
    import shapely

    if grid.curvilinear:
        raise BadRequest("The grid is curvilinear: areas are taken out of regular grids only.")
    corners = corners_of(where)
    polygon = shapely.Polygon(corners)
    if not polygon.is_valid or polygon.area == 0:
        raise BadRequest("The lines of the area cross each other, or it has no extent.")
    middle = (polygon.bounds[0] + polygon.bounds[2]) / 2
    lon = grid.lon + 360 * np.round((middle - grid.lon) / 360)
    x, y = np.meshgrid(lon, grid.lat)
    shapely.prepare(polygon)
    return np.asarray(shapely.intersects_xy(polygon, x, y))


def corners_of(where: Where) -> NDArray[np.float64]:
    """Return the corners of an area as (lon, lat); see `points_in`."""
    try:
        given = [c.split(",") for c in where.split()] if isinstance(where, str) else where
        values = np.asarray(given, np.float64)
    except (ValueError, TypeError):
        raise _no_area(where) from None
    if values.size == 4 and values.ndim in (1, 2) and 1 in (values.ndim, len(values)):
        west, south, east, north = values.ravel()
        east = east + 360 if east < west else east
        values = np.array([(west, south), (east, south), (east, north), (west, north)])
    if values.ndim != 2 or values.shape[1] != 2 or len(values) < 3 or not np.isfinite(values).all():
        raise _no_area(where)
    return values


def area_words(where: Where) -> str:
    """Return where an area is, for people."""
    from .answers import degrees

    corners = corners_of(where)
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    around = f"{degrees(west, south)} to {degrees(east, north)}"
    box = len(corners) == 4 and all(len(np.unique(axis)) == 2 for axis in corners.T)
    return around if box else f"polygon of {len(corners)} corners within {around}"


def _no_area(where: Any) -> BadRequest:
    return BadRequest(
        f"{str(where)[:60]!r} is no area; give west, south, east and north, or longitude and "
        'latitude of three corners or more, such as "3,40 6,40 6,43".'
    )


def cell_areas(grid: Grid) -> NDArray[np.float64]:
    """Return the area of the cell of each grid point, km², as (lat, lon)."""
    sines = np.sin(np.radians(np.clip(edges_of(grid.lat), -90, 90)))
    width = np.radians(np.diff(edges_of(grid.lon)))
    return np.asarray(EARTH_KM**2 * np.diff(sines)[:, None] * width[None, :])


def area(product: Product, where: Where, variable: str, mask: Mask) -> xr.Dataset:
    """Summarise a field over an area; see `Product.area`."""
    import xarray as xr

    view = View(product, variable, mask, "nearest")
    grid = view.grid
    inside = points_in(grid, where)
    nt, nz = grid.shape[:2]
    total, weight, squares = (np.zeros((nt, nz)) for _ in range(3))
    low, high = np.full((nt, nz), np.inf), np.full((nt, nz), -np.inf)
    count = np.zeros((nt, nz), np.int64)
    weights = cell_areas(grid)
    for rows, columns in _pieces(inside, nt * nz):
        values = _columns(view, rows, columns, None)
        w = np.where(np.isnan(values), 0.0, weights[rows, columns][:, None, None])
        known = np.nan_to_num(values.astype(np.float64))
        total += (w * known).sum(axis=0)
        squares += (w * known**2).sum(axis=0)
        weight += w.sum(axis=0)
        count += (w > 0).sum(axis=0)
        low = np.fmin(low, np.where(w > 0, values, np.inf).min(axis=0))
        high = np.fmax(high, np.where(w > 0, values, -np.inf).max(axis=0))
    with np.errstate(all="ignore"):
        mean = total / weight
        spread = np.sqrt(np.maximum(squares / weight - mean**2, 0))
    none = count == 0
    low, high = (np.where(none, np.nan, a) for a in (low, high))
    dims = [d for d, there in (("time", grid.has_time), ("depth", grid.has_depth)) if there]
    kept = tuple(slice(None) if d in dims else 0 for d in ("time", "depth"))
    about = view.value_attrs()
    unit = {"units": about["units"]}
    held: dict[str, Any] = {
        "value": (dims, mean[kept], about | {"cell_methods": "area: mean"}),
        "spread": (dims, spread[kept], unit | {"long_name": "standard deviation"}),
        "least": (dims, low[kept], unit),
        "most": (dims, high[kept], unit),
        "points": (dims, count[kept], {"long_name": "grid points with a value"}),
    }
    told = coordinates(view)
    coords: dict[str, Any] = {}
    if grid.has_time:
        coords["time"] = ("time", grid.times.values, told["time"])
        coords["label"] = ("time", np.array(grid.times.labels), told["label"])
    if grid.has_depth:
        coords["depth"] = ("depth", grid.depth, told["depth"])
    attrs = provenance(view, "Area") | _answer(view, inside, none)
    attrs["interpolation"] = "none: grid points in the area, weighed by the area of their cells"
    attrs["area"] = area_words(where)
    return xr.Dataset(held, coords, attrs)


def _answer(view: View, inside: NDArray[np.bool_], none: NDArray[np.bool_]) -> dict[str, str]:
    if not inside.any():
        said = f"No grid point of {view.product.name} lies in the area."
        return {"answer": "outside", "sentence": said}
    if none.all():
        said = f"{view.product.name} has no value in the area: it is land, or masked."
        return {"answer": "land", "sentence": said}
    return {"answer": "value"}


def _pieces(
    inside: NDArray[np.bool_], each: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    rows, columns = np.nonzero(inside)
    step = max(1, _PIECE // each)
    return [(rows[k : k + step], columns[k : k + step]) for k in range(0, len(rows), step)]


def _columns(view: View, rows: NDArray, columns: NDArray, t: int | None) -> NDArray[np.floating]:
    """Read columns as the mask leaves them."""
    if view.copy is not None:
        return view.copy.columns(rows, columns, t, None)
    values = view.field.columns(rows, columns, t, None)
    if view.limit is not None and view.error is not None:
        error = view.error.columns(rows, columns, t, None)
        values = np.where(error <= np.float32(view.limit), values, np.nan)
    return values


def census(
    product: Product, where: Where, time: When, classes: int | Sequence[float], variable: str,
    mask: Mask,
) -> xr.Dataset:  # fmt: skip
    """Tell how much water of an area has which value; see `Product.census`."""
    import xarray as xr

    view = View(product, variable, mask, "nearest")
    grid = view.grid
    if not grid.has_depth or grid.depth_unit != "m":
        raise BadRequest(f"{view.variable} has no depths in metres: it has no volumes.")
    t = grid.times.find(time)
    if t == OUTSIDE:
        raise BadRequest(outside_time(view, time))
    inside = points_in(grid, where)
    edges = np.clip(grid.level_edges, 0, None)
    thickness = np.diff(edges) / 1000
    cells = cell_areas(grid)
    found, volumes = [np.empty(0)], [np.empty(0)]
    for rows, columns in _pieces(inside, grid.shape[1]):
        values = _columns(view, rows, columns, t)
        known = ~np.isnan(values)
        volume = cells[rows, columns][:, None] * thickness[None, :]
        found.append(values[known])
        volumes.append(volume[known])
    values, volume = np.concatenate(found), np.concatenate(volumes)
    bounds = _classes(values, classes)
    counted, bounds = np.histogram(values, bounds, weights=volume)
    about = view.value_attrs()
    middle = ("class", (bounds[1:] + bounds[:-1]) / 2, about)
    held: dict[str, Any] = {
        "volume": ("class", counted, {"long_name": "volume of the water", "units": "km3"}),
        "lower": ("class", bounds[:-1], {"units": about["units"]}),
        "upper": ("class", bounds[1:], {"units": about["units"]}),
    }
    attrs: dict[str, Any] = dict(provenance(view, "Volume census"))
    attrs["interpolation"] = "none: cells of the grid, each level half way to its neighbours"
    attrs["volume_km3"] = float(volume.sum())
    attrs["area"] = area_words(where)
    if grid.has_time:
        attrs["time"] = grid.times.labels[t]
    return xr.Dataset(held, {"class": middle}, attrs)


def _classes(values: NDArray, classes: int | Sequence[float]) -> NDArray[np.float64]:
    if isinstance(classes, int):
        if not 1 <= classes <= 1000:
            raise BadRequest(f"{classes} classes: expected 1 to 1000.")
        low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
        return np.linspace(low, high if high > low else low + 1, classes + 1)
    bounds = np.asarray(classes, np.float64)
    if bounds.ndim != 1 or len(bounds) < 2 or not (np.diff(bounds) > 0).all():
        raise BadRequest("Bounds of classes have to increase.")
    return bounds
